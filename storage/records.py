"""What is remembered, as frozen records: no SQLAlchemy, no Slack, no OpenAI in here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class MessageState(StrEnum):
    """Where a person's message stands on its way to an answer."""

    WAITING = "waiting"  # no run has taken it yet
    CLAIMED = "claimed"  # an active run is answering it
    ANSWERED = "answered"  # its run completed; its text is erased
    UNFINISHED = "unfinished"  # its run failed or was stopped; its text is kept for a while
    WITHDRAWN = "withdrawn"  # its author deleted it; its text is erased


class RunStatus(StrEnum):
    """The Assistants API's words for where a run stands."""

    QUEUED = "queued"  # given back (shutdown), or reopened (Regenerate); waits for a worker
    IN_PROGRESS = "in_progress"
    REQUIRES_ACTION = "requires_action"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (RunStatus.QUEUED, RunStatus.IN_PROGRESS, RunStatus.REQUIRES_ACTION)
"""A thread has at most one run with one of these."""

ANSWERED = (RunStatus.COMPLETED, RunStatus.INCOMPLETE)
"""Ends after which the model has got the messages, and has answered them as far as it could."""


class ReplyState(StrEnum):
    """Where one Slack message of a reply stands."""

    STARTING = "starting"  # we meant to post it; whether Slack has it is unknown
    OPEN = "open"  # Slack has it under its ts; it is still being written
    CLOSED = "closed"  # it is as it shall be, until it is answered anew or withdrawn: then it is edited or deleted


@dataclass(frozen=True, slots=True)
class Place:
    """A Slack thread. `team` is the installation's team, never the author's."""

    team: str
    channel: str
    thread_ts: str


@dataclass(frozen=True, slots=True)
class Thread:
    """One dialogue with memory, in one Slack thread."""

    id: int
    place: Place
    memory: str | None = None  # opaque to all but the engine
    tail_item_id: str | None = None  # opaque likewise: the last item of the last completed turn
    following: str | None = None  # the one person answered here without a mention
    assistant: str | None = None
    additional_instructions: str | None = None
    last_seen_ts: str | None = None  # Slack's ts of the newest message that the model has got
    last_message_ts: str | None = None  # Slack's ts of the newest message we know of: follow-ups end after silence
    muted: bool = False  # nothing is answered here: people have set so


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What a person said, before it has a row."""

    place: Place
    ts: str
    user: str
    text: str
    author_team: str | None = None  # the author's own team, which in shared channels is not ours
    files: tuple[Mapping[str, Any], ...] = ()
    shared: bool = False  # people of another organisation may read along
    pressed: str | None = None  # which button asked it, as we name buttons: each asks once
    overrides: Mapping[str, Any] | None = None  # what its run shall do otherwise (`bot.overrides`)


@dataclass(frozen=True, slots=True)
class Message:
    """What a person said, as kept until it is answered."""

    id: int
    ts: str
    user: str
    text: str | None  # None once erased
    author_team: str | None
    files: tuple[Mapping[str, Any], ...]
    state: MessageState
    run_id: str | None
    shared: bool = False  # people of another organisation may read along
    transcripts: Mapping[str, str] = field(default_factory=dict)  # Slack's file id -> what was heard
    pressed: str | None = None  # the button that asked it; while `ts` is that too, it is in no Slack message yet
    overrides: Mapping[str, Any] | None = None  # what its run shall do otherwise


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a message is for us, and whom the thread follows from now on."""

    accept: bool
    reason: str  # for the log: why it was, or was not, for us
    following: str | None = None


Decide = Callable[[Thread | None], Verdict]
"""Pure: the thread as it stands (None: we were never in it) -> the verdict on one message.

Whoever accepts it in a muted channel is asked once more, with the thread `muted`.
"""


class Heard(StrEnum):
    """What became of a message that was told to storage."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"  # it has a row already
    IGNORED = "ignored"  # it is not for us


class Touched(StrEnum):
    """What an edit or a deletion met."""

    UNKNOWN = "unknown"  # no row: it was never for us
    SAME = "same"  # an edit that changed neither text nor files
    WAITING = "waiting"  # changed or withdrawn before any run took it
    ACTIVE = "active"  # its run is under way: asked to start again with the rest
    ENDED = "ended"  # its run has ended: an edit may be answered anew, a deletion takes the answer along
    SETTLED = "settled"  # unfinished or withdrawn: there is nothing to do


class Reopening(StrEnum):
    """What became of the wish that an answer be given anew."""

    REOPENED = "reopened"  # its run is queued again
    UNDER_WAY = "under_way"  # its run is active already
    LATER = "later"  # the thread has gone on since, or is about to
    UNKNOWN = "unknown"  # no answer stands there: there is no such run, it failed, or it is being withdrawn


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says, as Slack has it."""

    text: str
    files: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a run: every write of the run carries all three, or changes nothing."""

    run_id: str
    owner: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Response:
    """One model response of a run. `state` is the engine's word; `item_ids` are what it added to the memory."""

    position: int
    response_id: str
    state: str
    item_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """One Slack message of a run's answer, beginning at that character of the answer's text."""

    position: int
    ts: str | None
    state: ReplyState
    from_char: int = 0


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step of a run: seconds since the epoch, None where unknown."""

    position: int
    type: str
    title: str
    status: str
    started_at: float | None = None
    finished_at: float | None = None
    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a run, summed over its responses."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """Turning messages into one answer. Times in seconds since the epoch, by the database's clock."""

    id: str
    thread_id: int
    status: RunStatus
    attempt: int
    lapses: int  # how often a lease on it lapsed without an end
    assistant: Mapping[str, Any] | None = None  # the resolved copy it began with
    overrides: Mapping[str, Any] | None = None  # what it is asked to do otherwise: those of its messages
    stop_requested_by: str | None = None  # a user id, or "" where Slack did not say
    restart_requested: bool = False
    withdraw_requested: bool = False  # what it answered was deleted: so shall the answer be
    tail_before: str | None = None  # opaque: the memory's last item when it began, as far as it has ended
    tail_after: str | None = None  # opaque: the memory's last item when it had ended
    error: str | None = None
    usage: Usage | None = None
    created_at: float = 0.0
    first_text_at: float | None = None
    finished_at: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One run of a thread: who asked, the model's responses, and what these added to the memory."""

    run_id: str
    users: frozenset[str]
    responses: tuple[str, ...]
    items: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A run taken by a worker, with everything it needs to answer it. Messages are sorted by Slack's ts."""

    lease: Lease
    run: Run
    thread: Thread
    messages: tuple[Message, ...]
    replies: tuple[Reply, ...] = ()
    responses: tuple[Response, ...] = ()


@dataclass(frozen=True, slots=True)
class Glance:
    """What a worker sees once a second: is there work, and which of its runs shall stop or start again."""

    claimable: bool
    stops: Mapping[str, str] = field(default_factory=dict)  # run id -> who asked (a user id, or "")
    restarts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Backlog:
    """What nobody works on yet. `age` is in seconds: how long the oldest of what could be taken now has waited."""

    messages: int  # that wait for a run, behind one of their thread, too
    runs: int  # given back, left by a dead process, to be answered anew or withdrawn
    age: float


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, with all that is stored in the one transaction that ends it."""

    status: RunStatus
    error: str | None = None
    usage: Usage | None = None
    steps: tuple[RunStep, ...] = ()
    responses: tuple[Response, ...] = ()  # final states of the responses already stored
    replies_closed: bool = True
    tail_item_id: str | None = None  # advances only when status is completed or incomplete
    last_seen_ts: str | None = None  # likewise
    first_text_at: float | None = None  # seconds since the epoch
    parts_left: bool = False  # documents that only this turn was given are still in the memory


@dataclass(frozen=True, slots=True)
class Stopping:
    """What a Stop met in a thread."""

    run_id: str | None  # the active run that was asked to stop
    unqueued: int  # waiting messages that will not be answered


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person thought of an answer: "up" or "down"."""

    run_id: str
    user: str
    value: str
    reason: str | None = None
