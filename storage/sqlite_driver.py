"""The driver's connection, with one trip to its thread per statement: the driver itself makes four of each query.

A trip costs both sides a wake-up, which is more than SQLite takes to answer most of our statements.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

T = TypeVar("T")


class Connection(aiosqlite.Connection):
    """The driver's, as far as SQLAlchemy uses it: whatever a statement returns is fetched with it.

    Nothing of the caller's is left over in its thread, which ends with the process if nobody closes it.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True
        self._begin: str | None = None

    def begin(self, how: str) -> None:
        """Let a transaction begin with the next statement, in the same trip; what never comes is none."""
        self._begin = how

    async def there(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do that in the connection's thread. Raises what `work` raises."""
        begin, self._begin = self._begin, None
        what = partial(work, self._conn) if begin is None else partial(_begun, begin, work, self._conn)
        done: T = await self._execute(what)  # type: ignore[no-untyped-call]
        return done

    def cursor(self) -> "Cursor":  # type: ignore[override]  # the driver makes a trip to make one
        """Return a cursor: it holds what the last statement returned."""
        return Cursor(self)

    async def commit(self) -> None:
        """Commit what was begun, if anything was."""
        self._begin = None
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """Take back what was begun, if anything was: the pool asks for it after every transaction."""
        self._begin = None
        if self.in_transaction:
            await super().rollback()


class Cursor:
    """What SQLAlchemy asks of a driver's cursor."""

    arraysize = 1  # as PEP 249 has it; nothing is fetched in parts

    def __init__(self, connection: Connection) -> None:
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._connection = connection
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        """Execute a statement and fetch what it returns. Raises the errors of `sqlite3`."""
        await self._do(lambda cursor: cursor.execute(operation, parameters))

    async def executemany(self, operation: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Execute a statement once for each. Raises the errors of `sqlite3`."""
        await self._do(lambda cursor: cursor.executemany(operation, parameters))

    async def fetchall(self) -> list[Any]:
        """Return what the statement returned."""
        return self._rows

    async def close(self) -> None:
        """Nothing is open."""

    async def _do(self, work: Callable[[sqlite3.Cursor], sqlite3.Cursor]) -> None:
        def there(connection: sqlite3.Connection) -> tuple[Any, ...]:
            with closing(work(connection.cursor())) as cursor:
                rows = cursor.fetchall()
                return cursor.description, cursor.rowcount, cursor.lastrowid, rows

        self.description, self.rowcount, self.lastrowid, self._rows = await self._connection.there(there)


def _begun(begin: str, work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    connection.execute(begin).close()
    return work(connection)


async def connect(file: Path, busy_seconds: float) -> aiosqlite.Connection:
    """Connect; no transaction is begun by itself. Raises the errors of `sqlite3`."""
    return await Connection(partial(sqlite3.connect, file, timeout=busy_seconds, isolation_level=None))
