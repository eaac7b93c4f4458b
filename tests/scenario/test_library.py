"""The library of a channel: documents that every thread in it may search, put there and taken out by members."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot import words
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import FileSearch, Gate, Script, Text
from bot.playground.slack.records import slack_error
from tests import documents
from tests.scenario.world import World, said_below

MakeWorld = Callable[..., Any]

HANDBOOK = "People of this company have 25 days of leave in a year, and five more for moving house.\n"
ASKED = "how many days of leave do people have in a year?"
ADD, REMOVE = "add_to_library", "remove_from_library"
UPDATE = "POST /vector_stores/{id}/files/{file_id}"


def searches(world: World) -> None:
    """The model searches whenever it can."""
    world.openai.default = lambda turn: Script(
        *(
            [FileSearch([ASKED])]
            if any(tool["type"] == "file_search" for tool in turn.body.get("tools", []))
            else []
        ),
        Text("They have 25."),
    )


def found(world: World) -> list[str]:
    """The names of the files in the newest answer's passages."""
    response = list(world.openai.responses.values())[-1]
    calls = [item for item in response["output"] if item["type"] == "file_search_call"]
    return [result["filename"] for call in calls for result in call["results"] or ()]


def shown_by(world: World) -> dict[str, str]:
    """Every document in the stores of channels: its File's id, and the scope by which it is found."""
    stores = [store for name, store in world.openai.vector_stores.items() if name != OPERATOR_STORE]
    return {one.file_id: str(one.attributes["scope"]) for store in stores for one in store.files.values()}


async def use(world: World, shortcut: str, ts: str, user: str | None = None, channel: str | None = None) -> None:
    """Use a shortcut on a message."""
    pressed = world.slack.shortcut(shortcut, channel or world.general, ts, user or world.ann)
    assert await world.meanwhile(pressed)


def notes(world: World, ts: str, channel: str | None = None) -> list[str]:
    """Our notes in a thread."""
    return [
        said
        for answer in world.answers(ts, channel)
        for said in said_below(answer)
        if "library" in said and len(answer.blocks) == 1
    ]


def told(world: World, user: str | None = None) -> list[str]:
    """What one person alone was told."""
    return [one.text for one in world.slack.ephemerals if one.user == (user or world.ann)]


async def posted(world: World, name: str = "handbook.txt", content: str = HANDBOOK, **where: Any) -> str:
    """A document in a thread of its own, asked about and answered."""
    ts = await world.drop(name, content, ASKED, **where)
    await world.until(world.answered(ts, where.get("channel")))
    return ts


async def asked(world: World, user: str | None = None, channel: str | None = None) -> list[str]:
    """The names of the files that a question in a new thread finds."""
    ts = await world.slack.post(channel or world.general, user or world.bo, f"{world.at_bot} {ASKED}")
    await world.until(world.answered(ts, channel))
    return found(world)


async def whispered(world: World, count: int = 1, user: str | None = None) -> str:
    """The last sentence that somebody alone was told, once there are so many."""
    await world.until(lambda: len(told(world, user)) >= count)
    return told(world, user)[-1]


async def made(world: World) -> None:
    """Return when no change waits any more."""

    def waiting() -> int:
        return len(world.database.rows("SELECT 1 FROM library_changes"))

    await world.until(lambda: not waiting())


async def added(world: World, ts: str, count: int = 1) -> None:
    await use(world, ADD, ts)
    await world.until(lambda: len(notes(world, ts)) == count)


async def test_a_document_is_put_into_the_library_and_taken_out_again(world: World) -> None:
    searches(world)
    ts = await posted(world)
    assert await asked(world) == []
    uploads = len(world.openai.files)
    await added(world, ts)
    (note,) = notes(world, ts)
    assert note == "Ann added “handbook.txt” to this channel's library: every thread here can search it now."
    assert await asked(world) == ["handbook.txt"]
    assert len(world.openai.files) == uploads  # an attribute was changed, nothing was uploaded
    elsewhere = world.slack.add_channel("elsewhere", members=(world.ann,))
    assert await asked(world, world.ann, elsewhere) == []

    await use(world, REMOVE, ts, world.bo)
    await world.until(lambda: len(notes(world, ts)) == 2)
    assert notes(world, ts)[1] == (
        "Bo removed “handbook.txt” from this channel's library: only its own thread can search it now."
    )
    assert await asked(world) == []
    await world.slack.post(world.general, world.ann, f"{world.at_bot} {ASKED}", thread_ts=ts)
    await world.until(world.answered(ts, count=4))
    assert found(world) == ["handbook.txt"]


async def test_a_document_that_nobody_asked_about_is_read_first(world: World) -> None:
    searches(world)
    file = world.slack.add_file("handbook.txt", HANDBOOK.encode(), world.bo)
    ts = await world.slack.post(world.general, world.bo, "for all of you", files=[file], subtype="file_share")
    await added(world, ts)
    assert await asked(world) == ["handbook.txt"]
    assert len(world.answers(ts)) == 1  # the note


async def test_an_answer_begun_beside_a_note_does_not_take_it_for_its_own(world: World) -> None:
    searches(world)
    ts = await posted(world)
    go_on = asyncio.Event()
    world.openai.queue(Script(Gate(go_on), Text("They have 25.")))
    before = len(world.openai.creates)
    await world.slack.post(world.general, world.ann, f"{world.at_bot} {ASKED}", thread_ts=ts)
    await world.until(lambda: len(world.openai.creates) > before)
    await added(world, ts)
    world.slack.faults.add("chat.startStream", Fault(FaultKind.RESET_BEFORE))
    go_on.set()
    await world.until(world.answered(ts, count=3))
    assert len(notes(world, ts)) == 1
    assert world.answers(ts)[-1].text == "They have 25."


async def test_in_a_dm_the_library_is_that_of_the_dm(world: World) -> None:
    searches(world)
    dm = world.slack.dm(world.ann)
    ts = await posted(world, channel=dm)
    await use(world, ADD, ts, channel=dm)
    await world.until(lambda: notes(world, ts, dm))
    assert await asked(world, world.ann, dm) == ["handbook.txt"]
    assert await asked(world) == []


async def test_two_clicks_are_one_change_and_a_third_is_told_so(world: World) -> None:
    searches(world)
    ts = await posted(world)
    await asyncio.gather(use(world, ADD, ts), use(world, ADD, ts))
    await world.until(lambda: notes(world, ts))
    await made(world)
    await use(world, ADD, ts, world.bo)
    assert await whispered(world, user=world.bo) == words.LIBRARY_HAS_IT.format(names="“handbook.txt”")
    assert len(notes(world, ts)) == 1
    await use(world, REMOVE, ts)
    await use(world, ADD, ts)
    await world.until(lambda: len(notes(world, ts)) == 3)
    assert set(shown_by(world).values()) == {"channel"}


async def test_what_cannot_be_in_a_library_is_said_to_whoever_asked(world: World) -> None:
    searches(world)
    bare = await world.slack.post(world.general, world.ann, "no file here")
    for count, shortcut in enumerate((ADD, REMOVE), start=1):
        await use(world, shortcut, bare)
        assert await whispered(world, count) == words.LIBRARY_NO_FILES
    picture = await world.drop("chart.png", documents.picture())
    await world.until(world.answered(picture))
    await use(world, ADD, picture)
    assert await whispered(world, 3) == words.LIBRARY_NOT_SEARCHED.format(names="“chart.png”")
    never = await world.drop("handbook.txt", HANDBOOK)
    await world.until(world.answered(never))
    await use(world, REMOVE, never)
    assert await whispered(world, 4) == words.LIBRARY_HAS_IT_NOT.format(names="“handbook.txt”")
    empty = await world.slack.post(
        world.general, world.ann, "look", files=[world.slack.add_file("empty.txt", b"", world.ann)]
    )
    await use(world, ADD, empty)
    assert "“empty.txt” is empty" in await whispered(world, 5)
    assert all(notes(world, ts) == [] for ts in (bare, picture, never, empty))


async def test_only_members_of_a_channel_in_which_we_are_may_change_its_library(world: World) -> None:
    searches(world)
    ts = await posted(world)
    using = asyncio.create_task(world.slack.shortcut(ADD, world.general, ts, world.bo))
    await asyncio.sleep(0)
    world.slack.channels[world.general].members.discard(world.bo)  # public channels can be read by anybody
    assert await world.meanwhile(using)
    await world.until(lambda: any(call.method == "conversations.members" for call in world.slack.calls))
    for count, kind in enumerate(("channel", "private"), start=1):
        elsewhere = world.slack.add_channel("elsewhere", kind=kind, members=(world.ann,), bot_is_member=False)
        file = world.slack.add_file("handbook.txt", HANDBOOK.encode(), world.ann)
        there = await world.slack.post(elsewhere, world.ann, "look", files=[file])
        await use(world, ADD, there, channel=elsewhere)
        assert await whispered(world, count) == words.LIBRARY_NOT_HERE
    assert "channel" not in shown_by(world).values()
    assert notes(world, ts) == []


async def test_the_library_of_a_shared_channel_is_closed(world: World) -> None:
    searches(world)
    ts = await posted(world)
    await added(world, ts)
    partner = world.slack.add_person("Eve", team="T0000000042")
    world.slack.share(world.general)
    assert await asked(world) == []
    assert "file_search" not in str(world.openai.creates[-1].get("tools"))
    other = await world.drop("other.txt", "Nothing about leave.\n", ASKED, user=world.bo)
    await world.until(world.answered(other))
    (tool,) = (one for one in world.openai.creates[-1]["tools"] if one["type"] == "file_search")
    assert tool["filters"]["value"] == [other]
    assert "handbook" not in str(world.openai.creates[-1])
    await use(world, ADD, other, world.bo)
    assert await whispered(world, user=world.bo) == words.LIBRARY_CLOSED
    again = await posted(world, user=world.bo)  # the same as in the closed library, but posted before everybody
    assert found(world) == ["handbook.txt"]
    assert sorted(shown_by(world).values()) == sorted(["channel", other, again])
    await world.slack.post(world.general, partner, "hello")
    with pytest.raises(LookupError):
        await world.slack.shortcut(ADD, world.general, other, partner)
    world.slack.unshare(world.general)
    assert "handbook.txt" in await asked(world)


@pytest.mark.parametrize("told_of_it", [True, False])
async def test_an_older_question_asked_anew_in_a_channel_shared_since_finds_nothing_of_the_library(
    world: World, told_of_it: bool
) -> None:
    searches(world)
    ts = await posted(world)
    await added(world, ts)
    question = await world.slack.post(world.general, world.ann, f"{world.at_bot} {ASKED}")
    await world.until(world.answered(question))
    assert found(world) == ["handbook.txt"]
    if told_of_it:
        world.slack.share(world.general)
    else:
        world.slack.channels[world.general].shared = True
        await world.clock.advance(61)
    await world.settle()
    before, answer = len(world.openai.creates), world.only_answer(question)
    assert await world.meanwhile(world.slack.press(world.general, answer.ts, world.ann, "regenerate"))
    await world.until(lambda: len(world.openai.creates) > before and not world.bot_is_busy())
    assert found(world) == []
    assert "container" not in [block["type"] for block in world.only_answer(question).blocks]


async def test_the_same_bytes_in_two_threads_are_in_the_library_once_and_both_keep_theirs(world: World) -> None:
    searches(world)
    first = await posted(world)
    await added(world, first)
    joined = await posted(world, user=world.bo)
    assert list(shown_by(world).values()) == ["channel"]
    await use(world, REMOVE, joined, world.bo)
    await world.until(lambda: notes(world, joined))
    assert sorted(shown_by(world).values()) == sorted([first, joined])
    assert await asked(world) == []
    for thread in (first, joined):
        count = len(world.answers(thread)) + 1
        await world.slack.post(world.general, world.ann, f"{world.at_bot} {ASKED}", thread_ts=thread)
        await world.until(world.answered(thread, count=count))
        assert found(world) == ["handbook.txt"]
    await use(world, ADD, joined)
    await world.until(lambda: len(notes(world, joined)) == 2)
    await made(world)
    await use(world, ADD, first, world.bo)
    assert await whispered(world, user=world.bo) == words.LIBRARY_HAS_IT.format(names="“handbook.txt”")
    assert sorted(shown_by(world).values()) == sorted([first, "channel"])


async def test_names_are_only_names(world: World) -> None:
    searches(world)
    eve = world.slack.add_person("<!channel> *Eve*\u202e", display_name="<!channel> *Eve*\u202e")
    world.slack.channels[world.general].members.add(eve)
    ts = await posted(world, "<!here> _x_ <@U0000000001>.txt", user=eve)
    await use(world, ADD, ts, eve)
    await world.until(lambda: notes(world, ts))
    (note,) = (answer for answer in world.answers(ts) if len(answer.blocks) == 1)
    assert note.blocks[0]["elements"][0]["type"] == "plain_text"
    assert world.slack.live_mentions == []
    assert "\u202e" not in notes(world, ts)[0]


async def test_when_openai_is_away_it_is_done_later_and_said_once(world: World) -> None:
    searches(world)
    ts = await posted(world)
    away = Fault(FaultKind.REFUSE, status=503, body={"error": {"message": "away", "type": "server_error"}})
    world.openai.faults.always(UPDATE, away)
    await use(world, ADD, ts)
    assert await whispered(world) == words.LIBRARY_LATER
    assert list(shown_by(world).values()) == [ts]
    world.openai.faults.clear(UPDATE)
    await world.until(lambda: notes(world, ts))
    assert list(shown_by(world).values()) == ["channel"]
    assert told(world) == [words.LIBRARY_LATER]


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER])
async def test_a_note_whose_outcome_is_unknown_is_there_once(world: World, kind: FaultKind) -> None:
    searches(world)
    ts = await posted(world)
    world.slack.faults.add("chat.postMessage", Fault(kind))
    await added(world, ts)
    await made(world)
    await use(world, ADD, ts)
    await whispered(world)
    assert len(notes(world, ts)) == 1


async def test_where_we_may_not_post_the_library_changes_all_the_same(world: World) -> None:
    searches(world)
    ts = await posted(world)
    world.slack.faults.add("chat.postMessage", slack_error("restricted_action"))
    await use(world, ADD, ts)
    await world.until(lambda: list(shown_by(world).values()) == ["channel"])
    await made(world)
    await use(world, ADD, ts)
    assert await whispered(world) == words.LIBRARY_HAS_IT.format(names="“handbook.txt”")
    assert notes(world, ts) == []
