"""Socket Mode and events, as reference/slack-platform.md §§1.4, 5 tell them."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.clock import SteppedClock
from bot.playground.faults import Fault, FaultKind
from bot.playground.slack import EmulatedSlack
from tests.emulators.slack_rig import Rig, ack, rig

Json = dict[str, Any]


async def settled(r: Rig) -> None:
    """Let the acks on their way arrive."""
    await r.slack.until(lambda: not r.slack.unacknowledged)


async def received(ws: aiohttp.ClientWebSocketResponse, count: int) -> list[Json]:
    """The next envelopes' inner events, acknowledged."""
    events = []
    for _ in range(count):
        envelope = await ws.receive_json()
        await ack(ws, envelope)
        events.append(envelope["payload"]["event"])
    return events


async def test_a_ticket_opens_one_socket() -> None:
    async with rig() as r:  # slack-platform.md §5.2: one-time url
        url = (await r.client.apps_connections_open(app_token=r.slack.app_token))["url"]
        async with r.http.ws_connect(url):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await r.http.ws_connect(url)


async def test_a_refused_socket_has_spent_its_ticket() -> None:
    async with rig() as r:  # slack-platform.md §9.6, the wedge
        url = (await r.client.apps_connections_open(app_token=r.slack.app_token))["url"]
        for r.slack.refuse_sockets in (True, False):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await r.http.ws_connect(url)


async def test_the_eleventh_socket_is_one_too_many() -> None:
    async with rig() as r:  # slack-platform.md §5.2
        ten = [await r.socket() for _ in range(10)]
        url = (await r.client.apps_connections_open(app_token=r.slack.app_token))["url"]
        async with r.http.ws_connect(url) as ws:
            assert (await ws.receive_json())["reason"] == "too_many_websockets"
        assert r.slack.connected == len(ten)


async def test_one_mention_comes_as_message_and_as_app_mention() -> None:
    async with rig() as r:  # slack-platform.md §5.3
        ws = await r.socket()
        ts = await r.slack.post(r.channel, r.ann, f"<@{r.slack.bot_user}> hi", files=[{"id": "F1"}])
        first, second = await ws.receive_json(), await ws.receive_json()
        message, mention = first["payload"]["event"], second["payload"]["event"]
        assert (message["type"], mention["type"]) == ("message", "app_mention")
        assert message["ts"] == mention["ts"] == ts
        assert message["client_msg_id"] == mention["client_msg_id"]
        assert first["payload"]["event_id"] != second["payload"]["event_id"]
        # recorded traffic: app_mention has files and no subtype, slack-platform.md §4.1
        assert (message["subtype"], "subtype" in mention) == ("file_share", False)
        assert mention["files"] == [{"id": "F1"}]
        assert (first["retry_attempt"], first["accepts_response_payload"]) == (0, False)


async def test_the_outer_payload_says_where_the_event_belongs() -> None:
    async with rig() as r:  # slack-platform.md §7.4
        shared = r.slack.add_channel("partners", shared=True)
        eve = r.slack.add_person("Eve", team="T9")
        ws = await r.socket()
        await r.slack.post(shared, eve, "hi")
        payload = (await ws.receive_json())["payload"]
        assert (payload["type"], payload["team_id"]) == ("event_callback", r.slack.team)
        assert payload["api_app_id"] == r.slack.app_id
        assert payload["authorizations"][0]["user_id"] == r.slack.bot_user
        assert (payload["is_ext_shared_channel"], payload["event"]["user_team"]) == (True, "T9")


@pytest.mark.parametrize(
    ("kind", "scope", "name"),
    [
        ("channel", "channels:history", "message.channels"),
        ("private", "groups:history", "message.groups"),
        ("mpim", "mpim:history", "message.mpim"),
        ("im", "im:history", "message.im"),
    ],
)
async def test_the_event_follows_the_kind_of_channel(kind: str, scope: str, name: str) -> None:
    async with rig() as r:  # slack-platform.md §1.6
        place = r.slack.dm(r.ann) if kind == "im" else r.slack.add_channel("other", kind=kind)
        await r.slack.post(place, r.ann, "hi")
        assert (r.slack.events_sent, r.slack.scopes_used) == ({name: 1}, {scope})
        r.slack.scopes.remove(scope)
        await r.slack.post(place, r.ann, "without the scope")
        r.slack.scopes.add(scope)
        r.slack.subscribed.remove(name)
        await r.slack.post(place, r.ann, "without the subscription")
        assert r.slack.events_sent == {name: 1}


async def test_what_happens_where_the_bot_is_not_stays_unknown_to_it() -> None:
    async with rig() as r:
        other = r.slack.add_channel("other", bot_is_member=False)
        await r.slack.post(other, r.ann, f"<@{r.slack.bot_user}>")
        assert not r.slack.events_sent


async def test_a_direct_message_is_no_app_mention_and_team_may_be_missing() -> None:
    async with rig() as r:  # vercel/chat sample-messages
        ws, r.slack.omit_team = await r.socket(), True
        await r.slack.post(r.slack.dm(r.ann), r.ann, f"<@{r.slack.bot_user}>")
        [event] = await received(ws, 1)
        await settled(r)
        assert (event["channel_type"], "team" in event) == ("im", False)


async def test_an_edit_and_a_deletion_carry_what_was_before() -> None:
    async with rig() as r:  # docs.slack.dev/reference/events/message/message_changed
        ws = await r.socket()
        ts = await r.slack.post(r.channel, r.ann, "one")
        await r.slack.edit(r.channel, ts, "two")
        await r.slack.delete(r.channel, ts)
        _, edit, deletion = await received(ws, 3)
        assert (edit["subtype"], edit["message"]["text"], edit["previous_message"]["text"]) == (
            "message_changed",
            "two",
            "one",
        )
        assert edit["message"]["edited"]["user"] == r.ann
        assert (deletion["subtype"], deletion["deleted_ts"]) == ("message_deleted", ts)
        assert deletion["previous_message"]["text"] == "two"


async def test_a_root_with_replies_becomes_a_tombstone() -> None:
    async with rig() as r:
        await r.slack.post(r.channel, r.ann, "reply", thread_ts=r.thread)
        ws = await r.socket()
        await received(ws, 1)
        await r.slack.delete(r.channel, r.thread)
        [event] = await received(ws, 1)
        assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")
        assert [m.deleted for m in r.slack.thread(r.channel, r.thread)] == [True, False]


async def test_our_own_posts_come_back_as_messages_of_a_bot() -> None:
    async with rig() as r:
        ws = await r.socket()
        await r.client.chat_postMessage(channel=r.channel, text="x")
        [event] = await received(ws, 1)
        assert (event["user"], event["bot_id"]) == (r.slack.bot_user, r.slack.bot_id)


async def test_an_unacknowledged_event_comes_back_three_times_and_is_then_lost() -> None:
    async with rig() as r:  # slack-platform.md §§5.1, 5.2: 3 s, then at once, +1 min, +5 min
        ws = await r.socket()
        await r.slack.post(r.channel, r.ann, "hi")
        seen = [await ws.receive_json()]
        for pause in (3, 60, 300):
            await r.clock.advance(pause)
            seen.append(await ws.receive_json())
        assert [(e["retry_attempt"], e["retry_reason"]) for e in seen] == [
            (0, ""),
            (1, "timeout"),
            (2, "timeout"),
            (3, "timeout"),
        ]
        assert len({e["envelope_id"] for e in seen}) == len({e["payload"]["event_id"] for e in seen}) == 1
        await r.clock.advance(3)
        await r.slack.until(lambda: r.slack.lost)
        assert r.slack.unacknowledged == []


async def test_an_acknowledged_event_does_not_come_back() -> None:
    async with rig() as r:
        ws = await r.socket()
        await r.slack.post(r.channel, r.ann, "hi")
        await received(ws, 1)
        await settled(r)
        await r.clock.advance(1000)
        assert r.clock.next_timer() is None


async def test_what_happened_without_a_socket_comes_when_one_opens() -> None:
    async with rig() as r:  # slack-platform.md §5.2, vercel/chat 4.33.0
        await r.slack.post(r.channel, r.ann, "anybody?")
        await r.clock.advance(200)
        ws = await r.socket()
        envelope = await ws.receive_json()
        assert (envelope["payload"]["event"]["text"], envelope["retry_reason"]) == ("anybody?", "timeout")


async def test_an_outage_of_more_than_six_minutes_loses_events() -> None:
    async with rig() as r:  # slack-platform.md §5.2: at once, +1, +5 min
        await r.slack.post(r.channel, r.ann, "anybody?")
        await r.clock.advance(400)
        await r.slack.until(lambda: r.slack.lost)


async def test_an_event_whose_socket_died_goes_to_the_next_one() -> None:
    async with rig() as r:
        ws = await r.socket()
        await r.slack.post(r.channel, r.ann, "hi")
        first = await ws.receive_json()
        await r.slack.drop_sockets()
        again = await (await r.socket()).receive_json()
        assert (again["envelope_id"], again["retry_attempt"]) == (first["envelope_id"], 1)


async def test_a_held_ack_is_as_good_as_none() -> None:
    async with rig() as r:
        ws, r.slack.hold_acks = await r.socket(), True
        await r.slack.post(r.channel, r.ann, "hi")
        since = r.slack.activity
        await received(ws, 1)
        await r.slack.wait_activity(since)
        assert len(r.slack.unacknowledged) == 1


async def test_the_socket_can_die_between_commit_and_ack() -> None:
    async with rig() as r:
        ws = await r.socket()
        fault = r.slack.faults.add("envelope", Fault(FaultKind.RESET_AFTER))
        await r.slack.post(r.channel, r.ann, "hi")
        await received(ws, 1)
        await fault.reached.wait()
        assert (r.slack.connected, len(r.slack.unacknowledged)) == (0, 1)
        await received(await r.socket(), 1)
        await settled(r)


async def test_the_socket_can_die_before_an_event_is_sent() -> None:
    async with rig() as r:
        ws = await r.socket()
        r.slack.faults.add("envelope", Fault(FaultKind.REFUSE))
        await r.slack.post(r.channel, r.ann, "hi")
        with pytest.raises((aiohttp.ClientError, TypeError)):
            await ws.receive_json()
        [event] = await received(await r.socket(), 1)
        assert event["text"] == "hi"


async def test_what_happened_while_slack_was_down_comes_when_it_is_back() -> None:
    slack = EmulatedSlack(SteppedClock())
    ann, channel = slack.add_person("Ann"), slack.add_channel("general")
    async with slack.serve():
        first = slack.api_url
    await slack.post(channel, ann, "hi")
    async with slack.serve(), aiohttp.ClientSession() as http:
        assert slack.api_url != first
        client = AsyncWebClient(base_url=slack.api_url, session=http, retry_handlers=[])
        url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
        async with http.ws_connect(url) as ws:
            assert (await ws.receive_json())["type"] == "hello"
            assert (await ws.receive_json())["payload"]["event"]["text"] == "hi"


async def test_each_envelope_goes_to_one_of_the_sockets() -> None:
    async with rig() as r:  # slack-platform.md §5.2
        one, two = await r.socket(), await r.socket()
        for said in ("a", "b"):
            await r.slack.post(r.channel, r.ann, said)
        texts = [(await ws.receive_json())["payload"]["event"]["text"] for ws in (one, two)]
        assert sorted(texts) == ["a", "b"]


async def test_events_are_spread_over_as_many_sockets_as_may_be_open() -> None:
    async with rig() as r:  # slack-platform.md §5.2: up to 10 connections
        sockets = [await r.socket() for _ in range(10)]
        assert r.slack.peers == ["127.0.0.1"] * 10
        for _ in sockets:
            await r.slack.post(r.channel, r.ann, "hi")
        for ws in sockets:
            await received(ws, 1)
        await settled(r)


async def test_what_a_dead_socket_has_not_acknowledged_goes_to_another_at_once() -> None:
    async with rig() as r:  # slack-platform.md §5.2
        both = [await r.socket(), await r.socket()]
        await r.slack.post(r.channel, r.ann, "hi")
        first = await both[0].receive_json()
        await both[0].close()
        again = await both[1].receive_json()
        assert (again["envelope_id"], again["retry_attempt"]) == (first["envelope_id"], 1)
        await ack(both[1], again)
        await settled(r)
        (envelope,) = r.slack.envelopes
        assert (envelope.sent, envelope.acked_by) == (2, "127.0.0.1")


async def test_a_test_can_say_to_whom_everything_is_sent() -> None:
    async with rig() as r:
        opened = await r.client.apps_connections_open(app_token=r.slack.app_token)
        elsewhere = aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=("127.0.0.2", 0)))
        async with elsewhere, elsewhere.ws_connect(opened["url"]) as far:
            near = await r.socket()
            assert (await far.receive_json())["type"] == "hello"
            assert r.slack.peers == ["127.0.0.2", "127.0.0.1"]
            r.slack.send_only_to("127.0.0.2")
            for _ in range(3):
                await r.slack.post(r.channel, r.ann, "hi")
            await received(far, 3)
            r.slack.send_only_to("127.0.0.9")  # nobody is there
            for _ in range(2):
                await r.slack.post(r.channel, r.ann, "hi")
            await received(far, 1)
            await received(near, 1)
            await settled(r)


async def test_the_same_raw_event_keeps_its_id_unless_it_is_sent_as_new() -> None:
    async with rig() as r:  # slack-platform.md §5.1: event_id is globally unique
        ws = await r.socket()
        event = {"type": "app_context_changed", "channel": r.channel, "user": r.ann, "event_ts": "1"}
        for as_new in (False, False, True):
            await r.slack.send_event(event, redeliver_as_new=as_new)
        ids = [(await ws.receive_json())["payload"]["event_id"] for _ in range(3)]
        assert (ids[0] == ids[1], ids[1] == ids[2]) == (True, False)


async def test_stop_lists_the_open_streams_of_the_session() -> None:
    async with rig() as r:  # slack-platform.md §1.4
        ws, ts = await r.socket(), await r.stream()
        await r.slack.press_stop(r.channel, r.thread, r.ann)
        [event] = await received(ws, 1)
        assert event["type"] == "agent_session_stopped"
        assert (event["thread_ts"], event["streaming_message_ts"]) == (r.thread, [ts])


async def test_opening_the_messages_tab_is_told() -> None:
    async with rig() as r:  # slack-platform.md §1.4
        ws = await r.socket()
        await r.slack.open_messages_tab(r.ann)
        [event] = await received(ws, 1)
        assert (event["type"], event["tab"]) == ("app_home_opened", "messages")
        assert event["channel"] == r.slack.dm(r.ann)


async def test_bolt_connects_answers_and_reconnects_when_asked() -> None:
    async with rig() as r:
        app = AsyncApp(authorize=_authorize(r), client=r.client)
        heard: asyncio.Queue[str] = asyncio.Queue()

        @app.event("app_mention")
        async def on_mention(event: Json) -> None:
            await heard.put(event["text"])

        @app.event("message")
        async def on_message() -> None:
            pass

        handler = AsyncSocketModeHandler(app, r.slack.app_token, web_client=r.client)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await r.slack.post(r.channel, r.ann, f"<@{r.slack.bot_user}> one")
        assert "one" in await heard.get()
        await settled(r)
        await r.slack.disconnect("refresh_requested")
        await r.slack.until(lambda: len(r.slack.executed("apps.connections.open")) == 2)
        await r.slack.until(lambda: r.slack.connected == 1)
        await r.slack.post(r.channel, r.ann, f"<@{r.slack.bot_user}> two")
        assert "two" in await heard.get()
        await settled(r)
        await handler.close_async()  # type: ignore[no-untyped-call]


def _authorize(r: Rig) -> Any:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=r.slack.team,
            bot_token=r.slack.bot_token,
            bot_id=r.slack.bot_id,
            bot_user_id=r.slack.bot_user,
        )

    return authorize
