"""Pressing buttons: docs.slack.dev/reference/interaction-payloads/block_actions-payload."""

import asyncio

import pytest

from tests.emulators.slack_rig import Rig, ack, rig

FEEDBACK = {
    "type": "context_actions",
    "block_id": "fb",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "up"},
            "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "down"},
        }
    ],
}


async def with_feedback(r: Rig) -> str:
    """The ts of an ended stream with feedback buttons."""
    ts = await r.stream(markdown_text="answer")
    await r.client.chat_stopStream(channel=r.channel, ts=ts, blocks=[FEEDBACK])
    return ts


async def test_a_press_says_what_was_pressed_where_and_by_whom() -> None:
    async with rig() as r:
        ws, ts = await r.socket(), await with_feedback(r)
        press = asyncio.create_task(r.slack.press(r.channel, ts, r.ann, "feedback", "down"))
        envelope = await ws.receive_json()
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("interactive", True)
        assert "retry_attempt" not in envelope
        payload = envelope["payload"]
        assert (payload["type"], payload["user"]["id"]) == ("block_actions", r.ann)
        assert (payload["container"]["message_ts"], payload["container"]["thread_ts"]) == (ts, r.thread)
        [action] = payload["actions"]
        assert (action["action_id"], action["value"], action["block_id"]) == ("feedback", "down", "fb")
        assert payload["message"]["text"] == "answer"
        await ack(ws, envelope)
        assert await press


async def test_a_press_is_never_sent_again() -> None:
    async with rig() as r:  # slack-platform.md §5.2; design §5
        ws, ts = await r.socket(), await with_feedback(r)
        press = asyncio.create_task(r.slack.press(r.channel, ts, r.ann, "feedback", "up"))
        await ws.receive_json()
        await r.clock.advance(3)
        assert await press is False
        assert (r.slack.unacknowledged, r.clock.next_timer()) == ([], None)


async def test_a_press_without_any_socket_is_not_acknowledged() -> None:
    async with rig() as r:
        assert await r.slack.press(r.channel, await with_feedback(r), r.ann, "feedback", "up") is False


async def test_only_what_is_shown_can_be_pressed() -> None:
    async with rig() as r:
        ts = await with_feedback(r)
        for action, value in (("other", None), ("feedback", "sideways")):
            with pytest.raises(LookupError):
                await r.slack.press(r.channel, ts, r.ann, action, value)
