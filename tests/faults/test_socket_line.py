"""The line of Socket Mode breaks: whatever is said meanwhile is answered, once."""

from bot.playground.faults import Fault, FaultKind
from tests.faults.conftest import AT_ONCE, Scene, let_the_loop_see_time_pass
from tests.faults.proxy import Kind, Trouble, Way


def asked_for(scene: Scene) -> int:
    """How often a connection was asked for."""
    return len(scene.world.slack.executed("apps.connections.open"))


async def test_a_socket_that_is_reset_while_something_arrives(scene: Scene) -> None:
    scene.lines.socket.kill()
    ts = await scene.ask(AT_ONCE)
    await scene.is_answered_whole(ts)
    assert scene.world.slack.connected == 1


async def test_a_socket_that_has_gone_silent_is_opened_anew_and_hears_what_was_said(scene: Scene) -> None:
    for way in Way:
        scene.lines.socket.add(Trouble(Kind.SWALLOW, way))
    let_the_loop_see_time_pass(scene.world)
    silent_from = scene.world.clock.time()
    ts = await scene.ask(AT_ONCE)
    await scene.later(5)
    assert scene.world.answers(ts) == []
    await scene.is_answered_whole(ts)
    assert scene.world.clock.time() - silent_from < 90
    assert scene.lines.socket.opened == asked_for(scene) == 2


async def test_a_handshake_that_is_swallowed_is_given_up_and_made_again(scene: Scene) -> None:
    swallowed = scene.lines.socket.add(Trouble(Kind.SWALLOW, Way.UP, times=None))
    scene.lines.socket.kill()
    ts = await scene.ask(AT_ONCE)
    await scene.later(130)
    assert scene.lines.socket.opened > 1
    assert scene.world.slack.connected == 0
    scene.lines.socket.lift(swallowed)
    await scene.is_answered_whole(ts)
    assert scene.world.slack.connected == 1


async def test_an_ack_that_stalls_until_slack_sends_again_gives_one_answer(scene: Scene) -> None:
    stalled = scene.lines.socket.add(Trouble(Kind.STALL, Way.UP))
    ts = await scene.ask(AT_ONCE)
    waiting = scene.world.slack.unacknowledged
    assert waiting
    await scene.world.until(lambda: all(one.attempt >= 1 for one in waiting))
    assert scene.world.slack.unacknowledged == waiting
    scene.lines.socket.lift(stalled)
    await scene.is_answered_whole(ts)


async def test_a_question_that_comes_after_its_deletion_is_not_answered(scene: Scene) -> None:
    late = scene.world.slack.faults.add("envelope", Fault(FaultKind.DELAY, seconds=5), times=2)
    ts = await scene.ask(AT_ONCE)
    await scene.world.until(late.reached.is_set)
    await scene.world.slack.delete(scene.world.general, ts)
    await scene.later(10)
    await scene.world.settle()
    assert scene.world.openai.creates == []
    assert scene.world.slack.thread(scene.world.general, ts) == []
    assert scene.world.slack.lost == []


async def test_a_socket_on_which_every_byte_comes_alone(scene: Scene) -> None:
    for way in Way:
        scene.lines.socket.add(Trouble(Kind.CHOP, way))
    await scene.is_answered_whole(await scene.ask(AT_ONCE))


async def test_what_is_said_in_a_direct_message_and_its_thread_is_told_once(scene: Scene) -> None:
    world = scene.world
    scene.world.openai.queue(AT_ONCE, AT_ONCE)
    place = world.slack.dm(world.ann)
    ts = await world.slack.post(place, world.ann, "count")
    await world.until(world.answered(ts, place))
    await world.slack.post(place, world.ann, "once more", thread_ts=ts)
    await world.until(world.answered(ts, place, count=2))
    assert {envelope.sent for envelope in world.slack.envelopes} == {1}
    assert world.slack.lost == []
