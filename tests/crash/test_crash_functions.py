"""Killed around what a function does: never done twice, unless it may be; and the answer is whole in the end."""

import asyncio
import json
from pathlib import Path

from bot.assistant.request import OUTCOME_UNKNOWN
from bot.calling import PARALLEL_CALLS
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import FunctionCall, Pause, Script, Text
from tests.acme import EFFECTS, GATE
from tests.crash.process import Rig
from tests.scenario.world import actions

CREATE = "POST /responses"
FIRST, SECOND = "One moment.", "That is what became of it."


def configure(folder: Path, *functions: str, more: str = "") -> None:
    """Let the assistant have these functions."""
    listed = json.dumps([f"tests.acme:{name}" for name in functions])
    (folder / "assistants.toml").write_text(f"[assistants.default]\nfunctions = {listed}\n{more}\n")


def effects(folder: Path) -> list[str]:
    file = folder / EFFECTS
    return file.read_text().splitlines() if file.exists() else []


def call(name: str, order: int) -> FunctionCall:
    return FunctionCall(name, {"order": order}, call_id=f"call_{order}")


def refund(order: int) -> FunctionCall:
    return FunctionCall("refund", {"order": order, "reason": None}, call_id=f"call_{order}")


async def reached(fault: Fault) -> None:
    async with asyncio.timeout(20):
        await fault.reached.wait()


def assert_whole(rig: Rig, ts: str) -> None:
    (reply,) = rig.slack.replies(rig.general, ts)
    assert reply.text == f"{FIRST}\n\n{SECOND}"
    assert not reply.streaming
    assert rig.slack.working() == []
    (conversation,) = rig.openai.conversations.values()
    kinds = [item["type"] for item in conversation.items]
    calls = kinds.count("function_call")
    assert kinds == ["message"] * 2 + ["function_call"] * calls + ["function_call_output"] * calls + ["message"]
    assert len(set(rig.rows("SELECT response_id FROM function_calls"))) == 1


async def test_killed_while_functions_are_called_and_before_their_outputs_are_sent(
    rig: Rig, tmp_path: Path
) -> None:
    configure(tmp_path, "lookup", "pay", "weigh", "book", "refund")
    held = [call("pay", 1), call("book", 2), *(call("weigh", order) for order in range(3, PARALLEL_CALLS + 1))]
    done, behind = call("lookup", 20), FunctionCall("refund", {"order": 21, "reason": "x"}, call_id="call_21")
    rig.openai.queue(Script(Text(FIRST), done, *held, behind), Script(Text(SECOND)))
    await rig.start()
    ts = await rig.mention("do it")
    begun = {("completed", 1), ("started", PARALLEL_CALLS), ("proposed", 1)}
    states = "SELECT state, count(*) FROM function_calls GROUP BY state"
    await rig.until(lambda: set(rig.rows(states)) == begun and len(effects(tmp_path)) == 3)
    await rig.kill()
    (tmp_path / GATE).touch()
    refused = rig.openai.faults.add(CREATE, Fault(FaultKind.REFUSE, status=503))
    await rig.start()
    await reached(refused)
    await rig.kill()
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    assert_whole(rig, ts)
    outputs = {item["call_id"]: item["output"] for item in rig.openai.creates[-1]["input"]}
    assert outputs.pop("call_20") == '{"order":20,"price":25}'
    assert (outputs.pop("call_2"), outputs.pop("call_21")) == ("Booked 2.", "Refunded 21.")
    assert set(outputs.values()) == {OUTCOME_UNKNOWN}
    assert sorted(effects(tmp_path)) == ["book 2 call_2", "book 2 call_2", "lookup 20", "pay 1", "refund 21 x"]


async def test_killed_before_anybody_knows_of_a_call_and_of_its_output(rig: Rig, tmp_path: Path) -> None:
    """Twice: each time OpenAI has done what it was asked, and nobody has heard of it."""
    configure(tmp_path, "refund")
    held = rig.openai.faults.add(CREATE, Fault(FaultKind.HOLD))
    rig.openai.queue(*[Script(Text(FIRST), refund(1))] * 2, *[Script(Text(SECOND))] * 2)
    await rig.start()
    ts = await rig.mention("refund it")
    await reached(held)
    await rig.kill()
    held = rig.openai.faults.add(CREATE, Fault(FaultKind.HOLD), skip=1)
    await rig.start()
    await reached(held)
    await rig.kill()
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    assert_whole(rig, ts)
    assert effects(tmp_path) == ["refund 1"]


async def test_killed_in_the_background_while_what_follows_from_a_call_is_told(rig: Rig, tmp_path: Path) -> None:
    configure(tmp_path, "refund", more="background = true")
    slowly = Script(Text(deltas=[SECOND[:10], Pause(2), SECOND[10:]]))
    rig.openai.queue(Script(Text(FIRST), refund(1)), slowly)
    await rig.start()
    ts = await rig.mention("refund it")
    await rig.until(lambda: [SECOND[:10] in reply.text for reply in rig.slack.replies(rig.general, ts)] == [True])
    await rig.kill()
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    assert_whole(rig, ts)
    assert effects(tmp_path) == ["refund 1"]


async def test_killed_while_people_are_asked_and_after_they_said_yes(rig: Rig, tmp_path: Path) -> None:
    """First when they can see the question and nothing waits for them yet, then in the midst of the call."""
    asks = '[{ function = "tests.acme:pay", approval = "always" }]'
    (tmp_path / "assistants.toml").write_text(f"[assistants.default]\nfunctions = {asks}\n")
    rig.openai.queue(Script(Text(FIRST), call("pay", 1)), Script(Text(SECOND)))
    asked = rig.slack.faults.add("chat.stopStream", Fault(FaultKind.HOLD))
    await rig.start()
    ts = await rig.mention("pay it")
    await reached(asked)
    await rig.kill()
    assert rig.statuses() == ["in_progress"]
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["requires_action"])
    (question,) = rig.slack.replies(rig.general, ts)
    assert actions(question) == {"approve_call", "deny_call"}
    assert await rig.slack.press(rig.general, question.ts, rig.ann, "approve_call", "call_1")
    await rig.until(lambda: effects(tmp_path))
    await rig.kill()
    (tmp_path / GATE).touch()
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    assert_whole(rig, ts)
    assert rig.rows("SELECT approved, state, output FROM function_calls") == [(True, "unknown", OUTCOME_UNKNOWN)]
    assert effects(tmp_path) == ["pay 1"]


async def test_ended_by_sigterm_nobody_waits_for_a_function_that_hangs(rig: Rig, tmp_path: Path) -> None:
    configure(tmp_path, "pay")
    rig.openai.queue(Script(Text(FIRST), call("pay", 1)), Script(Text(SECOND)))
    await rig.start()
    ts = await rig.mention("pay it")
    await rig.until(lambda: effects(tmp_path))
    assert await rig.terminate() == 0
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    assert_whole(rig, ts)
    assert effects(tmp_path) == ["pay 1"]
    assert rig.rows("SELECT output FROM function_calls") == [(OUTCOME_UNKNOWN,)]
