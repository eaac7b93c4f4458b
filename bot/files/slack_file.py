"""Slack's description of a file, read so that no JSON can break it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.files.hosts import is_slack_page
from bot.files.names import NAMELESS, extension

LONGEST = 4_000
"""Characters of a field: names of 1,000 exist, and nothing of ours needs more."""

_EXTENSIONS = {
    "canvas": "html",
    "cpp": "cpp",
    "csharp": "cs",
    "javascript": "js",
    "latex": "tex",
    "list": "html",
    "markdown": "md",
    "post": "txt",
    "python": "py",
    "quip": "html",
    "ruby": "rb",
    "shell": "sh",
    "text": "txt",
    "typescript": "ts",
}
"""Slack's filetypes that are no extension (docs.slack.dev/reference/objects/file-object).

Canvases and lists are served as HTML (reference/slack-platform.md §4.1).
"""

_PAGES = frozenset({"html", "quip", "canvas", "list", "email", "post", "space", "docs"})
"""Filetypes and modes that Slack itself serves as HTML."""

_MIMES = {"text/csv": "csv", "text/tab-separated-values": "tsv", "text/html": "html", "application/json": "json"}


@dataclass(frozen=True, slots=True)
class SlackFile:
    """A file as Slack describes it. What it did not say is empty; of the content none of it is to be believed."""

    id: str
    name: str  # as people called it: make it safe before it is shown
    title: str = ""
    mimetype: str = ""
    filetype: str = ""
    mode: str = ""
    subtype: str = ""  # slack_audio, slack_video: recorded in Slack
    access: str = ""  # Slack's file_access: check_file_info, access_denied, …
    user: str = ""
    permalink: str = ""  # a page of Slack's, or empty
    external_type: str = ""
    size: int = 0  # bytes, as claimed; 0 where Slack does not know yet
    timestamp: int = 0  # seconds since the epoch
    duration_ms: int = 0
    is_external: bool = False
    url: str | None = None  # where its bytes are, for our token
    text: str | None = None  # the whole of an email: there is nothing else to download

    @property
    def extension(self) -> str:
        """Of its name; else what Slack takes it for (a snippet has no name). Lower case, no dot."""
        if self.text is not None:
            return "txt"
        if ended := extension(self.name):
            return ended
        known = _EXTENSIONS.get(self.filetype) or _MIMES.get(self.mimetype.partition(";")[0].strip().lower())
        return known or (extension(f"x.{self.filetype}") if self.filetype not in ("auto", "binary") else "")

    @property
    def is_clip(self) -> bool:
        """Recorded in Slack: the recording is the message."""
        return self.subtype in ("slack_audio", "slack_video")

    @property
    def may_be_html(self) -> bool:
        """Whether an HTML answer can be the file; otherwise it is Slack's login page."""
        return "html" in self.mimetype.lower() or not {self.filetype, self.mode, self.extension}.isdisjoint(_PAGES)


def files_of(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The files on a message, whatever JSON it is."""
    files = message.get("files")
    return [file for file in files if isinstance(file, Mapping)] if isinstance(files, list) else []


def parse_file(json: Any) -> SlackFile:
    """Read one of a message's `files`, or the `file` of `files.info` (reference/slack-platform.md §4.1)."""
    said = json if isinstance(json, Mapping) else {}
    title = _string(said, "title")
    return SlackFile(
        id=_string(said, "id"),
        name=_string(said, "name") or title or NAMELESS,
        title=title,
        mimetype=_string(said, "mimetype"),
        filetype=_string(said, "filetype").lower(),
        mode=_string(said, "mode"),
        subtype=_string(said, "subtype"),
        access=_string(said, "file_access"),
        user=_string(said, "user"),
        permalink=_page(said, "permalink"),
        external_type=_string(said, "external_type"),
        size=_count(said, "size"),
        timestamp=_count(said, "created") or _count(said, "timestamp"),
        duration_ms=_count(said, "duration_ms"),
        is_external=said.get("is_external") is True,
        url=_url(said, "url_private_download") or _url(said, "url_private"),
        text=_email(said),
    )


def _clean(text: str) -> str:
    """What databases and UTF-8 refuse is gone: NUL, and halves of characters that JSON can hold."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _string(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return _clean(value[:LONGEST]) if isinstance(value, str) else ""


def _count(said: Mapping[str, Any], key: str) -> int:
    """A whole number of at least 0 that any database holds."""
    value = said.get(key)
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**63
    return min(int(value), 2**63 - 1) if known else 0  # type: ignore[arg-type]


def _url(said: Mapping[str, Any], key: str) -> str | None:
    value = _string(said, key)
    return value if value.startswith(("https://", "http://")) else None


def _page(said: Mapping[str, Any], key: str) -> str:
    value = _string(said, key)
    return value if is_slack_page(value) else ""


def _email(said: Mapping[str, Any]) -> str | None:
    """An email that was sent to Slack: its heading and its text. Attachments are not in it."""
    body = said.get("plain_text")
    if not isinstance(body, str) or "email" not in (said.get("mode"), said.get("filetype")):
        return None
    lines = [
        f"{word.capitalize()}: {value}" for word in ("from", "to", "cc") if (value := _people(said.get(word)))
    ]
    subject = _string(said, "subject") or _string(said, "title")
    return "\n".join([*lines, *([f"Subject: {subject}"] if subject else []), "", _clean(body)])


def _people(value: Any) -> str:
    people = [person for person in value if isinstance(person, Mapping)] if isinstance(value, list) else []
    return ", ".join(
        filter(None, (_string(person, "original") or _string(person, "address") for person in people))
    )
