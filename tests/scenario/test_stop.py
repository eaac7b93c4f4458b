"""Stop: pressed by people at any moment of an answer (issue 2 §5; design §6)."""

from asyncio import Event
from typing import Any

from bot import words
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Gate, Pause, Refuse, Reset, Script, Stall, Text
from bot.playground.slack.records import slack_error
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World, actions, said_below

LONG = tuple(piece for number in range(60) for piece in (f"w{number} ", Pause(0.5)))


async def streaming(world: World, question: str = "tell me much") -> str:
    """Let Ann ask for something long, and wait until some of it is on the screen; the thread."""
    world.openai.queue(Script(Text(deltas=LONG)))
    ts = await world.mention(question)
    await world.until(lambda: world.answers(ts) and "w3" in world.only_answer(ts).text)
    return ts


def statuses(world: World) -> list[str]:
    """How every response ended."""
    return [response["status"] for response in world.openai.responses.values()]


async def test_stop_keeps_what_was_said_and_cancels_the_response(world: World) -> None:
    ts = await streaming(world)
    await world.slack.press_stop(world.general, ts, world.bo)
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert answer.text.startswith("w0 w1 w2 w3 ")
    assert "w50" not in answer.text
    assert said_below(answer) == ["Stopped by Bo."]
    assert actions(answer) == {"try_again"}
    assert statuses(world) == ["cancelled"]


async def test_a_stop_that_slack_tells_an_append_first_names_who_pressed_all_the_same(world: World) -> None:
    world.slack.hold_acks = True  # the event is sent again later; the refused append comes first
    ts = await streaming(world)
    world.slack.subscribed.discard("agent_session_stopped")
    stream = next(m for m in world.slack.channels[world.general].messages.values() if m.stream).stream
    assert stream is not None
    stream.stop_pressed = True
    await world.until(lambda: [call for call in world.slack.calls if call.error == "stopped_by_user"])
    refused_at = world.clock.time()
    await world.until(lambda: world.clock.time() - refused_at >= 1)
    event = {"type": "agent_session_stopped", "channel": world.general, "thread_ts": ts, "user": world.bo}
    world.slack.subscribed.add("agent_session_stopped")
    world.slack.hold_acks = False
    await world.slack.send_event({**event, "event_ts": world.slack.next_ts(), "streaming_message_ts": []})
    await world.until(world.answered(ts))
    assert said_below(world.only_answer(ts)) == ["Stopped by Bo."]
    assert statuses(world) == ["cancelled"]


async def test_a_stop_whose_event_never_comes_ends_the_answer_too(world: World) -> None:
    ts = await streaming(world)
    world.slack.faults.add("chat.appendStream", slack_error("stopped_by_user"))
    await world.until(world.answered(ts))
    assert said_below(world.only_answer(ts)) == [words.STOPPED]
    assert statuses(world) == ["cancelled"]


async def test_stop_before_the_first_token(world: World) -> None:
    world.openai.queue(Script(Gate(Event()), Text("never")))
    ts = await world.mention("hi")
    await world.until(lambda: world.openai.creates)
    await world.slack.press_stop(world.general, ts, world.ann)
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert said_below(answer) == ["Stopped by Ann."]
    assert answer.text == "Stopped by Ann."
    assert statuses(world) == ["cancelled"]


async def test_stop_while_openai_is_asked_again(world: World) -> None:
    busy = Refuse(429, "rate_limit_exceeded", "slow down", type="requests", headers={"retry-after": "100"})
    world.openai.queue(Script(Text(deltas=["Half. ", Pause(2), Reset(then="cancelled")])), busy)
    ts = await world.mention("hi")
    await world.until(lambda: len(world.openai.creates) == 2)
    await world.slack.press_stop(world.general, ts, world.ann)
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "Half. "
    assert said_below(world.only_answer(ts)) == ["Stopped by Ann."]
    assert len(world.openai.creates) == 2


async def test_stop_takes_the_waiting_messages_of_the_thread_along(world: World) -> None:
    ts = await streaming(world)
    await world.mention("and also this", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    await world.slack.press_stop(world.general, ts, world.ann)
    await world.until(world.answered(ts))
    await world.settle()
    assert len(world.answers(ts)) == 1
    assert len(world.openai.creates) == 1


async def test_stop_while_queued_leaves_the_question_unanswered(make_world: Any) -> None:
    world: World = await make_world(max_concurrent_runs=1)
    async with world.running():
        first = await streaming(world)
        second = await world.mention("me too")
        await world.until(lambda: not world.slack.unacknowledged)
        event = {"type": "agent_session_stopped", "channel": world.general, "thread_ts": second, "user": world.ann}
        await world.slack.send_event({**event, "event_ts": world.slack.next_ts(), "streaming_message_ts": []})
        await world.until(lambda: not world.slack.unacknowledged)
        await world.slack.press_stop(world.general, first, world.ann)
        await world.until(world.answered(first))
        await world.settle()
        assert world.answers(second) == []
        assert len(world.openai.creates) == 1
        await world.mention("go on", thread_ts=second)
        await world.until(world.answered(second))
        assert "me too" in "".join(world.last_input())


async def test_a_hostile_name_of_the_stopper_means_nothing(world: World) -> None:
    mallory = world.slack.add_person("Mallory", display_name="<!channel> *bold* <https://evil.example|x>")
    world.slack.channels[world.general].members.add(mallory)
    ts = await streaming(world)
    await world.slack.press_stop(world.general, ts, mallory)
    await world.until(world.answered(ts))
    (note,) = [block for block in world.only_answer(ts).blocks if block["type"] == "context"]
    (sentence,) = note["elements"]
    assert sentence["type"] == "plain_text"
    assert sentence["text"] == "Stopped by ‹!channel› *bold* ‹https://evil.example|x›."


async def test_stop_pressed_twice_is_one_stop(world: World) -> None:
    ts = await streaming(world)
    await world.slack.press_stop(world.general, ts, world.bo)
    await world.slack.press_stop(world.general, ts, world.ann)
    await world.until(world.answered(ts))
    assert said_below(world.only_answer(ts)) == ["Stopped by Bo."]


async def test_after_a_stop_go_on_brings_the_question_and_what_was_said_of_it(world: World) -> None:
    ts = await streaming(world, "what is the capital of Peru?")
    await world.slack.press_stop(world.general, ts, world.ann)
    await world.until(world.answered(ts))
    world.openai.queue(Script(Text("Lima.")))
    await world.mention("go on", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    sent = "\n".join(world.last_input())
    assert sent.count("capital of Peru") == 1
    assert "w0 w1 w2 w3" in sent
    assert "your own answer, stopped" in sent
    assert world.answers(ts)[-1].text == "Lima."


async def test_try_again_after_a_stop_asks_the_same(world: World) -> None:
    ts = await streaming(world, "what is the capital of Peru?")
    await world.slack.press_stop(world.general, ts, world.ann)
    await world.until(world.answered(ts))
    world.openai.queue(Script(Text("Lima.")))
    stopped = world.only_answer(ts)
    await world.meanwhile(world.slack.press(world.general, stopped.ts, world.ann, "try_again"))
    await world.until(world.answered(ts, count=2))
    assert "capital of Peru" in "".join(world.last_input())
    assert world.answers(ts)[-1].text == "Lima."


async def test_a_stop_after_the_end_changes_nothing(world: World) -> None:
    ts = await world.mention("hi")
    await world.until(world.answered(ts))
    before = world.only_answer(ts)
    event = {"type": "agent_session_stopped", "channel": world.general, "thread_ts": ts, "user": world.ann}
    await world.slack.send_event({**event, "event_ts": world.slack.next_ts(), "streaming_message_ts": []})
    await world.until(lambda: not world.slack.unacknowledged)
    await world.settle()
    assert world.only_answer(ts) == before


async def test_what_a_stopped_answer_left_is_not_the_next_ones_though_its_process_dies_first(
    make_world: MakeWorld,
) -> None:
    world: World = await make_world(shutdown_grace=1)
    world.openai.queue(Script(Text(deltas=["Much ", Stall(then="completed"), "too late."])))
    async with world.running():
        ts = await world.mention("tell me")
        await world.until(lambda: world.answers(ts))
        await world.slack.press_stop(world.general, ts, world.ann)
        await world.until(world.answered(ts))
        await world.until(lambda: statuses(world) == ["completed"])
        held = world.slack.faults.add("agents.sessions.setStatus", Fault(FaultKind.HOLD))
        await world.slack.press(world.general, world.only_answer(ts).ts, world.ann, "try_again")
        await world.until(held.reached.is_set)
    async with world.running():
        world.openai.queue(Script(Text("In time.")))
        await world.until(world.answered(ts, count=2))
    assert [answer.text for answer in world.answers(ts)] == ["Much ", "In time."]
    (memory,) = world.openai.conversations.values()
    assert [item["role"] for item in memory.items] == ["user", "assistant"]
