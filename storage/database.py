"""Opening a database, its transactions and its clock: every difference between databases is decided here.

SQLite: one connection writes, several read; WAL, and every commit is on the disk before it returns.
PostgreSQL: one pool; what must not interleave locks rows, a thread's before its runs' before its messages'.
Both: order and exclusion are the tables' constraints.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import URL, Float, NullPool, Pool, Table, event, exc, func, make_url, select, text
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage import postgresql
from storage.errors import DatabaseUnavailable, UnknownDatabase
from storage.schema import MIGRATIONS, SchemaState, migrate, refuse_newer, state_of
from storage.sqlite_driver import connect
from storage.sqlite_file import FileLock, companion, make_private
from storage.turns import Together, Turns

BUSY_SECONDS = 5.0
"""How long SQLite waits for another program's lock on the file (a backup, say)."""

READERS = 4
"""Connections that read at the same time, each with a thread of its own."""

PATIENCE = 15.0
"""Seconds for a transaction on a server, from the wait for a connection to the commit: none waits for ever."""

TRIES = 5
"""How often a transaction is begun that collided with another one on the server (a deadlock, say)."""

MIGRATION = 0x746D_0001
"""The key of the advisory lock under which one process at a time migrates a server's schema."""

FORMS = "sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE"

GROUPS = 4
"""Transactions at a time, on a server, of what goes first."""

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
"""What happens inside one transaction."""
Turn = Callable[[], AbstractAsyncContextManager[None]]


class _Collided(DatabaseUnavailable):
    """Two transactions got into each other's way; nothing of this one was written."""


class now(FunctionElement[float]):  # noqa: N801 - reads as the SQL function it stands for
    """The database's own clock: seconds since the epoch. All leases and ages are measured by it."""

    type = Float()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_in_sqlite(_element: now, _compiler: SQLCompiler, **_options: Any) -> str:
    """SQLite before 3.42 has no `unixepoch('subsec')`. 2440587.5 is the epoch's Julian day."""
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_in_postgresql(_element: now, _compiler: SQLCompiler, **_options: Any) -> str:
    """The time of the statement: that of the transaction may be old, and the wall clock's cannot use an index."""
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) AS DOUBLE PRECISION)"


def insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | pg.Insert:
    """Return an INSERT that knows ON CONFLICT in the connection's dialect."""
    return insert_in(connection.dialect.name, table)


def insert_in(dialect: str, table: Table) -> sqlite.Insert | pg.Insert:
    """Return it by the dialect's name: for statements that are built once, which takes as long as running them."""
    return pg.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def locks_rows(connection: AsyncConnection) -> bool:
    """Return whether others may change a row that was only read: not where one at a time writes."""
    return connection.dialect.name == "postgresql"


async def one_at_a_time(connection: AsyncConnection, *key: str) -> None:
    """Let nobody else pass with the same key until the transaction ends: where there is no row to lock yet."""
    if locks_rows(connection):
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("\n".join(key), 0))))


async def last_id(connection: AsyncConnection, table: Table) -> int:
    """Return the highest number that a row of the table ever had, as far as the database knows; 0: none."""
    highest = await connection.scalar(select(func.max(table.c.id))) or 0
    if connection.dialect.name == "postgresql":
        sequence = func.pg_sequence_last_value(func.pg_get_serial_sequence(table.name, "id").cast(pg.REGCLASS))
        return max(highest, await connection.scalar(select(sequence)) or 0)
    given = text("SELECT seq FROM sqlite_sequence WHERE name = :name")  # of tables that never give one twice
    return max(highest, await connection.scalar(given, {"name": table.name}) or 0)


async def set_last_id(connection: AsyncConnection, table: Table, number: int) -> None:
    """Let the next row of the table have a higher number."""
    if connection.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, "id").cast(pg.REGCLASS)
        await connection.execute(select(func.setval(sequence, max(number, 1), number > 0)))
        return
    name = {"name": table.name, "seq": number}
    await connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), name)
    if table.dialect_options["sqlite"]["autoincrement"]:
        await connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), name)


class Database:
    """An open database. Every transaction, once begun, runs to its end whatever happens to its caller."""

    def __init__(
        self, writer: AsyncEngine, reader: AsyncEngine, lock: FileLock | None = None, patience: float | None = None
    ) -> None:
        self.transactions = 0  # write transactions asked for since it was opened
        self.collisions = 0  # how often one had to be begun again
        self.unavailable = 0  # transactions that the database refused, or did not answer
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._patience = patience
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._one_pool = writer.pool is reader.pool  # as on a server, where commits happen side by side
        self._turns = Turns(postgresql.POOL if self._one_pool else 1)
        first = partial(self._turns.turn, first=True)
        self._together = Together(
            partial(self._transact, self._writer, turn=first), GROUPS if self._one_pool else 1
        )

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        exclusive: bool = True,
        busy_seconds: float = BUSY_SECONDS,
        patience: float = PATIENCE,
        migrations: Path = MIGRATIONS,
    ) -> "Database":
        """Open, and bring the schema up to date in one transaction.

        `exclusive`: no other process of ours; a server takes several, so there it says nothing. `busy_seconds` is
        for SQLite, `patience` (seconds for a transaction) for a server. Raises UnknownDatabase, DatabaseInUse,
        DatabaseUnavailable, SchemaTooNew, MigrationFailed.
        """
        where = locate(url)
        if isinstance(where, URL):
            return await cls._open_server(where, patience, migrations)
        return await cls._open_file(where, exclusive, busy_seconds, migrations)

    @classmethod
    async def _open_file(cls, file: Path, exclusive: bool, busy_seconds: float, migrations: Path) -> "Database":
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

    @classmethod
    async def _open_server(cls, url: URL, patience: float, migrations: Path) -> "Database":
        await _migrate_server(url, migrations)
        engine = postgresql.pooled(url)
        return cls(engine, postgresql.snapshots(engine), patience=patience)

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
        return sum(map(_checked_out, {self._writer.pool, self._reader.pool}))

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction that sees the newest state.

        No other writer interleaves: on a server as far as `work` locks rows first; it is begun again where it
        collided with another one. When the caller is cancelled, the transaction ends first. Raises
        DatabaseUnavailable: what was written is taken back, unless the very commit was not answered.
        """
        self.transactions += 1
        return await self._to_the_end(self._transact(self._writer, work, self._turns.turn))

    async def write_first(self, work: Work[T], order: tuple[str, ...]) -> T:
        """Do as `write` does, before all else that waits, and in one transaction with what is first, too.

        `order` is that of the rows that `work` locks: all processes lock them in the same. Where another one's
        `work` fails, this one may be run again by itself.
        """
        self.transactions += 1
        return await self._to_the_end(self._together.do(work, order))

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot of the database. Raises DatabaseUnavailable."""
        turn = self._turns.turn if self._one_pool else nullcontext
        return await self._to_the_end(self._transact(self._reader, work, turn))

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

    async def _transact(self, engine: AsyncEngine, work: Work[T], turn: Turn = nullcontext) -> T:
        for attempt in range(1, TRIES + 1):
            try:
                with _refusals():
                    async with asyncio.timeout(self._patience), turn(), engine.begin() as connection:
                        return await work(connection)
            except _Collided:
                self.collisions += 1
                if attempt == TRIES:
                    self.unavailable += 1
                    raise
            except DatabaseUnavailable:
                self.unavailable += 1
                raise
        raise AssertionError("returned or raised above")

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


def locate(url: str) -> Path | URL:
    """Return the SQLite file, or the server with its database, that a URL names. Raises UnknownDatabase."""
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):  # a cause would quote the URL, and so a password
        raise UnknownDatabase(f"DATABASE_URL is not a URL such as {FORMS}") from None
    if parsed.drivername == postgresql.DRIVER:
        return postgresql.read_url(parsed)
    name = parsed.database or ""
    if parsed.drivername != "sqlite+aiosqlite":
        raise UnknownDatabase(f"DATABASE_URL: {parsed.drivername}:// is not known; use {FORMS}")
    if parsed.query or name in ("", ":memory:") or name.startswith("file:"):
        raise UnknownDatabase("DATABASE_URL: a file is needed, and nothing else: sqlite+aiosqlite:///FILE")
    return Path(name)


async def look(url: URL, work: Work[T]) -> T:
    """Look at a server's database once, on a connection that cannot write. Raises DatabaseUnavailable."""
    engine = postgresql.snapshots(postgresql.single(url))
    with _refusals():
        async with asyncio.timeout(PATIENCE), engine.connect() as connection:
            return await work(connection)


async def _migrate_server(url: URL, migrations: Path) -> None:
    """Bring a server's schema up to date, one process at a time; the others wait for it, however long it takes.

    Tables that somebody else keeps busy are not waited for: everybody else would queue up behind us.
    """
    if await look(url, lambda it: it.run_sync(refuse_newer, migrations)) is SchemaState.CURRENT:
        return
    with _refusals():
        async with postgresql.single(url, command_seconds=None).begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION)))
            await connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            await connection.run_sync(migrate, migrations)


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

    def set_begin(connection: Any) -> None:
        connection.connection.driver_connection.begin(begin)

    event.listen(engine.sync_engine, "connect", set_pragmas)
    event.listen(engine.sync_engine, "begin", set_begin)
    return engine


def _checked_out(pool: Pool) -> int:
    return int(getattr(pool, "checkedout")())  # noqa: B009 - the queue pools have it, their base does not


@contextmanager
def _refusals() -> Iterator[None]:
    """Put what the database refuses into our words. Our own mistakes (a broken constraint) pass as they are."""
    try:
        yield
    except exc.DBAPIError as error:
        postgresql.keep_quiet(error)
        if postgresql.may_try_again(error):
            raise _Collided("the database was busy with others") from error
        if postgresql.is_ours(error):
            raise
        raise DatabaseUnavailable(f"the database refused: {error.orig}") from error
    except (exc.TimeoutError, TimeoutError) as error:
        raise DatabaseUnavailable("the database did not answer in time") from error
    except OSError as error:
        raise DatabaseUnavailable(f"the database cannot be reached: {error}") from error
