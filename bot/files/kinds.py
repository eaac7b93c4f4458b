"""What happens to which file: a route for every kind of file that Slack lets people post.

It goes by content. The extension decides only what OpenAI decides by extension, and what content cannot tell:
among texts, which are tables and which are code.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.files import sentences
from bot.files.names import extension, safe_name, upload_name
from bot.files.pdf import look_at_pdf
from bot.files.slack_file import SlackFile
from bot.files.sniffing import Found, Kind, look

MB = 1_000_000  # bytes

TRANSCRIBED = 25 * MB  # reference/openai-platform.md §6
INLINE = 50 * MB  # §6: of one input_file, and of all of one request together
UNPACKED = 50 * MB
"""What an office document may claim to hold, to be given to the model whole."""

SEARCHED_TEXT = frozenset({"c", "cpp", "cs", "css", "go", "html", "java", "js", "json", "md"}) | frozenset(
    {"php", "py", "rb", "sh", "tex", "ts", "txt"}
)
"""Extensions of text that file search takes; with .pdf, .doc, .docx and .pptx they are 21 (§4)."""


class Use(StrEnum):
    """Where a file goes."""

    SEARCH = "search"  # the channel's vector store
    SEARCH_AS_TEXT = "search_as_text"  # the same, under the name of a .txt
    CONTAINER = "container"  # the code interpreter
    INLINE = "inline"  # an input_file of this turn only
    IMAGE = "image"  # an input_image
    TRANSCRIBE = "transcribe"


class Change(StrEnum):
    """What is done to the bytes before they go."""

    NONE = "none"
    UTF8 = "utf8"  # bot/files/text.py
    CSV = "csv"  # tabs to commas, and UTF-8: bot/files/tables.py
    PICTURE = "picture"  # bot/files/images.py


class Reason(StrEnum):
    """Why a file goes nowhere; the sentence of each is in bot/files/sentences.py."""

    TOO_LARGE = "too_large"
    TOO_LARGE_TO_READ_WHOLE = "too_large_to_read_whole"
    TOO_LONG_TO_HEAR = "too_long_to_hear"
    TOO_MANY = "too_many"
    TOO_MANY_PIXELS = "too_many_pixels"
    EMPTY = "empty"
    ACCESS_DENIED = "access_denied"
    HIDDEN_BY_PLAN = "hidden_by_plan"
    EXTERNAL = "external"
    TOMBSTONE = "tombstone"
    UNREACHABLE = "unreachable"
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    HEIC = "heic"
    RECORDING = "recording"
    NEEDS_CODE = "needs_code"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows. Sizes in bytes."""

    max_file_bytes: int = 100 * MB
    inline_max_bytes: int = MB
    inline_max_pages: int = 20
    code_interpreter: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that goes nowhere. `name` is safe to show, `limit` is in bytes where the reason speaks of one."""

    reason: Reason
    name: str
    limit: int = 0

    @property
    def sentence(self) -> str:
        """What happened and what to do: plain text, one line."""
        return sentences.REFUSALS[self.reason].format(name=self.name, limit=_in_words(self.limit))


@dataclass(frozen=True, slots=True)
class Route:
    """A file that goes somewhere."""

    use: Use
    kind: Kind
    shown: str  # what people call it, safe to show
    name: str  # what it is uploaded as: its extension tells OpenAI what it is
    size: int  # bytes, as they came
    change: Change = Change.NONE
    encoding: str | None = None  # of a text, before it is UTF-8
    also_inline: bool = False  # small enough to be given to the model whole as well


class Sight(StrEnum):
    """What is to be done with a file that only Slack's words about it are known of."""

    ASK = "ask"  # `files.info` first
    FETCH = "fetch"  # download it
    WRITTEN = "written"  # there is nothing to download: `SlackFile.text` is the file


def at_sight(file: SlackFile, policy: Policy, *, asked: bool = False) -> Sight | Refused:
    """Decide by what Slack says of a file, before it is downloaded (reference/slack-platform.md §4.1).

    `asked`: this is what `files.info` answered, and asking again will not help.
    """
    if reason := _closed(file):
        return Refused(reason, safe_name(file.name))
    if file.size > policy.max_file_bytes:
        return Refused(Reason.TOO_LARGE, safe_name(file.name), policy.max_file_bytes)
    if file.text is not None:
        return Sight.WRITTEN
    if file.access == "check_file_info" or file.url is None:
        return Refused(Reason.UNREACHABLE, safe_name(file.name)) if asked else Sight.ASK
    return Sight.FETCH


def route(file: SlackFile, path: Path, policy: Policy) -> Route | Refused:
    """Decide by the bytes that were downloaded to `path`. Reads all of a text: call it in a thread."""
    size = path.stat().st_size
    if size > policy.max_file_bytes:
        return Refused(Reason.TOO_LARGE, safe_name(file.name), policy.max_file_bytes)
    return _routed(_Posted(file, path, size, look(path)), policy)


_REFUSED = {
    Kind.EMPTY: Reason.EMPTY,
    Kind.BROKEN: Reason.BROKEN,
    Kind.LOCKED: Reason.ENCRYPTED,
    Kind.HEIC: Reason.HEIC,
    Kind.OTHER_MEDIA: Reason.RECORDING,
    Kind.UNKNOWN: Reason.UNSUPPORTED,
}
_PICTURES = frozenset({Kind.PNG, Kind.JPEG, Kind.WEBP, Kind.GIF, Kind.TIFF, Kind.BMP, Kind.AVIF})
_RECORDINGS = frozenset(
    {Kind.FLAC, Kind.MP3, Kind.MP4, Kind.MPEG, Kind.M4A, Kind.OGG, Kind.WAV, Kind.WEBM}
)  # reference/openai-platform.md §6
_CLOSED_MODES = {
    "tombstone": Reason.TOMBSTONE,
    "hidden_by_limit": Reason.HIDDEN_BY_PLAN,
    "external": Reason.EXTERNAL,
}
_CLOSED_ACCESS = {
    "access_denied": Reason.ACCESS_DENIED,
    "not_visible": Reason.ACCESS_DENIED,
    "file_not_found": Reason.TOMBSTONE,
}


@dataclass(frozen=True, slots=True)
class _Posted:
    file: SlackFile
    path: Path
    size: int
    found: Found

    def to(
        self,
        use: Use,
        wanted: str | None = None,
        change: Change = Change.NONE,
        *,
        inline: bool = False,
        name: str | None = None,
    ) -> Route:
        """A route under the name that OpenAI wants; text is made UTF-8 on the way where it is not yet."""
        kind, encoding = self.found.kind, self.found.encoding
        if encoding not in (None, "utf-8") and change is Change.NONE:
            change = Change.UTF8
        name = upload_name(name or self.file.name, wanted or kind)
        return Route(use, kind, safe_name(self.file.name), name, self.size, change, encoding, inline)

    def no(self, reason: Reason, limit: int = 0) -> Refused:
        return Refused(reason, safe_name(self.file.name), limit)


def _routed(posted: _Posted, policy: Policy) -> Route | Refused:
    kind = posted.found.kind
    if reason := _REFUSED.get(kind):
        return posted.no(reason)
    if kind in (Kind.TEXT, Kind.HTML):
        return _text(posted, policy)
    if kind in (Kind.PDF, Kind.DOC, Kind.DOCX, Kind.PPTX):
        return _document(posted, policy)
    if kind in _PICTURES:
        return posted.to(Use.IMAGE, change=Change.PICTURE)
    if kind in _RECORDINGS:
        fits = posted.size <= TRANSCRIBED
        return posted.to(Use.TRANSCRIBE) if fits else posted.no(Reason.TOO_LONG_TO_HEAR, TRANSCRIBED)
    if kind in (Kind.ZIP, Kind.TAR, Kind.PICKLE):
        return posted.to(Use.CONTAINER) if policy.code_interpreter else posted.no(Reason.NEEDS_CODE)
    if kind is Kind.XLSX and policy.code_interpreter:
        return posted.to(Use.CONTAINER)
    return _whole(posted, INLINE if kind in (Kind.XLSX, Kind.XLS) else min(policy.inline_max_bytes, INLINE))


def _text(posted: _Posted, policy: Policy) -> Route | Refused:
    ended, small = posted.file.extension, posted.size <= policy.inline_max_bytes
    if ended in ("csv", "tsv"):
        change = Change.CSV if ended == "tsv" else Change.NONE
        if policy.code_interpreter:
            return posted.to(Use.CONTAINER, "csv", change)
        return _whole(posted, INLINE, "csv", change)
    if ended == "xml" and policy.code_interpreter:
        return posted.to(Use.CONTAINER, "xml")
    if ended in SEARCHED_TEXT:
        return posted.to(Use.SEARCH, ended, inline=small)
    if posted.found.kind is Kind.HTML:
        return posted.to(Use.SEARCH, "html", inline=small)
    return posted.to(Use.SEARCH_AS_TEXT, "txt", inline=small, name=_telling(posted.file))


def _telling(file: SlackFile) -> str:
    """The name, with the extension that Slack knows if it has none itself: it says what the text is."""
    return file.name if extension(file.name) or not file.extension else f"{file.name}.{file.extension}"


def _document(posted: _Posted, policy: Policy) -> Route | Refused:
    small = posted.size <= policy.inline_max_bytes
    if posted.found.kind is Kind.PDF:
        pdf = look_at_pdf(posted.path, policy.inline_max_pages)
        if pdf.locked or pdf.broken:
            return posted.no(Reason.ENCRYPTED if pdf.locked else Reason.BROKEN)
        return posted.to(Use.SEARCH, inline=small and pdf.pages is not None)
    few = posted.found.slides <= policy.inline_max_pages and posted.found.unpacked <= UNPACKED
    return posted.to(Use.SEARCH, inline=small and few)


def _whole(
    posted: _Posted, limit: int, wanted: str | None = None, change: Change = Change.NONE
) -> Route | Refused:
    """What only `input_file` reads. Of tables it takes the first 1,000 rows, of others everything (§6)."""
    if posted.size > limit or posted.found.unpacked > UNPACKED:
        return posted.no(Reason.TOO_LARGE_TO_READ_WHOLE, limit)
    return posted.to(Use.INLINE, wanted, change)


def _in_words(limit: int) -> str:
    return f"{limit / MB:g} MB"


def _closed(file: SlackFile) -> Reason | None:
    external = Reason.EXTERNAL if file.is_external else None
    return _CLOSED_MODES.get(file.mode) or _CLOSED_ACCESS.get(file.access) or external
