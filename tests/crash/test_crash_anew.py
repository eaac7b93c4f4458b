"""Killed while an answer is given anew, or withdrawn, and started again: whole, once, or gone."""

import asyncio

import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Control, Pause, Reasoning, Script, Text
from tests.crash.process import Rig

NEW = "First the beginning. Then the middle of it. And at last the end."
PIECES: list[str | Control] = [
    "First the beginning. ",
    Pause(1.2),
    "Then the middle of it. ",
    "And at last the end.",
]

LIST_ITEMS = "GET /conversations/{id}/items"
DELETE_ITEM = "DELETE /conversations/{id}/items/{item_id}"


async def answered(rig: Rig) -> str:
    """A question and its whole answer; the thread. Whatever is answered later is NEW."""
    rig.openai.queue(Script(Reasoning(), Text("Old.")))
    rig.openai.default = lambda _turn: Script(Reasoning(), Text(NEW, deltas=PIECES))
    await rig.start()
    ts = await rig.mention("say it")
    await rig.until(lambda: rig.statuses() == ["completed"])
    return ts


async def killed_at(rig: Rig, service: str, call: str) -> None:
    """Let the process die in that call, which is executed, and start it again."""
    faults = rig.slack.faults if service == "slack" else rig.openai.faults
    held = faults.add(call, Fault(FaultKind.HOLD))
    async with asyncio.timeout(20):
        await held.reached.wait()
    await rig.kill()
    await rig.start()


def memory(rig: Rig) -> list[str]:
    """The kinds of items in the conversation, with the texts of messages."""
    (one,) = rig.openai.conversations.values()
    return [item["content"][0]["text"] if item["type"] == "message" else item["type"] for item in one.items]


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("slack", "conversations.replies"),
        ("openai", LIST_ITEMS),
        ("openai", DELETE_ITEM),
        ("openai", "POST /responses"),
        ("slack", "chat.update"),
    ],
)
async def test_killed_while_an_answer_is_given_anew(rig: Rig, service: str, call: str) -> None:
    ts = await answered(rig)
    (old,) = rig.slack.replies(rig.general, ts)
    pressed = asyncio.create_task(rig.slack.press(rig.general, old.ts, rig.ann, "regenerate"))
    await killed_at(rig, service, call)
    assert await pressed
    await rig.until(lambda: rig.statuses() == ["completed"])
    (new,) = rig.slack.replies(rig.general, ts)
    assert (new.ts, new.text) == (old.ts, NEW)
    assert rig.slack.working() == []
    assert memory(rig) == ["say it", "reasoning", NEW]
    assert rig.rows("SELECT state, text FROM messages") == [("answered", None)]
    assert rig.rows("SELECT last_seen_ts FROM threads") == [(ts,)]


@pytest.mark.parametrize(("service", "call"), [("slack", "chat.delete"), ("openai", DELETE_ITEM)])
@pytest.mark.parametrize("later", [False, True], ids=["the newest", "an older one"])
async def test_killed_while_an_answer_is_withdrawn(rig: Rig, service: str, call: str, later: bool) -> None:
    ts = await answered(rig)
    if later:
        await rig.slack.post(rig.general, rig.ann, "and again", thread_ts=ts)
        await rig.until(lambda: rig.statuses() == ["completed"] * 2)
    deleted = asyncio.create_task(rig.slack.delete(rig.general, ts))
    await killed_at(rig, service, call)
    await deleted
    left = ["completed"] if later else []
    await rig.until(lambda: rig.statuses() == ["cancelled", *left])
    assert [answer.text for answer in rig.slack.replies(rig.general, ts)] == ([NEW] if later else [])
    assert memory(rig) == (["and again", "reasoning", NEW] if later else [])
    assert rig.slack.working() == []


async def test_killed_while_the_reply_to_a_deleted_question_goes(rig: Rig) -> None:
    rig.openai.default = lambda _turn: Script(Text(NEW, deltas=[*PIECES[:1], Pause(60), *PIECES[2:]]))
    await rig.start()
    ts = await rig.mention("say it")
    await rig.until(lambda: rig.slack.replies(rig.general, ts))
    deleted = asyncio.create_task(rig.slack.delete(rig.general, ts))
    await killed_at(rig, "slack", "chat.delete")
    await deleted
    await rig.until(lambda: rig.statuses() == ["cancelled"])
    assert rig.slack.replies(rig.general, ts) == []
    assert rig.slack.executed("chat.postMessage") == []
    assert len(rig.openai.creates) == 1
