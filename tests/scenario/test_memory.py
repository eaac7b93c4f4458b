"""A thread remembers, and says so when it does not (issue 2 §4)."""

from bot import words
from bot.playground.openai.script import Script, Text
from tests.scenario.world import World, said_below


async def test_a_thread_is_one_conversation(world: World) -> None:
    ts = await world.mention("my number is 4711")
    await world.until(world.answered(ts))
    await world.mention("what did I ask first?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    assert "4711" in world.answers(ts)[-1].text
    assert len(world.openai.conversations) == 1
    assert world.last_input() == ["what did I ask first?"]


async def test_two_threads_know_nothing_of_each_other(world: World) -> None:
    for question in ("my number is 4711", "what did I ask first?"):
        ts = await world.mention(question)
        await world.until(world.answered(ts))
    assert "4711" not in world.answers(ts)[-1].text
    assert len(world.openai.conversations) == 2


async def test_a_lost_conversation_starts_anew_from_the_thread_and_says_so(world: World) -> None:
    world.openai.queue(Script(Text("Noted: 4711.")))
    ts = await world.mention("my number is 4711")
    await world.until(world.answered(ts))
    (lost,) = world.openai.conversations.values()
    lost.deleted = True
    world.openai.queue(Script(Text("It is 4711.")), Script(Text("Still 4711.")))
    await world.mention("what is my number?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    answer = world.answers(ts)[-1]
    assert answer.text.startswith("It is 4711.")
    assert said_below(answer) == [words.MEMORY_STARTS_ANEW]
    sent = "\n".join(world.last_input())
    assert "my number is 4711" in sent
    assert "Noted: 4711." in sent
    assert "your own answer" in sent
    await world.mention("sure?", thread_ts=ts)
    await world.until(world.answered(ts, count=3))
    assert said_below(world.answers(ts)[-1]) == []
    assert world.openai.creates[-1]["conversation"] == world.openai.creates[-2]["conversation"] != lost.id


async def test_the_memory_advances_only_with_a_completed_turn(world: World) -> None:
    ts = await world.mention("one")
    await world.until(world.answered(ts))
    assert world.bot is not None
    found = await world.bot.store.runs.of_reply(world.slack.team, world.general, world.only_answer(ts).ts)
    assert found is not None
    (conversation,) = world.openai.conversations.values()
    assert found[1].tail_item_id == conversation.items[-1]["id"]
    assert found[1].last_seen_ts == ts
    world.openai.queue(Script(status="failed"))
    await world.mention("two", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    again = await world.bot.store.runs.of_reply(world.slack.team, world.general, world.answers(ts)[-1].ts)
    assert again is not None
    assert (again[1].tail_item_id, again[1].last_seen_ts) == (found[1].tail_item_id, ts)
