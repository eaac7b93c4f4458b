"""What is asked of OpenAI for one turn, composed from the assistant and what people said: pure."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bot.assistant.parts import InputFile, InputImage, Part, written
from bot.assistant.scope import Scope, search_tool
from bot.assistants import Assistant

Json = dict[str, Any]

INCLUDE = ("file_search_call.results", "code_interpreter_call.outputs", "web_search_call.action.sources")
"""Without these the details of steps are null (reference/openai-platform.md §1.2)."""

MAX_CONTAINER_FILES = 50
"""Files that a container is made with (reference/openai-platform.md §5)."""

OUTCOME_UNKNOWN = "The outcome of this call is unknown: the program ended before it was answered."
"""What the model reads where a function call was never answered."""

SUMMARY = "reasoning.summary"
"""How the model thought, in its own words: not every model and not every organisation gets it."""

SAMPLING = frozenset({"temperature", "top_p", "reasoning", SUMMARY})
"""What may be left out where a model does not take it (reference/openai-platform.md §8.3)."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One run's question to the assistant. An empty input asks for an answer to what the memory holds already.

    `scope` is what a file search may find. `parts` are given before the question; `container_files` are ids of
    Files that the code interpreter finds in its container, the newest last.
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

    @property
    def has_files(self) -> bool:
        """Whether people's files can be read: their words could leave this house with a search of the web."""
        theirs = [part for part in self.parts if isinstance(part, InputFile | InputImage)]
        return bool(self.read_before or self.scope.store or theirs or self.container_files)


def compose(turn: Turn, *, without: Collection[str] = (), unanswered: Collection[str] = ()) -> Json:
    """The arguments of `responses.create`.

    Everything is repeated on each call, because nothing is inherited from the conversation. `without`:
    sampling parameters the model does not take. `unanswered`: ids of function calls in the memory whose
    output the model still waits for.
    """
    outputs = [_unknown_output(call) for call in unanswered]
    items = [*outputs, *map(written, turn.parts), *map(_said, turn.input)]
    return {
        "model": turn.assistant.model,
        "conversation": turn.memory,
        "tools": tools(turn),
        "include": list(INCLUDE),
        "truncation": "auto",
        "safety_identifier": safety_identifier(turn.team, turn.user),
        "metadata": {"run": turn.run},
        "stream": True,
        "stream_options": {"include_obfuscation": False},
        **({"input": items} if items else {}),
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
        offered.append({"type": "code_interpreter", "container": _container(turn)})
    if "web_search" in wanted and (turn.web_beside_files or not turn.has_files):
        # without a location the search is made from the United States
        offered.append({"type": "web_search", "user_location": {"type": "approximate"}})
    if "image_generation" in wanted:
        offered.append({"type": "image_generation"})
    return offered


def _search(turn: Turn) -> Json | None:
    """Whoever names a channel's store wants it searched; the operator's are, where the assistant has the tool."""
    if turn.scope.store is None and "file_search" not in turn.assistant.tools:
        return None
    return search_tool(turn.scope)


def _container(turn: Turn) -> Json:
    container: Json = {"type": "auto", "network_policy": {"type": "disabled"}}
    files = turn.container_files[-MAX_CONTAINER_FILES:]
    return {**container, "file_ids": list(files)} if files else container


def _said(text: str) -> Json:
    return {"role": "user", "content": [{"type": "input_text", "text": text}]}


def _unknown_output(call_id: str) -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": OUTCOME_UNKNOWN}


def _instructions(turn: Turn) -> Json:
    parts = [part for part in (turn.assistant.instructions, turn.additional_instructions) if part]
    return {"instructions": "\n\n".join(parts)} if parts else {}


def _sampling(assistant: Assistant, without: Collection[str]) -> Json:
    verbosity = assistant.verbosity
    settings = {
        "temperature": assistant.temperature,
        "top_p": assistant.top_p,
        "max_output_tokens": assistant.max_output_tokens,
        "reasoning": _reasoning(assistant, without),
        "text": None if verbosity is None else {"verbosity": verbosity},
    }
    return {name: value for name, value in settings.items() if value is not None and name not in without}


def _reasoning(assistant: Assistant, without: Collection[str]) -> Json | None:
    effort = assistant.reasoning_effort
    reasoning = {"effort": effort, "summary": None if SUMMARY in without else "auto"}
    return {name: value for name, value in reasoning.items() if value is not None} or None
