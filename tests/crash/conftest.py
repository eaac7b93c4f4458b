"""What the tests here share; each of them is for every database."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery
from tests.crash.process import Rig, served
from tests.databases import BotDatabase


@pytest.fixture
async def rig(tmp_path: Path, nursery: Nursery, new_database: Callable[[], BotDatabase]) -> AsyncIterator[Rig]:
    async with served(Rig(tmp_path, nursery, new_database())) as made:
        yield made
