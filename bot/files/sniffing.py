"""What a file is by its content, whatever it is called."""

import re
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from bot.files.archives import Contents, ole_streams, zip_contents
from bot.files.text import encoding_in, encoding_of

HEAD = 8192
"""Bytes at the beginning of a file by which it is known."""


class Kind(StrEnum):
    """What a file is. Where OpenAI takes it as it is, the value is the extension it wants."""

    EMPTY = "nothing"
    TEXT = "txt"
    HTML = "html"
    PDF = "pdf"
    DOC = "doc"
    DOCX = "docx"
    PPTX = "pptx"
    XLSX = "xlsx"
    XLS = "xls"
    PPT = "ppt"
    RTF = "rtf"
    ODT = "odt"
    LOCKED = "a locked document"
    ZIP = "zip"
    TAR = "tar"
    PICKLE = "pkl"
    PNG = "png"
    JPEG = "jpg"
    WEBP = "webp"
    GIF = "gif"
    TIFF = "tiff"
    BMP = "bmp"
    AVIF = "avif"
    HEIC = "heic"
    FLAC = "flac"
    MP3 = "mp3"
    MP4 = "mp4"
    MPEG = "mpeg"
    M4A = "m4a"
    OGG = "ogg"
    WAV = "wav"
    WEBM = "webm"
    OTHER_MEDIA = "a recording"
    BROKEN = "a damaged file"
    UNKNOWN = "unknown"


class Found(NamedTuple):
    """What was found."""

    kind: Kind
    encoding: str | None = None  # of text
    unpacked: int = 0  # bytes that a zip or a document made of one claims to hold
    slides: int = 0


_BY_EXTENSION = {
    **{f".{kind}": kind for kind in Kind if kind.isalnum()},
    **dict.fromkeys((".jpeg", ".jpe", ".jfif"), Kind.JPEG),
    **dict.fromkeys((".tif",), Kind.TIFF),
    **dict.fromkeys((".heif", ".heics"), Kind.HEIC),
    **dict.fromkeys((".mpga",), Kind.MP3),
    **dict.fromkeys((".oga", ".ogv", ".ogx", ".opus", ".spx"), Kind.OGG),
    **dict.fromkeys((".mpg", ".vob"), Kind.MPEG),
    **dict.fromkeys((".m4v", ".f4v"), Kind.MP4),
    **dict.fromkeys((".m4b", ".f4a"), Kind.M4A),
    **dict.fromkeys((".pickle",), Kind.PICKLE),
    **dict.fromkeys((".mov", ".3gp", ".3g2", ".mkv", ".avi", ".aac", ".aif", ".aiff", ".amr"), Kind.OTHER_MEDIA),
    **dict.fromkeys((".wma", ".wmv", ".flv", ".mid", ".asf", ".caf", ".au"), Kind.OTHER_MEDIA),
}
_GUESSED = frozenset(
    {Kind.TEXT, Kind.HTML, Kind.UNKNOWN}
)  # what puremagic shall not say of bytes that are no text
_HEIF_BRANDS = (b"mif1", b"msf1", b"heix", b"hevc", b"hevx", b"heim", b"heis")
_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_OLE = (
    ("EncryptedPackage", Kind.LOCKED),
    ("WordDocument", Kind.DOC),
    ("Workbook", Kind.XLS),
    ("Book", Kind.XLS),
    ("PowerPoint Document", Kind.PPT),
)
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument."
_OPEN_TEXT = _OPEN_DOCUMENT + b"text"
_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml")


def look(path: Path) -> Found:
    """Read as much of the file as it takes: its head, a zip's table of contents, all of a text."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        return Found(Kind.EMPTY)
    if head.startswith((b"%PDF-", b"{\\rtf")):  # they may well be plain ASCII
        return Found(Kind.PDF if head.startswith(b"%") else Kind.RTF)
    if encoding_in(head) and (encoding := encoding_of(path)):
        return Found(_text_kind(head, encoding), encoding)
    if head.startswith(b"PK"):
        return _zip(path, head)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Found(_ole(ole_streams(path)))
    return Found(_binary(head))


def _text_kind(head: bytes, encoding: str) -> Kind:
    return Kind.HTML if _HTML.match(head[:2048].decode(encoding, "ignore")) else Kind.TEXT


def _binary(head: bytes) -> Kind:
    if b"%PDF-" in head[:1024]:  # readers allow so much before it
        return Kind.PDF
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return Kind.AVIF if b"avif" in head[12:64] else Kind.HEIC
    import puremagic  # here, because it reads a large table: nobody may ever send a file

    try:
        matches = puremagic.magic_string(head)
    except puremagic.PureError:
        return Kind.UNKNOWN
    best = max(match.confidence for match in matches)
    kinds = [_BY_EXTENSION.get(match.extension) for match in matches if match.confidence == best]
    known = [kind for kind in kinds if kind and kind not in _GUESSED]
    return known[0] if known else Kind.UNKNOWN


def _zip(path: Path, head: bytes) -> Found:
    contents = zip_contents(path)
    if contents is None:
        return Found(Kind.BROKEN)
    slides = sum(bool(_SLIDE.fullmatch(name)) for name in contents.names)
    return Found(_zip_kind(contents, head), unpacked=contents.unpacked, slides=slides)


def _zip_kind(contents: Contents, head: bytes) -> Kind:
    if contents.has("[Content_Types].xml"):
        for name, kind in (
            ("word/document", Kind.DOCX),
            ("xl/workbook.xml", Kind.XLSX),
            ("ppt/presentation.xml", Kind.PPTX),
        ):
            if contents.has(name):
                return kind
    if head.startswith(_OPEN_DOCUMENT, 30):  # its first file, by OpenDocument 1.3, part 2, 3.3
        return Kind.ODT if head.startswith(_OPEN_TEXT, 30) else Kind.UNKNOWN
    return Kind.ZIP


def _ole(streams: frozenset[str]) -> Kind:
    return next((kind for name, kind in _OLE if name in streams), Kind.UNKNOWN)
