"""Answers that are long, and answers that take long (design §6.4; reference/slack-platform.md §§2.3, 2.4)."""

from asyncio import Event
from typing import Any

from bot.playground.openai.script import FileSearch, Gate, Pause, Reasoning, Script, Text
from bot.playground.slack.records import slack_error
from tests.scenario.world import World, actions, block_types

PARAGRAPHS = [f"Paragraph {number}. {'It goes on and on. ' * 20}\n\n" for number in range(60)]


CHUNKS = ["".join(PARAGRAPHS[start : start + 5]) for start in range(0, 60, 5)]


def slowly(*pieces: str, every: float = 1.0) -> Text:
    """A text that comes in those pieces, so many seconds apart."""
    return Text(deltas=[part for piece in pieces for part in (piece, Pause(every))])


async def ask(world: World, count: int = 1) -> str:
    """Let Ann ask, and wait until the answer is whole; the thread."""
    ts = await world.mention("tell me much")
    await world.until(world.answered(ts, count=count))
    return ts


def notified(world: World) -> list[str]:
    """The messages that people were notified of."""
    return [notification.ts for notification in world.slack.notifications]


async def test_a_long_answer_goes_on_in_further_messages(world: World) -> None:
    world.openai.queue(Script(slowly(*CHUNKS)))
    ts = await ask(world, count=3)
    answers = world.answers(ts)
    assert len(answers) >= 3
    assert "".join(answer.text for answer in answers) == "".join(PARAGRAPHS)
    assert all(len(answer.text.encode()) <= 9_000 for answer in answers)
    assert [actions(answer) for answer in answers] == [set()] * (len(answers) - 1) + [{"feedback", "regenerate"}]
    assert notified(world) == [answer.ts for answer in answers]
    assert not any(answer.edited for answer in answers)


async def test_a_long_answer_that_comes_at_once_is_the_same(world: World) -> None:
    world.openai.queue(Script(Text("".join(PARAGRAPHS), deltas=5_000)))
    ts = await ask(world, count=3)
    assert "".join(answer.text for answer in world.answers(ts)) == "".join(PARAGRAPHS)
    assert not any(answer.edited for answer in world.answers(ts))


async def test_a_fence_is_closed_and_opened_again_at_the_seam(world: World) -> None:
    lines = [f"print('line {number} of a rather long program')\n" for number in range(300)]
    world.openai.queue(
        Script(slowly("Look:\n\n```python\n", *("".join(lines[n::10]) for n in range(10)), "```\n"))
    )
    ts = await ask(world, count=2)
    texts = [answer.text for answer in world.answers(ts)]
    assert len(texts) >= 2
    assert all(text.count("```") == 2 for text in texts)
    assert all(text.startswith("```python\n") for text in texts[1:])
    assert sum(text.count("print(") for text in texts) == len(lines)


async def test_the_steps_of_a_long_answer_are_shown_once(make_world: Any) -> None:
    world: World = await make_world(assistant_tools="file_search", vector_store_ids="vs_1")
    async with world.running():
        world.openai.queue(
            Script(Reasoning(), FileSearch(["x"]), Pause(2.0), slowly(*CHUNKS[:6]), FileSearch(["y"]))
        )
        ts = await ask(world, count=2)
    first, *_, last = world.answers(ts)
    assert first.tasks == [("Thinking", "complete"), ("Searching the files", "complete")]
    assert last.tasks == [("Searching the files", "complete")]
    assert block_types(first).count("container") == 0
    assert block_types(last).count("container") == 1


async def test_many_steps_and_much_text_fit(make_world: Any) -> None:
    world: World = await make_world(assistant_tools="file_search", vector_store_ids="vs_1")
    async with world.running():
        steps = [part for number in range(250) for part in (FileSearch([f"q{number}"]), Pause(0.02))]
        world.openai.queue(Script(*steps, slowly(*CHUNKS[:8])))
        ts = await ask(world, count=2)
        assert "".join(answer.text for answer in world.answers(ts)) == "".join(CHUNKS[:8])
        assert not [call for call in world.slack.calls if call.error == "msg_too_long"]


async def test_an_answer_older_than_four_minutes_goes_on_in_the_same_message(world: World) -> None:
    pieces = [f"Piece {number}. " for number in range(5)]
    world.openai.queue(Script(Text(deltas=["So. ", Pause(230.0)]), slowly(*pieces, every=5.0)))
    ts = await world.mention("think long")
    await world.until(lambda: world.answers(ts))
    await world.clock.advance(225.0)
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert answer.text == "So. \n\n" + "".join(pieces)
    assert answer.edited
    assert actions(answer) == {"feedback", "regenerate"}
    assert not answer.error_pill
    assert notified(world) == [answer.ts]


async def test_a_stream_is_ended_in_time_even_when_the_model_is_silent(world: World) -> None:
    gate = Event()
    world.openai.queue(Script(Text(deltas=["I think. ", Gate(gate), "Now I know."])))
    ts = await world.mention("think long")
    await world.until(lambda: world.answers(ts))
    await world.clock.advance(235.0)
    await world.until(lambda: world.answers(ts) and not world.only_answer(ts).streaming)
    assert not world.only_answer(ts).error_pill
    assert world.slack.working() == [(world.general, ts)]
    gate.set()
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "I think. Now I know."


async def test_a_stream_that_slack_ended_is_edited(world: World) -> None:
    world.openai.queue(Script(slowly("One. ", "Two. ", "Three. ", "Four.", every=4.0)))
    world.slack.faults.add("chat.appendStream", slack_error("message_not_in_streaming_state"))
    ts = await world.mention("count")
    await world.until(lambda: [call for call in world.slack.calls if call.error])
    stream = next(m for m in world.slack.channels[world.general].messages.values() if m.stream)
    world.slack.end_stream(world.slack.channels[world.general], stream, "processing")
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "One. Two. Three. Four."
    assert actions(world.only_answer(ts)) == {"feedback", "regenerate"}
