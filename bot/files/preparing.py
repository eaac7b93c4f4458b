"""From the bytes that Slack gave to the bytes that OpenAI gets, as their route says."""

from dataclasses import dataclass, replace
from pathlib import Path

from bot.files import sentences
from bot.files.images import Picture, Seen, to_picture
from bot.files.kinds import Change, Reason, Refused, Route
from bot.files.names import extension, upload_name
from bot.files.tables import to_csv
from bot.files.text import to_utf8

MIMES = {
    "css": "text/css",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "flac": "audio/flac",
    "html": "text/html",
    "jpg": "image/jpeg",
    "json": "application/json",
    "m4a": "audio/mp4",
    "md": "text/markdown",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "odt": "application/vnd.oasis.opendocument.text",
    "ogg": "audio/ogg",
    "pdf": "application/pdf",
    "pkl": "application/octet-stream",
    "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "rtf": "application/rtf",
    "tar": "application/x-tar",
    "wav": "audio/wav",
    "webm": "video/webm",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}
"""By extension; every other text is text/plain."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A file as it is sent: `path` is where it was downloaded to, or where it was written anew."""

    route: Route
    path: Path
    name: str
    mime: str
    size: int  # bytes
    changes: frozenset[Seen] = frozenset()

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of it: plain sentences."""
        return tuple(sentences.CHANGES[change].format(name=self.route.shown) for change in sorted(self.changes))


def prepare(route: Route, source: Path, target: Path) -> Ready | Refused:
    """Change the bytes where the route says so, writing to `target`. Blocks: call it in a thread."""
    if route.change is Change.PICTURE:
        return _picture(route, to_picture(source, target), target)
    if route.change is Change.NONE:
        return _ready(route, source, route.size)
    change = to_csv if route.change is Change.CSV else to_utf8
    size = change(source, target, route.encoding or "utf-8")
    return _ready(route, target, size)


def _picture(route: Route, picture: Picture | Reason, target: Path) -> Ready | Refused:
    if isinstance(picture, Reason):
        return Refused(picture, route.shown)
    named = replace(route, name=upload_name(route.shown, picture.extension))
    return replace(_ready(named, target, picture.size), changes=picture.changes)


def _ready(route: Route, path: Path, size: int) -> Ready:
    return Ready(route, path, route.name, MIMES.get(extension(route.name), "text/plain"), size)
