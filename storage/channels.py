"""Channels: the vector store of each, and whether outsiders are in it."""

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, insert
from storage.file_records import Channel
from storage.rows import all_rows
from storage.tables_calls import settings_changes
from storage.tables_files import channels

_KEY = ["team", "channel"]


class Channels:
    """The channels and DMs that we keep something about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, team: str, channel: str) -> Channel | None:
        """Return the channel, or None where we keep nothing about it."""
        which = {"its_team": team, "its_channel": channel}
        found = await self._database.read(lambda connection: all_rows(connection, _ONE, **which))
        return Channel(**found[0]) if found else None

    async def stores(self) -> tuple[Channel, ...]:
        """Return the channels that have a vector store."""
        return await self._read(channels.c.vector_store_id.is_not(None))

    async def remember_store(self, team: str, channel: str, store: str) -> str:
        """Store the channel's vector store, unless it has one; return the one it has."""

        async def work(connection: AsyncConnection) -> str:
            values = {"team": team, "channel": channel, "vector_store_id": store, "shared": False}
            first = {"vector_store_id": func.coalesce(channels.c.vector_store_id, store)}
            remember = insert(connection, channels).values(values)
            remember = remember.on_conflict_do_update(index_elements=_KEY, set_=first)
            kept: str = (await connection.execute(remember.returning(channels.c.vector_store_id))).scalar_one()
            return kept

        return await self._database.write(work)

    async def forget_store(self, team: str, channel: str, store: str) -> None:
        """Forget the channel's vector store, if it still is that one."""
        await self._database.write(lambda it: forget_store(it, team, channel, store))

    async def erase(self, team: str, channel: str) -> None:
        """Delete what we keep about the channel itself."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(channels).where(_is(team, channel)))
            changes = settings_changes.c.team == team, settings_changes.c.channel == channel
            await connection.execute(delete(settings_changes).where(*changes))

        await self._database.write(work)

    async def set_shared(self, team: str, channel: str, shared: bool) -> None:
        """Store whether people of another organisation are in the channel."""

        async def work(connection: AsyncConnection) -> None:
            values = {"team": team, "channel": channel, "shared": shared}
            remember = insert(connection, channels).values(values)
            await connection.execute(remember.on_conflict_do_update(index_elements=_KEY, set_={"shared": shared}))

        await self._database.write(work)

    async def _read(self, *conditions: ColumnElement[bool]) -> tuple[Channel, ...]:
        query = select(channels).where(*conditions).order_by(channels.c.team, channels.c.channel)
        rows = await self._database.read(lambda connection: all_rows(connection, query))
        return tuple(Channel(**row) for row in rows)


async def forget_store(connection: AsyncConnection, team: str, channel: str, store: str) -> None:
    """Forget the channel's vector store, if it still is that one."""
    this = update(channels).where(_is(team, channel), channels.c.vector_store_id == store)
    await connection.execute(this.values(vector_store_id=None))


async def read_store(connection: AsyncConnection, team: str, channel: str, *, lock: bool = False) -> str | None:
    """Return the channel's vector store. `lock` keeps others from changing it, where rows can be locked."""
    query = select(channels.c.vector_store_id).where(_is(team, channel))
    store: str | None = await connection.scalar(query.with_for_update(key_share=True) if lock else query)
    return store


_ONE = select(channels).where(
    channels.c.team == bindparam("its_team"), channels.c.channel == bindparam("its_channel")
)


def _is(team: str, channel: str) -> ColumnElement[bool]:
    return and_(channels.c.team == team, channels.c.channel == channel)
