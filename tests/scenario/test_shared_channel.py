"""In a channel shared with another organisation the operator's stores and the steps stay with the operator."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import FileSearch, Script, Text
from tests.scenario.world import World, block_types

MakeWorld = Callable[..., Awaitable[World]]


async def answered_in(world: World, *, shared: bool) -> list[str]:
    """Ask in such a channel; the kinds of blocks of the answer."""
    place = world.slack.add_channel("partners", shared=shared, members=(world.ann,))
    world.openai.default = lambda turn: Script(
        *(
            [FileSearch(["leave"], [("file-1", "handbook.pdf", 0.9, "Fourteen weeks.")])]
            if turn.body["tools"]
            else []
        ),
        Text("Fourteen weeks."),
    )
    async with world.running():
        ts = await world.slack.post(place, world.ann, f"{world.at_bot} how long is parental leave?")
        await world.until(world.answered(ts, place))
        return block_types(world.only_answer(ts, place))


def searched(world: World) -> list[Any]:
    return [tool for tool in world.openai.creates[-1].get("tools", []) if tool["type"] == "file_search"]


async def test_among_ourselves_the_operators_stores_are_searched_and_the_steps_shown(
    make_world: MakeWorld,
) -> None:
    world = await make_world(vector_store_ids=(OPERATOR_STORE,))
    assert "container" in await answered_in(world, shared=False)
    assert searched(world)


async def test_with_others_reading_neither_is(make_world: MakeWorld) -> None:
    world = await make_world(vector_store_ids=(OPERATOR_STORE,))
    assert "container" not in await answered_in(world, shared=True)
    assert not searched(world)


async def test_the_operator_may_allow_both(make_world: MakeWorld) -> None:
    world = await make_world(vector_store_ids=(OPERATOR_STORE,), allow_external=True)
    assert "container" in await answered_in(world, shared=True)
    assert searched(world)
