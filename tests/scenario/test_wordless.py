"""Files without a word: one short reply that says what is ready, and questions that one can ask by a button."""

import asyncio
from typing import Any

from bot import words
from bot.files import sentences
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import FileSearch, Script, Text
from bot.playground.slack.records import slack_error
from bot.playground.slack.seen import SeenMessage
from tests import documents
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import PATIENCE, World, actions, said_below

HANDBOOK = documents.pdf(["People of this company have 25 days of leave in a year."])
READY = words.FILE_READY.format(names="“handbook.pdf”")
SUMMARISE = words.ASK_ABOUT_DOCUMENT[0][1].format(names="“handbook.pdf”")
ASKS = {"ask_0", "ask_1"}


async def dropped(world: World, name: str = "handbook.pdf", content: bytes = HANDBOOK, **more: Any) -> str:
    """A file without a word, received: the thread's ts."""
    thread: str | None = more.get("thread_ts")
    before = len(world.answers(thread)) if thread else 0
    ts = await world.drop(name, content, **more)
    await world.until(world.answered(thread or ts, count=before + 1))
    return thread or ts


async def press(
    world: World, ts: str, action: str = "ask_0", *, user: str = "", at: SeenMessage | None = None
) -> None:
    """Press a question under the first message of ours in a thread."""
    under = at or world.answers(ts)[0]
    async with asyncio.timeout(PATIENCE):  # time stands still: a press is acknowledged when it is committed
        assert await world.slack.press(world.general, under.ts, user or world.ann, action)


def images(items: list[dict[str, Any]]) -> int:
    """How many pictures are among these items."""
    return sum(part["type"] == "input_image" for item in items for part in item.get("content") or ())


async def test_a_mention_with_nothing_but_a_file_is_told_that_it_is_ready_and_what_to_ask(world: World) -> None:
    ts = await dropped(world)
    reply = world.only_answer(ts)
    assert said_below(reply) == [READY]
    assert actions(reply) == ASKS
    assert world.openai.creates == []
    assert world.openai.conversations == {}
    assert world.slack.thread(world.general, ts)[0].reactions == {}


async def test_a_pressed_question_stands_in_the_thread_and_is_answered_as_that_persons(world: World) -> None:
    ts = await dropped(world)
    world.openai.queue(Script(FileSearch([SUMMARISE]), Text("It is about leave.")))
    await press(world, ts, user=world.bo)
    await world.until(world.answered(ts, count=3))
    _, question, answer = world.answers(ts)
    assert said_below(question) == [SUMMARISE, words.ASKED_BY.format(name="Bo")]
    assert answer.text == "It is about leave."
    assert {"feedback", "regenerate"} <= actions(answer)
    assert f'"name": "Bo", "id": "{world.bo}"' in world.last_texts()[-1]
    assert SUMMARISE in world.last_texts()[-1]
    (start,) = world.slack.executed("chat.startStream")
    assert start.params["recipient_user_id"] == world.bo
    await world.slack.post(world.general, world.bo, "and in May?", thread_ts=ts)
    await world.until(world.answered(ts, count=4))
    assert "and in May?" in world.last_texts()[-1], "whoever asked is followed"


async def test_a_question_is_asked_once_by_each_button(world: World) -> None:
    ts = await dropped(world)
    await press(world, ts)
    await world.until(world.answered(ts, count=3))
    await press(world, ts, user=world.bo)
    await world.until(lambda: world.slack.ephemerals)
    assert [(told.user, told.text) for told in world.slack.ephemerals] == [(world.bo, words.ASKED_ALREADY)]
    await press(world, ts, "ask_1")
    await world.until(world.answered(ts, count=5))
    assert len(world.openai.creates) == 2


async def test_an_answer_to_a_pressed_question_can_be_regenerated(world: World) -> None:
    ts = await dropped(world)
    await press(world, ts)
    await world.until(world.answered(ts, count=3))
    before = world.answers(ts)[-1]
    world.openai.queue(Script(Text("Better.")))
    await press(world, ts, "regenerate", at=before)
    await world.until(lambda: world.answers(ts)[-1].text == "Better." and not world.bot_is_busy())
    assert len(world.answers(ts)) == 3
    assert "Summarise “handbook.pdf”" in world.last_texts()[-1]


async def test_whether_the_question_was_said_aloud_is_found_out(world: World) -> None:
    ts = await dropped(world)
    world.slack.faults.add("chat.postMessage", Fault(FaultKind.RESET_AFTER))
    await press(world, ts)
    await world.until(world.answered(ts, count=3))
    world.slack.faults.add("chat.postMessage", slack_error("restricted_action"))
    await press(world, ts, "ask_1")
    await world.until(world.answered(ts, count=4))
    assert len(world.openai.creates) == 2, "also one that Slack did not let us say"


async def test_several_within_three_seconds_are_received_together(world: World) -> None:
    ts = await world.drop("handbook.pdf", HANDBOOK)
    await world.drop("plan.md", "# Plan", thread_ts=ts)
    await world.drop("photo.png", documents.picture(), thread_ts=ts)
    await world.until(world.answered(ts))
    reply = world.only_answer(ts)
    names = "“handbook.pdf”, “plan.md” and “photo.png”"
    assert said_below(reply) == [words.FILES_READY.format(names=names)]
    assert world.openai.creates == []


async def test_a_word_that_follows_at_once_is_answered_instead(world: World) -> None:
    ts = await world.drop("photo.png", documents.picture())
    await world.mention("what is it?", thread_ts=ts)
    await world.until(world.answered(ts))
    assert len(world.answers(ts)) == 1
    (request,) = world.openai.creates
    assert images(request["input"]) == 1


async def test_files_reach_the_model_with_the_next_question(make_world: MakeWorld) -> None:
    world = await make_world(catch_up_messages=0, assistant_tools=("code_interpreter",))
    async with world.running():
        ts = await dropped(world, "photo.png", documents.picture())
        assert actions(world.only_answer(ts)) == ASKS
        await dropped(world, "numbers.csv", documents.table(), thread_ts=ts)
        await dropped(world, "locked.pdf", documents.pdf(password="x"), thread_ts=ts)
        assert said_below(world.answers(ts)[-1]) == [sentences.REFUSALS["encrypted"].format(name="locked.pdf")]
        assert actions(world.answers(ts)[-1]) == set()
        await world.slack.post(world.general, world.ann, "what do you see?", thread_ts=ts)
        await world.until(world.answered(ts, count=4))
        (request,) = world.openai.creates
        assert images(request["input"]) == 1
        (container,) = [tool["container"] for tool in request["tools"] if tool["type"] == "code_interpreter"]
        assert len(container["file_ids"]) == 1
        assert said_below(world.answers(ts)[-1]) == [], "what is wrong with a file is said once"
        assert "locked with a password" in " ".join(world.last_texts()), "but the model knows it"
        await world.slack.post(world.general, world.ann, "sure?", thread_ts=ts)
        await world.until(world.answered(ts, count=5))
        assert images(world.openai.creates[-1]["input"]) == 0
        assert images(list(world.openai.contexts.values())[-1]) == 1


async def test_in_a_dm_and_as_a_follow_up_no_mention_is_needed(world: World) -> None:
    place = world.slack.dm(world.ann)
    file = world.slack.add_file("handbook.pdf", HANDBOOK, world.ann)
    ts = await world.slack.post(place, world.ann, "", files=[file], subtype="file_share")
    await world.until(world.answered(ts, place))
    assert said_below(world.only_answer(ts, place)) == [READY]
    await world.slack.post(place, world.ann, "", thread_ts=ts, files=[file], subtype="file_share")
    await world.until(world.answered(ts, place, count=2))
    assert world.openai.creates == []
    root = await world.mention("hello")
    await world.until(world.answered(root))
    await world.slack.post(world.general, world.ann, "", thread_ts=root, files=[file], subtype="file_share")
    await world.until(world.answered(root, count=2))
    assert said_below(world.answers(root)[-1]) == [READY]


async def test_a_clip_without_a_word_is_the_question(world: World) -> None:
    place = world.slack.dm(world.ann)
    world.openai.transcripts["audio_message.m4a"] = "How many days of leave do I have?"
    clip = world.slack.add_file("audio_message.m4a", documents.boxes(), world.ann, subtype="slack_audio")
    ts = await world.slack.post(place, world.ann, "", files=[clip], subtype="file_share")
    await world.until(world.answered(ts, place))
    assert "How many days of leave do I have?" in world.last_texts()[-1]
    heard = words.HEARD.format(name="audio_message.m4a", text="How many days of leave do I have?")
    assert said_below(world.only_answer(ts, place)) == [heard]
    world.openai.transcripts["audio_message.m4a"] = " "
    silent = world.slack.add_file("audio_message.m4a", documents.boxes(), world.ann, subtype="slack_audio")
    ts = await world.slack.post(place, world.ann, "", files=[silent], subtype="file_share")
    await world.until(world.answered(ts, place))
    assert said_below(world.only_answer(ts, place)) == [
        words.HEARD.format(name="audio_message.m4a", text=words.HEARD_NOTHING)
    ]
    assert len(world.openai.creates) == 1, "there was nothing to answer"


async def test_it_can_be_stopped_edited_and_deleted_while_it_is_received(world: World) -> None:
    stopped = await world.drop("handbook.pdf", HANDBOOK)
    await world.until(lambda: (world.general, stopped) in world.slack.working())
    await world.slack.press_stop(world.general, stopped, world.ann)
    await world.until(world.answered(stopped))
    assert said_below(world.only_answer(stopped))[-1] == words.STOPPED_BY.format(name="Ann")
    edited = await world.drop("handbook.pdf", HANDBOOK)
    await world.until(lambda: (world.general, edited) in world.slack.working())
    await world.slack.edit(world.general, edited, f"{world.at_bot} what is in it?")
    await world.until(world.answered(edited))
    assert "what is in it?" in world.last_texts()[-1]
    deleted = await world.drop("handbook.pdf", HANDBOOK)
    await world.until(world.answered(deleted))
    await world.slack.delete(world.general, deleted)
    await world.until(lambda: not world.answers(deleted) and not world.bot_is_busy())
    assert len(world.openai.creates) == 1
