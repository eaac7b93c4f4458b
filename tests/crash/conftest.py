"""One process that the bot's processes are forked from, for all tests here; each of them on every database."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery
from tests.crash.process import Rig, served
from tests.databases import BotDatabase


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with closing(Nursery()) as made:
        yield made


@pytest.fixture
async def rig(tmp_path: Path, nursery: Nursery, new_database: Callable[[], BotDatabase]) -> AsyncIterator[Rig]:
    async with served(Rig(tmp_path, nursery, new_database())) as made:
        yield made
