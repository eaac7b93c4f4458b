"""What has been answered, and is changed or deleted: the answer is offered anew, or goes along (issue 3 §7)."""

import asyncio

from bot import words
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Gate, Pause, Reasoning, Script, Text
from tests.scenario.test_edits import kept, under_way
from tests.scenario.test_regenerate import DELETE_ITEM, asked, memory
from tests.scenario.world import World


async def test_an_edit_of_the_newest_question_offers_its_author_to_regenerate(world: World) -> None:
    ts, old = await asked(world, "6 x 7?", "42")
    await world.slack.edit(world.general, ts, f"{world.at_bot} 6 x 8?")
    await world.until(lambda: world.slack.ephemerals)
    (offer,) = world.slack.ephemerals
    assert (offer.user, offer.thread_ts, offer.text) == (world.ann, ts, words.QUESTION_CHANGED)
    assert len(world.openai.creates) == 1
    world.openai.queue(Script(Text("48")))
    assert await world.meanwhile(world.slack.press_ephemeral(offer.ts, world.ann, "regenerate_edited"))
    await world.until(lambda: len(world.openai.creates) == 2 and not world.bot_is_busy())
    assert (world.only_answer(ts).ts, world.only_answer(ts).text) == (old.ts, "48")
    assert memory(world) == ["user: 6 x 8?", "assistant: 48"]
    await world.until(lambda: not world.slack.ephemerals)


async def test_an_offer_that_came_too_late_says_so(world: World) -> None:
    ts, _ = await asked(world, "6 x 7?", "42")
    await world.slack.edit(world.general, ts, f"{world.at_bot} 6 x 8?")
    await world.until(lambda: world.slack.ephemerals)
    (offer,) = world.slack.ephemerals
    await asked(world, "two", "Second.", ts)
    assert await world.meanwhile(world.slack.press_ephemeral(offer.ts, world.ann, "regenerate_edited"))
    await world.until(lambda: [it.text for it in world.slack.ephemerals] == [words.REGENERATE_ONLY_NEWEST])
    assert len(world.openai.creates) == 2


async def test_an_edit_of_an_older_question_offers_nothing(world: World) -> None:
    ts, _ = await asked(world, "6 x 7?", "42")
    await asked(world, "two", "Second.", ts)
    await world.slack.edit(world.general, ts, f"{world.at_bot} 6 x 8?")
    await world.settle()
    assert world.slack.executed("chat.postEphemeral") == []
    assert len(world.openai.creates) == 2


async def test_a_deleted_question_takes_its_answer_along(world: World) -> None:
    ts, _ = await asked(world, "my password is 1234", "Noted: 1234.")
    await world.slack.delete(world.general, ts)
    await world.until(lambda: not world.answers(ts) and not world.bot_is_busy())
    assert memory(world) == []
    assert len(world.openai.creates) == 1


async def test_a_deleted_question_in_the_middle_leaves_the_rest(world: World) -> None:
    ts, _ = await asked(world, "one", "First.")
    await world.slack.post(world.general, world.bo, "something between", thread_ts=ts)
    await world.settle()
    await asked(world, "my password is 1234", "Noted: 1234.", ts)
    _, last = await asked(world, "three", "Third.", ts)
    await world.slack.delete(world.general, question(world, ts, "1234"))
    await world.until(lambda: len(world.answers(ts)) == 2 and not world.bot_is_busy())
    assert [answer.text for answer in world.answers(ts)] == ["First.", "Third."]
    left = memory(world)
    assert [item.split(":")[0] for item in left] == ["user", "reasoning", "assistant"] * 2
    assert (left[0], left[2], left[5]) == ("user: one", "assistant: First.", "assistant: Third.")
    assert "three" in left[3]
    world.openai.queue(Script(Text("Better.")))
    assert await world.meanwhile(world.slack.press(world.general, last.ts, world.ann, "regenerate"))
    await world.until(lambda: len(world.openai.creates) == 4 and not world.bot_is_busy())
    assert [answer.text for answer in world.answers(ts)] == ["First.", "Better."]
    assert " ".join(memory(world)).count("three") == 1
    assert " ".join(memory(world)).count("something between") == 1, "told with what was deleted, so told again"
    assert "1234" not in kept(world)


def question(world: World, thread_ts: str, text: str) -> str:
    """The ts of what somebody said in a thread."""
    (said,) = [
        it for it in world.slack.thread(world.general, thread_ts) if it.user == world.ann and text in it.text
    ]
    return said.ts


async def test_every_question_of_a_thread_deleted_leaves_nothing(world: World) -> None:
    ts, _ = await asked(world, "tea", "First.")
    await asked(world, "coffee", "Second.", ts)
    await asked(world, "water", "Third.", ts)
    for text in ("coffee", "tea", "water"):
        await world.slack.delete(world.general, question(world, ts, text))
    await world.until(lambda: not world.answers(ts) and not world.bot_is_busy())
    assert memory(world) == []
    assert len(world.openai.creates) == 3


async def test_one_of_several_questions_deleted_the_newest_answers_the_rest(world: World) -> None:
    ts, opened = await under_way(world)
    one = await world.slack.post(world.general, world.ann, "tea", thread_ts=ts)
    await world.slack.post(world.general, world.ann, "coffee", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    opened.set()
    await world.until(world.answered(ts, count=2))
    assert world.last_input() == ["tea", "coffee"]
    both = world.answers(ts)[-1]
    world.openai.queue(Script(Text("Coffee it is")))
    await world.slack.delete(world.general, one)
    await world.until(lambda: len(world.openai.creates) == 3 and not world.bot_is_busy())
    assert [(it.ts, it.text) for it in world.answers(ts)][1:] == [(both.ts, "Coffee it is")]
    assert world.last_input() == ["coffee"]
    assert "tea" not in kept(world)


async def test_a_deletion_while_another_question_is_answered_waits_for_it(world: World) -> None:
    ts, _ = await asked(world, "my password is 1234", "Noted: 1234.")
    opened = asyncio.Event()
    world.openai.queue(Script(Text(deltas=["Sec", Gate(opened), "ond."])), Script(Text("Third.")))
    await world.mention("two", thread_ts=ts)
    await world.until(lambda: len(world.answers(ts)) == 2)
    await world.mention("three", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    await world.slack.delete(world.general, ts)
    await world.until(lambda: not world.slack.unacknowledged)
    assert len(world.answers(ts)) == 2
    opened.set()
    await world.until(lambda: len(world.openai.creates) == 3 and not world.bot_is_busy())
    assert [answer.text for answer in world.answers(ts)] == ["Second.", "Third."]
    assert memory(world) == ["user: two", "assistant: Second.", "user: three", "assistant: Third."]


async def test_a_failed_question_that_is_deleted_takes_what_was_said_of_it_along(world: World) -> None:
    world.openai.queue(Script(Text(deltas=["Noted: 1234. ", Pause(2.0)]), status="failed"))
    ts = await world.mention("my password is 1234")
    await world.until(world.answered(ts))
    await world.slack.delete(world.general, ts)
    await world.until(lambda: not world.answers(ts) and not world.bot_is_busy())
    assert kept(world).strip() == ""


async def test_a_deletion_whose_memory_cannot_be_reached_is_completed_later(world: World) -> None:
    world.openai.queue(Script(Reasoning(), Text("Noted: 1234.")))
    ts = await world.mention("my password is 1234")
    await world.until(world.answered(ts))
    body = {"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_api_key"}}
    world.openai.faults.add(DELETE_ITEM, Fault(FaultKind.REFUSE, status=401, body=body))
    await world.slack.delete(world.general, ts)
    await world.until(lambda: not world.answers(ts) and not world.bot_is_busy())
    assert "1234" in kept(world)
    await world.settle()
    await due(world)
    await world.until(lambda: not kept(world).strip())


async def due(world: World) -> None:
    """Let the time come for what was put off."""
    await world.database.change("UPDATE runs SET withdraw_at = withdraw_at - 600 WHERE withdraw_at IS NOT NULL")


async def test_a_deletion_where_our_message_is_gone_already_is_fine(world: World) -> None:
    ts, _ = await asked(world, "one", "First.")
    _, answer = await asked(world, "my password is 1234", "Noted: 1234.", ts)
    await world.slack.delete(world.general, answer.ts)
    await world.slack.delete(world.general, question(world, ts, "1234"))
    await world.until(lambda: "1234" not in kept(world) and not world.bot_is_busy())
    assert [it.text for it in world.answers(ts)] == ["First."]
