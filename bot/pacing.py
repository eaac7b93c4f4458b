"""How many Slack calls we may make: one budget per workspace and method, shared by all answers in flight.

Posts are also counted per channel.
"""

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


class Budget:
    """The calls of one workspace in the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: dict[str, deque[float]] = {}
        self._closed_until: dict[str, float] = {}
        self._rested_at: dict[str, float] = {}  # by channel: when it may take a whole burst of posts again

    def wait(self, method: str, calls: int = 1, channel: str | None = None) -> float:
        """Seconds until that many calls of the method have room; 0 when they have it now."""
        now = self._clock.monotonic()
        closed = max(0.0, self._closed_until.get(method, 0.0) - now, self._channel_wait(method, channel, now))
        limit = PER_MINUTE.get(method)
        if limit is None:
            return closed
        sent = self._recent(method, now)
        over = len(sent) + calls - limit
        return max(closed, sent[over - 1] + WINDOW - now) if over > 0 else closed

    def spend(self, method: str, channel: str | None = None) -> None:
        """One call of the method is being made."""
        now = self._clock.monotonic()
        if method in PER_MINUTE:
            self._sent.setdefault(method, deque()).append(now)
        if method == POST and channel is not None:
            busy = {name: rested for name, rested in self._rested_at.items() if rested > now}
            self._rested_at = {**busy, channel: busy.get(channel, now) + POST_EVERY}

    def close(self, method: str, seconds: float) -> None:
        """Slack asked for a pause (429): nothing more of this method until it is over."""
        self._closed_until[method] = self._clock.monotonic() + seconds

    def _channel_wait(self, method: str, channel: str | None, now: float) -> float:
        if method != POST or channel is None:
            return 0.0
        return self._rested_at.get(channel, now) - now - (POST_BURST - 1) * POST_EVERY

    def _recent(self, method: str, now: float) -> deque[float]:
        sent = self._sent.setdefault(method, deque())
        while sent and sent[0] <= now - WINDOW:
            sent.popleft()
        return sent
