"""Killed in the middle of an answer that goes on at OpenAI without us: followed to its end by the next process."""

import asyncio
from pathlib import Path

from bot.playground.openai.script import Gate, Pause, Script, Text
from tests.crash.process import Rig

FIRST, MORE, LAST = "First the beginning. ", "Then the middle of it. ", "And at last the end."


async def test_killed_in_the_middle_the_next_process_replays_and_follows_it(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_BACKGROUND=true\n")
    go_on = asyncio.Event()
    rig.openai.queue(Script(Text(deltas=[FIRST, Pause(0.5), MORE, Gate(go_on), LAST])))
    await rig.start()
    ts = await rig.mention("say it")
    await rig.until(lambda: [reply.text for reply in rig.slack.replies(rig.general, ts)] == [FIRST])
    (begun,) = rig.slack.replies(rig.general, ts)
    await rig.kill()
    (response_id,) = rig.openai.responses
    (conversation,) = rig.openai.conversations.values()
    assert (rig.openai.responses[response_id]["status"], conversation.locked_by) == ("in_progress", response_id)
    await rig.start()
    await rig.until(lambda: MORE.strip() in rig.slack.replies(rig.general, ts)[0].text)
    go_on.set()
    await rig.until(lambda: rig.statuses() == ["completed"])
    (reply,) = rig.slack.replies(rig.general, ts)
    assert (reply.ts, reply.text) == (begun.ts, FIRST + MORE + LAST)
    assert not reply.streaming
    assert len(rig.openai.creates) == 1
    assert [item["role"] for item in conversation.items] == ["user", "assistant"]
    assert await rig.terminate() == 0
