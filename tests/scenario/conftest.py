"""Every scenario ends with nothing left working and nothing that could ping anybody."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.scenario.world import World

MakeWorld = Callable[..., Any]


@pytest.fixture
async def make_world(tmp_path: Path, migrated: Path) -> AsyncIterator[MakeWorld]:
    """Make a world with those settings, both emulators being served."""
    worlds: list[World] = []
    async with AsyncExitStack() as stack:

        async def make(**settings: Any) -> World:
            world = World(tmp_path, migrated, **settings)
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
