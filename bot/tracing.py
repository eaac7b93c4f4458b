"""Traces: a span per hop of a run, for whoever collects them; nothing where nobody does.

A trace begins at the two entrances, which are handed a `Tracer`: a message is accepted, a run is taken. Every hop
below says `with span(…)`, which is a child of the span around it, and nothing where there is none. Names and ids
are told, and numbers; never a text.
"""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Origin:
    """The message that a trace begins with: what another process, too, knows its trace by."""

    team: str
    channel: str
    ts: str


class Span(Protocol):
    """One hop."""

    def child(self, name: str, attributes: Mapping[str, Value], began: int | None = None) -> "Hop":
        """A hop within this one; `began` where that was earlier than now."""

    def note(self, **attributes: Value) -> None:
        """Say more of this hop."""


Hop = AbstractContextManager[Span]


class Tracer(Protocol):
    """Where traces begin. `began` is as `now` tells it."""

    def accepted(self, origin: Origin, began: int) -> None:
        """A message was accepted, now."""

    def run(self, origins: Sequence[Origin], began: int, attributes: Mapping[str, Value]) -> Hop:
        """A run, in the trace of its oldest message, linked to those of the others."""


class Silence:
    """Nobody collects anything."""

    def accepted(self, origin: Origin, began: int) -> None:
        """Nothing."""

    def run(self, origins: Sequence[Origin], began: int, attributes: Mapping[str, Value]) -> Hop:
        """Nothing."""
        return nullcontext(self)

    def child(self, name: str, attributes: Mapping[str, Value], began: int | None = None) -> Hop:
        """Nothing."""
        return nullcontext(self)

    def note(self, **attributes: Value) -> None:
        """Nothing."""


SILENCE = Silence()

_around: ContextVar[Span] = ContextVar("span", default=SILENCE)


def now() -> int:
    """The time as spans have it: nanoseconds since the epoch, by the machine's clock."""
    return time.time_ns()


@contextmanager
def inside(hop: Hop) -> Iterator[Span]:
    """Let that hop be the one that all in the block, and in its tasks, happens in."""
    with hop as span_:
        token = _around.set(span_)
        try:
            yield span_
        finally:
            _around.reset(token)


@contextmanager
def span(name: str, *, began: int | None = None, **attributes: Value) -> Iterator[Span]:
    """One hop of what happens around it. Not around a `yield`: a generator may be ended elsewhere."""
    with inside(_around.get().child(name, attributes, began)) as inner:
        yield inner


def hop(name: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """Make every call of a coroutine function a span of that name."""

    def traced(function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        @wraps(function)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with span(name):
                return await function(*args, **kwargs)

        return call

    return traced


def note(**attributes: Value) -> None:
    """Say more of the hop around."""
    _around.get().note(**attributes)


@asynccontextmanager
async def opened(wanted: bool) -> AsyncIterator[Tracer]:
    """OpenTelemetry where it is wanted and installed, and all of it sent at the end; else silence."""
    if not wanted:
        yield SILENCE
        return
    try:
        from bot import otel  # the extra: nobody else pays for its import
    except ModuleNotFoundError as missing:
        log.warning("OTEL_* asks for traces: pip install 'threadmate[otel]'", extra={"missing": missing.name})
        yield SILENCE
        return
    async with otel.exporting() as tracer:
        yield tracer
