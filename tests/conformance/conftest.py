"""The store under test, on each database in turn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.conformance.scenes import sqlite_url

DATABASES = ["sqlite"]
"""PostgreSQL joins here: everything that takes `url` or `store` is meant for both."""


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    assert request.param == "sqlite"
    return sqlite_url(tmp_path / "threadmate.db")


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open store, which must have given back all its connections in the end."""
    async with Store.open(url) as opened:
        yield opened
        assert opened.database.checked_out == 0
