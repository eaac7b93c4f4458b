"""Files and images in what the model is to read: there, small enough, and of a kind that it reads."""

import base64
import binascii
import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from bot.playground.openai.errors import ApiError, invalid
from bot.playground.openai.extraction import Unreadable, extension_of, text_of_file
from bot.playground.openai.files import Files
from bot.playground.openai.script import Json

MAX_FILE_BYTES = 50 * 1024 * 1024  # each `input_file`, and all of a request; reference/openai-platform.md §6
MAX_IMAGE_BYTES = 512 * 1024 * 1024  # all images of a request; reference/openai-platform.md §6
MAX_IMAGES = 1500  # of a request; reference/openai-platform.md §6
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
READ = ["image/jpeg", "image/png", "image/gif", "image/webp"]

NOT_FILES = "7z aac avi bin bmp dll dmg exe flac gif gz heic iso jpeg jpg m4a mkv mov mp3 mp4 ogg pkl png rar so"
NOT_FILES += " svg tar tif tiff wav webm webp zip"
"""Extensions of what is certainly no document; the real list of what is one is long (reference §6)."""


class Inputs:
    """Looks at the parts of messages that are more than text."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def check(self, items: list[Json]) -> None:
        """Refuse what the model could not be given."""
        sizes = [self._file(part) for part in parts(items, "input_file")]
        if sum(sizes) > MAX_FILE_BYTES:
            raise _too_large(sum(sizes))
        images = [self._image(part) for part in parts(items, "input_image")]
        if len(images) > MAX_IMAGES or sum(images) > MAX_IMAGE_BYTES:
            raise invalid("The request holds too many images, or too large ones.", "input", "image_too_large")

    def _file(self, part: Json) -> int:
        """Its size in bytes; a File that is gone is refused (trap 23), how exactly is UNVERIFIED."""
        if part.get("file_id"):
            found = self._files.find(part["file_id"], "input")
            _document(found.filename)
            size = found.size
        elif part.get("file_data"):
            _document(part.get("filename") or "")
            size = len(decoded(part["file_data"]))
        else:
            return 0
        if size > MAX_FILE_BYTES:
            raise _too_large(size)
        return size

    def _image(self, part: Json) -> int:
        if part.get("file_id"):
            data = self._files.find(part["file_id"], "input").data()
        elif str(part.get("image_url")).startswith("data:"):
            data = decoded(part["image_url"])
        else:
            return 0
        _still_image(data)
        return len(data)

    def documents(self, items: list[Json]) -> list[tuple[str, str]]:
        """Name and text of every file that can be read."""
        found: list[tuple[str, str]] = []
        for file in self.attached(items):
            try:
                found.append((file[0], text_of_file(file[1], file[0])))
            except Unreadable:
                continue
        return found

    def attached(self, items: list[Json]) -> list[tuple[str, Path]]:
        """Name and place of every File among the parts."""
        held = [self._files.find(part["file_id"]) for part in parts(items, "input_file") if part.get("file_id")]
        return [(file.filename, file.path) for file in held]


def parts(items: list[Json], kind: str) -> Iterator[Json]:
    """The content parts of that type, in messages and in the outputs of functions."""
    for item in items:
        content = item.get("output") if item["type"] == "function_call_output" else item.get("content")
        if isinstance(content, list):
            yield from (part for part in content if part["type"] == kind)


def file_ids(items: list[Json]) -> list[str]:
    """The Files that the items name."""
    return [
        part["file_id"]
        for kind in ("input_file", "input_image")
        for part in parts(items, kind)
        if part.get("file_id")
    ]


def decoded(url: str) -> bytes:
    """The bytes of a `data:…;base64,…` address."""
    head, comma, data = url.partition(",")
    if not head.startswith("data:") or not head.endswith(";base64") or not comma:
        raise invalid("Invalid data: expected a data URL with base64 encoding.", "input", "invalid_value")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise invalid("Invalid base64 data.", "input", "invalid_value") from None


def _document(filename: str) -> None:
    if not filename or extension_of(filename) in NOT_FILES.split():  # the sentence of openai/openai-node#1560
        raise invalid("The file type you uploaded is not supported. Please try again with a pdf", "input")


def _too_large(size: int) -> ApiError:
    return invalid(f"Files exceed the limit of {MAX_FILE_BYTES} bytes: {size} bytes.", "input")


def _still_image(data: bytes) -> None:
    """PNG, JPEG, WebP or a GIF that does not move (reference/openai-platform.md §6)."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            good = image.format != "GIF" or not getattr(image, "is_animated", False)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        good = False
    if not good:
        message = "The image data you provided does not represent a valid image. Please check your input and try"
        message = f"{message} again with one of the following image formats: {READ}."
        raise invalid(message, "input", "invalid_image_format")
