"""What ingesting files takes and gives, as frozen records. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.assistant.parts import Part
from bot.files.slack_file import parse_file
from storage.records import Place

IMAGE = "image"
CONTAINER = "container"
SEARCH = "search"
SEARCH_AND_GIVEN = "search_and_given"
GIVEN = "given"
"""What a file is used for, as it is stored: `given` and `search_and_given` are read whole in their own turn."""

LATE = "late"
"""A document that is not indexed yet."""

READ_WHOLE = frozenset({GIVEN, SEARCH_AND_GIVEN})

FileKey = tuple[str, str]
"""The ts of the message, and Slack's id of the file on it."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One file on one message, as Slack describes it."""

    place: Place
    message_ts: str
    user: str  # who posted it
    json: Mapping[str, Any]
    heard: str | None = None  # what it says, where that is known already
    told: bool = False  # people have read what became of it, under an earlier answer

    @property
    def key(self) -> FileKey:
        """What it is known by."""
        return self.message_ts, parse_file(self.json).id


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file.

    `part` is given to the model in the turn of its message only; `heard` is what a recording says.
    """

    dropped: Dropped
    shown: str  # its name, safe to show
    file_id: str = ""  # opaque: the File at OpenAI; empty where there is none
    use: str = ""
    part: Part | None = None
    heard: str | None = None
    size: int = 0  # bytes
    ready: bool = True  # it can be used as it was meant
    reason: str = ""  # of bot/files/kinds.py: why it went nowhere; LATE: it may be ready for the next turn
    notes: tuple[str, ...] = ()  # for people: plain sentences

    @property
    def refused(self) -> bool:
        """Whether the file could not be read."""
        return not self.ready and self.part is None and self.reason != LATE


@dataclass(frozen=True, slots=True)
class Ingested:
    """Everything a turn has of files."""

    store: str | None = None  # the channel's vector store, where the thread finds anything in it
    parts: tuple[Part, ...] = ()
    container_files: tuple[str, ...] = ()  # ids of Files, the newest last
    any_ready: bool = False  # the thread has files that the model can use, or could in their own turn
    notes: tuple[str, ...] = ()  # for people
    taken: tuple[Taken, ...] = ()
    heard: Mapping[FileKey, str] = field(default_factory=dict)  # transcripts

    @property
    def file_ids(self) -> frozenset[str]:
        """The Files of the messages of this turn."""
        return frozenset(one.file_id for one in self.taken if one.file_id)
