"""The reply to one run: written while the answer grows, ended exactly, whatever happens in between.

One task makes all Slack calls of a reply, one after the other. This module knows what should be on the
screen and when; `screen` knows how a single message gets there.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from bot.clock import Clock
from bot.errors import SlackRefused
from bot.reply.beginning import Beginnings
from bot.reply.calls import Calls
from bot.reply.closing import NOTHING, Closing, Content
from bot.reply.json_answer import readable
from bot.reply.layout import Section, lay_out
from bot.reply.markdown import Neutraliser
from bot.reply.sandbox import without_addresses
from bot.reply.screen import Screen
from bot.reply.shown import FirstText, Shown, chunks_of
from bot.reply.split import first_sentence
from bot.reply.status import Status, growing
from bot.reply.steps import plain_line
from bot.reply.transcript import Transcript
from storage.records import Claim, ReplyState
from storage.runs import Runs

STATUS_CHARS = 100  # characters of commentary shown as a status


class Reply:
    """The Slack side of one run."""

    def __init__(self, calls: Calls, runs: Runs, claim: Claim, clock: Clock, *, in_json: bool = False) -> None:
        """`in_json`: the answer is JSON, which is shown when it is whole, as people read it."""
        self._runs = runs
        self._lease = claim.lease
        self._rows = claim.replies
        self._clock = clock
        self._calls = calls
        self._status = Status(calls, inherited=claim.run.attempt > 1)
        self._screen = Screen(calls, clock)
        self._beginnings = Beginnings(calls, runs, claim.lease, clock)
        self._transcript = Transcript()
        self._safe = ""  # the answer as it may be shown
        self._fed = ""  # the answer as it was told, as far as it is in there
        self._neutraliser = Neutraliser()
        self._sealed: list[Section] = []  # what the messages say that will not change any more
        self._said = ""
        self._in_json = in_json
        self.first_text: FirstText | None = None  # None: nothing of the answer is on the screen
        self._changed = asyncio.Event()
        self._ending = asyncio.Event()

    @property
    def stopped_by_user(self) -> asyncio.Event:
        """Set when Slack told an append that somebody pressed Stop."""
        return self._screen.stopped_by_user

    async def recover(self) -> None:
        """Find every message that an earlier attempt began, or may have begun."""
        for row in self._rows:
            ts = row.ts or await self._beginnings.adopt(row)
            if ts is not None:
                streaming = row.state is not ReplyState.CLOSED  # one that was whole once is not streamed any more
                found = Shown(row.position, ts, None, streaming=streaming, begun_at=float("-inf"))
                self._screen.messages.append(found)

    async def working(self) -> None:
        """Show that the answer is being worked on."""
        await self._status.show()

    async def say(self, sentence: str) -> None:
        """Show a sentence while nothing of the answer is there yet; dropped where it cannot be shown now."""
        if not self._screen.messages:
            await self._status.say(sentence)

    def show(self, transcript: Transcript) -> None:
        """Take the answer as it stands; it reaches the screen with the next call."""
        self._transcript = replace(transcript, text="") if self._in_json else transcript
        self._screen.steps = transcript.steps
        self._changed.set()

    def _feed(self) -> None:
        """Make safe what was told since the last time."""
        text = self._transcript.text
        if not text.startswith(self._fed):  # told anew, differently
            self._neutraliser, self._safe, self._fed, self._sealed = Neutraliser(), "", "", []
        self._safe += self._neutraliser.feed(text[len(self._fed) :])
        self._fed = text

    # -- while the answer grows -------------------------------------------------------------------

    async def keep_writing(self) -> None:
        """Bring what is new to the screen, at most once a second, until the answer ends."""
        while True:
            await self._news()
            if self._ending.is_set():
                return
            self._feed()
            await self._screen.end_old()
            await self._say_commentary()
            left = not await self._grow()
            self._note_first_text()
            if left:
                self._changed.set()
            if self.stopped_by_user.is_set():
                return
            if left or self._screen.messages or self._beginnings.crowded():  # else the first words wait for nobody
                await self._pause()

    def _note_first_text(self) -> None:
        if self.first_text is None and any((message.text or "").strip() for message in self._screen.messages):
            told_at = self._transcript.first_text_at
            lag = None if told_at is None else self._clock.time() - told_at
            self.first_text = FirstText(self._clock.monotonic(), lag)

    def settle(self) -> None:
        """No more intermediate calls: `keep_writing` returns after the one under way."""
        self._ending.set()
        self._changed.set()

    def go_on(self) -> None:
        """Take back `settle`: the answer goes on where it is."""
        self._ending.clear()

    def begin_again(self) -> None:
        """Take back `settle`: the answer is told anew, in the same messages."""
        self._ending.clear()
        self._changed.clear()
        self._transcript = Transcript()

    async def _news(self) -> None:
        """Return when there is something to write, or a stream has become too old to be left alone."""
        left = self._screen.next_end()
        if left is None:
            await self._changed.wait()
        else:
            with suppress(TimeoutError):
                async with self._clock.timeout(left):
                    await self._changed.wait()
        self._changed.clear()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with self._clock.timeout(self._screen.rest()):
                await self._ending.wait()

    async def _say_commentary(self) -> None:
        sentence = plain_line(without_addresses(self._transcript.commentary), STATUS_CHARS)
        if sentence and sentence != self._said and not self._safe:
            self._said = sentence
            await self._status.say(sentence)

    async def _grow(self) -> bool:
        """Write what is new; False where something is left that another try may write."""
        messages = self._screen.messages
        for index, section in enumerate(lay_out(self._safe, self._sealed)):
            if index < len(self._sealed):
                continue
            if index == len(messages) and not await self._begin(section):
                return True  # there is too little to show; more text will bring us back
            if not section.full:
                return await self._screen.grow(messages[index], section.text)
            await self._screen.finish(messages[index], section.text)
            self._sealed.append(section)
        return True

    async def _begin(self, section: Section) -> bool:
        """Put a new message on the screen; False where there is nothing to show yet."""
        if self._beginnings.may_stream():
            chunks = chunks_of(self._transcript.steps, {}, section.text, self._screen.elsewhere())
            if not any(chunk.get("text", "-").strip() for chunk in chunks):
                return False
            message = await self._beginnings.stream(section, chunks, self._owned())
            if message is not None:
                self._status.spoken()
                self._screen.messages.append(message)
                return True
        if not first_sentence(section.text) or not self._beginnings.may_grow():
            return False  # there is too little to post, or no room to let it grow: it comes whole, at its end
        message = await self._post(section, growing(section.text), final=False)
        message.growing = True
        return True

    async def _post(self, section: Section, contents: Iterable[Content], *, final: bool) -> Shown:
        message = await self._beginnings.post(section, contents, self._owned(), final=final)
        self._status.spoken()
        self._screen.messages.append(message)
        return message

    def _owned(self) -> frozenset[str]:
        return frozenset(message.ts for message in self._screen.messages)

    # -- how the answer ends ----------------------------------------------------------------------

    async def close(self, transcript: Transcript, closing: Closing) -> None:
        """Bring the whole answer to the screen, exactly, with what stands under it; nothing works any more."""
        self._calls.at_rest = "suspended" if closing.asked else "active"
        self.show(transcript)
        if self._in_json:
            self._transcript = replace(transcript, text=readable(transcript.text))
        self._feed()
        self._safe += self._neutraliser.close()
        try:
            await self._write_whole(closing)
            self._note_first_text()
        except SlackRefused:
            await self._clear()
            raise
        await self._clear()

    async def _write_whole(self, closing: Closing) -> None:
        sections = lay_out(self._safe, self._sealed) if self._safe.strip() else [Section(0, "")]
        messages = self._screen.messages
        for index, section in enumerate(sections):
            if index < len(self._sealed):
                continue
            below = NOTHING if section.full else closing
            if index == len(messages):
                await self._post(section, below.contents(section.text), final=True)
            else:
                await self._screen.finish(messages[index], section.text, below)
        await self._drop(messages[len(sections) :])

    async def go_on_after(self, transcript: Transcript, notes: Sequence[str]) -> None:
        """Take the question to people off the screen, for they have decided: `notes` say how."""
        self.show(transcript)
        safe = Neutraliser()
        text = safe.feed(self._transcript.text) + safe.close()
        sections, messages = lay_out(text, []) if text.strip() else [Section(0, "")], self._screen.messages
        if len(sections) == len(messages):
            await self._screen.show_meanwhile(messages[-1], sections[-1].text, Closing(tuple(notes)))

    async def withdraw(self) -> None:
        """Take the whole reply off the screen: what it answered is gone."""
        await self._drop(self._screen.messages)
        await self._clear()

    async def let_go(self) -> None:
        """End open streams where they are: another process will go on with these messages."""
        for message in self._screen.messages:
            if message.streaming:
                await self._screen.stop(message, "active")
        await self._clear()

    async def _clear(self) -> None:
        await self._status.clear()
        self.give_back()

    def give_back(self) -> None:
        """No more calls are needed: what was kept for the end of this reply is anybody's."""
        self._calls.kept.close()

    async def _drop(self, messages: Sequence[Shown]) -> None:
        for message in list(messages):
            await self._screen.remove(message)
            await self._runs.reply_dropped(self._lease, message.position)
