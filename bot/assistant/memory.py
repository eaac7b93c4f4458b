"""Which of a memory's items belong to one turn. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.assistant.parts import FOUND

Item = Mapping[str, Any]


def turn_of(items: Sequence[Item], added: Collection[str]) -> list[Item]:
    """The items of a turn that added those ids, in an order in which they may be deleted one by one.

    `items` are the oldest first. First goes what was asked, which stands right before: so a deletion that broke
    off finds the rest of the turn again. Then the answer, its newest item first, so that reasoning goes right
    after the item it led to, and so does the output of a function after its call.
    """
    ours = [index for index, item in enumerate(items) if item.get("id") in added]
    if not ours:
        return []
    asked, first, last = ours[0], ours[0], ours[-1]
    while asked > 0 and items[asked - 1].get("role") == "user":
        asked -= 1
    while last + 1 < len(items) and items[last + 1].get("type") == "function_call_output":
        last += 1
    return [*items[asked:first], *items[first : last + 1][::-1]]


def given(item: Item) -> bool:
    """Whether an item is a document, or passages, that a turn was given besides its question."""
    return any(
        part.get("type") == "input_file" or str(part.get("text") or "").startswith(FOUND) for part in _parts(item)
    )


def names(item: Item, file_ids: Collection[str]) -> bool:
    """Whether an item gives the model one of these Files to read or to look at."""
    return any(part.get("file_id") in file_ids for part in _parts(item))


def _parts(item: Item) -> Sequence[Item]:
    """The parts of what was said to the model."""
    content = item.get("content") if item.get("role") == "user" else None
    return content if isinstance(content, list) else ()
