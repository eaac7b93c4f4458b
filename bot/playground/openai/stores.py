"""Vector stores: made, changed, expired, searched."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.playground.openai.errors import ApiError, invalid, not_found
from bot.playground.openai.extraction import Unreadable, passages, text_of_file
from bot.playground.openai.file_schema import search_body, store_body, store_changes
from bot.playground.openai.files import Files, StoredFile
from bot.playground.openai.filters import passes
from bot.playground.openai.ids import Ids
from bot.playground.openai.index import Index
from bot.playground.openai.pages import paged
from bot.playground.openai.passages import Passage
from bot.playground.openai.script import Json

DAY = 24 * 3600  # seconds
SEARCHED = 10  # results of `POST /vector_stores/{id}/search`; reference/openai-platform.md §4
INDEXING = 1.0  # seconds that indexing takes here unless told otherwise; the real time is nobody's promise
AUTO: Json = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
"""What `auto` means (reference/openai-platform.md §4)."""

STATES = ("in_progress", "completed", "failed", "cancelled")


@dataclass(slots=True)
class Attached:
    """A File in a store: what it is called there, and how far its indexing is."""

    file_id: str
    filename: str
    store_id: str
    key: int  # of its passages
    created_at: int
    ready_at: float
    attributes: dict[str, str | float | bool]
    chunking: Json
    batch_id: str | None = None
    status: str = "in_progress"
    last_error: Json | None = None
    passages: list[str] = field(default_factory=list)
    removed_at: float | None = None

    @property
    def usage_bytes(self) -> int:
        """What it takes in the store."""
        return sum(len(passage.encode()) for passage in self.passages)

    def body(self) -> Json:
        """The vector store file (openai 3.54, types/vector_stores/vector_store_file.py)."""
        about = {"status": self.status, "last_error": self.last_error, "usage_bytes": self.usage_bytes}
        place = {"created_at": self.created_at, "vector_store_id": self.store_id}
        given = {"attributes": self.attributes, "chunking_strategy": self.chunking}
        return {"id": self.file_id, "object": "vector_store.file", **place, **about, **given}


@dataclass(slots=True)
class VectorStore:
    """One vector store and its files, the first attached first."""

    id: str
    name: str
    created_at: int
    last_active_at: float
    expires_after: Json | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    files: dict[str, Attached] = field(default_factory=dict)
    leaving: list[Attached] = field(default_factory=list)  # removed, and found for a while yet
    deleted: bool = False
    expired: bool = False

    def expires_at(self) -> int | None:
        """When it expires if nothing happens, in seconds since the epoch."""
        if self.expires_after is None:
            return None
        return int(self.last_active_at) + int(self.expires_after["days"]) * DAY

    @property
    def status(self) -> str:
        """`expired`, `in_progress` while a file is being indexed, or `completed`."""
        if self.expired:
            return "expired"
        return "in_progress" if any(one.status == "in_progress" for one in self.files.values()) else "completed"

    def body(self) -> Json:
        """The vector store object (openai 3.54, types/vector_store.py)."""
        return {
            "id": self.id,
            "object": "vector_store",
            "name": self.name,
            "created_at": self.created_at,
            "last_active_at": int(self.last_active_at),
            "status": self.status,
            "usage_bytes": sum(one.usage_bytes for one in self.files.values()),
            "file_counts": counted(self.files.values()),
            "expires_after": self.expires_after,
            "expires_at": self.expires_at(),
            "metadata": self.metadata,
        }


def counted(files: Collection[Attached]) -> Json:
    """`file_counts` of a store or a batch."""
    counts: Json = {state: sum(one.status == state for one in files) for state in STATES}
    return counts | {"total": len(files)}


class VectorStores:
    """Every vector store there is or was."""

    def __init__(self, clock: Clock, ids: Ids, files: Files) -> None:
        self.clock = clock
        self.ids = ids
        self.uploaded = files
        self.all: dict[str, VectorStore] = {}
        self.indexing_seconds = INDEXING
        self.removal_lag = 0.0  # seconds for which removed content is still found
        self.failures: dict[str, str] = {}  # by file name: the code with which indexing fails
        self.index = Index()
        files.removed.append(self._forget)

    def put(self, identifier: str, name: str = "") -> VectorStore:
        """A store of that id, made without a call."""
        now = self.clock.time()
        self.all[identifier] = VectorStore(identifier, name, int(now), now)
        return self.all[identifier]

    # Looking up

    def find(self, identifier: str, param: str | None = None) -> VectorStore:
        """The store of that id as it is now, expired or not; 404 when there is none, or no longer."""
        found = self.all.get(identifier)
        if found is None or found.deleted:
            raise not_found("Vector store", identifier, param)
        self.uploaded.live()
        self._settle(found)
        return found

    def usable(self, identifier: str, param: str | None = None) -> VectorStore:
        """The store of that id if it has not expired; how the real API refuses it otherwise is UNVERIFIED."""
        found = self.find(identifier, param)
        if found.expired:
            raise expired(identifier, param)
        return found

    def used(self, identifier: str, param: str | None = None) -> VectorStore:
        """The same, and it is active now, so that it expires later."""
        found = self.usable(identifier, param)
        found.last_active_at = self.clock.time()
        return found

    def _settle(self, store: VectorStore) -> None:
        """Let happen what has become due."""
        now = self.clock.time()
        expires = store.expires_at()
        if not store.expired and expires is not None and expires <= now:
            store.expired = True  # its Files stay (reference/openai-platform.md, trap 18)
            store.files.clear()
            self.index.drop(store.id)
        for attached in [one for one in store.leaving if self._gone(one, now)]:
            store.leaving.remove(attached)
            self.index.remove(store.id, attached.key)
        for attached in list(store.files.values()):
            if attached.status == "in_progress" and attached.ready_at <= now:
                self.finish(attached)

    def _gone(self, attached: Attached, now: float) -> bool:
        return attached.removed_at is None or attached.removed_at + self.removal_lag <= now

    # Calls

    def create(self, body: Json) -> VectorStore:
        """`POST /vector_stores`, without its files."""
        store_body(body, "")
        made = self.put(self.ids.new("vs"), body.get("name") or "")
        made.expires_after = body.get("expires_after")
        made.metadata = dict(body.get("metadata") or {})
        return made

    def update(self, identifier: str, body: Json) -> Json:
        """`POST /vector_stores/{id}`."""
        found = self.usable(identifier)
        store_changes(body, "")
        found.name = body.get("name") or found.name
        found.expires_after = body.get("expires_after", found.expires_after)
        found.metadata = dict(body.get("metadata", found.metadata) or {})
        return found.body()

    def page(self, query: Json) -> Json:
        """`GET /vector_stores`."""
        return paged([self.find(one.id).body() for one in self.all.values() if not one.deleted], query)

    def delete(self, identifier: str) -> Json:
        """`DELETE /vector_stores/{id}`: the Files stay (reference/openai-platform.md, trap 18)."""
        self.find(identifier).deleted = True
        self.index.drop(identifier)
        return {"id": identifier, "object": "vector_store.deleted", "deleted": True}

    def search_call(self, identifier: str, body: Json) -> Json:
        """`POST /vector_stores/{id}/search`."""
        search_body(body, "")
        queries = [body["query"]] if isinstance(body["query"], str) else body["query"]
        limit = body.get("max_num_results", SEARCHED)
        found = self.search([identifier], queries, body.get("filters"), limit, _threshold(body))
        data = [one.found() for one in found]
        page = {"object": "vector_store.search_results.page", "search_query": queries}
        return {**page, "data": data, "has_more": False, "next_page": None}

    def search_tool(self, tool: Json, queries: Sequence[str], default: int) -> list[Passage]:
        """What the `file_search` tool of a request finds."""
        limit = tool.get("max_num_results", default)
        return self.search(tool["vector_store_ids"], queries, tool.get("filters"), limit, _threshold(tool))

    def search(
        self, stores: Sequence[str], queries: Sequence[str], wanted: Json | None, limit: int, threshold: float
    ) -> list[Passage]:
        """The passages of files whose attributes pass the filter, the best first."""
        best: dict[tuple[int, int], Passage] = {}
        for identifier in stores:
            store = self.used(identifier)
            held = {one.key: one for one in [*store.files.values(), *store.leaving]}
            for hit in [hit for query in queries for hit in self.index.search(identifier, query)]:
                found = held[hit.key]
                passage = Passage(found.file_id, found.filename, hit.score, hit.text, found.attributes)
                before = best.get((hit.key, hit.position))
                if passes(wanted, found.attributes) and (before is None or before.score < hit.score):
                    best[hit.key, hit.position] = passage
        ranked = sorted(best.items(), key=lambda entry: (-entry[1].score, entry[0]))
        return [passage for _, passage in ranked if passage.score >= threshold][:limit]

    def openings(self, tool: Json) -> list[Passage]:
        """The first passage of each file that the `file_search` tool of a request may find, the newest last."""
        return [
            Passage(one.file_id, one.filename, 0.0, one.passages[0], one.attributes)
            for identifier in tool["vector_store_ids"]
            for one in self.used(identifier).files.values()
            if one.passages and passes(tool.get("filters"), one.attributes)
        ]

    # Indexing

    def finish(self, attached: Attached) -> None:
        """Index a file now, or let it fail: a script said so, or there is no text to be had."""
        try:
            attached.passages = self._passages(attached)
        except Unreadable as error:
            attached.status = "failed"
            attached.last_error = {"code": error.code, "message": error.message}
            return
        attached.status = "completed"
        self.index.add(attached.store_id, attached.key, attached.passages)

    def _passages(self, attached: Attached) -> list[str]:
        if attached.filename in self.failures:
            raise Unreadable(self.failures[attached.filename])
        file: StoredFile = self.uploaded.find(attached.file_id)
        sizes = attached.chunking["static"]
        text = text_of_file(file.path, attached.filename)
        return passages(text, sizes["max_chunk_size_tokens"], sizes["chunk_overlap_tokens"])

    def remove(self, store: VectorStore, file_id: str) -> None:
        """Take a file out of a store; what it says may be found a while longer (reference §4)."""
        attached = store.files.pop(file_id)
        attached.removed_at = self.clock.time()
        if attached.status == "in_progress":
            attached.status = "cancelled"
        store.leaving.append(attached)
        self._settle(store)

    def _forget(self, file_id: str) -> None:
        for store in self.all.values():
            if file_id in store.files:
                self.remove(store, file_id)


def _threshold(body: Json) -> float:
    return float((body.get("ranking_options") or {}).get("score_threshold", 0.0))


def expired(identifier: str, param: str | None) -> ApiError:
    """An expired store cannot be used; status and sentence are UNVERIFIED (reference/openai-platform.md §4)."""
    return invalid(f"Vector store with id '{identifier}' is expired.", param, "vector_store_expired")
