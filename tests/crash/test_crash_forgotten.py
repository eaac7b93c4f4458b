"""Killed at every call that forgets a file, and started again: it is forgotten, and nothing is orphaned."""

import asyncio

import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import FileSearch, FoundCitation, Reasoning, Script, Text
from tests.crash.process import Rig

HANDBOOK = "People of this company have 25 days of leave in a year."
ASKED = "how many days of leave do people have in a year?"

CALLS = [
    ("openai", "GET /conversations/{id}/items"),
    ("openai", "DELETE /conversations/{id}/items/{item_id}"),
    ("openai", "DELETE /vector_stores/{id}/files/{file_id}"),
    ("openai", "DELETE /responses/{id}"),
    ("slack", "conversations.replies"),
    ("slack", "chat.update"),
    ("openai", "DELETE /files/{id}"),
]
"""In the order in which they are made; each is executed, and never answered."""


async def answered(rig: Rig) -> tuple[str, str]:
    """A file and an answer that cites it; the thread, and Slack's id of the file."""
    cites = Text("They have 25.", annotations=[FoundCitation()])
    rig.openai.queue(Script(Reasoning(), FileSearch([ASKED]), Reasoning(), cites))
    await rig.start()
    file = rig.slack.add_file("handbook.md", HANDBOOK.encode(), rig.ann)
    ts = await rig.slack.post(rig.general, rig.ann, f"<@{rig.slack.bot_user}> {ASKED}", files=[file])
    await rig.until(lambda: rig.statuses() == ["completed"])
    return ts, file["id"]


@pytest.mark.timeout(120)  # on a server seven leases lapse
async def test_killed_at_every_call_a_file_is_forgotten_all_the_same(rig: Rig) -> None:
    ts, file = await answered(rig)
    deleted = asyncio.create_task(rig.slack.delete_file(file))
    for service, call in CALLS:
        faults = rig.slack.faults if service == "slack" else rig.openai.faults
        held = faults.add(call, Fault(FaultKind.HOLD))
        async with asyncio.timeout(20):
            await held.reached.wait()
        await rig.kill()
        await rig.start()
    await deleted
    await rig.until(lambda: not rig.rows("SELECT 1 FROM files UNION ALL SELECT 1 FROM file_places"))
    assert rig.openai.files == {}
    (memory,) = rig.openai.conversations.values()
    assert [item.get("role") for item in memory.items] == ["user"]
    assert rig.rows("SELECT tail_item_id FROM threads") == [(memory.items[-1]["id"],)]
    (answer,) = rig.slack.replies(rig.general, ts)
    assert answer.text == "They have 25."
    assert "handbook" not in str(answer.blocks)
    assert HANDBOOK not in str(answer.blocks)
