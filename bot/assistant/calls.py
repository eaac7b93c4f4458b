"""Calls of OpenAI's SDK, made with our errors and our patience."""

import itertools
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import openai
from openai import AsyncStream

from bot.assistant.errors import assistant_errors
from bot.clock import Clock
from bot.errors import AssistantBusy, AssistantError, AssistantUnavailable, MemoryLocked, OutcomeUnknown
from bot.fencing import may_call

FIRST_PAUSE, LAST_PAUSE = 1.0, 30.0
"""Seconds before a refused call is made again: at first, and at most."""

TRIES = 5
"""How often a call that cannot double anything is made where no deadline bounds it."""

REFUSED = (AssistantBusy, AssistantUnavailable, MemoryLocked)
"""Not executed, and it may go well the next time."""

AGAIN = (*REFUSED, OutcomeUnknown)
"""After these a call that cannot double anything, a read or a deletion, is made again."""

EVENTS: Any = AsyncStream[object]
"""A stream's events as the JSON they are: the SDK's classes take half of an answer's time, and we read none."""

Failed = Callable[[AssistantError], None]
"""Is told of every error."""


def unheard(_error: AssistantError) -> None:
    """Nobody counts."""


Json = Mapping[str, Any]
T = TypeVar("T")


class Calls:
    """How a call is made. A call may take so many seconds at most, `patience`, unless it says otherwise."""

    def __init__(self, clock: Clock, patience: float, failed: Failed = unheard) -> None:
        self.clock = clock
        self.failed = failed
        self._patience = patience

    async def once(self, call: Callable[[], Awaitable[T]], seconds: float | None = None) -> T:
        """One call, or the wait for one event. OutcomeUnknown after so many seconds without an answer."""
        may_call()
        seconds = self._patience if seconds is None else seconds
        try:
            with assistant_errors():
                async with self.clock.timeout(seconds):
                    return await call()
        except AssistantError as error:
            self.failed(error)
            raise
        except TimeoutError:
            silence = OutcomeUnknown(f"no sign of life for {seconds:.0f} s")
            self.failed(silence)
            raise silence from None

    async def ask(
        self, call: Callable[[], Awaitable[Any]], missing: Json | None = None, seconds: float | None = None
    ) -> Json:
        """The JSON object that a raw call is answered with; `missing` stands for a 404."""

        async def read() -> object:
            try:
                return (await call()).http_response.json()
            except openai.NotFoundError:
                if missing is None:
                    raise
                return missing

        document = await self.once(read, seconds)
        if not isinstance(document, Mapping):
            raise OutcomeUnknown("an answer that is no JSON object")
        return document

    async def patiently(
        self,
        call: Callable[[], Awaitable[T]],
        tries: int | None = TRIES,
        again: tuple[type[AssistantError], ...] = AGAIN,
    ) -> T:
        """Make a call again after such errors until it is answered; None: for ever, the caller has a deadline."""
        for attempt in itertools.count(1):
            try:
                return await call()
            except again as refusal:
                if attempt == tries:
                    raise
                await self.clock.sleep(pause(attempt, refusal))
        raise AssertionError("unreachable")


def pause(attempt: int, refusal: AssistantError) -> float:
    """Seconds to wait: what OpenAI asked for, or twice as long each time; spread, so that not all come at once."""
    asked = refusal.retry_after if isinstance(refusal, AssistantBusy) else None
    seconds = asked if asked is not None else min(FIRST_PAUSE * 2 ** min(attempt - 1, 10), LAST_PAUSE)
    return seconds * random.uniform(1.0, 1.5)  # noqa: S311 - chance, not secrecy
