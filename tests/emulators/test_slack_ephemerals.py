"""Buttons that one person sees, and response_url: docs.slack.dev/interactivity/handling-user-interaction."""

import asyncio
from typing import Any

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground.faults import Fault, FaultKind
from tests.emulators.slack_rig import Json, Rig, ack, rig

BUTTON = {"type": "button", "action_id": "again", "value": "v", "text": {"type": "plain_text", "text": "Again"}}
BUTTONS = [{"type": "actions", "block_id": "b", "elements": [BUTTON]}]
MENTION = {"type": "section", "text": {"type": "mrkdwn", "text": "<!here>"}}


async def told(r: Rig, **more: Any) -> str:
    """The ts of a message with a button that Ann alone sees, in the thread."""
    args = {"channel": r.channel, "user": r.ann, "text": "psst", "blocks": BUTTONS, "thread_ts": r.thread, **more}
    return str((await r.client.chat_postEphemeral(**args))["message_ts"])


async def pressed(r: Rig, doing: Any) -> Json:
    """The payload of a press, acknowledged like every event before it."""
    ws = await r.socket()
    press = asyncio.ensure_future(doing)
    envelope: Json = {}
    while envelope.get("type") != "interactive":
        envelope = await ws.receive_json()
        await ack(ws, envelope)
    assert await press
    payload: Json = envelope["payload"]
    return payload


async def respond(r: Rig, url: str, **body: Any) -> tuple[int, Json]:
    """Status and answer of a POST to a response_url."""
    async with r.http.post(url, json=body) as response:
        return response.status, await response.json()


async def test_a_press_on_an_ephemeral_message_tells_where_it_was_and_not_what_it_said() -> None:
    async with rig() as r:  # slackapi/java-slack-sdk#1200
        ts = await told(r)
        payload = await pressed(r, r.slack.press_ephemeral(ts, r.ann, "again"))
        assert payload["container"] == {
            "type": "message",
            "message_ts": ts,
            "channel_id": r.channel,
            "is_ephemeral": True,
            "thread_ts": r.thread,
        }
        assert (payload["channel"]["id"], payload["actions"][0]["value"]) == (r.channel, "v")
        assert "message" not in payload


async def test_only_its_reader_can_press_an_ephemeral_message() -> None:
    async with rig() as r:
        ts, bob = await told(r), r.slack.add_person("Bob")
        for message_ts, user, action in ((ts, bob, "again"), (ts, r.ann, "other"), ("1.2", r.ann, "again")):
            with pytest.raises(LookupError):
                await r.slack.press_ephemeral(message_ts, user, action)


async def test_an_ephemeral_message_cannot_be_edited_as_others_are() -> None:
    async with rig() as r:  # docs.slack.dev/messaging/modifying-messages
        answer = await r.call("chat.update", channel=r.channel, ts=await told(r), text="x")
        assert answer["error"] == "message_not_found"


async def test_a_response_url_replaces_or_deletes_the_message_of_the_button() -> None:
    async with rig() as r:
        payload = await pressed(r, r.slack.press_ephemeral(await told(r), r.ann, "again"))
        url = payload["response_url"]
        answer = await AsyncWebhookClient(url, session=r.http).send(text="done", replace_original=True)
        assert answer.status_code == 200
        assert [(e.text, e.blocks) for e in r.slack.ephemerals] == [("done", [])]
        assert await respond(r, url, delete_original=True) == (200, {"ok": True})
        assert r.slack.ephemerals == []
        assert [call.executed for call in r.slack.calls if call.method == "response_url"] == [True, True]


async def test_a_response_url_answers_one_person_or_the_channel() -> None:
    async with rig() as r:
        payload = await pressed(r, r.slack.press_ephemeral(await told(r), r.ann, "again"))
        await respond(r, payload["response_url"], text="only you", thread_ts=r.thread)
        assert [e.text for e in r.slack.ephemerals] == ["psst", "only you"]
        await respond(r, payload["response_url"], text="everybody", response_type="in_channel", thread_ts=r.thread)
        assert [reply.text for reply in r.slack.replies(r.channel, r.thread)] == ["everybody"]


async def test_a_response_url_rewrites_an_ordinary_message_as_well() -> None:
    async with rig() as r:
        post = r.client.chat_postMessage
        ts = (await post(channel=r.channel, thread_ts=r.thread, text="x", blocks=BUTTONS))["ts"]
        payload = await pressed(r, r.slack.press(r.channel, ts, r.ann, "again"))
        await respond(r, payload["response_url"], text="done", replace_original=True)
        [reply] = r.slack.replies(r.channel, r.thread)
        assert (reply.text, reply.edited) == ("done", True)
        await respond(r, payload["response_url"], delete_original=True)
        assert r.slack.replies(r.channel, r.thread) == []


async def test_a_response_url_works_five_times_within_thirty_minutes() -> None:
    async with rig() as r:
        url = (await pressed(r, r.slack.press_ephemeral(await told(r), r.ann, "again")))["response_url"]
        answers = [(await respond(r, url, text=str(n), replace_original=True))[0] for n in range(5)]
        assert answers == [200] * 5
        assert await respond(r, url, text="6") == (404, {"ok": False, "error": "used_url"})
        url = r.slack.new_response_url(r.channel, r.thread, r.ann)
        await r.clock.advance(1800)
        assert await respond(r, url, text="x") == (404, {"ok": False, "error": "expired_url"})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"replace_original": "true", "text": "x", "colour": "red"}, "invalid_arguments"),
        ({"replace_original": True, "blocks": [{"type": "blink"}]}, "invalid_blocks"),
        ({"replace_original": True, "blocks": [MENTION]}, "live_mention_in_emulator"),
        ({}, "no_text"),
    ],
)
async def test_what_a_response_url_refuses_changes_nothing(body: Json, error: str) -> None:
    async with rig() as r:
        url = (await pressed(r, r.slack.press_ephemeral(await told(r), r.ann, "again")))["response_url"]
        assert (await respond(r, url, **body))[1]["error"] == error
        assert [e.text for e in r.slack.ephemerals] == ["psst"]


async def test_a_response_url_meets_faults_by_its_own_name() -> None:
    async with rig() as r:
        url = r.slack.new_response_url(r.channel, r.thread, r.ann)
        r.slack.faults.add("response_url", Fault(FaultKind.REFUSE, status=500, body={}))
        assert (await respond(r, url, text="x"))[0] == 500
        assert r.slack.ephemerals == []
