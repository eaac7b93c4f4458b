"""What the emulated workspace is made of: people, channels, messages, streams, sessions, calls."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.playground.faults import Fault, FaultKind

Json = dict[str, Any]
Args = Mapping[str, Any]

TYPE_OF_KIND = {"channel": "channel", "private": "group", "mpim": "mpim", "im": "im"}  # event.channel_type
HISTORY_SCOPE = {  # slack-platform.md §1.6
    "channel": "channels:history",
    "private": "groups:history",
    "mpim": "mpim:history",
    "im": "im:history",
}
TS = re.compile(r"\d{10}\.\d{6}")


class CallRefusedError(Exception):
    """A Web API call that Slack answers with `ok: false`; `more` joins the answer."""

    def __init__(self, error: str, *messages: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = dict(more)
        if messages:
            self.more["response_metadata"] = {"messages": list(messages)}


def slack_error(error: str, *, status: int = 200, **more: Any) -> Fault:
    """A fault that answers one call with that Slack error, without executing it."""
    return Fault(FaultKind.REFUSE, status=status, body={"ok": False, "error": error, **more})


def rate_limited(retry_after: int) -> Fault:
    """A fault that answers one call with 429 and that many seconds of `Retry-After`."""
    headers = {"Retry-After": str(retry_after)}
    return Fault(FaultKind.REFUSE, status=429, body={"ok": False, "error": "ratelimited"}, headers=headers)


@dataclass(slots=True)
class Person:
    """Somebody (or some bot) who can write here."""

    id: str
    name: str
    display_name: str
    team: str
    enterprise: str | None = None
    is_bot: bool = False
    bot_id: str | None = None
    locale: str = "en-US"
    guest: bool = False


@dataclass(slots=True)
class Channel:
    """A conversation: public or private channel, group DM or DM."""

    id: str
    name: str
    kind: str  # channel | private | mpim | im
    shared: bool = False  # with another organisation
    members: set[str] = field(default_factory=set)
    archived: bool = False
    messages: dict[str, "Message"] = field(default_factory=dict)  # by ts, in order of arrival

    @property
    def type(self) -> str:
        """What events call the kind of this conversation."""
        return TYPE_OF_KIND[self.kind]


@dataclass(slots=True)
class Task:
    """A task card of a streamed message."""

    title: str
    status: str
    details: str = ""
    output: str = ""
    sources: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Stream:
    """The streamed part of a message, open or not; slack-platform.md §2."""

    dies_at: float  # on the clock's monotonic scale
    display_mode: str = "timeline"
    open: bool = True
    stop_pressed: bool = False
    text: str = ""
    plan_title: str | None = None
    tasks: dict[str, Task] = field(default_factory=dict)
    chunk_blocks: list[Json] = field(default_factory=list)
    final_blocks: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """One message as Slack keeps it."""

    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    blocks: list[Json] | None = None
    files: list[Json] = field(default_factory=list)
    subtype: str | None = None
    client_msg_id: str | None = None
    edited: str | None = None  # the ts of the last edit
    bot_id: str | None = None
    app_id: str | None = None
    metadata: Json | None = None
    extra: Json = field(default_factory=dict)
    reactions: dict[str, set[str]] = field(default_factory=dict)
    stream: Stream | None = None
    error_pill: bool = False
    unfurl_off: bool = False  # posted with both switches off, or streamed: Slack fetched no link of it

    @property
    def root(self) -> str:
        """The ts of the thread this message is in."""
        return self.thread_ts or self.ts


@dataclass(slots=True)
class Session:
    """An agent session; slack-platform.md §1.5."""

    status: str = "active"
    until: float = 0.0  # monotonic moment at which `processing` times out
    title: str | None = None


@dataclass(slots=True)
class Call:
    """A Web API call that arrived; `status` 0 means it was never answered."""

    method: str
    params: Json
    at: float
    status: int = 0
    error: str | None = None
    executed: bool = False
    answer: Json | None = None  # what it was answered, or would have been
    peer: str = ""  # the address it came from


@dataclass(frozen=True, slots=True)
class Notification:
    """A push that people in the thread got: for a post, or when a stream ended."""

    channel: str
    ts: str
    cause: str  # post | stream_ended


@dataclass(frozen=True, slots=True)
class LiveMention:
    """A token that would have notified or linked somebody."""

    method: str
    channel: str
    token: str


@dataclass(frozen=True, slots=True)
class Unfurl:
    """A post whose links Slack would have fetched; slack-platform.md §8."""

    method: str
    channel: str
    urls: tuple[str, ...]


@dataclass(slots=True)
class Ephemeral:
    """A message that one person sees."""

    channel: str
    user: str
    text: str
    thread_ts: str | None
    blocks: list[Json]
    ts: str


@dataclass(eq=False, slots=True)
class Modal:
    """A view that was opened for one person; several of the same root lie on each other."""

    id: str
    user: str
    view: Json  # as the app gave it, with ids for blocks and elements that had none
    root_id: str
    previous_id: str | None
    hash: str
    values: Json  # by block_id and action_id, what is entered
    errors: dict[str, str] = field(default_factory=dict)  # by block_id, shown since the last submission
    open: bool = True

    @property
    def title(self) -> str:
        """What it is headed."""
        return str(self.view["title"]["text"])

    @property
    def blocks(self) -> list[Json]:
        """What it shows."""
        blocks: list[Json] = self.view["blocks"]
        return blocks


@dataclass(frozen=True, slots=True)
class Prompts:
    """The suggested prompts of a DM or thread."""

    title: str | None
    prompts: list[Json]
    thread_ts: str | None
