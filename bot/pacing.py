"""How many Slack calls we may make: one budget per workspace and method, shared by all answers in flight."""

from collections import deque

from bot.clock import Clock

WINDOW = 61.0  # seconds: Slack counts a sliding minute; one second more, for calls that travel unequally long

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
    "conversations.replies": 50,  # Tier 3 (§6)
    "reactions.add": 50,  # Tier 3 (§6)
    "reactions.remove": 20,  # Tier 2 (docs.slack.dev/reference/methods/reactions.remove)
    "users.info": 100,  # Tier 4 (§6)
}
"""Calls per minute, workspace and method (reference/slack-platform.md)."""


class Budget:
    """The calls of one workspace in the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: dict[str, deque[float]] = {}
        self._closed_until: dict[str, float] = {}

    def wait(self, method: str, calls: int = 1) -> float:
        """Seconds until that many calls of the method have room; 0 when they have it now."""
        now = self._clock.monotonic()
        closed = max(0.0, self._closed_until.get(method, 0.0) - now)
        limit = PER_MINUTE.get(method)
        if limit is None:
            return closed
        sent = self._recent(method, now)
        over = len(sent) + calls - limit
        return max(closed, sent[over - 1] + WINDOW - now) if over > 0 else closed

    def spend(self, method: str) -> None:
        """One call of the method is being made."""
        self._sent.setdefault(method, deque()).append(self._clock.monotonic())

    def close(self, method: str, seconds: float) -> None:
        """Slack asked for a pause (429): nothing more of this method until it is over."""
        self._closed_until[method] = self._clock.monotonic() + seconds

    def _recent(self, method: str, now: float) -> deque[float]:
        sent = self._sent.setdefault(method, deque())
        while sent and sent[0] <= now - WINDOW:
            sent.popleft()
        return sent
