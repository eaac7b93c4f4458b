"""The bot as a process that can be killed, between emulators that live on in the test."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from bot.clock import SystemClock
from bot.manifest import read_manifest
from bot.playground.openai import EmulatedOpenAI
from bot.playground.slack import EmulatedSlack
from tests.crash.nursery import Child, Nursery
from tests.databases import BotDatabase, SqliteDatabase

PATIENCE = 30.0  # real seconds until a crash test is given up
LEASE_SECONDS = "2"  # on a server, where nobody knows that the holder is dead: what it held lapses by itself
MANIFEST = read_manifest()


class Rig:
    """Both emulators, a database, and the bot's process."""

    def __init__(self, folder: Path, nursery: Nursery, database: BotDatabase) -> None:
        self.slack = EmulatedSlack(SystemClock(), scopes=MANIFEST.scopes, subscribed=MANIFEST.events)
        self.openai = EmulatedOpenAI(SystemClock())
        self.database = database
        self._folder = folder
        self._nursery = nursery
        self._process: Child | None = None
        self.ann = self.slack.add_person("Ann Lee", display_name="Ann")
        self.general = self.slack.add_channel("general", members=(self.ann,))

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "OPENAI_API_KEY": self.openai.api_key,
            "OPENAI_BASE_URL": self.openai.base_url,
            "DATABASE_URL": self.database.url,
            "SHUTDOWN_GRACE": "1",
            **({} if isinstance(self.database, SqliteDatabase) else {"LEASE_SECONDS": LEASE_SECONDS}),
        }

    async def start(self) -> None:
        """Start the bot and wait until it says that it is ready."""
        with (self._folder / "bot.log").open("ab") as log:
            process = await self._nursery.start(["run"], self._folder, self._environment(), log.fileno())
        self._process = process
        async with asyncio.timeout(PATIENCE):
            line = await process.stdout.readline()
        assert line == b"ready\n", (self._folder / "bot.log").read_text()

    async def kill(self) -> None:
        """Kill the process as the kernel would: nothing of it runs any more."""
        await self._end(signal.SIGKILL)

    async def terminate(self) -> int:
        """Ask the process to end; its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            return await process.wait()

    async def until(self, holds: Callable[[], object]) -> None:
        """Return once that holds; it is asked again after everything that happens, and now and then."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                seen = self.slack.activity
                try:
                    await self.slack.wait_activity(seen, 0.05)
                except TimeoutError:
                    continue

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says, read by another connection."""
        return self.database.rows(query)

    def statuses(self) -> list[str]:
        """The status of every run, oldest first."""
        return [str(status) for (status,) in self.rows("SELECT status FROM runs ORDER BY created_at")]

    async def mention(self, text: str) -> str:
        """Ann mentions the bot in #general; the message's ts."""
        return await self.slack.post(self.general, self.ann, f"<@{self.slack.bot_user}> {text}")


RigT = TypeVar("RigT", bound=Rig)


@asynccontextmanager
async def served(rig: RigT) -> AsyncIterator[RigT]:
    """A rig whose emulators are served, and whose process is gone at the end."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(rig.slack.serve())
        await stack.enter_async_context(rig.openai.serve())
        stack.push_async_callback(rig.kill)
        yield rig
