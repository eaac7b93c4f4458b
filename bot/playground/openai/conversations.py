"""Conversations and their items: kept, listed, locked, deleted."""

from collections.abc import Collection
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.playground.openai.context import refuse_duplicates
from bot.playground.openai.errors import conversation_locked, not_found
from bot.playground.openai.ids import Ids
from bot.playground.openai.items import listed, shown, stored
from bot.playground.openai.script import Json
from bot.playground.openai.validation import conversation_body, items_body, metadata_body

DEFAULT_LIMIT = 20  # reference/openai-platform.md §2
DEFAULT_ORDER = "desc"  # reference/openai-platform.md §2


@dataclass(slots=True)
class Conversation:
    """What was said, oldest first. Deleting it keeps its items (reference/openai-platform.md §2)."""

    id: str
    created_at: int
    metadata: dict[str, str]
    items: list[Json] = field(default_factory=list)
    deleted: bool = False
    locked_by: str | None = None  # a response id, or "somebody else"

    def body(self) -> Json:
        """The conversation object (openai 3.54, types/conversations/conversation.py)."""
        about = {"created_at": self.created_at, "metadata": self.metadata}
        return {"id": self.id, "object": "conversation", **about}

    def must_be_free(self) -> None:
        """Refuse a second writer (reference/openai-platform.md §2, "Locking")."""
        if self.locked_by is not None:
            raise conversation_locked()

    def add(self, entries: list[Json]) -> None:
        """Append items, none of which may be there already."""
        refuse_duplicates(self.items, entries)
        self.items.extend(entries)


class Conversations:
    """Every conversation there is or was."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self.all: dict[str, Conversation] = {}

    def find(self, identifier: str, param: str | None = None) -> Conversation:
        """The conversation of that id; 404 when there is none, or no longer."""
        found = self.all.get(identifier)
        if found is None or found.deleted:
            raise not_found("Conversation", identifier, param)
        return found

    def create(self, body: Json) -> Json:
        """`POST /conversations`."""
        conversation_body(body, "")
        now = int(self._clock.time())
        made = Conversation(self._ids.new("conv"), now, dict(body.get("metadata") or {}))
        made.add(stored(body.get("items") or [], self._ids))
        self.all[made.id] = made
        return made.body()

    def update(self, identifier: str, body: Json) -> Json:
        """`POST /conversations/{id}`: other metadata."""
        found = self.find(identifier)
        metadata_body(body, "")
        found.metadata = dict(body["metadata"] or {})
        return found.body()

    def delete(self, identifier: str) -> Json:
        """`DELETE /conversations/{id}`."""
        self.find(identifier).deleted = True
        return {"id": identifier, "object": "conversation.deleted", "deleted": True}

    def add_items(self, identifier: str, body: Json, include: Collection[str]) -> Json:
        """`POST /conversations/{id}/items`. That a lock refuses it is UNVERIFIED."""
        found = self.find(identifier)
        items_body(body, "")
        found.must_be_free()
        entries = stored(body["items"], self._ids)
        found.add(entries)
        return listed([shown(entry, include) for entry in entries])

    def list_items(self, identifier: str, query: Json, include: Collection[str]) -> Json:
        """`GET /conversations/{id}/items`: a page, the newest first unless asked otherwise."""
        entries = list(self.find(identifier).items)
        if query.get("order", DEFAULT_ORDER) == "desc":
            entries.reverse()
        if "after" in query:
            entries = entries[_position(entries, query["after"], "after") + 1 :]
        if "before" in query:
            entries = entries[: _position(entries, query["before"], "before")]
        page = entries[: query.get("limit", DEFAULT_LIMIT)]
        return listed([shown(entry, include) for entry in page], has_more=len(entries) > len(page))

    def item(self, identifier: str, item_id: str, include: Collection[str]) -> Json:
        """`GET /conversations/{id}/items/{item_id}`."""
        entries = self.find(identifier).items
        return shown(entries[_position(entries, item_id, None)], include)

    def delete_item(self, identifier: str, item_id: str) -> Json:
        """`DELETE /conversations/{id}/items/{item_id}`: answered with the conversation."""
        found = self.find(identifier)
        position = _position(found.items, item_id, None)
        found.must_be_free()
        del found.items[position]
        return found.body()


def _position(entries: list[Json], item_id: str, param: str | None) -> int:
    for position, entry in enumerate(entries):
        if entry["id"] == item_id:
            return position
    raise not_found("Item", item_id, param)
