"""The libraries of channels: what shall be in them, as long as it is not so everywhere, and moving it in and out.

A change is stored before anything happens. `widen` and `narrow` move places and note in the change which, in one
transaction; what OpenAI has to be told follows, or comes before, and then `done`. All of it can be done again.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, RowMapping, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import leaving, placing
from storage.database import Database, now, one_at_a_time
from storage.file_records import LIBRARY, FilePlace, LibraryChange, NewLibraryChange, NewPlace, PlaceState
from storage.file_rows import lock_files, read_places
from storage.rows import all_rows
from storage.tables_files import file_places, files, in_channel, is_live, is_searched, library_changes


class LibraryBook:
    """The changes of libraries that are under way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def intend(self, new: NewLibraryChange) -> LibraryChange:
        """Store a change, unless it is the last that waits for that message already; return it."""
        return await self._database.write(lambda connection: _intend(connection, new))

    async def waiting(self) -> tuple[LibraryChange, ...]:
        """Return all changes that are not done, in the order in which they were asked for."""
        query = select(library_changes).order_by(library_changes.c.id)
        rows = await self._database.read(lambda connection: all_rows(connection, query))
        return tuple(map(_change, rows))

    async def claim(self, change_id: int, owner: str, seconds: float) -> LibraryChange | None:
        """Take a change for so long; None: it is done, or another owner has it."""
        free = or_(
            library_changes.c.lease_owner.is_(None),
            library_changes.c.lease_owner == owner,
            library_changes.c.lease_until < now(),
        )
        take = update(library_changes).where(library_changes.c.id == change_id, free)
        take = take.values(lease_owner=owner, lease_until=now() + seconds, attempts=library_changes.c.attempts + 1)

        async def work(connection: AsyncConnection) -> LibraryChange | None:
            row = (await connection.execute(take.returning(library_changes))).mappings().one_or_none()
            return _change(row) if row is not None else None

        return await self._database.write(work)

    async def renew(self, change_id: int, owner: str, seconds: float) -> bool:
        """Keep a change for so long from now; False where that has lapsed, or the change is done."""
        mine = and_(library_changes.c.id == change_id, library_changes.c.lease_owner == owner)
        keep = update(library_changes).where(mine, library_changes.c.lease_until >= now())

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(keep.values(lease_until=now() + seconds))).rowcount > 0

        return await self._database.write(work)

    async def release(self, change_id: int, owner: str) -> None:
        """Give a change back, for anybody to go on with it."""
        held = and_(library_changes.c.id == change_id, library_changes.c.lease_owner == owner)
        give = update(library_changes).where(held).values(lease_owner=None, lease_until=None)
        await self._database.write(lambda connection: connection.execute(give))

    async def done(self, change_id: int) -> None:
        """Forget a change: there is nothing left to do."""
        forget = delete(library_changes).where(library_changes.c.id == change_id)
        await self._database.write(lambda connection: connection.execute(forget))

    async def widen(self, change_id: int, place_id: int) -> LibraryChange | None:
        """Put a place's File into its channel's library, unless its content is there; the change as it is now.

        Nothing is changed where the place is gone or not searched. None: the change is done.
        """
        return await self._database.write(lambda connection: _widen(connection, change_id, place_id))

    async def narrow(self, change_id: int, place_id: int) -> LibraryChange | None:
        """Take a place's File out of its channel's library, for the place's thread alone; the change as it is now.

        Other threads that have it get a File of their own, ATTACHING until that is uploaded: they are `affected`.
        """
        return await self._database.write(lambda connection: _narrow(connection, change_id, place_id))


async def void(connection: AsyncConnection) -> None:
    """Take every change from its owner: they are dead."""
    await connection.execute(update(library_changes).values(lease_owner=None, lease_until=None))


async def _intend(connection: AsyncConnection, new: NewLibraryChange) -> LibraryChange:
    await one_at_a_time(connection, "library", new.team, new.channel, new.message_ts)
    same = and_(
        library_changes.c.team == new.team,
        library_changes.c.channel == new.channel,
        library_changes.c.message_ts == new.message_ts,
    )
    query = select(library_changes).where(same).order_by(library_changes.c.id.desc()).limit(1)
    last = await all_rows(connection, query)
    if last and last[0]["adds"] == new.adds:
        return _change(last[0])
    names = ("team", "channel", "thread_ts", "message_ts", "author", "user", "adds")
    values = {name: getattr(new, name) for name in names}
    values |= {"slack_files": list(new.slack_files), "named": [], "affected": []}
    values |= {"attempts": 0, "created_at": now()}
    made = library_changes.insert().values(values).returning(library_changes)
    return _change((await connection.execute(made)).mappings().one())


async def _widen(connection: AsyncConnection, change_id: int, place_id: int) -> LibraryChange | None:
    change = await _hold(connection, change_id)
    if change is None:
        return None
    await lock_files(connection, [place_id])
    found = await read_places(connection, file_places.c.id == place_id, is_live(), is_searched())
    if not found or await read_places(connection, _same_content(found[0]), file_places.c.scope == LIBRARY):
        return change
    moved = await leaving.rescope(connection, place_id, LIBRARY)
    return await _note(connection, change, [place_id], moved)


async def _narrow(connection: AsyncConnection, change_id: int, place_id: int) -> LibraryChange | None:
    change = await _hold(connection, change_id)
    if change is None:
        return None
    await lock_files(connection, [place_id])
    here = and_(file_places.c.scope == LIBRARY, is_live(), is_searched())
    found = await read_places(connection, file_places.c.id == place_id, here)
    if not found:
        return change
    (place,) = found
    on_file = and_(in_channel(place.team, place.channel), file_places.c.file_id == place.file.id, here)
    own = and_(on_file, file_places.c.thread_ts == place.thread_ts)
    await connection.execute(update(file_places).where(own).values(scope=place.thread_ts))
    others = await read_places(connection, on_file)
    for other in others:
        await _part(connection, other)
    mine = and_(file_places.c.file_id == place.file.id, in_channel(place.team, place.channel), is_live())
    return await _note(connection, change, [place_id], (*await read_places(connection, mine), *others))


async def _part(connection: AsyncConnection, place: FilePlace) -> None:
    """Give a place of another thread another File, which serves that thread alone."""
    new = _anew(place)
    file_id, scope = None, place.thread_ts
    while file_id is None:
        file_id, scope = await placing.file_for(connection, new)
    values = {"file_id": file_id, "scope": scope, "state": PlaceState.ATTACHING, "error": None}
    await connection.execute(update(file_places).where(file_places.c.id == place.id).values(values))


def _anew(place: FilePlace) -> NewPlace:
    file = place.file
    return NewPlace(
        team=place.team,
        channel=place.channel,
        thread_ts=place.thread_ts,
        message_ts=place.message_ts,
        slack_file_id=place.slack_file_id,
        uploader=place.uploader,
        use=place.use,
        shown=place.shown,
        permalink=place.permalink,
        sha256=file.sha256,
        name=file.name,
        size=file.size,
        expires_after=file.expires_after,
    )


def _same_content(place: FilePlace) -> ColumnElement[bool]:
    """What the channel has of that content, on whichever copy."""
    alike = and_(files.c.sha256 == place.file.sha256, files.c.name == place.file.name)
    return and_(alike, in_channel(place.team, place.channel), is_live(), is_searched())


async def _hold(connection: AsyncConnection, change_id: int) -> LibraryChange | None:
    """The change as it is now; nobody else writes it until the transaction ends."""
    query = select(library_changes).where(library_changes.c.id == change_id).with_for_update()
    rows = await all_rows(connection, query)
    return _change(rows[0]) if rows else None


async def _note(
    connection: AsyncConnection, change: LibraryChange, named: Iterable[int], affected: Iterable[FilePlace]
) -> LibraryChange:
    """Note in the change what it has done."""
    values = {
        "named": list(dict.fromkeys([*change.named, *named])),
        "affected": list(dict.fromkeys([*change.affected, *(place.id for place in affected)])),
    }
    noted = update(library_changes).where(library_changes.c.id == change.id).values(values)
    return _change((await connection.execute(noted.returning(library_changes))).mappings().one())


def _change(row: RowMapping) -> LibraryChange:
    names = ("id", "team", "channel", "thread_ts", "message_ts", "author", "user", "adds", "attempts")
    values = {name: row[name] for name in names}
    values |= {name: tuple(row[name]) for name in ("slack_files", "named", "affected")}
    return LibraryChange(**values)
