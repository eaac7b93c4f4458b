"""Killed while a library is being changed: nothing is found by more than may find it, and it is done once."""

import asyncio

import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import Script, Text
from tests.crash.process import Rig

UPDATE = "POST /vector_stores/{id}/files/{file_id}"
ATTACH = "POST /vector_stores/{id}/files"
POST = "chat.postMessage"
CONTENT = b"People have 25 days of leave in a year."


def scopes(rig: Rig) -> list[str]:
    """By what the documents are found at OpenAI."""
    stores = [store for name, store in rig.openai.vector_stores.items() if name != OPERATOR_STORE]
    return sorted(str(one.attributes["scope"]) for store in stores for one in store.files.values())


def rows(rig: Rig) -> list[str]:
    """The same as our rows say."""
    return sorted(str(scope) for (scope,) in rig.rows("SELECT scope FROM file_places WHERE state = 'ready'"))


def notes(rig: Rig, ts: str) -> int:
    return sum("channel's library" in str(answer.blocks) for answer in rig.slack.replies(rig.general, ts))


async def posted(rig: Rig) -> str:
    """The document in a thread of its own, ready."""
    said = f"<@{rig.slack.bot_user}> look"
    file = rig.slack.add_file("handbook.txt", CONTENT, rig.ann)
    before = len(rig.statuses())
    ts = await rig.slack.post(rig.general, rig.ann, said, files=[file], subtype="file_share")
    await rig.until(lambda: rig.statuses()[before:] == ["completed"])
    return ts


async def use(rig: Rig, shortcut: str, ts: str) -> None:
    assert await rig.slack.shortcut(shortcut, rig.general, ts, rig.ann)


async def killed_at(rig: Rig, held: Fault, shortcut: str, ts: str) -> None:
    await use(rig, shortcut, ts)
    async with asyncio.timeout(20):
        await held.reached.wait()
    await rig.kill()


@pytest.mark.parametrize("call", [UPDATE, POST])
async def test_killed_while_a_document_is_put_into_the_library_and_taken_out(rig: Rig, call: str) -> None:
    rig.openai.default = lambda _turn: Script(Text("Yes."))
    faults = rig.openai.faults if call == UPDATE else rig.slack.faults
    await rig.start()
    ts = await posted(rig)
    await killed_at(rig, faults.add(call, Fault(FaultKind.HOLD)), "add_to_library", ts)
    assert rows(rig) == ["channel"]  # widened: OpenAI last, so never more than the rows say
    await rig.start()
    await rig.until(lambda: not rig.rows("SELECT id FROM library_changes"))
    assert (scopes(rig), rows(rig), notes(rig, ts)) == (["channel"], ["channel"], 1)

    await killed_at(rig, faults.add(call, Fault(FaultKind.HOLD)), "remove_from_library", ts)
    assert scopes(rig) == [ts]  # narrowed: OpenAI first
    await rig.start()
    await rig.until(lambda: not rig.rows("SELECT id FROM library_changes"))
    assert (scopes(rig), rows(rig), notes(rig, ts)) == ([ts], [ts], 2)


async def test_killed_while_a_second_thread_is_given_a_file_of_its_own(rig: Rig) -> None:
    rig.openai.default = lambda _turn: Script(Text("Yes."))
    await rig.start()
    first = await posted(rig)
    await use(rig, "add_to_library", first)
    await rig.until(lambda: notes(rig, first))
    second = await posted(rig)
    assert scopes(rig) == ["channel"]
    held = rig.openai.faults.add(ATTACH, Fault(FaultKind.HOLD))
    await killed_at(rig, held, "remove_from_library", first)
    assert scopes(rig) == sorted([first, second])
    await rig.start()
    await rig.until(lambda: not rig.rows("SELECT id FROM library_changes"))
    assert scopes(rig) == rows(rig) == sorted([first, second])
    assert rig.rows("SELECT count(*) FROM files") == [(2,)]
    assert len([one for one in rig.openai.files.values() if one.filename == "handbook.txt"]) == 2
    assert notes(rig, first) == 2
