"""Listening to the model while the reply is written, until it has said all, or somebody wants something else."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.clock import Clock
from bot.reply.message import Reply
from bot.signals import Cause, Signals, cancelled, settled


async def listen(
    work: Coroutine[Any, Any, Cause], reply: Reply, signals: Signals, clock: Clock, deadline: float
) -> Cause:
    """What the work came to, or why it was broken off; the reply is written meanwhile.

    Raises what the work and the writing raise, LeaseLost, and TimeoutError after `deadline` (monotonic).
    """
    reply.go_on()
    listening = asyncio.create_task(work)
    writing = asyncio.create_task(reply.keep_writing())
    told = [asyncio.create_task(event.wait()) for event in (signals.lost, signals.stop, signals.restart)]
    try:
        async with clock.timeout(deadline - clock.monotonic()):
            await asyncio.wait([listening, writing, *told], return_when=asyncio.FIRST_COMPLETED)
            return await _cause(listening, writing, reply, signals)
    finally:
        await cancelled((listening, *told))
        reply.settle()
        await settled(writing)


async def _cause(
    listening: "asyncio.Task[Cause]", writing: "asyncio.Task[None]", reply: Reply, signals: Signals
) -> Cause:
    signals.guard()
    if writing.done():
        await writing  # raises what the writer met; otherwise somebody pressed Stop
    if signals.restart.is_set():
        return Cause.RESTART
    if signals.stop.is_set() or reply.stopped_by_user.is_set():
        return Cause.STOPPED
    return await listening
