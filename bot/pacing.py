"""How many Slack calls we may make: one budget per workspace and method, shared by all answers in flight.

Posts are also counted per channel. What is kept for later, who goes first and what becomes of a 429 is told in
decision 12.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bot.clock import Clock

WINDOW = 61.0  # seconds: Slack counts a sliding minute; one second more, for we do not know how finely
HALVED_FOR = 60.0  # seconds after a pause that Slack asked for: somebody else uses the same budget
SHORTEST_WAIT = 0.001  # seconds: a shorter one may be lost in the clock's rounding

PER_MINUTE = {
    "agents.sessions.setStatus": 50,  # Tier 3, from a third party's table (reference/slack-platform.md §1.5)
    "apps.connections.open": 1,  # SDK comment: Tier 1 (§6)
    "assistant.threads.setStatus": 600,  # §1.5
    "assistant.threads.setSuggestedPrompts": 100,  # Tier 4 (§1.5)
    "chat.appendStream": 100,  # Tier 4 (§2.1)
    "chat.delete": 50,  # Tier 3 (§6)
    "chat.postEphemeral": 100,  # Tier 4 (§6)
    "chat.postMessage": 300,  # "several hundred a minute per workspace" (§6)
    "chat.startStream": 20,  # Tier 2 (§2.1)
    "chat.stopStream": 20,  # Tier 2 (§2.1)
    "chat.update": 50,  # Tier 3 (§6)
    "conversations.info": 50,  # Tier 3 (docs.slack.dev/reference/methods/conversations.info)
    "conversations.members": 100,  # Tier 4 (docs.slack.dev/reference/methods/conversations.members)
    "conversations.replies": 50,  # Tier 3 (§6)
    "files.completeUploadExternal": 100,  # Tier 4 (§4.3)
    "files.getUploadURLExternal": 100,  # Tier 4 (§4.3)
    "files.delete": 50,  # Tier 3 (docs.slack.dev/reference/methods/files.delete)
    "files.info": 100,  # Tier 4 (§4.1)
    "reactions.add": 50,  # Tier 3 (§6)
    "reactions.remove": 20,  # Tier 2 (docs.slack.dev/reference/methods/reactions.remove)
    "users.info": 100,  # Tier 4 (§6)
    "views.open": 100,  # Tier 4 (docs.slack.dev/reference/methods/views.open)
    "views.update": 100,  # Tier 4 (docs.slack.dev/reference/methods/views.update)
}
"""Calls per minute, workspace and method (reference/slack-platform.md)."""

POST = "chat.postMessage"
POST_EVERY = (
    1.05  # seconds between two posts in one channel: "one a second, short bursts allowed" (§6), and a little
)
POST_BURST = 4  # posts in one channel before that counts; how many Slack lets pass is not documented


@dataclass(eq=False, slots=True)
class _Waiting:
    """A call that waits for room."""

    final: bool
    channel: str | None
    moved: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Method:
    """What is known of one method's calls."""

    answered: deque[float] = field(default_factory=deque)  # when those of the last minute had their answers
    under_way: int = 0
    kept: int = 0
    closed_until: float = 0.0
    halved_until: float = 0.0
    line: list[_Waiting] = field(default_factory=list)  # finals first; among equals, who came first


class Budget:
    """The calls of one workspace in the last minute, and those that are kept for its answers' ends.

    `share`: the part of Slack's numbers that is ours, above 0 and at most 1; of every method one call at least.
    """

    def __init__(self, clock: Clock, share: float = 1.0) -> None:
        self._clock = clock
        self._share = share
        self._methods: dict[str, _Method] = {}
        self._rested_at: dict[str, float] = {}  # by channel: when it may take a whole burst of posts again

    # -- asking -----------------------------------------------------------------------------------

    def wait(self, method: str, calls: int = 1, channel: str | None = None) -> float:
        """Seconds until that many calls, none of them final, have room; 0 when they have it now."""
        return self._wait(method, calls, channel, self._of(method).line, final=False)

    def left(self, method: str) -> int | None:
        """How many calls, none of them final, could be made now; None for a method without a number."""
        now, state = self._clock.monotonic(), self._of(method)
        limit = self._limit(method, now)
        if limit is None:
            return None
        if state.closed_until > now:
            return 0
        taken = len(_recent(state, now)) + state.under_way + state.kept + len(state.line)
        return max(0, limit - taken)

    def kept(self, method: str) -> int:
        """How many calls of the method are kept for later."""
        return self._of(method).kept

    @property
    def all_kept(self) -> dict[str, int]:
        """By method, the calls that are kept for later; nothing when no answer is in the making."""
        return {method: state.kept for method, state in self._methods.items() if state.kept}

    def sharing(self, method: str, sharers: int) -> float:
        """Seconds between two calls of one of that many, if all of them go on as long as they like."""
        limit = self._limit(method, self._clock.monotonic())
        if limit is None:
            return 0.0
        ordinary = limit - self._of(method).kept
        return sharers * WINDOW / ordinary if ordinary > 0 else WINDOW

    def pace(self, method: str, sharers: int, least: float, slow: float) -> float:
        """Seconds that each of so many sharers should leave now between two of its calls, `least` or more.

        The more share, the longer; but no longer than `slow` while half of the minute is free. What is left after
        that is spent evenly until more comes back, so that nobody stands still for long.
        """
        left, limit = self.left(method), self._limit(method, self._clock.monotonic())
        if left is None or limit is None:
            return least
        every = self._evenly(method, sharers, left)
        return max(least, min(every, slow) if 2 * left >= limit else every)

    def _evenly(self, method: str, sharers: int, left: int) -> float:
        """The shortest time between two calls of each that can be kept up, with what is left and comes back."""
        now, steady = self._clock.monotonic(), self.sharing(method, sharers)
        every = steady
        for room, answered in enumerate(_recent(self._of(method), now), start=left + 1):
            every = max(every, sharers * (answered + WINDOW - now) / room)
        return min(every, 2 * steady)

    # -- spending ---------------------------------------------------------------------------------

    async def take(
        self,
        method: str,
        *,
        until: float,
        channel: str | None = None,
        final: bool = False,
        kept: "Kept | None" = None,
    ) -> float:
        """Wait for room and take it: 0, and `made` is due when the call was answered.

        Or the seconds that it would take, where that is after `until` (of the monotonic clock). Finals go before
        others and may take what is kept, for they are what it is kept for; equals go as they came. `kept`: one is
        given back for it, where that answer keeps one.
        """
        state = self._of(method)
        waiting = _Waiting(final, channel)
        state.line.insert(sum(one.final for one in state.line) if final else len(state.line), waiting)
        taken = False
        try:
            while (wait := self._wait_in_line(method, waiting)) > 0:
                if self._clock.monotonic() + wait > until:
                    return wait
                await self._moved(waiting, wait)
            taken = True
        finally:
            state.line.remove(waiting)
            if not taken:
                _wake(state)
        self._rest(method, channel)
        state.under_way += 1
        if kept is not None:
            kept.give_back(method)
        return 0.0

    def made(self, method: str) -> None:
        """A call that had room was answered, or will never be: from now on Slack's minute goes by."""
        state = self._of(method)
        state.under_way -= 1
        state.answered.append(self._clock.monotonic())

    def spend(self, method: str, channel: str | None = None) -> None:
        """One call is made and answered now, whether there is room or not."""
        self._rest(method, channel)
        self._of(method).answered.append(self._clock.monotonic())

    def close(self, method: str, seconds: float) -> None:
        """Slack asked for a pause (429): nothing more of this method until it is over, then half for a minute."""
        state, now = self._of(method), self._clock.monotonic()
        state.closed_until = max(state.closed_until, now + seconds)
        state.halved_until = state.closed_until + HALVED_FOR

    # -- keeping ----------------------------------------------------------------------------------

    def keep(self, method: str, before: int = 0) -> bool:
        """Keep one call for later, where there is room for it and for so many that are made `before`."""
        if self.wait(method, before + 1) > 0:
            return False
        self._of(method).kept += 1
        return True

    def give_back(self, method: str) -> None:
        """One that was kept is made now, or not needed any more."""
        state = self._of(method)
        state.kept -= 1
        _wake(state)

    # -- inside -----------------------------------------------------------------------------------

    def _of(self, method: str) -> _Method:
        return self._methods.setdefault(method, _Method())

    def _limit(self, method: str, now: float) -> int | None:
        number = PER_MINUTE.get(method)
        if number is None:
            return None
        half = 0.5 if self._of(method).halved_until > now else 1.0
        return max(1, int(number * self._share * half))

    def _wait_in_line(self, method: str, waiting: _Waiting) -> float:
        line = self._of(method).line
        ahead = line[: line.index(waiting)]
        return self._wait(method, 1, waiting.channel, ahead, final=waiting.final)

    def _wait(
        self, method: str, calls: int, channel: str | None, ahead: Sequence[_Waiting], *, final: bool
    ) -> float:
        now, state = self._clock.monotonic(), self._of(method)
        closed = max(0.0, state.closed_until - now, self._channel_wait(method, channel, ahead, now))
        limit = self._limit(method, now)
        if limit is None:
            return closed
        answered = _recent(state, now)
        kept = 0 if final else state.kept
        over = len(answered) + state.under_way + kept + len(ahead) + calls - limit
        if over <= 0:
            return closed
        freed = (answered[over - 1] if over <= len(answered) else now) + WINDOW
        if state.halved_until > now:
            freed = min(freed, state.halved_until)
        return max(closed, freed - now)

    async def _moved(self, waiting: _Waiting, seconds: float) -> None:
        waiting.moved.clear()
        with suppress(TimeoutError):
            async with self._clock.timeout(max(seconds, SHORTEST_WAIT)):
                await waiting.moved.wait()

    def _rest(self, method: str, channel: str | None) -> None:
        if method == POST and channel is not None:
            now = self._clock.monotonic()
            busy = {name: rested for name, rested in self._rested_at.items() if rested > now}
            self._rested_at = {**busy, channel: busy.get(channel, now) + self._post_every}

    def _channel_wait(self, method: str, channel: str | None, ahead: Sequence[_Waiting], now: float) -> float:
        if method != POST or channel is None:
            return 0.0
        posts = sum(one.channel == channel for one in ahead)
        burst = max(1, int(POST_BURST * self._share))
        return self._rested_at.get(channel, now) - now - (burst - 1 - posts) * self._post_every

    @property
    def _post_every(self) -> float:
        return POST_EVERY / self._share


class Kept:
    """The calls that one answer will have to make at its end, at most one of each method."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._methods: set[str] = set()

    def keep(self, method: str, before: int = 0) -> bool:
        """Keep one, if there is none yet; False where there is no room for it, and for those made `before`."""
        if method in self._methods:
            return before == 0 or self._budget.wait(method, before) == 0
        if not self._budget.keep(method, before):
            return False
        self._methods.add(method)
        return True

    def give_back(self, method: str) -> None:
        """It is made now, or not needed any more; nothing where none is kept."""
        if method in self._methods:
            self._methods.remove(method)
            self._budget.give_back(method)

    def close(self) -> None:
        """The answer has ended: nothing is kept for it."""
        for method in sorted(self._methods):
            self.give_back(method)


def _recent(state: _Method, now: float) -> deque[float]:
    answered = state.answered
    while answered and answered[0] <= now - WINDOW:
        answered.popleft()
    return answered


def _wake(state: _Method) -> None:
    """Let all who wait look again: there may be room sooner than they thought."""
    for waiting in state.line:
        waiting.moved.set()
