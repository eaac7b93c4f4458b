"""The vector store of each channel: opened at the first document, filled, and built again when it was lost."""

import hashlib
import logging
from datetime import UTC, datetime

from bot.assistant.files import FileShelf
from bot.assistant.scope import SCOPE
from bot.assistant.stores import Indexed, IndexState, StoreState
from bot.clock import Clock
from bot.errors import AssistantError, RequestRejected
from storage.file_records import FilePlace, PlaceState
from storage.store import Store

log = logging.getLogger(__name__)

REBUILDING = 300.0  # seconds for all that was in a lost store to be indexed anew


class ChannelStores:
    """Puts documents where the people of one channel, and nobody else, can have them searched."""

    def __init__(self, store: Store, shelf: FileShelf, clock: Clock) -> None:
        self._store = store
        self._shelf = shelf
        self._clock = clock

    async def put(self, place: FilePlace, deadline: float) -> Indexed:
        """Attach a stored File, wait until it can be searched, and remember how that ended."""
        store = await self.of(place.team, place.channel)
        try:
            await self._shelf.attach(store, _id(place), attributes(place))
        except RequestRejected:
            if not await self.was_lost(place.team, place.channel, store):
                return await self._settle(place, store, Indexed(IndexState.FAILED, "unsupported_file"))
            store = await self.of(place.team, place.channel)
            await self._shelf.attach(store, _id(place), attributes(place))
        return await self._settle(place, store, await self._shelf.indexed(store, _id(place), deadline))

    async def of(self, team: str, channel: str) -> str:
        """The channel's store, made where there is none. Of two made at once the one remembered first stays."""
        channels = self._store.channels
        row = await channels.of(team, channel)
        if row is not None and row.vector_store_id is not None:
            return row.vector_store_id
        return await channels.remember_store(team, channel, await self._shelf.open_store(team, channel))

    async def was_lost(self, team: str, channel: str, store: str) -> bool:
        """Whether the store is gone or has expired. If so it is forgotten, and its places wait to be put again."""
        if await self._shelf.store_state(store) is StoreState.READY:
            return False
        log.warning("a channel's vector store was lost", extra={"channel": channel})
        await self._store.channels.forget_store(team, channel, store)
        await self._store.files.expire_store(team, channel, store)
        return True

    async def rebuild(self, team: str, channel: str) -> tuple[str, ...]:
        """Put everything that waits into the channel's new store; the names of what could not be."""
        deadline = self._clock.monotonic() + REBUILDING
        gone: list[str] = []
        for place in await self._store.files.of_channel(team, channel):
            if not (place.searched and place.state is PlaceState.ATTACHING and place.file.openai_file_id):
                continue
            try:
                indexed = await self.put(place, deadline)
            except AssistantError:
                indexed = Indexed(IndexState.FAILED, "gone")
            if indexed.state is IndexState.FAILED:
                gone.append(place.shown)
        return tuple(dict.fromkeys(gone))

    async def _settle(self, place: FilePlace, store: str, indexed: Indexed) -> Indexed:
        if indexed.state is IndexState.READY:
            await self._store.files.ready(place.id, store=store)
        elif indexed.state is IndexState.FAILED:
            log.info("a document was not indexed", extra={"file": place.slack_file_id, "error": indexed.code})
            await self._store.files.failed(place.id, indexed.code)
        return indexed


def attributes(place: FilePlace) -> dict[str, str | float | bool]:
    """What a document carries in its store: whose search finds it, and where it came from; no name, no person.

    At most 16 keys of 64 characters, values of 512 (reference/openai-platform.md §4).
    """
    return {
        SCOPE: place.scope,
        "thread": place.thread_ts,
        "slack_file": place.slack_file_id,
        "uploader": hashlib.sha256(f"{place.team}:{place.uploader}".encode()).hexdigest(),
        "date": datetime.fromtimestamp(float(place.message_ts), UTC).date().isoformat(),
    }


def _id(place: FilePlace) -> str:
    assert place.file.openai_file_id is not None, "only what is stored is put anywhere"  # noqa: S101
    return place.file.openai_file_id
