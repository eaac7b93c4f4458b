"""One process that the bot's processes are forked from, for all tests here."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from tests.crash.nursery import Nursery
from tests.crash.process import Rig, rig_in


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with closing(Nursery()) as made:
        yield made


@pytest.fixture
async def rig(tmp_path: Path, nursery: Nursery, migrated: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path, nursery) as made:
        copyfile(migrated, made.database)
        yield made
