"""Leaving: places that go, Files that nobody uses any more, and the scope that places on one File share.

Going has three steps, each safe to do again: `leave` (nothing counts with the place any more), what is to be done
at OpenAI, `left` (the row goes). The last place of a File to go marks the File as deleting.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.channels import forget_store, read_store
from storage.database import now
from storage.file_records import LIBRARY, FilePlace, FileState, PlaceState, StoredFile
from storage.file_rows import lock_files, read_file, read_files, read_places
from storage.tables_files import (
    file_places,
    files,
    in_channel,
    is_deleting,
    is_held,
    is_leaving,
    is_live,
    is_searched,
)

STRAY_SECONDS = 3600.0
"""For how long a File may be without a place before it counts as one that nobody will use."""


async def leave(connection: AsyncConnection, place_ids: Sequence[int]) -> None:
    """Let places go. Their Files are locked: who joins one of them sees it either before or after."""
    await lock_files(connection, place_ids)
    staying = and_(file_places.c.id.in_(place_ids), is_live())
    await connection.execute(update(file_places).where(staying).values(state=PlaceState.LEAVING))


async def others_in_channel(connection: AsyncConnection, place: FilePlace) -> bool:
    """Whether the File stays in the channel's store without that place."""
    others = _beside(place), file_places.c.id != place.id
    return bool(await connection.scalar(select(exists().where(*others))))


async def left(connection: AsyncConnection, place_id: int) -> StoredFile | None:
    """Delete a place that was leaving; return its File if that is to be deleted now."""
    await lock_files(connection, [place_id])
    gone = delete(file_places).where(file_places.c.id == place_id, is_leaving())
    file_id = await connection.scalar(gone.returning(file_places.c.file_id))
    if file_id is None or not await _give_up(connection, files.c.id == file_id):
        return None
    return await read_file(connection, file_id)


async def abandon(connection: AsyncConnection, file_id: int) -> bool:
    """Mark a File without a place as to be deleted; False where it has one by now, or is marked already."""
    await connection.execute(select(files.c.id).where(files.c.id == file_id).with_for_update(key_share=True))
    return await _give_up(connection, files.c.id == file_id)


async def _give_up(connection: AsyncConnection, which: ColumnElement[bool]) -> bool:
    give_up = update(files).where(which, _is_unused()).values(state=FileState.DELETING)
    return (await connection.execute(give_up)).rowcount > 0


def _is_unused() -> ColumnElement[bool]:
    """The File has no place, and is not to be deleted yet."""
    return and_(~is_deleting(), ~exists().where(file_places.c.file_id == files.c.id))


async def unused(connection: AsyncConnection) -> tuple[StoredFile, ...]:
    """Return what nobody will use."""
    return await read_files(connection, _is_unused(), files.c.created_at < now() - STRAY_SECONDS)


async def deleting(connection: AsyncConnection) -> tuple[StoredFile, ...]:
    """Return what is to be deleted at OpenAI, as far as it is known under which id."""
    return await read_files(connection, is_deleting(), _is_settled())


async def any_going(connection: AsyncConnection) -> bool:
    """Whether a place is to be detached, or a File to be deleted."""
    going = or_(exists().where(is_leaving()), exists().where(is_deleting(), _is_settled()))
    return bool(await connection.scalar(select(1).where(going)))


async def gone(connection: AsyncConnection, file_id: int) -> None:
    """Delete the row."""
    await connection.execute(delete(files).where(files.c.id == file_id, is_deleting(), _is_settled()))


def _is_settled() -> ColumnElement[bool]:
    """Nobody is about to learn its id from an upload under way."""
    return or_(files.c.openai_file_id.is_not(None), ~is_held())


async def idle(connection: AsyncConnection, seconds: float) -> tuple[FilePlace, ...]:
    """Return what no answer has drawn on for so long, but for what is in the library."""
    own = file_places.c.scope == file_places.c.thread_ts
    return await read_places(connection, own, is_live(), file_places.c.used_at < now() - seconds)


async def rescope(connection: AsyncConnection, place_id: int, scope: str) -> tuple[FilePlace, ...]:
    """Give the File of a place another scope in its channel; return its places there, none where it cannot be."""
    await lock_files(connection, [place_id])
    found = await read_places(connection, file_places.c.id == place_id, is_live(), is_searched())
    if not found:
        return ()
    (place,) = found
    if scope not in (LIBRARY, place.thread_ts):
        raise ValueError(f"{scope!r} is neither the library nor the place's own thread")
    theirs = await read_places(connection, _beside(place))
    if scope != LIBRARY and any(other.thread_ts != scope for other in theirs):
        return ()
    await connection.execute(update(file_places).where(_beside(place)).values(scope=scope))
    return await read_places(connection, _beside(place))


def _beside(place: FilePlace) -> ColumnElement[bool]:
    """The place is one of those, that one included, which keep the File in the channel's store."""
    same = file_places.c.file_id == place.file.id
    return and_(same, in_channel(place.team, place.channel), is_live(), is_searched())


async def expire_store(connection: AsyncConnection, team: str, channel: str, store: str) -> tuple[FilePlace, ...]:
    """Forget a store that is lost, unless the channel has another one, and let what was in it be attached anew.

    Where the channel has none any more, nothing can be ready, whoever has forgotten it.
    """
    searched = and_(in_channel(team, channel), is_searched())
    if await read_store(connection, team, channel, lock=True) in (None, store):
        await forget_store(connection, team, channel, store)
        lost = and_(searched, file_places.c.state == PlaceState.READY)
        await connection.execute(update(file_places).where(lost).values(state=PlaceState.ATTACHING))
    attaching = and_(searched, file_places.c.state == PlaceState.ATTACHING)
    return await read_places(connection, attaching, files.c.state == FileState.STORED)
