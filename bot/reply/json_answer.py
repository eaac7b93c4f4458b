"""An answer that is JSON, as people read it: a table where it is a flat list, else indented code. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_COLUMNS = 8  # a wider table cannot be read on a telephone
MAX_ROWS = 60
MAX_CELL = 120  # characters

Scalar = str | int | float | bool | None


def readable(text: str) -> str:
    """The Markdown that shows it: one after the other where it is several; what was cut short as code.

    A text that is no JSON, as where the model declines, as it is.
    """
    shown, rest = list[str](), text.strip()
    while rest:
        try:
            value, end = json.JSONDecoder().raw_decode(rest)
        except (ValueError, RecursionError):
            break
        rows = _flat(value)
        shown.append(_table(rows) if rows else _code(value))
        rest = rest[end:].lstrip()
    if rest[:1] in ("{", "["):
        shown.append(_fenced(rest))
    elif rest or not shown:
        return text
    return "\n\n".join(shown)


def _flat(value: Any) -> Sequence[Mapping[str, Scalar]] | None:
    """The rows of a flat list, or of the only one in an object: at a schema's root there is no list."""
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    if not isinstance(value, list) or not value or len(value) > MAX_ROWS:
        return None
    if not all(isinstance(row, dict) and row and all(map(_fits, row.values())) for row in value):
        return None
    return value if len(_columns(value)) <= MAX_COLUMNS else None


def _fits(value: object) -> bool:
    return isinstance(value, Scalar) and len(str(value)) <= MAX_CELL


def _columns(rows: Sequence[Mapping[str, Scalar]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _table(rows: Sequence[Mapping[str, Scalar]]) -> str:
    columns = _columns(rows)
    lines = [columns, ["---"] * len(columns), *([_cell(row.get(name)) for name in columns] for row in rows)]
    head, rule, *body = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in ([*map(_cell, head)], rule, *body))


def _cell(value: Scalar) -> str:
    if value is None:
        return ""
    said = value if isinstance(value, str) else json.dumps(value)
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(said.split()))


def _code(value: Any) -> str:
    """A fence that nothing in it can close."""
    return _fenced(json.dumps(value, indent=2, ensure_ascii=False))


def _fenced(said: str) -> str:
    longest = max((len(run) for run in re.findall("`+", said)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}json\n{said}\n{fence}"
