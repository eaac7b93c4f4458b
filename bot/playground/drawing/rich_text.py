"""The rich_text block: text with styles and elements, in which nothing is parsed; pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.playground.drawing.code import coloured
from bot.playground.drawing.html import NOTHING, Html, Known, element, join, text
from bot.playground.drawing.tokens import chip, link
from bot.playground.drawing.tokens import emoji as named_emoji

Json = Mapping[str, Any]
_STYLES = {"bold": "b", "italic": "i", "strike": "s", "underline": "u"}
_DEEPEST = 8  # indents


def rich_text(block: Json, known: Known) -> Html:
    """The whole block."""
    return element("div", join(_part(part, known) for part in block.get("elements", [])), look="rich")


def _part(part: Json, known: Known) -> Html:
    draw = _PARTS.get(str(part.get("type")))
    return draw(part, known) if draw else NOTHING


def _section(part: Json, known: Known) -> Html:
    return element("div", _inline(part, known), look="lines", dir="auto")


def _quote(part: Json, known: Known) -> Html:
    return element("blockquote", _inline(part, known), look="quote lines", dir="auto")


def _preformatted(part: Json, known: Known) -> Html:
    elements = part.get("elements", [])
    if all(one.get("type") == "text" for one in elements):
        code = "".join(str(one.get("text", "")) for one in elements)
        inside = coloured(code, str(part.get("language", "")))
    else:
        inside = _inline(part, known)
    return element("pre", element("code", inside), look="code", dir="ltr")


def _list(part: Json, known: Known) -> Html:
    items = join(element("li", _inline(item, known), look="lines") for item in part.get("elements", []))
    indent = min(int(part.get("indent", 0)), _DEEPEST)
    if part.get("style") == "ordered":
        return element("ol", items, look=f"indent-{indent}", dir="auto", start=str(int(part.get("offset", 0)) + 1))
    return element("ul", items, look=f"indent-{indent}", dir="auto")


_PARTS: dict[str, Callable[[Json, Known], Html]] = {
    "rich_text_section": _section,
    "rich_text_list": _list,
    "rich_text_quote": _quote,
    "rich_text_preformatted": _preformatted,
}


def _inline(part: Json, known: Known) -> Html:
    return join(_styled(one, known) for one in part.get("elements", []))


def _styled(one: Json, known: Known) -> Html:
    draw = _ELEMENTS.get(str(one.get("type")))
    drawn = draw(one, known) if draw else NOTHING
    style = one.get("style") or {}
    if style.get("code"):
        drawn = element("code", drawn, look="inline-code")
    if style.get("highlight") or style.get("client_highlight"):
        drawn = element("span", drawn, look="highlight")
    for name, tag in _STYLES.items():
        if style.get(name):
            drawn = element(tag, drawn)
    return drawn


def _text(one: Json, _known: Known) -> Html:
    return text(one.get("text", ""))


def _link(one: Json, _known: Known) -> Html:
    url = str(one.get("url", ""))
    return link(url, text(one.get("text") or url))


def _user(one: Json, known: Known) -> Html:
    return chip(f"@{known.name(str(one.get('user_id')))}")


def _channel(one: Json, known: Known) -> Html:
    return chip(f"#{known.name(str(one.get('channel_id')))}")


def _group(one: Json, known: Known) -> Html:
    return chip(f"@{known.name(str(one.get('usergroup_id')))}", "mention broadcast")


def _broadcast(one: Json, _known: Known) -> Html:
    return chip(f"@{one.get('range')}", "mention broadcast")


def _emoji(one: Json, _known: Known) -> Html:
    """By its code points in hexadecimal, joined by hyphens, where they are given."""
    try:
        return text("".join(chr(int(code, 16)) for code in str(one["unicode"]).split("-")))
    except (KeyError, ValueError, OverflowError):
        return named_emoji(str(one.get("name", "")))


def _date(one: Json, _known: Known) -> Html:
    try:
        moment = datetime.fromtimestamp(float(one["timestamp"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return text(one.get("fallback", ""))
    return element("time", text(one.get("fallback") or f"{moment:%Y-%m-%d %H:%M}"), datetime=moment.isoformat())


def _color(one: Json, _known: Known) -> Html:
    return element("code", text(one.get("value", "")), look="inline-code")


_ELEMENTS: dict[str, Callable[[Json, Known], Html]] = {
    "text": _text,
    "link": _link,
    "user": _user,
    "channel": _channel,
    "usergroup": _group,
    "broadcast": _broadcast,
    "emoji": _emoji,
    "date": _date,
    "color": _color,
}
