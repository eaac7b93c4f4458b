"""The Slack messages of one reply: each brought to what it should say, whatever becomes of a call.

What is on the screen is compared with what should be there: a streamed message that already shows the
beginning of it is appended to; anything else is stopped and edited, so that it ends with exactly that.
"""

import asyncio
from collections.abc import Awaitable
from functools import partial

from bot.clock import Clock
from bot.errors import SlackOutcomeUnknown, SlackRateLimited, SlackRefused, SlackUnreachable
from bot.reply.calls import APPEND_EVERY, TOO_MUCH, Calls, SessionStatus, as_rich_as_possible
from bot.reply.closing import NOTHING, Closing
from bot.reply.shown import Shown, chunks_of, last_chunks_of
from bot.reply.status import growing
from bot.reply.steps import Block
from bot.reply.transcript import TimedStep

ROUNDING = 0.001  # seconds that two equal moments of a clock may lie apart
STREAM_AGE = 240.0  # seconds: Slack ends a stream after about 300, whatever happens in it (§2.3)
STREAM_DIES = 310.0  # seconds after which a stream is over for sure

ENDED = "message_not_in_streaming_state"
STOPPED = "stopped_by_user"
GONE = "message_not_found"
STILL_STREAMING = "streaming_state_conflict"


class Screen:
    """The messages of one reply, the oldest first."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock
        self.messages: list[Shown] = []
        self.steps: tuple[TimedStep, ...] = ()
        self._no_room_for = 0.0  # seconds for which there was none when it was asked for last
        self.stopped_by_user = asyncio.Event()  # Slack told an append that somebody pressed Stop

    def elsewhere(self, message: Shown | None = None) -> set[str]:
        """The tasks that stand in the other messages."""
        return {task for other in self.messages if other is not message for task in other.tasks}

    def next_end(self) -> float | None:
        """Seconds until a stream must be ended because of its age; None where none is open."""
        begun = [message.begun_at for message in self.messages if message.streaming]
        return max(0.0, min(begun) + STREAM_AGE - self._clock.monotonic()) if begun else None

    def rest(self) -> float:
        """Seconds until the next visible change: the longer, the more answers there are."""
        if not self.messages:
            return APPEND_EVERY
        newest = self.messages[-1]
        if newest.streaming:
            wanted = self._no_room_for or self._calls.append_every()
            return min(wanted, max(APPEND_EVERY, self.next_end() or 0.0))
        return max(APPEND_EVERY, newest.edited_at + self._calls.edit_every() - self._clock.monotonic())

    async def end_old(self) -> None:
        """End the streams that Slack would soon end by itself; their messages go on by edits."""
        for message in self.messages:
            if message.streaming and self._clock.monotonic() - message.begun_at >= STREAM_AGE:
                await self.stop(message)

    async def grow(self, message: Shown, text: str) -> bool:
        """Bring a message nearer to that text; False where it is not there yet, and another try may help."""
        shown = message.text
        if message.gone:
            return True
        if message.streaming and shown is not None and text.startswith(shown):
            return await self._append(message, text[len(shown) :])
        if shown is not None and shown.startswith(text):
            return True  # told anew, and not as far yet: nothing is taken back from the screen meanwhile
        if message.streaming:
            await self.stop(message)
        return await self._edit(message, text)

    async def show_meanwhile(self, message: Shown, text: str, closing: Closing) -> None:
        """Let a message show that for now, where there is room: it will say more."""
        if message.streaming:
            await self.stop(message)
        if message.gone or not self._calls.may_edit():
            return
        message.text, message.growing, message.edited_at = text, True, self._clock.monotonic()
        edit = partial(self._calls.edit, message.ts)
        try:
            await self._unless_gone(message, as_rich_as_possible(closing.contents(text), edit))
        except (SlackRateLimited, SlackUnreachable, SlackOutcomeUnknown):
            message.text = None

    async def finish(self, message: Shown, text: str, closing: Closing = NOTHING) -> None:
        """End a message with exactly that."""
        shown = message.text
        if message.gone:
            return
        status = self._calls.going_on() if closing is NOTHING and message.streaming else self._calls.at_rest
        if message.streaming and shown is not None and text.startswith(shown):
            rest, elsewhere = text[len(shown) :], self.elsewhere(message)
            chunks = last_chunks_of(self.steps, message.tasks, rest, elsewhere, waits=bool(closing.asked))
            if await self._stop_whole(message, chunks, closing.blocks(alone=not text.strip()), status):
                message.text = text
                return
        if message.streaming:
            await self.stop(message, status)
        if message.text != text or closing is not NOTHING or message.growing:
            await self._put_right(message, text, closing)

    async def stop(self, message: Shown, status: SessionStatus | None = None) -> None:
        """End a stream as it stands, the answer going on unless the session is given another status.

        Where Slack refuses even that as too much, it ends by itself later (§2.4).
        """
        try:
            await self._calls.stop(message.ts, status or self._calls.going_on())
        except SlackRefused as error:
            if error.error not in {GONE, ENDED, *TOO_MUCH}:
                raise
            message.gone = error.error == GONE
        message.streaming = False

    async def remove(self, message: Shown) -> None:
        """Take a message off the screen."""
        if message.streaming:
            await self.stop(message, "active")
        await self._unless_gone(message, self._calls.delete(message.ts))
        self.messages.remove(message)

    async def _append(self, message: Shown, text: str) -> bool:
        chunks = chunks_of(self.steps, message.tasks, text, self.elsewhere(message))
        if not chunks:
            return True
        try:
            await self._calls.append(message.ts, chunks)
        except (SlackRateLimited, SlackUnreachable) as error:
            self._no_room_for = error.retry_after if isinstance(error, SlackRateLimited) else 0.0
            return False  # nothing was executed: the same goes with the next append
        except SlackOutcomeUnknown:
            message.text = None  # never repeated: the stream is stopped and the message edited
            return False
        except SlackRefused as error:
            return self._append_refused(message, error)
        self._no_room_for = 0.0
        message.note(text, chunks)
        return True

    def _append_refused(self, message: Shown, error: SlackRefused) -> bool:
        if error.error == STOPPED:
            self.stopped_by_user.set()
        elif error.error == GONE:
            message.gone = True
        elif error.error == ENDED:
            message.streaming = False
        elif error.error in TOO_MUCH:
            message.text = None  # the rest goes by edits
        else:
            raise error
        return message.gone

    async def _edit(self, message: Shown, text: str) -> bool:
        now = self._clock.monotonic()
        if not text or message.text == text or message.refused:
            return True
        if now - message.edited_at < self._calls.edit_every() - ROUNDING or not self._calls.may_edit():
            return False
        message.edited_at = now
        message.growing = True
        try:
            edit = partial(self._calls.edit, message.ts)
            await self._unless_gone(message, as_rich_as_possible(growing(text), edit))
        except (SlackRateLimited, SlackUnreachable, SlackOutcomeUnknown):
            message.text = None
            return False
        except SlackRefused as error:
            if error.error not in {STILL_STREAMING, *TOO_MUCH}:
                raise
            message.text, message.refused = None, True
            return True
        message.text = text
        return True

    async def _stop_whole(
        self, message: Shown, chunks: list[Block], blocks: list[Block], status: SessionStatus
    ) -> bool:
        """Stop a stream with the rest of it; False where the message must be edited instead."""
        try:
            await self._calls.stop(message.ts, status, chunks, blocks)
        except SlackRefused as error:
            if error.error not in {GONE, ENDED, *TOO_MUCH}:
                raise
            message.gone = error.error == GONE
            message.streaming = error.error in TOO_MUCH
            message.text = None
            return False
        message.streaming = False
        return True

    async def _put_right(self, message: Shown, text: str, closing: Closing) -> None:
        """Edit a message to its final content, or to the richest that Slack takes."""
        if message.gone:
            return
        try:
            await self._update(message, text, closing)
        except SlackRefused as error:
            if error.error != STILL_STREAMING:
                raise
            age = self._clock.monotonic() - message.begun_at
            await self._clock.sleep(STREAM_DIES - age if age < STREAM_DIES else STREAM_DIES)
            await self._update(message, text, closing)
        message.text, message.growing = text, False

    async def _update(self, message: Shown, text: str, closing: Closing) -> None:
        update = partial(self._calls.update, message.ts)
        await self._unless_gone(message, as_rich_as_possible(closing.contents(text), update))

    @staticmethod
    async def _unless_gone(message: Shown, call: Awaitable[None]) -> None:
        try:
            await call
        except SlackRefused as error:
            if error.error != GONE:
                raise
            message.gone = True
