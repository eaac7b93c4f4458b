"""Message shortcuts and slash commands: docs.slack.dev/interactivity."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.emulators.slack_rig import Json, Rig, rig


async def respond(r: Rig, url: str, **body: Any) -> tuple[int, Json]:
    """What a POST to a response_url is answered with."""
    async with r.http.post(url, json=body) as response:
        answer: Json = await response.json()
        return response.status, answer


async def received(ws: aiohttp.ClientWebSocketResponse, answer: Json | None = None) -> Json:
    """The next envelope, acknowledged with that answer."""
    envelope: Json = await ws.receive_json()
    body = {"envelope_id": envelope["envelope_id"], **({"payload": answer} if answer else {})}
    await ws.send_json(body)
    return envelope


async def commanded(r: Rig, answer: Json | None = None, text: str = "files") -> tuple[Json, bool]:
    """The payload of a command in the channel, and whether its ack was right."""
    ws = await r.socket()
    typed = asyncio.create_task(r.slack.command("/threadmate", text, r.channel, r.ann))
    envelope = await received(ws, answer)
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    return envelope["payload"], await typed


# -- shortcuts


async def test_a_shortcut_tells_the_message_the_channel_and_the_person() -> None:
    async with rig(shortcuts=["add_to_library"]) as r:
        ws = await r.socket()
        used = asyncio.create_task(r.slack.shortcut("add_to_library", r.channel, r.thread, r.ann))
        envelope = await received(ws)
        payload = envelope["payload"]
        assert envelope["type"] == "interactive"
        assert (payload["type"], payload["callback_id"]) == ("message_action", "add_to_library")
        assert (payload["message_ts"], payload["message"]["text"]) == (r.thread, "hello")
        assert payload["channel"] == {"id": r.channel, "name": "general"}
        assert (payload["user"]["id"], payload["team"]["id"]) == (r.ann, r.slack.team)
        assert await used
        assert "commands" in r.slack.scopes_used


async def test_a_shortcut_opens_a_modal_and_answers_through_its_response_url() -> None:
    async with rig() as r:
        secret = r.slack.add_channel("secret", kind="private", bot_is_member=False)
        ts = await r.slack.post(secret, r.ann, "hello")
        ws = await r.socket()
        used = asyncio.create_task(r.slack.shortcut("files", secret, ts, r.ann))
        payload = (await received(ws))["payload"]
        assert await used
        assert payload["channel"]["name"] == "privategroup"
        title = {"type": "plain_text", "text": "Files"}
        view = {"type": "modal", "title": title, "blocks": []}
        assert (await r.call("views.open", trigger_id=payload["trigger_id"], view=view))["ok"]
        assert await respond(r, payload["response_url"], text="done") == (200, {"ok": True})
        assert [(told.user, told.text) for told in r.slack.ephemerals] == [(r.ann, "done")]
        assert (await respond(r, payload["response_url"], text="more", replace_original=True))[0] == 200
        assert [told.text for told in r.slack.ephemerals] == ["more"]


async def test_a_shortcut_that_is_not_acknowledged_in_three_seconds_is_lost() -> None:
    async with rig() as r:
        await r.socket()
        used = asyncio.create_task(r.slack.shortcut("files", r.channel, r.thread, r.ann))
        await r.slack.until(r.clock.next_timer)
        await r.clock.advance(3)
        assert await used is False
        assert r.slack.unacknowledged == []


async def test_only_what_the_manifest_names_is_offered_and_only_to_people_of_the_workspace() -> None:
    async with rig(shortcuts=["files"], commands=["/threadmate"]) as r:  # slack-platform.md §7.4
        guest = r.slack.add_person("Eve", team="T0000000042")
        await r.slack.post(r.channel, guest, "hi")
        outsider = r.slack.add_person("Bo")
        for name, user in (("other", r.ann), ("files", guest), ("files", outsider)):
            with pytest.raises(LookupError):
                await r.slack.shortcut(name, r.channel, r.thread, user)
        for name, user in (("/other", r.ann), ("/threadmate", guest)):
            with pytest.raises(LookupError):
                await r.slack.command(name, "", r.channel, user)


async def test_without_the_scope_commands_there_are_none() -> None:
    async with rig(scopes=["chat:write"]) as r:
        with pytest.raises(LookupError):
            await r.slack.shortcut("files", r.channel, r.thread, r.ann)


# -- commands


async def test_a_command_tells_its_text_where_and_by_whom() -> None:
    async with rig() as r:
        payload, acked = await commanded(r, text=" files  all ")
        assert acked
        assert (payload["command"], payload["text"]) == ("/threadmate", "files  all")
        assert (payload["channel_id"], payload["channel_name"]) == (r.channel, "general")
        assert (payload["user_id"], payload["team_id"]) == (r.ann, r.slack.team)
        assert not payload.keys() & {"thread_ts", "message_ts", "type"}
        assert r.slack.ephemerals == []


async def test_a_command_in_a_dm_says_directmessage() -> None:
    async with rig() as r:
        ws = await r.socket()
        typed = asyncio.create_task(r.slack.command("/threadmate", "", r.slack.dm(r.ann), r.ann))
        assert (await received(ws))["payload"]["channel_name"] == "directmessage"
        assert await typed


async def test_the_ack_of_a_command_can_speak_to_the_person_or_to_all() -> None:
    async with rig(subscribed=[]) as r:
        _, acked = await commanded(r, {"text": "for you"})
        assert (acked, r.slack.ephemerals[-1].text) == (True, "for you")
    async with rig(subscribed=[]) as r:
        _, acked = await commanded(r, {"text": "for all", "response_type": "in_channel"})
        last = list(r.slack.channels[r.channel].messages.values())[-1]
        assert (acked, last.text, r.slack.ephemerals) == (True, "for all", [])


async def test_a_wrong_ack_of_a_command_says_nothing() -> None:
    async with rig() as r:
        _, acked = await commanded(r, {"txt": "oops"})
        assert (acked, r.slack.ephemerals, len(r.slack.broken_acks)) == (False, [], 1)


async def test_what_answered_a_command_can_be_replaced() -> None:
    async with rig() as r:
        payload, _ = await commanded(r, {"text": "Loading…"})
        assert (await respond(r, payload["response_url"], text="Three files", replace_original=True))[0] == 200
        assert [told.text for told in r.slack.ephemerals] == ["Three files"]
        for _ in range(4):
            await respond(r, payload["response_url"], text="more")
        assert (await respond(r, payload["response_url"], text="sixth"))[1]["error"] == "used_url"


# -- conversations.info and conversations.members


async def test_conversations_info_tells_kind_membership_and_sharing() -> None:
    async with rig() as r:
        told = (await r.client.conversations_info(channel=r.channel, include_num_members=True))["channel"]
        assert (told["is_channel"], told["is_member"], told["is_ext_shared"]) == (True, True, False)
        assert told["num_members"] == 2
        r.slack.share(r.channel)
        assert (await r.client.conversations_info(channel=r.channel))["channel"]["is_ext_shared"]
        direct = (await r.client.conversations_info(channel=r.slack.dm(r.ann)))["channel"]
        assert (direct["is_im"], direct["user"]) == (True, r.ann)
        other = r.slack.add_channel("other", bot_is_member=False)
        assert not (await r.client.conversations_info(channel=other))["channel"]["is_member"]


@pytest.mark.parametrize(
    ("kind", "scope"),
    [("channel", "channels:read"), ("private", "groups:read"), ("mpim", "mpim:read"), ("im", "im:read")],
)
@pytest.mark.parametrize("method", ["conversations.info", "conversations.members"])
async def test_every_kind_of_conversation_needs_its_scope(method: str, kind: str, scope: str) -> None:
    async with rig(scopes=[]) as r:  # slack-platform.md §1.6
        place = r.slack.dm(r.ann) if kind == "im" else r.slack.add_channel("x", kind=kind)
        assert (await r.call(method, channel=place))["needed"] == scope


async def test_a_private_channel_without_the_bot_does_not_exist() -> None:
    async with rig() as r:
        secret = r.slack.add_channel("secret", kind="private", bot_is_member=False)
        assert (await r.call("conversations.info", channel=secret))["error"] == "channel_not_found"


async def test_members_come_in_pages() -> None:
    async with rig() as r:
        first = await r.client.conversations_members(channel=r.channel, limit=1)
        rest = await r.client.conversations_members(
            channel=r.channel, cursor=first["response_metadata"]["next_cursor"]
        )
        assert {*first["members"], *rest["members"]} == {r.ann, r.slack.bot_user}
        assert rest["response_metadata"]["next_cursor"] == ""
        assert (await r.call("conversations.members", channel=r.channel, cursor="x"))["error"] == "invalid_cursor"
