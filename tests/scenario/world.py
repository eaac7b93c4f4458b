"""The whole bot between both emulators, on a clock that moves when nobody is doing anything."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bot.app import Bot
from bot.manifest import read_manifest
from bot.pacing import Budget
from bot.playground.clock import SteppedClock
from bot.playground.openai.emulated import EmulatedOpenAI
from bot.playground.slack.seen import SeenMessage
from bot.playground.slack.workspace import EmulatedSlack
from bot.settings import Settings
from bot.tracing import SILENCE, Tracer
from tests.databases import BotDatabase
from tests.scenario.idle import Watch

QUIET = 0.004  # real seconds in which nothing wakes anybody, after which the emulated time moves on
HELD = 25  # such moments after which it moves on although a thread has not come back: it waits for a lock
STEP = 1.0  # emulated seconds at most per move
PATIENCE = 45.0  # real seconds until a scenario is given up: on a busy machine they are long

MANIFEST = read_manifest()


class World:
    """A workspace with Ann, Bo and #general, an OpenAI API, and the bot between them."""

    def __init__(self, database: BotDatabase, **settings: Any) -> None:
        """`database`: the bot's, an empty one or that of a world before."""
        self.clock = SteppedClock()
        self.slack = EmulatedSlack(self.clock, scopes=MANIFEST.scopes, subscribed=MANIFEST.events)
        self.openai = EmulatedOpenAI(self.clock)
        self.bot: Bot | None = None
        self.tracer: Tracer = SILENCE
        self._watch: Watch | None = None
        self._held = self._quiet_rounds = 0
        self.database = database
        self._settings = settings
        self.ann = self.slack.add_person("Ann Lee", display_name="Ann")
        self.bo = self.slack.add_person("Bo Ek", display_name="Bo")
        self.general = self.slack.add_channel("general", members=(self.ann, self.bo))
        self.at_bot = f"<@{self.slack.bot_user}>"

    def settings(self) -> Settings:
        """The bot's settings: everything at its default but for the two base URLs, and what the test says."""
        values: dict[str, Any] = {
            "slack_bot_token": self.slack.bot_token,
            "slack_app_token": self.slack.app_token,
            "slack_api_url": self.slack.api_url,
            "openai_api_key": self.openai.api_key,
            "openai_base_url": self.openai.base_url,
            "database_url": self.database.url,
            **self._settings,
        }
        return Settings(**values)

    @asynccontextmanager
    async def running(self, *, gently: bool = True) -> AsyncIterator[Bot]:
        """The bot, started; stopped as by SIGTERM at the end."""
        async with Bot.open(self.settings(), self.clock, self.tracer) as bot:
            self.bot = bot
            await bot.start()
            try:
                yield bot
            finally:
                if gently:
                    await self.meanwhile(bot.stop())
                    assert self.budget.all_kept == {}, "calls are kept for answers that have ended"

    def activity(self) -> int:
        """Grows with everything that happens at either emulator."""
        return self.slack.activity + self.openai.activity

    async def until(self, holds: Callable[[], object]) -> None:
        """Return once that holds, moving time on whenever nothing happens any more."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await self._let_happen()

    async def meanwhile(self, work: Any) -> Any:
        """The result of that work, with time moving on while it waits."""
        task = asyncio.ensure_future(work)
        await self.until(task.done)
        return task.result()

    async def settle(self) -> None:
        """Return when no run is under way, no session works, and every event is acknowledged."""
        await self.until(lambda: not self.bot_is_busy())

    def bot_is_busy(self) -> bool:
        """Whether the bot has something to do, as far as anybody can see."""
        waiting = bool(self.slack.unacknowledged)
        return waiting or (self.bot is not None and self.bot.worker.busy > 0)

    @property
    def budget(self) -> Budget:
        """The bot's budget of Slack calls."""
        assert self.bot is not None
        assert self.bot.health._organs is not None
        workspaces = self.bot.health._organs.workspaces
        (team,) = workspaces.teams
        return workspaces.of(team).slack.budget

    async def transactions_at_rest(self) -> int:
        """How often the bot has written to its database, once it has done what it does at its start."""
        assert self.bot is not None
        await self.until(lambda: self.database.rows("SELECT 1 FROM chores WHERE done_at IS NOT NULL"))
        await self.settle()
        return self.bot.store.database.transactions

    async def was_for_us(self, ts: str) -> bool:
        """Whether the bot has taken that message as one to answer, once everything is acknowledged."""
        await self.settle()
        return bool(self.database.rows("SELECT 1 FROM messages WHERE ts = ?", ts))

    async def _let_happen(self) -> None:
        self._watch = self._watch or Watch(asyncio.get_running_loop())
        before, woken = self.activity(), self._watch.woken
        await asyncio.sleep(QUIET)
        if self.activity() != before:
            self._quiet_rounds = 0
        self._held = self._held + 1 if self._watch.woken == woken else 0
        if not self._held or (self._held < HELD and (self._is_storing() or self._watch.threads_work())):
            return
        self._quiet_rounds += 1
        wait = self.clock.next_timer() or STEP
        longer = STEP * 2 ** min(4, self._quiet_rounds // 8)  # nothing for long: a time-out is being waited for
        await self.clock.advance(max(min(STEP, wait), longer if longer > STEP else 0))

    def _is_storing(self) -> bool:
        return self.bot is not None and self.bot.store.database.busy

    # -- what people do and see

    async def mention(self, text: str, *, user: str | None = None, thread_ts: str | None = None) -> str:
        """Let somebody (Ann) mention the bot in #general; the message's ts."""
        said = f"{self.at_bot} {text}"
        return await self.slack.post(self.general, user or self.ann, said, thread_ts=thread_ts)

    async def drop(
        self,
        name: str,
        content: bytes | str,
        text: str = "",
        *,
        user: str | None = None,
        channel: str | None = None,
        thread_ts: str | None = None,
        **fields: Any,
    ) -> str:
        """Let somebody (Ann) drop a file into a channel (#general) with a word to the bot; the message's ts."""
        person, place = user or self.ann, channel or self.general
        file = self.slack.add_file(
            name, content.encode() if isinstance(content, str) else content, person, **fields
        )
        said = f"{self.at_bot} {text}".strip()
        return await self.slack.post(place, person, said, thread_ts=thread_ts, files=[file], subtype="file_share")

    def answers(self, thread_ts: str, channel: str | None = None) -> list[SeenMessage]:
        """The bot's messages in a thread."""
        return self.slack.replies(channel or self.general, thread_ts)

    def answered(self, thread_ts: str, channel: str | None = None, count: int = 1) -> Callable[[], bool]:
        """Whether the bot's newest messages there are whole: that many, none streaming, nothing under way."""

        def holds() -> bool:
            answers = self.answers(thread_ts, channel)
            whole = len(answers) >= count and not any(answer.streaming for answer in answers)
            return whole and not self.bot_is_busy()

        return holds

    def only_answer(self, thread_ts: str, channel: str | None = None) -> SeenMessage:
        """The one message of the bot in that thread."""
        (answer,) = self.answers(thread_ts, channel)
        return answer

    def last_texts(self) -> list[str]:
        """The same, where other parts than texts stand among them."""
        input_ = self.openai.creates[-1].get("input", [])
        return [part["text"] for item in input_ for part in item["content"] if "text" in part]

    def last_input(self) -> list[str]:
        """The texts of the newest request's input, in order."""
        return [part["text"] for item in self.openai.creates[-1].get("input", []) for part in item["content"]]


def block_types(message: SeenMessage) -> list[str]:
    """The kinds of a message's blocks, in order."""
    return [str(block["type"]) for block in message.blocks]


def actions(message: SeenMessage) -> set[str]:
    """The action ids of the buttons under a message."""
    elements: list[Mapping[str, Any]] = [
        element for block in message.blocks for element in block.get("elements", []) if "action_id" in element
    ]
    return {str(element["action_id"]) for element in elements}


def said_below(message: SeenMessage) -> list[str]:
    """Our own sentences: small under an answer, or alone."""
    alone = [str(block["text"]["text"]) for block in message.blocks if block["type"] == "section"]
    below = [block["elements"] for block in message.blocks if block["type"] == "context"]
    return [*alone, *(str(element["text"]) for elements in below for element in elements)]
