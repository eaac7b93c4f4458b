"""Copying a database into another one, whichever they are: all of it, compared in the end, safe to begin again.

While a copy is under way a table of its own marks the target: nobody opens it as a store until the copy has ended.
What breaks off goes on where it is begun again; where the source has changed meanwhile, from the beginning.
"""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Column, Integer, MetaData, RowMapping, Table, delete, func, inspect, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, insert, last_id, set_last_id
from storage.errors import CopyUnfinished, NotEmpty, UnknownDatabase
from storage.inspection import inspect_database
from storage.rows import all_rows
from storage.schema import SchemaState
from storage.tables import metadata
from storage.tables_files import files

AT_ONCE = 500
"""Rows in one transaction."""

MARK = Table("copy_under_way", MetaData(), Column("id", Integer))
TABLES: Sequence[Table] = metadata.sorted_tables
"""Every one of ours, those first that others refer to."""

assert files in TABLES  # noqa: S101 - imported, so that it is

Say = Callable[[str], None]


class Sum(NamedTuple):
    """What a table holds, whatever its order: how many rows, and the sum of their hashes."""

    rows: int = 0
    hashes: int = 0

    def of(self, rows: Sequence[RowMapping]) -> "Sum":
        """Return the sum with these rows, too."""
        added = sum(int.from_bytes(_hash(row)) for row in rows)
        return Sum(self.rows + len(rows), (self.hashes + added) % 2**256)


async def copy_database(source: str, target: str, say: Say) -> None:
    """Copy everything. Both schemas are brought up to date first; no process of ours may have them open.

    Raises UnknownDatabase, DatabaseInUse, NotEmpty, CopyUnfinished where the source changes all the time, and what
    opening raises.
    """
    if (await inspect_database(source)).schema is SchemaState.ABSENT:
        raise UnknownDatabase("there is nothing to copy: the first database has no table of ours")
    giver = await Database.open(source)
    try:
        taker = await Database.open(target)
        try:
            await _copy(giver, taker, say)
        finally:
            await taker.close()
    finally:
        await giver.close()


async def refuse_unfinished(connection: AsyncConnection) -> None:
    """Raise CopyUnfinished where a copy into this database has not ended."""
    if await connection.run_sync(lambda it: inspect(it).has_table(MARK.name)):
        raise CopyUnfinished(
            "a copy into this database has not ended: run `threadmate copy-database` again, with the same two"
        )


async def _copy(giver: Database, taker: Database, say: Say) -> None:
    if await taker.write(_mark):
        say("Going on with a copy that broke off.")
    await _fill(giver, taker)
    if differing := await _differing(giver, taker):
        say(f"Copied again from the beginning, because the rows have changed meanwhile: {differing}.")
        await taker.write(_empty)
        await _fill(giver, taker)
        if differing := await _differing(giver, taker):
            raise CopyUnfinished(f"{differing} differ after the copy: is the bot running? Stop it and copy again")
    for table in TABLES:
        say(f"{table.name}: {(await _sum(taker, table)).rows} rows, the same on both sides")
    await _end(giver, taker)


async def _mark(connection: AsyncConnection) -> bool:
    """Mark an empty database as one that is copied into; whether it was marked before. Raises NotEmpty."""
    if await connection.run_sync(lambda it: inspect(it).has_table(MARK.name)):
        return True
    for table in TABLES:
        if await connection.scalar(select(func.count()).select_from(table)):
            raise NotEmpty(
                "the second database holds something already: an empty one is needed (nothing was changed)"
            )
    await connection.run_sync(MARK.create)
    return False


async def _fill(giver: Database, taker: Database) -> None:
    """Copy the rows that are not there yet."""
    for table in TABLES:
        async for rows in _batches(giver, table):
            values = [dict(row) for row in rows]

            async def work(connection: AsyncConnection, table: Table = table, values: Any = values) -> None:
                await connection.execute(insert(connection, table).on_conflict_do_nothing(), values)

            await taker.write(work)


async def _differing(giver: Database, taker: Database) -> str:
    """Return the names of the tables that are not the same on both sides."""
    return ", ".join([table.name for table in TABLES if await _sum(giver, table) != await _sum(taker, table)])


async def _sum(database: Database, table: Table) -> Sum:
    total = Sum()
    async for rows in _batches(database, table):
        total = total.of(rows)
    return total


async def _batches(database: Database, table: Table) -> AsyncIterator[list[RowMapping]]:
    """Yield all rows, in the order of their keys as that database sorts them."""
    key = list(table.primary_key.columns)
    query = behind = select(table).order_by(*key).limit(AT_ONCE)
    while rows := await database.read(partial(all_rows, query=behind)):
        yield rows
        behind = query.where(tuple_(*key) > tuple_(*(rows[-1][column.name] for column in key)))


async def _empty(connection: AsyncConnection) -> None:
    for table in reversed(TABLES):
        await connection.execute(delete(table))


async def _end(giver: Database, taker: Database) -> None:
    """Let new rows get numbers that no row ever had, and take the mark away."""
    counted = [table for table in TABLES if table.autoincrement_column is not None]
    last = {table: await giver.read(partial(last_id, table=table)) for table in counted}

    async def work(connection: AsyncConnection) -> None:
        for table, number in last.items():
            await set_last_id(connection, table, number)
        await connection.run_sync(MARK.drop)

    await taker.write(work)


def _hash(row: RowMapping) -> bytes:
    """The hash of a row's values; NUL counts as what PostgreSQL is given for it."""
    written = json.dumps(list(row.values()), ensure_ascii=False, separators=(",", ":"))
    return sha256(written.replace("\\u0000", "\ufffd").encode()).digest()
