"""Fencing: no call to Slack or OpenAI leaves this process for work whose lease may be somebody else's by now.

A lease is real time: whoever was stopped for longer than it lasts (SIGSTOP, a machine that slept, a loop that was
blocked) is woken in the midst of whatever it did. So the right to call is asked for twice: before a call is made,
and again by the connection itself, at the moment before its first byte is written.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

import aiohttp

from bot.signals import Signals, cancelled, real_time
from storage.errors import DatabaseUnavailable

Guard = Callable[[], None]
"""Raises LeaseLost when not one more call may be made."""

AT_THE_WIRE = ("send_request_headers.started", "send_request_body.started")
"""What httpcore tells its `trace` right before it writes (encode.io/httpcore/extensions)."""

_guards: ContextVar[tuple[Guard, ...]] = ContextVar("guards", default=())


@contextmanager
def fenced(guard: Guard) -> Iterator[None]:
    """Let the calls that are made in the block and in its tasks ask this guard, besides those around it."""
    token = _guards.set((*_guards.get(), guard))
    try:
        yield
    finally:
        _guards.reset(token)


def may_call() -> None:
    """Raise LeaseLost when whatever this task works on is not ours any more."""
    for guard in _guards.get():
        guard()


@asynccontextmanager
async def kept(renew: Callable[[], Awaitable[bool]], seconds: float, since: float) -> AsyncIterator[None]:
    """Keep a lease of so many real seconds for the length of the block, and let it fence the block's calls.

    `since` is in `real_time`, before the lease was taken. `renew` tells whether it is still held.
    A database that does not answer is asked again until the lease has lapsed.
    """
    signals = Signals(since + seconds)
    task = asyncio.create_task(_renewing(renew, seconds, signals))
    try:
        with fenced(signals.guard):
            yield
    finally:
        await cancelled([task])


async def _renewing(renew: Callable[[], Awaitable[bool]], seconds: float, signals: Signals) -> None:
    pause = seconds / 3
    while not signals.lost.is_set():
        await asyncio.sleep(pause)
        until = real_time() + seconds
        try:
            held = await renew()
        except DatabaseUnavailable:
            pause = 1.0
            continue
        pause = seconds / 3
        if held:
            signals.held_until = until
        else:
            signals.lost.set()


def traced() -> aiohttp.TraceConfig:
    """What makes an aiohttp session ask, before it writes a request's first byte."""
    config = aiohttp.TraceConfig()

    async def at_the_wire(*_about: object) -> None:
        may_call()

    config.on_request_headers_sent.append(at_the_wire)
    config.on_request_chunk_sent.append(at_the_wire)
    return config


async def trace_request(request: Any) -> None:
    """As an httpx client's event hook for requests: make it ask before it writes a request's first byte."""
    request.extensions = {**request.extensions, "trace": _at_the_wire}


async def _at_the_wire(event: str, _info: Mapping[str, Any]) -> None:
    if event.endswith(AT_THE_WIRE):
        may_call()
