"""What the emulated model says and does for one request, written down beforehand."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.playground.openai.citations import Citation as Citation
from bot.playground.openai.citations import ContainerFileCitation as ContainerFileCitation
from bot.playground.openai.citations import FileCitation as FileCitation
from bot.playground.openai.citations import FoundCitation as FoundCitation
from bot.playground.openai.citations import MadeCitation as MadeCitation
from bot.playground.openai.citations import UrlCitation as UrlCitation
from bot.playground.openai.errors import INVALID_REQUEST, ApiError, invalid
from bot.playground.openai.passages import Passage

Json = dict[str, Any]
Phase = Literal["commentary", "final_answer"]
Status = Literal["completed", "incomplete", "failed", "cancelled", "in_progress"]


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for that many seconds of the emulator's clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Gate:
    """Nothing until the event is set."""

    opened: asyncio.Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The stream breaks here; `then` is what becomes of the response on the server.

    `completed`: what follows in the script is executed without being sent, and the response ends.
    `cancelled`, `failed`: it ends at once. `in_progress`: it goes on, and keeps its conversation
    locked, until `settle` is called, or ends well after `finish_after` seconds of the clock.
    None: it waits for the client to go away, which cancels it. A response in the background breaks with
    every stream that is open, then goes on by itself, and all that it tells can be told again; None: at once.
    """

    then: Status | None = "completed"
    finish_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Break):
    """The stream ends in good order, without a terminal event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Break):
    """The connection is reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall(Break):
    """Not one more byte, and the connection stays open."""

    then: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed(Break):
    """A chunk of broken JSON, and nothing after it."""

    then: Status | None = None


Control = Pause | Gate | Break


@dataclass(frozen=True, slots=True)
class Text:
    """An assistant's message.

    `deltas` cuts it: None by words, a number by characters, or the pieces themselves, between which
    controls may stand (the text is then what they make together).
    """

    text: str = ""
    deltas: int | Sequence[str | Control] | None = None
    phase: Phase | None = None
    annotations: Sequence[Citation] = ()

    def pieces(self) -> list[str | Control]:
        """The deltas, and the controls between them."""
        return cut(self.text, self.deltas)

    def whole(self) -> str:
        """The text of the message."""
        return "".join(piece for piece in self.pieces() if isinstance(piece, str))


def cut(text: str, deltas: int | Sequence[str | Control] | None) -> list[str | Control]:
    """A text in pieces: by words, by a number of characters, or as given."""
    if deltas is None:
        return list(re.findall(r"\s*\S+\s*", text)) if text.strip() else ([text] if text else [])
    if isinstance(deltas, int):
        return [text[start : start + deltas] for start in range(0, len(text), deltas)]
    return list(deltas)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message in which the model refuses."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Reasoning; its summary is sent only to requests with `reasoning.summary`."""

    summary: str = ""


@dataclass(frozen=True, slots=True)
class FileSearch:
    """A search in the vector stores. Results are (file id, file name, score, text); None: what is found there."""

    queries: Sequence[str] = ()
    results: Sequence[tuple[str, str, float, str]] | None = None
    seconds: float = 0  # of the emulator's clock that it takes


@dataclass(frozen=True, slots=True)
class CodeInterpreter:
    """A run of code, with what it printed, the images it showed and the files it wrote, by their paths.

    It runs in the container that the request names or reuses, unless another is given.
    """

    code: str
    logs: str = ""
    image_urls: Sequence[str] = ()
    container_id: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    seconds: float = 0  # of the emulator's clock that it takes


@dataclass(frozen=True, slots=True)
class ImageGeneration:
    """An image, made of these bytes."""

    image: bytes
    revised_prompt: str | None = None
    output_format: str = "png"
    size: str = "1024x1024"
    seconds: float = 0  # of the emulator's clock that it takes


@dataclass(frozen=True, slots=True)
class WebSearch:
    """A search on the web, with the addresses it looked at."""

    query: str
    sources: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of one of the caller's functions; arguments as JSON text or as a mapping."""

    name: str
    arguments: str | Mapping[str, Any] = "{}"
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class McpListTools:
    """The list of tools of an MCP server, as (name, description); with an error it fails."""

    server_label: str
    tools: Sequence[tuple[str, str]] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class McpCall:
    """A call of a tool of an MCP server; with an error it fails.

    Where the request has such calls asked about it is asked for instead, and the response ends after that and the
    calls behind it. The script for the answer makes the same call again: then, where somebody said yes, it runs.
    """

    server_label: str
    name: str
    arguments: str | Mapping[str, Any] = "{}"
    output: str | None = None
    error: Json | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """Any output item as it is, for example of an unknown type; an id is given where it has none."""

    item: Json


@dataclass(frozen=True, slots=True)
class Raw:
    """Any stream event as it is; a sequence number is given where it has none."""

    event: Json


@dataclass(frozen=True, slots=True)
class Error:
    """An `error` event, flat or nested, after which the stream ends and the response has failed."""

    code: str | None
    message: str
    nested: bool = False
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The response fails: `response.failed`."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The response stops early: `response.incomplete`."""

    reason: str = "max_output_tokens"


@dataclass(frozen=True, slots=True)
class Refuse:
    """The create call is refused: nothing is executed."""

    status: int
    code: str | None
    message: str
    param: str | None = None
    type: str = INVALID_REQUEST
    headers: Mapping[str, str] = field(default_factory=dict)

    def error(self) -> ApiError:
        """The error that the caller gets."""
        words = {"code": self.code, "param": self.param, "type": self.type}
        return ApiError(self.status, self.message, headers=self.headers, **words)  # type: ignore[arg-type]


Call = FileSearch | CodeInterpreter | ImageGeneration | WebSearch | FunctionCall | McpListTools | McpCall
Ending = Error | Failed | Incomplete
Part = Text | Refusal | Reasoning | Call | Item | Raw | Control | Ending | Refuse


class Script:
    """The parts of one response, in order. `usage` overrides the counted tokens, key by key.

    `queued`: what a response in the background waits for before it begins, in the queue.
    """

    def __init__(
        self,
        *parts: Part,
        usage: Mapping[str, Any] | None = None,
        status: Literal["completed", "incomplete", "failed"] = "completed",
        queued: "Pause | Gate | None" = None,
    ) -> None:
        self.usage = usage
        self.queued = queued
        endings: dict[str, tuple[Part, ...]] = {
            "completed": (),
            "incomplete": (Incomplete(),),
            "failed": (Failed("server_error", "The model failed, as the script says."),),
        }
        self.parts = parts + endings[status]

    def refusal(self) -> Refuse | None:
        """The part that refuses the call, if there is one."""
        return next((part for part in self.parts if isinstance(part, Refuse)), None)

    def calls(self) -> list[Call]:
        """The tool calls, which the request must have allowed."""
        return [part for part in self.parts if isinstance(part, Call)]


def nothing_found(queries: Sequence[str]) -> list[Passage]:
    """What a search finds where there is none."""
    return []


@dataclass(frozen=True, slots=True)
class Turn:
    """One request as the model sees it. `search` is what its file search would find."""

    body: Json
    context: list[Json]
    instructions: str | None
    search: Callable[[Sequence[str]], list[Passage]] = nothing_found
    documents: Callable[[], list[tuple[str, str]]] = list  # name and text of each file of the context
    openings: Callable[[], list[Passage]] = list  # how each file begins that its file search may find
    container_files: Callable[[], list[tuple[str, bytes]]] = list  # name and bytes of what its code would find

    def said(self, role: str) -> list[str]:
        """The texts of that role's messages, the oldest first."""
        messages = [item for item in self.context if item["type"] == "message" and item["role"] == role]
        return [text_of(message) for message in messages]


def text_of(message: Json) -> str:
    """All text of a message item."""
    return "".join(part.get("text", "") for part in message["content"])


Scripted = Script | Part | Callable[[Turn], Script]


def script_for(scripted: Scripted, turn: Turn) -> Script:
    """The script that answers this turn."""
    if isinstance(scripted, Script):
        return scripted
    return scripted(turn) if callable(scripted) else Script(scripted)


def container_expired() -> Refuse:
    """The refusal of a container that idled for 20 minutes (reference/openai-platform.md §5)."""
    error = invalid("Container is expired.", None)
    return Refuse(error.status, error.code, error.message)
