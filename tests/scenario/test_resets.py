"""The connection is reset after a call was executed: one reply, whole; one question in the memory."""

import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Control, Pause, Script, Text
from bot.playground.slack import slack_error
from tests.scenario.world import World

ANSWER = "First the beginning. Then the middle of it. And at last the end."
PIECES: list[str | Control] = [
    "First the beginning. ",
    Pause(1.5),
    "Then the middle of it. ",
    Pause(1.5),
    "And at last the end.",
]

CALLS = [
    ("openai", "POST /conversations"),
    ("openai", "POST /responses"),
    ("slack", "agents.sessions.setStatus"),
    ("slack", "chat.startStream"),
    ("slack", "chat.appendStream"),
    ("slack", "chat.stopStream"),
    ("slack", "chat.postMessage"),
    ("slack", "chat.update"),
]


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.RESET_BEFORE, FaultKind.HOLD])
@pytest.mark.parametrize(("service", "call"), CALLS)
async def test_an_unknown_outcome_leaves_one_whole_reply(
    world: World, service: str, call: str, kind: FaultKind
) -> None:
    if call in {"chat.postMessage", "chat.update"}:  # only used where there is no streaming
        world.slack.faults.always("chat.startStream", slack_error("unknown_method"))
    faults = world.slack.faults if service == "slack" else world.openai.faults
    fault = faults.add(call, Fault(kind))
    world.openai.default = lambda _turn: Script(Text(ANSWER, deltas=PIECES))
    ts = await world.mention("say it")
    await world.until(world.answered(ts))
    assert fault.reached.is_set()
    assert world.only_answer(ts).text == ANSWER
    conversation = [each for each in world.openai.conversations.values() if each.items]
    questions = [item for item in conversation[-1].items if item.get("role") == "user"]
    assert [question["content"][0]["text"] for question in questions] == ["say it"]
