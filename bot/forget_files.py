"""The files that are forgotten: out of the memories, out of the vector store, and away from OpenAI."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial

from bot.assistant.engine import Engine
from bot.assistant.files import FileShelf
from bot.errors import MemoryLocked, MemoryLost
from bot.forget_said import Said, count
from storage.file_records import LIBRARY, FilePlace, Showing
from storage.records import Place, Thread
from storage.store import Store


class FileForgetter:
    """Takes places away as the running bot does (bot/attachments/removal.py), and says so.

    It edits nothing in Slack: answers that show passages of a file keep them there.
    """

    def __init__(self, store: Store, engine: Engine, shelf: FileShelf, said: Said) -> None:
        self._store = store
        self._engine = engine
        self._shelf = shelf
        self._said = said

    async def leave(self, places: Sequence[FilePlace]) -> None:
        """Commit that they go: nothing counts with them any more, and whatever breaks off is found again."""
        if places and not self._said.dry_run:
            await self._store.files.leave([place.id for place in places])

    async def remove(self, places: Sequence[FilePlace]) -> None:
        """Remove the places; and tell which Files go with them, and which stay because others use them."""
        going = {place.id for place in places}
        for place in places:
            keepers = await self._keepers(place, going)
            drew = await self._drew_on(place, keepers)
            out_of = "the vector store" if place.searched else "what the model is given"
            what = f"{place.shown}, posted in {place.channel} at {place.message_ts}: out of {out_of}"
            what += f" and of {count(len(drew), 'answer')} that drew on it" if drew else ""
            await self._said.do(what, partial(self._removed, place, keepers, drew))
        files = {place.file.id: place for place in places}
        everywhere = await self._store.retention.places_of(files)
        used = {place.file.id for place in everywhere if place.id not in going}
        for file_id, place in files.items():
            what = f"File {place.file.openai_file_id} ({place.shown})"
            if file_id in used:
                self._said.note(f"{what}: it is posted elsewhere, too")
            elif place.file.openai_file_id is not None and self._said.dry_run:
                self._said.gone(what)

    async def finish(self) -> None:
        """Delete the Files whose last place is gone, also those that something else has left behind."""
        if self._said.dry_run:
            return
        for file in await self._store.files.deleting():
            stored = file.openai_file_id
            what = f"File {stored} ({file.name})"
            if stored is None or await self._said.do(what, partial(self._shelf.delete, stored)):
                await self._store.files.gone(file.id)

    async def _keepers(self, place: FilePlace, going: Collection[int]) -> frozenset[str]:
        """The threads of the channel that go on having the File."""
        there = await self._store.files.of_channel(place.team, place.channel)
        others = [one for one in there if one.file.id == place.file.id and one.id not in going]
        library = any(one.scope == LIBRARY for one in others)
        return frozenset({one.thread_ts for one in others} | ({place.thread_ts} if library else set()))

    async def _drew_on(self, place: FilePlace, keepers: Collection[str]) -> tuple[Showing, ...]:
        file_id = place.file.openai_file_id
        if file_id is None:
            return ()
        shown = await self._store.files.runs_with(file_id, place.team, place.channel)
        return tuple(one for one in shown if one.thread_ts not in keepers)

    async def _removed(self, place: FilePlace, keepers: Collection[str], drew: Sequence[Showing]) -> None:
        """First out of the memories, then out of the store; the row, by which all this is found, goes last."""
        file_id = place.file.openai_file_id
        if file_id is not None:
            for thread_ts in dict.fromkeys([place.thread_ts, *(one.thread_ts for one in drew)]):
                if thread_ts not in keepers:
                    await self._out_of_memory(place, file_id, thread_ts, drew)
            channel = await self._store.channels.of(place.team, place.channel)
            attached = channel.vector_store_id if channel and place.searched else None
            if attached and not await self._store.files.others_in_channel(place):
                await self._shelf.detach(attached, file_id)
        await self._store.files.left(place.id)

    async def _out_of_memory(
        self, place: FilePlace, file_id: str, thread_ts: str, drew: Sequence[Showing]
    ) -> None:
        """Take the File, and the answers that drew on it, out of a thread's memory, and out of the responses."""
        thread = await self._store.threads.find(Place(place.team, place.channel, thread_ts))
        if thread is None:
            return
        answers: list[str] = []
        for one in drew:
            for response in await self._store.runs.responses(one.run_id) if one.thread_ts == thread_ts else ():
                await self._engine.forget_details(response.response_id)
                answers.extend(response.item_ids)
        if thread.memory is not None:
            with suppress(MemoryLost):
                moving = partial(move_tails, self._store, thread)
                await self._engine.drop_files(thread.memory, [file_id], answers, moving)


async def move_tails(store: Store, thread: Thread, moved: Mapping[str, str | None]) -> None:
    """Let a thread and its runs end at other items of its memory, before those go. MemoryLocked while it is busy.

    It is looked for a run before and afterwards: one that begins later knows the moved tail. Where no bot can be
    running, none is: one that broke off is taken up again from the rows.
    """
    await _refuse_if_busy(store, thread.place)
    await store.retention.move_tails(thread.id, moved)
    await _refuse_if_busy(store, thread.place)


async def _refuse_if_busy(store: Store, place: Place) -> None:
    busy = () if store.database.exclusive else await store.files.under_way(place.team, place.channel)
    if any(run.thread_ts == place.thread_ts for run in busy):
        raise MemoryLocked("a run is under way in the thread")
