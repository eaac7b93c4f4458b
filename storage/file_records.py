"""Files as frozen records: what lies at OpenAI, where people posted it, and what answers made of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

LIBRARY = "channel"
"""The `scope` of what every thread of its channel may search; otherwise it is the ts of the one thread."""

SEARCHED = ("search", "search_and_given")
"""The uses that put a File into the channel's vector store; `search_and_given` is read whole in its turn, too."""


class FileState(StrEnum):
    """Where a File stands at OpenAI."""

    UPLOADING = "uploading"  # it shall be there; whether it is, is unknown
    STORED = "stored"
    DELETING = "deleting"  # its last place is gone: it shall not be there, and nothing new may use it


class PlaceState(StrEnum):
    """Where a file that somebody posted stands."""

    ATTACHING = "attaching"  # on its way: to be uploaded, attached, indexed
    READY = "ready"
    FAILED = "failed"  # `error` says why
    LEAVING = "leaving"  # to be detached; nobody counts with it any more


class MadeState(StrEnum):
    """Where a file that a run made stands on its way into Slack."""

    INTENDED = "intended"  # to be uploaded
    SENT = "sent"  # Slack has it under its id; nobody sees it yet
    SHARED = "shared"  # it is in the thread
    FAILED = "failed"  # it will not come


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One File at OpenAI: the same bytes under the same name. Times in seconds since the epoch.

    A File is in a vector store once, under one scope. So what is posted in two threads of one channel is two
    Files, told apart by `copy`; what is posted in two channels, or twice in one thread, is one.
    """

    id: int
    team: str
    sha256: str
    name: str
    size: int  # bytes
    copy: int
    openai_file_id: str | None  # None until it is stored
    state: FileState
    created_at: float
    expires_at: float | None = None  # when OpenAI deletes it by itself
    expires_after: int | None = None  # seconds; it shall be uploaded to expire then


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A file that somebody posted, converted for one use, before it has a row. `team` is the installation's."""

    team: str
    channel: str
    thread_ts: str
    message_ts: str
    slack_file_id: str
    uploader: str
    use: str  # "search", "search_and_given", "given", "container", "image"
    shown: str  # its name, safe to show to people
    permalink: str
    sha256: str  # of the bytes as they are uploaded
    name: str  # as it is uploaded
    size: int
    expires_after: int | None = None  # seconds


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file in the message it was posted with, for one use. Times in seconds since the epoch."""

    id: int
    file: StoredFile
    team: str
    channel: str
    thread_ts: str
    scope: str  # LIBRARY, or the thread's ts
    message_ts: str
    slack_file_id: str
    uploader: str
    use: str
    shown: str
    permalink: str
    state: PlaceState
    error: str | None  # a code, where it failed
    created_at: float
    used_at: float  # when it was posted, or an answer last drew on it

    @property
    def searched(self) -> bool:
        """Whether it is in the channel's vector store, or on its way into or out of it."""
        return self.use in SEARCHED


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel or DM. `shared`: with another organisation, as far as we have last seen.

    The last three are what people have set: the key of the assistant that answers there, what it is told besides,
    and that it says nothing.
    """

    team: str
    channel: str
    vector_store_id: str | None = None
    shared: bool = False
    assistant: str | None = None
    additional_instructions: str | None = None
    muted: bool | None = None


class Showing(NamedTuple):
    """An answer that a file went into: its run, and the memory and the ts of its thread."""

    run_id: str
    memory: str | None
    thread_ts: str


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that a run made. `ts` is the Slack message that shows it, as far as Slack said."""

    container_file_id: str
    name: str
    position: int
    state: MadeState
    slack_file_id: str | None = None
    ts: str | None = None


@dataclass(frozen=True, slots=True)
class NewLibraryChange:
    """The files of one message shall be in their channel's library, or shall not. `team` is the installation's."""

    team: str
    channel: str
    thread_ts: str
    message_ts: str
    author: str  # of the message
    user: str  # who asked for it
    adds: bool
    slack_files: tuple[str, ...]  # Slack's ids of the message's files


@dataclass(frozen=True, slots=True)
class LibraryChange(NewLibraryChange):
    """Such a change while it is being made; the row goes when OpenAI and our rows say the same, and people know.

    `named` and `affected` are ids of places: those people are told of, and all whose scope or File has changed.
    """

    id: int = 0
    named: tuple[int, ...] = ()
    affected: tuple[int, ...] = ()
    attempts: int = 0
