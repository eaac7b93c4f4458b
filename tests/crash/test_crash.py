"""Killed at the worst moments, and started again: one reply, whole; one question in the memory; nothing lost."""

import asyncio

import pytest

from bot.playground.faults import Fault, FaultKind, Faults
from bot.playground.openai.script import Control, Pause, Script, Text
from bot.playground.slack import slack_error
from tests.crash.process import Rig

ANSWER = "First the beginning. Then the middle of it. And at last the end."
PIECES: list[str | Control] = [
    "First the beginning. ",
    Pause(1.2),
    "Then the middle of it. ",
    Pause(1.2),
    "And at last the end.",
]

MOMENTS = [
    ("openai", "POST /conversations"),
    ("openai", "POST /responses"),
    ("slack", "agents.sessions.setStatus"),
    ("slack", "chat.startStream"),
    ("slack", "chat.appendStream"),
    ("slack", "chat.stopStream"),
    ("slack", "chat.postMessage"),
]


def faults_of(rig: Rig, service: str, call: str) -> Faults:
    if call == "chat.postMessage":  # only posted where there is no streaming
        rig.slack.faults.always("chat.startStream", slack_error("unknown_method"))
    return rig.slack.faults if service == "slack" else rig.openai.faults


def assert_whole(rig: Rig, ts: str) -> None:
    (reply,) = rig.slack.replies(rig.general, ts)
    assert reply.text == ANSWER
    assert not reply.streaming
    assert not reply.error_pill
    assert rig.slack.working() == []
    assert rig.statuses() == ["completed"]
    assert rig.rows("SELECT state, text FROM messages") == [("answered", None)]
    assert questions_in_memory(rig) == ["say it"]


def questions_in_memory(rig: Rig) -> list[str]:
    (memory,) = (str(row[0]) for row in rig.rows("SELECT memory FROM threads"))
    items = rig.openai.conversations[memory].items
    return [item["content"][0]["text"] for item in items if item.get("role") == "user"]


@pytest.mark.parametrize(("service", "call"), MOMENTS)
async def test_killed_while_an_executed_call_is_not_answered(rig: Rig, service: str, call: str) -> None:
    rig.openai.default = lambda _turn: Script(Text(ANSWER, deltas=PIECES))
    held = faults_of(rig, service, call).add(call, Fault(FaultKind.HOLD))
    await rig.start()
    ts = await rig.mention("say it")
    async with asyncio.timeout(20):
        await held.reached.wait()
    await rig.kill()
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    assert_whole(rig, ts)
    assert await rig.terminate() == 0


async def test_killed_as_soon_as_the_message_is_committed(rig: Rig) -> None:
    rig.openai.default = lambda _turn: Script(Text(ANSWER, deltas=PIECES))
    await rig.start()
    ts = await rig.mention("say it")
    await rig.until(lambda: rig.rows("SELECT id FROM messages"))
    await rig.kill()
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    assert_whole(rig, ts)


async def test_killed_between_the_end_on_the_screen_and_its_commit(rig: Rig) -> None:
    rig.openai.default = lambda _turn: Script(Text(ANSWER, deltas=PIECES))
    held = rig.slack.faults.add("chat.stopStream", Fault(FaultKind.HOLD))
    await rig.start()
    ts = await rig.mention("say it")
    await held.reached.wait()
    async with rig.database.locked():  # from now on the bot cannot commit
        seen = rig.slack.activity
        held.released.set()
        await rig.slack.wait_activity(seen)
        await rig.kill()
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    assert_whole(rig, ts)


async def test_killed_before_the_acknowledgement_the_event_comes_again_and_is_answered_once(rig: Rig) -> None:
    rig.openai.default = lambda _turn: Script(Text(ANSWER, deltas=PIECES))
    rig.slack.hold_acks = True
    await rig.start()
    ts = await rig.mention("say it")
    await rig.until(lambda: rig.rows("SELECT id FROM messages"))
    await rig.kill()
    rig.slack.hold_acks = False
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"] and not rig.slack.unacknowledged)
    assert_whole(rig, ts)


async def test_ended_by_sigterm_in_the_middle_the_next_process_goes_on_in_the_same_message(rig: Rig) -> None:
    slow: list[str | Control] = [
        "First the beginning. ",
        Pause(8),
        "Then the middle of it. ",
        "And at last the end.",
    ]
    rig.openai.queue(Script(Text(ANSWER, deltas=slow)))
    rig.openai.default = lambda _turn: Script(Text(ANSWER, deltas=PIECES))
    await rig.start()
    ts = await rig.mention("say it")
    await rig.until(lambda: rig.slack.replies(rig.general, ts))
    assert await rig.terminate() == 0
    assert rig.slack.working() == []
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    assert_whole(rig, ts)
