"""Regenerate: the newest answer of a thread is given anew, in the same messages (issue 3 §7)."""

import asyncio
from typing import Any

from bot import words
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Gate, Pause, Reasoning, Refuse, Script, Text
from bot.playground.slack.records import slack_error
from bot.playground.slack.seen import SeenMessage
from tests.scenario.world import World, actions, said_below

DELETE_ITEM = "DELETE /conversations/{id}/items/{item_id}"


async def asked(world: World, text: str, answer: str, thread_ts: str | None = None) -> tuple[str, SeenMessage]:
    """A question and its whole answer: the thread, and the answer."""
    world.openai.queue(Script(Reasoning(), Text(answer)))
    ts = await world.mention(text, thread_ts=thread_ts)
    thread, count = thread_ts or ts, len(world.answers(thread_ts)) + 1 if thread_ts else 1
    await world.until(world.answered(thread, count=count))
    return thread, world.answers(thread)[-1]


async def press(world: World, answer: SeenMessage, user: str | None = None) -> None:
    """Press Regenerate under an answer, which is acknowledged at once."""
    pressed = world.slack.press(world.general, answer.ts, user or world.ann, "regenerate")
    assert await world.meanwhile(pressed)


async def regenerated(world: World, answer: SeenMessage, *scripts: Script, user: str | None = None) -> None:
    """Press it, and wait until the model was asked once more and has answered."""
    world.openai.queue(*scripts)
    before = len(world.openai.creates)
    await press(world, answer, user)
    await world.until(lambda: len(world.openai.creates) > before and not world.bot_is_busy())


def memory(world: World) -> list[str]:
    """What the only conversation holds: kinds of items, and the texts of messages."""
    (one,) = world.openai.conversations.values()
    return [
        f"{item['role']}: {item['content'][0]['text']}" if item["type"] == "message" else item["type"]
        for item in one.items
    ]


async def whispers(world: World, count: int = 1) -> list[str]:
    """What people were told that others do not see, once there is so much of it."""
    await world.until(lambda: len(world.slack.ephemerals) >= count)
    return [told.text for told in world.slack.ephemerals]


async def test_the_answer_is_rewritten_in_the_same_message_and_forgotten(world: World) -> None:
    ts, old = await asked(world, "6 x 7?", "It is 41.")
    assert actions(old) == {"feedback", "regenerate"}
    await regenerated(world, old, Script(Reasoning(), Text("It is 42.")))
    new = world.only_answer(ts)
    assert (new.ts, new.text) == (old.ts, "It is 42.")
    assert actions(new) == {"feedback", "regenerate"}
    assert memory(world) == ["user: 6 x 7?", "reasoning", "assistant: It is 42."]
    assert world.last_input() == ["6 x 7?"]


async def test_earlier_turns_stay_and_the_thread_goes_on_from_the_new_answer(world: World) -> None:
    ts, _ = await asked(world, "one", "First.")
    _, second = await asked(world, "two", "Second.", ts)
    await regenerated(world, second, Script(Reasoning(), Text("Better.")))
    assert [answer.text for answer in world.answers(ts)] == ["First.", "Better."]
    await asked(world, "three", "Third.", ts)
    assert [item for item in memory(world) if item != "reasoning"] == [
        "user: one",
        "assistant: First.",
        "user: two",
        "assistant: Better.",
        "user: three",
        "assistant: Third.",
    ]
    assert world.last_input() == ["three"], "nothing was missed"


async def test_what_was_said_between_two_turns_is_told_again_with_the_question(world: World) -> None:
    ts, _ = await asked(world, "one", "First.")
    await world.slack.post(world.general, world.bo, "I prefer tea", thread_ts=ts)
    await world.settle()
    _, second = await asked(world, "two", "Second.", ts)
    await regenerated(world, second, Script(Text("Better.")))
    assert "".join(world.last_input()).count("I prefer tea") == 1
    assert " ".join(memory(world)).count("I prefer tea") == 1


async def test_a_mention_in_the_middle_of_a_thread_reads_the_thread_again(world: World) -> None:
    root = await world.slack.post(world.general, world.bo, "the code is 4711")
    _, answer = await asked(world, "which code?", "I do not know.", root)
    await regenerated(world, answer, Script(Text("4711.")))
    assert world.only_answer(root).text == "4711."
    assert " ".join(memory(world)).count("4711") == 2, "said by Bo, and answered"


async def test_it_can_be_done_again_and_again(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "40")
    for text in ("41", "42"):
        await regenerated(world, answer, Script(Reasoning(), Text(text)))
        assert world.only_answer(ts).text == text
        assert memory(world) == ["user: 6 x 7?", "reasoning", f"assistant: {text}"]


async def test_an_answer_cut_short_can_be_given_anew(world: World) -> None:
    world.openai.queue(Script(Text("It begins"), status="incomplete"))
    ts = await world.mention("go")
    await world.until(world.answered(ts))
    assert "regenerate" in actions(world.only_answer(ts))
    await regenerated(world, world.only_answer(ts), Script(Text("All of it.")))
    assert world.only_answer(ts).text == "All of it."
    assert said_below(world.only_answer(ts)) == []


async def test_pressed_twice_it_is_done_once(world: World) -> None:
    opened = asyncio.Event()
    ts, answer = await asked(world, "6 x 7?", "41")
    world.openai.queue(Script(Text(deltas=["4", Gate(opened), "2"])))
    await press(world, answer)
    await world.until(lambda: len(world.openai.creates) == 2)
    await press(world, answer, world.bo)
    assert await whispers(world) == [words.REGENERATING_ALREADY]
    assert world.slack.ephemerals[0].user == world.bo
    opened.set()
    await world.until(lambda: len(world.openai.creates) == 2 and not world.bot_is_busy())
    assert world.only_answer(ts).text == "42"
    assert memory(world) == ["user: 6 x 7?", "assistant: 42"]


async def test_a_thumb_for_an_answer_that_is_being_rewritten_is_not_kept(world: World) -> None:
    opened = asyncio.Event()
    ts, answer = await asked(world, "6 x 7?", "41")
    world.openai.queue(Script(Gate(opened), Text("42")))
    await press(world, answer)
    await world.until(lambda: len(world.openai.creates) == 2)
    assert await world.slack.press(world.general, answer.ts, world.bo, "feedback", "down")
    assert await whispers(world) == [words.REGENERATING_ALREADY]
    assert world.slack.modals == []
    opened.set()
    await world.until(world.answered(ts))


async def test_only_the_newest_answer_is_given_anew(world: World) -> None:
    ts, first = await asked(world, "one", "First.")
    await asked(world, "two", "Second.", ts)
    await press(world, first)
    assert await whispers(world) == [words.REGENERATE_ONLY_NEWEST]
    await world.settle()
    assert [answer.text for answer in world.answers(ts)] == ["First.", "Second."]
    assert len(world.openai.creates) == 2


async def test_while_a_later_question_is_answered_it_is_refused(world: World) -> None:
    ts, first = await asked(world, "one", "First.")
    opened = asyncio.Event()
    world.openai.queue(Script(Gate(opened), Text("Second.")))
    await world.mention("two", thread_ts=ts)
    await world.until(lambda: len(world.openai.creates) == 2)
    await press(world, first)
    assert await whispers(world) == [words.REGENERATE_ONLY_NEWEST]
    opened.set()
    await world.until(world.answered(ts, count=2))
    assert [answer.text for answer in world.answers(ts)] == ["First.", "Second."]


async def test_what_is_said_meanwhile_waits_and_is_answered_after_it(world: World) -> None:
    ts, answer = await asked(world, "one", "First.")
    opened = asyncio.Event()
    world.openai.queue(Script(Text(deltas=["Bet", Gate(opened), "ter."])), Script(Text("Second.")))
    await press(world, answer)
    await world.until(lambda: len(world.openai.creates) == 2)
    await world.mention("two", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    opened.set()
    await world.until(world.answered(ts, count=2))
    assert [it.text for it in world.answers(ts)] == ["Better.", "Second."]
    assert memory(world) == ["user: one", "assistant: Better.", "user: two", "assistant: Second."]


async def test_anybody_of_the_installation_may_ask_for_it(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "41")
    await regenerated(world, answer, Script(Text("42")), user=world.bo)
    assert world.only_answer(ts).text == "42"


async def test_somebody_of_another_organisation_is_told_why_not(world: World) -> None:
    outsider = world.slack.add_person("Eve", team="T0000000009")
    world.slack.channels[world.general].members.add(outsider)
    _, answer = await asked(world, "6 x 7?", "41")
    await press(world, answer, outsider)
    assert await whispers(world) == [words.NOT_FOR_OUTSIDERS]
    assert world.slack.ephemerals[0].user == outsider
    await world.settle()
    assert len(world.openai.creates) == 1


async def test_it_counts_for_whoever_asks_for_it(make_world: Any) -> None:
    world: World = await make_world(max_runs_per_person_hour=2)
    async with world.running():
        ts, answer = await asked(world, "6 x 7?", "40")
        await regenerated(world, answer, Script(Text("41")))
        await press(world, answer)
        assert await whispers(world) == [words.FAILURES["too_many_runs"]]
        assert world.only_answer(ts).text == "41"
        await regenerated(world, answer, Script(Text("42")), user=world.bo)
        assert world.only_answer(ts).text == "42", "and for nobody else, not even for who had asked the question"


async def test_a_short_answer_after_a_long_one_leaves_no_message_behind(world: World) -> None:
    paragraphs = [f"Paragraph {number}. {'It goes on and on. ' * 20}\n\n" for number in range(30)]
    world.openai.queue(Script(Text("".join(paragraphs), deltas=5_000)))
    ts = await world.mention("tell me much")
    await world.until(world.answered(ts, count=2))
    first, last = world.answers(ts)
    await regenerated(world, last, Script(Text("Enough.")))
    assert [(answer.ts, answer.text) for answer in world.answers(ts)] == [(first.ts, "Enough.")]
    assert actions(world.only_answer(ts)) == {"feedback", "regenerate"}
    await regenerated(world, first, Script(Text("".join(paragraphs), deltas=5_000)))
    assert "".join(answer.text for answer in world.answers(ts)) == "".join(paragraphs)


async def test_the_question_is_read_again_as_it_stands_now(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "42")
    world.slack.channels[world.general].messages[ts].text = f"{world.at_bot} 6 x 8?"
    await regenerated(world, answer, Script(Text("48")))
    assert world.last_input() == ["6 x 8?"]
    assert memory(world) == ["user: 6 x 8?", "assistant: 48"]


async def test_a_question_that_is_gone_takes_its_answer_along(world: World) -> None:
    ts, _ = await asked(world, "one", "First.")
    _, answer = await asked(world, "two", "Second.", ts)
    questions = [it for it in world.slack.thread(world.general, ts) if it.user == world.ann]
    del world.slack.channels[world.general].messages[questions[-1].ts]
    await press(world, answer)
    await world.until(lambda: len(world.answers(ts)) == 1 and not world.bot_is_busy())
    assert memory(world) == ["user: one", "reasoning", "assistant: First."]
    assert len(world.openai.creates) == 2


async def test_an_edit_while_it_is_rewritten_counts(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "42")
    opened = asyncio.Event()
    world.openai.queue(Script(Text(deltas=["4", Gate(opened), "2"])), Script(Text("48")))
    await press(world, answer)
    await world.until(lambda: len(world.openai.creates) == 2)
    await world.slack.edit(world.general, ts, f"{world.at_bot} 6 x 8?")
    await world.until(lambda: len(world.openai.creates) == 3 and not world.bot_is_busy())
    assert world.only_answer(ts).text == "48"
    assert memory(world) == ["user: 6 x 8?", "assistant: 48"]
    assert world.slack.ephemerals == [], "nothing is offered: the edit is being answered"


async def test_an_edit_before_the_question_was_read_again_counts(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "42")
    reading = world.slack.faults.add("conversations.replies", Fault(FaultKind.HOLD))
    world.openai.queue(Script(Text("48")), Script(Text("48")))
    await press(world, answer)
    await world.until(reading.reached.is_set)
    await world.slack.edit(world.general, ts, f"{world.at_bot} 6 x 8?")
    await world.until(lambda: not world.slack.unacknowledged)
    reading.released.set()
    await world.until(lambda: len(world.openai.creates) >= 2 and not world.bot_is_busy())
    assert world.last_input() == ["6 x 8?"]
    assert memory(world) == ["user: 6 x 8?", "assistant: 48"]


async def test_a_deletion_while_it_is_rewritten_takes_it_back(world: World) -> None:
    ts, answer = await asked(world, "my password is 1234", "Noted: 1234.")
    world.openai.queue(Script(Text(deltas=["No", Gate(asyncio.Event())])))
    await press(world, answer)
    await world.until(lambda: len(world.openai.creates) == 2)
    await world.slack.delete(world.general, ts)
    await world.until(lambda: not world.answers(ts) and not world.bot_is_busy())
    assert memory(world) == []


async def test_stop_ends_the_new_answer_and_try_again_asks_once_more(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "41")
    world.openai.queue(Script(Text(deltas=["It ", Pause(2), "is ", Gate(asyncio.Event())])))
    await press(world, answer)
    await world.until(lambda: world.slack.working() and "It is" in world.only_answer(ts).text)
    await world.slack.press_stop(world.general, ts, world.bo)
    await world.until(lambda: said_below(world.only_answer(ts)) == ["Stopped by Bo."] and not world.bot_is_busy())
    stopped = world.only_answer(ts)
    assert (stopped.ts, actions(stopped)) == (answer.ts, {"try_again"})
    assert stopped.text.startswith("It is ")
    world.openai.queue(Script(Text("42")))
    assert await world.meanwhile(world.slack.press(world.general, stopped.ts, world.ann, "try_again"))
    await world.until(world.answered(ts, count=2))
    assert world.answers(ts)[-1].text == "42"
    assert " ".join(memory(world)).count("6 x 7?") == 1


async def test_a_new_answer_that_fails_can_be_tried_again(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "41")
    quota = Refuse(429, "insufficient_quota", "You exceeded your current quota", type="insufficient_quota")
    await regenerated(world, answer, Script(quota))
    failed = world.only_answer(ts)
    assert (failed.ts, said_below(failed)) == (answer.ts, [words.FAILURES["quota"]])
    world.openai.queue(Script(Text("42")))
    assert await world.meanwhile(world.slack.press(world.general, failed.ts, world.ann, "try_again"))
    await world.until(world.answered(ts, count=2))
    assert memory(world) == ["user: 6 x 7?", "assistant: 42"]


async def test_where_slack_does_not_tell_the_question_that_is_said(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "41")
    world.slack.faults.add("conversations.replies", slack_error("missing_scope"))
    await press(world, answer)
    await world.until(lambda: said_below(world.only_answer(ts)) and not world.bot_is_busy())
    assert said_below(world.only_answer(ts)) == [words.FAILURES["slack"]]
    world.openai.queue(Script(Text("42")))
    await world.mention("and now?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    assert "assistant: 41" not in memory(world), "what was to be rewritten is not remembered"


async def test_a_lost_conversation_begins_anew(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "41")
    (lost,) = world.openai.conversations.values()
    lost.deleted = True
    await regenerated(world, answer, Script(Text("42")))
    assert world.only_answer(ts).text.startswith("42")
    assert said_below(world.only_answer(ts)) == [words.MEMORY_STARTS_ANEW]


async def test_an_answer_of_tools_leaves_as_a_whole(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "41")
    (one,) = world.openai.conversations.values()
    order = [item["type"] for item in one.items]
    assert order == ["message", "reasoning", "message"]
    held = world.openai.faults.add(DELETE_ITEM, Fault(FaultKind.HOLD))
    world.openai.queue(Script(Text("42")))
    await press(world, answer)
    await world.until(held.reached.is_set)
    assert [item["type"] for item in one.items] == ["message", "reasoning"], "reasoning goes after what it led to"
    held.released.set()
    await world.until(lambda: len(world.openai.creates) == 2 and not world.bot_is_busy())
    assert memory(world) == ["user: 6 x 7?", "assistant: 42"]
    assert world.only_answer(ts).text == "42"


async def test_a_bare_mention_that_was_greeted_can_become_a_question(world: World) -> None:
    ts = await world.slack.post(world.general, world.ann, world.at_bot)
    await world.until(world.answered(ts))
    world.openai.queue(Script(Text("42")))
    await world.slack.edit(world.general, ts, f"{world.at_bot} 6 x 7?")
    await world.until(lambda: world.slack.ephemerals)
    (offer,) = world.slack.ephemerals
    assert await world.meanwhile(world.slack.press_ephemeral(offer.ts, world.ann, "regenerate_edited"))
    await world.until(lambda: world.openai.creates and not world.bot_is_busy())
    assert world.only_answer(ts).text == "42"
