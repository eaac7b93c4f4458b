"""What people set for channels and threads, as frozen records: no SQLAlchemy, no Slack, no OpenAI in here."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

MUTED = "muted"
"""What an audit row says of something that is on; off is null."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What people have set for a channel, or for one thread. None: nothing."""

    assistant: str | None = None  # the key of the one that answers there
    additional_instructions: str | None = None  # what it is told besides
    muted: bool = False  # nothing is answered there

    def values(self) -> dict[str, str | None]:
        """By setting, as an audit row says it."""
        return {
            "assistant": self.assistant,
            "additional_instructions": self.additional_instructions,
            "muted": MUTED if self.muted else None,
        }


class Wanted(TypedDict):
    """Some of the `Preferences`, to be set."""

    assistant: NotRequired[str | None]
    additional_instructions: NotRequired[str | None]
    muted: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class SettingChange:
    """Somebody changed a setting; `thread_ts` is None where it holds for the channel. Seconds since the epoch."""

    team: str
    channel: str
    thread_ts: str | None
    user: str
    setting: str
    before: str | None
    after: str | None
    changed_at: float
