"""What a workspace turned out not to have (streaming, sessions), remembered for an hour."""

from enum import StrEnum

from bot.clock import Clock

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


class Surface(StrEnum):
    """A part of Slack that not every workspace has."""

    SESSIONS = "sessions"
    STREAMING = "streaming"


class Surfaces:
    """The surfaces of one workspace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._absent_until: dict[Surface, float] = {}

    def has(self, surface: Surface) -> bool:
        """Whether it is worth trying."""
        return self._clock.monotonic() >= self._absent_until.get(surface, 0.0)

    def note_absent(self, surface: Surface) -> None:
        """Slack said that it is not there."""
        self._absent_until[surface] = self._clock.monotonic() + FORGET_AFTER
