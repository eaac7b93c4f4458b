"""What is asked of OpenAI for one turn, composed from the assistant and what people said: pure."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bot.assistants import Assistant

Json = dict[str, Any]

INCLUDE = ("file_search_call.results", "code_interpreter_call.outputs", "web_search_call.action.sources")
"""Without these the details of steps are null (reference/openai-platform.md §1.2)."""

MAX_STORES = 2
"""Vector stores in one search: OpenAI documents no limit, and these work (reference/openai-platform.md §4)."""

OUTCOME_UNKNOWN = "The outcome of this call is unknown: the program ended before it was answered."
"""What the model reads where a function call was never answered."""

SAMPLING = frozenset({"temperature", "top_p"})
"""What may be left out where a model does not take it (reference/openai-platform.md §8.3)."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One run's question to the assistant. An empty input asks for an answer to what the memory holds already."""

    run: str
    memory: str
    assistant: Assistant
    team: str
    user: str
    input: tuple[str, ...]
    additional_instructions: str | None = None


def compose(turn: Turn, *, without: Collection[str] = (), unanswered: Collection[str] = ()) -> Json:
    """The arguments of `responses.create`.

    Everything is repeated on each call, because nothing is inherited from the conversation. `without`:
    sampling parameters the model does not take. `unanswered`: ids of function calls in the memory whose
    output the model still waits for.
    """
    items = [_unknown_output(call) for call in unanswered] + [_said(text) for text in turn.input]
    return {
        "model": turn.assistant.model,
        "conversation": turn.memory,
        "tools": tools(turn.assistant),
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


def tools(assistant: Assistant) -> list[Json]:
    """The assistant's tools as OpenAI writes them (reference/openai-platform.md §§4, 5, 7)."""
    offered: list[Json] = []
    stores = assistant.vector_store_ids[:MAX_STORES]
    if "file_search" in assistant.tools and stores:
        offered.append({"type": "file_search", "vector_store_ids": list(stores)})
    if "code_interpreter" in assistant.tools:
        container = {"type": "auto", "network_policy": {"type": "disabled"}}
        offered.append({"type": "code_interpreter", "container": container})
    if "web_search" in assistant.tools:  # without a location the search is made from the United States
        offered.append({"type": "web_search", "user_location": {"type": "approximate"}})
    return offered


def _said(text: str) -> Json:
    return {"role": "user", "content": [{"type": "input_text", "text": text}]}


def _unknown_output(call_id: str) -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": OUTCOME_UNKNOWN}


def _instructions(turn: Turn) -> Json:
    parts = [part for part in (turn.assistant.instructions, turn.additional_instructions) if part]
    return {"instructions": "\n\n".join(parts)} if parts else {}


def _sampling(assistant: Assistant, without: Collection[str]) -> Json:
    effort, verbosity = assistant.reasoning_effort, assistant.verbosity
    settings = {
        "temperature": assistant.temperature,
        "top_p": assistant.top_p,
        "max_output_tokens": assistant.max_output_tokens,
        "reasoning": None if effort is None else {"effort": effort},
        "text": None if verbosity is None else {"verbosity": verbosity},
    }
    return {name: value for name, value in settings.items() if value is not None and name not in without}
