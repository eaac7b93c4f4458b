"""Opening a database, its transactions and its clock: every difference between databases is in this module.

SQLite so far: one connection writes, several read; WAL, and every commit is on the disk before it returns.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import URL, Float, NullPool, Pool, Table, event, exc, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.errors import DatabaseUnavailable, UnknownDatabase
from storage.schema import MIGRATIONS, SchemaState, migrate, refuse_newer, state_of
from storage.sqlite_driver import connect
from storage.sqlite_file import FileLock, companion, make_private

BUSY_SECONDS = 5.0
"""How long SQLite waits for another program's lock on the file (a backup, say)."""

READERS = 4
"""Connections that read at the same time, each with a thread of its own."""

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
"""What happens inside one transaction."""

_OUR_FAULT = (exc.IntegrityError, exc.ProgrammingError, exc.DataError, exc.NotSupportedError)


class now(FunctionElement[float]):  # noqa: N801 - reads as the SQL function it stands for
    """The database's own clock: seconds since the epoch. All leases and ages are measured by it."""

    type = Float()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_in_sqlite(_element: now, _compiler: SQLCompiler, **_options: Any) -> str:
    """SQLite before 3.42 has no `unixepoch('subsec')`. 2440587.5 is the epoch's Julian day."""
    return "((julianday('now') - 2440587.5) * 86400.0)"


def insert(connection: AsyncConnection, table: Table) -> sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT in the connection's dialect."""
    return {"sqlite": sqlite.insert}[connection.dialect.name](table)


class Database:
    """An open database. Every transaction, once begun, runs to its end whatever happens to its caller."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, lock: FileLock | None) -> None:
        self.transactions = 0  # write transactions begun since it was opened
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closed = False

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        exclusive: bool = True,
        busy_seconds: float = BUSY_SECONDS,
        migrations: Path = MIGRATIONS,
    ) -> "Database":
        """Open, and bring the schema up to date in one transaction. `exclusive`: no other process of ours.

        Raises UnknownDatabase, DatabaseInUse, DatabaseUnavailable, SchemaTooNew, MigrationFailed.
        """
        file = sqlite_file(url)
        lock = FileLock.take(file) if exclusive else None
        database = cls(_writer(file, busy_seconds), _reader(file, busy_seconds), lock)
        try:
            await peek(file, partial(refuse_newer, migrations=migrations))
            make_private(file)
            await database.write(lambda connection: connection.run_sync(migrate, migrations))
        except BaseException:
            await database.close()
            raise
        return database

    @property
    def exclusive(self) -> bool:
        """Whether no other process of ours can have it open."""
        return self._lock is not None

    @property
    def busy(self) -> bool:
        """Whether a transaction is under way at this moment."""
        return bool(self._under_way)

    @property
    def checked_out(self) -> int:
        """How many connections are in use at this moment."""
        return sum(_checked_out(engine.pool) for engine in (self._writer, self._reader))

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction that sees the newest state and that no other writer interleaves.

        When the caller is cancelled, the transaction ends first. Raises DatabaseUnavailable.
        """
        self.transactions += 1
        return await self._to_the_end(self._transact(self._writer, work))

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot of the database. Raises DatabaseUnavailable."""
        return await self._to_the_end(self._transact(self._reader, work))

    async def close(self) -> None:
        """Wait for the transactions under way, then close. Afterwards everything is unavailable."""
        self._closed = True
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._reader.dispose()
        await self._writer.dispose()  # last: the one that may write tidies the WAL away
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def _transact(self, engine: AsyncEngine, work: Work[T]) -> T:
        with _refusals():
            async with engine.begin() as connection:
                return await work(connection)

    async def _to_the_end(self, transaction: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            transaction.close()
            raise DatabaseUnavailable("the database is closed")
        task = asyncio.create_task(transaction)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        cancelled: asyncio.CancelledError | None = None
        while not task.done():
            try:
                await asyncio.wait((task,))
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled from task.exception()
        return task.result()


def sqlite_file(url: str) -> Path:
    """Return the file that a database URL names. Raises UnknownDatabase."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise UnknownDatabase("DATABASE_URL is not a URL such as sqlite+aiosqlite:///threadmate.db") from error
    name = parsed.database or ""
    if parsed.drivername != "sqlite+aiosqlite":
        raise UnknownDatabase(f"DATABASE_URL: {parsed.drivername}:// is not known; use sqlite+aiosqlite:///FILE")
    if parsed.query or name in ("", ":memory:") or name.startswith("file:"):
        raise UnknownDatabase("DATABASE_URL: a file is needed, and nothing else: sqlite+aiosqlite:///FILE")
    return Path(name)


async def peek(file: Path, look: Callable[..., SchemaState] = state_of) -> SchemaState:
    """Look at a database's schema so that not one byte of its folder changes. Raises DatabaseUnavailable."""
    uri = _untouching_uri(file)
    if uri is None:
        return SchemaState.ABSENT

    async def untouching() -> aiosqlite.Connection:
        return await aiosqlite.connect(uri, uri=True)

    engine = create_async_engine("sqlite+aiosqlite://", async_creator=untouching, poolclass=NullPool)
    with _refusals():
        async with engine.connect() as connection:
            return await connection.run_sync(look)


def _untouching_uri(file: Path) -> str | None:
    """Return how to open the file for reading alone, or None where there is none.

    What has no WAL is opened as immutable: as merely read-only, SQLite would leave -wal and -shm files behind.
    """
    if not file.exists():
        return None
    wal = companion(file, "-wal")
    how = "mode=ro" if wal.exists() and wal.stat().st_size else "immutable=1"
    return f"{file.absolute().as_uri()}?{how}"


def _writer(file: Path, busy_seconds: float) -> AsyncEngine:
    return _engine(
        file,
        busy_seconds,
        size=1,
        begin="BEGIN IMMEDIATE",
        pragmas=("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"),
    )


def _reader(file: Path, busy_seconds: float) -> AsyncEngine:
    return _engine(file, busy_seconds, size=READERS, begin="BEGIN", pragmas=("query_only=ON",))


def _engine(file: Path, busy_seconds: float, *, size: int, begin: str, pragmas: tuple[str, ...]) -> AsyncEngine:
    """Make an engine whose driver begins nothing by itself, so that even DDL is in our transactions."""
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(file)),
        async_creator=partial(connect, file, busy_seconds),
        hide_parameters=True,  # what people said shall not be in an error's text
        pool_size=size,
        max_overflow=0,
    )

    def set_pragmas(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", set_pragmas)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _checked_out(pool: Pool) -> int:
    return int(getattr(pool, "checkedout")())  # noqa: B009 - the queue pools have it, their base does not


@contextmanager
def _refusals() -> Iterator[None]:
    """Put what the database refuses into our words. Our own mistakes (a broken constraint) pass as they are."""
    try:
        yield
    except _OUR_FAULT:
        raise
    except exc.DBAPIError as error:
        raise DatabaseUnavailable(f"the database refused: {error.orig}") from error
    except exc.TimeoutError as error:
        raise DatabaseUnavailable("the database did not answer in time") from error
