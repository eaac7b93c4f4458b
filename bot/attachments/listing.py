"""The files of a thread or a conversation, as the pages of a modal. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from bot import words
from storage.file_records import LIBRARY, FilePlace, PlaceState

Block = dict[str, Any]

PER_PAGE = 20  # files; two blocks each, of the 100 that a modal may have (reference/slack-platform.md §3.1)
NAME_CHARS = 75
"""Characters of a name that are shown where it could be longer: all words of a confirmation stay far below 300."""

REMOVE = "files_remove"
PREVIOUS = "files_previous"
NEXT = "files_next"

METADATA_CHARS = 3_000  # of a modal's private metadata (§3.1)
VALUE_CHARS = 2_000  # of a button's value (§3.2)

UNITS = (("MB", 1_000_000), ("KB", 1_000))


@dataclass(frozen=True, slots=True)
class Listing:
    """Which files a modal lists, to whom, and which page of them: its private metadata."""

    team: str
    channel: str
    user: str
    thread_ts: str = ""  # empty: those of the whole conversation
    page: int = 0  # from 0, the newest first

    def written(self) -> str:
        """The modal's metadata."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, metadata: str) -> Self | None:
        """What the metadata says, to be checked by whoever reads it; None where it is not of ours."""
        try:
            said = json.loads(metadata)
        except ValueError:
            return None
        names = ("team", "channel", "user", "thread_ts")
        if not isinstance(said, Mapping) or said.keys() != {*names, "page"} or type(said["page"]) is not int:
            return None
        return cls(**said) if all(isinstance(said[name], str) for name in names) else None

    def turned(self, action: str) -> "Listing":
        """The page that a press leads to."""
        return replace(self, page=self.page + {PREVIOUS: -1, NEXT: 1}.get(action, 0))


@dataclass(frozen=True, slots=True)
class Entry:
    """One file on one message, for all the uses it is put to."""

    places: tuple[FilePlace, ...]

    @property
    def ids(self) -> frozenset[int]:
        """Its places."""
        return frozenset(place.id for place in self.places)

    @property
    def uploader(self) -> str:
        """Who posted it."""
        return self.places[0].uploader

    def may_be_removed_by(self, user: str, admins: Collection[str]) -> bool:
        """Whether somebody may remove it: whoever posted it, and administrators."""
        return user == self.uploader or user in admins


def entries(places: Sequence[FilePlace]) -> list[Entry]:
    """The files, those of the newest messages first."""
    grouped: dict[tuple[str, str, str], list[FilePlace]] = {}
    for place in sorted(places, key=lambda it: (float(it.message_ts), it.id), reverse=True):
        grouped.setdefault((place.message_ts, place.thread_ts, place.slack_file_id), []).append(place)
    return [Entry(tuple(its)) for its in grouped.values()]


def loading(listing: Listing) -> Block:
    """The modal while its content is on its way."""
    return saying(listing, words.FILES_LOADING)


def saying(listing: Listing, sentence: str) -> Block:
    """A modal with nothing but a sentence of ours."""
    return _modal(listing, [{"type": "section", "text": _plain(sentence)}])


def showing(
    listing: Listing, listed: Sequence[Entry], names: Mapping[str, str], admins: Collection[str], note: str = ""
) -> Block:
    """The modal with one page of the files; a page that is not there is the nearest one.

    `names`: what people are called. `note`: a sentence of ours before everything else.
    """
    if not listed:
        return saying(listing, words.FILES_NONE_IN_THREAD if listing.thread_ts else words.FILES_NONE_IN_CHANNEL)
    pages = (len(listed) + PER_PAGE - 1) // PER_PAGE
    listing = replace(listing, page=min(max(listing.page, 0), pages - 1))
    begin = listing.page * PER_PAGE
    blocks = [{"type": "section", "text": _plain(note)}] if note else []
    for entry in listed[begin : begin + PER_PAGE]:
        blocks += _entry(listing, entry, names.get(entry.uploader, entry.uploader), admins)
    return _modal(listing, [*blocks, *(_turning(listing, pages, len(listed)) if pages > 1 else [])])


def place_ids(value: str) -> frozenset[int]:
    """The places that a button is about, to be checked; none where it is not ours."""
    ids = value[:VALUE_CHARS].split(",")
    return frozenset(int(one) for one in ids if one.isascii() and one.isdigit() and len(one) < 19)


def size(count: int) -> str:
    """Bytes as people say them: "812 bytes", "12 KB", "3.4 MB"."""
    for name, unit in UNITS:
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{count} bytes"


def _entry(listing: Listing, entry: Entry, uploader: str, admins: Collection[str]) -> list[Block]:
    first = entry.places[0]
    head: Block = {"type": "section", "text": _plain(first.shown)}
    if entry.may_be_removed_by(listing.user, admins):
        head["accessory"] = _remove(entry)
    about = (size(first.file.size), words.FILES_UPLOADER.format(name=_cut(uploader)), *_standing(listing, entry))
    return [
        head,
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": _date(first.message_ts)}, *map(_plain, about)],
        },
    ]


def _standing(listing: Listing, entry: Entry) -> tuple[str, str]:
    """How far it is, and who can search it."""
    return _state(entry), _scope(listing, entry)


def _state(entry: Entry) -> str:
    for place in entry.places:
        if place.state is PlaceState.FAILED:
            return words.FILES_FAILED.get(place.error or "", words.FILES_FAILED["server_error"])
    for place in entry.places:
        if place.state is not PlaceState.READY:
            return words.FILES_STATES["searching" if place.searched else "attaching"]
    return words.FILES_STATES["ready"]


def _scope(listing: Listing, entry: Entry) -> str:
    if any(place.scope == LIBRARY for place in entry.places):
        return words.FILES_LIBRARY
    return words.FILES_THIS_THREAD if listing.thread_ts else words.FILES_ONE_THREAD


def _remove(entry: Entry) -> Block:
    """The button, which asks once more."""
    text = words.FILES_REMOVE_TEXT.format(name=_cut(entry.places[0].shown))
    return {
        "type": "button",
        "action_id": REMOVE,
        "text": _plain(words.FILES_REMOVE),
        "value": ",".join(str(id_) for id_ in sorted(entry.ids)),
        "confirm": {
            "title": _plain(words.FILES_REMOVE_TITLE),
            "text": _plain(text),
            "confirm": _plain(words.FILES_REMOVE),
            "deny": _plain(words.FILES_KEEP),
            "style": "danger",
        },
    }


def _date(ts: str) -> str:
    """When it was posted, by the reader's clock (docs.slack.dev/messaging/formatting-message-text)."""
    seconds = int(float(ts))
    fallback = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    return f"<!date^{seconds}^{{date_short_pretty}} {{time}}|{fallback}>"


def _turning(listing: Listing, pages: int, count: int) -> list[Block]:
    """Which page this is, and buttons to those before and after it."""
    here = words.FILES_PAGE.format(page=listing.page + 1, pages=pages, count=count)
    buttons = [
        *([_button(PREVIOUS, words.FILES_PREVIOUS)] if listing.page else []),
        *([_button(NEXT, words.FILES_NEXT)] if listing.page + 1 < pages else []),
    ]
    return [{"type": "context", "elements": [_plain(here)]}, {"type": "actions", "elements": buttons}]


def _modal(listing: Listing, blocks: Sequence[Block]) -> Block:
    return {
        "type": "modal",
        "title": _plain(words.FILES_TITLE),
        "close": _plain(words.FILES_CLOSE),
        "private_metadata": listing.written(),
        "blocks": list(blocks),
    }


def _button(action: str, label: str) -> Block:
    return {"type": "button", "action_id": action, "text": _plain(label)}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _cut(name: str) -> str:
    return name if len(name) <= NAME_CHARS else name[: NAME_CHARS - 1] + "…"
