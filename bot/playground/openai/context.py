"""What the model sees: the items before, and the input, whole and within the context window. Pure."""

import json
import math

from bot.playground.openai.catalogue import Model
from bot.playground.openai.errors import context_length_exceeded, invalid
from bot.playground.openai.script import Json

CHARACTERS_PER_TOKEN = 4  # our rough measure; the real tokenizer is nobody's business here
IMAGE_OR_FILE = 256  # tokens, likewise

FOLLOWERS = ("reasoning", "function_call", "mcp_call", "mcp_list_tools", "mcp_approval_request")


def count_text(text: str) -> int:
    """Tokens of a text, by our rough measure."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def count_item(item: Json) -> int:
    """Tokens of an item."""
    if item["type"] != "message":
        return count_text(json.dumps(item))
    parts = item["content"]
    return sum(count_text(part.get("text") or part.get("refusal") or "") or IMAGE_OR_FILE for part in parts)


def count(items: list[Json], instructions: str | None) -> int:
    """Tokens of everything that the model reads."""
    return sum(map(count_item, items)) + count_text(instructions or "")


def refuse_duplicates(before: list[Json], given: list[Json]) -> None:
    """Refuse an item that is there already, as a replayed one is (openai/openai-agents-python#1789)."""
    known = {item["id"] for item in before}
    for item in given:
        if item["id"] in known:
            message = f"Duplicate item found with id {item['id']}. Remove duplicate items from your input"
            raise invalid(f"{message} and try again.", "input")
        known.add(item["id"])


def check_whole(before: list[Json], given: list[Json]) -> None:
    """Refuse calls without outputs, outputs without calls, and reasoning without what it led to.

    As recorded in Lingtai-AI/lingtai#170, continuedev/continue#10092 and vercel/ai#7099.
    """
    items = before + given
    calls = {item["call_id"] for item in items if item["type"] == "function_call"}
    outputs = {item["call_id"] for item in items if item["type"] == "function_call_output"}
    for item in items:
        if item["type"] == "function_call" and item["call_id"] not in outputs:
            raise invalid(f"No tool output found for function call {item['call_id']}.", "input")
        if item["type"] == "function_call_output" and item["call_id"] not in calls:
            message = "No tool call found for function call output with call_id"
            raise invalid(f"{message} {item['call_id']}.", "input")
    for item, following in zip(items, [*items[1:], None], strict=True):
        if item["type"] == "reasoning" and not _follows_reasoning(following):
            message = f"Item '{item['id']}' of type 'reasoning' was provided without its required following item."
            raise invalid(message, "input")


def _follows_reasoning(item: Json | None) -> bool:
    if item is None:
        return False
    if item["type"] == "message":
        return bool(item["role"] == "assistant")
    return item["type"] in FOLLOWERS or item["type"].endswith("_call")


def fit(items: list[Json], instructions: str | None, model: Model, truncation: str) -> list[Json]:
    """The items, without the oldest ones if they are too many and `truncation` is `auto` (§2)."""
    kept = list(items)
    while count(kept, instructions) > model.context_window:
        if truncation != "auto" or len(kept) <= 1:
            raise context_length_exceeded()
        dropped = kept.pop(0)
        if dropped["type"] == "function_call":
            kept = [item for item in kept if item.get("call_id") != dropped["call_id"]]
        if dropped["type"] == "mcp_approval_request":
            kept = [item for item in kept if item.get("approval_request_id") != dropped["id"]]
    return kept


def addable(items: list[Json]) -> list[Json]:
    """Output that a conversation can keep: reasoning at its end led to nothing and would poison it."""
    kept = list(items)
    while kept and kept[-1]["type"] == "reasoning":
        kept.pop()
    return kept
