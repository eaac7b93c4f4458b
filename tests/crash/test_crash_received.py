"""Killed while files without a word, and what is asked about them by a button, are answered: nothing twice."""

import asyncio

from bot import words
from bot.playground.faults import Fault, FaultKind
from tests.crash.process import Rig

READY = words.FILE_READY.format(names="“rules.md”")
SUMMARISE = words.ASK_ABOUT_DOCUMENT[0][1].format(names="“rules.md”")
DELETE_ITEM = "DELETE /conversations/{id}/items/{item_id}"


async def killed_in(rig: Rig, held: Fault) -> None:
    async with asyncio.timeout(20):
        await held.reached.wait()
    await rig.kill()
    await rig.start()


async def test_a_pressed_question_is_said_and_answered_once(rig: Rig) -> None:
    await rig.start()
    file = rig.slack.add_file("rules.md", b"Everybody has 25 days of holiday.", rig.ann)
    said = f"<@{rig.slack.bot_user}>"
    ts = await rig.slack.post(rig.general, rig.ann, said, files=[file], subtype="file_share")
    await rig.until(lambda: rig.statuses() == ["completed"])
    (ready,) = rig.slack.replies(rig.general, ts)
    assert ready.text == READY
    held = rig.slack.faults.add("chat.postMessage", Fault(FaultKind.HOLD))
    assert await rig.slack.press(rig.general, ready.ts, rig.ann, "ask_0")
    await killed_in(rig, held)
    leaves = rig.openai.faults.add(DELETE_ITEM, Fault(FaultKind.HOLD))  # the document was read whole, and is to go
    await killed_in(rig, leaves)
    await rig.until(lambda: rig.statuses() == ["completed", "completed"])
    _, question, answer = rig.slack.replies(rig.general, ts)
    assert question.text == SUMMARISE
    assert not answer.streaming
    (conversation,) = rig.openai.conversations.values()
    kinds = [part["type"] for item in conversation.items if item["type"] == "message" for part in item["content"]]
    assert "input_file" not in kinds
    assert len(rig.openai.creates) == 1
    assert rig.slack.working() == []


async def test_what_was_heard_in_a_recording_is_heard_once(rig: Rig) -> None:
    rig.openai.transcripts["memo.wav"] = "How many days?"
    await rig.start()
    memo = rig.slack.add_file("memo.wav", b"RIFF\x24\0\0\0WAVEfmt " + bytes(200), rig.ann, subtype="slack_audio")
    place = rig.slack.dm(rig.ann)
    held = rig.openai.faults.add("POST /responses", Fault(FaultKind.HOLD))
    ts = await rig.slack.post(place, rig.ann, "", files=[memo], subtype="file_share")
    await killed_in(rig, held)
    await rig.until(lambda: rig.statuses() == ["completed"])
    (answer,) = rig.slack.replies(place, ts)
    assert not answer.streaming
    assert rig.openai.transcribed == ["memo.wav"]
    (conversation,) = rig.openai.conversations.values()
    asked = [item["content"][0]["text"] for item in conversation.items if item.get("role") == "user"]
    assert [text.endswith("How many days?") for text in asked] == [True]
