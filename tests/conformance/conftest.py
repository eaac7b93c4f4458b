"""The store under test, on each database in turn."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copyfile

import pytest

from storage.store import Store
from tests.conformance.scenes import sqlite_url

DATABASES = ["sqlite"]
"""PostgreSQL joins here: everything that takes `url` or `store` is meant for both."""


@pytest.fixture(params=DATABASES)
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is no database yet."""
    assert request.param == "sqlite"
    return sqlite_url(tmp_path / "threadmate.db")


@pytest.fixture
def url(fresh_url: str, tmp_path: Path, migrated: Path) -> str:
    """An empty database, as the migration leaves it."""
    copyfile(migrated, tmp_path / "threadmate.db")
    return fresh_url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open store, which must have given back all its connections in the end."""
    async with Store.open(url) as opened:
        yield opened
        assert opened.database.checked_out == 0
