"""What is taken out of the model's text before it is read: control characters and citation marks."""

import re

_DROPPED = dict.fromkeys(
    [
        *(code for code in range(0x20) if chr(code) not in "\t\n\r"),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),  # bidi embeddings and overrides
        *range(0x2066, 0x206A),  # bidi isolates
    ]
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FIRST_HALF = re.compile(r"[\r\ud800-\udbff]\Z")  # what belongs together with the character after it
_OPENER = re.compile(r"[\ue000-\uf8ff【]")
_CITATION, _CITATION_END = (
    "\ue200",
    "\ue201",
)  # the usual pair; any other counts when it encloses a citation's words
_LEFT_OVER = "\ue201\ue202\ue203\ue204\ue205\ue206"
_CITING = re.compile(r"[a-z]{0,12}cite|turn\d")
_MAY_CITE = re.compile(r"[a-z]{0,16}")
_BRACKETED = re.compile(r"【\d{1,4}(?::\d{1,4})?†[^】\n]{0,200}】")
_MAY_BRACKET = re.compile(r"【(?:\d{1,4}(?::(?:\d{1,4}(?:†[^】\n]{0,200})?)?|†[^】\n]{0,200})?)?")
_LONGEST = 1000  # characters a span between private-use delimiters may have


def printable(text: str) -> str:
    """Text of somebody else without control characters; marks that a model would set are left in it."""
    return _joined(text.replace("\r\n", "\n").replace("\r", "\n")).translate(_DROPPED)


class Cleaner:
    r"""Cleans text that comes in pieces; what a mark split between two of them would be is held back.

    Controls other than tab and line feed go, ``\r\n`` and ``\r`` become ``\n``, halves of a surrogate pair are
    joined (a lone one becomes U+FFFD). Citation marks are spans between private-use characters and
    ``【4:0†source】`` (reference/openai-platform.md §4); other private-use characters, icons in some fonts, stay.
    """

    def __init__(self) -> None:
        self._half = ""
        self._mark = ""

    def feed(self, delta: str) -> str:
        """The next piece; returns what is certain by now."""
        return self._clean(delta, final=False)

    def close(self) -> str:
        """There is no more; returns what was held back."""
        return self._clean("", final=True)

    def _clean(self, delta: str, *, final: bool) -> str:
        text = self._half + delta.translate(_DROPPED)
        self._half = ""
        if not final and (half := _FIRST_HALF.search(text)):
            self._half, text = half.group(), text[: half.start()]
        text = self._mark + _joined(text.replace("\r\n", "\n").replace("\r", "\n"))
        out, self._mark = _without_marks(text, final=final)
        return out


def _joined(text: str) -> str:
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _without_marks(text: str, *, final: bool) -> tuple[str, str]:
    """The text without its marks, and the end of it that may be the beginning of one."""
    out: list[str] = []
    at = 0
    while opener := _OPENER.search(text, at):
        start = opener.start()
        out.append(text[at:start])
        end = (_bracketed if opener.group() == "【" else _delimited)(text, start, final)
        if end is None:
            return "".join(out), text[start:]
        at = max(end, start + 1)
        if end == start:
            out.append(opener.group())
    return "".join(out) + text[at:], ""


def _bracketed(text: str, at: int, final: bool) -> int | None:
    """Where the mark ends; ``at`` itself when there is none; None when that is not known yet."""
    if found := _BRACKETED.match(text, at):
        return found.end()
    return None if not final and _MAY_BRACKET.fullmatch(text, at) else at


def _delimited(text: str, at: int, final: bool) -> int | None:
    """The same for a span between private-use characters."""
    if text[at] in _LEFT_OVER:
        return at + 1
    body = text[at + 1 : at + 1 + _LONGEST].partition("\n")[0]
    whole = final or at + 1 + len(body) < len(text) or len(body) == _LONGEST
    if text[at] == _CITATION:
        place = body.find(_CITATION_END)
        again = body.find(_CITATION, 0, place if place >= 0 else len(body))
        if place < 0 and again < 0 and not whole:
            return None
        return at + 2 + place if place >= 0 and again < 0 else at + 1
    if not _CITING.match(body):
        return None if not whole and _MAY_CITE.fullmatch(body) else at
    ends = [place for mark in (chr(ord(text[at]) + 1), text[at]) if (place := body.find(mark)) >= 0]
    return at + 2 + min(ends) if ends else at if whole else None
