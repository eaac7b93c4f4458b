"""Whether anything is under way in this process, apart from the talk about that."""

import asyncio
from typing import Any, cast


class Watch:
    """Counts how often sockets and threads woke the loop, but for those sockets by which it is asked."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *but: int) -> None:
        self.woken = 0
        self.but = set(but)
        self._loop = cast("Any", loop)
        self._select = self._loop._selector.select
        self._loop._selector.select = self._counted

    def _counted(self, timeout: float | None = None) -> Any:
        events = self._select(timeout)
        self.woken += any(key.fd not in self.but for key, _ in events)
        return events

    async def calm(self) -> None:
        """Return when nobody is about to run, or after a while."""
        for _ in range(200):
            await asyncio.sleep(0)
            if not self._loop._ready:
                return

    def threads_work(self) -> bool:
        """Whether something that was given to a thread has not come back."""
        pool = self._loop._default_executor
        return pool is not None and pool._idle_semaphore._value < len(pool._threads)
