"""One turn with the assistant: asked, asked again when it was refused, found again when the line broke."""

import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from bot.assistant.engine import Engine, Turn
from bot.assistant.events import (
    Abreast,
    AskedOnly,
    Delivered,
    Event,
    Finished,
    Started,
    UnderWay,
)
from bot.clock import Clock
from bot.errors import AssistantError, MemoryLocked, OutcomeUnknown, RunTimedOut
from storage.records import Claim

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
    tail: str | None = None  # the memory's last item before this turn; of one with outputs, None: not known
    handed_over: bool = False  # the calls of remote tools that it approves may have been made since


def left_under_way(claim: Claim) -> str | None:
    """The response of an earlier attempt that may go on in the background."""
    if not claim.responses or not (claim.run.assistant or {}).get("background"):
        return None
    newest = claim.responses[-1]
    return newest.response_id if newest.state == "in_progress" else None


class TurnTaker:
    """Takes one turn after the other with the engine."""

    def __init__(self, engine: Engine, clock: Clock, under_way: str | None = None) -> None:
        """`under_way`: a response of an earlier attempt that may go on in the background."""
        self._engine = engine
        self._clock = clock
        self._under_way = under_way

    async def cancel(self) -> None:
        """Let no response go on without us: people wait for it no more, and the memory must be free."""
        response_id, self._under_way = self._under_way, None
        if response_id is not None:
            await self._engine.stop(response_id)

    async def take(
        self, turn: Turn, trail: Trail, deadline: float
    ) -> AsyncGenerator[Event | Rewound | Afterwards | Abreast]:
        """The events of one turn, however often it takes; `deadline` in the clock's monotonic seconds.

        Raises what `Engine.stream` raises, once trying again has no chance any more. A lock is waited for until
        the deadline where answers go on in the background: it lasts as long as such an answer.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                async with aclosing(self._once(turn, trail, deadline)) as events:
                    async for event in events:
                        if isinstance(event, Started):
                            trail = replace(trail, asked=True, response_id=event.response_id, handed_over=True)
                        self._note(event, turn)
                        yield event
            except AssistantError as error:
                if isinstance(error, MemoryLocked) and turn.assistant.background:
                    attempt = min(attempt, TRIES - 1)
                if attempt == TRIES or not (error.retry or isinstance(error, OutcomeUnknown)):
                    raise
                log.info("the turn is tried again", extra={"error": error.code, "attempt": attempt})
                lost = isinstance(error, OutcomeUnknown | MemoryLocked)
                handed_over = trail.handed_over or isinstance(error, OutcomeUnknown)
                trail = replace(trail, asked=trail.asked or lost, handed_over=handed_over)
                yield Rewound()
                await self._pause(error, attempt, deadline)
            else:
                return

    def _note(self, event: Event | Afterwards | Abreast, turn: Turn) -> None:
        if isinstance(event, Started):
            goes_on = turn.assistant.background if event.background is None else event.background
            self._under_way = event.response_id if goes_on else None
        elif isinstance(event, Finished):
            self._under_way = None

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

    async def _once(
        self, turn: Turn, trail: Trail, deadline: float
    ) -> AsyncGenerator[Event | Afterwards | Abreast]:
        if trail.asked:
            outcome = await self._engine.outcome(turn, trail.response_id, trail.tail, deadline)
            log.info("what became of the turn", extra={"outcome": type(outcome).__name__})
            self._under_way = outcome.response_id if isinstance(outcome, UnderWay) else None
            if isinstance(outcome, Delivered):
                yield Afterwards()
                for event in outcome.events:
                    yield event
                return
            if isinstance(outcome, UnderWay):
                yield Afterwards()
                async with aclosing(self._engine.follow(outcome.response_id)) as told:
                    async for one in told:
                        yield one
                return
            if isinstance(outcome, AskedOnly):
                turn = replace(turn, input=(), parts=(), outputs=())
            elif trail.tail is not None or not turn.outputs:  # else the rest of the run would go, too
                rewind = partial(self._engine.rewind, turn.memory, trail.tail)
                await self.patiently(rewind, deadline)  # nothing half-said may stay behind
            if trail.handed_over:
                turn = replace(turn, outputs=tuple(output.doubted() for output in turn.outputs))
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
