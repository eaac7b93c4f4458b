"""What is said to a run from outside while it is answered, and why its turn is over."""

import asyncio
import time
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from storage.errors import LeaseLost

BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def real_time() -> float:
    """Seconds that never go backwards, and go on while the machine sleeps (clock_gettime(2)).

    Leases are measured by them, whatever the bot's clock: the database knows nothing of that.
    """
    return time.clock_gettime(BOOT_TIME)


@dataclass(slots=True)
class Signals:
    """What a worker tells a run of its own while it is answered."""

    held_until: float  # in `real_time`
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    restart: asyncio.Event = field(default_factory=asyncio.Event)
    lost: asyncio.Event = field(default_factory=asyncio.Event)  # the lease is not ours any more

    def guard(self) -> None:
        """Raise LeaseLost when not one more call may be made."""
        if self.lost.is_set() or real_time() > self.held_until:
            raise LeaseLost("the lease lapsed")


class Cause(Enum):
    """Why a turn is over."""

    TOLD = "told"
    STOPPED = "stopped"
    RESTART = "restart"
    WAITING = "waiting"  # people have to decide something before it goes on


async def cancelled(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel the tasks and wait until each has ended, however it ended."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def settled(task: Awaitable[None]) -> None:
    """Wait for a task; what it met is told by whoever waited for it first."""
    await asyncio.gather(task, return_exceptions=True)
