"""A counter of what happens in an emulator, for tests that wait for the next thing."""

import asyncio


class Activity:
    """Counts happenings, and lets somebody wait for one more."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def note(self) -> None:
        """Something happened."""
        self.count += 1
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, since: int, real_timeout: float) -> int:
        """The count, once it is more than `since`; TimeoutError after that many real seconds."""
        async with asyncio.timeout(real_timeout):
            while self.count <= since:
                await self._next.wait()
        return self.count
