"""Placing: which File at OpenAI serves what somebody posted, and uploading it once."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import insert, now
from storage.file_records import LIBRARY, SEARCHED, FilePlace, FileState, NewPlace, PlaceState, StoredFile
from storage.file_rows import file_from, read_file, read_places
from storage.leaving import leave
from storage.rows import all_rows
from storage.tables_files import (
    channels,
    file_places,
    files,
    in_channel,
    is_deleting,
    is_held,
    is_live,
    is_searched,
    lasts,
)

LASTS = 3600.0
"""Seconds for which a File must be left at OpenAI to be used once more: longer than a turn, whatever it does."""


async def place(connection: AsyncConnection, new: NewPlace) -> FilePlace:
    """Return the place as it stands, or make it on the File that serves it, or on a new one.

    Every pass that makes nothing has met somebody who made something: the next one finds it.
    """
    while True:
        standing = await _standing(connection, new)
        if standing is not None:
            return standing
        file_id, scope = await file_for(connection, new)
        if file_id is not None and (place_id := await _new_place(connection, new, file_id, scope)) is not None:
            return (await read_places(connection, file_places.c.id == place_id))[0]


async def file_for(connection: AsyncConnection, new: NewPlace) -> tuple[int | None, str]:
    """Return the File that serves, there already or new (None: try again), and the place's scope on it."""
    return await _serving(connection, new) or (await _new_file(connection, new), new.thread_ts)


def _serves(new: NewPlace) -> ColumnElement[bool]:
    """The File has these bytes and this name, and stays long enough."""
    expiring = files.c.expires_after.is_(None) if new.expires_after is None else files.c.expires_after.is_not(None)
    same = and_(files.c.team == new.team, files.c.sha256 == new.sha256, files.c.name == new.name)
    return and_(same, expiring, ~is_deleting(), lasts(LASTS))


async def _standing(connection: AsyncConnection, new: NewPlace) -> FilePlace | None:
    """Return the place that is there. One that has other bytes by now, or an expiring File, leaves."""
    here = and_(
        in_channel(new.team, new.channel),
        file_places.c.thread_ts == new.thread_ts,
        file_places.c.message_ts == new.message_ts,
        file_places.c.slack_file_id == new.slack_file_id,
        file_places.c.use == new.use,
        is_live(),
    )
    found = await read_places(connection, here, _serves(new))
    if found:
        return found[0]
    if superseded := await read_places(connection, here):
        await leave(connection, [place.id for place in superseded])
    return None


async def _serving(connection: AsyncConnection, new: NewPlace) -> tuple[int, str] | None:
    """Return the File to use, and the place's scope on it. The rows are locked: nobody deletes them meanwhile."""
    query = select(files.c.id).where(_serves(new)).order_by(files.c.copy).with_for_update(key_share=True)
    candidates = list((await connection.execute(query)).scalars())
    if new.use not in SEARCHED:
        return (candidates[0], new.thread_ts) if candidates else None
    attached = select(file_places).where(
        file_places.c.file_id.in_(candidates), in_channel(new.team, new.channel), is_searched()
    )
    rows = await all_rows(connection, attached)
    here = and_(channels.c.team == new.team, channels.c.channel == new.channel)
    closed = bool(await connection.scalar(select(channels.c.shared).where(here)))
    shareable = (new.thread_ts,) if closed else (LIBRARY, new.thread_ts)
    elsewhere: list[tuple[int, str]] = []
    for file_id in candidates:
        neighbours = [row for row in rows if row["file_id"] == file_id]
        scope = _scope_among(neighbours, shareable) if neighbours else new.thread_ts
        if scope is not None and neighbours:
            return file_id, scope  # already searched here: not a second time
        if scope is not None:
            elsewhere.append((file_id, scope))
    return elsewhere[0] if elsewhere else None


def _scope_among(neighbours: Sequence[RowMapping], shareable: Sequence[str]) -> str | None:
    """Return the scope that a place has on a File with those places in its channel; None: no room.

    Where all of them are leaving there is none: the File may be detached at any moment. A library that is closed,
    because outsiders are in the channel, is not shared either: nobody there would find the file.
    """
    scopes = {row["scope"] for row in neighbours if row["state"] != PlaceState.LEAVING}
    return next((scope for scope in shareable if scopes == {scope}), None)


async def _new_file(connection: AsyncConnection, new: NewPlace) -> int | None:
    """Make the next copy; None where somebody else has just made it."""
    same = and_(files.c.team == new.team, files.c.sha256 == new.sha256, files.c.name == new.name)
    last = await connection.scalar(select(func.max(files.c.copy)).where(same))
    values = {
        "team": new.team,
        "sha256": new.sha256,
        "name": new.name,
        "size": new.size,
        "copy": 0 if last is None else last + 1,
        "state": FileState.UPLOADING,
        "created_at": now(),
        "expires_after": new.expires_after,
    }
    make = insert(connection, files).values(values).on_conflict_do_nothing().returning(files.c.id)
    made: int | None = await connection.scalar(make)
    return made


async def _new_place(connection: AsyncConnection, new: NewPlace, file_id: int, scope: str) -> int | None:
    """Make the place; None where somebody else has just made it (a File without any is left to `unused`)."""
    values = {
        "file_id": file_id,
        "scope": scope,
        "state": PlaceState.ATTACHING,
        "created_at": now(),
        "used_at": now(),
        **{
            name: getattr(new, name)
            for name in ("team", "channel", "thread_ts", "message_ts", "slack_file_id", "uploader", "use")
        },
        "shown": new.shown,
        "permalink": new.permalink,
    }
    make = insert(connection, file_places).values(values).on_conflict_do_nothing().returning(file_places.c.id)
    made: int | None = await connection.scalar(make)
    return made


async def begin_upload(connection: AsyncConnection, file_id: int, owner: str, seconds: float) -> StoredFile | None:
    """Take the upload, where nobody else holds it."""
    free = or_(files.c.upload_owner == owner, ~is_held())
    to_upload = and_(files.c.id == file_id, files.c.state == FileState.UPLOADING, free)
    take = update(files).where(to_upload).values(upload_owner=owner, upload_until=now() + seconds)
    taken = (await connection.execute(take.returning(files))).mappings().one_or_none()
    if taken is not None:
        return file_from(taken)
    found = await read_file(connection, file_id)
    return found if found is not None and found.state is FileState.STORED else None


async def give_up_upload(connection: AsyncConnection, file_id: int, owner: str) -> None:
    """Let an upload be taken over at once."""
    held = and_(files.c.id == file_id, files.c.upload_owner == owner)
    await connection.execute(update(files).where(held).values(upload_until=0.0))


async def void(connection: AsyncConnection) -> None:
    """Let every upload be taken over at once, as those who made them are dead."""
    begun = files.c.upload_owner.is_not(None)
    await connection.execute(update(files).where(begun).values(upload_until=0.0))


async def uploaded(
    connection: AsyncConnection, file_id: int, openai_file_id: str, expires_at: float | None
) -> StoredFile | None:
    """Store under which id OpenAI has the File, once; also where it is to be deleted by now, so that it can be."""
    done = {"openai_file_id": openai_file_id, "upload_owner": None, "upload_until": None}
    expires = {"expires_at": now() + files.c.expires_after if expires_at is None else expires_at}
    unknown = and_(files.c.id == file_id, files.c.openai_file_id.is_(None))
    await connection.execute(update(files).where(unknown).values({**done, **expires}))
    stored = update(files).where(files.c.id == file_id, files.c.state == FileState.UPLOADING)
    await connection.execute(stored.values(state=FileState.STORED))
    return await read_file(connection, file_id)


async def lost(connection: AsyncConnection, file_id: int, openai_file_id: str) -> None:
    """Store that OpenAI has the File no more: it is to be uploaded, and all its places are on their way again."""
    gone = and_(files.c.id == file_id, files.c.openai_file_id == openai_file_id, files.c.state == FileState.STORED)
    anew = {"state": FileState.UPLOADING, "openai_file_id": None, "expires_at": None}
    if (await connection.execute(update(files).where(gone).values(anew))).rowcount:
        ready = and_(file_places.c.file_id == file_id, file_places.c.state == PlaceState.READY)
        await connection.execute(update(file_places).where(ready).values(state=PlaceState.ATTACHING))


async def settle(
    connection: AsyncConnection, place_id: int, state: PlaceState, error: str | None, store: str | None = None
) -> bool:
    """Store what became of a place that is still wanted; with `store`, only if that is still its channel's."""
    wanted = and_(file_places.c.id == place_id, is_live())
    if store is not None:
        same = and_(channels.c.team == file_places.c.team, channels.c.channel == file_places.c.channel)
        current = select(channels.c.vector_store_id).where(same).scalar_subquery()
        wanted = and_(wanted, current == store)
    settled = update(file_places).where(wanted).values(state=state, error=error)
    return (await connection.execute(settled)).rowcount > 0
