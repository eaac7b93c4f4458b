"""Our closed vocabulary for what an assistant does while it answers, and what became of a turn.

Nothing outside `bot/assistant/` sees an OpenAI type; nothing in here imports one.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from storage.call_records import CallKind
from storage.records import Usage


class StepType(StrEnum):
    """The kinds of steps that lead to an answer."""

    FILE_SEARCH = "file_search"
    CODE_INTERPRETER = "code_interpreter"
    WEB_SEARCH = "web_search"
    FUNCTION = "function"
    MCP = "mcp"
    REASONING = "reasoning"
    IMAGE_GENERATION = "image_generation"
    OTHER = "other"  # a kind that this version does not know


class StepStatus(StrEnum):
    """How a step stands."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    NOT_MADE = "not_made"  # a call to which people said no, or nothing


@dataclass(frozen=True, slots=True)
class Passage:
    """One result of a file search. `score` is 0..1."""

    file_id: str
    filename: str
    score: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step with all that is known of it. What does not apply to its type is empty."""

    id: str
    type: StepType
    status: StepStatus
    name: str = ""  # of the function or MCP tool; of the unknown kind
    server: str = ""  # of an MCP tool: the label; without a name the step lists the server's tools
    queries: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    code: str = ""
    logs: str = ""
    container_id: str = ""  # where the code ran
    links: tuple[str, ...] = ()  # web pages looked at
    arguments: str = ""
    call_id: str = ""  # by it what people decided, and a function's output, is known
    result: str = ""
    summary: str = ""  # of reasoning
    image: str = field(default="", repr=False)  # that was made, in base64

    @property
    def asks(self) -> bool:
        """Whether it is the question about a call of an MCP tool, and not the call."""
        return self.type is StepType.MCP and bool(self.call_id) and self.id == self.call_id


@dataclass(frozen=True, slots=True)
class Started:
    """The model took the turn; the id is what its fate can be asked by."""

    response_id: str
    created_at: float | None = field(default=None, compare=False)  # by OpenAI's clock, seconds since the epoch
    background: bool | None = field(default=None, compare=False)  # it goes on without us; None: it does not say


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class TextBreak:
    """A further message of the same answer begins: a paragraph of its own."""


@dataclass(frozen=True, slots=True)
class Commentary:
    """What the model says it is doing: a status, not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """More of the model's refusal to answer."""

    text: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended; it carries everything known of it."""

    step: Step


class SourceKind(StrEnum):
    """Where a citation points."""

    FILE = "file"
    WEB = "web"
    CONTAINER_FILE = "container_file"  # made by the code interpreter


@dataclass(frozen=True, slots=True)
class Cited:
    """The answer cites a file or a web page."""

    kind: SourceKind
    title: str
    url: str = ""
    file_id: str = ""
    container_id: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A function the model wants called, or a tool of an MCP server once people have said yes to that.

    `arguments` is JSON text, unchecked. The name of a tool is the server's label, a slash and what it calls it.
    """

    call_id: str  # of an MCP tool: of the question about it
    name: str
    arguments: str
    kind: CallKind = CallKind.FUNCTION

    @property
    def server(self) -> str | None:
        """The label of the server whose tool it is."""
        return self.name.partition("/")[0] if self.kind is CallKind.MCP else None


@dataclass(frozen=True, slots=True)
class ActionRequired:
    """The model waits for the results of these calls before it goes on."""

    calls: tuple[Call, ...]


class FinishStatus(StrEnum):
    """How the model ended its turn."""

    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finished:
    """The model's turn is over. `code` is its word for what failed or cut it short, "" otherwise."""

    status: FinishStatus
    code: str = ""
    usage: Usage = field(default_factory=Usage)
    item_ids: tuple[str, ...] = ()  # what the answer added to the memory, oldest first
    tail_item_id: str | None = None  # the memory's last item after this turn


Event = (
    Started
    | TextDelta
    | TextBreak
    | Commentary
    | RefusalDelta
    | StepStarted
    | StepFinished
    | Cited
    | ActionRequired
    | Finished
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The turn ended while nobody listened: its whole story, `Finished` last."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class NotAsked:
    """The memory does not hold the question: ask (again)."""


@dataclass(frozen=True, slots=True)
class AskedOnly:
    """The memory holds the question and no answer: run again without sending it."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The turn goes on in the background: it can be followed."""

    response_id: str


@dataclass(frozen=True, slots=True)
class Abreast:
    """Whatever was told of a turn before that happened while nobody listened; what follows happens now."""


Outcome = Delivered | NotAsked | AskedOnly | UnderWay
