"""A workspace is the same after it was kept and found again."""

from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.playground.cast import furnish
from bot.playground.keeping import FILE, load, save
from bot.playground.slack import EmulatedSlack
from bot.playground.slack.records import Stream


async def test_what_was_said_is_there_again_and_nothing_gets_an_id_twice(tmp_path: Path) -> None:
    before = EmulatedSlack(SystemClock())
    acting = furnish(before)
    general = next(channel.id for channel in before.channels.values() if channel.name == "general")
    file = before.add_file("표.csv", b"a,b\n1,2\n", acting[1])
    ts = await before.post(general, acting[1], "보세요 &amp; hello", files=[file])
    await before.react(general, ts, acting[0], "eyes")
    save(before, acting, tmp_path)

    after = EmulatedSlack(SystemClock())
    assert load(after, tmp_path) == acting
    assert after.people == before.people
    assert after.thread(general, ts) == before.thread(general, ts)
    assert after.channels == before.channels
    assert after.content_of(file["id"]) == b"a,b\n1,2\n"
    assert after.add_person("New") not in before.people
    assert await after.post(general, acting[0], "later") > ts


async def test_a_file_is_shown_as_it_is_now_after_that_too(tmp_path: Path) -> None:
    slack = EmulatedSlack(SystemClock())
    ann = furnish(slack)[0]
    dm = slack.dm(ann)
    file = slack.add_file("plan.txt", b"x", ann)
    ts = await slack.post(dm, ann, "", files=[file])
    save(slack, [ann], tmp_path)
    again = EmulatedSlack(SystemClock())
    load(again, tmp_path)
    await again.delete_file(file["id"])
    assert again.thread(dm, ts)[0].files == [{"id": file["id"], "mode": "tombstone"}]


async def test_a_stream_that_was_open_has_died(tmp_path: Path) -> None:
    slack = EmulatedSlack(SystemClock())
    ann = furnish(slack)[0]
    dm = slack.dm(ann)
    message = slack.new_bot_message(None, "")
    message.stream = Stream(dies_at=1e12, text="half")
    slack.open_stream(slack.channels[dm], message)
    save(slack, [ann], tmp_path)
    again = EmulatedSlack(SystemClock())
    load(again, tmp_path)
    [seen] = again.thread(dm, message.ts)
    assert (seen.text, seen.streaming, seen.error_pill) == ("half", False, True)


def test_a_folder_without_a_workspace_is_new(tmp_path: Path) -> None:
    assert load(EmulatedSlack(SystemClock()), tmp_path) is None


def test_something_else_under_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[1]")
    with pytest.raises(ValueError, match="Kept"):
        load(EmulatedSlack(SystemClock()), tmp_path)
