"""The files of a workspace: what is kept of them, and what Slack says of them; pure.

Shapes: docs.slack.dev/reference/objects/file-object and reference/slack-platform.md §4.1.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.playground.slack.file_kinds import kind_of
from bot.playground.slack.records import Json

CHUNK = 64 * 1024  # bytes read and sent at a time
HIDDEN, TOMBSTONE = "hidden_by_limit", "tombstone"
VISIBLE, CHECK, DENIED = "visible", "check_file_info", "access_denied"  # values of `file_access`
_AFTER_PROCESSING = ("mimetype", "filetype", "pretty_type", "size")  # missing for a moment, slack-platform.md §4.2
_PREVIEW_CHARS = 500  # of snippets, posts and emails; no number is documented


@dataclass(slots=True)
class Delivery:
    """How the bytes of a file are served.

    `hops` are origins, or whole URLs, to which the download is redirected one after the other; `pace` is how many
    seconds of the clock pass before each `chunk` bytes; after `cut_after` bytes the connection is reset.
    """

    hops: tuple[str, ...] = ()
    pace: float = 0.0
    chunk: int = CHUNK
    cut_after: int | None = None
    with_length: bool = True  # tell the true Content-Length, or none
    content_type: str | None = None  # instead of the file's own


@dataclass(frozen=True, slots=True)
class Download:
    """One request for a file's bytes, at whichever host it arrived."""

    file_id: str
    host: str
    path: str
    authorization: str | None
    at: float


@dataclass(slots=True)
class Upload:
    """A file on its way in three steps: slack-platform.md §4.3."""

    file_id: str
    key: str  # the end of the upload URL
    filename: str
    length: int
    alt_txt: str | None = None
    snippet_type: str | None = None
    content: Path | None = None  # after step 2
    authorization: str | None = None  # what step 2 sent, though it needs none
    completed: bool = False  # after step 3


@dataclass(eq=False, slots=True)
class File:
    """A file; `shown` is the object which every message that carries it shows, always as it is now."""

    id: str
    user: str
    content: bytes | Path
    fields: Json  # all that can be told of it
    access: str = VISIBLE
    ready: bool = True  # False while Slack processes it
    deleted: bool = False
    delivery: Delivery = field(default_factory=Delivery)
    shown: Json = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """hosted, snippet, post, email, quip, list, external, hidden_by_limit or tombstone."""
        return TOMBSTONE if self.deleted else str(self.fields.get("mode", "hosted"))

    def refresh(self) -> None:
        """Bring `shown` up to date."""
        now = self._now()
        self.shown.clear()
        self.shown.update(now)

    def processed(self) -> None:
        """Slack has looked into it: its mimetype and size are known from now on."""
        self.ready = True
        self.refresh()

    def told(self) -> Json:
        """What files.info tells, but for where it is shared."""
        if self.mode == HIDDEN:  # docs.slack.dev/changelog 2019-03, "Wild West no more"
            return {"id": self.id, "mode": HIDDEN}
        unknown = () if self.ready else _AFTER_PROCESSING
        return {key: value for key, value in self.fields.items() if key not in unknown}

    def _now(self) -> Json:
        if self.deleted:
            return {"id": self.id, "mode": TOMBSTONE}
        return self.told() if self.access == VISIBLE else stub(self.id, self.access)


def stub(file_id: str, access: str = CHECK) -> Json:
    """What an app is told of a file that it must ask for: docs.slack.dev/apis/slack-connect."""
    return {"id": file_id, "created": 0, "timestamp": 0, "mode": "file_access", "file_access": access, "user": ""}


def size_of(content: bytes | Path) -> int:
    """How many bytes that is."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def chunks(content: bytes | Path, size: int = CHUNK) -> Iterator[bytes]:
    """The bytes, a few at a time."""
    if isinstance(content, bytes):
        yield from (content[at : at + size] for at in range(0, len(content), size))
        return
    with content.open("rb") as source:
        while piece := source.read(size):
            yield piece


def start_of(content: bytes | Path) -> str:
    """The first characters, as previews show them."""
    return next(chunks(content, _PREVIEW_CHARS * 4), b"").decode("utf-8", "replace")[:_PREVIEW_CHARS]


def in_url(name: str) -> str:
    """The name as it stands in the file's addresses."""
    return re.sub(r"[^a-z0-9._-]", "_", name.lower()) or "_"


def places(origin: str, team: str, file_id: str, name: str) -> Json:
    """The two addresses from which the bytes come; files.slack.com is at `origin` here."""
    base, tail = f"{origin}/files-pri/{team}-{file_id}", in_url(name)
    return {"url_private": f"{base}/{tail}", "url_private_download": f"{base}/download/{tail}"}


def describe(name: str, mimetype: str | None, content: bytes | Path) -> Json:
    """What is told of every file, whatever its mode."""
    filetype, pretty, usual = kind_of(name)
    return {
        "name": name,
        "title": name,
        "mimetype": mimetype or usual,
        "filetype": filetype,
        "pretty_type": pretty,
        "size": size_of(content),
        "mode": "hosted",
        "editable": False,
        "is_external": False,
        "external_type": "",
        "is_public": False,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "comments_count": 0,
        "is_starred": False,
        "has_rich_preview": False,
        "file_access": VISIBLE,
    }


def of_mode(mode: str, content: bytes | Path) -> Json:
    """What a file of that mode has besides, or instead."""
    shapes = {
        "snippet": _snippet,
        "post": _post,
        "email": _email,
        "quip": lambda _: _surface("quip", "application/vnd.slack-docs", "Canvas"),
        "list": lambda _: _surface("list", "application/vnd.slack-list", "List"),
        "external": _external,
    }
    return {"mode": mode, **(shapes[mode](content) if mode in shapes else {})}


def _snippet(content: bytes | Path) -> Json:
    text = start_of(content)
    lines = text.count("\n") + 1
    return {"editable": True, "preview": text, "lines": lines, "lines_more": 0, "preview_is_truncated": False}


def _post(content: bytes | Path) -> Json:
    return {
        "filetype": "post",
        "pretty_type": "Post",
        "mimetype": "text/plain",
        "editable": True,
        "preview": start_of(content),
    }


def _email(content: bytes | Path) -> Json:
    sender = {"address": "ann@example.com", "name": "Ann", "original": "Ann <ann@example.com>"}
    return {
        "filetype": "email",
        "pretty_type": "Email",
        "mimetype": "text/html",
        "from": [sender],
        "to": [{"address": "team@example.com", "name": "", "original": "team@example.com"}],
        "cc": [],
        "subject": "",
        "attachments": [],
        "plain_text": start_of(content),
        "preview": start_of(content),
        "preview_plain_text": start_of(content),
        "has_more": False,
    }


def _surface(kind: str, mimetype: str, pretty: str) -> Json:
    """A canvas or a list: a reference, whose bytes are Slack's own HTML."""
    return {"filetype": kind, "pretty_type": pretty, "mimetype": mimetype, "editable": True}


def _external(_content: bytes | Path) -> Json:
    """A file that lies elsewhere: the token opens nothing there."""
    address = "https://docs.google.com/document/d/emulated/edit"
    return {
        "is_external": True,
        "external_type": "gdrive",
        "external_id": "emulated",
        "external_url": address,
        "url_private": address,
        "filetype": "gdoc",
        "pretty_type": "GDocs Document",
        "mimetype": "application/vnd.google-apps.document",
        "has_rich_preview": True,
    }


def clip(subtype: str, seconds: float) -> Json:
    """What a recorded clip has besides: `subtype` is slack_audio or slack_video."""
    return {
        "subtype": subtype,
        "media_display_type": subtype.removeprefix("slack_"),
        "duration_ms": round(seconds * 1000),
        "transcription": {"status": "processing"},
    }


def ids_in(files: object) -> set[str]:
    """The ids of those file objects, whatever else they are."""
    known = files if isinstance(files, list) else []
    return {str(file["id"]) for file in known if isinstance(file, Mapping) and "id" in file}
