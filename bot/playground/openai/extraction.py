"""Text out of uploaded documents, as file search reads them, and passages out of text."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from bot.playground.openai.context import CHARACTERS_PER_TOKEN, count_text

_EXTENSIONS = "c cpp cs css doc docx go html java js json md pdf php pptx py rb sh tex ts txt"
SUPPORTED = frozenset(_EXTENSIONS.split())  # reference/openai-platform.md §4 "Supported extensions (exact)"
MAX_TOKENS = 5_000_000  # per file; reference/openai-platform.md §4

MESSAGES = {
    "server_error": "An internal error occurred.",
    "unsupported_file": "The file type is not supported.",
    "invalid_file": "The file could not be parsed because it is invalid.",
}
"""What `last_error` says (the second as seen in openai/openai-openapi#300; the others UNVERIFIED)."""


class Unreadable(Exception):
    """The document cannot be indexed: a `last_error` code and a message."""

    def __init__(self, code: str, why: str | None = None) -> None:
        known = MESSAGES[code]
        self.code = code
        self.message = f"The file could not be parsed because it is {why}." if why else known
        super().__init__(self.message)


def extension_of(filename: str) -> str:
    """The extension in lower case and without its dot, or ""."""
    return Path(filename).suffix.lower().removeprefix(".")


def text_of_file(path: Path, filename: str) -> str:
    """All text of a document of a supported extension; Unreadable when there is none."""
    text = _reader(extension_of(filename))(path)
    if not text.strip():
        raise Unreadable("invalid_file", "empty")
    if count_text(text) > MAX_TOKENS:
        raise Unreadable("invalid_file", "too large")  # the words of openai/openai-openapi#300
    return text


def _plain(path: Path) -> str:
    """UTF-8, UTF-16 or ASCII (reference/openai-platform.md §4); anything else is no text."""
    data = path.read_bytes()
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("unsupported_file") from None
    if "\0" in text:
        raise Unreadable("unsupported_file")
    return text


class _Visible(HTMLParser):
    """Collects what a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self._hidden <= 0:
            self.pieces.append(data)


def _html(path: Path) -> str:
    page = _Visible()
    page.feed(_plain(path))
    return "".join(page.pieces)


def _doc(path: Path) -> str:
    """The old binary format: the real service reads it, this emulator has no well-kept library that does."""
    raise Unreadable("unsupported_file")


def _reader(extension: str) -> Callable[[Path], str]:
    if extension in ("pdf", "docx", "pptx"):
        from bot.playground.openai import office  # its libraries take most of a second to import

        return office.READERS[extension]
    return {"html": _html, "doc": _doc}.get(extension, _plain)


def passages(text: str, size: int, overlap: int) -> list[str]:
    """The text in passages of so many tokens, each repeating that many of the one before; begun at a word."""
    width, step = size * CHARACTERS_PER_TOKEN, (size - overlap) * CHARACTERS_PER_TOKEN
    cut: list[str] = []
    start = 0
    while start < len(text):
        cut.append(text[start : start + width].strip())
        if start + width >= len(text):
            break
        following = text.find(" ", start + step, start + width)
        start = following + 1 if following >= 0 else start + step
    return [passage for passage in cut if passage]
