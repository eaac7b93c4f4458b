"""Which items of a memory hold what one person said, as far as that can be told. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.assistant.memory import standing_before, turn_of
from bot.reading import PREFACE
from storage.records import Asked

Item = Mapping[str, Any]

QUOTED = {"time", "name", "id", "text"}
"""What a line has by which a message is quoted to the model (bot/reading.py)."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """What goes of a memory, and of the responses that came of it."""

    items: tuple[str, ...] = ()  # in an order in which they may be deleted one by one
    responses: tuple[str, ...] = ()
    with_others: int = 0  # of the items: those that quote other people, too
    moved: Mapping[str, str | None] = field(
        default_factory=dict
    )  # where to stand instead: an item that goes -> the one before

    def __bool__(self) -> bool:
        return bool(self.items or self.responses)


def theirs(items: Sequence[Item], user: str, turns: Sequence[Asked], tail: str | None) -> Theirs:
    """Find what a person said in a memory: its `items`, the oldest first, which are answered up to `tail`.

    Turns that they alone asked for go whole, with the answer. Of others goes what quotes them: their own line
    where several people asked at once, and all of an item with what the assistant had missed in the thread.
    Responses go from the first on that had these words: each may hold a copy of all that the model was given.
    """
    going: dict[str, None] = {}
    for turn in turns:
        if turn.users == {user}:
            going.update(dict.fromkeys(str(item["id"]) for item in turn_of(items, turn.items)))
    if turns and turns[-1].users == {user} and not turns[-1].items:
        going.update(dict.fromkeys(_behind(items, tail)))
    quoting = {str(item["id"]): speakers for item in items if user in (speakers := _quoted(item))}
    with_others = sum(len(speakers) > 1 for one, speakers in quoting.items() if one not in going)
    going.update(dict.fromkeys(quoting))
    heard = [user in turn.users or _hears(turn, items, going) for turn in turns]
    since = heard.index(True) if True in heard else len(turns)
    responses = dict.fromkeys(response for turn in turns[since:] for response in turn.responses)
    return Theirs(tuple(going), tuple(responses), with_others, standing_before(items, going))


def _behind(items: Sequence[Item], tail: str | None) -> list[str]:
    """What a turn that has not ended left behind the tail, the newest first; nothing where the tail is gone."""
    ids = [str(item["id"]) for item in items]
    if tail is not None and tail not in ids:
        return []
    return ids[ids.index(tail) + 1 if tail is not None else 0 :][::-1]


def _hears(turn: Asked, items: Sequence[Item], going: Collection[str]) -> bool:
    """Whether anything that goes was said in the turn."""
    return any(str(item["id"]) in going for item in turn_of(items, turn.items))


def _quoted(item: Item) -> frozenset[str]:
    """The ids of the people whom an item quotes; what was said to the model without a quotation names nobody."""
    content = item.get("content") if item.get("role") == "user" else None
    if not isinstance(content, list):
        return frozenset()
    return frozenset(speaker for part in content for speaker in _speakers(str(part.get("text") or "")))


def _speakers(text: str) -> frozenset[str]:
    lines = text.split("\n")
    if len(lines) > 1 and lines[0] != PREFACE:
        return frozenset()
    return frozenset(speaker for line in lines if (speaker := _speaker(line)))


def _speaker(line: str) -> str:
    """Who is quoted in the line; empty where it is no quotation."""
    try:
        said = json.loads(line)
    except ValueError:
        return ""
    return str(said["id"]) if isinstance(said, Mapping) and said.keys() >= QUOTED else ""
