"""A clock that moves when it is told to, shared by the emulators and the bot between them."""

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial

from bot.clock import Clock

START = 1_700_000_000.0  # seconds since the epoch; any fixed moment will do


class SteppedClock:
    """A `bot.clock.Clock` that stands still until somebody calls `advance`.

    Nothing in a test waits for real seconds: whoever waits on this clock registers a timer, and
    `advance` fires those that are due, in order.
    """

    def __init__(self, start: float = START) -> None:
        self._start = start
        self._now = start
        self._order = itertools.count()
        self._timers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        """Seconds since the epoch, as emulated."""
        return self._now

    def monotonic(self) -> float:
        """Emulated seconds since this clock was made."""
        return self._now - self._start

    async def sleep(self, seconds: float) -> None:
        """Return when the clock was advanced by that many seconds."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        await self._timer(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[None]:
        """Raise TimeoutError out of the block when the clock passes that many seconds in it."""
        return self._timeout(seconds)

    @asynccontextmanager
    async def _timeout(self, seconds: float) -> AsyncIterator[None]:
        timer = self._timer(seconds)
        async with asyncio.timeout(None) as limit:
            expire = partial(_expire, limit)
            timer.add_done_callback(expire)
            try:
                yield
            finally:
                timer.remove_done_callback(expire)
                timer.cancel()

    def _timer(self, seconds: float) -> asyncio.Future[None]:
        timer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._timers, (self._now + seconds, next(self._order), timer))
        return timer

    def next_timer(self) -> float | None:
        """Seconds until the next waiting timer is due, or None when nobody waits."""
        while self._timers and self._timers[0][2].done():
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - self._now) if self._timers else None

    async def advance(self, seconds: float) -> None:
        """Move on by that many seconds, waking every sleeper on the way, in order."""
        target = self._now + seconds
        while (wait := self.next_timer()) is not None and self._now + wait <= target:
            self._now += wait
            _, _, timer = heapq.heappop(self._timers)
            timer.set_result(None)
            await asyncio.sleep(0)
        self._now = target

    async def leap(self, seconds: float) -> None:
        """Be that many seconds later at once, as after a machine slept: every sleeper wakes once, and late."""
        self._now += seconds
        await self.advance(0)


class ShiftedClock:
    """A `bot.clock.Clock` that goes as another one does, and can be put forward."""

    def __init__(self, clock: Clock) -> None:
        self.ahead = 0.0  # seconds
        self._clock = clock
        self._moved = asyncio.Event()

    def put_forward(self, seconds: float) -> None:
        """Be that much later from now on: everybody who waits until then wakes. ValueError for going back."""
        if not 0 < seconds < math.inf:
            raise ValueError("Time only goes forward.")
        self.ahead += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def time(self) -> float:
        """Seconds since the epoch, as emulated."""
        return self._clock.time() + self.ahead

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        return self._clock.monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds of this clock."""
        if seconds <= 0:
            await asyncio.sleep(0)
        await self._until(self.monotonic() + seconds)

    async def _until(self, due: float) -> None:
        while (left := due - self.monotonic()) > 0:
            with suppress(TimeoutError):
                async with self._clock.timeout(left):
                    await self._moved.wait()

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[None]:
        """Raise TimeoutError out of the block when it takes longer than that."""
        return self._timeout(seconds)

    @asynccontextmanager
    async def _timeout(self, seconds: float) -> AsyncIterator[None]:
        timer = asyncio.ensure_future(self._until(self.monotonic() + seconds))
        async with asyncio.timeout(None) as limit:
            expire = partial(_expire, limit)
            timer.add_done_callback(expire)
            try:
                yield
            finally:
                timer.remove_done_callback(expire)
                timer.cancel()


def _expire(limit: asyncio.Timeout, timer: "asyncio.Future[None]") -> None:
    if not timer.cancelled():
        with suppress(RuntimeError):  # the block has just ended
            limit.reschedule(0)  # a moment long past on the loop's own clock: at once
