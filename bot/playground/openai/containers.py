"""Containers of the code interpreter: made, filled, expired after twenty idle minutes."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bot.clock import Clock
from bot.playground.openai.calls import Content
from bot.playground.openai.disk import Disk
from bot.playground.openai.errors import ApiError, invalid, not_found
from bot.playground.openai.file_schema import container_body, container_file_body
from bot.playground.openai.files import Files, StoredFile
from bot.playground.openai.ids import Ids
from bot.playground.openai.pages import paged
from bot.playground.openai.schema import missing
from bot.playground.openai.script import Json
from bot.playground.openai.uploads import Upload

MINUTES = 20  # idle ones after which a container expires; reference/openai-platform.md §5
HOME = PurePosixPath("/mnt/data")
DISABLED: Json = {"type": "disabled"}


@dataclass(slots=True)
class ContainerFile:
    """One file in a container."""

    id: str
    container_id: str
    path: str
    size: int  # bytes
    created_at: int
    source: str  # "user" or "assistant"
    kept: Path
    of: str | None = None  # the File it is a copy of

    def body(self) -> Json:
        """The container file (openai 3.54, types/containers/file_create_response.py)."""
        about = {"bytes": self.size, "path": self.path, "source": self.source, "created_at": self.created_at}
        return {"id": self.id, "object": "container.file", "container_id": self.container_id, **about}

    def data(self) -> bytes:
        """All its bytes."""
        return self.kept.read_bytes()


@dataclass(slots=True)
class Container:
    """One container. Whatever is done with it keeps it alive (reference/openai-platform.md §5)."""

    id: str
    name: str
    created_at: int
    last_active_at: float
    minutes: int = MINUTES
    memory_limit: str = "1g"
    network_policy: Json = field(default_factory=lambda: dict(DISABLED))
    files: dict[str, ContainerFile] = field(default_factory=dict)
    expired: bool = False

    def body(self) -> Json:
        """The container object (openai 3.54, types/container_create_response.py)."""
        return {
            "id": self.id,
            "object": "container",
            "name": self.name,
            "created_at": self.created_at,
            "last_active_at": int(self.last_active_at),
            "status": "expired" if self.expired else "running",
            "expires_after": {"anchor": "last_active_at", "minutes": self.minutes},
            "memory_limit": self.memory_limit,
            "network_policy": self._policy(),
        }

    def _policy(self) -> Json:
        """The policy without its secrets."""
        return {key: value for key, value in self.network_policy.items() if key != "domain_secrets"}


def held_name(file: ContainerFile) -> str:
    """What the file is called without the id that copies get before their name."""
    name = PurePosixPath(file.path).name
    return name if file.of is None else name.removeprefix(f"{file.id.removeprefix('cfile_')}-")


class Containers:
    """Every container there is."""

    def __init__(self, clock: Clock, ids: Ids, disk: Disk, files: Files) -> None:
        self._clock = clock
        self._ids = ids
        self._disk = disk
        self._uploaded = files
        self._all: dict[str, Container] = {}

    def live(self) -> dict[str, Container]:
        """The containers as they are now, expired ones too."""
        now = self._clock.time()
        for one in self._all.values():
            if not one.expired and one.last_active_at + one.minutes * 60 <= now:
                one.expired = True  # what was in it is lost (reference/openai-platform.md §5)
                one.files.clear()
        return self._all

    def make(self, body: Json, identifier: str | None = None) -> Container:
        """A new container as described by a request, with copies of the Files it names."""
        files = [self._uploaded.find(one, "file_ids") for one in body.get("file_ids") or []]
        now = self._clock.time()
        made = Container(identifier or self._ids.new("cntr"), body.get("name") or "", int(now), now)
        made.minutes = (body.get("expires_after") or {}).get("minutes", MINUTES)
        made.memory_limit = body.get("memory_limit") or "1g"
        made.network_policy = dict(body.get("network_policy") or DISABLED)
        self._all[made.id] = made
        for file in files:
            self.copy(made, file)
        return made

    def copy(self, container: Container, file: StoredFile) -> ContainerFile:
        """The File in the container: the same one if it is there already."""
        for held in container.files.values():
            if held.of == file.id:
                return held
        kept = self._disk.new()
        kept.hardlink_to(file.path)
        return self._put(container, file.filename, kept, file.size, file.id)

    def write(self, container: Container, path: str, data: bytes) -> ContainerFile:
        """A file that code wrote; one at the same path is overwritten."""
        for held in [held for held in container.files.values() if held.path == path]:
            del container.files[held.id]
        kept = self._disk.new()
        kept.write_bytes(data)
        about = (path, len(data), int(self._clock.time()), "assistant", kept)
        made = ContainerFile(self._ids.new("cfile"), container.id, *about)
        container.files[made.id] = made
        return made

    def _put(
        self, container: Container, filename: str, kept: Path, size: int, of: str | None = None
    ) -> ContainerFile:
        identifier = self._ids.new("cfile")
        path = str(
            HOME / f"{identifier.removeprefix('cfile_')}-{PurePosixPath(filename).name}"
        )  # as OpenAI's examples
        made = ContainerFile(identifier, container.id, path, size, int(self._clock.time()), "user", kept, of)
        container.files[identifier] = made
        return made

    # Looking up

    def find(self, identifier: str) -> Container:
        """The container, expired or not; 404 when there is none. Unless it has expired it is active now."""
        found = self.live().get(identifier)
        if found is None:
            raise not_found("Container", identifier)
        if not found.expired:
            found.last_active_at = self._clock.time()
        return found

    def usable(self, identifier: str) -> Container:
        """The container if it has not expired (reference/openai-platform.md §5: 400, that sentence)."""
        found = self.find(identifier)
        if found.expired:
            raise container_expired()
        return found

    # Calls

    def create(self, body: Json) -> Json:
        """`POST /containers`."""
        container_body(body, "")
        return self.make(body).body()

    def page(self, query: Json) -> Json:
        """`GET /containers`."""
        bodies = [one.body() for one in self.live().values()]
        return paged([one for one in bodies if query.get("name") in (None, one["name"])], query)

    def delete(self, identifier: str) -> Json:
        """`DELETE /containers/{id}`."""
        del self._all[self.find(identifier).id]
        return {"id": identifier, "object": "container.deleted", "deleted": True}

    def add_file(self, identifier: str, body: Json, upload: Upload | None) -> Json:
        """`POST /containers/{id}/files`: an upload, or a File by its id."""
        container = self.usable(identifier)
        container_file_body(body, "")
        if upload is not None:
            kept = upload.path.rename(self._disk.new())
            return self._put(container, upload.filename, kept, upload.size).body()
        if "file_id" not in body:
            raise missing("file")
        return self.copy(container, self._uploaded.find(body["file_id"], "file_id")).body()

    def list_files(self, identifier: str, query: Json) -> Json:
        """`GET /containers/{id}/files`."""
        return paged([file.body() for file in self._readable(identifier).files.values()], query)

    def file(self, identifier: str, file_id: str) -> ContainerFile:
        """The file of that id; 404 with the sentence of sbslee/streamlit-openai#18."""
        found = self._readable(identifier).files.get(file_id)
        if found is None:
            raise ApiError(404, f"File {file_id} not found on container {identifier}.")
        return found

    def content(self, identifier: str, file_id: str) -> Content:
        """`GET /containers/{id}/files/{file_id}/content`."""
        return Content(self.file(identifier, file_id).kept, "application/octet-stream")

    def delete_file(self, identifier: str, file_id: str) -> Json:
        """`DELETE /containers/{id}/files/{file_id}`."""
        found = self.file(identifier, file_id)
        del self._all[identifier].files[file_id]
        return {"id": found.id, "object": "container.file.deleted", "deleted": True}

    def _readable(self, identifier: str) -> Container:
        """Files of an expired container cannot be read: 404 is UNVERIFIED, that they are lost is not."""
        found = self.find(identifier)
        if found.expired:
            raise not_found("Container", identifier)
        return found


def container_expired() -> ApiError:
    """The refusal of a container that idled too long (reference/openai-platform.md §5)."""
    return invalid("Container is expired.", None)
