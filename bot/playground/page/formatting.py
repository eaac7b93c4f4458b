"""What Slack's composer makes of the marks that people type: code, quotes, bold, italics, links; pure."""

import html
import re
from collections.abc import Iterator

from bot.playground.slack.records import Json

_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_QUOTE = re.compile(r"(?:^&gt; ?.*(?:\n|$))+", re.MULTILINE)
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?!\w)"
    r"|(?<![\w_])_(?P<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?!\w)"
    r"|(?<![\w~])~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?!\w)"
    r"|<@(?P<user>[UW][A-Z0-9]+)>"
    r"|(?P<link>https?://[^\s<>|]+[^\s<>|.,;:!?)\"'])"
)


def blocks_of_text(sent: str) -> list[Json]:
    """The rich_text block beside that text, which is as it is sent: entities, mentions as tokens."""
    elements = [element for kind, piece in _pieces(sent) for element in _element(kind, piece)]
    return [{"type": "rich_text", "elements": elements}]


def _pieces(sent: str) -> Iterator[tuple[str, str]]:
    """Fences, quotes, and what is between them."""
    for index, part in enumerate(_FENCE.split(sent)):
        if index % 2:
            yield "preformatted", part
            continue
        at = 0
        for quote in _QUOTE.finditer(part):
            yield "section", part[at : quote.start()]
            yield "quote", re.sub(r"^&gt; ?", "", quote[0].rstrip("\n"), flags=re.MULTILINE)
            at = quote.end()
        yield "section", part[at:]


def _element(kind: str, piece: str) -> Iterator[Json]:
    inside = piece.strip("\n") if kind == "section" else piece
    if kind == "preformatted":
        yield {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": html.unescape(inside)}]}
    elif inside:
        yield {"type": f"rich_text_{kind}", "elements": list(_inline(inside))}


def _inline(text: str) -> Iterator[Json]:
    at = 0
    for found in _INLINE.finditer(text):
        if found.start() > at:
            yield _text(text[at : found.start()])
        yield _marked(str(found.lastgroup), found[str(found.lastgroup)])
        at = found.end()
    if at < len(text):
        yield _text(text[at:])


def _marked(kind: str, inside: str) -> Json:
    if kind == "user":
        return {"type": "user", "user_id": inside}
    if kind == "link":
        return {"type": "link", "url": html.unescape(inside)}
    return {**_text(inside), "style": {kind: True}}


def _text(piece: str) -> Json:
    return {"type": "text", "text": html.unescape(piece)}
