"""The collapsed container under an answer: its steps with what they found, cut to a budget of its own. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from bot import words
from bot.reply.findings import Form, Piece, pieces
from bot.reply.rich_text import Element, block, section, size, text
from bot.reply.steps import NO_TIME, Block, duration, standing, title
from bot.reply.transcript import TimedStep

CONTAINER_BYTES = 8_000
"""UTF-8 bytes of the container as JSON.

Slack publishes no threshold for `msg_blocks_too_long` (reference/slack-platform.md §3.1). The smallest message
that it was seen to refuse for its size had 10,600 bytes (§2.4): this stays below, and leaves room for the
sources, the notes and the buttons. The answer's own text has a budget of its own, in `layout`.
"""
HEADS_BYTES = 6_000
"""Those of the steps' headlines, at most: so that something is left for what they found."""
CHILDREN = 10  # child blocks in a container (§3.2)
TITLE_MAX = 150  # characters of its title (§3.2)
LISTED_MAX = 40  # steps in it; more are counted
SHORTEST = 200  # characters that a piece is cut to at least; less tells nobody anything, so it is left out
QUOTES = COMMA = 2  # bytes around a text, and between two elements


@dataclass(frozen=True, slots=True)
class Folded:
    """The container, if there is one, and whether it says all that is known."""

    blocks: tuple[Block, ...] = ()
    whole: bool = True


def fold(steps: Sequence[TimedStep], seconds: float | None, by: str | None = None) -> Folded:
    """The steps in one collapsed container; nothing where there were none, and nobody is to be named.

    `seconds`: how long the whole took. `by`: the name of the assistant that answered.
    """
    heading = _heading(seconds, len(steps), by)
    if not steps:
        none = [block([section(text(words.STEPS_NONE))])]
        return Folded((_container(none, heading),)) if by else Folded()
    heads = _heads(steps)
    unlisted = len(steps) - len(heads)
    more = [section(text(words.STEPS_MORE.format(count=unlisted)))] if unlisted else []
    frame = size(_container([], heading)) + CHILDREN * (size(block([])) + COMMA)
    known = [pieces(timed.step) for timed in steps[: len(heads)]]
    room = CONTAINER_BYTES - frame - _rows(heads) - _rows(more)
    shares = portions([_least(each) for each in known], [_rows(_elements(each)) for each in known], room)
    bodies = [_within(each, share) for each, share in zip(known, shares, strict=True)]
    entries = [[head, *body] for head, body in zip(heads, bodies, strict=True)]
    whole = not unlisted and all(map(_is_whole, bodies, known))
    children = _grouped([*entries, more] if more else entries)
    return Folded((_container(children, heading),), whole)


def portions(least: Sequence[int], wanted: Sequence[int], budget: int) -> list[int]:
    """A budget shared out, in order, to as many as can have their least; what is left, fairly among these."""
    served = sum(1 for used in accumulate(least) if used <= budget)
    more = [most - least for most, least in zip(wanted[:served], least, strict=False)]
    shares = fair(more, budget - sum(least[:served]))
    return [*(one + other for one, other in zip(least, shares, strict=False)), *[0] * (len(least) - served)]


def fair(wanted: Sequence[int], budget: int) -> list[int]:
    """A budget shared out: nobody gets more than wanted, and who gets less gets no less than any other."""
    shares = [0] * len(wanted)
    left = max(budget, 0)
    for served, index in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        shares[index] = min(wanted[index], left // (len(wanted) - served))
        left -= shares[index]
    return shares


def cut(whole: str, budget: int) -> str:
    """The text, or its beginning and how much is missing, in that many bytes of JSON; never below `SHORTEST`."""
    if size(whole) <= budget:
        return whole
    room = budget - size(words.CUT.format(count=len(whole)))
    fits = sum(1 for used in accumulate(size(char) - QUOTES for char in whole[: max(room, 0)]) if used <= room)
    kept = whole[: max(fits, SHORTEST)]
    short = kept + words.CUT.format(count=len(whole) - len(kept))
    return short if size(short) < size(whole) else whole


def headline(timed: TimedStep) -> Element:
    """What a step did, how it ended unless well, and how long it took where that was seen."""
    rest = standing(timed)
    return section(text(title(timed.step), bold=True), *([text(f" · {rest}")] if rest else []))


def _heads(steps: Sequence[TimedStep]) -> list[Element]:
    """The headlines of as many steps as there is room for."""
    heads = [headline(timed) for timed in steps[:LISTED_MAX]]
    used = accumulate(size(head) + COMMA for head in heads)
    return heads[: sum(1 for total in used if total <= HEADS_BYTES)]


def _least(known: Sequence[Piece]) -> int:
    """Bytes that a step's first piece takes, as short as it can be, and how many more there are."""
    first = [element for piece in known[:1] for element in _within_words(piece, 0).elements()]
    others = [_left_out(len(known))] if len(known) > 1 else []
    return min(_rows([*first, *others]), _rows(_elements(known)))


def _within(known: Sequence[Piece], share: int) -> list[Element]:
    """As many of a step's pieces as can be told in that many bytes, each cut as fairly as the steps are."""
    if _rows(_elements(known)) <= share:
        return _elements(known)
    others = _rows([_left_out(len(known))]) if len(known) > 1 else 0
    least = [_rows(_within_words(piece, 0).elements()) for piece in known]
    shares = portions(least, [_rows(piece.elements()) for piece in known], share - others)
    told = [
        _within_words(piece, size(piece.words) - _rows(piece.elements()) + share)
        for piece, share in zip(known, shares, strict=True)
        if share
    ]
    missing = len(known) - len(told)
    return [*_elements(told), *([_left_out(missing)] if missing and others <= share else [])]


def _within_words(piece: Piece, budget: int) -> Piece:
    """The piece with its words cut; a link cannot be cut."""
    return piece if piece.form is Form.LINK else replace(piece, words=cut(piece.words, budget))


def _is_whole(body: Sequence[Element], known: Sequence[Piece]) -> bool:
    return list(body) == _elements(known)


def _left_out(count: int) -> Element:
    return section(text(words.PIECES_LEFT_OUT.format(count=count, button=words.DETAILS)))


def _elements(known: Sequence[Piece]) -> list[Element]:
    return [element for piece in known for element in piece.elements()]


def _rows(elements: Sequence[Element]) -> int:
    return sum(size(element) + COMMA for element in elements)


def _grouped(entries: Sequence[Sequence[Element]]) -> list[Block]:
    """The steps as at most `CHILDREN` blocks, several to a block where there are more."""
    count = min(len(entries), CHILDREN)
    edges = [place * len(entries) // count for place in range(count + 1)]
    groups = (entries[start:end] for start, end in pairwise(edges))
    return [block(element for entry in group for element in entry) for group in groups]


def _heading(seconds: float | None, count: int, by: str | None) -> str:
    """Who answered, in how many steps, and how long it took, as far as there is something to tell."""
    steps = words.STEP_COUNT_ONE if count == 1 else words.STEP_COUNT.format(count=count)
    told = (
        words.ANSWERED_BY.format(name=by) if by else "",
        steps if count else "",
        "" if seconds is None or seconds < NO_TIME else duration(seconds),
    )
    return " · ".join(part for part in told if part)


def _container(children: Sequence[Block], heading: str) -> Block:
    return {
        "type": "container",
        "title": {"type": "plain_text", "text": heading[:TITLE_MAX]},
        "is_collapsible": True,
        "default_collapsed": True,
        "child_blocks": list(children),
    }
