"""Limits of calls a minute, in windows that slide."""

from collections import deque

from bot.clock import Clock
from bot.playground.openai.errors import rate_limited

WINDOW = 60.0  # seconds


class Rate:
    """Counts what was done under each name within the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken: dict[str, deque[float]] = {}

    def take(self, name: str, limit: int, count: int = 1) -> None:
        """Do it so many times more; ApiError 429 when that were more than the limit."""
        now = self._clock.time()
        taken = self._taken.setdefault(name, deque())
        while taken and taken[0] <= now - WINDOW:
            taken.popleft()
        if len(taken) + count > limit:
            raise rate_limited(limit, name)
        taken.extend([now] * count)
