"""Uploading in three steps (reference/slack-platform.md §4.3), and images in blocks (§4.4)."""

from typing import Any

import aiohttp
import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.slack import slack_error
from tests.emulators.slack_rig import Rig, ack, error_of, rig

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


async def begun(r: Rig, content: bytes = PNG, name: str = "plot.png", **more: Any) -> tuple[str, str]:
    """Step 1: the id and the address."""
    answer = await r.client.files_getUploadURLExternal(filename=name, length=len(content), **more)
    return str(answer["file_id"]), str(answer["upload_url"])


async def sent(r: Rig, content: bytes = PNG, name: str = "plot.png") -> str:
    """Steps 1 and 2: the id."""
    file_id, url = await begun(r, content, name)
    async with r.http.post(url, data=content) as response:
        assert (response.status, await response.text()) == (200, f"OK - {len(content)}")
    return file_id


async def complete(r: Rig, *ids: str, **more: Any) -> str:
    """Step 3 into the thread; the error, if any."""
    where = {"channel_id": r.channel, "thread_ts": r.thread} | more
    files: list[Any] = [{"id": file_id, "title": "Plot"} for file_id in ids]
    return await error_of(r.client.files_completeUploadExternal(files=files, **where))


async def test_the_message_with_the_files_appears_in_the_thread_after_a_moment() -> None:
    async with rig(subscribed=["message.channels"]) as r:
        ws = await r.socket()
        names = [await sent(r), await sent(r, b"a,b", "table.csv")]
        assert await complete(r, *names, initial_comment="Here it is") == ""
        assert r.slack.replies(r.channel, r.thread) == []
        assert "shares" not in (await r.client.files_info(file=names[0]))["file"]
        await r.clock.advance(1)
        [reply] = r.slack.replies(r.channel, r.thread)
        assert ([file["id"] for file in reply.files], reply.text) == (names, "Here it is")
        envelope = await ws.receive_json()
        await ack(ws, envelope)
        event = envelope["payload"]["event"]
        assert (event["subtype"], event["user"], event["thread_ts"]) == ("file_share", r.slack.bot_user, r.thread)
        assert not event.keys() & {"bot_id", "app_id", "bot_profile"}
        await r.clock.advance(1)
        told = (await r.client.files_info(file=names[0]))["file"]
        assert (told["title"], told["mimetype"], told["size"]) == ("Plot", "image/png", len(PNG))
        assert told["shares"]["public"][r.channel][0]["thread_ts"] == r.thread
        assert r.slack.content_of(names[1]) == b"a,b"


async def test_the_sdk_uploads_a_small_file_in_one_call() -> None:
    async with rig() as r:
        await r.client.files_upload_v2(
            channel=r.channel, thread_ts=r.thread, filename="a.txt", content="hello", title="A"
        )
        await r.clock.advance(2)
        [reply] = r.slack.replies(r.channel, r.thread)
        assert (reply.files[0]["title"], r.slack.content_of(reply.files[0]["id"])) == ("A", b"hello")


async def test_a_form_is_taken_as_well_as_raw_bytes() -> None:
    async with rig() as r:  # docs.slack.dev/reference/methods/files.getUploadURLExternal
        file_id, url = await begun(r)
        form = aiohttp.FormData({"filename": "plot.png"})
        form.add_field("file", PNG, filename="plot.png")
        async with r.http.post(url, data=form) as response:
            assert await response.text() == f"OK - {len(PNG)}"
        assert await complete(r, file_id) == ""


async def test_another_length_than_was_announced_is_refused() -> None:
    async with rig() as r:
        file_id, url = await begun(r)
        async with r.http.post(url, data=PNG + b"more") as response:
            assert response.status == 400
        assert await complete(r, file_id) == "file_not_found"


async def test_an_address_serves_until_the_upload_is_completed() -> None:
    async with rig() as r:
        file_id, url = await begun(r)
        for status in (200, 200, 404):
            async with r.http.post(url, data=PNG) as response:
                assert response.status == status
            if status == 200 and r.slack.executed("upload")[1:]:
                assert await complete(r, file_id) == ""
        async with r.http.post(url + "x", data=PNG) as response:
            assert response.status == 404


async def test_an_upload_that_is_not_completed_is_no_file() -> None:
    async with rig() as r:  # "step 2 without step 3 discards the file"
        file_id = await sent(r)
        assert await error_of(r.client.files_info(file=file_id)) == "file_not_found"
        assert not r.slack.uploads[0].completed


async def test_without_a_channel_the_file_stays_private() -> None:
    async with rig() as r:
        file_id = await sent(r)
        assert await complete(r, file_id, channel_id=None, thread_ts=None) == ""
        await r.clock.advance(5)
        assert (await r.client.files_info(file=file_id))["file"]["shares"] == {}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a name": ({"channel_id": "#general"}, "invalid_channel"),
    "unknown": ({"channel_id": "C0000000000"}, "channel_not_found"),
    "a reply": ({"thread_ts": "reply"}, "invalid_thread_ts"),
    "markdown": ({"blocks": '[{"type":"markdown","text":"x"}]'}, "internal_error"),  # python-slack-sdk#1756
    "bad blocks": ({"blocks": '[{"type":"nonsense"}]'}, "invalid_blocks"),
    "a mention": ({"initial_comment": "<!channel>"}, "live_mention_in_emulator"),
}


@pytest.mark.parametrize(("more", "error"), REFUSED.values(), ids=REFUSED.keys())
async def test_where_and_what_is_refused(more: dict[str, Any], error: str) -> None:
    async with rig() as r:
        file_id = await sent(r)
        if more.get("thread_ts") == "reply":
            more = {"thread_ts": await r.slack.post(r.channel, r.ann, "x", thread_ts=r.thread)}
        assert await complete(r, file_id, **more) == error
        assert await complete(r, file_id) == ""  # the upload is still there


async def test_the_bot_must_be_in_the_channel() -> None:
    async with rig() as r:
        other = r.slack.add_channel("other", bot_is_member=False)
        assert await complete(r, await sent(r), channel_id=other, thread_ts=None) == "not_in_channel"


async def test_fifteen_files_at_once_are_an_internal_error() -> None:
    async with rig() as r:  # slackapi/python-slack-sdk#1653
        names = [await sent(r, b"x", "a.txt") for _ in range(15)]
        assert await complete(r, *names) == "internal_error"
        assert await complete(r, *names[:14]) == ""


BAD_STARTS: dict[str, tuple[dict[str, Any], str]] = {
    "long alt text": ({"alt_txt": "x" * 1001}, "alt_txt_too_large"),
    "large snippet": ({"snippet_type": "python", "length": 1_000_001}, "snippet_too_large"),
    "large file": ({"length": 1_000_000_001}, "file_upload_size_restricted"),
    "empty": ({"length": 0}, "invalid_arguments"),
}


@pytest.mark.parametrize(("more", "error"), BAD_STARTS.values(), ids=BAD_STARTS.keys())
async def test_what_cannot_be_uploaded(more: dict[str, Any], error: str) -> None:
    async with rig() as r:
        args: dict[str, Any] = {"filename": "a.py", "length": 5} | more
        assert await error_of(r.client.files_getUploadURLExternal(**args)) == error


async def test_what_the_bot_uploaded_it_may_delete_and_nothing_else() -> None:
    async with rig() as r:
        file_id = await sent(r)
        await complete(r, file_id)
        await r.clock.advance(1)
        assert (await r.call("files.delete", file=file_id))["ok"]
        (message,) = r.slack.replies(r.channel, r.thread)
        assert [file["mode"] for file in message.files] == ["tombstone"]
        assert await error_of(r.client.files_delete(file=file_id)) == "file_deleted"
        theirs = r.slack.add_file("a.txt", b"x", r.ann)
        assert await error_of(r.client.files_delete(file=theirs["id"])) == "cant_delete_file"
        assert await error_of(r.client.files_delete(file="F1")) == "file_not_found"


async def test_uploading_needs_files_write() -> None:
    async with rig(scopes=["files:read"]) as r:
        for method in ("files.getUploadURLExternal", "files.completeUploadExternal"):
            assert (await r.call(method))["needed"] == "files:write"


async def test_a_share_can_be_dropped_silently() -> None:
    async with rig() as r:  # paradigmxyz/centaur#311: ok, and never shared
        r.slack.drop_shares = 1
        file_id = await sent(r)
        assert await complete(r, file_id) == ""
        await r.clock.advance(5)
        assert (await r.client.files_info(file=file_id))["file"]["shares"] == {}


async def test_what_is_to_come_survives_a_pause_of_the_server() -> None:
    async with rig() as r:
        await complete(r, await sent(r))
        async with r.slack.serve():
            await r.clock.advance(1)
        assert len(r.slack.replies(r.channel, r.thread)) == 1


async def test_every_step_meets_faults() -> None:
    async with rig() as r:
        for method in ("files.getUploadURLExternal", "files.completeUploadExternal", "files.info"):
            r.slack.faults.add(method, slack_error("internal_error"))
            assert (await r.call(method))["error"] == "internal_error"
        _, url = await begun(r)
        r.slack.faults.add("upload", Fault(FaultKind.RESET_AFTER))
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            await r.http.post(url, data=PNG)
        assert r.slack.uploads[0].content is not None


# -- images in blocks


def picture(file_id: str) -> list[dict[str, Any]]:
    return [{"type": "image", "slack_file": {"id": file_id}, "alt_text": "A plot"}]


async def test_an_image_block_is_refused_until_slack_has_processed_the_file() -> None:
    async with rig() as r:  # slack-platform.md §4.4
        file_id = await sent(r)
        await complete(r, file_id)
        args = {"channel": r.channel, "text": "x", "blocks": picture(file_id)}
        refused = await r.call("chat.postMessage", **args)
        assert refused["error"] == "invalid_blocks"
        assert refused["errors"] == ["[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"]
        await r.clock.advance(2)
        assert (await r.call("chat.postMessage", **args))["ok"]
        ts = await r.stream(markdown_text="x")
        assert await error_of(r.client.chat_stopStream(channel=r.channel, ts=ts, blocks=picture(file_id))) == ""


async def test_an_image_block_shows_only_images_that_are_there() -> None:
    async with rig() as r:
        text = r.slack.add_file("a.txt", b"x", r.ann)["id"]
        gone, unseen = (r.slack.add_file("a.png", PNG, r.ann) for _ in range(2))
        name = gone["id"]
        for file in (gone, r.slack.files[text].shown):
            await r.slack.post(r.channel, r.ann, "", files=[file])
        await r.slack.delete_file(name)
        for file_id in (text, name, unseen["id"], "F0NOTTHERE0"):
            post = r.client.chat_postMessage(channel=r.channel, text="x", blocks=picture(file_id))
            assert await error_of(post) == "invalid_blocks"
