"""What `threadmate check` asks OpenAI of each assistant: whether its model and its vector stores are there."""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial

from bot.assistant.engine import Engine
from bot.assistant.probe import MODELS, Finding, in_words
from bot.assistants import Assistant
from bot.errors import (
    AssistantBusy,
    AssistantError,
    AssistantUnavailable,
    ModelUnavailable,
    OutcomeUnknown,
)

STORES = "https://platform.openai.com/storage/vector_stores"

UNREACHABLE = (AssistantUnavailable, OutcomeUnknown, AssistantBusy)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is wrong, or may be. `odd`: it works all the same, or nobody knows."""

    text: str
    odd: bool = False


async def probe_assistants(engine: Engine, assistants: Collection[Assistant]) -> tuple[Finding, ...]:
    """One finding for each assistant; each model and each store is asked for once."""
    models = {one.model for one in assistants}
    stores = {store for one in assistants for store in one.vector_store_ids}
    asked = [*(_model(engine, model) for model in models), *(_store(engine, store) for store in stores)]
    doubts = dict(zip([*models, *stores], await asyncio.gather(*asked), strict=True))
    return tuple(
        _finding(one, [*(doubts[name] for name in (one.model, *one.vector_store_ids)), *_in_the_clear(one)])
        for one in assistants
    )


async def _model(engine: Engine, model: str) -> Doubt | None:
    try:
        found = await engine.calls.ask(partial(engine.client.models.with_raw_response.retrieve, model))
    except ModelUnavailable:
        return Doubt(f"{model} does not exist, or not for this key. Name one of {MODELS}")
    except AssistantError as refusal:
        return _refused(model, refusal)
    date = found.get("shutdown_date")
    return Doubt(f"{model} shuts down on {date}. Name another: {MODELS}", odd=True) if date else None


async def _store(engine: Engine, store: str) -> Doubt | None:
    retrieve = partial(engine.client.vector_stores.with_raw_response.retrieve, store)
    try:
        found = await engine.calls.ask(retrieve, missing={})
    except AssistantError as refusal:
        return _refused(store, refusal)
    if not found:
        return Doubt(f"{store} does not exist, or not for this key. Name one of {STORES}")
    if found.get("status") == "expired":
        return Doubt(f"{store} has expired. Make it again, and name the new one: {STORES}")
    return None


def _refused(name: str, refusal: AssistantError) -> Doubt:
    return Doubt(f"{name}: {in_words(refusal)}", odd=isinstance(refusal, UNREACHABLE))


def _in_the_clear(assistant: Assistant) -> Iterator[Doubt]:
    for server in assistant.mcp_servers:
        if server.server_url.startswith("http://"):
            text = f"{server.server_label} is asked without TLS. Let its server_url begin with https://"
            yield Doubt(text, odd=True)


def _finding(assistant: Assistant, answers: Collection[Doubt | None]) -> Finding:
    name = f"assistant {assistant.key}"
    doubts = [one for one in answers if one is not None]
    if not doubts:
        return Finding(name, ok=True, text=_described(assistant))
    odd = all(one.odd for one in doubts)
    return Finding(name, ok=odd, text=" ".join(one.text for one in doubts), warn=odd, unreachable=True)


def _described(assistant: Assistant) -> str:
    """What it has, in one line. Its functions are declared, and its variables set: else the file has a fault."""
    has = {
        "tools": assistant.tools,
        "vector stores": assistant.vector_store_ids,
        "functions": [chosen.function for chosen in assistant.functions],
        "MCP servers, which are not asked": [server.server_label for server in assistant.mcp_servers],
    }
    told = (f"{what}: {', '.join(names)}" for what, names in has.items() if names)
    return "; ".join((f"{assistant.name}, {assistant.model}", *told))
