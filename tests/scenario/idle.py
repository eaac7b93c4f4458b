"""Whether anything is under way in this process: an event loop that waits, and threads that have nothing to do."""

import asyncio
from typing import Any, cast


class Watch:
    """Counts how often sockets and threads woke the loop, and sees whether a thread is at work for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.woken = 0
        self._loop = cast("Any", loop)
        self._select = self._loop._selector.select
        self._loop._selector.select = self._counted

    def _counted(self, timeout: float | None = None) -> Any:
        events = self._select(timeout)
        self.woken += bool(events)
        return events

    def threads_work(self) -> bool:
        """Whether something that was given to a thread (`asyncio.to_thread`) has not come back."""
        pool = self._loop._default_executor
        return pool is not None and pool._idle_semaphore._value < len(pool._threads)
