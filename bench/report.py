"""What was measured, as figures for machines and as a table for people."""

import math
import os
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import mean, median
from typing import Any

ALLOWED_MS = 50.0  # beyond one Slack call, until the first text is on the screen (design §10)
NOTES = (
    "Real clock and processes over loopback; what the emulators' own process spends is not in the figures.",
    "One answer after the other, each in a new thread, 18 in 62 s at most: the limit of 20 streams never binds.",
    "The model thinks for 100 ms. The first answer after the start is not counted; its delay is given by itself.",
    "Text is on the screen when Slack executes the call that brings it, before Slack answers that call.",
    "After each answer the bare client makes the bot's own OpenAI request and only iterates over the stream.",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One answer."""

    delay_ms: float  # from the model's first word to the first text on the screen
    cpu_ms: float
    methods: tuple[str, ...]  # the Slack calls, in order
    refused: int  # of these
    whole: bool  # Slack shows the model's words, all and once


def figures(
    sizes: Mapping[str, float],
    first: Measured,
    answers: Sequence[Measured],
    bare_cpu_ms: Sequence[float],
    slack_call_ms: Sequence[float],
    memory: Sequence[float],
) -> dict[str, Any]:
    """Everything, by names that say the unit. `memory`: MiB idle, after the answers, at most."""
    delays, slack_call = sorted(answer.delay_ms for answer in answers), median(slack_call_ms)
    p95 = delays[math.ceil(0.95 * len(delays)) - 1]
    calls = Counter(method for answer in answers for method in answer.methods)
    bot, bare = mean(answer.cpu_ms for answer in answers), mean(bare_cpu_ms)
    found = {
        "sizes": sizes,
        "answers_whole": sum(answer.whole for answer in answers),
        "answers_streamed": sum("chat.startStream" in answer.methods for answer in answers),
        "first_text_ms": {"min": delays[0], "median": median(delays), "p95": p95, "max": delays[-1]},
        "first_text_ms_of_first_answer": first.delay_ms,
        "one_slack_call_ms": slack_call,
        "p95_within_one_slack_call_and_50_ms": p95 <= slack_call + ALLOWED_MS,
        "slack_calls_per_answer": calls.total() / len(answers),
        "slack_calls_by_method": {method: count / len(answers) for method, count in calls.most_common()},
        "slack_calls_refused": sum(answer.refused for answer in answers),
        "cpu_ms_per_answer": {"bot": bot, "bare_openai_client": bare, "ratio": bot / bare},
        "memory_mib": dict(zip(("idle", "after", "peak"), memory, strict=True)),
    }
    return described(found, NOTES)


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """The median, what 95 and 99 in a hundred stay below, and the highest."""
    ordered = sorted(values) or [math.nan]
    found = {f"p{share}": ordered[math.ceil(share / 100 * len(ordered)) - 1] for share in (95, 99)}
    return {"median": median(ordered), **found, "max": ordered[-1]}


def described(found: Mapping[str, Any], notes: Sequence[str]) -> dict[str, Any]:
    """Those figures, rounded, with when and on what they were measured."""
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
    }
    return {name: rounded(value) for name, value in {**about, **found, "notes": list(notes)}.items()}


def rounded(value: Any) -> Any:
    """Floats with two digits, however deep."""
    if isinstance(value, Mapping):
        return {name: rounded(inner) for name, inner in value.items()}
    return round(value, 2) if isinstance(value, float) else value


def table(figures: Mapping[str, Any]) -> str:
    """The figures in two columns, and below them what was done."""
    rows = list(_rows(figures))
    width = max(len(name) for name, _ in rows)
    return "\n".join([*(f"{name:<{width}}  {value}" for name, value in rows), "", *figures["notes"]])


def _rows(figures: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _rows(value, f"{above}{name}: ")
        elif name != "notes":
            yield f"{above}{name}".replace("_", " "), str(value)
