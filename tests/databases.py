"""The bot's database in a test, whichever kind it is: where it is, what is in it, and others at work there."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.store import Store
from tests.postgres import Databases

WAIT = 5.0  # real seconds that a look at an SQLite file waits for its writer


class BotDatabase(Protocol):
    """An empty one with our tables, and other connections to it than the bot's."""

    @property
    def url(self) -> str:
        """What DATABASE_URL says."""

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into it; each `?` of the query stands for a value."""

    async def change(self, *statements: str) -> None:
        """Let time pass in it, or something be lost: one transaction."""

    def dump(self) -> str:
        """All that is in it, as text."""

    def locked(self) -> AbstractAsyncContextManager[None]:
        """Let another program hold what everybody has to write, for the length of the block."""

    def refusing(self, store: Store) -> AbstractAsyncContextManager[None]:
        """Let it refuse at once whatever that store wants to write, for the length of the block."""


class SqliteDatabase:
    """A file, copied from a migrated one."""

    def __init__(self, file: Path, migrated: Path) -> None:
        self.file = file
        copyfile(migrated, file)

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self.file}"

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=WAIT)) as connection:
            return connection.execute(query, values).fetchall()

    async def change(self, *statements: str) -> None:
        await asyncio.to_thread(self._change, *statements)  # when the bot has ended its transaction

    def _change(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.file, timeout=WAIT)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def dump(self) -> str:
        with closing(sqlite3.connect(self.file)) as connection:
            return "\n".join(connection.iterdump())

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        connection = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)
        with closing(connection) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")  # when the bot has ended its transaction
            yield
            other.execute("ROLLBACK")

    @asynccontextmanager
    async def refusing(self, store: Store) -> AsyncIterator[None]:
        async def no_patience(connection: AsyncConnection) -> None:
            await connection.exec_driver_sql("PRAGMA busy_timeout = 0")

        await store.database.write(no_patience)
        async with self.locked():
            yield


class ServerDatabase:
    """One on a PostgreSQL server. Whoever looks into it waits for the answer, even in a loop."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self.url = databases.migrated()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        numbers = count(1)
        parts = query.split("?")
        numbered = "".join(f"{part}${next(numbers)}" for part in parts[:-1]) + parts[-1]
        return [tuple(row) for row in self._databases.ask(self.url, numbered, *values)]

    async def change(self, *statements: str) -> None:
        await asyncio.to_thread(self._change, *statements)

    def _change(self, *statements: str) -> None:
        self._databases.ask(self.url, "BEGIN")
        for statement in statements:
            self._databases.ask(self.url, statement)
        self._databases.ask(self.url, "COMMIT")

    def dump(self) -> str:
        tables = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        rows = [row for (table,) in tables for row in self.rows(f'SELECT row_to_json(t)::text FROM "{table}" t')]
        return "\n".join(str(text) for (text,) in rows)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        lock = "LOCK TABLE threads, runs, messages, feedback IN EXCLUSIVE MODE"  # in the order in which we lock
        self._databases.ask(self.url, "BEGIN")
        try:
            await self._databases.ask_later(self.url, lock)
            yield
        finally:
            self._databases.ask(self.url, "ROLLBACK")

    @asynccontextmanager
    async def refusing(self, store: Store) -> AsyncIterator[None]:
        with self._databases.shut(self.url):
            yield


def sqlite_databases(folder: Path, migrated: Path) -> Callable[[], SqliteDatabase]:
    """What makes them in a folder."""
    numbers = count()

    def make() -> SqliteDatabase:
        return SqliteDatabase(folder / f"threadmate{next(numbers) or ''}.db", migrated)

    return make


def server_databases(databases: Databases) -> Callable[[], ServerDatabase]:
    """What makes them on a server."""
    return lambda: ServerDatabase(databases)
