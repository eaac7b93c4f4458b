"""The modal behind a thumb down, which asks what was wrong. Pure."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

from bot import words

MODAL = "feedback_reason"
"""Its callback_id."""

FIELD = "reason"
"""The block_id and the action_id of what is filled in."""

REASON_CHARS = 1_000

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """The answer that a thumb was given to, as the modal remembers it: by its message, as everywhere."""

    channel: str
    message_ts: str

    @classmethod
    def read(cls, metadata: str) -> Self | None:
        """The answer from a modal's private_metadata; None where it is not ours."""
        try:
            return cls(**{name: str(value) for name, value in json.loads(metadata).items()})
        except (ValueError, TypeError, AttributeError):
            return None

    def modal(self) -> View:
        """The view that asks what was wrong with it."""
        field = {"type": "plain_text_input", "action_id": FIELD, "multiline": True, "max_length": REASON_CHARS}
        asked = {
            "type": "input",
            "block_id": FIELD,
            "label": _plain(words.REASON_LABEL),
            "hint": _plain(words.REASON_HINT),
            "element": field,
        }
        return {
            "type": "modal",
            "callback_id": MODAL,
            "private_metadata": json.dumps(asdict(self)),
            "title": _plain(words.REASON_TITLE),
            "submit": _plain(words.REASON_SEND),
            "close": _plain(words.REASON_SKIP),
            "blocks": [asked],
        }


def reason_in(view: View) -> str:
    """What somebody filled in there."""
    values = (view.get("state") or {}).get("values") or {}
    return str(((values.get(FIELD) or {}).get(FIELD) or {}).get("value") or "").strip()


def _plain(text: str) -> View:
    return {"type": "plain_text", "text": text}
