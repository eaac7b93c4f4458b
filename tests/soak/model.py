"""The model of the soak: it answers the questions that it is given by their numbers, and sometimes breaks down."""

import random
import re
from collections import Counter
from collections.abc import Iterator

from bot.playground.openai.script import (
    Cut,
    Failed,
    Incomplete,
    Json,
    Part,
    Pause,
    Reasoning,
    Reset,
    Script,
    Stall,
    Text,
    Turn,
)
from bot.reading import PREFACE

QUESTION = re.compile(r"\bq\d{5}\b")
SENTENCE = "Nothing of this is known to anybody, and it is said at length. "
VERY_LONG = 250  # sentences: more than one message of Slack holds


class Model:
    """Answers by script; the same question breaks down once at most."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._times: Counter[str] = Counter()

    def __call__(self, turn: Turn) -> Script:
        asked = list(questions(turn.body.get("input") or _unanswered(turn.context)))
        name = asked[0] if asked else "nothing"
        self._times[name] += 1
        chance = random.Random(f"{self._seed} {name}")
        said = " and ".join(asked) or "nothing"
        parts = _parts(chance, f"You asked {said}. ", f"That is all on {said}.")
        return Script(*(_broken(chance, parts) if self._times[name] == 1 else parts))


def questions(items: list[Json]) -> Iterator[str]:
    """The numbers of the questions among these items, in order; what is only told as background is none."""
    for item in items:
        if item.get("role") == "user" and not (text := written(item)).startswith(PREFACE):
            yield from QUESTION.findall(text)


def written(item: Json) -> str:
    """All text of a message item."""
    return "".join(part.get("text", "") for part in item["content"])


def _unanswered(context: list[Json]) -> list[Json]:
    """What stands behind the last answer."""
    answers = [at for at, item in enumerate(context) if item.get("role") == "assistant"]
    return context[answers[-1] + 1 :] if answers else context


def _parts(chance: random.Random, first: str, last: str) -> list[Part]:
    length = chance.choices((1, 4, 15, VERY_LONG), weights=(55, 30, 12, 3))[0]
    pieces: list[str | Pause] = [first]
    for _ in range(min(length, 8)):
        pieces += [Pause(chance.uniform(0.05, 1.2)), SENTENCE * max(1, length // 8)]
    thought: list[Part] = [Reasoning()] if chance.random() < 0.3 else []
    return [*thought, Pause(chance.uniform(0.2, 2.0)), Text(deltas=[*pieces, last])]


def _broken(chance: random.Random, parts: list[Part]) -> list[Part]:
    """The same, unless it is one of those in whose middle something happens."""
    fate = chance.random()
    if fate < 0.02:
        return [*parts, Failed("server_error", "The model failed.")]
    if fate < 0.03:
        return [*parts, Incomplete()]
    breaks = {0.04: Cut(), 0.05: Reset(then="cancelled"), 0.06: Reset(), 0.063: Stall(then="completed")}
    for below, broken in breaks.items():
        if fate < below:
            text = parts[-1]
            if isinstance(text, Text):
                pieces = text.pieces()
                return [*parts[:-1], Text(deltas=[*pieces[:3], broken, *pieces[3:]])]
    return parts
