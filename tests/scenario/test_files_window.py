"""The modal that lists files: by command and by shortcut, for members, with Remove for those who may."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from bot import words
from bot.attachments.listing import NEXT, PER_PAGE, PREVIOUS, REMOVE
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Script, Text
from bot.playground.slack.records import Modal, slack_error
from tests import documents
from tests.scenario.test_details import buttons, shown
from tests.scenario.world import World

MakeWorld = Callable[..., Any]

COMMAND, SHORTCUT = "/threadmate", "files_in_thread"


def heads(modal: Modal) -> list[str]:
    """The sentences and the names in it."""
    return [block["text"]["text"] for block in modal.blocks if block["type"] == "section"]


def about(modal: Modal, name: str) -> list[str]:
    """What it says of a file."""
    place = heads(modal).index(name)
    contexts = [block for block in modal.blocks if block["type"] == "context"]
    return [element["text"] for element in contexts[place]["elements"]]


def removable(modal: Modal) -> list[str]:
    return [block["text"]["text"] for block in modal.blocks if "accessory" in block]


async def dropped(world: World, name: str, content: bytes | str = "Leave is 25 days.", **where: Any) -> str:
    """A file in a thread of its own, and the answer to it."""
    world.openai.default = lambda _turn: Script(Text("Yes."))
    ts = await world.drop(name, content, "look", **where)
    await world.until(world.answered(ts, where.get("channel")))
    return ts


async def filled(world: World, user: str, before: Modal | None = None) -> Modal:
    """The modal that is opened after that one, once it is filled."""

    def loaded() -> Modal | None:
        modal = world.slack.modal_of(user)
        return modal if modal not in (None, before) and words.FILES_LOADING not in shown(modal) else None

    await world.until(loaded)
    modal = loaded()
    assert modal is not None
    return modal


async def listed(world: World, user: str | None = None, channel: str | None = None, text: str = "files") -> Modal:
    """The modal behind the command."""
    person = user or world.ann
    before = world.slack.modal_of(person)
    assert await world.meanwhile(world.slack.command(COMMAND, text, channel or world.general, person))
    return await filled(world, person, before)


async def listed_at(world: World, ts: str, user: str | None = None) -> Modal:
    """The modal behind the shortcut."""
    person = user or world.ann
    before = world.slack.modal_of(person)
    assert await world.meanwhile(world.slack.shortcut(SHORTCUT, world.general, ts, person))
    return await filled(world, person, before)


async def press(world: World, modal: Modal, action: str, value: str | None = None) -> None:
    before = modal.hash
    assert await world.meanwhile(world.slack.press_in_modal(modal.id, modal.user, action, value))
    await world.until(lambda: modal.hash != before)


async def test_the_files_of_a_thread_and_of_the_channel_are_listed(world: World) -> None:
    first = await dropped(world, "handbook.txt")
    picture = await dropped(world, "chart.png", documents.picture(), user=world.bo)
    await dropped(
        world, "secret.txt", channel=world.slack.add_channel("secret", kind="private", members=(world.bo,))
    )
    modal = await listed_at(world, first)
    assert (modal.title, modal.user) == (words.FILES_TITLE, world.ann)
    assert heads(modal) == ["handbook.txt"]
    when, size, *rest = about(modal, "handbook.txt")
    assert when.startswith(f"<!date^{first.split('.')[0]}^")
    assert size == "17 bytes"
    assert rest == ["posted by Ann", "ready", "this thread only"]
    assert removable(modal) == ["handbook.txt"]
    assert heads(await listed_at(world, world.only_answer(picture).ts, world.bo)) == ["chart.png"]
    whole = await listed(world, text=" FILES ")
    assert heads(whole) == ["chart.png", "handbook.txt"]
    assert about(whole, "chart.png")[2:] == ["posted by Bo", "ready", "one thread only"]
    assert removable(whole) == ["handbook.txt"]
    assert heads(await listed(world, channel=world.slack.dm(world.ann))) == [words.FILES_NONE_IN_CHANNEL]


async def test_what_is_in_the_library_is_listed_in_every_thread_and_what_failed_with_its_reason(
    world: World,
) -> None:
    world.openai.fail_indexing("broken.txt", "invalid_file")
    ts = await dropped(world, "handbook.txt")
    broken = await dropped(world, "broken.txt", "Broken.")
    assert about(await listed_at(world, broken), "broken.txt")[3] == words.FILES_FAILED["invalid_file"]
    assert await world.meanwhile(world.slack.shortcut("add_to_library", world.general, ts, world.ann))
    await world.until(world.answered(ts, count=2))
    other = await world.mention("nothing here")
    await world.until(world.answered(other))
    modal = await listed_at(world, other)
    assert about(modal, "handbook.txt")[4] == words.FILES_LIBRARY


async def test_a_file_is_removed_by_whoever_posted_it_and_the_modal_shows_what_is_left(world: World) -> None:
    await dropped(world, "handbook.txt")
    await dropped(world, "other.txt", "Something else.")
    modal = await listed(world)
    (wanted,) = (
        block["accessory"]
        for block in modal.blocks
        if block["type"] == "section" and block["text"]["text"] == "handbook.txt"
    )
    assert wanted["confirm"]["text"]["text"] == words.FILES_REMOVE_TEXT.format(name="handbook.txt")
    await remove(world, modal, "handbook.txt")
    assert heads(modal) == ["other.txt"]
    assert heads(await listed(world)) == ["other.txt"]
    await world.until(lambda: "handbook.txt" not in held_by(world))
    assert "other.txt" in held_by(world)


def held_by(world: World) -> set[str]:
    """The names of what all stores hold."""
    return {file.filename for store in world.openai.vector_stores.values() for file in store.files.values()}


async def remove(world: World, modal: Modal, name: str) -> None:
    """Press Remove behind that file; the emulator asks nobody for a confirmation."""
    values = {block["text"]["text"]: block["accessory"]["value"] for block in modal.blocks if "accessory" in block}
    action = one_of(modal, values[name])
    await press(world, modal, action)


def one_of(modal: Modal, value: str) -> str:
    """Make that button the only one with its action id, so that it is the one that is pressed."""
    for block in modal.blocks:
        if "accessory" in block and block["accessory"]["value"] != value:
            block["accessory"]["action_id"] = "another"
    return REMOVE


async def test_what_a_button_says_is_checked_when_it_is_pressed(world: World) -> None:
    await dropped(world, "anns.txt")
    await dropped(world, "bos.txt", "Something else.", user=world.bo)
    private = world.slack.add_channel("secret", kind="private", members=(world.ann,))
    await dropped(world, "hidden.txt", "Hidden.", channel=private)
    modal = await listed(world)
    (button,) = (block["accessory"] for block in modal.blocks if "accessory" in block)
    ids = {place.shown: place.id for place in await places(world)}
    button["value"] = str(ids["bos.txt"])
    await press(world, modal, REMOVE)
    assert heads(modal) == [words.FILES_NOT_YOURS, "bos.txt", "anns.txt"]
    (button,) = (block["accessory"] for block in modal.blocks if "accessory" in block)
    button["value"] = str(ids["hidden.txt"])
    await press(world, modal, REMOVE)
    (button,) = (block["accessory"] for block in modal.blocks if "accessory" in block)
    button["value"] = "x"
    await press(world, modal, REMOVE)
    assert heads(modal) == ["bos.txt", "anns.txt"]
    assert {place.shown for place in await places(world)} == {"anns.txt", "bos.txt", "hidden.txt"}


async def places(world: World) -> list[Any]:
    assert world.bot is not None
    files = world.bot.store.files
    return [
        place for channel in world.slack.channels for place in await files.of_channel(world.slack.team, channel)
    ]


async def test_an_administrator_removes_what_others_posted(make_world: MakeWorld) -> None:
    world: World = await make_world(admins="U0000000007, U0000001002")
    assert world.ann in world.settings().admins
    async with world.running():
        await dropped(world, "bos.txt", user=world.bo)
        modal = await listed(world)
        assert removable(modal) == ["bos.txt"]
        await press(world, modal, REMOVE)
        assert heads(modal) == [words.FILES_NONE_IN_CHANNEL]


async def test_two_clicks_remove_once(world: World) -> None:
    await dropped(world, "handbook.txt")
    modal = await listed(world)
    pressed = [world.slack.press_in_modal(modal.id, world.ann, REMOVE) for _ in range(2)]
    await world.meanwhile(asyncio.gather(*pressed))
    await world.until(lambda: heads(modal) == [words.FILES_NONE_IN_CHANNEL])
    await world.until(lambda: "handbook.txt" not in held_by(world))


async def test_pages_are_turned(world: World) -> None:
    place = await dropped(world, "file-0.txt", "0")
    files = [world.slack.add_file(f"file-{n}.txt", f"{n}".encode(), world.ann) for n in range(1, PER_PAGE + 1)]
    asked = f"{world.at_bot} and these"
    for begin in range(0, PER_PAGE, 10):
        await world.slack.post(
            world.general, world.ann, asked, thread_ts=place, files=files[begin : begin + 10], subtype="file_share"
        )
    await world.until(lambda: len(world.database.rows("SELECT 1 FROM messages WHERE state = 'answered'")) == 3)
    modal = await listed_at(world, place)
    assert len(heads(modal)) == PER_PAGE
    assert buttons(modal) == [NEXT]
    await press(world, modal, NEXT)
    assert heads(modal) == ["file-0.txt"]
    await press(world, modal, PREVIOUS)
    assert buttons(modal) == [NEXT]


async def test_only_members_see_the_files_of_a_channel(world: World) -> None:
    private = world.slack.add_channel("secret", kind="private", members=(world.ann, world.bo))
    await dropped(world, "secret.txt", channel=private)
    modal = await listed(world, world.bo, private)
    assert heads(modal) == ["secret.txt"]
    world.slack.channels[private].members.discard(world.bo)
    modal.view["blocks"].append(
        {
            "type": "actions",
            "elements": [{"type": "button", "action_id": NEXT, "text": {"type": "plain_text", "text": "x"}}],
        }
    )
    await press(world, modal, NEXT)
    assert heads(modal) == [words.FILES_MEMBERS_ONLY]
    elsewhere = world.slack.add_channel("elsewhere", kind="private", members=(world.ann,), bot_is_member=False)
    assert heads(await listed(world, world.ann, elsewhere)) == [words.LIBRARY_NOT_HERE]
    world.slack.faults.add("conversations.members", slack_error("missing_scope"))
    assert heads(await listed(world)) == [words.LIBRARY_NOT_HERE]


async def test_a_modal_is_only_for_whom_it_was_opened_for(world: World) -> None:
    await dropped(world, "handbook.txt")
    modal = await listed(world)
    modal.view["private_metadata"] = json.dumps({**json.loads(modal.view["private_metadata"]), "user": world.bo})
    before = modal.hash
    assert await world.meanwhile(world.slack.press_in_modal(modal.id, world.ann, REMOVE))
    await world.settle()
    assert modal.hash == before
    assert {place.shown for place in await places(world)} == {"handbook.txt"}


async def test_the_command_says_what_it_can_do(world: World) -> None:
    for text in ("", "help", "files please", "remove all"):
        assert await world.meanwhile(world.slack.command(COMMAND, text, world.general, world.ann))
    assert [told.text for told in world.slack.ephemerals] == [words.COMMAND_HELP] * 4
    assert world.slack.modal_of(world.ann) is None


async def test_a_modal_that_slack_does_not_open_is_told(world: World) -> None:
    for _ in range(2):
        world.slack.faults.add("views.open", slack_error("expired_trigger_id"))
    ts = await dropped(world, "handbook.txt")
    assert await world.meanwhile(world.slack.command(COMMAND, "files", world.general, world.ann))
    await world.until(lambda: world.slack.ephemerals)
    assert await world.meanwhile(world.slack.shortcut(SHORTCUT, world.general, ts, world.ann))
    await world.until(lambda: len(world.slack.ephemerals) == 2)
    assert [told.text for told in world.slack.ephemerals] == [words.FILES_LATE] * 2


async def test_names_are_only_names(world: World) -> None:
    eve = world.slack.add_person("<!channel> Eve", display_name="<!channel> Eve")
    await dropped(world, "<!here> <@U0000000001> *b*.txt", user=eve)
    modal = await listed(world, eve)
    assert world.slack.live_mentions == []
    texts = [block["text"] for block in modal.blocks if block["type"] == "section"]
    assert [text["type"] for text in texts] == ["plain_text"]


async def test_it_opens_at_once_and_says_that_it_is_loading(world: World) -> None:
    held = world.slack.faults.add("conversations.members", Fault(FaultKind.HOLD))
    assert await world.meanwhile(world.slack.command(COMMAND, "files", world.general, world.ann))
    await world.until(held.reached.is_set)
    modal = world.slack.modal_of(world.ann)
    assert modal is not None
    assert heads(modal) == [words.FILES_LOADING]
    held.released.set()
    assert heads(await filled(world, world.ann)) == [words.FILES_NONE_IN_CHANNEL]
