"""What Slack resolves inside a text: mentions, links in angle brackets, bare addresses, emoji, entities; pure."""

import re
from collections.abc import Iterator

from bot.playground.drawing.html import Html, Known, element, join, text
from bot.playground.drawing.safety import may_link

TOKEN = re.compile(r"<(?P<inside>[@#!][^<>\n|]{1,200}|(?:https?://|mailto:)[^<>\s|]+)(?:\|(?P<label>[^<>\n]*))?>")
"""A token as it stands in mrkdwn and in markdown (reference/slack-platform.md §8)."""
_MENTION = re.compile(r"[@#](?P<id>[A-Z0-9]+)")
_BROADCAST = re.compile(r"!(?P<range>here|channel|everyone|group)")
_GROUP = re.compile(r"!subteam\^(?P<id>[A-Z0-9]+)")
_LOOSE = re.compile(r"(?P<url>https?://[^\s<>\"]*[^\s<>\"'.,;:!?)\]])|(?<![\w:]):(?P<emoji>[a-z0-9_+'-]{1,60}):")
_ENTITY = re.compile(r"&(?P<name>lt|gt|amp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_NAMED = {"lt": "<", "gt": ">", "amp": "&"}
_LAST_CHARACTER = 0x10FFFF

EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "bulb": "💡",
    "eyes": "👀",
    "heart": "❤️",
    "memo": "📝",
    "pray": "🙏",
    "robot_face": "🤖",
    "rocket": "🚀",
    "smile": "😄",
    "tada": "🎉",
    "thinking_face": "🤔",
    "thumbsdown": "👎",
    "thumbsup": "👍",
    "warning": "⚠️",
    "wave": "👋",
    "white_check_mark": "✅",
    "x": "❌",
}
"""The few that people and we use most; any other is shown by its name."""


def decoded(raw: str) -> str:
    """Text with Slack's entities as the characters they stand for, once."""
    return _ENTITY.sub(_character, raw)


def _character(found: re.Match[str]) -> str:
    name = found["name"].lower()
    if name in _NAMED:
        return _NAMED[name]
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(code) if 0 < code <= _LAST_CHARACTER and not 0xD800 <= code < 0xE000 else "\ufffd"


def chip(shown: str, look: str = "mention") -> Html:
    """A mention as it stands in a text."""
    return element("span", text(shown), look=look)


def link(url: str, shown: Html) -> Html:
    """A link, where one may lead there; else only what it shows."""
    return element("a", shown, href=url) if may_link(url) else shown


def emoji(name: str) -> Html:
    """An emoji, or its name between colons."""
    return text(EMOJI.get(name, f":{name}:"))


def token(inside: str, label: str | None, known: Known) -> Html:
    """What stands between `<` and `>`, resolved."""
    said = decoded(label) if label else None
    if found := _MENTION.fullmatch(inside):
        shown = known.name(found["id"], said and said.lstrip("@#"))
        return chip(f"{inside[0]}{shown}")
    if found := _BROADCAST.fullmatch(inside):
        return chip(f"@{found['range']}", "mention broadcast")
    if found := _GROUP.fullmatch(inside):
        return chip(f"@{known.name(found['id'], said and said.lstrip('@'))}", "mention broadcast")
    if inside.startswith("!"):  # a date, or a command Slack no longer has: its label stands for it
        return text(said or f"<{inside}>")
    url = decoded(inside)
    return link(url, text(said or url.removeprefix("mailto:")))


def with_tokens(raw: str, known: Known) -> Html:
    """Text in which only tokens and entities mean anything, as in code."""
    return join(_with_tokens(raw, known))


def _with_tokens(raw: str, known: Known) -> Iterator[Html]:
    at = 0
    for found in TOKEN.finditer(raw):
        yield text(decoded(raw[at : found.start()]))
        yield token(found["inside"], found["label"], known)
        at = found.end()
    yield text(decoded(raw[at:]))


def loose(shown: str) -> Iterator[tuple[str, str]]:
    """Plain text cut into ("text" | "url" | "emoji", what it is): what Slack finds in it without any mark."""
    at = 0
    for found in _LOOSE.finditer(shown):
        if found.start() > at:
            yield "text", shown[at : found.start()]
        kind = found.lastgroup or "text"
        yield kind, found[kind]
        at = found.end()
    if at < len(shown):
        yield "text", shown[at:]


def plain(shown: str) -> Html:
    """Plain text with its addresses as links and its emoji as pictures."""
    return join(_loose(kind, piece) for kind, piece in loose(shown))


def _loose(kind: str, piece: str) -> Html:
    if kind == "url":
        return link(piece, text(piece))
    return emoji(piece) if kind == "emoji" else text(piece)
