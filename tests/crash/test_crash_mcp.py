"""Killed around what a remote tool does: OpenAI is told once that people said yes, and the answer is whole."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from bot.assistant.request import OUTCOME_UNKNOWN
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Gate, McpCall, McpListTools, Script, Text, Turn
from tests.crash.process import Rig

CREATE = "POST /responses"
FIRST, SECOND, DOUBT = "One moment.", "That is what became of it.", "Nobody knows what became of it."
PAY = McpCall("bank", "pay", {"order": 7}, "Paid.")
SERVER = '[[assistants.default.mcp_servers]]\nserver_label = "bank"\nserver_url = "https://bank.example/mcp"\n'


def brought(rig: Rig) -> list[tuple[bool, str | None]]:
    """What was said of the question, refused requests too."""
    items = [item for body in rig.openai.creates[1:] for item in body.get("input") or ()]
    assert {item["type"] for item in items} == {"mcp_approval_response"}
    return [(item["approve"], item.get("reason")) for item in items]


def paid(rig: Rig) -> int:
    """How often the tool was called, for whichever response."""
    outputs = [item for response in rig.openai.responses.values() for item in response["output"]]
    return sum(item["type"] == "mcp_call" for item in outputs)


def model(gate: asyncio.Event) -> Callable[[Turn], Script]:
    """It calls the tool after a yes, and goes on when the gate is open; anything else it answers at once."""

    def answer(turn: Turn) -> Script:
        given = turn.body.get("input") or [{}]
        slowly = Text(deltas=[SECOND[:10], Gate(gate), SECOND[10:]])
        return Script(PAY, slowly) if any(item.get("approve") for item in given) else Script(Text(DOUBT))

    return answer


async def until_asked(rig: Rig, folder: Path, gate: asyncio.Event) -> str:
    """The thread in which people are asked whether the tool may be called."""
    (folder / "assistants.toml").write_text(f"[assistants.default]\n{SERVER}")
    rig.openai.queue(Script(McpListTools("bank", [("pay", "Pays")]), Text(FIRST), PAY))
    rig.openai.default = model(gate)
    await rig.start()
    ts = await rig.mention("pay it")
    await rig.until(lambda: rig.statuses() == ["requires_action"] and rig.slack.working() == [])
    return ts


async def approve(rig: Rig, ts: str) -> None:
    ((request,),) = rig.rows("SELECT call_id FROM function_calls")
    (asking,) = rig.slack.replies(rig.general, ts)
    assert await rig.slack.press(rig.general, asking.ts, rig.ann, "approve_call", request)


async def assert_whole(rig: Rig, ts: str, said: str, *made: str) -> None:
    """The answer says that, and the memory holds it; the tool was called once."""
    await rig.until(lambda: rig.statuses() == ["completed"])
    (reply,) = rig.slack.replies(rig.general, ts)
    assert (reply.text, reply.streaming) == (f"{FIRST}\n\n{said}", False)
    assert rig.slack.working() == []
    assert paid(rig) == 1
    (conversation,) = rig.openai.conversations.values()
    before = ("message", "mcp_list_tools", "message", "mcp_approval_request", "mcp_approval_response")
    assert [item["type"] for item in conversation.items] == [*before, *made, "message"]


async def test_killed_while_people_are_asked_and_before_openai_answers(rig: Rig, tmp_path: Path) -> None:
    gate = asyncio.Event()
    gate.set()
    ts = await until_asked(rig, tmp_path, gate)
    await rig.kill()
    held = rig.openai.faults.add(CREATE, Fault(FaultKind.HOLD))
    await rig.start()
    await approve(rig, ts)
    async with asyncio.timeout(20):
        await held.reached.wait()
    await rig.kill()
    await rig.start()
    await assert_whole(rig, ts, SECOND, "mcp_call")
    assert brought(rig) == [(True, None)]


async def test_killed_while_it_is_told_what_the_tool_did(rig: Rig, tmp_path: Path) -> None:
    ts = await until_asked(rig, tmp_path, asyncio.Event())
    await approve(rig, ts)
    await rig.until(lambda: SECOND[:10] in rig.slack.replies(rig.general, ts)[0].text)
    await rig.kill()
    response = list(rig.openai.responses)[-1]
    if not rig.openai.run(response).finished.is_set():  # that its client has gone is seen later
        rig.openai.run(response).cancel()
    await rig.start()
    await assert_whole(rig, ts, DOUBT)
    assert brought(rig) == [(True, None), (False, OUTCOME_UNKNOWN)]
    assert rig.rows("SELECT state, output FROM function_calls") == [("unknown", OUTCOME_UNKNOWN)]
