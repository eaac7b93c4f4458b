"""Sockets that drop, wedge and close; what arrives meanwhile is answered once."""

import asyncio

from bot import words
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Gate, Pause, Script, Text
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World, said_below


def transactions(world: World) -> int:
    """How many the bot has begun."""
    assert world.bot is not None
    return world.bot.store.database.transactions


async def test_a_socket_cut_between_commit_and_ack_gives_one_answer(world: World) -> None:
    world.slack.faults.add("envelope", Fault(FaultKind.RESET_AFTER))
    ts = await world.mention("hi")
    await world.until(lambda: world.answered(ts)() and not world.slack.unacknowledged)
    await world.settle()
    assert len(world.answers(ts)) == 1
    assert len(world.openai.creates) == 1
    assert world.slack.lost == []


async def test_an_ack_that_gets_lost_gives_one_answer(world: World) -> None:
    world.slack.hold_acks = True
    ts = await world.mention("hi")
    await world.until(lambda: world.answers(ts) and all(it.attempt >= 2 for it in world.slack.unacknowledged))
    world.slack.hold_acks = False
    await world.until(lambda: not world.slack.unacknowledged)
    await world.settle()
    assert len(world.answers(ts)) == 1
    assert len(world.openai.creates) == 1


async def test_what_is_said_while_no_socket_is_open_is_answered(world: World) -> None:
    world.slack.refuse_sockets = True
    await world.slack.drop_sockets()
    ts = await world.mention("anybody there?")
    await world.until(lambda: all(it.attempt >= 1 for it in world.slack.unacknowledged))
    assert not world.answers(ts)
    world.slack.refuse_sockets = False
    await world.until(world.answered(ts))
    await world.settle()
    assert len(world.answers(ts)) == 1


async def test_the_watchdog_rebuilds_a_connection_that_tries_a_dead_ticket_for_ever(world: World) -> None:
    opened = len(world.slack.executed("apps.connections.open"))
    world.slack.refuse_sockets = True
    await world.slack.drop_sockets()
    gone_at = world.clock.time()
    await world.until(lambda: world.clock.time() > gone_at + 180)
    assert world.slack.connected == 0
    ts = await world.mention("anybody there?")
    world.slack.refuse_sockets = False
    back_from = world.clock.time()
    await world.until(lambda: world.slack.connected)
    assert world.clock.time() - back_from < 180
    assert len(world.slack.executed("apps.connections.open")) > opened + 1
    await world.until(world.answered(ts))
    assert world.slack.connected == 1
    assert world.slack.lost == []


async def test_slack_asking_for_a_new_connection_loses_nothing(world: World) -> None:
    await world.slack.disconnect("refresh_requested")
    ts = await world.mention("hi")
    await world.until(world.answered(ts))
    await world.settle()
    assert len(world.answers(ts)) == 1
    assert world.slack.connected == 1


async def test_what_was_said_while_the_program_was_down_is_answered(make_world: MakeWorld) -> None:
    world: World = await make_world()
    async with world.running():
        pass
    ts = await world.mention("anybody there?")
    async with world.running():
        await world.until(world.answered(ts))
        await world.settle()
    assert len(world.answers(ts)) == 1


# -- shutting down


async def test_an_answer_in_flight_finishes_within_the_grace(make_world: MakeWorld) -> None:
    world: World = await make_world(shutdown_grace=30)
    world.openai.queue(Script(Text(deltas=["one ", Pause(10), "two ", Pause(10), "three"])))
    async with world.running():
        ts = await world.mention("count")
        await world.until(lambda: world.answers(ts))
    answer = world.only_answer(ts)
    assert (answer.text, answer.streaming) == ("one two three", False)


async def test_beyond_the_grace_the_next_process_goes_on_in_the_same_message(make_world: MakeWorld) -> None:
    world: World = await make_world(shutdown_grace=5)
    opened = asyncio.Event()
    world.openai.queue(Script(Text(deltas=["one ", Gate(opened), "two three"])))
    async with world.running():
        ts = await world.mention("count")
        await world.until(lambda: world.answers(ts))
    (begun,) = world.answers(ts)
    assert not begun.streaming
    assert world.slack.working() == []
    opened.set()
    world.openai.queue(Script(Text("one two three")))  # where the cut ended the response
    async with world.running():
        await world.until(lambda: world.answered(ts)() and "three" in world.answers(ts)[0].text)
        await world.settle()
    answer = world.only_answer(ts)
    assert (answer.ts, answer.text) == (begun.ts, "one two three")


async def test_what_arrives_while_it_drains_waits_for_the_next_process(make_world: MakeWorld) -> None:
    world: World = await make_world(shutdown_grace=60)
    opened = asyncio.Event()
    world.openai.queue(Script(Text(deltas=["one ", Gate(opened), "two"])))
    async with world.running(gently=False) as bot:
        ts = await world.mention("count")
        await world.until(lambda: world.answers(ts))
        stopping = asyncio.ensure_future(bot.stop())
        late = await world.mention("me too", user=world.bo)
        assert await world.meanwhile(_acknowledged(world))
        assert not stopping.done()
        opened.set()
        await world.meanwhile(stopping)
    assert world.only_answer(ts).text == "one two"
    assert world.answers(late) == []
    async with world.running():
        await world.until(world.answered(late))
        await world.settle()
    assert len(world.answers(late)) == 1


async def _acknowledged(world: World) -> bool:
    while world.slack.unacknowledged:
        await world.clock.sleep(0.1)
    return True


async def test_stop_still_works_while_it_drains(make_world: MakeWorld) -> None:
    world: World = await make_world(shutdown_grace=60)
    world.openai.queue(Script(Text(deltas=["one ", Gate(asyncio.Event()), "two"])))
    async with world.running(gently=False) as bot:
        ts = await world.mention("count")
        await world.until(lambda: world.answers(ts))
        stopping = asyncio.ensure_future(bot.stop())
        await world.slack.press_stop(world.general, ts, world.ann)
        await world.meanwhile(stopping)
    assert said_below(world.only_answer(ts)) == [words.STOPPED_BY.format(name="Ann")]


async def test_a_press_in_flight_is_served_before_the_end(make_world: MakeWorld) -> None:
    world: World = await make_world()
    world.openai.queue(Script(status="failed"))
    async with world.running(gently=False) as bot:
        ts = await world.mention("hi")
        await world.until(world.answered(ts))
        failed = world.only_answer(ts)
        assert await world.slack.press(world.general, failed.ts, world.ann, "try_again")
        await world.until(world.answered(ts, count=2))
        async with world.database.locked():
            assert await world.slack.press(world.general, failed.ts, world.bo, "try_again")
            stopping = asyncio.ensure_future(bot.stop())
            await world.until(lambda: not world.slack.connected)
            closed_at = world.clock.time()
            await world.until(lambda: world.clock.time() > closed_at + 10)
            assert world.slack.connected == 0  # nobody takes that for an accident
        await world.meanwhile(stopping)
        assert [(it.user, it.text) for it in world.slack.ephemerals] == [(world.bo, words.TRYING_AGAIN_ALREADY)]
