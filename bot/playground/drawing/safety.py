"""What may leave the drawing: an allow-list of elements, attributes and addresses, kept by nh3; pure.

Everything a message says is escaped where it is put in. This is the second lock: should a piece of a message get
through as markup all the same, nothing is left of it that could run, load, submit or look like the page itself.
"""

import re
from urllib.parse import urlsplit

import nh3

from bot.playground.drawing.html import Html

SCHEMES = frozenset({"http", "https", "mailto"})
_PROSE = {
    *("a", "b", "blockquote", "br", "code", "div", "em", "h4", "hr", "i", "input", "li", "ol", "p", "pre", "s"),
    *("span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
_FRAME = {
    *("article", "button", "details", "fieldset", "figcaption", "figure", "h3", "header", "img", "label"),
    *("legend", "option", "section", "select", "small", "summary", "textarea", "time"),
}
_PROSE_ATTRIBUTES = {
    "*": {"class", "dir"},
    "a": {"href", "title"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start"},
}
_FRAME_ATTRIBUTES = {
    "*": {"class", "dir", "title", "role", "aria-label", "aria-hidden", "aria-modal", "tabindex"},
    "a": {"href"},
    "button": {"type", "disabled"},
    "details": {"open"},
    "img": {"src", "alt", "loading"},
    "input": {"type", "name", "value", "checked", "disabled", "placeholder", "maxlength"},
    "ol": {"start"},
    "option": {"value", "selected"},
    "select": {"name"},
    "textarea": {"name", "placeholder", "maxlength"},
    "time": {"datetime"},
}
_CLASSES = re.compile(r"s-[a-z0-9-]+(?: s-[a-z0-9-]+)*")
_ON_THIS_SITE = re.compile(r"/(?![/\\])[^\s\\]*")


def may_link(url: str) -> bool:
    """Whether a link may lead there: http, https or mailto, and nothing that only looks like it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in SCHEMES and bool(parts.netloc or parts.scheme == "mailto")


def on_this_site(path: str) -> bool:
    """Whether that is a path on the site that shows the drawing, so that fetching it tells nobody anything."""
    return _ON_THIS_SITE.fullmatch(path) is not None


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return value if _CLASSES.fullmatch(value) else None
    if name == "href":
        return value if may_link(value) else None
    if name == "src":
        return value if on_this_site(value) else None
    if (tag, name) == ("input", "type"):
        return value if value in ("checkbox", "radio", "text") else None
    if (tag, name) == ("button", "type"):
        return "button"
    return value


def _cleaner(tags: set[str], attributes: dict[str, set[str]], prefixes: set[str]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=tags,
        attributes=attributes,
        attribute_filter=_attribute,
        generic_attribute_prefixes=prefixes,
        url_schemes=set(SCHEMES),
        url_relative="pass_through",  # of these only `_attribute` lets any through
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


_PROSE_CLEANER = _cleaner(_PROSE, _PROSE_ATTRIBUTES, set())
_FRAME_CLEANER = _cleaner(_PROSE | _FRAME, _FRAME_ATTRIBUTES, {"data-"})


def cleaned_prose(html: str) -> Html:
    """What came out of a Markdown renderer: text, lists, tables, links, code, and no control one could press."""
    return Html(_PROSE_CLEANER.clean(html))


def cleaned(html: str) -> str:
    """A whole drawing, ready for a page."""
    return _FRAME_CLEANER.clean(html)
