"""Safe Markdown cut into pieces for several messages, at the best place, what is open closed and opened again.

A cut depends only on the shortest beginning of the text that does not fit. So an answer that is streamed is cut
where the same answer posted whole is cut.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bot.reply import blocks

_SHARE = 4  # what is repeated at a seam may take a quarter of a piece; beyond it nothing is repeated
_ATOM = re.compile(
    r"&(?:lt|gt|amp);|&[a-z]{0,3}\Z"
    r"|\[(?:[^\[\]\n\\]|\\.|\[[^\[\]\n]*\])*+(?:\]\([^()\s]*\)|(?:\](?:\([^()\s]*)?)?\Z)"
    r"|(?P<ticks>`++)[^\n]*?(?<!`)(?P=ticks)(?!`)|`+[^`\n]*\Z"
    r"|https?://[^\s()\[\]]+"
)
_ENTITY = re.compile(r"&[a-z]{1,3};?")
_ENTITY_CHARS = 5
_SENTENCE = re.compile(r"(?:[.!?…][)\]\"'”’»*_]*[ \t]+|[。！？][」』）”’*_]*[ \t]*)")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|approx|No|Dr|Mr|Mrs|Ms|Prof|St|z\.B|d\.h|bzw)|^\s*\d{1,9})\.\s*\Z"
)
_BLOCK_MARK = re.compile(r"[#>|~`=]|[-+*][ \t*+-]|\d{1,9}[.)]|[ \t]{4}")
_HEADING = re.compile(r"[ \t>]*#{1,6}[ \t]")
_JOINED = 64  # characters looked back for the beginning of an emoji or of a letter with its marks


@dataclass(frozen=True)
class Cut:
    """One piece: its text with what was open closed, where the rest begins, and what the rest must begin with."""

    text: str
    rest_from: int
    reopen: str


@dataclass(frozen=True)
class _Line:
    """A line and what is open where it begins: a fence, or the header of the table it is a row of."""

    start: int
    text: str
    fence: blocks.Fence | None
    header: str
    start_rank: int  # 0: a piece may begin here; 1: it leaves a heading or an empty block behind; 2: it may not
    after_blank: bool


def cut(text: str, *, chars: int, utf8: int | None = None, reopen: str = "", shown: int = 0) -> Cut | None:
    """The first piece of ``reopen + text``; None when all of it fits in ``chars`` characters and ``utf8`` bytes.

    An open code fence is closed at the seam and counts with its closing line. ``shown`` characters of the text are
    on the screen already: the cut is not before them. Without the seam's repetitions, the pieces are the text.
    """
    overflow = _overflow(reopen + text[: chars + 1], chars, utf8)
    if overflow is None:
        return None
    if reopen and len(overflow) < len(reopen) + 2:  # no room for anything but the repetition
        return cut(text, chars=chars, utf8=utf8, shown=shown)
    lowest = min(len(reopen) + max(shown, 1), len(overflow) - 1)
    at, line = _best(overflow, lowest)
    closing, opening = _seam(line, at, _room(chars, utf8))
    body = overflow[:at]
    if closing:
        closing = closing if body.endswith("\n") else f"\n{closing}"
    return Cut(body + closing, at - len(reopen), opening)


def pieces(text: str, *, chars: int, utf8: int | None = None) -> list[str]:
    """The whole text as pieces that each fit; one at least."""
    found: list[str] = []
    reopen = ""
    while piece := cut(text, chars=chars, utf8=utf8, reopen=reopen):
        found.append(piece.text)
        text, reopen = text[piece.rest_from :], piece.reopen
    return [*found, reopen + text]


def _overflow(whole: str, chars: int, utf8: int | None) -> str | None:
    """The shortest beginning that does not fit with its closing; at least two characters long."""
    most = _prefix(whole, chars, utf8)
    fence: blocks.Fence | None = None
    least = 0  # characters that do not fit together with the closing of the fence
    for line in _lines(whole[: most + 1]):
        if not line.fence or not _repeatable(line.fence, _room(chars, utf8)):
            continue
        if line.fence is not fence:
            fence, closing = line.fence, len(line.fence.closer) + 1
            least = _prefix(whole, chars - closing, None if utf8 is None else utf8 - closing) + 1
        end = max(least, line.start)
        if end <= line.start + len(line.text) and not fence.closes(whole[line.start : end]):
            return whole[: max(end, 2)]
    return whole[: max(most, 1) + 1] if most < len(whole) else None


def _prefix(text: str, chars: int, utf8: int | None) -> int:
    """How many characters of the text fit."""
    text = text[: max(chars, 0)]
    if utf8 is None or len(text) * 4 <= utf8:
        return len(text)
    return len(text.encode("utf-8", "replace")[: max(utf8, 0)].decode("utf-8", "ignore"))


def _room(chars: int, utf8: int | None) -> int:
    """The bytes that may be repeated at a seam."""
    return (chars if utf8 is None else min(chars, utf8)) // _SHARE


def _repeatable(fence: blocks.Fence, room: int) -> bool:
    return len(f"{fence.opener}\n".encode("utf-8", "replace")) <= room


def _lines(text: str) -> Iterator[_Line]:
    fence: blocks.Fence | None = None
    header, before = "", ""
    heading = False
    start = 0
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        bare = line.rstrip("\n")
        opens = closes = False
        if fence and fence.code_from(bare) is None:
            fence = None
        inside = fence
        if fence:
            closes = fence.closes(bare)
        else:
            fence = blocks.opened(bare)
            opens = fence is not None
        header = header if bare.strip(" \t>") and not fence and ("|" in bare or not line.endswith("\n")) else ""
        delimiter = not fence and not header and "|" in before and blocks.is_delimiter(bare)
        blank = not before.strip(" \t>")
        yield _Line(start, line, inside, header, 2 if closes or delimiter else int(heading), blank and start > 0)
        blank = not bare.strip(" \t>")
        heading = opens or delimiter or _HEADING.match(bare) is not None or (heading and blank)
        header = f"{before}\n{bare}\n" if delimiter else header
        fence = None if closes else fence
        before = bare
        start += len(line)


def _best(overflow: str, first: int) -> tuple[int, _Line]:
    """The best place to cut from ``first`` on, in the second half if possible, and the line it is in or begins."""
    highest = len(overflow) - 1
    lowest = max(first, min(len(overflow) // 2, highest))
    lines = list(_lines(overflow))
    starts = [line for line in lines if lowest <= line.start <= highest]
    for is_best in (_between_paragraphs, _between_lines, _at_good_start, _at_poor_start):
        if best := [line for line in starts if is_best(line)]:
            return best[-1].start, best[-1]
    in_code = _line_at(lines, highest).fence is not None
    at = _within_line(overflow, range(lowest, highest + 1), first, in_code=in_code)
    return at, _line_at(lines, at)


def _between_paragraphs(line: _Line) -> bool:
    return line.after_blank and not line.fence and line.start_rank == 0


def _between_lines(line: _Line) -> bool:
    return not line.fence and not line.header and line.start_rank == 0


def _at_good_start(line: _Line) -> bool:
    return line.start_rank == 0


def _at_poor_start(line: _Line) -> bool:
    return line.start_rank == 1


def _line_at(lines: list[_Line], at: int) -> _Line:
    return next(line for line in reversed(lines) if line.start <= at)


def _within_line(text: str, best: range, first: int, *, in_code: bool) -> int:
    """A place among the best, or before a link or code span that would be torn there."""
    lowest, highest = best[0], best[-1]
    start = text.rfind("\n", 0, lowest) + 1
    start += len(blocks.lead(text[start : highest + 1]))
    atoms = [] if in_code else [found.span() for found in _ATOM.finditer(text, start)]
    sentences = () if in_code else (found.end() for found in _SENTENCE.finditer(text, start, highest + 1))
    words = (found.end() for found in re.finditer(r"[ \t]+", text[: highest + 1]) if found.end() > start)
    for places in (sentences, words):
        fit = [at for at in places if lowest <= at <= highest and not _BLOCK_MARK.match(text, at)]
        outside = _outside(fit, atoms)
        if outside is not None:
            return outside
    around = [begin for begin, end in atoms if begin < highest < end]
    if around and around[0] >= first:
        return around[0]
    return _between_characters(text, lowest, highest)


def _outside(places: list[int], atoms: list[tuple[int, int]]) -> int | None:
    """The last place that lies inside no atom; both lists ascend."""
    remaining = list(atoms)
    for at in reversed(places):
        while remaining and remaining[-1][0] >= at:
            remaining.pop()
        if not remaining or at >= remaining[-1][1]:
            return at
    return None


def _between_characters(text: str, lowest: int, highest: int) -> int:
    """The last place that tears no entity, no emoji and no letter from its marks."""
    for at in range(highest, max(lowest, highest - _JOINED) - 1, -1):
        ampersand = text.rfind("&", max(0, at - _ENTITY_CHARS), at)
        entity = _ENTITY.match(text, ampersand) if ampersand >= 0 else None
        if not (entity and entity.end() > at) and not _joins(text, at):
            return at
    return highest


def _joins(text: str, at: int) -> bool:
    """Whether the characters before and at this place belong to one that is seen (Unicode UAX #29, roughly)."""
    before, after = text[at - 1], text[at]
    if after == "\u200d" or before == "\u200d" or unicodedata.category(after)[0] == "M":
        return True
    if (
        "\U0001f3fb" <= after <= "\U0001f3ff"
        or "\U000e0020" <= after <= "\U000e007f"
        or "\u1160" <= after <= "\u11ff"
    ):
        return True
    flags = re.search(r"[\U0001f1e6-\U0001f1ff]*\Z", text[max(0, at - _JOINED) : at])
    odd = flags is not None and len(flags.group()) % 2 == 1
    return odd and "\U0001f1e6" <= after <= "\U0001f1ff"


def _seam(line: _Line, at: int, room: int) -> tuple[str, str]:
    """What closes a piece that ends here, and what the next one begins with."""
    inside = at > line.start
    lead = blocks.continued(blocks.lead(line.text))
    if line.fence:
        if not _repeatable(line.fence, room):
            return "", ""
        quotes = line.fence.lead[: line.fence.lead.rfind(">") + 1] if inside else ""
        return line.fence.closer, f"{line.fence.opener}\n{quotes}"
    if inside:
        return "", lead if ">" in lead and len(lead) <= room else ""
    return "", line.header if len(line.header.encode("utf-8", "replace")) <= room else ""


_LINK = re.compile(r"\[((?:[^\[\]\n\\]|\\.|\[[^\[\]\n]*\])*+)\]\([^()\s]*\)")
_EMPHASIS = re.compile(r"(?<![\w*_~])(\*{1,3}|_{1,3}|~~)(?=[^\s*_~])([^\n]{0,500}?)(?<=[^\s])\1(?![\w*_~])")
_BEFORE_TEXT = re.compile(r"[ \t]*(?:>[ \t]*)*(?:#{1,6}[ \t]+)?")


def plain(text: str, limit: int) -> str:
    """Safe Markdown as plain text for notifications, at most ``limit`` characters, ending with ``…`` when cut.

    It still goes through Slack's parser as the message's ``text``, so entities stay entities.
    """
    kept: list[str] = []
    fence: blocks.Fence | None = None
    for line in text[: 4 * limit + 4000].split("\n"):
        if fence:
            closes = fence.closes(line)
            kept += [] if closes else [line.rstrip()]
            fence = None if closes else fence
        elif (fence := blocks.opened(line)) is None and not blocks.is_delimiter(line):
            kept.append(_plain_line(line))
    whole = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    whole = whole.replace("<", "&lt;").replace(">", "&gt;")
    if len(whole) <= limit:
        return whole
    at = _within_line(whole, range(limit // 2, limit), 1, in_code=False) if limit > 1 else 0
    return f"{whole[:at].rstrip()}…"[:limit]


def _plain_line(line: str) -> str:
    before = _BEFORE_TEXT.match(line)
    line = line[before.end() if before else 0 :]
    if line.startswith("|"):
        line = " · ".join(cell.strip() for cell in line.strip().strip("|").split("|"))
    line = _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", line))
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", re.sub(r"(?<!\\)`+", "", line)).rstrip()


def first_sentence(text: str) -> str | None:
    """The first full sentence, line, code block or table; None while there is none."""
    start = len(text) - len(text.lstrip())
    first = text[start:].partition("\n")[0]
    if blocks.opened(first):
        return _first_block(text, start)
    if "|" in first[:2]:
        end = text.find("\n\n", start)
        return text[:end] if end >= 0 else None
    end = text.find("\n", start)
    line_end = end if end >= 0 else len(text)
    atoms = [found.span() for found in _ATOM.finditer(text, start, line_end)]
    for found in _SENTENCE.finditer(text, start, line_end):
        at = found.end()
        if not any(low < at < high for low, high in atoms) and not _ABBREVIATED.search(text[start:at]):
            return text[:at].rstrip()
    return text[:end].rstrip() if end >= 0 else None


def _first_block(text: str, start: int) -> str | None:
    opened = False
    for line in _lines(text[start:]):
        if opened and not line.fence:
            return text[: start + line.start].rstrip()
        opened = opened or line.fence is not None
    return None
