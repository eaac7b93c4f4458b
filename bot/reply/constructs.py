"""Where a code span, an autolink or a link ends, seen from its first character, in text that may still grow.

Every answer depends only on the `Window` from that character on, so it is the same however the text was cut into
deltas; where the text so far leaves it open, `Undecided` is raised.
"""

import re
from dataclasses import dataclass

from bot.reply.links import ENTITY

LONGEST = 3000  # characters a construct may have; a longer one is literal text, so that holding back has a bound
_DEEPEST = 8  # brackets or parentheses inside each other; bounds what is looked at twice
_BACKTICKS = re.compile(r"`+")
_IN_LABEL = re.compile(r"\\.|`+|\[|\]")
_IN_TARGET = re.compile(r"\\.|\(|\)")
_ENTITY = re.compile(ENTITY, re.IGNORECASE)
_MAY_BE_ENTITY = re.compile(r"(?:l|lt|g|gt|a|am|amp|#\d{0,7}|#x[0-9a-f]{0,6})?", re.IGNORECASE)
_ANGLE = re.compile(
    r"<(?:(?P<br>br[ \t]*/?)|(?P<url>(?:https?://|mailto:)[^\s<>|]+)(?:\|(?P<label>[^<>]*))?)>", re.IGNORECASE
)
_SCHEMES = ("http://", "https://", "mailto:")
_MAY_BE_ANGLE = re.compile(r"br?|br[ \t]*/?|[^\s<>|]*(?:\|[^<>]*)?")


class Undecided(Exception):
    """More text is needed to know."""


@dataclass(frozen=True)
class Window:
    """The part of a text a construct may lie in: from `start` to the line's end, at most `LONGEST` characters.

    ``whole`` says that no further text can lengthen it.
    """

    text: str
    start: int
    end: int
    whole: bool

    @property
    def content(self) -> str:
        """The text of the window."""
        return self.text[self.start : self.end]

    def inner(self, start: int) -> "Window":
        """The part of the window from a later character on."""
        return Window(self.text, start, self.end, self.whole)

    def char(self, at: int) -> str:
        """The character at a place in or just behind the window; nothing at its end."""
        if at < self.end:
            return self.text[at]
        self.settle()
        return ""

    def settle(self) -> None:
        """Raises `Undecided` while the window may still grow."""
        if not self.whole:
            raise Undecided


def window(text: str, start: int, *, final: bool) -> Window:
    """The window of a construct that begins at ``start``; ``final`` says that the text is complete."""
    limit = start + LONGEST
    newline = text.find("\n", start, limit)
    if newline >= 0:
        return Window(text, start, newline, whole=True)
    return Window(text, start, min(len(text), limit), whole=final or len(text) >= limit)


def run_end(view: Window) -> int:
    """Where the run of backticks ends."""
    found = _BACKTICKS.match(view.text, view.start, view.end)
    end = found.end() if found else view.start
    view.char(end)
    return end


def code_end(view: Window) -> int | None:
    """Where the code span ends that begins here, closing backticks included; None when it is never closed."""
    start = run_end(view)
    for found in _BACKTICKS.finditer(view.text, start, view.end):
        if len(found.group()) == start - view.start:
            view.char(found.end())
            return found.end()
    view.settle()
    return None


def entity_end(view: Window) -> int | None:
    """Where an entity ends that may be resolved and whose ``&`` stands just before; None when there is none."""
    if found := _ENTITY.match(view.text, view.start, view.end):
        return found.end()
    if _MAY_BE_ENTITY.fullmatch(view.text, view.start, view.end):
        view.settle()
    return None


def angle(view: Window) -> re.Match[str] | None:
    """A ``<br>``, an autolink, or Slack's own ``<url|label>``: groups ``br``, ``url``, ``label``."""
    if found := _ANGLE.match(view.text, view.start, view.end):
        return found
    if view.whole:
        return None
    body = view.content[1:].lower()
    begun = any(scheme.startswith(body) or body.startswith(scheme) for scheme in _SCHEMES) or body.startswith("b")
    if begun and _MAY_BE_ANGLE.fullmatch(body):
        view.settle()
    return None


def label_end(view: Window) -> int | None:
    """Where the ``]`` stands that closes the ``[`` here; None when there is none."""
    depth, at = 0, view.start + 1
    while found := _IN_LABEL.search(view.text, at, view.end):
        at = found.end()
        if found.group() == "[":
            depth += 1
        elif found.group() == "]":
            depth -= 1
        elif found.group()[0] == "`":
            at = code_end(view.inner(found.start())) or at
        if depth < 0:
            return found.start()
        if depth > _DEEPEST:
            return None
    view.settle()
    return None


@dataclass(frozen=True)
class Link:
    """A link as written: its label, what stands between its parentheses, where it ends."""

    label: str
    dest: str
    end: int


def link(view: Window) -> Link | None:
    """The link that begins with the ``[`` here; None when these are only brackets."""
    close = label_end(view)
    if close is None or view.char(close + 1) != "(":
        return None
    end = _target_end(view.inner(close + 2))
    if end is None:
        return None
    return Link(view.text[view.start + 1 : close], view.text[close + 2 : end], end + 1)


def _target_end(view: Window) -> int | None:
    depth = 0
    for found in _IN_TARGET.finditer(view.text, view.start, view.end):
        depth += {"(": 1, ")": -1}.get(found.group(), 0)
        if depth < 0:
            return found.start()
        if depth > _DEEPEST:
            return None
    view.settle()
    return None
