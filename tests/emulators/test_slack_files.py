"""Files as they arrive: reference/slack-platform.md §4.1, docs.slack.dev/reference/objects/file-object."""

from typing import Any

import aiohttp
import pytest

from tests.emulators.slack_rig import Rig, ack, error_of, rig

STUB_KEYS = {"id", "created", "timestamp", "mode", "file_access", "user"}


async def next_events(ws: aiohttp.ClientWebSocketResponse, count: int) -> list[dict[str, Any]]:
    """That many events, acknowledged, in the order in which they arrived."""
    events = []
    for _ in range(count):
        envelope = await ws.receive_json()
        await ack(ws, envelope)
        events.append(envelope["payload"]["event"])
    return events


async def info(r: Rig, file_id: str) -> dict[str, Any]:
    answer = await r.client.files_info(file=file_id)
    file: dict[str, Any] = answer["file"]
    return file


async def test_a_message_with_a_file_is_a_file_share_with_the_whole_object() -> None:
    async with rig(subscribed=["message.channels"]) as r:
        ws = await r.socket()
        file = r.slack.add_file("Q3 plan.pdf", b"%PDF-1.7", r.ann)
        ts = await r.slack.post(r.channel, r.ann, "look", files=[file])
        [event] = await next_events(ws, 1)
        assert (event["subtype"], event["ts"], event["upload"]) == ("file_share", ts, False)
        [shown] = event["files"]
        assert shown == file
        assert (shown["mimetype"], shown["filetype"], shown["pretty_type"]) == ("application/pdf", "pdf", "PDF")
        assert (shown["size"], shown["mode"], shown["is_external"]) == (8, "hosted", False)
        assert shown["url_private_download"].endswith(
            f"/files-pri/{r.slack.team}-{file['id']}/download/q3_plan.pdf"
        )
        assert "shares" not in shown


async def test_a_mention_carries_files_and_no_subtype() -> None:
    async with rig(subscribed=["app_mention"]) as r:  # reference/testing.md, "Seen while trying"
        ws = await r.socket()
        files = [r.slack.add_file(name, b"x", r.ann) for name in ("a.txt", "b.txt")]
        await r.slack.post(r.channel, r.ann, f"<@{r.slack.bot_user}>", files=files)
        [event] = await next_events(ws, 1)
        assert [file["name"] for file in event["files"]] == ["a.txt", "b.txt"]
        assert "subtype" not in event


async def test_a_message_that_is_only_files_has_neither_text_nor_blocks() -> None:
    async with rig(subscribed=["message.channels"]) as r:
        ws = await r.socket()
        await r.slack.post(r.channel, r.ann, "", files=[r.slack.add_file("a.txt", b"x", r.ann)])
        [event] = await next_events(ws, 1)
        assert (event["text"], "blocks" in event) == ("", False)


async def test_file_shared_tells_only_the_id() -> None:
    async with rig(subscribed=["file_shared"]) as r:  # slack-platform.md §4.1
        ws = await r.socket()
        file = r.slack.add_file("a.txt", b"x", r.ann)
        await r.slack.post(r.channel, r.ann, "", files=[file])
        [event] = await next_events(ws, 1)
        assert event["file"] == {"id": file["id"]}
        assert (event["channel_id"], event["user_id"]) == (r.channel, r.ann)


async def test_no_file_event_comes_without_files_read() -> None:
    async with rig(scopes=["channels:history"]) as r:
        await r.slack.change_file(r.slack.add_file("a.txt", b"x", r.ann)["id"])
        assert r.slack.unacknowledged == []


MODES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "snippet": ({"mode": "snippet"}, {"mode": "snippet", "editable": True, "preview": "text", "lines": 1}),
    "post": ({"mode": "post"}, {"mode": "post", "filetype": "post"}),
    "email": ({"mode": "email"}, {"mode": "email", "filetype": "email", "plain_text": "text"}),
    "canvas": ({"mode": "quip"}, {"mode": "quip", "mimetype": "application/vnd.slack-docs"}),
    "list": ({"mode": "list"}, {"mode": "list", "mimetype": "application/vnd.slack-list"}),
    "external": ({"mode": "external"}, {"mode": "external", "is_external": True, "external_type": "gdrive"}),
    "voice clip": (
        {"subtype": "slack_audio", "seconds": 2.5, "mimetype": "audio/mp4"},
        {"mode": "hosted", "subtype": "slack_audio", "duration_ms": 2500, "mimetype": "audio/mp4"},
    ),
    "video clip": ({"subtype": "slack_video"}, {"media_display_type": "video", "subtype": "slack_video"}),
    "lying size": ({"size": 5}, {"size": 5}),
}


@pytest.mark.parametrize(("given", "told"), MODES.values(), ids=MODES.keys())
async def test_every_kind_of_file_has_its_shape(given: dict[str, Any], told: dict[str, Any]) -> None:
    async with rig() as r:  # slack-platform.md §4.1
        file = r.slack.add_file("a.txt", b"text", r.ann, **given)
        assert {key: file[key] for key in told} == told
        assert ("url_private_download" in file) == (given.get("mode") != "external")


BARE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tombstone": ({"mode": "tombstone"}, {"mode": "tombstone"}),
    "hidden": ({"mode": "hidden_by_limit"}, {"mode": "hidden_by_limit"}),
}


@pytest.mark.parametrize(("given", "told"), BARE.values(), ids=BARE.keys())
async def test_what_is_gone_or_hidden_shows_id_and_mode_alone(given: dict[str, Any], told: dict[str, Any]) -> None:
    async with rig() as r:
        file = r.slack.add_file("a.txt", b"text", r.ann, **given)
        assert file == {"id": file["id"], **told}


async def test_some_fields_are_missing_until_slack_has_looked_into_the_file() -> None:
    async with rig() as r:  # slack-platform.md §4.2
        file = r.slack.add_file("a.txt", b"text", r.ann, ready_after=3)
        ts = await r.slack.post(r.channel, r.ann, "", files=[file])
        before = await info(r, file["id"])
        assert not before.keys() & {"mimetype", "size", "filetype", "shares"}
        await r.clock.advance(3)
        after = await info(r, file["id"])
        assert (after["mimetype"], after["size"]) == ("text/plain", 4)
        assert after["shares"]["public"][r.channel][0]["ts"] == ts
        assert r.slack.thread(r.channel, ts)[0].files[0]["size"] == 4


# -- files.info


async def test_files_info_tells_where_the_bot_sees_the_file() -> None:
    async with rig() as r:
        elsewhere = r.slack.add_channel("secret", kind="private", bot_is_member=False)
        file = r.slack.add_file("a.txt", b"text", r.ann)
        for place in (r.channel, r.slack.dm(r.ann), elsewhere):
            await r.slack.post(place, r.ann, "", files=[file])
        told = await info(r, file["id"])
        assert (told["channels"], told["groups"], told["ims"]) == ([r.channel], [], [r.slack.dm(r.ann)])
        assert told["is_public"]


async def test_files_info_refuses_what_is_unknown_deleted_denied_or_elsewhere() -> None:
    async with rig() as r:  # docs.slack.dev/reference/methods/files.info
        denied = r.slack.add_file("a.txt", b"x", r.ann, access="access_denied")
        deleted = r.slack.add_file("b.txt", b"x", r.ann)
        for file in (denied, deleted):
            await r.slack.post(r.channel, r.ann, "", files=[file])
        name = deleted["id"]
        await r.slack.delete_file(name)
        unshared = r.slack.add_file("c.txt", b"x", r.ann)["id"]
        cases = {"F0NOTTHERE0": "file_not_found", name: "file_deleted", denied["id"]: "access_denied"}
        for file_id, error in (cases | {unshared: "file_not_found"}).items():
            assert await error_of(r.client.files_info(file=file_id)) == error
        assert denied["file_access"] == "access_denied"


async def test_files_info_needs_files_read() -> None:
    async with rig(scopes=["chat:write"]) as r:
        assert (await r.call("files.info", file="F1"))["needed"] == "files:read"


# -- Slack Connect: docs.slack.dev/apis/slack-connect


async def test_in_a_shared_channel_events_carry_a_stub_and_reading_the_whole_object() -> None:
    async with rig(subscribed=["message.channels"]) as r:
        ws, file = await r.socket(), r.slack.add_file("secret.pdf", b"x", r.ann)
        r.slack.share(r.channel)
        ts = await r.slack.post(r.channel, r.ann, "look", files=[file])
        await r.slack.delete(r.channel, ts)
        posted, deleted = await next_events(ws, 2)
        for [stub] in (posted["files"], deleted["previous_message"]["files"]):
            assert stub.keys() == STUB_KEYS
            assert (stub["file_access"], stub["user"], stub["created"]) == ("check_file_info", "", 0)
        ts = await r.slack.post(r.channel, r.ann, "again", files=[file])
        replies = await r.client.conversations_replies(channel=r.channel, ts=ts)
        assert replies["messages"][0]["files"][0]["name"] == "secret.pdf"
        assert (await info(r, file["id"]))["name"] == "secret.pdf"


async def test_a_single_file_can_be_a_stub_that_files_info_resolves() -> None:
    async with rig() as r:
        file = r.slack.add_file("a.txt", b"x", r.ann, access="check_file_info")
        await r.slack.post(r.channel, r.ann, "", files=[file])
        assert file.keys() == STUB_KEYS
        assert (await info(r, file["id"]))["size"] == 1


async def test_sharing_a_channel_tells_so() -> None:
    async with rig(subscribed=["channel_shared", "channel_unshared"]) as r:
        ws = await r.socket()
        r.slack.share(r.channel, "T0000000042")
        r.slack.unshare(r.channel, "T0000000042")
        shared, unshared = sorted(await next_events(ws, 2), key=lambda event: str(event["type"]))
        assert (shared["channel"], shared["connected_team_id"]) == (r.channel, "T0000000042")
        assert (unshared["previously_connected_team_id"], unshared["is_ext_shared"]) == ("T0000000042", False)


async def test_a_private_channel_tells_that_only_with_groups_read() -> None:
    async with rig(scopes=["channels:read"]) as r:  # docs.slack.dev/reference/events/channel_shared
        secret = r.slack.add_channel("secret", kind="private")
        r.slack.share(secret)
        assert r.slack.unacknowledged == []
        r.slack.share(r.channel)
        assert len(r.slack.unacknowledged) == 1


# -- changing and deleting


async def test_deleting_a_file_tells_everybody_and_leaves_tombstones() -> None:
    async with rig(subscribed=["file_deleted", "message.channels"]) as r:
        ws, file = await r.socket(), r.slack.add_file("a.txt", b"x", r.ann)
        name = file["id"]
        ts = await r.slack.post(r.channel, r.ann, "look", files=[file])
        await next_events(ws, 1)
        await r.slack.delete_file(name)
        deleted, changed = sorted(await next_events(ws, 2), key=lambda event: str(event["type"]))
        assert (deleted["type"], deleted["file_id"], deleted["channel_ids"]) == ("file_deleted", name, [r.channel])
        assert changed["subtype"] == "message_changed"
        assert changed["message"]["files"] == [{"id": name, "mode": "tombstone"}]
        assert changed["previous_message"]["files"][0]["name"] == "a.txt"
        assert r.slack.thread(r.channel, ts)[0].files == [{"id": name, "mode": "tombstone"}]


async def test_a_deleted_file_that_the_bot_never_saw_is_told_as_well() -> None:
    async with rig(subscribed=["file_deleted"]) as r:  # "sent to all connected clients for a workspace"
        await r.slack.delete_file(r.slack.add_file("a.txt", b"x", r.ann)["id"])
        assert len(r.slack.unacknowledged) == 1


async def test_deleting_the_message_says_which_files_it_had() -> None:
    async with rig(subscribed=["message.channels"]) as r:
        ws, file = await r.socket(), r.slack.add_file("a.txt", b"x", r.ann)
        ts = await r.slack.post(r.channel, r.ann, "", files=[file])
        await r.slack.delete(r.channel, ts)
        _, gone = await next_events(ws, 2)
        assert (gone["subtype"], gone["previous_message"]["files"][0]["id"]) == ("message_deleted", file["id"])


async def test_a_change_is_told_to_those_who_see_the_file_each_time_as_a_new_event() -> None:
    async with rig(subscribed=["file_change"]) as r:
        ws = await r.socket()
        file, unseen = (r.slack.add_file("a.txt", b"x", r.ann) for _ in range(2))
        await r.slack.post(r.channel, r.ann, "", files=[file])
        await r.slack.change_file(unseen["id"], b"y")
        await r.slack.change_file(file["id"], b"longer")
        await r.slack.change_file(file["id"], title="Renamed")
        ids = []
        for _ in range(2):
            envelope = await ws.receive_json()
            await ack(ws, envelope)
            assert envelope["payload"]["event"]["file"] == {"id": file["id"]}
            ids.append(envelope["payload"]["event_id"])
        assert len(set(ids)) == 2
        assert (file["size"], file["title"], r.slack.content_of(file["id"])) == (6, "Renamed", b"longer")


async def test_a_file_object_that_a_test_made_up_goes_through_as_it_is() -> None:
    async with rig(subscribed=["message.channels"]) as r:
        ws = await r.socket()
        odd = {"id": 5, "name": None, "size": "many"}
        await r.slack.post(r.channel, r.ann, "", files=[odd])
        [event] = await next_events(ws, 1)
        assert event["files"] == [odd]
