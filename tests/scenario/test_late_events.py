"""Slack keeps no order: what it tells late, after what was said later, is answered once all the same."""

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Script, Text, Turn
from tests.scenario.world import World


def late(world: World, seconds: float) -> None:
    """Let Slack tell so much later of the next message: it is told as two events."""
    world.slack.faults.add("envelope", Fault(FaultKind.DELAY, seconds=seconds), times=2)


def echo(turn: Turn) -> Script:
    """Tells which of these questions are asked."""
    said = str(turn.body["input"])
    return Script(Text(" and ".join(word for word in ("Zero", "One", "Two", "Three") if word in said) + "."))


async def test_a_mention_told_after_a_later_one_is_answered_with_it_and_not_again(world: World) -> None:
    world.openai.default = echo
    ts = await world.mention("Zero?")
    await world.until(world.answered(ts))
    for seconds in (30.0, 0.5):  # after the later one was answered, and while that is going on
        late(world, seconds)
        await world.mention("One?", thread_ts=ts)
        await world.mention("Two?", thread_ts=ts)
        await world.until(lambda: not world.slack.unacknowledged)
        await world.settle()
    assert [answer.text for answer in world.answers(ts)] == ["Zero.", "One and Two.", "One and Two."]


async def test_what_was_taken_in_belongs_to_the_answer(world: World) -> None:
    """Its deletion lets the answer be given anew without it."""
    world.openai.default = echo
    ts = await world.mention("Zero?")
    await world.until(world.answered(ts))
    late(world, 30.0)
    one = await world.mention("One?", thread_ts=ts)
    await world.mention("Two?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    await world.until(lambda: not world.slack.unacknowledged)
    await world.slack.delete(world.general, one)
    await world.until(lambda: world.answers(ts)[-1].text == "Two.")


async def test_what_others_said_to_each_other_is_background_as_ever(world: World) -> None:
    world.openai.default = echo
    ts = await world.mention("Zero?")
    await world.until(world.answered(ts))
    late(world, 30.0)
    await world.slack.post(world.general, world.bo, f"<@{world.ann}> One?", thread_ts=ts)
    await world.mention("Two?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    assert "One" not in world.last_input()[-1]
    assert "One" in world.last_input()[0]
