"""How people's files get to the model: in which order, within which limits, again after losses, and only once."""

from typing import Any

from bot import words
from bot.files import sentences
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import FileSearch, Script, Text
from bot.playground.openai.stores import VectorStore
from tests import documents
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World, said_below

RULE = documents.RULE
ASKED = "how many days of paid holiday are there?"
DELETE_ITEM = "DELETE /conversations/{id}/items/{item_id}"
UPLOAD = "POST /files"


def store_of(world: World) -> VectorStore:
    """The channel's store."""
    made = [one for name, one in world.openai.vector_stores.items() if name != OPERATOR_STORE]
    return made[-1]


def found(world: World) -> list[str]:
    """The names of the files that the newest answer's search found."""
    response = list(world.openai.responses.values())[-1]
    calls = [item for item in response["output"] if item["type"] == "file_search_call"]
    return sorted({result["filename"] for call in calls for result in call["results"] or ()})


async def ask(world: World, thread_ts: str | None = None, text: str = ASKED) -> str:
    """A question that is answered with a search; the thread's ts."""
    world.openai.queue(Script(FileSearch([RULE]), Text("25.")))
    before = len(world.answers(thread_ts)) if thread_ts else 0
    ts = await world.mention(text, thread_ts=thread_ts)
    await world.until(world.answered(thread_ts or ts, count=before + 1))
    return thread_ts or ts


async def drop(world: World, name: str, content: bytes | str, text: str = ASKED, **more: Any) -> str:
    """A file with a question, answered; the thread's ts."""
    thread: str | None = more.get("thread_ts")
    before = len(world.answers(thread, more.get("channel"))) if thread else 0
    ts = await world.drop(name, content, text, **more)
    await world.until(world.answered(thread or ts, more.get("channel"), count=before + 1))
    return thread or ts


def uploads(world: World) -> int:
    return sum((one.method, one.path) == ("POST", "/files") for one in world.openai.requests)


async def post_all(world: World, names: list[str], text: str = ASKED) -> str:
    """Several files with one message, answered; the thread's ts."""
    files = [world.slack.add_file(name, RULE.encode(), world.ann) for name in names]
    said = f"{world.at_bot} {text}"
    ts = await world.slack.post(world.general, world.ann, said, files=files, subtype="file_share")
    await world.until(world.answered(ts))
    return ts


async def test_what_is_being_read_is_said_one_after_the_other(world: World) -> None:
    names = ["one.md", "two.md", "three <!here>.md"]
    await post_all(world, names)
    said = [
        str(call.params["status"]) for call in world.slack.calls if call.method == "assistant.threads.setStatus"
    ]
    assert [status for status in said if status] == [
        "is reading one.md (1 of 3)…",
        "is reading two.md (2 of 3)…",
        "is reading three ‹!here›.md (3 of 3)…",
    ]


async def test_what_is_over_a_limit_is_said_and_the_rest_goes_on(make_world: MakeWorld) -> None:
    world = await make_world(
        max_file_bytes=5_000, max_files_per_thread=3, inline_file_max_bytes=100, inline_file_max_pages=1
    )
    async with world.running():
        files = [
            world.slack.add_file("big.txt", b"x" * 5_001, world.ann),
            world.slack.add_file("lying.txt", b"x" * 6_000, world.ann, size=10),
            world.slack.add_file("small.md", RULE.encode(), world.ann),
            world.slack.add_file("long.md", RULE.encode() * 10, world.ann),
        ]
        said = f"{world.at_bot} {ASKED}"
        ts = await world.slack.post(world.general, world.ann, said, files=files, subtype="file_share")
        await world.until(world.answered(ts))
        too_large = [
            sentences.REFUSALS["too_large"].format(name=name, limit="0.005 MB")
            for name in ("big.txt", "lying.txt")
        ]
        too_many = sentences.REFUSALS["too_many"].format(name="long.md")
        assert sorted(said_below(world.only_answer(ts))) == sorted([*too_large, too_many])
        assert [part["type"] for item in world.openai.creates[-1]["input"] for part in item["content"]] == [
            "input_file",
            "input_text",
            "input_text",
        ]
        await drop(world, "long.md", RULE * 10, thread_ts=ts)
        assert said_below(world.answers(ts)[-1]) == [], "two of three are free: what was refused takes no room"
        assert len(store_of(world).files) == 2
        kinds = [part["type"] for item in world.openai.creates[-1]["input"] for part in item["content"]]
        assert "input_file" not in kinds, "longer than INLINE_FILE_MAX_BYTES"


async def test_many_sentences_are_counted(world: World) -> None:
    files = [world.slack.add_file(f"{number}.txt", b"", world.ann) for number in range(13)]
    said = f"{world.at_bot} {ASKED}"
    ts = await world.slack.post(world.general, world.ann, said, files=files, subtype="file_share")
    await world.until(world.answered(ts))
    assert len(below := said_below(world.only_answer(ts))) == 11
    assert below[-1] == words.NOTES_MORE.format(count=3)


async def test_a_document_read_whole_does_not_stay_in_the_memory_even_if_that_fails_at_first(world: World) -> None:
    world.openai.faults.always(DELETE_ITEM, Fault(FaultKind.REFUSE, status=503, body={"error": {"message": "no"}}))
    ts = await drop(world, "rules.md", RULE)
    (conversation,) = world.openai.conversations.values()
    assert [part["type"] for part in conversation.items[0]["content"]] == ["input_file"]
    world.openai.faults.clear(DELETE_ITEM)
    await ask(world, ts)
    context = list(world.openai.contexts.values())[-1]
    kinds = [part["type"] for item in context if item["type"] == "message" for part in item["content"]]
    assert "input_file" not in kinds, "the next turn took it out before it began"
    before = len(world.openai.requests)
    await ask(world, ts)
    assert not [one for one in world.openai.requests[before:] if one.method == "DELETE"], "and nobody looks again"


async def test_the_ids_of_what_a_turn_added_are_kept(world: World) -> None:
    ts = await drop(world, "rules.md", RULE)
    assert world.bot is not None
    found_run = await world.bot.store.runs.of_reply(world.slack.team, world.general, world.only_answer(ts).ts)
    assert found_run is not None
    (kept,) = await world.bot.store.runs.responses(found_run[0].id)
    (response,) = world.openai.responses.values()
    assert kept.item_ids == tuple(item["id"] for item in response["output"])


async def test_files_of_messages_before_the_mention_are_read_too(world: World) -> None:
    root = await world.slack.post(
        world.general, world.bo, "", files=[world.slack.add_file("rules.md", RULE.encode(), world.bo)]
    )
    photo = world.slack.add_file("photo.png", documents.picture(), world.bo)
    await world.slack.post(world.general, world.bo, "look", thread_ts=root, files=[photo])
    locked = world.slack.add_file("locked.pdf", documents.pdf(password="x"), world.bo)
    bad = await world.slack.post(world.general, world.bo, "", thread_ts=root, files=[locked])
    await ask(world, root)
    assert found(world) == ["rules.md"]
    kinds = [part["type"] for item in world.openai.creates[-1]["input"] for part in item["content"]]
    assert "input_image" in kinds
    assert said_below(world.answers(root)[-1]) == [sentences.REFUSALS["encrypted"].format(name="locked.pdf")]
    warned = [message.ts for message in world.slack.thread(world.general, root) if "warning" in message.reactions]
    assert warned == [bad], "the warning is on the one message that it is about"


async def test_the_same_bytes_are_uploaded_once_as_far_as_names_and_scopes_allow(world: World) -> None:
    same = RULE.encode()
    files = [world.slack.add_file(name, same, world.ann) for name in ("a.md", "a.md", "b.md")]
    said = f"{world.at_bot} {ASKED}"
    first = await world.slack.post(world.general, world.ann, said, files=files, subtype="file_share")
    await world.until(world.answered(first))
    assert sorted(file.filename for file in world.openai.files.values()) == ["a.md", "b.md"]
    await drop(world, "a.md", same, thread_ts=first)
    assert uploads(world) == 2, "once more in the same thread: nothing new"
    await drop(world, "a.md", same, channel=world.slack.dm(world.ann))
    assert uploads(world) == 2, "in another channel: the same File in another store"
    second = await drop(world, "a.md", same)
    assert uploads(world) == 3, "in another thread of the channel: a File of its own, for it is found by its scope"
    await ask(world, second)
    assert found(world) == ["a.md"]


async def test_a_store_that_was_lost_is_filled_again_and_what_is_gone_is_named(world: World) -> None:
    first = await drop(world, "rules.md", RULE)
    await drop(world, "old.md", "Old rules.", thread_ts=first)
    other = await drop(world, "secret.md", f"{RULE} Nobody shall know.")
    lost = store_of(world)
    world.openai.stores.delete(lost.id)
    (old,) = (one for one in world.openai.files.values() if one.filename == "old.md")
    world.openai.delete_file(old.id)
    rules = [one for one in world.openai.files.values() if one.filename == "rules.md"]
    world.openai.delete_file(rules[0].id)
    forgotten = next(file for file in world.slack.files.values() if file.fields["name"] == "old.md")
    forgotten.deleted = True  # while nobody told us
    forgotten.refresh()
    await ask(world, first)
    assert store_of(world).id != lost.id
    assert found(world) == ["rules.md"], "uploaded again, from Slack"
    assert said_below(world.answers(first)[-1]) == [words.FILES_GONE.format(names="“old.md”")]
    await ask(world, first)
    assert said_below(world.answers(first)[-1]) == [], "it is said once"
    before = uploads(world)
    await ask(world, other)
    assert found(world) == ["secret.md"]
    assert uploads(world) == before, "its File is still there"


async def test_pictures_and_tables_that_openai_has_lost_do_not_end_the_thread(make_world: MakeWorld) -> None:
    world = await make_world(assistant_tools=("code_interpreter",))
    async with world.running():
        ts = await drop(world, "photo.png", documents.picture())
        await drop(world, "staff.csv", documents.table(), thread_ts=ts)
        for file in list(world.openai.files):
            world.openai.delete_file(file)
        await world.mention("what do you know?", thread_ts=ts)
        await world.until(world.answered(ts, count=3))
        (container,) = [tool["container"] for tool in world.openai.creates[-1]["tools"]]
        assert [world.openai.files[file].filename for file in container["file_ids"]] == ["staff.csv"]
        assert list(world.openai.responses.values())[-1]["status"] == "completed"


async def test_a_document_that_is_not_indexed_in_time_is_there_for_the_next_turn(make_world: MakeWorld) -> None:
    world = await make_world(inline_file_max_bytes=0, run_timeout=40)
    async with world.running():
        world.openai.stores.indexing_seconds = 60.0
        ts = await drop(world, "rules.md", RULE)
        assert said_below(world.only_answer(ts)) == [sentences.NOT_INDEXED["late"].format(name="rules.md")]
        assert world.slack.thread(world.general, ts)[0].reactions == {}, "it could be read, only not yet"
        await world.clock.advance(60)
        await ask(world, ts)
        assert found(world) == ["rules.md"]
        assert said_below(world.answers(ts)[-1]) == []
        assert uploads(world) == 1


async def test_a_document_that_cannot_be_indexed_is_told_by_its_reason(make_world: MakeWorld) -> None:
    world = await make_world(inline_file_max_bytes=0)
    async with world.running():
        codes = ("server_error", "unsupported_file", "invalid_file")
        for code in codes:
            world.openai.fail_indexing(f"{code}.md", code)
        ts = await post_all(world, [f"{code}.md" for code in codes])
        told = [sentences.NOT_INDEXED[code].format(name=f"{code}.md") for code in codes]
        assert said_below(world.only_answer(ts)) == told
        assert world.slack.thread(world.general, ts)[0].reactions == {"warning": {world.slack.bot_user}}
        assert world.openai.creates[-1]["tools"] == []


async def test_a_file_that_openai_did_not_take_just_now_is_there_for_the_next_turn(world: World) -> None:
    world.openai.faults.always(UPLOAD, Fault(FaultKind.REFUSE, status=503, body={"error": {"message": "no"}}))
    ts = await drop(world, "rules.md", RULE)
    assert said_below(world.only_answer(ts)) == [sentences.NOT_TAKEN.format(name="rules.md")]
    world.openai.faults.clear(UPLOAD)
    await ask(world, ts)
    assert found(world) == ["rules.md"]
