"""The model's Markdown made safe for Slack's markdown block and for streams, piece by piece.

Slack resolves mention tokens in both, and shows entities decoded without reading them again
(reference/slack-platform.md §8).
So no ``<`` ever leaves here, in code neither, and what is shown is what the model wrote.
"""

import re
from collections.abc import Callable
from typing import ClassVar

from bot import words
from bot.reply import blocks, links
from bot.reply.cleaning import Cleaner
from bot.reply.constructs import (
    Undecided,
    Window,
    angle,
    code_end,
    entity_end,
    label_end,
    link,
    run_end,
    window,
)
from bot.reply.sandbox import MARK, Eraser

JOINER = MARK  # word joiner: not seen, but it keeps `](` from being a link and `]:` from defining one
_PLAIN = re.compile(r"[^\n`<>&\[\]!\\|]+")
_CODE = re.compile(r"[^\n&]+")
_TELLING = re.compile(rf"&(?={links.ENTITY})", re.IGNORECASE)
_URL = re.compile(r"https?://", re.IGNORECASE)
_PUNCTUATION = frozenset("!\"#$%'()*+,-./:;=?@[\\]^_`{|}~")
_DELIMITER = frozenset("-: \t")
_LABEL_OF_SLACK = str.maketrans({"[": "(", "]": ")", "\\": None, "`": "'"})


def safe(text: str) -> str:
    """The whole text, made safe."""
    neutraliser = Neutraliser()
    return neutraliser.feed(text) + neutraliser.close()


class Neutraliser:
    """Makes text safe that comes in pieces.

    However the text is cut, all that `feed` and `close` return is ``safe`` of the whole. What could still turn out
    otherwise is held back: to the line's end at most, and never more than about 3,000 characters.
    """

    def __init__(self) -> None:
        self._cleaner = Cleaner()
        self._scanner = _Scanner()
        self._eraser = Eraser()
        self._held = ""

    def feed(self, delta: str) -> str:
        """The next piece; returns what can be shown now."""
        return self._scan(self._eraser.feed(self._cleaner.feed(delta)), final=False)

    def close(self) -> str:
        """There is no more; returns what was held back."""
        return self._scan(self._eraser.feed(self._cleaner.close()) + self._eraser.close(), final=True)

    def _scan(self, more: str, *, final: bool) -> str:
        text = self._held + more
        out, consumed = self._scanner.scan(text, final=final)
        self._held = text[consumed:]
        return out


def _escaped(text: str) -> str:
    return _TELLING.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


_Step = tuple[int, str]


class _Scanner:
    """Reads from left to right, remembering the fence, the line's beginning, and whether a table or URL is open.

    Each step returns where it came to and what to show for it, or raises `Undecided` before it changed anything.
    """

    def __init__(self, *, in_label: bool = False) -> None:
        self._in_label = in_label  # there a link is only its label, and a break a space
        self._at_line_start = not in_label
        self._fence: blocks.Fence | None = None
        self._table = False
        self._carried = ""  # what `<br>` has already repeated of the line's lead
        self._begin_line("")

    def _begin_line(self, lead: str) -> None:
        self._lead = lead
        self._nothing_yet = not self._in_label  # only the lead so far
        self._piped = False
        self._dashes_only = True
        self._break_word()

    def _break_word(self) -> None:
        self._word = ""  # the last characters of the current word
        self._in_url = False

    def scan(self, text: str, *, final: bool) -> tuple[str, int]:
        """What to show for the text, and how much of it that covers; all of it when ``final``."""
        out: list[str] = []
        at = 0
        while at < len(text):
            try:
                at, piece = self._step(text, at, final)
            except Undecided:
                break
            out.append(piece)
        return "".join(out), at

    def _step(self, text: str, at: int, final: bool) -> _Step:
        if self._at_line_start:
            return self._line_start(window(text, at, final=final))
        if text[at] == "\n":
            return self._newline(at)
        if self._fence:
            return self._code(text, at, final)
        if plain := _PLAIN.match(text, at):
            return plain.end(), self._plain(plain.group())
        return self._special(window(text, at, final=final))

    def _line_start(self, view: Window) -> _Step:
        line = view.content
        if self._fence:
            if blocks.may_close(line):
                view.settle()
            start = self._fence.code_from(line)
            if start is not None:
                return self._fenced_line(view, self._fence, start)
        if blocks.may_open(line):
            view.settle()
        self._at_line_start = False
        self._fence = blocks.opened(self._carried + line)
        if self._fence:
            self._table = False
            return view.end, blocks.lead(line) + _escaped(line[len(blocks.lead(line)) :])
        lead = blocks.lead(line)
        self._begin_line(self._carried + lead)
        return view.start + len(lead), lead

    def _fenced_line(self, view: Window, fence: blocks.Fence, code_from: int) -> _Step:
        line = view.content
        self._at_line_start = False
        if fence.closes(line):
            self._fence = None
            self._begin_line("")
            return view.end, line
        return view.start + code_from, line[:code_from]

    def _newline(self, at: int) -> _Step:
        if self._nothing_yet:
            self._table = False
        elif self._piped and self._dashes_only:
            self._table = True
        self._carried = ""
        self._at_line_start = not self._in_label
        return at + 1, "\n"

    def _code(self, text: str, at: int, final: bool) -> _Step:
        if found := _CODE.match(text, at):
            return found.end(), _escaped(found.group())
        return self._ampersand(window(text, at, final=final))

    def _plain(self, text: str) -> str:
        words = text.split()
        if not words or text[-1].isspace():
            self._break_word()
        else:
            fresh = len(words) > 1 or text[0].isspace()
            word = words[-1] if fresh else self._word + words[-1]
            self._in_url = (self._in_url and not fresh) or _URL.search(word) is not None
            self._word = word[-8:]
        if words:
            self._nothing_yet = False
            self._dashes_only = self._dashes_only and _DELIMITER.issuperset(text)
        return text

    def _special(self, view: Window) -> _Step:
        char = view.text[view.start]
        if char == "&":
            end, piece = self._ampersand(view)
        elif char == "!":
            end, piece = self._exclamation(view)
        elif char == "<":
            return self._angle(view)
        else:
            end, piece = self._OTHERS[char](self, view)
            self._break_word()
        if char == "|":
            self._piped = True
        else:
            self._dashes_only = False
        self._nothing_yet = False
        return end, piece

    def _ampersand(self, view: Window) -> _Step:
        start = view.start + 1
        end = entity_end(view.inner(start))
        if end is None:
            return start, "&"
        in_url = self._in_url and not self._fence and view.text[start:end].lower() == "amp;"
        if in_url and entity_end(view.inner(end)) is None:
            return end, view.text[view.start : end]
        self._break_word()
        return start, "&amp;"

    def _exclamation(self, view: Window) -> _Step:
        found = link(view.inner(view.start + 1)) if view.char(view.start + 1) == "[" else None
        shown = self._linked(found.label, found.dest) if found else None
        return (view.start + 1, "!") if found is None or shown is None else (found.end, shown)

    def _angle(self, view: Window) -> _Step:
        found = angle(view)
        if found and found["br"]:
            return self._break(view, found.end())
        self._nothing_yet = self._dashes_only = False
        self._break_word()
        if found is None:
            return view.start + 1, "&lt;"
        label = (found["label"] or "").translate(_LABEL_OF_SLACK)
        return found.end(), self._linked(label, found["url"]) or _escaped(found.group())

    def _break(self, view: Window, end: int) -> _Step:
        ends_line = not view.char(end)
        self._break_word()
        if self._in_label or self._piped or self._table:
            lead = JOINER if self._nothing_yet else ""  # what follows must not be read as a line's beginning
            return end, f"{lead} "
        if ends_line:
            return end, ""
        self._carried = blocks.continued(self._lead)
        self._at_line_start = True
        return end, f"\n{self._carried}"

    def _greater(self, view: Window) -> _Step:
        return view.start + 1, "&gt;"

    def _pipe(self, view: Window) -> _Step:
        return view.start + 1, "|"

    def _backticks(self, view: Window) -> _Step:
        end = code_end(view) or run_end(view)
        return end, _escaped(view.text[view.start : end])

    def _backslash(self, view: Window) -> _Step:
        following = view.char(view.start + 1)
        if following in {"<", ">", "&"} and following:
            return view.start + 2, {"<": "&lt;", ">": "&gt;", "&": "&amp;"}[following]
        if following in _PUNCTUATION:
            return view.start + 2, f"\\{following}"
        return view.start + 1, "\\"

    def _closing(self, view: Window) -> _Step:
        return view.start + 1, f"]{JOINER}" if view.char(view.start + 1) == "(" else "]"

    def _bracket(self, view: Window) -> _Step:
        found = link(view)
        if found is None:
            return self._definition(view)
        shown = self._linked(found.label, found.dest)
        return (view.start + 1, "[") if shown is None else (found.end, shown)

    def _definition(self, view: Window) -> _Step:
        close = label_end(view) if self._nothing_yet else None
        if close is None or view.char(close + 1) != ":":
            return view.start + 1, "["
        return close + 1, f"[{_flat(view.text[view.start + 1 : close])}]{JOINER}"

    def _linked(self, label: str, dest: str) -> str | None:
        """A link as it may be shown; None when it is not meant as one and stays as it was written."""
        to = links.target(dest)
        wordy = re.search(r"\s", to.shown) or (not to.named and self._word[-1:].isalnum())
        if not to.url and not to.file and wordy:
            return None
        shown = _flat(label).strip()
        if not to.url:
            return self._unlinked(shown, to)
        if self._in_label:
            return shown or links.as_label(to.url)
        return f"[{shown or links.as_label(to.url)}{links.note(shown, to)}]({to.url})"

    def _unlinked(self, label: str, to: links.Target) -> str:
        if to.file:
            name = _flat(to.file)
            quoted = words.QUOTED.format(text=name)
            label = label if name in label else f"{label} ({quoted})" if label else quoted
        elif not to.named and to.shown and to.shown != label and not to.shown.startswith("#"):
            label = f"{label} ({_flat(to.shown)})".lstrip()
        return JOINER + label if self._nothing_yet and not label[:1].isalnum() else label

    _OTHERS: ClassVar[dict[str, Callable[["_Scanner", Window], _Step]]] = {
        ">": _greater,
        "|": _pipe,
        "`": _backticks,
        "\\": _backslash,
        "]": _closing,
        "[": _bracket,
    }


def _flat(text: str) -> str:
    """What stands in a label: made safe, its own links reduced to their labels."""
    return _Scanner(in_label=True).scan(text, final=True)[0]
