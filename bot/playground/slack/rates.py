"""How often each method may be called: Slack's tiers, in a sliding window, at exactly the documented number."""

import math
from collections import deque
from dataclasses import dataclass, field

from bot.clock import Clock

WINDOW = 60.0  # seconds; tiers are per minute (slack-platform.md §6)
TIER_2, TIER_3, TIER_4 = 20, 50, 100
PER_MINUTE = {  # slack-platform.md §6; where that is silent, docs.slack.dev/reference/methods/<name>
    "auth.test": 600,  # "special: hundreds per minute"
    "apps.connections.open": TIER_3,
    "chat.postMessage": 300,  # "several hundred per minute per workspace"; the lower end
    "chat.update": TIER_3,
    "chat.delete": TIER_3,
    "chat.startStream": TIER_2,
    "chat.appendStream": TIER_4,
    "chat.stopStream": TIER_2,
    "chat.postEphemeral": TIER_4,
    "chat.getPermalink": 300,  # "hundreds of requests per minute"; as few as chat.postMessage
    "agents.sessions.setStatus": TIER_3,
    "assistant.threads.setStatus": 600,
    "assistant.threads.setSuggestedPrompts": TIER_4,
    "conversations.replies": TIER_3,
    "conversations.info": TIER_3,
    "conversations.members": TIER_4,
    "files.delete": TIER_3,
    "files.info": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "users.info": TIER_4,
    "reactions.add": TIER_3,
    "reactions.remove": TIER_2,
    "views.open": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}
POST_BURST = 5  # "one message per second per channel, short bursts > 1 allowed": we tolerate five


@dataclass(slots=True)
class _Bucket:
    """A burst that refills by one a second."""

    at: float
    left: float = POST_BURST


@dataclass(slots=True)
class Rates:
    """Counts calls against their limits; calls it turns away do not count."""

    clock: Clock
    _calls: dict[str, deque[float]] = field(default_factory=dict)
    _posts: dict[str, _Bucket] = field(default_factory=dict)

    def retry_after(self, method: str, channel: object) -> int | None:
        """Count this call, or say after how many whole seconds it may be tried again."""
        now = self.clock.monotonic()
        wait = self._window_wait(method, now)
        if method == "chat.postMessage" and isinstance(channel, str) and wait is None:
            wait = self._post_wait(channel, now)
        if wait is None:
            self._calls[method].append(now)
            return None
        return max(1, math.ceil(wait))

    def left(self, method: str) -> int:
        """How many more calls of that method would be taken now."""
        now = self.clock.monotonic()
        return PER_MINUTE[method] - sum(now - at < WINDOW for at in self._calls.get(method, ()))

    @property
    def called(self) -> list[str]:
        """The methods that were called and taken at some time, in the order of their first call."""
        return list(self._calls)

    def _window_wait(self, method: str, now: float) -> float | None:
        calls = self._calls.setdefault(method, deque())
        while calls and now - calls[0] >= WINDOW:
            calls.popleft()
        return None if len(calls) < PER_MINUTE[method] else calls[0] + WINDOW - now

    def _post_wait(self, channel: str, now: float) -> float | None:
        bucket = self._posts.setdefault(channel, _Bucket(now))
        bucket.left = min(POST_BURST, bucket.left + now - bucket.at)
        bucket.at = now
        if bucket.left < 1:
            return 1 - bucket.left
        bucket.left -= 1
        return None
