"""A workspace without sessions or without streaming still gets its answer (design §6.5; reference §1.7)."""

import asyncio
from asyncio import Event
from itertools import pairwise
from typing import Any

import pytest

from bot.playground.openai.script import Gate, Pause, Script, Text
from bot.playground.slack.records import slack_error
from bot.reply.status import growing
from tests.scenario.world import World, actions, said_below

SENTENCES = tuple(piece for number in range(12) for piece in (f"Sentence {number}. ", Pause(1.0)))
WHOLE = "".join(piece for piece in SENTENCES if isinstance(piece, str))


def times(world: World, method: str) -> list[float]:
    """When calls of that method took effect."""
    return [call.at for call in world.slack.executed(method)]


async def ask(world: World, question: str = "hi") -> str:
    """Let Ann ask, and wait until the answer is whole; the thread."""
    ts = await world.mention(question)
    await world.until(world.answered(ts))
    return ts


async def test_without_sessions_a_reaction_shows_the_work_and_goes(make_world: Any) -> None:
    world: World = await make_world()
    world.slack.agent = False
    async with world.running():
        gate = Event()
        world.openai.queue(Script(Gate(gate), Text("Done.")))
        ts = await world.mention("hi")
        await world.until(lambda: world.openai.creates)
        question = world.slack.thread(world.general, ts)[0]
        assert question.reactions == {"eyes": {world.slack.bot_user}}
        gate.set()
        await world.until(world.answered(ts))
        question = world.slack.thread(world.general, ts)[0]
        assert not question.reactions.get("eyes")
        await ask(world)
        refused = [call for call in world.slack.calls if call.error == "not_authorized"]
        assert len(refused) == 1  # remembered


async def test_the_reaction_goes_after_a_failure_too(world: World) -> None:
    world.slack.faults.always("agents.sessions.setStatus", slack_error("feature_disabled"))
    world.openai.queue(Script(status="failed"))
    ts = await ask(world)
    assert not world.slack.thread(world.general, ts)[0].reactions.get("eyes")
    assert actions(world.only_answer(ts)) == {"try_again"}


@pytest.mark.parametrize(
    "error",
    [
        "unknown_method",
        "feature_not_enabled",
        "not_authorized",
        "channel_type_not_supported",
        "method_deprecated",
        "feature_disabled",
    ],
)
async def test_without_streaming_an_answer_is_posted_and_edited(world: World, error: str) -> None:
    world.slack.faults.always("chat.startStream", slack_error(error))
    world.openai.queue(Script(Text(deltas=["It be", Pause(1.5), "gins. And", Pause(1.5), *SENTENCES])))
    ts = await world.mention("hi")
    await world.until(lambda: world.answers(ts))
    assert world.only_answer(ts).text.startswith("It begins.")
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert answer.text == f"It begins. And{WHOLE}"
    assert actions(answer) == {"feedback", "regenerate"}
    assert len(times(world, "chat.postMessage")) == 1
    edits = [*times(world, "chat.postMessage"), *times(world, "chat.update")[:-1]]
    assert len(edits) > 2
    assert all(later - earlier >= 2.99 for earlier, later in pairwise(edits))


async def test_that_there_is_no_streaming_is_remembered_for_an_hour(world: World) -> None:
    world.slack.faults.always("chat.startStream", slack_error("unknown_method"))
    for _ in range(2):
        await ask(world)
    assert len([call for call in world.slack.calls if call.method == "chat.startStream"]) == 1
    world.slack.faults.clear("chat.startStream")
    await world.clock.advance(3_600)
    await ask(world)
    assert len(times(world, "chat.startStream")) == 1


async def test_when_streams_are_used_up_answers_are_posted(world: World) -> None:
    world.openai.default = lambda _turn: Script(Text(deltas=["One. ", Pause(3.0), "Two."]))
    begun = world.clock.monotonic()
    asked = [await world.mention(f"question {number}") for number in range(30)]
    for ts in asked:
        await world.until(world.answered(ts))
    assert all(world.only_answer(ts).text == "One. Two." for ts in asked)
    assert len(times(world, "chat.startStream")) >= 20
    assert len(times(world, "chat.postMessage")) >= 4
    assert not [call for call in world.slack.calls if call.status == 429]
    assert world.clock.monotonic() - begun < 120


async def test_a_burst_of_posts_in_one_channel_meets_no_429(world: World) -> None:
    world.slack.faults.always("chat.startStream", slack_error("unknown_method"))
    world.openai.default = lambda _turn: Script(Text(deltas=["One. ", Pause(3.0), "Two."]))
    asked = [await world.mention(f"question {number}") for number in range(10)]
    for ts in asked:
        await world.until(world.answered(ts))
    assert all(world.only_answer(ts).text == "One. Two." for ts in asked)
    assert len(times(world, "chat.postMessage")) == 10
    assert not [call for call in world.slack.calls if call.status == 429]


async def test_a_posted_long_answer_is_whole(world: World) -> None:
    world.slack.faults.always("chat.startStream", slack_error("unknown_method"))
    paragraphs = [f"Paragraph {number}. {'It goes on. ' * 30}\n\n" for number in range(50)]
    world.openai.queue(Script(Text(deltas=[part for one in paragraphs for part in (one, Pause(0.5))])))
    ts = await world.mention("much")
    await world.until(world.answered(ts, count=2))
    texts = [answer.text for answer in world.answers(ts)]
    assert "".join(texts) == "".join(paragraphs)
    assert all(len(text) <= 12_000 for text in texts)
    assert [actions(answer) for answer in world.answers(ts)][-1] == {"feedback", "regenerate"}


async def test_what_one_kind_of_channel_lacks_is_remembered_for_that_channel(world: World) -> None:
    world.slack.faults.add("chat.startStream", slack_error("channel_type_not_supported"))
    await ask(world)
    await ask(world)
    assert len([call for call in world.slack.calls if call.method == "chat.startStream"]) == 1
    dm = world.slack.dm(world.ann)
    ts = await world.slack.post(dm, world.ann, "hi")
    await world.until(world.answered(ts, dm))
    assert len(times(world, "chat.startStream")) == 1


async def test_that_there_are_no_sessions_is_remembered_for_an_hour(world: World) -> None:
    world.slack.faults.always("agents.sessions.setStatus", slack_error("feature_not_enabled"))
    await ask(world)
    await ask(world)
    refused = [call for call in world.slack.calls if call.error == "feature_not_enabled"]
    assert len(refused) == 1
    world.slack.faults.clear("agents.sessions.setStatus")
    await world.clock.advance(3_600)
    gate = Event()
    world.openai.queue(Script(Gate(gate), Text("Done.")))
    ts = await world.mention("hi")
    await world.until(lambda: world.openai.creates[3:] or world.slack.working())
    assert world.slack.working() == [(world.general, ts)]
    gate.set()
    await world.until(world.answered(ts))


async def posted(world: World) -> tuple[str, str]:
    """Let Ann ask for something long, and wait until its beginning is posted; the thread and that message."""
    world.slack.faults.add("chat.startStream", slack_error("unknown_method"))
    world.openai.queue(Script(Text(deltas=SENTENCES)))
    ts = await world.mention("tell me")
    await world.until(lambda: world.answers(ts))
    return ts, world.only_answer(ts).ts


async def test_a_posted_answer_has_a_stop_button_while_it_grows(world: World) -> None:
    ts, message = await posted(world)
    assert actions(world.only_answer(ts)) == {"stop"}
    await world.until(lambda: "Sentence 4." in world.only_answer(ts).text)
    assert actions(world.only_answer(ts)) == {"stop"}
    assert await world.meanwhile(world.slack.press(world.general, message, world.bo, "stop"))
    await world.until(lambda: "stop" not in actions(world.only_answer(ts)))
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert said_below(answer) == ["Stopped by Bo."]
    assert answer.text.startswith("Sentence 0. Sentence 1.")
    assert actions(answer) == {"try_again"}
    assert [response["status"] for response in world.openai.responses.values()] == ["cancelled"]


async def test_a_second_press_of_stop_is_harmless(world: World) -> None:
    ts, message = await posted(world)
    presses = [world.slack.press(world.general, message, user, "stop") for user in (world.bo, world.ann)]
    assert await world.meanwhile(asyncio.gather(*presses)) == [True, True]
    await world.until(world.answered(ts))
    (sentence,) = said_below(world.only_answer(ts))
    assert sentence in {"Stopped by Bo.", "Stopped by Ann."}


async def test_a_late_press_of_stop_leaves_the_next_answer_alone(world: World) -> None:
    ts = await ask(world)
    ended = world.only_answer(ts).ts
    world.openai.queue(Script(Text(deltas=["One. ", Pause(3.0), "Two."])))
    await world.mention("go on", thread_ts=ts)
    await world.until(lambda: len(world.answers(ts)) == 2)
    shown = world.slack.channels[world.general].messages[ended].stream
    assert shown is not None
    shown.final_blocks.extend(growing("")[0].blocks)  # as if it had been pressed a moment before it went
    assert await world.meanwhile(world.slack.press(world.general, ended, world.bo, "stop"))
    await world.until(world.answered(ts, count=2))
    assert world.answers(ts)[-1].text == "One. Two."


async def test_somebody_of_another_organisation_cannot_stop(world: World) -> None:
    stranger = world.slack.add_person("Gil", team="T0000000777")
    ts, message = await posted(world)
    assert await world.meanwhile(world.slack.press(world.general, message, stranger, "stop"))
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == WHOLE
