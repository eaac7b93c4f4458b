"""A call taken apart, and what may answer it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.playground.openai import items
from bot.playground.openai.script import Json
from bot.playground.openai.uploads import Upload
from bot.playground.openai.validation import query

INCLUDE = ("include[]", "include")  # the SDK writes the first, once for each value


@dataclass(frozen=True, slots=True)
class Content:
    """An answer that is no JSON: bytes, or a file that holds them."""

    data: bytes | Path
    content_type: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call, taken apart."""

    name: str  # such as "GET /conversations/{id}/items", as faults are named
    ids: tuple[str, ...]
    body: Json  # of a form: its fields
    query: tuple[tuple[str, str], ...]
    upload: Upload | None = None

    def parameters(self, known: dict[str, Any]) -> Json:
        """The query parameters besides `include`, the known ones only."""
        plain = {key: value for key, value in self.query if key not in INCLUDE}
        return query(plain, known)

    def include(self) -> list[str]:
        """What the query asks to include."""
        asked = [value for key, value in self.query if key in INCLUDE]
        items.include(asked, "include")
        return asked
