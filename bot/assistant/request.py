"""What is asked of OpenAI for one turn, composed from the assistant and what people said: pure."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import SecretStr

from bot.assistant import options
from bot.assistant.events import Call
from bot.assistant.parts import InputFile, InputImage, Part, written
from bot.assistant.scope import Scope, search_tool
from bot.assistants import Assistant

Json = dict[str, Any]

INCLUDE = ("file_search_call.results", "code_interpreter_call.outputs", "web_search_call.action.sources")
"""Without these the details of steps are null (reference/openai-platform.md §1.2)."""

OUTCOME_UNKNOWN = "The outcome of this call is unknown: the program ended before it was answered."
"""What the model reads where a function call was never answered."""

SUMMARY = "reasoning.summary"
"""How the model thought, in its own words: not every model and not every organisation gets it."""

SAMPLING = frozenset({"temperature", "top_p", "reasoning", SUMMARY})
"""What may be left out where a model does not take it (reference/openai-platform.md §8.3)."""

BACKGROUND = "background"
"""That the answer goes on without us: what may be left out, too."""


UNDECIDED = "Nobody has decided about this call, so it was not made."
"""What the model reads where a call of a remote tool was asked about, and the question was left behind."""


@dataclass(frozen=True, slots=True)
class CallOutput:
    """What came of a function call that the model waits for; of a remote tool's, what people have decided.

    `approve` is None where it is a function of ours. A denial says in `text` why; an approval says nothing.
    `question` is the call as it was asked about.
    """

    call_id: str
    text: str
    approve: bool | None = None
    question: Call | None = None

    def doubted(self) -> "CallOutput":
        """As it is brought a second time: what was approved may have been called after the first."""
        return replace(self, text=OUTCOME_UNKNOWN, approve=False) if self.approve else self


@dataclass(frozen=True, slots=True)
class Turn:
    """One run's question to the assistant. An empty input asks for an answer to what the memory holds already.

    `scope` is what a file search may find. `parts` are given before the question; `container_files` are ids of
    Files that the code interpreter finds in its container, the newest last. `functions` are entries of `tools`.
    With `outputs` the turn goes on with an answer that asked for calls: it brings what came of them, nothing else.
    """

    run: str
    memory: str
    assistant: Assistant
    team: str
    user: str
    input: tuple[str, ...]
    scope: Scope
    parts: tuple[Part, ...] = ()
    container_files: tuple[str, ...] = ()
    read_before: bool = False  # the thread has people's files: of pictures, and what was said, the memory knows
    web_beside_files: bool = False  # WEB_SEARCH_WITH_FILES
    additional_instructions: str | None = None
    functions: tuple[Json, ...] = ()
    outputs: tuple[CallOutput, ...] = ()
    tool_choice: str | None = None  # None: the model's own
    truncation: str = "auto"  # what becomes of a conversation that is too long (guide conversation-state)
    outsiders: bool = False  # people of another organisation read along: no MCP servers
    keys: Mapping[str, SecretStr] = field(default_factory=dict)  # of MCP servers, by environment variable
    unreachable: frozenset[str] = frozenset()  # labels of MCP servers that are left out

    @property
    def servers(self) -> frozenset[str]:
        """The labels of the MCP servers that it offers."""
        return frozenset(tool["server_label"] for tool in _remote(self))

    @property
    def has_files(self) -> bool:
        """Whether people's files can be read: their words could leave this house with a search of the web."""
        theirs = [part for part in self.parts if isinstance(part, InputFile | InputImage)]
        return bool(self.read_before or self.scope.store or theirs or self.container_files)


def compose(
    turn: Turn,
    *,
    without: Collection[str] = (),
    unanswered: Collection[str] = (),
    undecided: Collection[str] = (),
    repeating: bool = False,
) -> Json:
    """The arguments of `responses.create`.

    Everything is repeated on each call, because nothing is inherited from the conversation. `without`:
    parameters the model does not take. `unanswered`: ids of function calls in the memory whose output the
    model still waits for; `undecided`: of questions in it that nobody answered. `repeating`: whether
    what was decided stands beside the question. What goes on in the background must be stored (guide
    background, "Limits").
    """
    asked = [] if turn.outputs else [*map(written, turn.parts), *map(_said, turn.input)]
    left = [CallOutput(call, OUTCOME_UNKNOWN) for call in unanswered]
    left += [CallOutput(request, UNDECIDED, approve=False) for request in undecided]
    questions = [output.question for output in turn.outputs if repeating and output.question]
    items = [*map(_question, questions), *map(_output, (*left, *turn.outputs)), *asked]
    return {
        "model": turn.assistant.model,
        "conversation": turn.memory,
        "tools": tools(turn),
        "include": list(INCLUDE),
        "truncation": turn.truncation,
        "safety_identifier": safety_identifier(turn.team, turn.user),
        "metadata": {"run": turn.run},
        "stream": True,
        "stream_options": {"include_obfuscation": False},
        **({"input": items} if items else {}),
        **_tool_choice(turn),
        **({"background": True, "store": True} if turn.assistant.background and BACKGROUND not in without else {}),
        **_instructions(turn),
        **_sampling(turn.assistant, without),
    }


def safety_identifier(team: str, user: str) -> str:
    """Who asks, as a hash of 64 characters (the limit, reference/openai-platform.md §7)."""
    return hashlib.sha256(f"{team}:{user}".encode()).hexdigest()


def tools(turn: Turn) -> list[Json]:
    """The tools of a turn as OpenAI writes them (reference/openai-platform.md §§4, 5, 7)."""
    offered: list[Json] = []
    wanted = turn.assistant.tools
    if search := _search(turn):
        offered.append(search)
    if "code_interpreter" in wanted:
        offered.append(options.code_interpreter(turn.assistant.code_interpreter, turn.container_files))
    if "web_search" in wanted and (turn.web_beside_files or not turn.has_files):
        offered.append(options.web_search(turn.assistant.web_search))
    if "image_generation" in wanted:
        offered.append(options.image_generation(turn.assistant.image_generation))
    return [*offered, *turn.functions, *_remote(turn)]


def _remote(turn: Turn) -> list[Json]:
    servers = () if turn.outsiders else turn.assistant.mcp_servers
    return options.mcp([one for one in servers if one.server_label not in turn.unreachable], turn.keys)


def _tool_choice(turn: Turn) -> Json:
    """A tool can only be required where there is one: some are left out where files, or outsiders, are read."""
    if turn.tool_choice is None or (turn.tool_choice == "required" and not tools(turn)):
        return {}
    return {"tool_choice": turn.tool_choice}


def _search(turn: Turn) -> Json | None:
    """Whoever names a channel's store wants it searched; the operator's are, where the assistant has the tool."""
    if turn.scope.store is None and "file_search" not in turn.assistant.tools:
        return None
    return search_tool(turn.scope)


def _said(text: str) -> Json:
    return {"role": "user", "content": [{"type": "input_text", "text": text}]}


def _question(call: Call) -> Json:
    label, _, name = call.name.partition("/")
    asked = {"server_label": label, "name": name, "arguments": call.arguments}
    return {"type": "mcp_approval_request", "id": call.call_id, **asked}


def _output(output: CallOutput) -> Json:
    """One that approves has no reason: "'reason' cannot be provided when 'approve' is true."."""
    if output.approve is None:
        return {"type": "function_call_output", "call_id": output.call_id, "output": output.text}
    decided = {"approval_request_id": output.call_id, "approve": output.approve}
    return {"type": "mcp_approval_response", **decided, **({} if output.approve else {"reason": output.text})}


def _instructions(turn: Turn) -> Json:
    in_json = options.IN_JSON if turn.assistant.response_format.type == "json_object" else None
    parts = [part for part in (turn.assistant.instructions, turn.additional_instructions, in_json) if part]
    return {"instructions": "\n\n".join(parts)} if parts else {}


def _sampling(assistant: Assistant, without: Collection[str]) -> Json:
    settings = {
        "temperature": assistant.temperature,
        "top_p": assistant.top_p,
        "max_output_tokens": assistant.max_output_tokens,
        "reasoning": _reasoning(assistant, without),
        "text": options.text(assistant),
    }
    return {name: value for name, value in settings.items() if value is not None and name not in without}


def _reasoning(assistant: Assistant, without: Collection[str]) -> Json | None:
    effort = assistant.reasoning_effort
    reasoning = {"effort": effort, "summary": None if SUMMARY in without else "auto"}
    return {name: value for name, value in reasoning.items() if value is not None} or None
