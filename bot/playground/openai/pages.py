"""Lists cut into pages by cursors, as every list of the API is."""

from collections.abc import Sequence

from bot.playground.openai.errors import not_found
from bot.playground.openai.items import listed
from bot.playground.openai.script import Json

DEFAULT_LIMIT = 20  # openai 3.54, types/vector_stores/file_list_params.py
DEFAULT_ORDER = "desc"  # the newest first, as for conversations (reference/openai-platform.md §2)


def paged(bodies: Sequence[Json], query: Json, *, default: int = DEFAULT_LIMIT) -> Json:
    """The page that the query asks for, of bodies that stand with the oldest first."""
    entries = list(bodies)
    if query.get("order", DEFAULT_ORDER) == "desc":
        entries.reverse()
    if "after" in query:
        entries = entries[_position(entries, query["after"], "after") + 1 :]
    if "before" in query:
        entries = entries[: _position(entries, query["before"], "before")]
    shown = entries[: query.get("limit", default)]
    return listed(shown, has_more=len(entries) > len(shown))


def _position(entries: list[Json], identifier: str, param: str) -> int:
    for position, entry in enumerate(entries):
        if entry["id"] == identifier:
            return position
    raise not_found("Object", identifier, param)
