"""Which of a memory's items belong to one turn. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.assistant.parts import FOUND
from bot.assistant.request import Turn
from bot.assistant.steps import answered_by

Item = Mapping[str, Any]


def brought(item: Item, turn: Turn) -> bool:
    """Whether an item is one of those that the turn brought; any message of a person where these are unknown."""
    if turn.outputs:
        return answered_by(item) in {output.call_id for output in turn.outputs}
    if item.get("role") != "user":
        return False
    parts = item.get("content") or ()
    text = parts if isinstance(parts, str) else "".join(part.get("text") or "" for part in parts)
    return not turn.input or text in turn.input


def turn_of(items: Sequence[Item], added: Collection[str]) -> list[Item]:
    """The items of a turn that added those ids, in an order in which they may be deleted one by one.

    `items` are the oldest first. First goes what was asked, which stands right before: so a deletion that broke
    off finds the rest of the turn again. Then the answer, its newest item first, so that reasoning goes right
    after the item it led to, and so does the output of a function after its call, or what was decided about one.
    """
    ours = [index for index, item in enumerate(items) if item.get("id") in added]
    if not ours:
        return []
    asked, first, last = ours[0], ours[0], ours[-1]
    while asked > 0 and items[asked - 1].get("role") == "user":
        asked -= 1
    while last + 1 < len(items) and answered_by(items[last + 1]) is not None:
        last += 1
    return [*items[asked:first], *items[first : last + 1][::-1]]


def given(item: Item) -> bool:
    """Whether an item is a document, or passages, that a turn was given besides its question."""
    return any(
        part.get("type") == "input_file" or str(part.get("text") or "").startswith(FOUND) for part in _parts(item)
    )


def carrying(items: Sequence[Item], file_ids: Collection[str], answers: Collection[str] | None = ()) -> list[Item]:
    """The items to take out so that nothing of these Files is left, in an order in which they may be deleted.

    `items` are the oldest first, `answers` ids of items that go whatever they say. A File is carried by what gives
    it to the model, by a search that found it, and by an answer that cites it; where `answers` is None, only what
    gives it to the model counts, for all else the model may go on knowing. Reasoning goes with what it led to,
    without which OpenAI refuses it (trap 13), and so does the output of a function with its call, and with a
    question about one what was decided and what came of that. The newest go
    first: a deletion that broke off leaves reasoning that leads to nothing, and that goes with the next one.
    """
    gives = [any(part.get("file_id") in file_ids for part in _parts(item)) for item in items]
    if answers is None:
        return [item for item, goes in zip(items, gives, strict=True) if goes][::-1]
    told = [item.get("id") in answers or _tells(item, file_ids) for item in items]
    going = [one or other for one, other in zip(gives, told, strict=True)]
    calls = {_call(item) for item, goes in zip(items, going, strict=True) if goes}.difference({None})
    for place in reversed(range(len(items))):
        item = items[place]
        if item.get("type") == "reasoning":
            going[place] |= place + 1 == len(items) or going[place + 1] or items[place + 1].get("role") == "user"
        else:
            going[place] |= _call(item) in calls
    return [item for item, goes in zip(items, going, strict=True) if goes][::-1]


def found_beside(items: Sequence[Item], own: Collection[str]) -> frozenset[str]:
    """The Files other than `own` that searches among these items found something in."""
    searches = (item for item in items if item.get("type") == "file_search_call")
    found = (str(one.get("file_id") or "") for item in searches for one in item.get("results") or ())
    return frozenset(found).difference(own)


def standing_before(items: Sequence[Item], going: Collection[str]) -> dict[str, str | None]:
    """For each item that goes, by its id: the nearest one before it that stays, None where there is none."""
    found: dict[str, str | None] = {}
    last: str | None = None
    for item in items:
        if item["id"] in going:
            found[item["id"]] = last
        else:
            last = item["id"]
    return found


def _tells(item: Item, file_ids: Collection[str]) -> bool:
    """Whether a search found one of these Files, or an answer cites one."""
    found = item.get("results") or () if item.get("type") == "file_search_call" else ()
    said = item.get("content") if item.get("role") == "assistant" else None
    parts = [part for part in said if isinstance(part, Mapping)] if isinstance(said, list) else []
    cited = [one for part in parts for one in part.get("annotations") or ()]
    return any(one.get("file_id") in file_ids for one in (*found, *cited))


def _call(item: Item) -> str | None:
    """The id by which a call, what was decided about it and what came of it belong together."""
    asks = item.get("id") if item.get("type") == "mcp_approval_request" else None
    return asks or item.get("approval_request_id") or item.get("call_id")


def _parts(item: Item) -> Sequence[Item]:
    """The parts of what was said to the model."""
    content = item.get("content") if item.get("role") == "user" else None
    return content if isinstance(content, list) else ()
