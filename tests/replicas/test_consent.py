"""The team's functions, and people's consent, where several processes are: asked by one, decided at another."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot import calling, words
from bot.assistant.request import OUTCOME_UNKNOWN
from bot.playground.openai.script import FunctionCall, Script, Text, Turn
from tests.acme import GATE
from tests.crash.test_crash_functions import configure, effects
from tests.replicas.fleet import END, Fleet, Replica, marks
from tests.replicas.test_fenced import asleep
from tests.scenario.world import actions

pytestmark = [pytest.mark.races, pytest.mark.timeout(500)]

ASKS = '{ function = "tests.acme:refund", approval = "always" }'
I_WOULD = "I would."
ENDED = f"So it ended. {END}"
OUTPUTS = "SELECT call_id, state, output FROM function_calls ORDER BY call_id"


def with_consent(folder: Path) -> None:
    """Let the assistant have a function that people are asked about."""
    (folder / "assistants.toml").write_text(f"[assistants.default]\nfunctions = [{ASKS}]\n")


def refunding(turn: Turn) -> Script:
    """A model that wants to refund what it is asked for, whose call is named after the question."""
    if any(item.get("type") == "function_call_output" for item in turn.body["input"]):
        return Script(Text(ENDED))
    *_, mark = marks(turn)
    if mark.endswith(".0"):
        number = int(mark[1:].partition(".")[0])
        return Script(Text(I_WOULD), FunctionCall("refund", {"order": number, "reason": None}, call_id=mark))
    return Script(Text(f"I have read {mark}. {END}"))


def waiting(fleet: Fleet, count: int) -> bool:
    """Whether that many threads wait for people, and show it."""
    shown = [actions(fleet.answers(thread)[0]) for thread in range(count) if fleet.answers(thread)]
    return fleet.statuses() == ["requires_action"] * count and shown == [{"approve_call", "deny_call"}] * count


async def press(fleet: Fleet, thread: int, at: Replica, action: str, call_id: str | None = None) -> None:
    """Ann presses a button under the newest message of a thread, and one process hears of it."""
    fleet.slack.send_only_to(at.address)
    channel, _ = fleet.threads[thread]
    assert await fleet.slack.press(channel, fleet.answers(thread)[-1].ts, fleet.ann, action, call_id)


def texts(fleet: Fleet, thread: int) -> Sequence[str]:
    """What the answers in a thread say; none is being written any more."""
    answers = fleet.answers(thread)
    assert not any(answer.streaming for answer in answers)
    return [answer.text for answer in answers]


def openai_of(fleet: Fleet) -> list[str]:
    """Who created the responses, in order."""
    requests = fleet.openai.requests
    return [str(one.peer) for one in requests if (one.method, one.path) == ("POST", "/responses")]


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_asked_by_one_that_is_gone_and_decided_at_another(fleet: Fleet, tmp_path: Path, how: str) -> None:
    with_consent(tmp_path)
    fleet.openai.default = refunding
    (first,) = await fleet.start(of=2)
    for _ in range(3):
        await fleet.mention("refund it")
    await fleet.until(lambda: waiting(fleet, 3))
    if how == "killed":
        await first.kill()
    else:
        assert await first.terminate() == 0
    (second,) = await fleet.start(of=2)
    assert fleet.statuses() == ["requires_action"] * 3
    asking = [fleet.answers(thread)[0] for thread in range(3)]
    await press(fleet, 0, second, "approve_call", "q0.0")
    await press(fleet, 1, second, "deny_call", "q1.0")
    await fleet.mention("rather a joke", thread=2)
    await fleet.until(lambda: len(fleet.answers(2)) == 2)
    await press(fleet, 2, second, "cancel_call")
    await fleet.until(lambda: fleet.statuses() == ["completed"] * 2 + ["cancelled", "completed"])
    await fleet.until(lambda: not fleet.slack.working())
    assert [texts(fleet, thread) for thread in range(3)] == [
        [f"{I_WOULD}\n\n{ENDED}"],
        [f"{I_WOULD}\n\n{ENDED}"],
        [I_WOULD, f"I have read q2.1. {END}"],
    ]
    assert [fleet.answers(thread)[0].ts for thread in range(3)] == [message.ts for message in asking]
    assert effects(tmp_path) == ["refund 0"]
    done = [("q0.0", "completed", "Refunded 0."), ("q1.0", "denied", calling.DECLINED)]
    assert fleet.rows(OUTPUTS)[:2] == done
    assert openai_of(fleet) == [first.address] * 3 + [second.address] * 3
    assert fleet.rows("SELECT max(lapses) FROM runs") == [(0,)], "a wait is nobody's, so none lapses"


async def test_denied_at_one_and_approved_at_the_other_at_the_same_time(fleet: Fleet, tmp_path: Path) -> None:
    """Each thread hears two presses at once: one of them counts, and whoever pressed the other is told so."""
    threads = range(6)
    with_consent(tmp_path)
    fleet.openai.default = refunding
    one, other = await fleet.start(2)
    for _ in threads:
        await fleet.mention("refund it")
    await fleet.until(lambda: waiting(fleet, len(threads)))
    presses = []
    for thread in threads:
        yes, no = (one, other) if thread % 2 else (other, one)
        for at, action in ((yes, "approve_call"), (no, "deny_call")):
            presses.append(asyncio.create_task(press(fleet, thread, at, action, f"q{thread}.0")))
            await asyncio.sleep(0)  # it is on its way to that process
    await asyncio.gather(*presses)
    await fleet.until(lambda: fleet.statuses() == ["completed"] * len(threads))
    await fleet.until(lambda: not fleet.slack.working())
    decided = fleet.rows("SELECT call_id, approved, state, decided_by FROM function_calls ORDER BY call_id")
    assert [(call_id, by) for call_id, _, _, by in decided] == [(f"q{n}.0", fleet.ann) for n in threads]
    assert {(yes, state) for _, yes, state, _ in decided} <= {(True, "completed"), (False, "denied")}
    approved = sorted(f"refund {call_id[1]}" for call_id, yes, _, _ in decided if yes)
    assert sorted(effects(tmp_path)) == approved
    assert [texts(fleet, thread) for thread in threads] == [[f"{I_WOULD}\n\n{ENDED}"]] * len(threads)
    await fleet.until(lambda: len(fleet.slack.ephemerals) == len(threads))
    late = {words.CALL_APPROVED_BY.format(name="Ann"), words.CALL_DENIED_BY.format(name="Ann"), words.CALL_OVER}
    assert {told.text for told in fleet.slack.ephemerals} <= late
    assert openai_of(fleet).count(one.address) + openai_of(fleet).count(other.address) == 2 * len(threads)


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_function_was_under_way_in_one_that_is_gone(fleet: Fleet, tmp_path: Path, how: str) -> None:
    configure(tmp_path, "pay", "weigh", "book")
    wanted = [
        FunctionCall(name, {"order": n}, call_id=f"call_{n}") for n, name in enumerate(("pay", "weigh", "book"))
    ]
    fleet.openai.queue(Script(Text(I_WOULD), *wanted), Script(Text(ENDED)))
    await fleet.start(2)
    thread = await fleet.mention("do it")
    await fleet.until(lambda: len(effects(tmp_path)) == 2)  # and `weigh` has yet to do something
    holder = fleet.holder()
    assert holder is not None
    (other,) = fleet.others(holder)
    done = 3 if how == "killed" else 4  # in the end: the frozen one goes on weighing when it is woken
    if how == "killed":
        await holder.kill()
        (tmp_path / GATE).touch()
        await fleet.until(lambda: fleet.statuses() == ["completed"])
    else:
        async with asleep(fleet, holder):
            (tmp_path / GATE).touch()
            await fleet.until(lambda: fleet.statuses() == ["completed"])
    await fleet.until(lambda: not fleet.slack.working() and len(effects(tmp_path)) == done)
    twice = ["book 2 call_2"] * 2
    assert sorted(effects(tmp_path)) == [*twice, "pay 0", *(["weigh 1"] if how == "frozen" else [])]
    assert fleet.rows(OUTPUTS) == [
        ("call_0", "unknown", OUTCOME_UNKNOWN),
        ("call_1", "unknown", OUTCOME_UNKNOWN),
        ("call_2", "completed", "Booked 2."),
    ]
    brought = {item["call_id"]: item["output"] for item in fleet.openai.creates[-1]["input"]}
    assert brought == {call_id: output for call_id, _, output in fleet.rows(OUTPUTS)}
    assert texts(fleet, thread) == [f"{I_WOULD}\n\n{ENDED}"]
    assert openai_of(fleet) == [holder.address, other.address]


async def test_stop_pressed_at_one_while_another_calls_a_function(fleet: Fleet, tmp_path: Path) -> None:
    configure(tmp_path, "ship", "pay")
    wanted = [FunctionCall(name, {"order": n}, call_id=f"call_{n}") for n, name in enumerate(("ship", "pay"))]
    fleet.openai.queue(Script(Text(I_WOULD), *wanted))
    await fleet.start(2)
    thread = await fleet.mention("do it")
    await fleet.until(lambda: len(effects(tmp_path)) == 2)
    holder = fleet.holder()
    assert holder is not None
    (other,) = fleet.others(holder)
    fleet.slack.send_only_to(other.address)
    await fleet.slack.press_stop(*fleet.threads[thread], fleet.ann)
    await fleet.until(lambda: fleet.statuses() == ["cancelled"] and not fleet.slack.working())
    (answer,) = fleet.answers(thread)
    told = json.dumps(answer.blocks)
    assert (answer.text, answer.streaming) == (I_WOULD, False)
    assert words.STOPPED_BY.format(name="Ann") in told
    assert any(words.CALLED_ALREADY.format(names=names) in told for names in ("ship, pay", "pay, ship"))
    assert {row[1:] for row in fleet.rows(OUTPUTS)} == {("unknown", calling.INTERRUPTED)}
    (tmp_path / GATE).touch()
    await fleet.mention("was it?", thread=thread)
    await fleet.until(lambda: "q0.1" in fleet.answered(thread) and fleet.all_done())
    assert calling.INTERRUPTED in json.dumps(fleet.openai.creates[-1]["input"])
    assert sorted(effects(tmp_path)) == ["pay 1", "ship 0"]
