"""One process that the replicas are forked from, and a database for each test. They need PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery
from tests.postgres import Databases
from tests.replicas.address import PROGRAM
from tests.replicas.fleet import Fleet, served


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with closing(Nursery(PROGRAM)) as made:
        yield made


@pytest.fixture
async def fleet(tmp_path: Path, nursery: Nursery, databases: Databases) -> AsyncIterator[Fleet]:
    async with served(Fleet(tmp_path, nursery, databases)) as made:
        yield made
