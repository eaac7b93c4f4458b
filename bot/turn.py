"""One turn with the assistant: asked, asked again when it was refused, found again when the line broke."""

import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from bot.assistant.engine import Engine, Turn
from bot.assistant.events import AskedOnly, Delivered, Event, Started
from bot.clock import Clock
from bot.errors import AssistantError, MemoryLocked, OutcomeUnknown, RunTimedOut

log = logging.getLogger(__name__)

T = TypeVar("T")

TRIES = 6  # refusals and broken lines of one turn before people are told
FIRST_PAUSE = 1.0  # seconds; doubled each time (conversation locks last seconds, reference/openai-platform.md §2)
LONGEST_PAUSE = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Rewound:
    """What was told of the answer so far is void: it is told anew."""


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What follows happened while nobody was listening: when, is not known."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What an earlier attempt left behind: by this its turn is found again."""

    asked: bool = False  # the question may have been sent already
    response_id: str | None = None
    tail: str | None = None  # the memory's last item before this turn


class TurnTaker:
    """Takes one turn after the other with the engine."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def take(
        self, turn: Turn, trail: Trail, deadline: float
    ) -> AsyncGenerator[Event | Rewound | Afterwards]:
        """The events of one turn, however often it takes; `deadline` in the clock's monotonic seconds.

        Raises what `Engine.stream` raises, once trying again has no chance any more.
        """
        for attempt in range(1, TRIES + 1):
            try:
                async with aclosing(self._once(turn, trail, deadline)) as events:
                    async for event in events:
                        if isinstance(event, Started):
                            trail = replace(trail, asked=True, response_id=event.response_id)
                        yield event
            except AssistantError as error:
                if attempt == TRIES or not (error.retry or isinstance(error, OutcomeUnknown)):
                    raise
                log.info("the turn is tried again", extra={"error": error.code, "attempt": attempt})
                lost = isinstance(error, OutcomeUnknown | MemoryLocked)
                trail = replace(trail, asked=trail.asked or lost)
                yield Rewound()
                await self._pause(error, attempt, deadline)
            else:
                return

    async def patiently(self, call: Callable[[], Awaitable[T]], deadline: float) -> T:
        """The result of a call that may be executed twice, however often it takes; raises as `take`."""
        for attempt in range(1, TRIES):
            try:
                return await call()
            except AssistantError as error:
                if not (error.retry or isinstance(error, OutcomeUnknown)):
                    raise
                await self._pause(error, attempt, deadline)
        return await call()

    async def _once(self, turn: Turn, trail: Trail, deadline: float) -> AsyncGenerator[Event | Afterwards]:
        if trail.asked:
            outcome = await self._engine.outcome(turn, trail.response_id, trail.tail, deadline)
            log.info("what became of the turn", extra={"outcome": type(outcome).__name__})
            if isinstance(outcome, Delivered):
                yield Afterwards()
                for event in outcome.events:
                    yield event
                return
            if isinstance(outcome, AskedOnly):
                turn = replace(turn, input=(), parts=())
            else:
                rewind = partial(self._engine.rewind, turn.memory, trail.tail)
                await self.patiently(rewind, deadline)  # nothing half-said may stay behind
        async with aclosing(self._engine.stream(turn)) as events:
            async for event in events:
                yield event

    async def _pause(self, error: AssistantError, attempt: int, deadline: float) -> None:
        asked_for = getattr(error, "retry_after", None)
        pause = asked_for or min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
        pause *= random.uniform(1.0, 1.25)  # noqa: S311 - jitter, no secret
        if self._clock.monotonic() + pause > deadline:
            raise RunTimedOut("no time left to try again")
        await self._clock.sleep(pause)
