"""Vector stores, one for each channel: opened, found again, filled, searched beside a turn."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from bot.assistant.calls import Json
from bot.assistant.engine import Engine
from bot.assistant.events import Passage
from bot.assistant.scope import SCOPE, Scope
from bot.assistant.shelf import Shelf, id_of
from bot.clock import Clock
from bot.errors import RequestRejected

Attributes = Mapping[str, str | float | bool]

KEPT_BY: Json = {"kept_by": "threadmate"}
"""Among the metadata of every store that is ours."""

ATTACHES = 300
"""Files attached to one store within a minute (reference/openai-platform.md §4)."""

WINDOW = 61.0
"""Seconds: a sliding minute, and one more for calls that travel unequally long."""

FIRST_LOOK, LAST_LOOK = 0.5, 5.0
"""Seconds between two looks at a file that is being indexed: at first, and at most."""

BESIDE = 8
"""Passages of the operator's library that are given with a question."""

MAX_QUERY = 4096
"""Characters of a query (openai 3.54, types/vector_store_search_params.py)."""


class StoreState(StrEnum):
    """Whether a store can be used."""

    READY = "ready"
    EXPIRED = "expired"  # what was in it is lost; the Files are not (trap 18)
    GONE = "gone"


class IndexState(StrEnum):
    """How far a store is with a file."""

    READY = "ready"
    FAILED = "failed"
    LATE = "late"  # not ready at the deadline: it may yet be


@dataclass(frozen=True, slots=True)
class Indexed:
    """How the indexing of a file ended.

    `code` of a failure is OpenAI's `server_error`, `unsupported_file` or `invalid_file`, or ours: `cancelled`,
    `gone` (it is not in the store any more, or the store itself is not there).
    """

    state: IndexState
    code: str = ""


class Stores(Shelf):
    """The vector stores' side of the shelf."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._pace = Pace(self._clock, ATTACHES)
        self._opening: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    # Stores

    async def open_store(self, team: str, channel: str) -> str:
        """The channel's store: the one there is, or a new one. It never expires by itself.

        Two processes at once may make two: whoever keeps the id decides, the other one stays empty.
        """
        async with self._opening[team, channel]:
            return await self._calls.patiently(partial(self._opened, team, channel))

    async def _opened(self, team: str, channel: str) -> str:
        found = await self._found(team, channel)
        if found is not None:
            return found
        create = self._client.vector_stores.with_raw_response.create
        named: Any = {**KEPT_BY, "team": team, "channel": channel}
        made = await self._calls.ask(partial(create, name=f"Slack {team} {channel}", metadata=named))
        return id_of(made)

    async def find_store(self, team: str, channel: str) -> str | None:
        """The oldest usable store of the channel: so everybody finds the same one."""
        return await self._calls.patiently(partial(self._found, team, channel))

    async def _found(self, team: str, channel: str) -> str | None:
        wanted = {**KEPT_BY, "team": team, "channel": channel}
        found = None
        async for store in self._entries(self._client.vector_stores.with_raw_response.list):
            if store.get("metadata") == wanted and store.get("status") != "expired":
                found = store["id"]
        return found

    async def store_state(self, store: str) -> StoreState:
        """Whether the store is still there, and has not expired."""
        retrieve = self._client.vector_stores.with_raw_response.retrieve
        found = await self._calls.patiently(lambda: self._calls.ask(lambda: retrieve(store), missing={}))
        if not found:
            return StoreState.GONE
        return StoreState.EXPIRED if found.get("status") == "expired" else StoreState.READY

    # Files in stores

    async def attach(self, store: str, file_id: str, attributes: Attributes) -> None:
        """Put a File into a store, whose indexing begins; where it is there already, nothing happens.

        At most 300 a minute and store: more wait for their turn. RequestRejected where the store or the File is
        gone (ask `store_state`), where file search does not take the extension, and where the File is there with
        another scope: a File is in a store once, so a second thread of the channel needs a File of its own.
        """
        await self._calls.patiently(partial(self._attach, store, file_id, attributes))

    async def _attach(self, store: str, file_id: str, attributes: Attributes) -> None:
        found = await self._look(store, file_id)
        if found.get("status") in ("failed", "cancelled"):
            await self.detach(store, file_id)
        elif found:
            if (found.get("attributes") or {}).get(SCOPE) != attributes.get(SCOPE):
                raise RequestRejected(f"{file_id} is in {store} with another scope")
            return
        create: Any = self._client.vector_stores.files.with_raw_response.create
        await self._pace.wait(store)
        await self._calls.ask(partial(create, store, file_id=file_id, attributes=dict(attributes)))

    async def indexed(self, store: str, file_id: str, deadline: float) -> Indexed:
        """How the indexing ended, looked at until `deadline`, which is on the monotonic clock."""
        try:
            async with self._clock.timeout(max(deadline - self._clock.monotonic(), 0.0)):
                return await self._settled(store, file_id)
        except TimeoutError:
            return Indexed(IndexState.LATE)

    async def _settled(self, store: str, file_id: str) -> Indexed:
        pause = FIRST_LOOK
        while True:
            found = await self._calls.patiently(lambda: self._look(store, file_id), None)
            match found.get("status", "gone"):
                case "completed":
                    return Indexed(IndexState.READY)
                case "failed":
                    return Indexed(
                        IndexState.FAILED, (found.get("last_error") or {}).get("code") or "server_error"
                    )
                case "cancelled" | "gone" as ended:
                    return Indexed(IndexState.FAILED, ended)
            await self._clock.sleep(pause)
            pause = min(pause * 2, LAST_LOOK)

    async def rescope(self, store: str, file_id: str, attributes: Attributes) -> None:
        """Give the file in the store these attributes in place of those it has."""
        update = self._client.vector_stores.files.with_raw_response.update
        given: Any = dict(attributes)
        await self._calls.patiently(
            lambda: self._calls.ask(lambda: update(file_id, vector_store_id=store, attributes=given))
        )

    async def scope_of(self, store: str, file_id: str) -> str | None:
        """By which scope searches find the file in the store; None where it is not there, nor the store."""
        found = await self._calls.patiently(partial(self._look, store, file_id))
        return str((found.get("attributes") or {}).get(SCOPE, "")) if found else None

    async def detach(self, store: str, file_id: str) -> None:
        """Take a File out of a store; the File stays. Gone already is fine, the whole store too.

        Passages may be found for a moment yet (reference/openai-platform.md §4).
        """
        delete = self._client.vector_stores.files.with_raw_response.delete
        await self._calls.patiently(
            lambda: self._calls.ask(lambda: delete(file_id, vector_store_id=store), missing={})
        )

    async def _look(self, store: str, file_id: str) -> Json:
        retrieve = self._client.vector_stores.files.with_raw_response.retrieve
        return await self._calls.ask(lambda: retrieve(file_id, vector_store_id=store), missing={})

    # The operator's library

    async def beside(self, scope: Scope, query: str) -> tuple[Passage, ...]:
        """What the operator's stores that the model cannot search hold on a question, the best first.

        Only `scope.beside` is searched: never a channel's store. A store that is gone holds nothing.
        """
        query = query.strip()[:MAX_QUERY]
        if not query:
            return ()
        found = [passage for store in scope.beside for passage in await self._search(store, scope, query)]
        return tuple(sorted(found, key=lambda passage: -(passage.score or 0.0))[:BESIDE])

    async def _search(self, store: str, scope: Scope, query: str) -> list[Passage]:
        search: Any = self._client.vector_stores.with_raw_response.search
        how: dict[str, Any] = {**scope.ranking, "max_num_results": BESIDE}
        if scope.operator_filter:
            how["filters"] = dict(scope.operator_filter)
        call = partial(search, store, query=query, **how)
        found = await self._calls.patiently(lambda: self._calls.ask(call, missing={}))
        return list(_passages(found))


class Pace:
    """Lets so many things of one name happen within a minute; the others wait, in the order in which they came."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._begun: dict[str, deque[float]] = {}

    async def wait(self, name: str) -> None:
        """Return when there is room."""
        now = self._clock.monotonic()
        self._begun = {one: times for one, times in self._begun.items() if times[-1] > now - WINDOW}
        begun = self._begun.setdefault(name, deque(maxlen=self._limit))
        start = max(now, begun[0] + WINDOW) if len(begun) == self._limit else now
        begun.append(start)
        await self._clock.sleep(start - now)


def _passages(found: Json) -> Iterator[Passage]:
    for one in found.get("data") or ():
        text = "\n".join(part.get("text") or "" for part in one.get("content") or ())
        yield Passage(one.get("file_id") or "", one.get("filename") or "", one.get("score"), text)
