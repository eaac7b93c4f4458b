"""What holds for every test: no network beyond this machine, nothing of ours from the environment."""

import asyncio
import gc
import os
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from storage.store import Store
from tests import compiled


def pytest_configure() -> None:
    """Let the garbage collector look less often, for a fifth of the time was its; compile no SQL twice."""
    gc.set_threshold(50_000, 20, 100)
    compiled.remember()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep some files together."""
    from tests.together import scheduler  # needs pytest-xdist

    return scheduler(config, log)


def pytest_collection_finish() -> None:
    """Let it leave out what is imported and collected by now, and stays."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database as the program's own migration leaves it, to be copied: migrating takes 40 ms."""
    file = tmp_path_factory.mktemp("migrated") / "threadmate.db"

    async def migrate() -> None:
        async with Store.open(f"sqlite+aiosqlite:///{file}"):
            return

    asyncio.run(migrate())
    return file


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
