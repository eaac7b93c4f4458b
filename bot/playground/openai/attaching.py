"""Files in vector stores: attached one by one or in batches, changed, detached."""

from dataclasses import dataclass, field

from bot.playground.openai.errors import ApiError, invalid, not_found
from bot.playground.openai.extraction import SUPPORTED, extension_of
from bot.playground.openai.file_schema import attach_body, attributes_body, check_batch
from bot.playground.openai.files import StoredFile
from bot.playground.openai.pages import paged
from bot.playground.openai.rates import Rate
from bot.playground.openai.script import Json
from bot.playground.openai.stores import AUTO, Attached, VectorStore, VectorStores, counted

ATTACHES_PER_MINUTE = 300  # calls per store, of both kinds together; reference/openai-platform.md §4
FILES_PER_MINUTE = 2000  # attached per organisation; openai 3.54, resources/files.py
GUIDE = "https://platform.openai.com/docs/assistants/tools/file-search/supported-files"


@dataclass(slots=True)
class Batch:
    """Files attached with one call."""

    id: str
    store_id: str
    created_at: int
    files: list[Attached] = field(default_factory=list)

    def body(self) -> Json:
        """The batch (openai 3.54, types/vector_stores/vector_store_file_batch.py)."""
        counts = counted(self.files)
        status = "in_progress" if counts["in_progress"] else "completed"
        about = {"created_at": self.created_at, "vector_store_id": self.store_id, "file_counts": counts}
        return {"id": self.id, "object": "vector_store.files_batch", "status": status, **about}


class Attaching:
    """What puts Files into stores."""

    def __init__(self, stores: VectorStores) -> None:
        self._stores = stores
        self._rate = Rate(stores.clock)
        self._batches: dict[str, Batch] = {}
        self._count = 0

    def create_store(self, body: Json) -> Json:
        """`POST /vector_stores`."""
        made = self._stores.create(body)
        strategy = body.get("chunking_strategy")
        entries = [{"file_id": one, "chunking_strategy": strategy} for one in body.get("file_ids") or []]
        try:
            self._attach_all(made, entries, "file_ids")
        except ApiError:
            made.deleted = True
            raise
        return made.body()

    def attach(self, store_id: str, body: Json) -> Json:
        """`POST /vector_stores/{id}/files`."""
        store = self._stores.usable(store_id)
        attach_body(body, "")
        self._rate.take(store_id, ATTACHES_PER_MINUTE)
        [made] = self._attach_all(store, [body], "file_id")
        return made.body()

    def batch(self, store_id: str, body: Json) -> Json:
        """`POST /vector_stores/{id}/file_batches`."""
        store = self._stores.usable(store_id)
        check_batch(body)
        shared = {key: body[key] for key in ("attributes", "chunking_strategy") if key in body}
        entries = body.get("files") or [{"file_id": one, **shared} for one in body["file_ids"]]
        self._rate.take(store_id, ATTACHES_PER_MINUTE)
        made = Batch(self._stores.ids.new("vsfb"), store_id, int(self._stores.clock.time()))
        made.files = self._attach_all(store, entries, "file_ids")
        self._batches[made.id] = made
        return made.body()

    def _attach_all(self, store: VectorStore, entries: list[Json], param: str) -> list[Attached]:
        found = [self._stores.uploaded.find(entry["file_id"], param) for entry in entries]
        refuse_extensions(found)
        self._rate.take("attached files", FILES_PER_MINUTE, len(entries))
        store.last_active_at = self._stores.clock.time()
        return [self._attached(store, file, entry) for file, entry in zip(found, entries, strict=True)]

    def _attached(self, store: VectorStore, file: StoredFile, entry: Json) -> Attached:
        """One more file; one that is there already is indexed again as now asked (UNVERIFIED)."""
        before = store.files.pop(file.id, None)
        if before is not None:
            self._stores.index.remove(store.id, before.key)
            before.status = "cancelled" if before.status == "in_progress" else before.status
        now = self._stores.clock.time()
        strategy = entry.get("chunking_strategy") or AUTO
        chunking = AUTO if strategy["type"] == "auto" else strategy
        self._count += 1
        about = (file.id, file.filename, store.id, self._count, int(now), now + self._stores.indexing_seconds)
        store.files[file.id] = Attached(*about, dict(entry.get("attributes") or {}), chunking)
        return store.files[file.id]

    def page(self, store_id: str, query: Json) -> Json:
        """`GET /vector_stores/{id}/files`."""
        return _listed([*self._stores.find(store_id).files.values()], query)

    def find(self, store_id: str, file_id: str) -> Attached:
        """The file of that id in the store; 404 when it is not attached."""
        found = self._stores.find(store_id).files.get(file_id)
        if found is None:
            raise not_found("File", file_id)
        return found

    def update(self, store_id: str, file_id: str, body: Json) -> Json:
        """`POST /vector_stores/{id}/files/{file_id}`: all its attributes anew."""
        self._stores.usable(store_id)
        found = self.find(store_id, file_id)
        attributes_body(body, "")
        found.attributes = dict(body["attributes"] or {})
        return found.body()

    def detach(self, store_id: str, file_id: str) -> Json:
        """`DELETE /vector_stores/{id}/files/{file_id}`: the File stays (reference/openai-platform.md §4)."""
        self.find(store_id, file_id)
        self._stores.remove(self._stores.find(store_id), file_id)
        return {"id": file_id, "object": "vector_store.file.deleted", "deleted": True}

    def content(self, store_id: str, file_id: str) -> Json:
        """`GET /vector_stores/{id}/files/{file_id}/content`: the passages."""
        data = [{"type": "text", "text": text} for text in self.find(store_id, file_id).passages]
        page = {"object": "vector_store.file_content.page", "has_more": False, "next_page": None}
        return {**page, "data": data}

    def find_batch(self, store_id: str, batch_id: str) -> Batch:
        """The batch of that id; 404 when there is none in that store."""
        self._stores.find(store_id)
        found = self._batches.get(batch_id)
        if found is None or found.store_id != store_id:
            raise not_found("File batch", batch_id)
        return found

    def page_batch(self, store_id: str, batch_id: str, query: Json) -> Json:
        """`GET /vector_stores/{id}/file_batches/{batch_id}/files`."""
        return _listed(self.find_batch(store_id, batch_id).files, query)


def _listed(files: list[Attached], query: Json) -> Json:
    wanted = query.get("filter")
    return paged([one.body() for one in files if wanted in (None, one.status)], query)


def refuse_extensions(files: list[StoredFile]) -> None:
    """File search takes 21 extensions; the refusal is that of stdapi-ai/stdapi.ai#275, seen live."""
    refused = sorted({f".{extension_of(file.filename)}" for file in files} - {f".{one}" for one in SUPPORTED})
    if refused:
        message = f"Files with extensions [{', '.join(refused)}] are not supported for retrieval. See {GUIDE}"
        raise invalid(message, "file_ids", "unsupported_file")
