"""Notes: short messages of ours in a thread that are nobody's answer, told apart by their blocks' ids. Pure."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

NOTE = "threadmate-note-"
"""What the block_id of a note begins with; at most 255 characters (reference/slack-platform.md §3.1)."""

NOTE_CHARS = 2_000
"""Characters of plain text in a context (docs.slack.dev/reference/block-kit/blocks/context-block)."""


def as_text(sentence: str) -> str:
    """The sentence where Slack would parse it: it says no more than it says."""
    return html.escape(sentence, quote=False)


def note(name: str, sentence: str) -> dict[str, Any]:
    """The text and the blocks of a note: nothing in it is parsed, linked or unfurled. `name` says which it is."""
    words = sentence[:NOTE_CHARS]
    context = {
        "type": "context",
        "block_id": NOTE + name,
        "elements": [{"type": "plain_text", "text": words, "emoji": False}],
    }
    return {
        "text": as_text(words),
        "blocks": [context],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def is_note(message: Mapping[str, Any], name: str = "") -> bool:
    """Whether a message of ours is a note, and that one."""
    blocks: Sequence[Any] = message.get("blocks") or ()
    ids = [str(block.get("block_id") or "") for block in blocks if isinstance(block, Mapping)]
    return any(one == NOTE + name if name else one.startswith(NOTE) for one in ids)
