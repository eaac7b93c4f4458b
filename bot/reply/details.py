"""Everything about the steps of an answer, as the pages of a modal. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from bot import words
from bot.reply.findings import Form, pieces
from bot.reply.folded import headline
from bot.reply.rich_text import block
from bot.reply.steps import Block
from bot.reply.transcript import TimedStep

VIEW_BLOCKS = 100  # blocks of a modal (reference/slack-platform.md §3.1)
VIEW_BYTES = 250_000
"""Bytes of a modal as JSON (docs.slack.dev/reference/methods/views.open); counted as they are sent, in ASCII."""
TEXT_CHARS = 3_000  # characters of one text (§3.2, section)
FRAME_BLOCKS = 2  # which page this is, and the buttons to the others
FRAME_BYTES = 4_000  # those, the title and the metadata, of at most 3,000 characters

PREVIOUS = "details_previous"
NEXT = "details_next"

_SEPARATOR = 2  # bytes between two blocks


@dataclass(frozen=True, slots=True)
class Leaf:
    """Which page of which answer's details a modal shows, and to whom: its private metadata."""

    team: str
    channel: str
    message_ts: str
    user: str
    page: int = 0  # from 0

    def written(self) -> str:
        """The modal's metadata."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, metadata: str) -> Self | None:
        """What the metadata says, to be checked by whoever reads it; None where it is not of ours."""
        try:
            leaf = json.loads(metadata)
        except ValueError:
            return None
        names = ("team", "channel", "message_ts", "user")
        if not isinstance(leaf, Mapping) or leaf.keys() != {*names, "page"} or type(leaf["page"]) is not int:
            return None
        return cls(**leaf) if all(isinstance(leaf[name], str) for name in names) else None

    def turned(self, action: str) -> "Leaf":
        """The page that a press leads to."""
        return replace(self, page=self.page + {PREVIOUS: -1, NEXT: 1}.get(action, 0))


def loading(leaf: Leaf) -> Block:
    """The modal while its content is on its way."""
    return saying(leaf, words.DETAILS_LOADING)


def saying(leaf: Leaf, *sentences: str) -> Block:
    """A modal with nothing but sentences of ours."""
    return _modal(leaf, [_section(sentence) for sentence in sentences])


def showing(leaf: Leaf, steps: Sequence[TimedStep], *notes: str) -> Block:
    """The modal with one page of everything known about the steps; a page that is not there is the nearest one.

    `notes` are sentences of ours, before everything else.
    """
    content = [*map(_section, notes), *unfolded(steps)] if steps else []
    if not content:
        return saying(leaf, *notes or (words.DETAILS_NONE,))
    pages = paged(content)
    leaf = replace(leaf, page=min(max(leaf.page, 0), len(pages) - 1))
    frame = _turning(leaf.page, len(pages)) if len(pages) > 1 else []
    return _modal(leaf, [*pages[leaf.page], *frame])


def unfolded(steps: Sequence[TimedStep]) -> list[Block]:
    """Every step with everything known of it, nothing cut, each text within the limit of one text."""
    return [made for place, timed in enumerate(steps) for made in _step(place, timed)]


def paged(blocks: Sequence[Block]) -> list[list[Block]]:
    """The blocks in as few pages as the limits of a modal allow."""
    pages: list[list[Block]] = []
    left = 0
    for made in blocks:
        bytes_ = len(json.dumps(made)) + _SEPARATOR
        if not pages or bytes_ > left or len(pages[-1]) == VIEW_BLOCKS - FRAME_BLOCKS:
            pages.append([])
            left = VIEW_BYTES - FRAME_BYTES
        pages[-1].append(made)
        left -= bytes_
    return pages


def split(whole: str, limit: int) -> Iterator[str]:
    """A text in pieces of at most that many characters: at a line's end, which is left out, where one is near."""
    while len(whole) > limit:
        at = whole.rfind("\n", limit // 2, limit + 1)
        at, skip = (limit, 0) if at < 0 else (at, 1)
        yield whole[:at]
        whole = whole[at + skip :]
    if whole:
        yield whole


def _step(place: int, timed: TimedStep) -> Iterator[Block]:
    if place:
        yield {"type": "divider"}
    yield block([headline(timed)])
    for piece in pieces(timed.step):
        if piece.form is Form.LINK:
            yield block(piece.elements())
            continue
        for part, said in enumerate(split(piece.words, TEXT_CHARS)):
            yield block(replace(piece, words=said, lead="" if part else piece.lead).elements())


def _turning(page: int, pages: int) -> list[Block]:
    """Which page this is, and buttons to those before and after it."""
    here = words.DETAILS_PAGE.format(page=page + 1, pages=pages)
    buttons = [
        *([_button(PREVIOUS, words.DETAILS_PREVIOUS)] if page else []),
        *([_button(NEXT, words.DETAILS_NEXT)] if page + 1 < pages else []),
    ]
    return [{"type": "context", "elements": [_plain(here)]}, {"type": "actions", "elements": buttons}]


def _modal(leaf: Leaf, blocks: Sequence[Block]) -> Block:
    return {
        "type": "modal",
        "title": _plain(words.DETAILS_TITLE),
        "close": _plain(words.DETAILS_CLOSE),
        "private_metadata": leaf.written(),
        "blocks": list(blocks),
    }


def _button(action: str, label: str) -> Block:
    return {"type": "button", "action_id": action, "text": _plain(label)}


def _section(sentence: str) -> Block:
    return {"type": "section", "text": _plain(sentence)}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
