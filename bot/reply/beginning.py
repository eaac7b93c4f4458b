"""How a Slack message of a reply begins: meant, made, and found again when nobody knows whether it was made."""

import logging
from collections.abc import Iterable, Sequence
from functools import partial

from bot.clock import Clock
from bot.errors import SlackOutcomeUnknown, SlackRateLimited, SlackRefused, SlackUnreachable
from bot.reply.calls import EDIT, STOP, TOO_MUCH, Calls, as_rich_as_possible
from bot.reply.closing import Content
from bot.reply.layout import Section
from bot.reply.shown import Shown
from bot.reply.steps import Block
from bot.surfaces import ABSENT, Surface
from storage.records import Lease
from storage.records import Reply as ReplyRow
from storage.runs import Runs

log = logging.getLogger(__name__)

TRIES = 3  # to begin one message whose outcome stayed unknown


class Beginnings:
    """Begins messages. The intent is committed before the call and the ts after it (design §5)."""

    def __init__(self, calls: Calls, runs: Runs, lease: Lease, clock: Clock) -> None:
        self._calls = calls
        self._runs = runs
        self._lease = lease
        self._clock = clock
        self._intended: ReplyRow | None = None

    def may_stream(self) -> bool:
        """Whether a stream can be begun here and now; a message that would have to wait is posted instead."""
        return self._calls.may_stream()

    def may_grow(self) -> bool:
        """Whether a message can be posted here and now that grows by edits; room for the last one is kept then."""
        return self._calls.may_grow() and self._calls.kept.keep(EDIT)

    def crowded(self) -> bool:
        """Whether a message can only be posted whole now, at the answer's end."""
        return not self._calls.may_stream() and not self._calls.may_grow()

    async def stream(self, section: Section, chunks: Sequence[Block], owned: frozenset[str]) -> Shown | None:
        """Begin a streamed message; None where there is no streaming here and now, and nothing was executed.

        `owned`: our messages known already.
        """
        row = await self._intend(section)
        if not self._calls.kept.keep(STOP):
            return None
        message = await self._streamed(row, chunks, owned)
        if message is None:
            self._calls.kept.give_back(STOP)
            return None
        message.note(section.text, chunks)
        return await self._begun(message)

    async def _streamed(self, row: ReplyRow, chunks: Sequence[Block], owned: frozenset[str]) -> Shown | None:
        for _ in range(TRIES):
            message = Shown(row.position, "", "", streaming=True, begun_at=self._clock.monotonic())
            try:
                message.ts = await self._calls.start(chunks)
            except SlackOutcomeUnknown:
                message.ts = await self._find_unowned(owned) or ""
            except (SlackRateLimited, SlackUnreachable):
                return None
            except SlackRefused as error:
                if error.error in ABSENT:
                    self._calls.note_absent(Surface.STREAMING, error)
                elif error.error not in TOO_MUCH:
                    raise
                log.info("no stream here", extra={"error": error.error})
                return None
            if message.ts:
                return message
        raise SlackOutcomeUnknown("chat.startStream", "made three times without a trace")

    async def post(
        self, section: Section, contents: Iterable[Content], owned: frozenset[str], *, final: bool
    ) -> Shown:
        """Post a message, as rich as Slack takes it. `owned`: our messages known already; `final`: it is whole."""
        row = await self._intend(section)
        ts = await as_rich_as_possible(contents, partial(self._posted, owned, final))
        now = self._clock.monotonic()
        return await self._begun(
            Shown(row.position, ts, section.text, streaming=False, begun_at=now, edited_at=now)
        )

    async def _posted(self, owned: frozenset[str], final: bool, content: Content) -> str:
        for _ in range(TRIES):
            try:
                ts: str | None = await self._calls.post(content, final=final)
            except SlackOutcomeUnknown:
                ts = await self._find_unowned(owned)
            if ts:
                return ts
        raise SlackOutcomeUnknown("chat.postMessage", "made three times without a trace")

    async def adopt(self, row: ReplyRow) -> str | None:
        """The ts of a message meant when its writer died; None, and the intent forgotten, if Slack has none."""
        ts = await self._find_unowned(frozenset())
        if ts is None:
            await self._runs.reply_dropped(self._lease, row.position)
        else:
            await self._runs.reply_begun(self._lease, row.position, ts)
        return ts

    async def _intend(self, section: Section) -> ReplyRow:
        if self._intended is None:
            self._intended = await self._runs.reply_intended(self._lease, section.from_char)
        return self._intended

    async def _begun(self, message: Shown) -> Shown:
        await self._runs.reply_begun(self._lease, message.position, message.ts)
        self._intended = None
        return message

    async def _find_unowned(self, owned: frozenset[str]) -> str | None:
        """A message of ours in the thread, newer than the question, that no run owns."""
        place = self._calls.address.place
        for ts in await self._calls.own_messages():
            if ts in owned or await self._runs.of_reply(place.team, place.channel, ts) is not None:
                continue
            if await self._runs.of_message(place.team, place.channel, ts) is None:  # nor is it a question
                return ts
        return None
