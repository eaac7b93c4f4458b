"""The vector store of each channel: opened at the first document, filled, and built again when it was lost."""

import hashlib
import logging
from dataclasses import replace
from datetime import UTC, datetime

from bot.assistant.files import FileShelf
from bot.assistant.scope import SCOPE
from bot.assistant.stores import Indexed, IndexState, StoreState
from bot.errors import FileLost, RequestRejected
from storage.file_records import FilePlace
from storage.store import Store

log = logging.getLogger(__name__)


class ChannelStores:
    """Puts documents where the people of one channel, and nobody else, can have them searched."""

    def __init__(self, store: Store, shelf: FileShelf) -> None:
        self._store = store
        self._shelf = shelf

    async def put(self, place: FilePlace, deadline: float) -> Indexed:
        """Attach a stored File, wait until it can be searched, and remember how that ended.

        A store that was lost is replaced. Raises FileLost where OpenAI has the File no more.
        """
        for again in (True, False):
            store = await self.of(place.team, place.channel)
            try:
                await self._shelf.attach(store, _id(place), attributes(place))
                break
            except RequestRejected:
                if not await self._shelf.has(_id(place)):
                    raise FileLost(_id(place)) from None
                if again and await self.was_lost(place.team, place.channel, store):
                    continue
                if await self._shelf.scope_of(store, _id(place)) in (None, place.scope):
                    return await self._settle(place, store, Indexed(IndexState.FAILED, "unsupported_file"))
                await self.show_to(place, place.scope)
                break
        await self.agree(place, place.scope)
        return await self._settle(place, store, await self._indexed(place, store, deadline))

    async def _indexed(self, place: FilePlace, store: str, deadline: float) -> Indexed:
        """How the indexing ended. What went from under our hands is late: the next turn puts it again."""
        indexed = await self._shelf.indexed(store, _id(place), deadline)
        if indexed.code != "gone":
            return indexed
        if not await self._shelf.has(_id(place)):
            raise FileLost(_id(place))
        await self.was_lost(place.team, place.channel, store)
        return Indexed(IndexState.LATE)

    async def show_to(self, place: FilePlace, scope: str) -> None:
        """Let searches find a document by that scope; nothing happens where it is not in the channel's store.

        Whoever puts it there looks afterwards whether it has another scope by then.
        """
        channel = await self._store.channels.of(place.team, place.channel)
        if channel is None or channel.vector_store_id is None:
            return
        store = channel.vector_store_id
        try:
            await self._shelf.rescope(store, _id(place), attributes(replace(place, scope=scope)))
        except RequestRejected:
            if await self.was_lost(place.team, place.channel, store):
                return
            if await self._shelf.scope_of(store, _id(place)) not in (None, scope):
                raise

    async def agree(self, place: FilePlace, shown: str | None = None) -> None:
        """Let OpenAI show the place's File by the scope that our rows say, `shown` being what it shows it by now.

        Rows are read again after every write. So whoever commits a narrower scope and calls this afterwards can be
        sure that no write which began before leaves the wider one behind.
        """
        while (row := await self._row(place)) is not None and row.scope != shown:
            await self.show_to(row, row.scope)
            shown = row.scope

    async def _row(self, place: FilePlace) -> FilePlace | None:
        """The row that says which scope the place's File has in its channel: all that do say the same."""
        here = await self._store.files.of_channel(place.team, place.channel)
        return next((row for row in here if row.file.id == place.file.id and row.searched), None)

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
