"""Every scenario ends with nothing left working and nothing that could ping anybody."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.conftest import HOW_MUCH
from tests.databases import BotDatabase
from tests.scenario.world import World

MakeWorld = Callable[..., Any]


@pytest.fixture
def database() -> str:
    """On which one scenarios are: the same ones on PostgreSQL, where everything is tried on it."""
    return "postgresql" if HOW_MUCH == "all" else "sqlite"


@pytest.fixture
async def make_world(new_database: Callable[[], BotDatabase]) -> AsyncIterator[MakeWorld]:
    """Make a world with those settings, both emulators being served."""
    worlds: list[World] = []
    database = new_database()
    async with AsyncExitStack() as stack:

        async def make(**settings: Any) -> World:
            world = World(database, **settings)
            await stack.enter_async_context(world.slack.serve())
            await stack.enter_async_context(world.openai.serve())
            worlds.append(world)
            return world

        yield make
        for world in worlds:
            assert world.slack.working() == []
            assert world.slack.live_mentions == []
            assert world.slack.unfurls == []


@pytest.fixture
async def world(make_world: MakeWorld) -> AsyncIterator[World]:
    """A world with default settings and the bot running in it."""
    made: World = await make_world()
    async with made.running():
        yield made
