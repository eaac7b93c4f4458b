"""Downloads as design §7: streamed, bounded, from Slack's hosts only."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import FileRefused
from bot.files.kinds import Reason
from bot.files.slack_file import parse_file
from bot.files.sniffing import HEAD
from bot.playground.faults import Fault, FaultKind
from bot.playground.slack.files import Delivery
from tests.scenario.conftest import MakeWorld
from tests.scenario.files_rig import BYTES, LIMIT, Rig, files_rig

LOGIN = b"<!DOCTYPE html><html><head><title>Sign in | Slack</title></head></html>"


@pytest.fixture
async def rig(make_world: MakeWorld, tmp_path: Path) -> AsyncIterator[Rig]:
    async with files_rig(make_world, tmp_path) as opened:
        yield opened


async def test_a_file_is_streamed_to_the_private_folder_with_its_hash_and_head(rig: Rig) -> None:
    file = await rig.offered()
    fetched = await rig.fetch(file)
    assert fetched.path.read_bytes() == BYTES
    assert fetched.path.parent == rig.folder.path
    assert (fetched.size, fetched.head) == (len(BYTES), BYTES[:HEAD])
    assert fetched.sha256 == hashlib.sha256(BYTES).hexdigest()
    assert fetched.file == file
    assert rig.world.slack.executed("files.info") == []
    rig.folder.discard(fetched.path)
    rig.folder.discard(fetched.path)
    assert list(rig.folder.path.iterdir()) == []


NAMES = ("../../etc/passwd", "/etc/passwd", "a\0b", "..", "CON", "x" * 1000 + ".csv", "\u202egpj.exe", "")


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
async def test_no_name_becomes_a_path(rig: Rig, name: str) -> None:
    shown = dict(await rig.posted()) | {"name": name, "title": name}
    fetched = await rig.fetch(parse_file(shown))
    assert fetched.path == rig.folder.path / "000001"
    assert list(rig.folder.path.iterdir()) == [fetched.path]
    beside = [one for one in rig.folder.path.parent.iterdir() if not one.name.startswith("threadmate.db")]
    assert beside == [rig.folder.path]


async def test_two_files_of_one_name_lie_side_by_side(rig: Rig) -> None:
    files = [await rig.offered(content=content) for content in (b"one", b"two")]
    fetched = await rig.moving(asyncio.gather(*(rig.downloads.fetch(file, LIMIT) for file in files)))
    assert [each.path.read_bytes() for each in fetched] == [b"one", b"two"]


# -- how much


async def test_a_file_that_is_too_large_is_not_even_asked_for(rig: Rig) -> None:
    assert await rig.refused(await rig.offered(), limit=len(BYTES) - 1) == Reason.TOO_LARGE
    assert rig.world.slack.downloads == []


@pytest.mark.parametrize("with_length", [True, False], ids=["length", "no length"])
async def test_a_file_that_lies_about_its_size_is_cut_off_at_the_limit(rig: Rig, with_length: bool) -> None:
    file = await rig.offered(Delivery(with_length=with_length), size=10)
    assert await rig.refused(file, limit=100_000) == Reason.TOO_LARGE
    assert len(rig.world.slack.downloads) == 1


async def test_a_file_of_exactly_the_limit_is_taken(rig: Rig) -> None:
    assert (await rig.fetch(await rig.offered(), limit=len(BYTES))).size == len(BYTES)


@pytest.mark.parametrize("said", [10, len(BYTES) + 10], ids=["less", "more"])
async def test_a_wrong_size_is_asked_about_once_and_does_no_harm(rig: Rig, said: int) -> None:
    fetched = await rig.fetch(await rig.offered(size=said))
    assert fetched.path.read_bytes() == BYTES
    assert len(rig.world.slack.executed("files.info")) == 1
    assert len(rig.world.slack.downloads) == 2
    assert list(rig.folder.path.iterdir()) == [fetched.path]


async def test_a_file_that_was_changed_meanwhile_is_taken_as_it_is_now(rig: Rig) -> None:
    before = await rig.offered()
    await rig.world.slack.change_file(before.id, b"new")
    fetched = await rig.fetch(before)
    assert (fetched.path.read_bytes(), fetched.file.size) == (b"new", 3)


async def test_memory_stays_flat(rig: Rig, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(30_000_000)
    offered = await rig.offered(content=large)
    tracemalloc.start()
    try:
        fetched = await rig.fetch(offered, limit=30_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert fetched.size == 30_000_000
    assert peak < 5_000_000  # the emulator's part included


# -- from where


async def test_redirects_on_slacks_own_hosts_are_followed_with_the_token(rig: Rig) -> None:
    origin = rig.world.slack.origin
    assert (await rig.fetch(await rig.offered(Delivery(hops=(origin, origin))))).size == len(BYTES)
    tokens = [seen.authorization for seen in rig.world.slack.downloads]
    assert tokens == [f"Bearer {rig.world.slack.bot_token}"] * 3


async def test_redirects_come_to_an_end(rig: Rig) -> None:
    file = await rig.offered(Delivery(hops=(rig.world.slack.origin,) * 20))
    assert await rig.refused(file) == Reason.UNREACHABLE
    assert len(rig.world.slack.downloads) == 6


async def test_another_host_gets_neither_the_token_nor_a_request(rig: Rig) -> None:
    slack = rig.world.slack
    assert await rig.refused(await rig.offered(Delivery(hops=(slack.foreign_origin,)))) == Reason.EXTERNAL
    later = await rig.offered(Delivery(hops=(slack.origin, slack.foreign_origin)))
    assert await rig.refused(later) == Reason.EXTERNAL
    assert rig.asked_elsewhere == []
    assert len(slack.downloads) == 3


async def test_an_address_on_another_host_is_refused_before_anything_is_sent(rig: Rig) -> None:
    shown = dict(await rig.posted())
    there = shown["url_private"].replace(rig.world.slack.origin, rig.world.slack.foreign_origin)
    file = parse_file(shown | {"url_private_download": there})
    assert await rig.refused(file) == Reason.EXTERNAL
    assert rig.world.slack.downloads == []


WRONG = (
    "http://files.slack.com/x",
    "https://files.slack.com.example.com/x",
    "https://files.slack.com@example.com/x",
    "https://example.com/x?files.slack.com",
)


@pytest.mark.parametrize("to", WRONG)
async def test_a_redirect_to_what_only_looks_like_slack_is_not_followed(rig: Rig, to: str) -> None:
    assert (
        await rig.refused(await rig.offered(Delivery(hops=(to,)))) == Reason.EXTERNAL
    )  # the network is not there


@pytest.mark.parametrize("to", ["http://[::1", "https://x:99999/x", "https://example.com\\\\@slack.com/x"])
async def test_a_redirect_to_nonsense_is_not_followed(rig: Rig, to: str) -> None:
    file = await rig.offered()
    rig.world.slack.faults.add("download", Fault(FaultKind.REFUSE, status=302, headers={"Location": to}))
    assert await rig.refused(file) == Reason.UNREACHABLE


# -- what is no file


@pytest.mark.parametrize("redirects", [False, True], ids=["page", "redirect"])
@pytest.mark.parametrize("name", ["data.csv", "page.html"])
async def test_the_login_page_is_no_file(rig: Rig, redirects: bool, name: str) -> None:
    file = await rig.offered(name=name)
    rig.world.slack.login_redirects = redirects
    rig.world.slack.channels[rig.world.general].members.discard(rig.world.slack.bot_user)
    assert await rig.refused(file) == Reason.ACCESS_DENIED
    doubtful = name == "page.html" and not redirects  # only its size tells
    assert [call.method for call in rig.world.slack.calls].count("files.info") == doubtful


async def test_the_login_page_in_place_of_a_canvas_is_no_file(rig: Rig) -> None:
    file = await rig.offered(name="notes", content=b"<h1>Plans</h1>", mode="quip")
    assert (await rig.fetch(file)).head == b"<h1>Plans</h1>"
    rig.folder.discard(rig.folder.path / "000001")
    rig.world.slack.channels[rig.world.general].members.discard(rig.world.slack.bot_user)
    assert await rig.refused(file) == Reason.ACCESS_DENIED


@pytest.mark.parametrize("page", [b"<html><body>Hello</body></html>", LOGIN], ids=["page", "saved login page"])
async def test_a_page_that_somebody_posted_is_a_file(rig: Rig, page: bytes) -> None:
    assert (await rig.fetch(await rig.offered(content=page, name="page.html"))).head == page


STATUS = {403: Reason.ACCESS_DENIED, 404: Reason.TOMBSTONE, 400: Reason.UNREACHABLE, 304: Reason.UNREACHABLE}


@pytest.mark.parametrize(("status", "reason"), STATUS.items(), ids=map(str, STATUS))
async def test_a_refusal_is_not_tried_again(rig: Rig, status: int, reason: Reason) -> None:
    file = await rig.offered()
    rig.world.slack.faults.always("download", Fault(FaultKind.REFUSE, status=status))
    assert await rig.refused(file) == reason
    assert len(rig.world.slack.downloads) == 1


# -- when it breaks off


FAULTS = {
    "503": Fault(FaultKind.REFUSE, status=503),
    "429": Fault(FaultKind.REFUSE, status=429, headers={"Retry-After": "20"}),
    "reset": Fault(FaultKind.RESET_BEFORE),
    "lost answer": Fault(FaultKind.RESET_AFTER),
    "no answer": Fault(FaultKind.HOLD),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_what_breaks_off_is_tried_again(rig: Rig, fault: Fault) -> None:
    file = await rig.offered()
    rig.world.slack.faults.add("download", Fault(fault.kind, fault.status, headers=fault.headers), times=2)
    fetched = await rig.fetch(file)
    assert fetched.path.read_bytes() == BYTES
    assert list(rig.folder.path.iterdir()) == [fetched.path]
    times = [seen.at for seen in rig.world.slack.downloads]
    assert len(times) == 3
    assert times[-1] - times[0] >= (40 if fault.status == 429 else 1)  # aiohttp itself repeats some at once


@pytest.mark.parametrize("with_length", [True, False], ids=["length", "no length"])
async def test_a_body_that_is_cut_is_fetched_again_from_its_beginning(rig: Rig, with_length: bool) -> None:
    file = await rig.offered(Delivery(cut_after=70_000, with_length=with_length))
    fetching = asyncio.ensure_future(rig.downloads.fetch(file, LIMIT))
    await rig.world.until(lambda: len(rig.world.slack.downloads) == 2)
    rig.world.slack.deliver(file.id, Delivery())
    fetched = await rig.moving(fetching)
    assert fetched.path.read_bytes() == BYTES
    assert fetched.sha256 == hashlib.sha256(BYTES).hexdigest()


async def test_a_body_that_is_cut_every_time_is_given_up(rig: Rig) -> None:
    assert await rig.refused(await rig.offered(Delivery(cut_after=70_000))) == Reason.UNREACHABLE
    assert len(rig.world.slack.downloads) == 4


async def test_a_body_that_stands_still_is_given_up(rig: Rig) -> None:
    file = await rig.offered(Delivery(pace=60))
    begun = rig.world.clock.monotonic()
    assert await rig.refused(file) == Reason.UNREACHABLE
    assert 120 <= rig.world.clock.monotonic() - begun <= 300


async def test_a_body_that_merely_drips_is_given_up_in_the_end(rig: Rig) -> None:
    file = await rig.offered(Delivery(pace=10, chunk=1000))
    begun = rig.world.clock.monotonic()
    assert await rig.refused(file) == Reason.UNREACHABLE
    assert 290 <= rig.world.clock.monotonic() - begun <= 350
    assert len(rig.world.slack.downloads) == 1


async def test_a_slow_body_arrives(rig: Rig) -> None:
    assert (await rig.fetch(await rig.offered(Delivery(pace=10)))).size == len(BYTES)


async def test_a_download_that_is_cancelled_leaves_nothing(rig: Rig) -> None:
    fetching = asyncio.ensure_future(rig.downloads.fetch(await rig.offered(Delivery(pace=10)), LIMIT))
    await rig.world.until(lambda: list(rig.folder.path.iterdir()))
    fetching.cancel()
    await asyncio.gather(fetching, return_exceptions=True)
    assert fetching.cancelled()
    assert list(rig.folder.path.iterdir()) == []


# -- what Slack has to be asked about first


async def test_a_stub_is_asked_about_first_and_then_has_its_name(rig: Rig) -> None:
    shown = await rig.posted(name="handbook.csv", access="check_file_info")
    stub = parse_file(dict(shown))
    assert stub.url is None
    fetched = await rig.fetch(stub)
    assert (fetched.file.name, fetched.path.read_bytes()) == ("handbook.csv", BYTES)


async def test_a_new_upload_is_looked_at_again_until_its_type_is_known(rig: Rig) -> None:
    file = await rig.offered(ready_after=5.0)
    assert (file.mimetype, file.size) == ("", 0)
    fetched = await rig.fetch(file)
    assert (fetched.file.mimetype, fetched.file.size) == ("text/csv", len(BYTES))
    assert 3 <= len(rig.world.slack.executed("files.info")) <= 4


async def test_an_upload_whose_type_never_gets_known_is_taken_all_the_same(rig: Rig) -> None:
    fetched = await rig.fetch(await rig.offered(ready_after=100_000.0))
    assert fetched.path.read_bytes() == BYTES
    assert len(rig.world.slack.executed("files.info")) == 5


CLOSED: dict[str, tuple[dict[str, Any], Reason]] = {
    "denied": ({"access": "access_denied"}, Reason.ACCESS_DENIED),
    "deleted": ({"mode": "tombstone"}, Reason.TOMBSTONE),
    "hidden": ({"mode": "hidden_by_limit"}, Reason.HIDDEN_BY_PLAN),
    "external": ({"mode": "external"}, Reason.EXTERNAL),
}


@pytest.mark.parametrize(("how", "reason"), CLOSED.values(), ids=CLOSED)
async def test_what_is_closed_is_not_asked_for(rig: Rig, how: dict[str, Any], reason: Reason) -> None:
    assert await rig.refused(await rig.offered(**how)) == reason
    assert rig.world.slack.downloads == []


@pytest.mark.parametrize(
    "error", ["file_deleted", "file_not_found", "access_denied", "missing_scope", "team_not_found"]
)
async def test_what_slack_refuses_to_tell_is_a_sentence(rig: Rig, error: str) -> None:
    stub = await rig.offered(access="check_file_info")
    rig.world.slack.faults.add(
        "files.info", Fault(FaultKind.REFUSE, status=200, body={"ok": False, "error": error})
    )
    known = {"file_deleted": Reason.TOMBSTONE, "team_not_found": Reason.UNREACHABLE}
    assert await rig.refused(stub) == known.get(error, Reason.ACCESS_DENIED)


async def test_a_slack_that_tells_nothing_is_a_sentence(rig: Rig) -> None:
    stub = await rig.offered(access="check_file_info")
    rig.world.slack.faults.always("files.info", Fault(FaultKind.RESET_BEFORE))
    assert await rig.refused(stub) == Reason.UNREACHABLE


async def test_an_email_is_written_from_what_slack_said(rig: Rig) -> None:
    file = await rig.offered(content=b"Dear all", name="mail", mode="email", subject="Hello")
    fetched = await rig.fetch(file)
    assert fetched.path.read_text().endswith("Subject: Hello\n\nDear all")
    assert fetched.size == len(fetched.head)
    assert rig.world.slack.downloads == []
    rig.folder.discard(fetched.path)
    assert await rig.refused(file, limit=fetched.size - 1) == Reason.TOO_LARGE


async def test_a_disk_that_takes_nothing_is_a_sentence(rig: Rig) -> None:
    file, email = await rig.offered(), await rig.offered(content=b"Dear all", name="mail", mode="email")
    rig.folder.path.rmdir()
    for each in (file, email):
        with pytest.raises(FileRefused, match=Reason.UNREACHABLE):
            await rig.fetch(each)
