"""The manifest asks for exactly the scopes that are used.

In every scenario the emulator grants the manifest's scopes and events and no more, and refuses what needs another.
Here a tour of everything the program does shows that none of them is superfluous.
"""

from collections.abc import AsyncIterator
from functools import partial

import pytest

from bot.manifest import read_manifest
from bot.playground.openai.script import CodeInterpreter, Script, Text
from bot.playground.slack import slack_error
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World


@pytest.fixture
async def world(make_world: MakeWorld) -> AsyncIterator[World]:
    made: World = await make_world(assistant_tools="code_interpreter")
    async with made.running():
        yield made


async def test_a_tour_of_the_program_uses_every_scope_of_the_manifest(world: World) -> None:
    slack = world.slack
    secret = slack.add_channel("secret", kind="private", members=(world.ann,))
    group = slack.add_channel("group", kind="mpim", members=(world.ann, world.bo))
    world.openai.queue(Script(CodeInterpreter("draw()", files={"/mnt/data/a.csv": b"a"}), Text("Drawn.")))
    first = await world.mention("in a channel")
    await world.until(world.answered(first))
    ts = await world.drop("notes.md", "It is written here.", "what is written there?")
    await world.until(world.answered(ts))
    for place in (secret, group, slack.dm(world.ann)):
        ts = await slack.post(place, world.ann, f"{world.at_bot} hello")
        await world.until(world.answered(ts, place))
    await slack.post(world.general, world.bo, "I was there", thread_ts=first)
    slack.faults.add("agents.sessions.setStatus", slack_error("not_authorized"))  # a reaction stands for it
    await world.mention("who was there?", thread_ts=first)
    await world.until(world.answered(first, count=3))  # one of them a file
    await slack.open_messages_tab(world.ann)
    await world.until(lambda: slack.prompts(slack.dm(world.ann)))
    places = (world.general, secret, group, slack.dm(world.ann))
    for count, place in enumerate(places, start=1):  # files are shown to members
        assert await world.meanwhile(slack.command("/threadmate", "files", place, world.ann))
        await world.until(partial(_are_filled, world, count))
    assert slack.scopes_used == set(read_manifest().scopes)
    assert slack.unacknowledged == []


def _are_filled(world: World, count: int) -> bool:
    """Whether that many windows have got their lists."""
    return sum(call.method == "views.update" for call in world.slack.calls) == count
