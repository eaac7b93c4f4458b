"""Files: uploaded, listed, expired, deleted; their bytes lie on the disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.clock import Clock
from bot.playground.openai.calls import Content
from bot.playground.openai.disk import Disk
from bot.playground.openai.errors import invalid, no_such_file
from bot.playground.openai.extraction import SUPPORTED, extension_of
from bot.playground.openai.file_schema import file_body, numbered
from bot.playground.openai.ids import Ids
from bot.playground.openai.pages import paged
from bot.playground.openai.rates import Rate
from bot.playground.openai.schema import missing
from bot.playground.openai.script import Json
from bot.playground.openai.uploads import Upload, too_large

MAX_BYTES = 512 * 1024 * 1024  # of one File; openai 3.54, resources/files.py
MAX_BATCH_BYTES = 200 * 1024 * 1024  # with purpose `batch`; openai 3.54, resources/files.py
UPLOADS_PER_MINUTE = 1000  # openai 3.54, resources/files.py
BATCH_SECONDS = 30 * 24 * 3600  # after which Files for batches expire; openai 3.54, types/file_create_params.py
LISTED = 10_000  # Files in one page unless asked otherwise; openai 3.54, resources/files.py

INTERPRETED = (
    "c cs cpp csv doc docx html java json md pdf php pptx py rb tex txt css js sh ts jpeg jpg gif pkl png tar"
)
INTERPRETED += " xlsx xml zip"  # what the code interpreter takes; reference/openai-platform.md §5 "Types (exact)"
FOR_ASSISTANTS = tuple(sorted({*SUPPORTED, *INTERPRETED.split(), "webp"}))
UNREADABLE = ("user_data", "assistants")


@dataclass(slots=True)
class StoredFile:
    """One File."""

    id: str
    filename: str
    size: int  # bytes
    purpose: str
    created_at: int
    expires_at: int | None
    content_type: str
    path: Path

    def body(self) -> Json:
        """The File object (openai 3.54, types/file_object.py)."""
        size = {"bytes": self.size, "filename": self.filename, "purpose": self.purpose}
        times = {"created_at": self.created_at, "expires_at": self.expires_at}
        return {"id": self.id, "object": "file", "status": "processed", "status_details": None, **size, **times}

    def data(self) -> bytes:
        """All its bytes."""
        return self.path.read_bytes()


class Files:
    """Every File there is. `removed` hears the id of each that goes."""

    def __init__(self, clock: Clock, ids: Ids, disk: Disk) -> None:
        self._clock = clock
        self._ids = ids
        self._disk = disk
        self._all: dict[str, StoredFile] = {}
        self._rate = Rate(clock)
        self.removed: list[Callable[[str], None]] = []

    def live(self) -> dict[str, StoredFile]:
        """The Files that there are now, the oldest first."""
        now = self._clock.time()
        for file in list(self._all.values()):
            if file.expires_at is not None and file.expires_at <= now:
                self._remove(file)
        return self._all

    def find(self, identifier: str, param: str = "id") -> StoredFile:
        """The File of that id; 404 when there is none, or no longer."""
        found = self.live().get(identifier)
        if found is None:
            raise no_such_file(identifier, param)
        return found

    def create(self, fields: Json, upload: Upload | None) -> Json:
        """`POST /files`."""
        body = numbered(fields, "expires_after.seconds")
        file_body(body, "")
        if upload is None:
            raise missing("file")
        _acceptable(upload, body["purpose"])
        self._rate.take("uploads", UPLOADS_PER_MINUTE)
        return self.keep(upload, body["purpose"], _seconds(body)).body()

    def keep(self, upload: Upload, purpose: str, seconds: int | None = None) -> StoredFile:
        """A File of what was uploaded, which is moved away from where it lies."""
        now = int(self._clock.time())
        path = upload.path.rename(self._disk.new())
        expires = None if seconds is None else now + seconds
        identifier = self._ids.new("file", "-")
        about = (upload.filename, upload.size, purpose, now, expires, upload.content_type)
        self._all[identifier] = StoredFile(identifier, *about, path)
        return self._all[identifier]

    def page(self, query: Json) -> Json:
        """`GET /files`."""
        bodies = [file.body() for file in self.live().values()]
        wanted = query.get("purpose")
        return paged([one for one in bodies if wanted in (None, one["purpose"])], query, default=LISTED)

    def content(self, identifier: str) -> Content:
        """`GET /files/{id}/content`: refused for what was uploaded to be read by models.

        Seen live for `user_data` (BasedHardware/omi#3361) and `assistants`; others, `batch` among them, are given.
        """
        found = self.find(identifier)
        if found.purpose in UNREADABLE:
            raise invalid(f"Not allowed to download files of purpose: {found.purpose}", None)
        return Content(found.path, "application/octet-stream")

    def delete(self, identifier: str) -> Json:
        """`DELETE /files/{id}`: it leaves all vector stores too (openai 3.54, resources/files.py)."""
        self._remove(self.find(identifier))
        return {"id": identifier, "object": "file", "deleted": True}

    def _remove(self, file: StoredFile) -> None:
        del self._all[file.id]
        file.path.unlink(missing_ok=True)
        for hear in self.removed:
            hear(file.id)


def _seconds(body: Json) -> int | None:
    policy = body.get("expires_after")
    if policy is not None:
        return int(policy["seconds"])
    return BATCH_SECONDS if body["purpose"] == "batch" else None


def _acceptable(upload: Upload, purpose: str) -> None:
    """Refuse by extension and size what the purpose does not take."""
    extension = extension_of(upload.filename)
    if purpose == "assistants" and extension not in FOR_ASSISTANTS:  # the sentence of openai/openai-dotnet#270
        formats = ", ".join(f'"{name}"' for name in FOR_ASSISTANTS)
        raise invalid(f"Invalid extension {extension}. Supported formats: {formats}", "file")
    if purpose in ("batch", "fine-tune") and extension != "jsonl":  # openai 3.54, resources/files.py
        raise invalid(f"Invalid file format for purpose {purpose}. Must be .jsonl", "file")
    if purpose == "batch" and upload.size > MAX_BATCH_BYTES:
        raise too_large(MAX_BATCH_BYTES, upload.size)
