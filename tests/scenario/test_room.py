"""Nothing is begun whose end has no room, and what Slack closes is gone around (decision 12)."""

from asyncio import Event

import pytest

from bot.playground.openai.script import Gate, Pause, Script, Text
from bot.playground.slack.records import rate_limited
from tests.scenario.world import World, actions

PIECES = ("One. ", "Two. ", "Three. ", "Four.")
WHOLE = "".join(PIECES)
SESSION, START, STOP, APPEND, EDIT = (
    "agents.sessions.setStatus",
    "chat.startStream",
    "chat.stopStream",
    "chat.appendStream",
    "chat.update",
)


def spend(world: World, method: str, leave: int = 0) -> None:
    """Let the others of the workspace spend the minute, but for so many calls."""
    for _ in range((world.budget.left(method) or 0) - leave):
        world.budget.spend(method)


def made(world: World, method: str) -> int:
    """How many calls of that method took effect."""
    return len(world.slack.executed(method))


async def told(world: World, every: float = 2.0) -> tuple[str, float]:
    """An answer told piece by piece until it is whole; its thread, and how long it took."""
    world.openai.queue(Script(Text(deltas=[part for piece in PIECES for part in (piece, Pause(every))])))
    ts, asked_at = await world.mention("tell me"), world.clock.monotonic()
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == WHOLE
    assert actions(world.only_answer(ts)) == {"feedback", "regenerate"}
    assert world.budget.all_kept == {}
    return ts, world.clock.monotonic() - asked_at


@pytest.mark.parametrize("method", [START, STOP])
async def test_a_stream_that_would_wait_for_its_beginning_or_end_is_posted_and_grows(
    world: World, method: str
) -> None:
    spend(world, method)
    _, took = await told(world)
    assert took < 12
    assert (made(world, START), made(world, "chat.postMessage")) == (0, 1)
    assert made(world, EDIT) >= 2


async def test_what_can_neither_be_streamed_nor_grow_is_posted_whole(world: World) -> None:
    spend(world, START)
    spend(world, EDIT)
    _, took = await told(world)
    assert took < 12
    assert (made(world, "chat.postMessage"), made(world, EDIT)) == (1, 0)


async def test_the_last_edit_is_kept_from_those_that_may_be_left_out(world: World) -> None:
    spend(world, START)
    gate = Event()
    world.openai.queue(Script(Text(deltas=["One. ", Gate(gate), "Two."])))
    ts = await world.mention("tell me")
    await world.until(lambda: world.answers(ts))
    spend(world, EDIT)
    at = world.clock.monotonic()
    gate.set()
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "One. Two."
    assert world.clock.monotonic() - at < 5


@pytest.mark.parametrize("reactions", [1, 0])
async def test_a_session_works_only_where_its_end_has_room(world: World, reactions: int) -> None:
    """Else a reaction shows it, if there is room to take that away; else nothing does."""
    spend(world, SESSION, leave=1)
    spend(world, "reactions.remove", leave=reactions)
    gate = Event()
    world.openai.queue(Script(Gate(gate), Text(WHOLE)))
    ts = await world.mention("tell me")
    await world.until(lambda: world.openai.creates)
    assert world.slack.working() == []
    assert bool(world.slack.thread(world.general, ts)[0].reactions) == bool(reactions)
    gate.set()
    await world.until(world.answered(ts))
    assert not world.slack.thread(world.general, ts)[0].reactions.get("eyes")
    assert made(world, SESSION) == 0


async def test_after_a_stream_that_was_too_old_the_session_rests_where_its_end_has_no_room(world: World) -> None:
    spend(world, SESSION)
    world.openai.queue(
        Script(Text(deltas=["One. ", Pause(100), "Two. ", Pause(150), "Three. ", Pause(20), "Four."]))
    )
    ts = await world.mention("tell me")
    await world.until(lambda: made(world, START))
    await world.clock.advance(200)
    spend(world, SESSION)
    await world.until(lambda: made(world, STOP))
    assert world.slack.working() == []
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == WHOLE
    assert made(world, SESSION) == 0


async def test_streams_that_slack_closes_are_posts_meanwhile(world: World) -> None:
    world.slack.faults.add(START, rate_limited(30))
    for _ in range(2):
        _, took = await told(world, every=1.0)
        assert took < 10
    assert len([call for call in world.slack.calls if call.method == START]) == 1
    assert made(world, "chat.postMessage") == 2
    await world.clock.advance(30)
    await told(world)
    assert made(world, START) == 1
    assert (world.budget.left(START) or 0) < 20 // 2


async def test_an_answer_whose_appends_slack_closes_waits_for_its_end(world: World) -> None:
    world.slack.faults.add(APPEND, rate_limited(60))
    _, took = await told(world)
    assert took < 12
    assert (made(world, APPEND), made(world, STOP)) == (0, 1)
    assert len([call for call in world.slack.calls if call.method == APPEND]) == 1


async def test_a_session_that_slack_closes_is_a_reaction(world: World) -> None:
    world.slack.faults.add(SESSION, rate_limited(30))
    ts, took = await told(world)
    assert took < 12
    assert made(world, "reactions.add") == made(world, "reactions.remove") == 1
    assert not world.slack.thread(world.general, ts)[0].reactions.get("eyes")
