"""Files that an answer made are posted below it: once, whatever breaks; nobody sees an address in the sandbox."""

import base64
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import pytest

from bot import words
from bot.attachments.making import Bounds
from bot.files import sentences
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.containers import Container
from bot.playground.openai.script import (
    CodeInterpreter,
    ImageGeneration,
    MadeCitation,
    Part,
    Pause,
    Script,
    Text,
)
from bot.playground.slack import slack_error
from bot.playground.slack.seen import SeenMessage
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World, said_below

HOME = "/mnt/data/"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
BEGIN, COMPLETE = "files.getUploadURLExternal", "files.completeUploadExternal"
CONTENT = "GET /containers/{id}/files/{file_id}/content"


@pytest.fixture
async def world(make_world: MakeWorld) -> AsyncIterator[World]:
    made: World = await make_world(assistant_tools="code_interpreter,image_generation")
    async with made.running():
        yield made


def code(*names: str, content: bytes = b"1,2", more: Mapping[str, bytes] | None = None) -> CodeInterpreter:
    """A run of code that wrote files of those names."""
    return CodeInterpreter("make()", files={HOME + name: content for name in names} | dict(more or {}))


async def answered(world: World, *parts: Part, messages: int = 2) -> str:
    """Ann asks and is answered with that, in so many messages; the question's ts."""
    world.openai.queue(Script(*parts))
    ts = await world.mention("make it")
    await world.until(world.answered(ts, count=messages))
    return ts


def posted(world: World, ts: str) -> list[str]:
    """The names of all files that people see in the thread, in order."""
    return [str(file.get("name")) for message in world.answers(ts) for file in message.files]


async def meddled(
    world: World,
    meddle: Callable[[Container], None],
    part: CodeInterpreter,
    text: str = "Done.",
    cited: Sequence[MadeCitation] = (),
) -> str:
    """As `answered`, but not awaited: something is done to the container while the model thinks on."""
    world.openai.queue(Script(part, Pause(5), Text(text, annotations=cited)))
    ts = await world.mention("make it")
    await world.until(lambda: [one for one in world.openai.containers.values() if one.files])
    (container,) = world.openai.containers.values()
    meddle(container)
    return ts


def completed(world: World) -> bool:
    """Whether the one run has ended, as the database has it."""
    return world.database.rows("SELECT status FROM runs") == [("completed",)]


def bound(world: World, bounds: Bounds) -> None:
    """Let one answer bring no more than that."""
    assert world.bot is not None
    (desk,) = world.bot.worker._answer.args  # type: ignore[attr-defined]
    desk.library.produced.bounds = bounds


def answer(world: World, ts: str) -> SeenMessage:
    """The one message that is no file."""
    (said,) = [message for message in world.answers(ts) if not message.files]
    return said


# -- what is posted


async def test_what_code_made_stands_below_the_answer_cited_or_not(world: World) -> None:
    cited = Text(
        "Here is [the chart](sandbox:/mnt/data/chart.png).", annotations=[MadeCitation(HOME + "chart.png")]
    )
    ts = await answered(world, code("raw.csv", more={HOME + "chart.png": PNG}), cited)
    first, below = world.answers(ts)
    assert (first.text, first.edited) == ("Here is the chart (“chart.png”).", False)
    assert [file["name"] for file in below.files] == ["chart.png", "raw.csv"]
    assert world.slack.content_of(below.files[0]["id"]) == PNG
    assert said_below(first) == []
    assert world.slack.working() == []


async def test_a_later_answer_posts_only_what_it_made_itself(world: World) -> None:
    ts = await answered(world, code("one.csv"), Text("One."))
    await world.clock.advance(5)
    world.openai.queue(Script(code("two.csv"), Text("Two, beside [one](sandbox:/mnt/data/one.csv).")))
    await world.mention("and two?", thread_ts=ts)
    await world.until(world.answered(ts, count=4))
    assert len(world.openai.containers) == 1
    assert posted(world, ts) == ["one.csv", "two.csv"]
    assert "one.csv" not in "".join(world.last_input())


async def test_a_follow_up_after_a_file_needs_no_mention_and_files_are_told_when_memory_is_gone(
    world: World,
) -> None:
    ts = await answered(world, code("one.csv"), Text("One."))
    await world.slack.post(world.general, world.ann, "thanks", thread_ts=ts)
    await world.until(world.answered(ts, count=3))
    world.openai.conversations.clear()
    await world.slack.post(world.general, world.ann, "again", thread_ts=ts)
    await world.until(world.answered(ts, count=4))
    assert "one.csv" in world.last_input()[0]


async def test_generated_images_are_posted_also_without_a_word(world: World) -> None:
    ts = await answered(world, ImageGeneration(PNG, "A cat, asleep"), ImageGeneration(PNG, "A dog"))
    first, below = world.answers(ts)
    assert said_below(first) == [words.MADE]
    assert [file["name"] for file in below.files] == ["image.png", "image-2.png"]
    assert [file["alt_txt"] for file in below.files] == ["A cat, asleep", "A dog"]
    assert world.slack.content_of(below.files[0]["id"]) == PNG


async def test_more_than_twenty_files_and_fifty_megabytes_are_left_out_and_that_is_said(world: World) -> None:
    names = [f"{number}.csv" for number in range(23)]
    ts = await answered(world, code(*names), Text("Done."), messages=3)
    assert posted(world, ts) == names[:20]
    assert [len(message.files) for message in world.answers(ts)] == [0, 10, 10]
    assert said_below(answer(world, ts)) == [
        "Left out, as one answer may bring at most 20 files and 50 MB: “20.csv”, “21.csv”, “22.csv”."
    ]


@pytest.mark.parametrize("told", [True, False], ids=["size told", "size not told"])
async def test_bytes_are_bounded_whether_or_not_openai_tells_them(world: World, *, told: bool) -> None:
    bound(world, Bounds(size=1_000))
    made = {HOME + "large.bin": b"x" * 1_001, HOME + "small.csv": b"x" * 600, HOME + "second.csv": b"y" * 600}

    def hide(container: Container) -> None:
        for file in container.files.values():
            file.size = file.size if told else 0

    ts = await meddled(world, hide, code(more=made))
    await world.until(world.answered(ts, count=2))
    assert len(posted(world, ts)) == 1
    (said,) = said_below(answer(world, ts))
    assert "“large.bin”" in said
    assert ("“second.csv”" in said) != ("“small.csv”" in said)


async def test_hostile_names_are_harmless(world: World) -> None:
    hostile = "\u202egnp.<!channel>`*" + "x" * 150 + ".csv"
    shown = f"[open]({'sandbox:' + HOME + hostile.replace('x' * 150, 'x')})"
    world.slack.faults.add(COMPLETE, slack_error("storage_limit_reached"))
    ts = await answered(world, code(hostile, more={HOME + "a/../../b\n.csv": b"1"}), Text(shown), messages=1)
    assert "sandbox" not in answer(world, ts).text
    assert len(said_below(answer(world, ts))) == 2
    assert not any(set("\u202e\n/") & set(upload.filename) for upload in world.slack.uploads)


# -- nobody sees an address of the sandbox


async def test_an_address_told_in_pieces_is_never_on_the_screen(world: World) -> None:
    pieces: list[str | Pause] = []
    for piece in (
        "It is [h",
        "ere](sand",
        "box:/",
        "/mnt/da",
        "ta/a.csv), or sandb",
        "ox:/mnt/data/a.csv",
        " too.",
    ):
        pieces += [piece, Pause(1.5)]
    saving = Text("I am saving sandbox:/mnt/data/a.csv", phase="commentary")
    world.openai.queue(Script(saving, Pause(3), code("a.csv"), Text(deltas=pieces)))
    ts = await world.mention("make it")
    seen: set[str] = set()

    def watched() -> bool:
        seen.update(message.text for message in world.answers(ts))
        seen.add(world.slack.status_text(world.general, ts) or "")
        return world.answered(ts, count=2)()

    await world.until(watched)
    assert len(seen) > 4
    assert "I am saving a.csv" in seen
    assert not any("sandb" in text for text in seen)
    assert answer(world, ts).text.replace("\u2060", "") == "It is here (“a.csv”), or a.csv too."


# -- what does not come is said


async def lost(world: World, *parts: Part) -> list[str]:
    ts = await answered(world, *parts, messages=1)
    assert posted(world, ts) == []
    return said_below(answer(world, ts))


REFUSALS = [
    (BEGIN, "storage_limit_reached", sentences.UPLOADS["storage_limit_reached"]),
    (COMPLETE, "posting_to_channel_denied", sentences.UPLOADS["posting_to_channel_denied"]),
    (COMPLETE, "something_new", sentences.NOT_UPLOADED),
]


async def test_what_slack_refuses_is_said_under_the_answer(world: World) -> None:
    for method, error, sentence in REFUSALS:
        world.slack.faults.always(method, slack_error(error))
        assert await lost(world, code("a.csv"), Text("Done.")) == [sentence.format(name="a.csv")]
        world.slack.faults.clear(method)


async def test_many_losses_are_counted(world: World) -> None:
    world.slack.faults.always(BEGIN, slack_error("storage_limit_reached"))
    said = await lost(world, code(*(f"{number}.csv" for number in range(7))), Text("Done."))
    assert said[3:] == ["4 more did not come either."]


async def test_what_is_empty_or_not_given_or_not_shown_is_said(world: World) -> None:
    assert await lost(world, code("a.csv", content=b""), Text("Done.")) == [words.MADE_EMPTY.format(name="a.csv")]
    world.slack.drop_shares = 1
    said = await lost(world, code("b.csv"), Text("Done."))
    assert said == [words.MADE_NOT_SHOWN.format(names="“b.csv”")]
    world.openai.faults.always(CONTENT, Fault(FaultKind.REFUSE, status=503))
    assert await lost(world, code("c.csv"), Text("Done.")) == [words.MADE_UNREACHABLE.format(name="c.csv")]


async def test_what_takes_too_long_is_said(make_world: MakeWorld) -> None:
    world: World = await make_world(assistant_tools="code_interpreter", run_timeout=20)
    world.slack.faults.always("upload", Fault(FaultKind.HOLD))
    async with world.running():
        assert await lost(world, code("a.csv"), Text("Done.")) == [words.MADE_LATE.format(name="a.csv")]


async def test_a_container_that_expired_is_said_for_what_is_known_of_it(world: World) -> None:
    def shorten(container: Container) -> None:
        container.minutes = 0

    cited = [MadeCitation(HOME + "b.csv")]
    ts = await meddled(world, shorten, code("a.csv", "b.csv"), "See [a](sandbox:/mnt/data/a.csv).", cited)
    await world.until(world.answered(ts))
    assert posted(world, ts) == []
    said = said_below(answer(world, ts))
    assert sorted(said) == [words.MADE_GONE.format(name=name) for name in ("a.csv", "b.csv")]


# -- once, whatever breaks


LIST = "GET /containers/{id}/files"
BREAKS = [
    (LIST, FaultKind.RESET_BEFORE),
    (CONTENT, FaultKind.HOLD),
    (BEGIN, FaultKind.RESET_AFTER),
    ("upload", FaultKind.RESET_AFTER),
    (COMPLETE, FaultKind.RESET_AFTER),
    (COMPLETE, FaultKind.RESET_BEFORE),
    (COMPLETE, FaultKind.HOLD),
    ("files.info", FaultKind.HOLD),
]


def break_off(world: World, call: str, kind: FaultKind) -> Fault:
    """Let that call, OpenAI's or Slack's, have no answer once."""
    faults = world.openai.faults if call in (LIST, CONTENT) else world.slack.faults
    return faults.add(call, Fault(kind))


@pytest.mark.parametrize(("call", "kind"), BREAKS)
async def test_a_call_without_an_answer_loses_nothing_and_posts_nothing_twice(
    world: World, call: str, kind: FaultKind
) -> None:
    fault = break_off(world, call, kind)
    ts = await answered(world, code("a.csv", "b.csv"), Text("Done."))
    assert fault.reached.is_set()
    assert sorted(posted(world, ts)) == ["a.csv", "b.csv"]
    assert said_below(answer(world, ts)) == []


@pytest.mark.parametrize("call", [CONTENT, "upload", COMPLETE, "files.info", "chat.stopStream"])
async def test_what_a_shutdown_cuts_short_is_brought_by_the_next_process(make_world: MakeWorld, call: str) -> None:
    world: World = await make_world(assistant_tools="code_interpreter", shutdown_grace=0)
    fault = break_off(world, call, FaultKind.HOLD)
    async with world.running():
        world.openai.queue(Script(code("a.csv", "b.csv"), Text("Done.")))
        ts = await world.mention("make it")
        await world.until(fault.reached.is_set)
    async with world.running():
        await world.until(lambda: completed(world))
        assert sorted(posted(world, ts)) == ["a.csv", "b.csv"]
        assert answer(world, ts).text == "Done."
        assert said_below(answer(world, ts)) == []


async def test_a_file_that_appears_late_is_not_taken_for_the_next_reply(world: World) -> None:
    held = world.slack.faults.add(COMPLETE, Fault(FaultKind.DELAY, seconds=5))
    world.slack.faults.add("chat.startStream", Fault(FaultKind.RESET_BEFORE), skip=1)
    world.openai.queue(Script(code("a.csv"), Text("Done.")), Script(Text("Next.")))
    ts = await world.mention("make it")
    await world.until(lambda: [call for call in world.slack.calls if call.method == COMPLETE])
    await world.mention("and next?", thread_ts=ts)
    await world.until(world.answered(ts, count=3))
    assert held.reached.is_set()
    assert [(message.text, len(message.files)) for message in world.answers(ts)] == [
        ("Done.", 0),
        ("", 1),
        ("Next.", 0),
    ]


async def test_where_slack_cannot_say_what_became_of_a_file_it_is_not_posted_again(make_world: MakeWorld) -> None:
    world: World = await make_world(assistant_tools="code_interpreter", shutdown_grace=0)
    fault = break_off(world, COMPLETE, FaultKind.HOLD)
    async with world.running():
        world.openai.queue(Script(code("a.csv"), Text("Done.")))
        ts = await world.mention("make it")
        await world.until(fault.reached.is_set)
    world.slack.faults.always("files.info", slack_error("internal_error"))
    async with world.running():
        await world.until(lambda: completed(world))
        assert posted(world, ts) == ["a.csv"]
        assert said_below(answer(world, ts)) == [words.MADE_NOT_SHOWN.format(names="“a.csv”")]


async def test_an_upload_that_slack_discarded_meanwhile_is_made_again(make_world: MakeWorld) -> None:
    world: World = await make_world(assistant_tools="code_interpreter", shutdown_grace=0)
    fault = world.slack.faults.add(COMPLETE, Fault(FaultKind.RESET_BEFORE))
    looking = world.slack.faults.add("files.info", Fault(FaultKind.HOLD))
    async with world.running():
        world.openai.queue(Script(code("a.csv"), Text("Done.")))
        ts = await world.mention("make it")
        await world.until(looking.reached.is_set)
    world.slack.uploads.clear()
    async with world.running():
        await world.until(lambda: completed(world))
        assert fault.reached.is_set()
        assert posted(world, ts) == ["a.csv"]


# -- afterwards


async def test_an_answer_given_anew_leaves_the_old_files_and_posts_the_new(world: World) -> None:
    ts = await answered(world, code("old.csv"), Text("Old."))
    await world.clock.advance(5)
    world.openai.queue(Script(code("new.csv"), Text("New.")))
    await world.slack.press(world.general, answer(world, ts).ts, world.ann, "regenerate")
    await world.until(world.answered(ts, count=3))
    assert answer(world, ts).text == "New."
    assert posted(world, ts) == ["old.csv", "new.csv"]


async def test_with_a_deleted_question_its_files_go(world: World) -> None:
    ts = await answered(world, code("a.csv"), Text("Done."))
    (file,) = world.answers(ts)[1].files
    await world.slack.delete(world.general, ts)
    await world.until(lambda: world.answers(ts) == [] and not world.bot_is_busy())
    assert world.slack.files[file["id"]].deleted
