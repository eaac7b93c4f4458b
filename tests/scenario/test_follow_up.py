"""Whose turn is it: when a thread's next message needs no mention."""

import pytest

from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World

DAY = 24 * 3600.0


async def begun(world: World, channel: str | None = None) -> str:
    """A thread in which Ann was answered."""
    ts = await world.slack.post(channel or world.general, world.ann, f"{world.at_bot} hi")
    await world.until(world.answered(ts, channel))
    return ts


@pytest.mark.parametrize("kind", ["channel", "private", "mpim"])
async def test_the_person_who_asked_goes_on_without_a_mention(world: World, kind: str) -> None:
    channel = world.slack.add_channel("place", kind=kind, members=(world.ann, world.bo))
    ts = await begun(world, channel)
    await world.slack.post(channel, world.ann, "and then?", thread_ts=ts)
    await world.until(world.answered(ts, channel, count=2))
    assert world.last_input() == ["and then?"]


async def test_nobody_else_does_and_their_message_ends_it(world: World) -> None:
    ts = await begun(world)
    bos = await world.slack.post(world.general, world.bo, "I know that one", thread_ts=ts)
    assert not await world.was_for_us(bos)
    anns = await world.slack.post(world.general, world.ann, "do you?", thread_ts=ts)
    assert not await world.was_for_us(anns)


async def test_a_mention_lets_its_author_go_on_instead(world: World) -> None:
    ts = await begun(world)
    await world.mention("my turn", user=world.bo, thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    bos = await world.slack.post(world.general, world.bo, "and now?", thread_ts=ts)
    await world.until(world.answered(ts, count=3))
    assert await world.was_for_us(bos)
    anns = await world.slack.post(world.general, world.ann, "hello?", thread_ts=ts)
    assert not await world.was_for_us(anns)


async def test_a_message_to_somebody_else_is_not_answered_and_ends_nothing(world: World) -> None:
    ts = await begun(world)
    for text in (f"<@{world.bo}> what do you think?", "<!subteam^S0000000001> look", "<!here> look"):
        said = await world.slack.post(world.general, world.ann, text, thread_ts=ts)
        assert not await world.was_for_us(said)
    await world.slack.post(world.general, world.ann, "and you?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))


async def test_outside_the_thread_a_mention_is_needed(world: World) -> None:
    await begun(world)
    assert not await world.was_for_us(await world.slack.post(world.general, world.ann, "lunch?"))


async def test_another_bot_ends_nothing(world: World) -> None:
    ts = await begun(world)
    app = world.slack.add_person("Deploys", is_bot=True)
    assert not await world.was_for_us(await world.slack.post(world.general, app, "deployed", thread_ts=ts))
    await world.slack.post(world.general, world.ann, "and?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))


@pytest.mark.parametrize(("days", "answered"), [(6.9, True), (7.1, False)])
async def test_seven_silent_days_end_it(world: World, days: float, answered: bool) -> None:
    ts = await begun(world)
    await world.clock.leap(days * DAY)
    later = await world.slack.post(world.general, world.ann, "where were we?", thread_ts=ts)
    assert await world.was_for_us(later) is answered
    if answered:
        await world.until(world.answered(ts, count=2))


async def test_always_follows_everybody(make_world: MakeWorld) -> None:
    world: World = await make_world(follow_threads="always")
    async with world.running():
        ts = await begun(world)
        await world.slack.post(world.general, world.bo, "and me?", thread_ts=ts)
        await world.until(world.answered(ts, count=2))
        aside = await world.slack.post(world.general, world.bo, f"<@{world.ann}> look", thread_ts=ts)
        assert not await world.was_for_us(aside)


async def test_mention_follows_nobody(make_world: MakeWorld) -> None:
    world: World = await make_world(follow_threads="mention")
    async with world.running():
        ts = await begun(world)
        assert not await world.was_for_us(await world.slack.post(world.general, world.ann, "and?", thread_ts=ts))
        dm = world.slack.dm(world.ann)
        direct = await world.slack.post(dm, world.ann, "hi")
        await world.until(world.answered(direct, dm))
