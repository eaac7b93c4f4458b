"""The emulated OpenAI API, as a test or the playground holds it."""

import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.playground.faults import Faults
from bot.playground.openai.activity import Activity
from bot.playground.openai.api import Api
from bot.playground.openai.approvals import RemoteServer
from bot.playground.openai.attaching import Attaching
from bot.playground.openai.catalogue import Model, current_models
from bot.playground.openai.containers import Container, Containers
from bot.playground.openai.conversations import Conversation, Conversations
from bot.playground.openai.disk import Disk
from bot.playground.openai.extraction import MESSAGES
from bot.playground.openai.files import Files, StoredFile
from bot.playground.openai.ids import Ids
from bot.playground.openai.inputs import Inputs, file_ids
from bot.playground.openai.model import builtin_model
from bot.playground.openai.responses import Responses
from bot.playground.openai.run import Run
from bot.playground.openai.script import Json, Script, Scripted, Status, Turn, script_for
from bot.playground.openai.server import Request, Server
from bot.playground.openai.stores import VectorStore, VectorStores
from bot.playground.openai.toolbox import Holdings
from bot.playground.openai.transcription import Recordings

SOMEBODY_ELSE = "somebody else"
OPERATOR_STORE = "vs_1"


def _holdings(clock: Clock, ids: Ids, disk: Disk) -> Holdings:
    files = Files(clock, ids, disk)
    stores = VectorStores(clock, ids, files)
    stores.put(OPERATOR_STORE, "The operator's")
    return Holdings(files, stores, Attaching(stores), Containers(clock, ids, disk, files), Inputs(files))


class EmulatedOpenAI:
    """An OpenAI API on this machine, strict about what it accepts and scripted in what it says.

    `default` answers when no script is queued. `faults` is keyed by calls such as "POST /responses" and
    "GET /vector_stores/{id}/files/{file_id}". There is one vector store from the beginning, `OPERATOR_STORE`,
    as an operator has made one whose id stands in the settings; it is empty.
    """

    def __init__(self, clock: Clock, *, models: Mapping[str, Model] | None = None) -> None:
        ids = Ids()
        self.api_key = f"sk-emulated-{secrets.token_hex(16)}"
        self.base_url = ""
        self.models = dict(models) if models is not None else current_models()
        self.faults = Faults()
        self.default: Callable[[Turn], Script] = builtin_model
        self._queue: deque[Scripted] = deque()
        self._activity = Activity()
        self._conversations = Conversations(clock, ids)
        self._disk = Disk()
        self._holdings = _holdings(clock, ids, self._disk)
        self._recordings = Recordings()
        self._responses = Responses(
            clock, ids, self.models, self._conversations, self._script, self._activity.note, self._holdings
        )
        api = Api(self._conversations, self._responses, self.models, self._holdings, self._recordings)
        self._server = Server(api, self._disk, self.faults, clock, self.api_key, self._activity.note)

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[None]:
        """Answer at `base_url` inside the block; a port of 0 takes a free one."""
        try:
            with self._disk.opened():
                async with self._server.listening(host, port) as self.base_url:
                    yield
        finally:
            for run in self._responses.runs.values():
                await run.close()

    def queue(self, *scripts: Scripted) -> None:
        """Let the next create calls that are accepted be answered by these, in order."""
        self._queue.extend(scripts)

    def unqueue(self, script: Scripted) -> None:
        """Let no call be answered by that script, if it still waits for one."""
        if script in self._queue:
            self._queue.remove(script)

    def _script(self, turn: Turn) -> Script:
        return script_for(self._queue.popleft() if self._queue else self.default, turn)

    @property
    def queued(self) -> int:
        """How many scripts still wait for a call."""
        return len(self._queue)

    @property
    def requests(self) -> list[Request]:
        """Every call that arrived, refused ones too."""
        return self._server.requests

    @property
    def creates(self) -> list[Json]:
        """The bodies of every `POST /responses` that arrived, refused ones too."""
        return [one.body for one in self.requests if (one.method, one.path) == ("POST", "/responses")]

    @property
    def conversations(self) -> dict[str, Conversation]:
        """Every conversation, deleted ones too."""
        return self._conversations.all

    @property
    def responses(self) -> dict[str, Json]:
        """Every response that was begun, whole, deleted ones too."""
        return {identifier: run.response for identifier, run in self._responses.runs.items()}

    @property
    def contexts(self) -> dict[str, list[Json]]:
        """By response: the items that the model saw, conversation and input."""
        return {identifier: run.turn.context for identifier, run in self._responses.runs.items()}

    @property
    def instructions(self) -> dict[str, str | None]:
        """By response: the instructions that the model saw."""
        return {identifier: run.turn.instructions for identifier, run in self._responses.runs.items()}

    def run(self, response_id: str) -> Run:
        """The making of a response."""
        return self._responses.runs[response_id]

    def settle(self, response_id: str, status: Status) -> None:
        """End a response that is in progress, now and in that way."""
        self.run(response_id).settle(status)

    def lock(self, conversation_id: str) -> None:
        """Let somebody else operate on the conversation, until `unlock`."""
        self.conversations[conversation_id].locked_by = SOMEBODY_ELSE

    def unlock(self, conversation_id: str) -> None:
        """Let nobody operate on the conversation."""
        self.conversations[conversation_id].locked_by = None

    # Files

    @property
    def files(self) -> dict[str, StoredFile]:
        """Every File that there is now."""
        return self._holdings.files.live()

    @property
    def vector_stores(self) -> dict[str, VectorStore]:
        """Every vector store as it is now, expired ones too; deleted ones are not among them."""
        stores = self._holdings.stores
        return {one.id: stores.find(one.id) for one in stores.all.values() if not one.deleted}

    @property
    def containers(self) -> dict[str, Container]:
        """Every container as it is now, expired ones too; deleted ones are not among them."""
        return self._holdings.containers.live()

    @property
    def stores(self) -> VectorStores:
        """What vector stores do: `indexing_seconds` (infinite: until `index`) and `removal_lag` can be set."""
        return self._holdings.stores

    @property
    def transcripts(self) -> dict[str, str]:
        """What is heard in a recording, by its file name; to be filled by tests."""
        return self._recordings.said

    @property
    def transcribed(self) -> list[str]:
        """The names of the recordings that were transcribed, in order."""
        return self._recordings.heard

    @property
    def mcp_servers(self) -> dict[str, RemoteServer]:
        """MCP servers that do not simply work, by label; to be filled by tests."""
        return self._holdings.servers

    def let_questions_stand_beside(self) -> None:
        """Refuse what was decided about a call unless the question comes with it, as conversations did once."""
        self._responses.questions_beside = True

    def limit_files(self, size: int) -> None:
        """Let a File have so many bytes at most, instead of 512 MB."""
        self._server.max_file_bytes = size

    def delete_file(self, file_id: str) -> None:
        """Let somebody else with the same key delete a File."""
        self._holdings.files.delete(file_id)

    def index(self, store_id: str, file_id: str) -> None:
        """End the indexing of a file now, whether it succeeds or fails."""
        attached = self.vector_stores[store_id].files[file_id]
        if attached.status == "in_progress":
            self._holdings.stores.finish(attached)

    def fail_indexing(self, filename: str, code: str | None) -> None:
        """From now on let files of that name fail with this `last_error` code; None: let them succeed."""
        if code is None:
            self._holdings.stores.failures.pop(filename, None)
        elif code in MESSAGES:
            self._holdings.stores.failures[filename] = code
        else:
            raise ValueError(f"{code} is none of {', '.join(MESSAGES)}")

    def orphans(self) -> list[StoredFile]:
        """The Files that no vector store holds and no item of a conversation that still is names."""
        held = {file for store in self.vector_stores.values() for file in store.files}
        items = [item for one in self.conversations.values() if not one.deleted for item in one.items]
        return [file for file in self.files.values() if file.id not in held.union(file_ids(items))]

    @property
    def activity(self) -> int:
        """A number that grows whenever something happens here."""
        return self._activity.count

    async def wait_activity(self, since: int, real_timeout: float) -> int:
        """The activity once it is more than `since`; TimeoutError after so many real seconds."""
        return await self._activity.wait(since, real_timeout)
