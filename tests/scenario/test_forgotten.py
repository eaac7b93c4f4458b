"""A file that is deleted is forgotten: by later answers, at OpenAI, in our database, under our own answers."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.assistant.engine import Engine
from bot.assistant.files import FileShelf
from bot.attachments.sweep import Sweep
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import FileSearch, FoundCitation, Gate, Reasoning, Script, Text
from bot.playground.slack import slack_error
from bot.playground.slack.files import Delivery
from storage.file_records import NewPlace
from tests import documents
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World, actions

HANDBOOK = "People of this company have 25 days of leave in a year."
CHANGED = "People of this company have 30 days of leave in a year."
NOTES = "The parking lot is closed on Sundays."
ASKED = "how many days of leave do people have in a year?"
ANSWER = "They have 25."

DELETE_ITEM = "DELETE /conversations/{id}/items/{item_id}"
DETACH = "DELETE /vector_stores/{id}/files/{file_id}"
DELETE_FILE = "DELETE /files/{id}"


def searching(text: str = ANSWER, asked: str = ASKED) -> Script:
    return Script(Reasoning(), FileSearch([asked]), Reasoning(), Text(text, annotations=[FoundCitation()]))


def rows(world: World, query: str) -> list[tuple[Any, ...]]:
    return world.database.rows(query)


def forgotten(world: World) -> Callable[[], bool]:
    """Whether nothing is left to be taken away."""

    def holds() -> bool:
        leaving = rows(world, "SELECT 1 FROM file_places WHERE state = 'leaving'")
        left = leaving or rows(world, "SELECT 1 FROM files WHERE state = 'deleting'")
        return not left and not world.slack.unacknowledged

    return holds


@dataclass
class Asked:
    """A file in a thread, and an answer that cites it."""

    ts: str
    slack_file: str
    file_id: str


async def handed_in(world: World, name: str = "handbook.md", content: str = HANDBOOK, **where: Any) -> Asked:
    world.openai.queue(searching())
    known = set(world.openai.files)
    ts = await world.drop(name, content, ASKED, **where)
    thread = where.get("thread_ts") or ts
    before = len(world.answers(thread, where.get("channel")))
    await world.until(world.answered(thread, where.get("channel"), before + 1))
    place = world.slack.channels[where.get("channel") or world.general]
    fresh = set(world.openai.files) - known
    return Asked(ts, place.messages[ts].files[0]["id"], next(iter(fresh), ""))


async def ask(world: World, asked: Asked, text: str = ASKED) -> str:
    """Ask again in the thread; everything that the model saw and found, as text."""
    world.openai.queue(searching("I do not know.", text))
    count = len(world.answers(asked.ts)) + 1
    await world.mention(text, thread_ts=asked.ts)
    await world.until(world.answered(asked.ts, count=count))
    return saw(world)


def saw(world: World) -> str:
    newest = list(world.openai.responses)[-1]
    return json.dumps([world.openai.contexts[newest], world.openai.responses[newest]["output"]])


def under(world: World, asked: Asked) -> str:
    """Everything that our first answer shows."""
    return json.dumps(world.answers(asked.ts)[0].blocks)


def memory(world: World) -> list[str]:
    """The kinds of items in the first conversation."""
    return [item.get("role") or item["type"] for item in kept(world)]


def kept(world: World) -> list[Any]:
    """All items of the first conversation."""
    return next(iter(world.openai.conversations.values())).items


def deletions(world: World) -> list[str]:
    """Which kinds of things were deleted at OpenAI, in order, each once in a row."""
    kinds = [one.path.split("/")[-2] for one in world.openai.requests if one.method == "DELETE"]
    return [kind for place, kind in enumerate(kinds) if place == 0 or kinds[place - 1] != kind]


async def test_a_deleted_file_is_forgotten_everywhere(world: World) -> None:
    asked = await handed_in(world)
    assert HANDBOOK in under(world, asked)
    assert "handbook.md" in under(world, asked)
    await world.slack.delete_file(asked.slack_file)
    await world.until(forgotten(world))
    assert deletions(world)[-4:] == ["items", "files", "responses", "files"]  # out of the store, then for good
    assert world.openai.files == {}
    assert rows(world, "SELECT 1 FROM files UNION ALL SELECT 1 FROM file_places") == []
    assert memory(world) == ["user"]
    shown = world.answers(asked.ts)[0]
    assert shown.text == ANSWER
    assert HANDBOOK not in under(world, asked)
    assert "handbook" not in under(world, asked)
    assert "files/" not in under(world, asked)
    assert actions(shown) == {"regenerate", "feedback"}
    assert world.slack.ephemerals == []  # nobody is asked whether the question shall be answered again
    later = await ask(world, asked)
    for trace in (HANDBOOK, ANSWER, asked.file_id):
        assert trace not in later
    assert len(world.openai.conversations) == 1


async def test_the_rest_of_the_thread_is_remembered(world: World) -> None:
    ts = await world.mention("my number is 4711")
    await world.until(world.answered(ts))
    asked = await handed_in(world, thread_ts=ts)
    await world.mention("and so on", thread_ts=ts)
    await world.until(world.answered(ts, count=3))
    await world.slack.delete_file(asked.slack_file)
    await world.until(forgotten(world))
    later = await ask(world, Asked(ts, "", ""))
    assert "4711" in later
    assert "and so on" in later
    assert asked.file_id not in later
    assert HANDBOOK not in later


async def test_a_deleted_message_takes_its_file_along_and_the_other_place_keeps_its_own(world: World) -> None:
    other = world.slack.add_channel("other", members=(world.ann,))
    asked = await handed_in(world)
    await ask(world, asked)
    elsewhere = await handed_in(world, channel=other)
    assert elsewhere.file_id == ""  # one File for both
    await world.slack.delete(world.general, asked.ts)
    await world.until(forgotten(world))
    await world.settle()
    (store,) = [one for one in world.openai.vector_stores.values() if one.files]
    assert list(world.openai.files) == [asked.file_id]
    assert store.metadata["channel"] == other
    assert HANDBOOK not in json.dumps([message.blocks for message in world.answers(asked.ts)])
    kept = json.dumps([message.blocks for message in world.answers(elsewhere.ts, other)])
    assert HANDBOOK in kept


async def test_a_question_is_withdrawn_though_its_answer_went_before_with_the_file(world: World) -> None:
    asked = await handed_in(world)
    await world.mention("and so on", thread_ts=asked.ts)
    await world.until(world.answered(asked.ts, count=2))
    await world.slack.delete_file(asked.slack_file)
    await world.until(forgotten(world))
    assert ASKED in str(kept(world))
    await world.slack.delete(world.general, asked.ts)
    await world.until(lambda: ASKED not in str(kept(world)))
    await world.settle()
    assert memory(world) == ["user", "assistant"]
    assert "and so on" in str(kept(world))


async def test_an_edit_that_takes_a_file_away_lets_it_be_forgotten(world: World) -> None:
    asked = await handed_in(world)
    message = world.slack.channels[world.general].messages[asked.ts]
    before = {"user": world.ann, "ts": asked.ts, "text": message.text, "files": list(message.files)}
    event = {"type": "message", "subtype": "message_changed", "channel": world.general, "channel_type": "channel"}
    now = {**before, "files": []}
    await world.slack.send_event({**event, "message": now, "previous_message": before, "ts": "1800000000.1"})
    await world.until(forgotten(world))
    assert world.openai.files == {}
    assert HANDBOOK not in under(world, asked)


async def test_a_picture_and_what_was_said_of_it_leave_the_memory(world: World) -> None:
    world.openai.queue(Script(Text("It is all navy.")))
    ts = await world.drop("blue.png", documents.picture(), "what do you see?")
    await world.until(world.answered(ts))
    assert memory(world) == ["user", "user", "assistant"]
    (file,) = world.slack.channels[world.general].messages[ts].files
    await world.slack.delete_file(file["id"])
    await world.until(forgotten(world))
    assert memory(world) == ["user"]
    assert world.openai.files == {}
    assert world.only_answer(ts).text == "It is all navy."
    assert "navy" not in await ask(world, Asked(ts, file["id"], ""))


# -- while it is being answered


async def test_a_file_deleted_while_its_answer_is_given_does_not_come_back(world: World) -> None:
    opened = asyncio.Event()
    world.openai.queue(Script(FileSearch([ASKED]), Text(deltas=["They have", Gate(opened), " 25."])))
    world.openai.default = lambda _turn: Script(Text("I cannot find it."))
    ts = await world.drop("handbook.md", HANDBOOK, ASKED)
    await world.until(lambda: world.answers(ts))
    (file,) = world.slack.channels[world.general].messages[ts].files
    await world.slack.delete_file(file["id"])
    await world.until(lambda: world.answers(ts) and "cannot" in world.answers(ts)[0].text)
    opened.set()
    await world.until(world.answered(ts))
    await world.until(forgotten(world))
    assert world.only_answer(ts).text == "I cannot find it."
    assert world.openai.files == {}
    for trace in (HANDBOOK, "25."):
        assert trace not in saw(world)
        assert trace not in json.dumps([one.items for one in world.openai.conversations.values()])


async def test_a_file_deleted_while_it_is_fetched_does_not_come_back(world: World) -> None:
    content = HANDBOOK + " " * 5000
    file = world.slack.add_file("handbook.md", content.encode(), world.ann)
    world.slack.deliver(file["id"], Delivery(pace=2.0, chunk=1000))
    world.openai.default = lambda _turn: Script(Text("Nothing to read."))
    ts = await world.slack.post(world.general, world.ann, f"{world.at_bot} {ASKED}", files=[file])
    await world.until(lambda: world.slack.downloads)
    await world.slack.delete_file(file["id"])
    await world.until(world.answered(ts))
    await world.until(forgotten(world))
    assert rows(world, "SELECT 1 FROM file_places") == []
    assert world.openai.files == {}
    assert HANDBOOK not in saw(world)


async def test_a_file_deleted_while_it_is_fetched_for_another_question_does_not_come_back(world: World) -> None:
    file = world.slack.add_file("handbook.md", (HANDBOOK + " " * 5000).encode(), world.ann)
    world.slack.deliver(file["id"], Delivery(pace=2.0, chunk=1000))
    world.openai.default = lambda _turn: searching("So it is.")
    ts = await world.slack.post(world.general, world.ann, "for later", files=[file])
    await world.mention(ASKED, thread_ts=ts)
    await world.until(lambda: world.slack.downloads)
    await world.slack.delete_file(file["id"])
    await world.until(world.answered(ts))
    assert HANDBOOK in saw(world)  # it was fetched before anybody could know
    await world.until(lambda: not world.openai.files)
    await world.until(forgotten(world))
    assert HANDBOOK not in under(world, Asked(ts, file["id"], ""))
    assert memory(world) == ["user"] * len(memory(world))


# -- refused


async def test_what_is_refused_is_tried_again_until_it_holds_and_blocks_nothing_else(world: World) -> None:
    asked = await handed_in(world)
    other = await handed_in(world, "notes.md", NOTES)
    world.openai.lock(next(iter(world.openai.conversations)))
    world.openai.faults.always(DETACH, Fault(FaultKind.REFUSE, status=500))
    await world.slack.delete_file(asked.slack_file)
    await world.until(lambda: HANDBOOK not in under(world, asked))
    world.openai.faults.clear(DETACH)
    await world.slack.delete_file(other.slack_file)
    await world.until(lambda: other.file_id not in world.openai.files)
    assert asked.file_id in world.openai.files  # the memory still names it
    assert rows(world, "SELECT state FROM file_places") == [("leaving",)]
    world.openai.unlock(next(iter(world.openai.conversations)))
    world.openai.faults.add(DELETE_FILE, Fault(FaultKind.REFUSE, status=500), times=8)
    await world.until(forgotten(world))
    assert world.openai.files == {}


async def test_an_answer_that_slack_lets_nobody_edit_stays_and_the_rest_goes(world: World) -> None:
    asked = await handed_in(world)
    world.slack.faults.always("chat.update", slack_error("edit_window_closed"))
    await world.slack.delete_file(asked.slack_file)
    await world.until(forgotten(world))
    assert HANDBOOK in under(world, asked)
    assert world.openai.files == {}
    assert memory(world) == ["user"]


async def test_another_process_finishes_what_one_left(make_world: MakeWorld) -> None:
    world = await make_world()
    async with world.running():
        asked = await handed_in(world)
        world.openai.faults.always(DELETE_ITEM, Fault(FaultKind.REFUSE, status=500))
        await world.slack.delete_file(asked.slack_file)
        await world.until(lambda: rows(world, "SELECT 1 FROM file_places WHERE state = 'leaving'"))
    world.openai.faults.clear(DELETE_ITEM)
    async with world.running():
        await world.until(forgotten(world))
    assert world.openai.files == {}
    assert memory(world) == ["user"]


# -- changed


async def test_a_changed_file_is_taken_anew(world: World) -> None:
    asked = await handed_in(world)
    await world.slack.change_file(asked.slack_file, title="Our handbook")
    await world.until(forgotten(world))
    assert list(world.openai.files) == [asked.file_id]  # other words about the same bytes
    await world.slack.change_file(asked.slack_file, CHANGED.encode())
    await world.until(lambda: asked.file_id not in world.openai.files)
    await world.until(forgotten(world))
    assert len(world.openai.files) == 1
    later = await ask(world, asked)
    assert CHANGED in later
    assert HANDBOOK not in later
    assert HANDBOOK not in under(world, asked)


async def test_a_file_that_is_only_replaced_at_openai_is_not_forgotten(world: World) -> None:
    assert world.bot is not None
    asked = await handed_in(world)
    files, removal = world.bot.store.files, world.bot.removal
    await world.database.change("UPDATE files SET expires_after = 86400, expires_at = created_at + 60")
    (old,) = await files.of_message(world.slack.team, world.general, asked.ts)
    same = {name: getattr(old, name) for name in NewPlace.__dataclass_fields__ if hasattr(old, name)}
    about = {name: getattr(old.file, name) for name in ("sha256", "name", "size")}
    await files.place(NewPlace(**same, **about, expires_after=86400))
    removal.wake()
    await world.until(lambda: asked.file_id not in world.openai.files)
    await world.until(forgotten(world))
    assert HANDBOOK in under(world, asked)
    assert memory(world)[-1] == "assistant"


# -- the sweep


async def test_the_sweep_takes_what_is_idle_or_unused_and_nothing_that_is_not_ours(
    world: World, tmp_path: Path
) -> None:
    assert world.bot is not None
    asked = await handed_in(world)
    engine = Engine.connect(world.openai.api_key, world.openai.base_url, world.clock)
    (tmp_path / "foreign.md").write_text(HANDBOOK)
    foreign = await FileShelf(engine).upload(tmp_path / "foreign.md", "handbook.md", "text/markdown")
    await engine.close()
    stray = f"INSERT INTO files SELECT 99, team, 'x', name, size, copy, '{foreign}x', state, created_at - 7200"
    columns = "id, team, sha256, name, size, copy, openai_file_id, state, created_at"
    await world.database.change(
        "UPDATE file_places SET used_at = used_at - 40 * 86400",
        stray.replace("INTO files", f"INTO files ({columns})") + " FROM files",
    )
    store, removal = world.bot.store, world.bot.removal
    await Sweep(store, removal, world.clock, idle_days=50, retention_days=None).once()
    await world.until(forgotten(world))
    assert set(world.openai.files) == {asked.file_id, foreign}
    assert rows(world, "SELECT openai_file_id FROM files") == [(asked.file_id,)]
    await Sweep(store, removal, world.clock, idle_days=30, retention_days=None).once()
    await world.until(forgotten(world))
    assert set(world.openai.files) == {foreign}
    assert rows(world, "SELECT 1 FROM files") == []
    assert len(rows(world, "SELECT 1 FROM runs")) == 1
    await world.database.change("UPDATE runs SET finished_at = finished_at - 40 * 86400")
    await Sweep(store, removal, world.clock, idle_days=30, retention_days=30).once()
    assert rows(world, "SELECT 1 FROM runs") == []
