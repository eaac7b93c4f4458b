"""Messages without a word: a bare mention, or files alone, which are answered without asking the model."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from bot import words
from bot.addressing import without_mention
from bot.asking import Asking, Say
from bot.attachments import records
from bot.attachments.records import Ingested, Taken
from bot.clock import Clock
from bot.files.sentences import listed
from bot.reply.closing import Ask
from bot.signals import Signals, cancelled
from storage.records import Claim, Message
from storage.runs import Runs

TOGETHER = 3.0  # seconds within which what is posted in a thread is received together (issue 4 §3)


def is_greeting(claim: Claim, bot_user: str) -> bool:
    """Whether it is a bare mention that begins a thread: there is nothing to answer yet."""
    begins = claim.thread.place.thread_ts
    return all(one.ts == begins and not one.files and not _says(one, bot_user) for one in claim.messages)


def _says(message: Message, bot_user: str) -> str:
    return without_mention(message.text or "", bot_user)


class Wordless:
    """Receives files that people sent without a word."""

    def __init__(self, runs: Runs, asking: Asking, clock: Clock, signals: Signals) -> None:
        self._runs = runs
        self._asking = asking
        self._clock = clock
        self._signals = signals

    async def gather(self, claim: Claim, bot_user: str, say: Say, until: float) -> tuple[Claim, Ingested | None]:
        """Read a run's files, and those that follow within three seconds; the claim with them.

        None: something was said after all, if only in a recording.
        """
        while claim.messages and all(one.files and not _says(one, bot_user) for one in claim.messages):
            heard_at = self._clock.monotonic()
            ingested = await self._asking.received(claim, say, until)
            if any(text.strip() for text in ingested.heard.values()):
                return claim, None
            await self._wait_until(heard_at + TOGETHER)
            joined = await self._runs.join(claim.lease)
            if len(joined.messages) <= len(claim.messages):
                return claim, ingested
            claim = joined
        return claim, None

    async def _wait_until(self, end: float) -> None:
        """Wait, or until somebody wants the run to stop or to begin again."""
        self._signals.guard()
        events = (self._signals.stop, self._signals.restart, self._signals.lost)
        waiting = [asyncio.create_task(event.wait()) for event in events]
        try:
            with suppress(TimeoutError):
                async with self._clock.timeout(max(end - self._clock.monotonic(), 0.0)):
                    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled(waiting)


def received(ingested: Ingested) -> tuple[Ingested, tuple[Ask, ...]]:
    """The files with the sentence on what is ready, and two questions one could ask about that. Pure."""
    ready = [one for one in ingested.taken if one.ready and one.file_id]
    if not ready:
        return ingested, ()
    names = listed(one.shown for one in ready)
    sentence = (words.FILE_READY if len(ready) == 1 else words.FILES_READY).format(names=names)
    asks = tuple(Ask(label, question.format(names=names)) for label, question in _questions(ready))
    return replace(ingested, notes=(sentence, *ingested.notes)), asks


def _questions(files: Sequence[Taken]) -> Sequence[tuple[str, str]]:
    if len(files) > 1:
        return words.ASK_ABOUT_FILES
    if files[0].use == records.IMAGE:
        return words.ASK_ABOUT_PICTURE
    return words.ASK_ABOUT_DATA if files[0].use == records.CONTAINER else words.ASK_ABOUT_DOCUMENT
