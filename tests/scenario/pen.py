"""Replies written straight into an emulated workspace: our Slack side, without Socket Mode and without OpenAI."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.manifest import read_manifest
from bot.pacing import Budget
from bot.playground.clock import SteppedClock
from bot.playground.slack.records import Call
from bot.playground.slack.seen import SeenMessage
from bot.playground.slack.workspace import EmulatedSlack
from bot.reply.calls import Address, Calls
from bot.reply.closing import Closing
from bot.reply.message import Reply
from bot.reply.transcript import TimedStep, Transcript
from bot.slack import Slack
from bot.surfaces import Surfaces
from bot.workspaces import Workspace
from storage.records import Claim, NewMessage, Place, Thread, Verdict
from storage.store import Store

QUIET = 0.004  # real seconds without a call after which nothing is under way
PATIENCE = 20.0  # real seconds until something is given up
LEASE = 1e6  # seconds: nobody takes these runs away

FEEDBACK = Closing(feedback=True)


class Watched(Slack):
    """Slack, and whether a call is under way, so that no time passes meanwhile."""

    under_way = 0

    async def _once(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        self.under_way += 1
        try:
            return await super()._once(method, arguments)
        finally:
            self.under_way -= 1


class Pen:
    """Writes one reply after the other, each in a channel of its own, on a clock that stands still meanwhile."""

    def __init__(self, slack: EmulatedSlack, store: Store, session: aiohttp.ClientSession) -> None:
        self.clock: SteppedClock = slack.clock  # type: ignore[assignment]
        self.slack = slack
        self._store = store
        self._ann = slack.add_person("Ann Lee")
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        self._calls = Watched(client, self.clock, Budget(self.clock))
        self._workspace = Workspace(
            slack.team,
            self._calls,
            slack.bot_user,
            slack.bot_id,
            Surfaces(self.clock),
        )
        self.channel = ""
        self._question = ""
        self._transcript = Transcript()
        self._reply: Reply | None = None
        self._writing: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Ask something new, and begin its answer."""
        self.channel = self.slack.add_channel("general", members=(self._ann,))
        self._question = await self.slack.post(self.channel, self._ann, "go")
        place = Place(self.slack.team, self.channel, self._question)
        claim = await self._claimed(place)
        address = Address(place, self._question, self._ann, self.slack.team)
        self._transcript = Transcript()
        self._reply = Reply(Calls(self._workspace, address, lambda: None), self._store.runs, claim, self.clock)
        self._writing = asyncio.create_task(self._reply.keep_writing())

    async def _claimed(self, place: Place) -> Claim:
        await self._store.messages.hear(NewMessage(place, place.thread_ts, self._ann, "go"), _yes)
        claim = await self._store.runs.claim("pen", LEASE)
        assert claim is not None
        return claim

    @property
    def reply(self) -> Reply:
        """The reply being written."""
        assert self._reply is not None
        return self._reply

    async def say(self, text: str, steps: Iterable[TimedStep] = ()) -> None:
        """Tell more of the answer; what of it is to be seen without time passing, is about to be."""
        before = self._transcript
        self._transcript = Transcript(text=before.text + text, steps=(*before.steps, *steps))
        self.reply.show(self._transcript)
        await self.quiet()

    async def wait(self, seconds: float) -> None:
        """Let time pass, and what it brings happen."""
        until = self.clock.time() + seconds
        while (left := until - self.clock.time()) > 0:
            await self.clock.advance(min(left, self.clock.next_timer() or left))
            await self.quiet()

    async def quiet(self) -> None:
        """Return when nothing is under way at Slack or in the database, and no call was made for a moment."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.slack.wait_activity(self.slack.activity, QUIET)
                except TimeoutError:
                    if not self._calls.under_way and not self._store.database.checked_out:
                        return

    async def close(self, closing: Closing = FEEDBACK) -> list[SeenMessage]:
        """End the answer; our messages as people see them."""
        self.reply.settle()
        await self.meanwhile(self._ended(closing))
        return self.seen()

    async def _ended(self, closing: Closing) -> None:
        assert self._writing is not None
        await self._writing
        await self.reply.close(self._transcript, closing)

    async def meanwhile(self, work: Any) -> None:
        """Wait for that work, time passing whenever nothing happens."""
        task = asyncio.ensure_future(work)
        async with asyncio.timeout(PATIENCE):
            while not task.done():
                await self.quiet()
                if not task.done():
                    await self.clock.advance(self.clock.next_timer() or 1.0)
        await task

    def seen(self) -> list[SeenMessage]:
        """Our messages so far."""
        return self.slack.replies(self.channel, self._question)

    def calls(self, name: str) -> list[Call]:
        """The calls of that method for this answer."""
        return [
            call for call in self.slack.calls if call.method == name and call.params["channel"] == self.channel
        ]

    async def until(self, holds: Callable[[], object]) -> None:
        """Return once that holds, without time passing."""
        await self.slack.until(holds)


def _yes(_thread: Thread | None) -> Verdict:
    return Verdict(accept=True, reason="mentioned")


@asynccontextmanager
async def pen_in(folder: Path) -> AsyncIterator[Pen]:
    """A pen in a workspace of its own; at the end nothing pings, unfurls or works in it."""
    manifest = read_manifest()
    slack = EmulatedSlack(SteppedClock(), scopes=manifest.scopes, subscribed=manifest.events)
    async with (
        slack.serve(),
        Store.open(f"sqlite+aiosqlite:///{folder / 'threadmate.db'}") as store,
        aiohttp.ClientSession() as session,
    ):
        yield Pen(slack, store, session)
    assert slack.live_mentions == []
    assert slack.unfurls == slack.suspected_unfurls == []
    assert slack.working() == []


def markdown_of(message: SeenMessage) -> str:
    """The Markdown of a message, as it was sent."""
    return "".join(str(block["text"]) for block in message.blocks if block["type"] == "markdown")
