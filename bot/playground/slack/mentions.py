"""Which tokens of an outgoing text Slack would resolve, and which links it would fetch; pure.

Slack resolves mention tokens in mrkdwn text, in the markdown block and in streamed markdown, and not in
rich_text or plain_text (reference/slack-platform.md §8).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_LIVE = re.compile(
    r"<(@[UW][A-Z0-9]+|#[CDG][A-Z0-9]+|!channel|!here|!everyone|!group|!subteam\^[A-Z0-9]+)(?:\|[^<>]*)?>"
)
_URL = re.compile(r"https?://[^\s<>|\"]+")
_PARSED_TYPES = {"mrkdwn", "markdown"}


def live_mentions(text: str) -> list[str]:
    """The tokens in it that Slack would resolve, without their labels: `<@U1|ann>` counts as `<@U1>`."""
    return [f"<{token}>" for token in _LIVE.findall(text)]


def parsed_texts(blocks: object) -> Iterator[str]:
    """Every text inside those blocks in which Slack looks for tokens, however deep it lies."""
    for node in _nodes(blocks):
        text = node.get("text")
        if node.get("type") in _PARSED_TYPES and isinstance(text, str):
            yield text


def mentions_in(texts: Iterable[str], blocks: object = None) -> list[str]:
    """All live tokens of those texts and blocks, in order."""
    return [token for text in (*texts, *parsed_texts(blocks)) for token in live_mentions(text)]


def links_in(texts: Iterable[str], blocks: object = None) -> tuple[str, ...]:
    """The web addresses which Slack would unfurl in a post of those texts and blocks."""
    found = [url for text in (*texts, *parsed_texts(blocks)) for url in _URL.findall(text)]
    found += [str(node.get("url")) for node in _nodes(blocks) if node.get("type") == "link"]
    return tuple(found)


def _nodes(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for part in value.values():
            yield from _nodes(part)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from _nodes(part)
