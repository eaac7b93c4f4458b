"""Duties: chores that several processes could do, and one at a time does. Its calls are fenced by the lease."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from bot.fencing import kept
from bot.signals import real_time
from storage.chores import Chores

HELD_FOR = 30.0  # real seconds, renewed meanwhile: so long after a process has died, another takes its place


class Duty:
    """One chore, as one process has it or has it not."""

    def __init__(self, chores: Chores, name: str, seconds: float = HELD_FOR) -> None:
        self._chores = chores
        self._name = name
        self._seconds = seconds
        self._owner = secrets.token_hex(8)

    @asynccontextmanager
    async def held(self, *, unless_done_within: float = 0.0) -> AsyncIterator[bool]:
        """Have the chore for the length of the block, if it is free, and if no other process has just done it.

        A block that ends well has done it. `unless_done_within` is in seconds. Raises DatabaseUnavailable, and
        LeaseLost out of the block's next call when it has become somebody else's.
        """
        since, seconds = real_time(), self._seconds
        if not await self._chores.take(self._name, self._owner, seconds, unless_done_within=unless_done_within):
            yield False
            return
        done = False
        try:
            async with kept(partial(self._chores.renew, self._name, self._owner, seconds), seconds, since):
                yield True
            done = True
        finally:
            await self._chores.give_back(self._name, self._owner, done=done)
