"""The whole bot between both emulators, on a clock that moves when nobody is doing anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from bot.app import Bot
from bot.manifest import read_manifest
from bot.playground.clock import SteppedClock
from bot.playground.openai.emulated import EmulatedOpenAI
from bot.playground.slack.seen import SeenMessage
from bot.playground.slack.workspace import EmulatedSlack
from bot.settings import Settings

QUIET = 0.015  # real seconds without any activity after which the emulated time moves on
STEP = 1.0  # emulated seconds at most per move
PATIENCE = 20.0  # real seconds until something awaited is given up
BOT_NAME = "Threadmate"


class Stage:
    """A workspace with Ann, Bo and #general, an OpenAI API, and the bot between them. Made by `open`."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        manifest = read_manifest()
        self.slack = EmulatedSlack(self.clock, shortcuts=manifest.shortcuts, commands=manifest.commands)
        self.openai = EmulatedOpenAI(self.clock)
        self.ann = self.slack.add_person("Ann Lee", display_name="Ann")
        self.bo = self.slack.add_person("Bo Ek", display_name="Bo")
        self.general = self.slack.add_channel("general", members=(self.ann, self.bo))
        self._bot: Bot | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, **settings: Any) -> AsyncIterator[Self]:
        """Everything running, the bot's settings being those and the defaults; nothing is kept afterwards."""
        stage = cls()
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            await stack.enter_async_context(stage.slack.serve())
            await stack.enter_async_context(stage.openai.serve())
            bot = await stack.enter_async_context(Bot.open(stage._settings(folder, settings), stage.clock))
            stage._bot = bot
            await bot.start()
            try:
                yield stage
            finally:
                await stage.meanwhile(bot.stop())

    def _settings(self, folder: Path, more: dict[str, Any]) -> Settings:
        values: dict[str, Any] = {
            "slack_bot_token": self.slack.bot_token,
            "slack_app_token": self.slack.app_token,
            "slack_api_url": self.slack.api_url,
            "openai_api_key": self.openai.api_key,
            "openai_base_url": self.openai.base_url,
            "database_url": f"sqlite+aiosqlite:///{folder / 'threadmate.db'}",
        }
        return Settings(**{**values, **more})

    # -- time

    async def until(self, holds: Callable[[], object]) -> None:
        """Return once that holds, moving time on whenever nothing happens any more."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await self._let_happen()

    async def meanwhile(self, work: Awaitable[Any]) -> Any:
        """The result of that work, with time moving on while it waits."""
        task = asyncio.ensure_future(work)
        await self.until(task.done)
        return task.result()

    async def settled(self) -> None:
        """Return when the bot has nothing to do, as far as anybody can see."""
        await self.until(lambda: not self._busy())

    def _busy(self) -> bool:
        return bool(self.slack.unacknowledged) or (self._bot is not None and self._bot.worker.busy > 0)

    def _storing(self) -> bool:
        return self._bot is not None and self._bot.store.database.busy

    async def _let_happen(self) -> None:
        before = self.slack.activity + self.openai.activity
        await asyncio.sleep(QUIET)
        if self.slack.activity + self.openai.activity == before and not self._storing():
            await self.clock.advance(min(STEP, self.clock.next_timer() or STEP))

    # -- what people do and see

    async def say(self, text: str, *, user: str | None = None, thread_ts: str | None = None) -> str:
        """Let somebody (Ann) write in #general; the message's ts."""
        return await self.slack.post(self.general, user or self.ann, text, thread_ts=thread_ts)

    async def mention(self, text: str, *, user: str | None = None, thread_ts: str | None = None) -> str:
        """Let somebody (Ann) mention the bot in #general; the message's ts."""
        return await self.say(f"<@{self.slack.bot_user}> {text}".rstrip(), user=user, thread_ts=thread_ts)

    async def answered(self, thread_ts: str, count: int = 1) -> None:
        """Return when the bot has said that many messages there, all of them whole."""

        def holds() -> bool:
            answers = self.slack.replies(self.general, thread_ts)
            return len(answers) >= count and not any(one.streaming for one in answers) and not self._busy()

        await self.until(holds)

    def answers(self, thread_ts: str) -> list[SeenMessage]:
        """The bot's messages in a thread."""
        return self.slack.replies(self.general, thread_ts)

    @property
    def names(self) -> dict[str, str]:
        """What people and channels are called, by id."""
        people = {person.id: person.display_name for person in self.slack.people.values()}
        channels = {channel.id: channel.name for channel in self.slack.channels.values()}
        return {**people, **channels, self.slack.bot_user: BOT_NAME}
