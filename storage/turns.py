"""Whose transaction is next where not all fit in: what somebody waits for outside goes first, and together.

A commit waits for the disk, some milliseconds. What Slack shall hear of within a second or two must not queue up
behind all that answers write meanwhile, nor a hundred of its kind behind a hundred commits.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from storage.errors import DatabaseUnavailable

MOST = 50
"""What goes along in one transaction at most: the rows it locks are locked until its end."""

T = TypeVar("T")
C = TypeVar("C")


class Turns:
    """So many at a time; whoever comes `first` before all the others, each kind in its order."""

    def __init__(self, at_a_time: int) -> None:
        self._free = at_a_time
        self._first: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, *, first: bool = False) -> AsyncIterator[None]:
        """Have a turn for the length of the block."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(self._first if first else self._others)
        try:
            yield
        finally:
            self._hand_on()

    async def _wait(self, line: "deque[asyncio.Future[None]]") -> None:
        mine = asyncio.get_running_loop().create_future()
        line.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # it was our turn already
                self._hand_on()
            raise

    def _hand_on(self) -> None:
        """Let the next one have it."""
        for line in (self._first, self._others):
            while line:
                following = line.popleft()
                if not following.done():
                    following.set_result(None)
                    return
        self._free += 1


class Together(Generic[C]):
    """What shares transactions, so many at a time: what waits when one begins goes along in it, each its share."""

    def __init__(
        self, transact: Callable[[Callable[[C], Awaitable[Any]]], Awaitable[Any]], at_a_time: int = 1
    ) -> None:
        self._transact = transact
        self._at_a_time = at_a_time
        self._turns = Turns(at_a_time)
        self._waiting: list[_Asked[C]] = []

    async def do(self, work: Callable[[C], Awaitable[T]], order: tuple[str, ...]) -> T:
        """Do it with all that waits, in their `order`, which is that of the rows they lock.

        Raises what the transaction raises; where that is another one's fault, it is done by itself.
        """
        mine = _Asked(work, order)
        self._waiting.append(mine)
        async with self._turns.turn():
            if not mine.tried:
                await self._all()
        if mine.failed is not None:
            raise DatabaseUnavailable(str(mine.failed)) from mine.failed
        done: T = mine.result if mine.done else await self._transact(work)
        return done

    async def _all(self) -> None:
        share = min(MOST, -(-len(self._waiting) // self._at_a_time))
        batch, self._waiting = self._waiting[:share], self._waiting[share:]
        for one in batch:
            one.tried = True
        if len(batch) == 1:
            return
        batch.sort(key=lambda one: one.order)
        task = asyncio.ensure_future(self._transact(lambda connection: _each(batch, connection)))
        await asyncio.wait((task,))
        failed = task.exception()
        for at, one in enumerate(batch):
            one.done = failed is None
            one.result = task.result()[at] if one.done else None
            one.failed = failed if isinstance(failed, DatabaseUnavailable) else None


class _Asked(Generic[C]):
    """One piece of work."""

    def __init__(self, work: Callable[[C], Awaitable[Any]], order: tuple[str, ...]) -> None:
        self.work = work
        self.order = order
        self.tried = self.done = False
        self.result: Any = None
        self.failed: DatabaseUnavailable | None = None


async def _each(batch: Sequence[_Asked[C]], connection: C) -> list[Any]:
    return [await one.work(connection) for one in batch]
