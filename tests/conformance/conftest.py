"""The store under test, on each database in turn."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from storage.store import Store
from tests.conformance import scenes
from tests.databases import BotDatabase
from tests.postgres import Databases


@pytest.fixture
def postgresql_url(databases: Databases) -> str:
    """For what is so on PostgreSQL alone."""
    return databases.migrated()


@pytest.fixture
def empty_postgresql_url(databases: Databases) -> str:
    """Likewise, without a table."""
    return databases.empty()


@pytest.fixture
def fresh_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is no table yet."""
    if database == "postgresql":
        return str(request.getfixturevalue("empty_postgresql_url"))
    return scenes.sqlite_url(tmp_path / "threadmate.db")


@pytest.fixture
def new_url(new_database: Callable[[], BotDatabase]) -> Callable[[], str]:
    """What makes empty databases, as the migration leaves them."""
    return lambda: new_database().url


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """An empty database."""
    return new_url()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open store, which must have given back all its connections in the end."""
    async with Store.open(url) as opened:
        yield opened
        assert opened.database.checked_out == 0


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """For what is so on SQLite alone, which serves one process."""
    return scenes.sqlite_url(tmp_path / "threadmate.db")


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[Store]:
    """Likewise."""
    async with Store.open(sqlite_url) as opened:
        yield opened
        assert opened.database.checked_out == 0
