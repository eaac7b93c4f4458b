"""Files: what people posted, the Files at OpenAI that serve it, and how both come and go."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import leaving, placing, run_files
from storage.database import Database, now
from storage.file_records import LIBRARY, FilePlace, MadeFile, NewPlace, PlaceState, Showing, StoredFile
from storage.file_rows import read_places
from storage.tables_files import file_places, files, in_channel, is_held, is_leaving, is_live


class Files:
    """Files and their places. What reads places leaves out those that are leaving, unless it says otherwise."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- coming

    async def place(self, new: NewPlace) -> FilePlace:
        """Return the place as it stands, or make it, on a File that is there already where one serves.

        The same Slack file in the same message is one place per use. Where it has other bytes by now, or its File
        is about to expire, that place leaves and there is a new one.
        """
        return await self._database.write(lambda connection: placing.place(connection, new))

    async def begin_upload(self, file_id: int, owner: str, seconds: float) -> StoredFile | None:
        """Take the upload for so long, or renew it; a File that is stored is returned as such.

        None: another owner uploads it at the moment, or nobody wants it any more (then its place is gone, too).
        """
        return await self._database.write(lambda it: placing.begin_upload(it, file_id, owner, seconds))

    async def give_up_upload(self, file_id: int, owner: str) -> None:
        """Let anybody take an upload over at once that broke off."""
        await self._database.write(lambda it: placing.give_up_upload(it, file_id, owner))

    async def uploaded(
        self, file_id: int, openai_file_id: str, expires_at: float | None = None
    ) -> StoredFile | None:
        """Store that OpenAI has the File, and return the row as it is now; the first id stays.

        Where another id is returned, or None (nobody wants it any more), the caller deletes its own at OpenAI.
        DELETING with the caller's id: it comes up in `deleting`. Without `expires_at`: `expires_after` from now.
        """
        return await self._database.write(lambda it: placing.uploaded(it, file_id, openai_file_id, expires_at))

    async def lost(self, file: StoredFile) -> None:
        """Store that OpenAI has the File no more, if it has not come again meanwhile: it is UPLOADING now."""
        if file.openai_file_id is not None:
            known = file.openai_file_id
            await self._database.write(lambda connection: placing.lost(connection, file.id, known))

    async def known(self, name: str, size: int) -> frozenset[str]:
        """Return the OpenAI ids of all Files of that name and size: none of them is a stray upload."""
        query = select(files.c.openai_file_id).where(
            files.c.name == name, files.c.size == size, files.c.openai_file_id.is_not(None)
        )

        async def work(connection: AsyncConnection) -> frozenset[str]:
            return frozenset((await connection.execute(query)).scalars())

        return await self._database.read(work)

    async def uploading_elsewhere(self, file: StoredFile) -> bool:
        """Return whether another File of that name and size is being uploaded: a stray one may be its."""
        alike = and_(files.c.name == file.name, files.c.size == file.size, files.c.id != file.id)
        others = select(files.c.id).where(alike, files.c.openai_file_id.is_(None), is_held()).limit(1)
        return await self._database.read(lambda connection: connection.scalar(others)) is not None

    async def ready(self, place_id: int, *, store: str | None = None) -> bool:
        """Store that it can be used. False: it is not wanted, or `store` is not the channel's, any more."""
        return await self._database.write(lambda it: placing.settle(it, place_id, PlaceState.READY, None, store))

    async def failed(self, place_id: int, code: str) -> bool:
        """Store why it cannot be used. False: it is not wanted any more."""
        return await self._database.write(lambda it: placing.settle(it, place_id, PlaceState.FAILED, code))

    async def used(self, openai_file_ids: Collection[str], team: str, channel: str) -> None:
        """Store that an answer in the channel has just drawn on those Files."""
        theirs = _with_openai_ids(team, openai_file_ids)
        touch = update(file_places).where(in_channel(team, channel), theirs).values(used_at=now())
        await self._database.write(lambda connection: connection.execute(touch))

    # -- looking

    async def place_of(self, place_id: int) -> FilePlace | None:
        """Return the place, also one that is leaving; None: it is gone."""
        found = await self._places(file_places.c.id == place_id)
        return found[0] if found else None

    async def of_thread(self, team: str, channel: str, thread_ts: str) -> tuple[FilePlace, ...]:
        """Return what was posted in the thread, and what is in the channel's library; the oldest first."""
        seen = or_(file_places.c.thread_ts == thread_ts, file_places.c.scope == LIBRARY)
        return await self._places(in_channel(team, channel), seen, is_live())

    async def count_in_thread(self, team: str, channel: str, thread_ts: str) -> int:
        """Return how many of Slack's files have a place of the thread's own."""
        here = in_channel(team, channel), file_places.c.thread_ts == thread_ts, is_live()
        count = select(func.count(file_places.c.slack_file_id.distinct())).where(*here)
        return await self._database.read(lambda connection: connection.scalar(count)) or 0

    async def of_channel(self, team: str, channel: str) -> tuple[FilePlace, ...]:
        """Return everything in the channel, the newest first."""
        return (await self._places(in_channel(team, channel), is_live()))[::-1]

    async def of_slack_file(self, team: str, slack_file_id: str) -> tuple[FilePlace, ...]:
        """Return wherever that file of Slack's was posted."""
        return await self._places(
            file_places.c.team == team, file_places.c.slack_file_id == slack_file_id, is_live()
        )

    async def of_message(self, team: str, channel: str, message_ts: str) -> tuple[FilePlace, ...]:
        """Return what was posted with that message."""
        return await self._places(in_channel(team, channel), file_places.c.message_ts == message_ts, is_live())

    async def places_of_user(self, team: str, uploader: str) -> tuple[FilePlace, ...]:
        """Return what that person posted."""
        return await self._places(file_places.c.team == team, file_places.c.uploader == uploader, is_live())

    async def permalinks(
        self, team: str, channel: str, scopes: Collection[str], openai_ids: Collection[str]
    ) -> dict[str, str]:
        """Return where in Slack those Files are: OpenAI id -> permalink, the oldest.

        Only what is in this channel by one of those scopes is told: LIBRARY, or the ts of a thread.
        """
        seen = in_channel(team, channel), file_places.c.scope.in_(scopes)
        here = *seen, _with_openai_ids(team, openai_ids), is_live()
        found = await self._places(*here, file_places.c.permalink != "")
        return {
            place.file.openai_file_id: place.permalink for place in reversed(found) if place.file.openai_file_id
        }

    # -- going

    async def leave(self, place_ids: Collection[int]) -> None:
        """Let places go: nothing counts with them any more. What is to be done at OpenAI follows, then `left`."""
        await self._database.write(lambda connection: leaving.leave(connection, tuple(place_ids)))

    async def leaving(self) -> tuple[FilePlace, ...]:
        """Return the places that are to be detached, the oldest first."""
        return await self._places(is_leaving())

    async def any_going(self) -> bool:
        """Return whether anything is in `leaving` or `deleting`."""
        return await self._database.read(leaving.any_going)

    async def others_in_channel(self, place: FilePlace) -> bool:
        """Return whether another place keeps the File in the channel's store: then it stays attached.

        Once False for a place that is leaving, it stays False: nobody joins a File that may be detached.
        """
        return await self._database.read(lambda connection: leaving.others_in_channel(connection, place))

    async def left(self, place_id: int) -> StoredFile | None:
        """Delete a place that was leaving; return its File where that was the last one: it is DELETING now.

        One without an `openai_file_id` may just be uploaded by somebody: `deleting` tells when it can go.
        """
        return await self._database.write(lambda connection: leaving.left(connection, place_id))

    async def deleting(self) -> tuple[StoredFile, ...]:
        """Return the Files to delete at OpenAI, the oldest first; without those that are just being uploaded."""
        return await self._database.read(leaving.deleting)

    async def gone(self, file_id: int) -> None:
        """Delete the row of a File that OpenAI does not have any more; nothing happens unless it is `deleting`."""
        await self._database.write(lambda connection: leaving.gone(connection, file_id))

    async def unused(self) -> tuple[StoredFile, ...]:
        """Return the Files that have been without any place for more than an hour."""
        return await self._database.read(leaving.unused)

    async def abandon(self, file_id: int) -> bool:
        """Mark an unused File as DELETING; False where it has a place by now, or is marked already."""
        return await self._database.write(lambda connection: leaving.abandon(connection, file_id))

    async def idle(self, seconds: float) -> tuple[FilePlace, ...]:
        """Return the places, except for those in libraries, that no answer has drawn on for so long."""
        return await self._database.read(lambda connection: leaving.idle(connection, seconds))

    # -- moving

    async def rescope(self, place_id: int, scope: str) -> tuple[FilePlace, ...]:
        """Give a searched file the scope LIBRARY, or its own thread's ts back; return the places that have it now.

        The scope is the File's in that channel, so it is that of all its places there. Nothing is changed, and ()
        returned, where another thread would lose it, or where the place is gone or not searched.
        """
        return await self._database.write(lambda connection: leaving.rescope(connection, place_id, scope))

    async def expire_store(self, team: str, channel: str, store: str) -> tuple[FilePlace, ...]:
        """Forget the channel's store, which is lost, and return the places whose stored Files are to be attached.

        Where the channel has another one already, nothing changes; what still waits to be attached is returned.
        """
        return await self._database.write(lambda it: leaving.expire_store(it, team, channel, store))

    # -- answers

    async def note(self, run_id: str, openai_file_ids: Collection[str]) -> None:
        """Store that the run's answer drew on those Files; about a run we do not know, nothing."""
        await self._database.write(lambda connection: run_files.note(connection, run_id, openai_file_ids))

    async def runs_with(self, openai_file_id: str, team: str, channel: str) -> tuple[Showing, ...]:
        """Return the answers in the channel that drew on the File, the oldest first."""
        return await self._database.read(lambda it: run_files.runs_with(it, openai_file_id, team, channel))

    async def under_way(self, team: str, channel: str) -> tuple[Showing, ...]:
        """Return the answers in the channel that may yet draw on a file, or are about to be withdrawn."""
        return await self._database.read(lambda it: run_files.under_way(it, team, channel))

    async def memories_with(self, openai_file_id: str, team: str, channel: str) -> tuple[str, ...]:
        """Return the memories that may hold something of the File: of those answers, of where it was posted."""
        return await self._database.read(lambda it: run_files.memories_with(it, openai_file_id, team, channel))

    async def intend_made(self, run_id: str, items: Sequence[tuple[str, str]]) -> tuple[MadeFile, ...]:
        """Store, before the first call, what the run made: (container file id, name). Return all it ever made."""
        return await self._database.write(lambda connection: run_files.intend_made(connection, run_id, items))

    async def made_of(self, run_id: str) -> tuple[MadeFile, ...]:
        """Return what the run made, in its order."""
        return await self._database.read(lambda connection: run_files.made_of(connection, run_id))

    async def made_sent(self, run_id: str, container_file_id: str, slack_file_id: str) -> None:
        """Store, before the call that completes it, by which id Slack has the upload; never back from shared."""
        await self._database.write(lambda it: run_files.made_sent(it, run_id, container_file_id, slack_file_id))

    async def made_shared(self, run_id: str, container_file_ids: Collection[str], ts: str | None = None) -> None:
        """Store that the files are in the thread, and in which message, as far as Slack said."""
        await self._database.write(lambda it: run_files.made_shared(it, run_id, container_file_ids, ts))

    async def made_failed(self, run_id: str, container_file_id: str) -> None:
        """Store that the file will not come; never back from shared."""
        await self._database.write(lambda it: run_files.made_failed(it, run_id, container_file_id))

    async def _places(self, *conditions: ColumnElement[bool]) -> tuple[FilePlace, ...]:
        return await self._database.read(lambda connection: read_places(connection, *conditions))


def _with_openai_ids(team: str, openai_ids: Collection[str]) -> ColumnElement[bool]:
    known: Any = select(files.c.id).where(files.c.team == team, files.c.openai_file_id.in_(openai_ids))
    return file_places.c.file_id.in_(known)
