"""The command between the emulators: starting, refusing to start, and ending."""

import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from storage.store import Store
from tests.acceptance.forked import Forked, fork
from tests.acceptance.rig import STRANGERS, Outside, ended, ended_when_ready, outside
from tests.crash.nursery import Nursery


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Outside]:
    async with outside(tmp_path) as around:
        yield around


Start = Callable[..., Awaitable[Forked]]


@pytest.fixture
def threadmate(nursery: Nursery, world: Outside) -> Start:
    """What starts the command with that word and more in its environment."""
    return lambda word, **more: fork(nursery, [word], world.environ(**more), world.folder)


async def test_check_ends_with_1_when_anything_is_wrong(world: Outside, threadmate: Start) -> None:
    done = await ended(await threadmate("check", OPENAI_MODEL="gpt-none"))
    assert done.code == 1
    assert len(done.out.splitlines()) == 9
    assert "Traceback" not in done.err


async def test_run_does_not_start_with_what_is_refused(world: Outside, threadmate: Start) -> None:
    done = await ended(await threadmate("run", SLACK_BOT_TOKEN="xoxb-wrong", OPENAI_MODEL="gpt-none"))
    assert (done.code, done.out) == (1, "")
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["✗ bot token", "✗ OpenAI model"]
    assert not (world.folder / "threadmate.db").exists()


async def test_a_database_of_a_newer_version_is_refused_in_words_with_3(world: Outside, threadmate: Start) -> None:
    async with Store.open(world.settings().database_url):
        pass
    file = world.folder / "threadmate.db"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    connection.close()
    before = file.read_bytes()
    done = await ended(await threadmate("run"))
    assert (done.code, done.out) == (3, "")
    assert "newer version" in done.err
    assert "Traceback" not in done.err
    assert file.read_bytes() == before


async def test_a_database_that_is_in_use_is_refused_in_words_with_3(world: Outside, threadmate: Start) -> None:
    async with Store.open(world.settings().database_url):
        done = await ended(await threadmate("run"))
    assert (done.code, done.out) == (3, "")
    assert len([line for line in done.err.splitlines() if line]) == 1


async def test_run_says_ready_whatever_else_is_in_the_environment_and_ends_with_0(
    world: Outside, threadmate: Start
) -> None:
    done = await ended_when_ready(await threadmate("run", **STRANGERS), signal.SIGINT)
    assert (done.code, done.out) == (0, "ready\n"), done.err
