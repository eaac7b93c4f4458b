"""What the tools of one request can do: search its stores, run code in its container."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.playground.openai.approvals import RemoteServer, call_failed, listing_failed, wants_approval
from bot.playground.openai.attaching import Attaching
from bot.playground.openai.citations import (
    Citation,
    ContainerFileCitation,
    FileCitation,
    FoundCitation,
    Known,
    MadeCitation,
)
from bot.playground.openai.containers import Container, ContainerFile, Containers, held_name
from bot.playground.openai.errors import ApiError
from bot.playground.openai.files import Files
from bot.playground.openai.inputs import Inputs, parts
from bot.playground.openai.passages import Passage
from bot.playground.openai.script import Json, McpCall
from bot.playground.openai.stores import VectorStores

AT_HAND = 2 << 20  # bytes of a file that a script may look into: it is read while everybody waits
SEARCHED = 20  # results of a `file_search` that names no number; UNVERIFIED for the current models


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything with bytes in it."""

    files: Files
    stores: VectorStores
    attaching: Attaching
    containers: Containers
    inputs: Inputs
    servers: dict[str, RemoteServer] = field(default_factory=dict)  # by label: those that do not simply work


@dataclass(slots=True)
class Toolbox:
    """The tools of one request, and what they brought about so far."""

    tools: list[Json]
    context: list[Json]
    holdings: Holdings
    approved: list[Json] = field(default_factory=list)  # requests that were answered with yes, and not used yet
    asking: bool = False  # a call was asked for: nothing follows but further calls
    found: list[Passage] = field(default_factory=list)  # by the last search
    made: dict[str, ContainerFile] = field(default_factory=dict)  # by the path that code wrote to
    _container: Container | None = None

    def check(self) -> None:
        """Refuse tools that name what is not there (404, UNVERIFIED), or has expired."""
        self.holdings.inputs.check(self.context)
        for number, tool in enumerate(self.tools):
            if tool["type"] == "file_search":
                for store in tool["vector_store_ids"]:
                    self.holdings.stores.usable(store, f"tools[{number}].vector_store_ids")
            if tool["type"] == "code_interpreter" and isinstance(tool["container"], str):
                self.holdings.containers.usable(tool["container"])
            elif tool["type"] == "code_interpreter":
                for file in tool["container"].get("file_ids") or []:
                    self.holdings.files.find(file, f"tools[{number}].container.file_ids")
            if tool["type"] == "mcp" and not self._is_listed(tool["server_label"]):
                status = self._refusing(tool["server_label"])
                if status is not None:
                    raise listing_failed(tool["server_label"], status)

    def _is_listed(self, label: str) -> bool:
        """Whether the tools of a server are known: then they are not fetched (guide tools-connectors-mcp)."""
        listed = (item for item in self.context if item["type"] == "mcp_list_tools" and not item.get("error"))
        return any(item["server_label"] == label for item in listed)

    def _refusing(self, label: str) -> int | None:
        server = self.holdings.servers.get(label, RemoteServer())
        return server.failure(next(tool for tool in self.tools if tool.get("server_label") == label))

    def refusal_of(self, label: str) -> Json | None:
        """The error of every call on that server, where it refuses them."""
        status = self._refusing(label)
        return None if status is None else call_failed(status)

    def permission(self, call: McpCall, arguments: str) -> tuple[str | None, bool]:
        """The request by which somebody said yes to this very call; and whether it has to be asked about first."""
        wanted = {"server_label": call.server_label, "name": call.name, "arguments": arguments}
        for request in self.approved:
            if wanted.items() <= request.items():
                self.approved.remove(request)
                return str(request["id"]), False
        asks = wants_approval(call, self.tools)
        self.asking |= asks
        return None, asks

    def search(self, queries: Sequence[str]) -> list[Passage]:
        """What the request's file search finds now, within its stores and its filters."""
        for tool in self.tools:
            if tool["type"] == "file_search":
                with contextlib.suppress(ApiError):  # a store that went while the model was thinking
                    return self.holdings.stores.search_tool(tool, queries, SEARCHED)
        return []

    def documents(self) -> list[tuple[str, str]]:
        """Name and text of every file that the model was given to read."""
        return self.holdings.inputs.documents(self.context)

    def openings(self) -> list[Passage]:
        """How each file begins that the request's file search may find, the newest last; scored 0."""
        for tool in self.tools:
            if tool["type"] == "file_search":
                with contextlib.suppress(ApiError):
                    return self.holdings.stores.openings(tool)
        return []

    def container_files(self) -> list[tuple[str, bytes]]:
        """Name and bytes of what code of this request would find, the newest last; not what is over `AT_HAND`."""
        for tool in self.tools:
            if tool["type"] == "code_interpreter":
                return self._within_reach(tool["container"])
        return []

    def _within_reach(self, wanted: str | Json) -> list[tuple[str, bytes]]:
        there = self.holdings.containers.find(wanted) if isinstance(wanted, str) else self._active()
        held = [file for file in there.files.values() if file.size <= AT_HAND] if there else []
        found = [(held_name(file), file.data()) for file in held]
        copied = {file.of for file in held}
        given = [] if isinstance(wanted, str) else self._given(wanted)
        files = [self.holdings.files.find(one) for one in given if one not in copied]
        return [*found, *((file.filename, file.data()) for file in files if file.size <= AT_HAND)]

    def container(self, identifier: str | None = None) -> Container:
        """The container that code runs in: of that id, or the one that the request names.

        With `auto` it is that of a call in the context, if it is still active, or else a new one, and files of
        the request are copied into it (reference/openai-platform.md §5).
        """
        containers = self.holdings.containers
        if identifier is not None:
            return containers.live().get(identifier) or containers.make({}, identifier)
        if self._container is None:
            wanted = next(tool["container"] for tool in self.tools if tool["type"] == "code_interpreter")
            self._container = containers.find(wanted) if isinstance(wanted, str) else self._auto(wanted)
        return self._container

    def _auto(self, wanted: Json) -> Container:
        containers = self.holdings.containers
        container = self._active()
        if container is None:
            container = containers.make({key: wanted[key] for key in wanted if key not in ("type", "file_ids")})
        for file in self._given(wanted):
            containers.copy(container, self.holdings.files.find(file))
        return container

    def _given(self, wanted: Json) -> list[str]:
        """The Files that the request has copied into its container."""
        given = [
            *(wanted.get("file_ids") or []),
            *(part.get("file_id") for part in parts(self.context, "input_file")),
        ]
        return list(dict.fromkeys(one for one in given if one))

    def _active(self) -> Container | None:
        for item in reversed(self.context):
            if item["type"] == "code_interpreter_call":
                held = self.holdings.containers.live().get(item["container_id"])
                if held is not None and not held.expired:
                    return self.holdings.containers.find(held.id)
        return None

    def write(self, container: Container, files: Mapping[str, bytes]) -> None:
        """Let code write these files, by their paths."""
        for path, data in files.items():
            self.made[path] = self.holdings.containers.write(container, path, data)

    def resolved(self, citations: Sequence[Citation]) -> list[Known]:
        """The citations, now that it is known what was found and made."""
        return [known for one in citations if (known := self._resolved(one)) is not None]

    def _resolved(self, citation: Citation) -> Known | None:
        if isinstance(citation, FoundCitation):
            if citation.number >= len(self.found):
                return None
            passage = self.found[citation.number]
            return FileCitation(passage.file_id, passage.filename, citation.index)
        if isinstance(citation, MadeCitation):
            file = self.made[citation.path]
            return ContainerFileCitation(file.container_id, file.id, citation.path.rpartition("/")[2])
        return citation
