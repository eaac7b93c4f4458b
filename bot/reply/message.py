"""The Slack messages of one answer: begun, grown, put right after any accident, and ended.

One task makes all Slack calls of a reply, one after the other. What is on the screen is compared with
what should be there: a streamed message that already shows the beginning of it is appended to; anything
else is stopped and edited, so that it ends with exactly the final content.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence

from bot.clock import Clock
from bot.errors import SlackOutcomeUnknown, SlackRateLimited, SlackRefused, SlackUnreachable
from bot.reply.beginning import Beginnings
from bot.reply.calls import Calls, SessionStatus
from bot.reply.closing import Closing
from bot.reply.layout import Section, lay_out
from bot.reply.markdown import Neutraliser
from bot.reply.shown import Shown, chunks_of
from bot.reply.split import first_sentence
from bot.reply.status import Status
from bot.reply.steps import Block, plain_line
from bot.reply.transcript import Transcript
from storage.records import Claim, Lease
from storage.runs import Runs

log = logging.getLogger(__name__)

APPEND_EVERY = 1.0  # seconds between two visible changes (design §10)
EDIT_EVERY = 3.0  # seconds between two edits (reference/slack-platform.md §1.3)
STREAM_AGE = 240.0  # seconds: Slack ends a stream after about 300, whatever happens in it (§2.3)
TASK_BYTES = 1_500  # bytes of task cards in one message; steps beyond it are listed at the end only
STATUS_CHARS = 100  # characters of commentary shown as a status
STARTS = 3  # tries to begin one message whose outcome stayed unknown

ENDED = "message_not_in_streaming_state"
STOPPED = "stopped_by_user"
GONE = "message_not_found"
TOO_MUCH = frozenset({"invalid_blocks", "msg_blocks_too_long", "msg_too_long"})


class Reply:
    """The Slack side of one run."""

    def __init__(self, calls: Calls, runs: Runs, claim: Claim, clock: Clock) -> None:
        self._calls = calls
        self._runs = runs
        self._lease: Lease = claim.lease
        self._rows = claim.replies
        self._clock = clock
        self._status = Status(calls, inherited=claim.run.attempt > 1)
        self._transcript = Transcript()
        self._safe = ""
        self._fed = ""
        self._neutraliser = Neutraliser()
        self._shown: list[Shown] = []
        self._sealed: list[Section] = []
        self._beginnings = Beginnings(calls, runs, claim.lease, clock)
        self._said = ""
        self._changed = asyncio.Event()
        self._ending = asyncio.Event()
        self.stopped_by_user = asyncio.Event()  # Slack told an append that somebody pressed Stop

    async def recover(self) -> None:
        """Find every message that an earlier attempt began, or may have begun."""
        for row in self._rows:
            ts = row.ts or await self._beginnings.adopt(row)
            if ts is not None:
                self._shown.append(Shown(row.position, ts, None, streaming=True, begun_at=float("-inf")))

    async def working(self) -> None:
        """Show that the answer is being worked on."""
        await self._status.show()

    def show(self, transcript: Transcript) -> None:
        """Take the answer as it stands; it reaches the screen with the next call."""
        self._transcript = transcript
        self._feed(transcript.text)
        self._changed.set()

    def _feed(self, text: str) -> None:
        if not text.startswith(self._fed):  # told anew, differently
            self._neutraliser, self._safe, self._fed, self._sealed = Neutraliser(), "", "", []
        self._safe += self._neutraliser.feed(text[len(self._fed) :])
        self._fed = text

    # -- while the answer grows -------------------------------------------------------------------

    async def keep_writing(self) -> None:
        """Bring what is new to the screen, at most once a second, until the answer ends."""
        while not self._ending.is_set():
            await self._changed.wait()
            self._changed.clear()
            if self._ending.is_set() or self.stopped_by_user.is_set():
                return
            await self._say_commentary()
            await self._grow()
            await self._pause()

    def settle(self) -> None:
        """No more intermediate calls: `keep_writing` returns after the one under way."""
        self._ending.set()
        self._changed.set()

    def begin_again(self) -> None:
        """Take back `settle`: the answer is told anew, in the same messages."""
        self._ending.clear()
        self._changed.clear()
        self._transcript = Transcript()

    async def _pause(self) -> None:
        waits = (
            asyncio.ensure_future(self._clock.sleep(APPEND_EVERY)),
            asyncio.ensure_future(self._ending.wait()),
        )
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _say_commentary(self) -> None:
        sentence = plain_line(self._transcript.commentary, STATUS_CHARS)
        if sentence and sentence != self._said and not self._shown:
            self._said = sentence
            await self._status.say(sentence)

    async def _grow(self) -> None:
        sections = self._sections()
        for index, section in enumerate(sections):
            if index < len(self._sealed):
                continue
            if index == len(self._shown) and not await self._begin(section, final=False):
                return
            if section.full:
                await self._finish_message(self._shown[index], section, [], "processing")
                self._sealed.append(section)
            elif index < len(self._shown):
                await self._continue(self._shown[index], section)

    def _sections(self) -> list[Section]:
        current = self._shown[len(self._sealed)] if len(self._sealed) < len(self._shown) else None
        reserved = TASK_BYTES if self._transcript.steps and (current is None or current.streaming) else 0
        return lay_out(self._safe, self._sealed, reserved)

    async def _continue(self, message: Shown, section: Section) -> None:
        if message.gone:
            return
        shown = message.text
        if shown is not None and shown != section.text and shown.startswith(section.text):
            return  # told anew, and not as far yet: nothing is taken back from the screen meanwhile
        too_old = self._clock.monotonic() - message.begun_at > STREAM_AGE
        if message.streaming and not too_old and shown is not None and section.text.startswith(shown):
            await self._append(message, section.text[len(shown) :])
            return
        if message.streaming:
            await self._stop_stream(message)
        await self._edit(message, section)

    async def _append(self, message: Shown, text: str) -> None:
        chunks = chunks_of(self._transcript.steps, message.tasks, text)
        if not chunks:
            return
        try:
            await self._calls.append(message.ts, chunks)
        except (SlackRateLimited, SlackUnreachable):
            self._changed.set()  # nothing was executed: the same text goes with the next append
            return
        except SlackOutcomeUnknown:
            message.text = None  # never repeated: the stream is stopped and the message edited
            await self._stop_stream(message)
            return
        except SlackRefused as error:
            self._append_refused(message, error)
            return
        message.note(text, chunks)

    def _append_refused(self, message: Shown, error: SlackRefused) -> None:
        if error.error == STOPPED:
            self.stopped_by_user.set()
        elif error.error == GONE:
            message.gone = True
        elif error.error == ENDED:
            message.streaming = False
            self._changed.set()
        elif error.error in TOO_MUCH:
            message.text = None  # the rest goes by edits
            self._changed.set()
        else:
            raise error

    async def _edit(self, message: Shown, section: Section) -> None:
        now = self._clock.monotonic()
        if message.text == section.text or not section.text:
            return
        if now - message.edited_at < EDIT_EVERY:
            self._changed.set()
            return
        message.edited_at = now
        try:
            await self._calls.update(message.ts, section.text, [], patience=0)
        except (SlackRateLimited, SlackUnreachable, SlackOutcomeUnknown):
            message.text = None
            self._changed.set()
            return
        message.text = section.text

    async def _begin(self, section: Section, *, final: bool, closing: Closing | None = None) -> bool:
        """Put a new message on the screen; False where there is nothing to show yet."""
        stream = not final and self._beginnings.may_stream()
        if stream and not (section.text.strip() or (self._transcript.steps and not self._shown)):
            return False
        if not stream and not final and not first_sentence(section.text):
            return False
        owned = frozenset(message.ts for message in self._shown)
        if stream:
            chunks = chunks_of(self._transcript.steps, {}, section.text)
            self._status.streaming()
            message = await self._beginnings.stream(section, chunks, owned)
        else:
            message = await self._beginnings.post(section, closing, owned)
        if message is not None:
            self._shown.append(message)
        return message is not None

    # -- how the answer ends ----------------------------------------------------------------------

    async def close(self, transcript: Transcript, closing: Closing) -> None:
        """Bring the whole answer to the screen, exactly, with what stands under it; nothing works any more."""
        self.show(transcript)
        self._safe += self._neutraliser.close()
        sections = self._sections()
        if not self._safe.strip():
            sections = [Section(0, "")]
        for index, section in enumerate(sections):
            ending = closing if not section.full else None
            if index < len(self._sealed):
                continue
            if index < len(self._shown):
                blocks = ending.blocks() if ending else []
                status: SessionStatus = "active" if ending else "processing"
                await self._finish_message(self._shown[index], section, blocks, status, ending)
            else:
                await self._begin(section, final=True, closing=ending)
        await self._drop(self._shown[len(sections) :])
        await self._status.clear()

    async def withdraw(self) -> None:
        """Take the whole reply off the screen: what it answered is gone."""
        await self._drop(self._shown)
        await self._status.clear()

    async def let_go(self) -> None:
        """End open streams where they are: another process will go on with these messages."""
        for message in self._shown:
            if message.streaming:
                await self._stop_stream(message, "active")
        await self._status.clear()

    async def _drop(self, messages: Sequence[Shown]) -> None:
        for message in list(messages):
            if message.streaming:
                await self._stop_stream(message)
            await self._unless_gone(message, self._calls.delete(message.ts))
            await self._runs.reply_dropped(self._lease, message.position)
            self._shown.remove(message)

    async def _finish_message(
        self,
        message: Shown,
        section: Section,
        blocks: list[Block],
        status: SessionStatus,
        closing: Closing | None = None,
    ) -> None:
        if message.gone:
            return
        shown = message.text
        grown = message.streaming and shown is not None and section.text.startswith(shown)
        if grown and await self._stop_whole(message, section.text[len(shown or "") :], blocks, status):
            message.text = section.text
            return
        if message.streaming:
            await self._stop_stream(message)
        if message.text != section.text or blocks:
            await self._put_right(message, section.text, blocks, closing.text() if closing else "")

    async def _stop_whole(self, message: Shown, text: str, blocks: list[Block], status: SessionStatus) -> bool:
        """Stop a stream with the rest of its text; False where the message must be edited instead."""
        try:
            await self._calls.stop(
                message.ts, status, chunks_of(self._transcript.steps, message.tasks, text), blocks
            )
        except SlackRefused as error:
            if error.error == GONE:
                message.gone = True
                return True
            if error.error not in {ENDED, *TOO_MUCH}:
                raise
            message.streaming = error.error != ENDED
            message.text = None
            return False
        message.streaming = False
        if status == "active":
            self._status.stream_ended()
        return True

    async def _stop_stream(self, message: Shown, status: SessionStatus = "processing") -> None:
        try:
            await self._calls.stop(message.ts, status)
        except SlackRefused as error:
            if error.error == GONE:
                message.gone = True
            elif error.error != ENDED:
                raise
        message.streaming = False

    async def _put_right(self, message: Shown, text: str, blocks: list[Block], notes: str) -> None:
        try:
            await self._unless_gone(message, self._calls.update(message.ts, text, blocks, notes))
        except SlackRefused as error:
            if error.error not in TOO_MUCH:
                raise
            log.warning("the blocks under an answer were refused", extra={"error": error.error})
            await self._unless_gone(message, self._calls.update(message.ts, text, [], notes))
        message.text = text

    @staticmethod
    async def _unless_gone(message: Shown, call: Awaitable[None]) -> None:
        try:
            await call
        except SlackRefused as error:
            if error.error != GONE:
                raise
            message.gone = True
