"""What a workspace, or a kind of channel in it, turned out not to have, remembered for an hour."""

from enum import StrEnum

from bot.clock import Clock

EVERYWHERE = ""
FORGET_AFTER = 3600.0  # seconds: a plan may change, a feature may be rolled out

ABSENT = frozenset(
    {
        "channel_type_not_supported",
        "feature_disabled",
        "feature_not_enabled",
        "messages_tab_disabled",
        "method_deprecated",
        "method_not_supported_for_channel_type",
        "missing_scope",
        "not_allowed_token_type",
        "not_authorized",
        "unknown_method",
    }
)
"""Refusals that mean "not here", not "not this time" (reference/slack-platform.md §1.7)."""

CHANNEL_ALONE = frozenset({"channel_type_not_supported", "method_not_supported_for_channel_type"})
"""Those which say nothing of the workspace's other channels."""


class Surface(StrEnum):
    """A part of Slack that not every workspace has."""

    SESSIONS = "sessions"
    STREAMING = "streaming"


class Surfaces:
    """The surfaces of one workspace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._absent_until: dict[tuple[Surface, str], float] = {}

    def has(self, surface: Surface, channel: str) -> bool:
        """Whether it is worth trying in that channel."""
        now = self._clock.monotonic()
        return all(now >= self._absent_until.get((surface, place), 0.0) for place in (EVERYWHERE, channel))

    def note_absent(self, surface: Surface, error: str, channel: str) -> None:
        """Slack said, with that error, that it is not there."""
        now = self._clock.monotonic()
        place = channel if error in CHANNEL_ALONE else EVERYWHERE
        known = {where: until for where, until in self._absent_until.items() if until > now}
        self._absent_until = {**known, (surface, place): now + FORGET_AFTER}
