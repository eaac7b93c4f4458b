"""Multipart forms: fields as JSON, the file streamed to the disk and never held in memory."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

from aiohttp import BodyPartReader, web

from bot.playground.openai.disk import Disk
from bot.playground.openai.errors import ApiError, invalid
from bot.playground.openai.script import Json

CHUNK = 1 << 18  # bytes read at a time
NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


@dataclass(frozen=True, slots=True)
class Upload:
    """The file of a form, at `path` until somebody moves it away or the call ends."""

    path: Path
    filename: str
    size: int  # bytes
    content_type: str

    def about(self) -> Json:
        """What a recorded request says instead of the bytes."""
        return {"filename": self.filename, "bytes": self.size, "content_type": self.content_type}


async def read_form(request: web.Request, disk: Disk, limit: int) -> tuple[Json, Upload | None]:
    """The fields, with names such as `expires_after[anchor]` unfolded, and the file.

    ApiError 413 when the file has more than `limit` bytes (the sentence as transcriptions say it,
    for other calls UNVERIFIED); it is read to its end, so that the client hears of it.
    """
    fields: Json = {}
    upload = None
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise _unreadable()
            if part.filename is None:
                _put(fields, part.name, (await part.read()).decode())
            else:
                upload = await _saved(part, disk.new(), limit)
    except ValueError:
        raise _unreadable() from None
    return fields, upload


def _unreadable() -> ApiError:
    return invalid("Could not parse multipart form.", None)


async def _saved(part: BodyPartReader, path: Path, limit: int) -> Upload:
    size = 0
    with _opened(path) as file:
        while chunk := await part.read_chunk(CHUNK):
            size += len(chunk)
            if size <= limit:
                file.write(chunk)
    if size > limit:
        raise too_large(limit, size)
    kind = part.headers.get("Content-Type", "application/octet-stream")
    return Upload(path, _unescaped(part.filename or ""), size, kind)


def _unescaped(filename: str) -> str:
    """As it was before the client escaped it for a form (html.spec.whatwg.org, "multipart form data")."""
    for escaped, character in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        filename = filename.replace(escaped, character)
    return filename


def _opened(path: Path) -> IO[bytes]:
    return path.open("wb")


def too_large(limit: int, size: int) -> ApiError:
    """More than a call takes, as transcriptions say it (seen live, 2026)."""
    message = f"Maximum content size limit ({limit}) exceeded ({size} bytes read)"
    return ApiError(413, message, type="server_error")


def _put(fields: Json, name: str, value: str) -> None:
    """`a` is a string, `a[b]` a key of an object, `a[]` an entry of an array."""
    matched = NAME.fullmatch(name)
    if matched is None:
        raise _unreadable()
    keys = [matched[1], *re.findall(r"\[([^\[\]]*)\]", matched[2])]
    place: Any = fields
    for key, following in pairwise(keys):
        place = place.setdefault(key, [] if following == "" else {})
    if keys[-1] == "" and isinstance(place, list):
        place.append(value)
    elif isinstance(place, dict):
        place[keys[-1]] = value
    else:
        raise _unreadable()
