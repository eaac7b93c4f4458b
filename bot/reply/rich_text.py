"""Slack's rich text, in which nothing is parsed: no mention, no markup, no link that is not ours. Pure.

Every text of somebody else goes in here (design §6; reference/slack-platform.md §8).
"""

import json
from collections.abc import Iterable
from typing import Any

Element = dict[str, Any]

URL_MAX = 3_000  # characters; a link that is longer is shown as text (reference/slack-platform.md §3.2, image_url)


def text(words: str, *, bold: bool = False) -> Element:
    """A piece of text inside a section, a quote or code."""
    return {"type": "text", "text": words, **({"style": {"bold": True}} if bold else {})}


def link(url: str, label: str) -> Element:
    """A link inside a section."""
    return {"type": "link", "url": url, "text": label}


def section(*elements: Element) -> Element:
    """One line, or paragraph."""
    return {"type": "rich_text_section", "elements": list(elements)}


def quote(words: str) -> Element:
    """What somebody else wrote."""
    return {"type": "rich_text_quote", "elements": [text(words)]}


def code(words: str, language: str = "") -> Element:
    """What a machine wrote, or reads."""
    coloured = {"language": language} if language else {}
    return {"type": "rich_text_preformatted", "elements": [text(words)], **coloured}


def block(elements: Iterable[Element]) -> Element:
    """Those lines, quotes and code as one block."""
    return {"type": "rich_text", "elements": list(elements)}


def size(value: object) -> int:
    """Bytes of UTF-8 that a block, an element or a text takes, as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode())
