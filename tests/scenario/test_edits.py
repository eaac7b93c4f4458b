"""What people change and take back: before, while and after it is answered."""

import asyncio
from typing import Any

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Gate, Script, Text
from bot.playground.slack.records import slack_error
from storage.database import Database
from tests.scenario.world import World


def held_answer(world: World) -> asyncio.Event:
    """Let the next answer begin, and go on only when the event is set."""
    opened = asyncio.Event()
    world.openai.queue(Script(Text(deltas=["It begins ", Gate(opened), "and ends"])))
    return opened


async def under_way(world: World, text: str = "first") -> tuple[str, asyncio.Event]:
    """A mention whose answer has begun: its ts, and what lets it go on."""
    opened = held_answer(world)
    ts = await world.mention(text)
    await world.until(lambda: world.answers(ts))
    return ts, opened


def kept(world: World) -> str:
    """Everything that the conversations at OpenAI hold."""
    return " ".join(str(item) for one in world.openai.conversations.values() for item in one.items)


# -- what waits


async def test_an_edit_of_a_waiting_message_changes_it(world: World) -> None:
    ts, opened = await under_way(world)
    waiting = await world.slack.post(world.general, world.ann, "6 x 7?", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    await world.slack.edit(world.general, waiting, "6 x 8?")
    await world.until(lambda: not world.slack.unacknowledged)
    opened.set()
    await world.until(world.answered(ts, count=2))
    assert world.last_input() == ["6 x 8?"]
    assert len(world.openai.creates) == 2


async def test_a_deletion_of_a_waiting_message_withdraws_it(world: World) -> None:
    ts, opened = await under_way(world)
    gone = await world.slack.post(world.general, world.ann, "never mind", thread_ts=ts)
    await world.slack.post(world.general, world.ann, "but this", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    await world.slack.delete(world.general, gone)
    await world.until(lambda: not world.slack.unacknowledged)
    opened.set()
    await world.until(world.answered(ts, count=2))
    assert world.last_input() == ["but this"]


async def test_the_only_waiting_message_deleted_leaves_nothing_to_answer(world: World) -> None:
    ts, opened = await under_way(world)
    gone = await world.slack.post(world.general, world.ann, "never mind", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    await world.slack.delete(world.general, gone)
    await world.until(lambda: not world.slack.unacknowledged)
    opened.set()
    await world.until(world.answered(ts))
    await world.settle()
    assert len(world.answers(ts)) == 1
    assert len(world.openai.creates) == 1


# -- a mention that comes with an edit


async def test_a_mention_added_by_an_edit_is_answered(world: World) -> None:
    ts = await world.slack.post(world.general, world.ann, "what is 6 x 7?")
    assert not await world.was_for_us(ts)
    await world.slack.edit(world.general, ts, f"{world.at_bot} what is 6 x 7?")
    await world.until(world.answered(ts))
    assert world.last_input() == ["what is 6 x 7?"]


async def test_an_answered_message_is_not_answered_again_when_it_is_edited(world: World) -> None:
    ts = await world.mention("one")
    await world.until(world.answered(ts))
    await world.slack.edit(world.general, ts, f"{world.at_bot} {world.at_bot} two")
    await world.settle()
    assert len(world.answers(ts)) == 1
    assert len(world.openai.creates) == 1


async def test_an_edit_without_a_mention_neither_asks_nor_ends_anything(world: World) -> None:
    ts = await world.mention("one")
    await world.until(world.answered(ts))
    bos = await world.slack.post(world.general, world.bo, "hm", thread_ts=ts)
    await world.settle()
    await world.mention("two", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    await world.slack.edit(world.general, bos, "hmm")
    assert not await world.was_for_us(bos)
    await world.slack.post(world.general, world.ann, "three", thread_ts=ts)
    await world.until(world.answered(ts, count=3))


async def test_an_edit_told_before_its_message_is_what_is_answered(world: World) -> None:
    ts, edit, post = await said_and_edited(world)
    await world.slack.send_event(edit)
    await world.settle()
    await world.slack.send_event(post)
    await world.until(world.answered(ts, world.slack.dm(world.ann)))
    assert world.last_input() == ["6 x 8?"]
    assert len(world.openai.creates) == 1


async def test_an_edit_told_at_the_same_time_is_what_is_answered(world: World) -> None:
    ts, edit, post = await said_and_edited(world)
    await world.settle()
    assert world.bot is not None
    database = world.bot.store.database
    async with world.database.locked():
        before = database.transactions
        await world.slack.send_event(edit)
        await begun(database, before + 1)
        await world.slack.send_event(post)
        await begun(database, before + 2)
    await world.until(world.answered(ts, world.slack.dm(world.ann)))
    await world.settle()
    assert world.last_input() == ["6 x 8?"]


async def begun(database: Database, transactions: int) -> None:
    """Return when so many transactions have begun, without moving time on: nothing shall be told again."""
    async with asyncio.timeout(10):
        while database.transactions < transactions:  # noqa: ASYNC110 - a counter, and nobody is told of it
            await asyncio.sleep(0)


async def said_and_edited(world: World) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A message in Ann's DM, the event of its edit, and its own; neither has been sent."""
    dm = world.slack.dm(world.ann)
    said: dict[str, Any] = {"type": "message", "user": world.ann, "team": world.slack.team}
    said["ts"] = await world.slack.post(dm, "USLACK", "a root to answer under")
    before, now = {**said, "text": "6 x 7?"}, {**said, "text": "6 x 8?"}
    edit = {"type": "message", "subtype": "message_changed", "message": now, "previous_message": before}
    where = {"channel": dm, "channel_type": "im"}
    edited = {**edit, **where, "ts": world.slack.next_ts(), "hidden": True}
    return said["ts"], edited, {**before, **where}


# -- what is being answered


async def test_an_edit_of_what_is_being_answered_starts_it_again_in_the_same_message(world: World) -> None:
    ts, _ = await under_way(world, "6 x 7?")
    (begun,) = world.answers(ts)
    world.openai.queue(Script(Text("48")))
    await world.slack.edit(world.general, ts, f"{world.at_bot} 6 x 8?")
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert (answer.ts, answer.text) == (begun.ts, "48")
    assert world.last_input() == ["6 x 8?"]
    assert "6 x 7" not in kept(world)
    assert kept(world).count("6 x 8") == 1


async def test_an_edit_without_other_text_is_nothing(world: World) -> None:
    ts, opened = await under_way(world, "look at https://example.com")
    await world.slack.edit(world.general, ts, f"{world.at_bot} look at https://example.com")
    await world.until(lambda: not world.slack.unacknowledged)
    opened.set()
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "It begins and ends"
    assert len(world.openai.creates) == 1


async def test_a_deletion_among_several_starts_again_with_the_rest(world: World) -> None:
    ts, opened = await under_way(world)
    one = await world.slack.post(world.general, world.ann, "tea", thread_ts=ts)
    await world.slack.post(world.general, world.ann, "coffee", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    held_answer(world)
    opened.set()
    await world.until(lambda: len(world.answers(ts)) == 2)
    assert world.last_input() == ["tea", "coffee"]
    begun = world.answers(ts)[1]
    world.openai.queue(Script(Text("Coffee it is")))
    await world.slack.delete(world.general, one)
    await world.until(world.answered(ts, count=2))
    assert [(it.ts, it.text) for it in world.answers(ts)][1:] == [(begun.ts, "Coffee it is")]
    assert world.last_input() == ["coffee"]
    assert "tea" not in kept(world)


async def test_the_last_one_deleted_ends_it_and_its_reply_goes(world: World) -> None:
    ts, _ = await under_way(world, "my password is 1234")
    await world.slack.delete(world.general, ts)
    await world.until(lambda: not world.answers(ts) and not world.bot_is_busy())
    await world.settle()
    assert world.answers(ts) == []
    assert "1234" not in kept(world)
    assert kept(world).strip() == ""
    assert len(world.openai.creates) == 1


async def test_the_last_one_deleted_in_a_thread_leaves_the_earlier_turns(world: World) -> None:
    ts = await world.mention("one")
    await world.until(world.answered(ts))
    held_answer(world)
    second = await world.slack.post(world.general, world.ann, "my password is 1234", thread_ts=ts)
    await world.until(lambda: len(world.answers(ts)) == 2)
    await world.slack.delete(world.general, second)
    await world.until(lambda: len(world.answers(ts)) == 1 and not world.bot_is_busy())
    assert "1234" not in kept(world)
    await world.slack.post(world.general, world.ann, "What did I say first?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    assert "one" in world.answers(ts)[-1].text
    assert "1234" not in " ".join(map(str, world.openai.creates[-1]["input"]))


async def test_a_deletion_before_the_first_word_leaves_nothing_behind(world: World) -> None:
    opened = asyncio.Event()
    world.openai.queue(Script(Gate(opened), Text("never said")))
    ts = await world.mention("my password is 1234")
    await world.until(lambda: world.openai.creates)
    await world.slack.delete(world.general, ts)
    await world.settle()
    opened.set()
    await world.settle()
    assert world.slack.executed("chat.startStream") == []
    assert kept(world).strip() == ""


async def test_a_deletion_in_the_moment_of_the_end_still_counts(world: World) -> None:
    stop = world.slack.faults.add("chat.stopStream", Fault(FaultKind.HOLD))
    ts = await world.mention("my password is 1234")
    await world.until(stop.reached.is_set)
    await world.slack.delete(world.general, ts)
    await world.until(lambda: not world.slack.unacknowledged)
    stop.released.set()
    await world.until(lambda: not world.answers(ts) and not world.bot_is_busy())
    assert kept(world).strip() == ""


async def test_an_edit_that_could_not_be_stored_is_told_again(world: World) -> None:
    ts, opened = await under_way(world)
    waiting = await world.slack.post(world.general, world.ann, "6 x 7?", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    assert world.bot is not None
    async with world.database.refusing(world.bot.store):
        await world.slack.edit(world.general, waiting, "6 x 8?")
        await world.until(lambda: all(it.attempt >= 1 for it in world.slack.unacknowledged))
    await world.until(lambda: not world.slack.unacknowledged)
    opened.set()
    await world.until(world.answered(ts, count=2))
    assert world.last_input() == ["6 x 8?"]


async def test_edits_of_our_own_messages_cost_no_transaction(world: World) -> None:
    assert world.bot is not None
    before = await world.transactions_at_rest()
    world.slack.faults.always("chat.startStream", slack_error("feature_disabled"))
    opened = asyncio.Event()
    world.openai.queue(Script(Text(deltas=["A sentence. ", Gate(opened), "Another sentence."])))
    ts = await world.mention("hi")
    await world.until(lambda: world.answers(ts))
    opened.set()
    await world.until(world.answered(ts))
    await world.settle()
    assert world.slack.executed("chat.update")
    assert world.bot.store.database.transactions - before <= 8
