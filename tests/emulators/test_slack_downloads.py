"""Fetching the bytes of files: reference/slack-platform.md §4.2 and Trap 16."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.slack.files import Delivery
from tests.emulators.slack_rig import Rig, rig

BYTES = bytes(range(256)) * 1000


async def shared(r: Rig, content: bytes | Path = BYTES, name: str = "data.csv", **how: Any) -> dict[str, Any]:
    """A file of Ann's in the channel."""
    file = r.slack.add_file(name, content, r.ann, **how)
    await r.slack.post(r.channel, r.ann, "", files=[file])
    return file


async def get(r: Rig, url: str, token: str | None = "", **how: Any) -> tuple[int, str, bytes]:
    """Status, content type and bytes; the bot's token unless another or None is given."""
    headers = {} if token is None else {"Authorization": f"Bearer {token or r.slack.bot_token}"}
    async with r.http.get(url, headers=headers, **how) as response:
        return response.status, response.content_type, await response.read()


async def test_the_bytes_come_with_their_type_and_length(tmp_path: Path) -> None:
    async with rig() as r:
        on_disk = tmp_path / "big"
        on_disk.write_bytes(BYTES)
        for content in (BYTES, on_disk):
            file = await shared(r, content)
            for key in ("url_private", "url_private_download"):
                assert await get(r, file[key]) == (200, "text/csv", BYTES)
        assert r.slack.downloads[-1].authorization == f"Bearer {r.slack.bot_token}"
        assert len(r.slack.executed("download")) == 4


LOCKED_OUT = ("no token", "another token", "lost access", "access denied", "nothing there")


@pytest.mark.parametrize("why", LOCKED_OUT)
async def test_whoever_may_not_have_the_bytes_gets_a_login_page_with_status_200(why: str) -> None:
    async with rig() as r:
        file = await shared(r)
        url, token = file["url_private_download"], ""
        if why == "lost access":
            r.slack.channels[r.channel].members.discard(r.slack.bot_user)
        elif why == "access denied":
            r.slack.files[file["id"]].access = "access_denied"
        elif why == "nothing there":
            url = url.replace(file["id"], "F0NOTTHERE0")
        given = {"no token": None, "another token": "xoxb-other"}.get(why, token)
        status, kind, body = await get(r, url, given)
        assert (status, kind) == (200, "text/html")
        assert b"Sign in" in body
        assert r.slack.executed("download") == []


async def test_without_files_read_there_is_only_the_login_page() -> None:
    async with rig(scopes=["channels:history"]) as r:
        assert (await get(r, (await shared(r))["url_private"]))[1] == "text/html"


async def test_the_login_page_can_be_behind_a_redirect() -> None:
    async with rig() as r:  # "or 302 → 200"
        r.slack.login_redirects = True
        url = (await shared(r))["url_private"]
        assert (await get(r, url, None, allow_redirects=False))[0] == 302
        assert (await get(r, url, None))[:2] == (200, "text/html")


async def test_a_deleted_file_is_not_found() -> None:
    async with rig() as r:
        file = await shared(r)
        url = file["url_private"]
        await r.slack.delete_file(file["id"])
        assert (await get(r, url))[0] == 404


async def test_a_canvas_is_html_and_not_the_users_file() -> None:
    async with rig() as r:  # slack-platform.md §4.1
        file = await shared(r, b"<h1>Canvas</h1>", "notes", mode="quip")
        assert (await get(r, file["url_private"]))[1] == "text/html"
        assert file["mimetype"] == "application/vnd.slack-docs"


async def test_redirects_are_followed_on_the_same_host() -> None:
    async with rig() as r:
        file = await shared(r)
        r.slack.deliver(file["id"], Delivery(hops=(r.slack.origin, r.slack.origin)))
        assert await get(r, file["url_private_download"]) == (200, "text/csv", BYTES)
        assert [at.path.split("/")[3] for at in r.slack.downloads] == ["download", "hop-1", "hop-2"]


async def test_a_redirect_can_lead_anywhere() -> None:
    async with rig() as r:
        file = await shared(r)
        r.slack.deliver(file["id"], Delivery(hops=("https://files.slack.com.example.com/x",)))
        headers = {"Authorization": f"Bearer {r.slack.bot_token}"}
        async with r.http.get(file["url_private"], headers=headers, allow_redirects=False) as response:
            assert response.headers["Location"] == "https://files.slack.com.example.com/x"


async def test_the_foreign_host_gives_the_bytes_and_records_who_sent_it_a_token() -> None:
    async with rig() as r:
        file = await shared(r)
        r.slack.deliver(file["id"], Delivery(hops=(r.slack.foreign_origin,)))
        assert (await get(r, file["url_private"]))[2] == BYTES  # aiohttp drops the token by itself
        careless = file["url_private"].replace(r.slack.origin, r.slack.foreign_origin)
        assert (await get(r, careless, "xoxb-leaked"))[2] == BYTES
        foreign = r.slack.foreign_origin.removeprefix("http://")
        there = [(at.file_id, at.authorization) for at in r.slack.downloads if at.host == foreign]
        assert there == [(file["id"], None), (file["id"], "Bearer xoxb-leaked")]


async def test_a_body_can_be_cut() -> None:
    async with rig() as r:
        file = await shared(r)
        for with_length in (True, False):
            r.slack.deliver(file["id"], Delivery(cut_after=70_000, with_length=with_length))
            with pytest.raises((aiohttp.ClientError, ConnectionError)):
                await get(r, file["url_private"])


async def test_a_body_can_be_larger_than_it_was_said_to_be_and_tell_no_length() -> None:
    async with rig() as r:
        file = await shared(r, size=10)
        r.slack.deliver(file["id"], Delivery(with_length=False, content_type="application/pdf"))
        headers = {"Authorization": f"Bearer {r.slack.bot_token}"}
        async with r.http.get(file["url_private"], headers=headers) as response:
            assert (response.content_length, response.content_type) == (None, "application/pdf")
            assert len(await response.read()) == len(BYTES) > file["size"]


async def test_a_body_can_be_slow_by_the_emulated_clock() -> None:
    async with rig(subscribed=[]) as r:
        file = await shared(r)
        r.slack.deliver(file["id"], Delivery(pace=10, chunk=len(BYTES) // 2))
        body = asyncio.create_task(get(r, file["url_private"]))
        for _ in range(2):
            await r.slack.until(r.clock.next_timer)
            await r.clock.advance(10)
        assert (await body)[2] == BYTES


async def test_downloads_meet_faults() -> None:
    async with rig() as r:
        file = await shared(r)
        r.slack.faults.add("download", Fault(FaultKind.REFUSE, status=503, body="try later"))
        assert (await get(r, file["url_private"]))[0] == 503
        r.slack.faults.add("download", Fault(FaultKind.RESET_BEFORE), times=2)  # aiohttp asks once more
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            await get(r, file["url_private"])
        fault = r.slack.faults.add("download", Fault(FaultKind.HOLD))
        held = asyncio.create_task(get(r, file["url_private"]))
        await fault.reached.wait()
        fault.released.set()
        assert (await held)[2] == BYTES


async def test_files_move_with_the_workspace_when_it_is_served_again() -> None:
    async with rig() as r:
        file = await shared(r)
        async with r.slack.serve():
            assert file["url_private"].startswith(r.slack.origin)
            assert (await get(r, file["url_private"]))[2] == BYTES
