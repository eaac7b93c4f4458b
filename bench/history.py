"""What was measured before, a line of JSON each: so that a change shows."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HISTORY = Path(__file__).with_name("history.jsonl")

TOLD: Mapping[str, tuple[str, ...]] = {
    "what": ("what",),
    "date": ("date",),
    "database": ("database",),
    "threads": ("sizes", "threads"),
    "processes": ("sizes", "processes"),
    "cpu ratio": ("cpu_ms_per_answer", "ratio"),
    "first text ms": ("first_text_ms", "median"),
    "first text s": ("first_text_s", "median"),
    "ack p99 ms": ("ack_ms", "p99"),
    "429": ("slack_calls_429",),
    "MiB above idle": ("memory_mib", "above_idle"),
}
"""The columns, and where each is in the figures."""


def keep(what: str, figures: Mapping[str, Any], file: Path = HISTORY) -> None:
    """Add one measurement."""
    kept = {"what": what, **{name: value for name, value in figures.items() if name != "notes"}}
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(kept) + "\n")


def history(file: Path = HISTORY) -> str:
    """All of them as a table, the oldest first."""
    kept = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    rows = [tuple(TOLD), *(tuple(_cells(one)) for one in kept)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _cells(figures: Mapping[str, Any]) -> Iterator[str]:
    for path in TOLD.values():
        value: Any = figures
        for name in path:
            value = value.get(name, "") if isinstance(value, Mapping) else ""
        yield str(value)
