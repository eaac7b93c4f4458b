"""Chores: what one process at a time does for all, and no more often than it has to be done.

A row is the right to do one chore: it has an owner until it is given back, or lapses with whoever died.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, insert, now
from storage.tables import chores


class Chores:
    """Who does what for all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, owner: str, seconds: float, *, unless_done_within: float = 0.0) -> bool:
        """Take a chore for so long; False where another owner has it.

        Also False where another owner has done it within the last `unless_done_within` seconds.
        """
        return await self._database.write(lambda it: _take(it, name, owner, seconds, unless_done_within))

    async def renew(self, name: str, owner: str, seconds: float) -> bool:
        """Keep a chore for so long from now; False where it has lapsed: it may be anybody's."""
        held = and_(_is_of(name, owner), chores.c.until >= now())
        keep = update(chores).where(held).values(until=now() + seconds)
        return await self._changes(keep)

    async def give_back(self, name: str, owner: str, *, done: bool) -> None:
        """Let anybody take it, and note when and by whom it was done."""
        values: dict[str, Any] = {"owner": None, "until": None}
        if done:
            values |= {"done_by": owner, "done_at": now()}
        await self._changes(update(chores).where(_is_of(name, owner)).values(values))

    async def _changes(self, statement: Any) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount > 0

        return await self._database.write(work)


async def void(connection: AsyncConnection) -> None:
    """Forget all of it: everybody who had or did a chore is dead."""
    await connection.execute(delete(chores))


async def _take(connection: AsyncConnection, name: str, owner: str, seconds: float, within: float) -> bool:
    free = or_(chores.c.owner.is_(None), chores.c.owner == owner, chores.c.until < now())
    due = or_(chores.c.done_at.is_(None), chores.c.done_by == owner, chores.c.done_at < now() - within)
    taken = {"owner": owner, "until": now() + seconds}
    take = insert(connection, chores).values(name=name, **taken)
    take = take.on_conflict_do_update(index_elements=["name"], set_=taken, where=and_(free, due))
    return (await connection.execute(take.returning(chores.c.name))).first() is not None


def _is_of(name: str, owner: str) -> ColumnElement[bool]:
    return and_(chores.c.name == name, chores.c.owner == owner)
