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

DEADLINE = 60.0  # real seconds, for a command that hangs
MANIFEST = read_manifest()


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


async def run(command: Sequence[str | Path], environ: dict[str, str], folder: Path) -> Ended:
    """Run a command to its end, in that folder and with that environment alone."""
    process = await _start(command, environ, folder)
    async with asyncio.timeout(DEADLINE):
        out, err = await process.communicate()
    return Ended(process.returncode, out.decode(), err.decode())


async def run_until_ready(
    command: Sequence[str | Path], environ: dict[str, str], folder: Path, ending: signal.Signals
) -> Ended:
    """Run a command until it has printed its first line, then send it that signal."""
    process = await _start(command, environ, folder)
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        first = await process.stdout.readline()
        if process.returncode is None:
            process.send_signal(ending)
        rest, err = await process.communicate()
    return Ended(process.returncode, (first + rest).decode(), err.decode())


async def _start(command: Sequence[str | Path], environ: dict[str, str], folder: Path) -> Process:
    return await asyncio.create_subprocess_exec(*command, cwd=folder, env=environ, stdout=PIPE, stderr=PIPE)
