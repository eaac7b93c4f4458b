"""What the acceptance tests share: both emulators on the machine's own clock, and the command run beside them."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.clock import SystemClock
from bot.manifest import read_manifest
from bot.playground.openai import EmulatedOpenAI
from bot.playground.slack import EmulatedSlack
from bot.settings import Settings
from tests.acceptance.forked import Forked

DEADLINE = 60.0  # real seconds, for a command that hangs
MANIFEST = read_manifest()
STRANGERS = dict.fromkeys(("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"), "stranger")
"""What Bolt would take out of the environment."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The world around the command."""

    slack: EmulatedSlack
    openai: EmulatedOpenAI
    folder: Path

    def environ(self, **more: str) -> dict[str, str]:
        """All that the command needs to find the emulators, and nothing of this process's settings."""
        return {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "OPENAI_API_KEY": self.openai.api_key,
            "OPENAI_BASE_URL": self.openai.base_url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/threadmate.db",
            **more,
        }

    def settings(self, **more: str) -> Settings:
        """The same, read."""
        return Settings.read(self.environ(**more), env_file=None)


@asynccontextmanager
async def outside(folder: Path) -> AsyncIterator[Outside]:
    """Serve both emulators, with the scopes and events of the manifest."""
    slack = EmulatedSlack(SystemClock(), scopes=MANIFEST.scopes, subscribed=MANIFEST.events)
    openai = EmulatedOpenAI(SystemClock())
    async with slack.serve(), openai.serve():
        yield Outside(slack, openai, folder)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    code: int | None
    out: str
    err: str


async def start(command: Sequence[str | Path], environ: dict[str, str], folder: Path) -> Process:
    """Start a command in that folder and with that environment alone."""
    return await asyncio.create_subprocess_exec(*command, cwd=folder, env=environ, stdout=PIPE, stderr=PIPE)


async def ended(process: Process | Forked) -> Ended:
    """What it leaves behind when it has ended."""
    async with asyncio.timeout(DEADLINE):
        out, err = await process.communicate()
    return Ended(process.returncode, out.decode(), err.decode())


async def ended_when_ready(process: Process | Forked, ending: signal.Signals) -> Ended:
    """The same of what is sent that signal as soon as it has printed its first line."""
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        first = await process.stdout.readline()
    if process.returncode is None:
        process.send_signal(ending)
    left = await ended(process)
    return Ended(left.code, first.decode() + left.out, left.err)
