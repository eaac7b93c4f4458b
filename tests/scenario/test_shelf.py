"""Files uploaded once and found again; stores opened once, filled, emptied, missed."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.assistant import stores
from bot.assistant.files import FileShelf
from bot.assistant.scope import Scope
from bot.assistant.stores import ATTACHES, Attributes, Indexed, IndexState, Pace, StoreState
from bot.errors import AssistantBusy, OutcomeUnknown, RequestRejected
from bot.playground.clock import SteppedClock
from bot.playground.faults import FaultKind
from bot.playground.openai.attaching import ATTACHES_PER_MINUTE
from bot.playground.openai.rates import Rate
from bot.playground.openai.script import CodeInterpreter, Text
from tests.scenario.shelf_rig import CHANNEL, OTHER_CHANNEL, OTHER_THREAD, TEAM, THREAD, Rig, opened

HOUR, DAY = 3600, 86_400
UPLOAD, ATTACH = "POST /files", "POST /vector_stores/{id}/files"
READY = Indexed(IndexState.READY)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with opened(tmp_path) as made:
        yield made


# Uploads


async def test_a_large_file_is_uploaded_without_being_held_in_memory(rig: Rig) -> None:
    """Both ends are in this process; openai-platform.md, trap 21."""
    path = rig.file("big.txt", b"")
    with path.open("r+b") as file:
        file.truncate(40 << 20)
    tracemalloc.start()
    made = await rig.shelf.upload(path, "휴가.txt", "text/plain", expires_after=HOUR)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = rig.api.files[made]
    assert (kept.filename, kept.size, kept.purpose) == ("휴가.txt", 40 << 20, "user_data")
    assert kept.expires_at == kept.created_at + HOUR
    assert peak < 15 << 20


async def test_an_upload_whose_answer_was_lost_is_found_again_and_not_made_twice(rig: Rig) -> None:
    rig.lose(UPLOAD)
    since = rig.clock.time()
    with pytest.raises(OutcomeUnknown):
        await rig.upload("handbook.md", "25 days")
    assert rig.calls("POST", "/files") == 1
    assert await rig.shelf.find_upload("handbook.md", 7, since) == next(iter(rig.api.files))


async def test_an_upload_that_never_arrived_is_not_found(rig: Rig) -> None:
    rig.lose(UPLOAD, FaultKind.RESET_BEFORE)
    with pytest.raises(OutcomeUnknown):
        await rig.upload("handbook.md", "25 days")
    assert await rig.shelf.find_upload("handbook.md", 7, rig.clock.time()) is None


@pytest.mark.parametrize("status", [429, 503])
async def test_a_refused_upload_is_made_again(rig: Rig, status: int) -> None:
    rig.lose(UPLOAD, FaultKind.REFUSE, status=status)
    file = await rig.upload("handbook.md", "25 days")
    assert rig.api.files[file].data() == b"25 days"
    assert list(rig.api.files) == [file]


async def test_an_upload_that_is_refused_for_ever_is_given_up(rig: Rig) -> None:
    rig.api.faults.always(UPLOAD, rig.lose(UPLOAD, FaultKind.REFUSE, status=429))
    with pytest.raises(AssistantBusy):
        await rig.upload("handbook.md")


async def left(rig: Rig, name: str = "notes.md", data: bytes = b"12345", **more: Any) -> str:
    """A File that somebody made; the shelf knows nothing of it."""
    made = await rig.engine.client.files.create(file=(name, data), purpose="user_data", **more)
    return made.id


async def test_what_may_be_somebody_elses_is_not_adopted(rig: Rig) -> None:
    """Adopting it would show one channel's document in another."""
    since = rig.clock.time()
    rows = await left(rig)
    await left(rig, "other.md")
    await left(rig, data=b"123456")
    await left(rig, expires_after={"anchor": "created_at", "seconds": HOUR})
    assert await rig.shelf.find_upload("notes.md", 5, since, known={rows}) is None
    assert await rig.shelf.find_upload("notes.md", 5, since + DAY) is None, "it is too old"
    assert await rig.shelf.find_upload("notes.md", 5, since) == rows
    await left(rig)
    assert await rig.shelf.find_upload("notes.md", 5, since) is None, "it may be either"


async def test_what_was_uploaded_for_somebody_else_is_not_adopted(rig: Rig) -> None:
    await rig.upload("notes.md", "12345")
    assert await rig.shelf.find_upload("notes.md", 5, rig.clock.time()) is None


async def test_while_such_an_upload_is_under_way_nothing_is_adopted(rig: Rig) -> None:
    held = rig.lose(UPLOAD, FaultKind.HOLD)
    uploading = asyncio.create_task(rig.upload("notes.md", "12345"))
    await held.reached.wait()
    assert await rig.shelf.find_upload("notes.md", 5, rig.clock.time()) is None
    assert rig.calls("GET", "/files") == 0
    held.released.set()
    assert await uploading in rig.api.files


async def test_an_upload_that_expires_is_found_as_such(rig: Rig) -> None:
    file = await left(rig, expires_after={"anchor": "created_at", "seconds": HOUR})
    assert await rig.shelf.find_upload("notes.md", 5, rig.clock.time(), expires_after=HOUR) == file


async def test_a_file_is_deleted_once_and_for_all(rig: Rig) -> None:
    file = await rig.upload("notes.md")
    rig.lose("DELETE /files/{id}")
    await rig.shelf.delete(file)
    await rig.shelf.delete(file)
    assert rig.api.files == {}


# Stores


async def test_a_channel_has_one_store(rig: Rig) -> None:
    held = rig.lose("GET /vector_stores", FaultKind.HOLD)
    opening = [asyncio.create_task(rig.shelf.open_store(TEAM, CHANNEL)) for _ in range(2)]
    await held.reached.wait()
    for _ in range(500):
        await asyncio.sleep(0)
    held.released.set()
    first, second = await asyncio.gather(*opening)
    assert first == second == await rig.shelf.find_store(TEAM, CHANNEL)
    others = {await rig.shelf.open_store(TEAM, OTHER_CHANNEL), await rig.shelf.open_store("T2", CHANNEL)}
    assert len({first, *others}) == 3
    kept = rig.api.vector_stores[first]
    assert kept.metadata == {"kept_by": "threadmate", "team": TEAM, "channel": CHANNEL}
    assert kept.expires_after is None


async def test_a_store_whose_making_was_not_answered_is_found_behind_many_others(rig: Rig) -> None:
    rig.lose("POST /vector_stores")
    store = await rig.shelf.open_store(TEAM, CHANNEL)
    assert rig.calls("POST", "/vector_stores") == 1
    for number in range(120):
        rig.api.stores.put(f"vs_other{number}")
    assert await rig.shelf.find_store(TEAM, CHANNEL) == store
    assert await rig.shelf.find_store(TEAM, OTHER_CHANNEL) is None


async def test_a_store_that_is_gone_or_expired_is_noticed_and_made_anew(rig: Rig) -> None:
    first = await rig.shelf.open_store(TEAM, CHANNEL)
    assert await rig.shelf.store_state(first) is StoreState.READY
    api = rig.engine.client.vector_stores
    await api.update(first, expires_after={"anchor": "last_active_at", "days": 1})
    await rig.clock.advance(2 * DAY)
    assert await rig.shelf.store_state(first) is StoreState.EXPIRED
    second = await rig.shelf.open_store(TEAM, CHANNEL)
    assert second != first
    await api.delete(second)
    assert await rig.shelf.store_state(second) is StoreState.GONE
    assert await rig.shelf.open_store(TEAM, CHANNEL) not in (first, second)


# Files in stores


@pytest.fixture
async def store(rig: Rig) -> str:
    return await rig.shelf.open_store(TEAM, CHANNEL)


def soon(rig: Rig, seconds: float = 60) -> float:
    return rig.clock.monotonic() + seconds


async def test_a_file_is_attached_with_its_attributes_and_waited_for(rig: Rig, store: str) -> None:
    rig.api.stores.indexing_seconds = 20.0
    attributes: Attributes = {"scope": THREAD, "slack_file": "F1", "posted": 1.7e9}
    file = await rig.upload("handbook.md", "25 days")
    await rig.shelf.attach(store, file, attributes)
    assert await rig.shelf.indexed(store, file, soon(rig)) == READY
    assert rig.api.vector_stores[store].files[file].attributes == attributes


@pytest.mark.parametrize("code", ["server_error", "unsupported_file", "invalid_file"])
async def test_a_file_that_cannot_be_indexed_says_why_and_is_tried_anew(rig: Rig, store: str, code: str) -> None:
    rig.api.fail_indexing("handbook.md", code)
    file = await rig.upload("handbook.md", "25 days")
    await rig.shelf.attach(store, file, {"scope": THREAD})
    assert await rig.shelf.indexed(store, file, soon(rig)) == Indexed(IndexState.FAILED, code)
    rig.api.fail_indexing("handbook.md", None)
    await rig.shelf.attach(store, file, {"scope": THREAD})
    assert await rig.shelf.indexed(store, file, soon(rig)) == READY


async def test_nobody_waits_longer_for_a_file_than_until_the_deadline(rig: Rig, store: str) -> None:
    rig.api.stores.indexing_seconds = float("inf")
    file = await rig.upload("handbook.md", "25 days")
    await rig.shelf.attach(store, file, {"scope": THREAD})
    assert await rig.shelf.indexed(store, file, soon(rig, 30)) == Indexed(IndexState.LATE)
    assert rig.calls("GET", f"/vector_stores/{store}/files/{file}") < 15
    rig.api.index(store, file)
    assert await rig.shelf.indexed(store, file, soon(rig)) == READY


async def test_waiting_goes_on_when_a_look_is_refused_or_not_answered(rig: Rig, store: str) -> None:
    file = await rig.upload("handbook.md", "25 days")
    await rig.shelf.attach(store, file, {"scope": THREAD})
    for kind in (FaultKind.REFUSE, FaultKind.RESET_BEFORE):
        rig.lose("GET /vector_stores/{id}/files/{file_id}", kind, status=503)
    assert await rig.shelf.indexed(store, file, soon(rig)) == READY


async def test_a_file_that_is_not_in_the_store_is_not_waited_for(rig: Rig, store: str) -> None:
    gone = Indexed(IndexState.FAILED, "gone")
    assert await rig.shelf.indexed(store, "file-none", soon(rig)) == gone
    assert await rig.shelf.indexed("vs_none", "file-none", soon(rig)) == gone


async def test_an_attachment_whose_answer_was_lost_is_not_made_twice(rig: Rig, store: str) -> None:
    file = await rig.upload("handbook.md", "25 days")
    rig.lose(ATTACH)
    await rig.shelf.attach(store, file, {"scope": THREAD})
    await rig.shelf.attach(store, file, {"scope": THREAD})
    assert rig.calls("POST", f"/vector_stores/{store}/files") == 1


async def test_a_file_of_one_thread_is_not_taken_away_by_another(rig: Rig, store: str) -> None:
    file = await rig.keep(store, THREAD, "25 days")
    with pytest.raises(RequestRejected, match="another scope"):
        await rig.shelf.attach(store, file, {"scope": OTHER_THREAD})
    assert rig.api.vector_stores[store].files[file].attributes == {"scope": THREAD}


async def test_what_file_search_does_not_take_is_refused(rig: Rig, store: str) -> None:
    file = await rig.upload("table.csv", "a,b")
    with pytest.raises(RequestRejected):
        await rig.shelf.attach(store, file, {"scope": THREAD})
    with pytest.raises(RequestRejected):
        await rig.shelf.attach("vs_none", file, {"scope": THREAD})


async def test_a_file_is_detached_once_and_for_all(rig: Rig, store: str) -> None:
    file = await rig.keep(store, THREAD, "25 days")
    rig.lose("DELETE /vector_stores/{id}/files/{file_id}")
    await rig.shelf.detach(store, file)
    await rig.shelf.detach(store, file)
    await rig.shelf.detach("vs_none", file)
    assert rig.api.vector_stores[store].files == {}
    assert file in rig.api.files


async def test_other_attributes_are_given_although_the_answer_was_lost(rig: Rig, store: str) -> None:
    file = await rig.keep(store, THREAD, "25 days")
    rig.lose("POST /vector_stores/{id}/files/{file_id}")
    await rig.shelf.rescope(store, file, {"scope": "channel", "slack_file": "F1"})
    assert rig.api.vector_stores[store].files[file].attributes == {"scope": "channel", "slack_file": "F1"}


async def test_files_beyond_so_many_a_minute_wait_for_their_turn(
    rig: Rig, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "ATTACHES", 2)
    shelf = FileShelf(rig.engine)
    files = [await left(rig, f"{number}.md") for number in range(3)]
    began = rig.clock.monotonic()
    await asyncio.gather(*(shelf.attach(store, file, {"scope": THREAD}) for file in files[:2]))
    await shelf.attach(await shelf.open_store(TEAM, OTHER_CHANNEL), files[0], {"scope": THREAD})
    assert rig.clock.monotonic() == began
    await shelf.attach(store, files[2], {"scope": THREAD})
    assert 60 < rig.clock.monotonic() - began < 62


async def test_three_hundred_files_a_minute_are_never_too_many() -> None:
    """reference/openai-platform.md §4, as the emulated API counts them; a thousand come at once."""
    clock = SteppedClock()
    pace, rate, begun = Pace(clock, ATTACHES), Rate(clock), 0

    async def attach() -> None:
        nonlocal begun
        await pace.wait("vs_1")
        rate.take("vs_1", ATTACHES_PER_MINUTE)
        begun += 1

    tasks = [asyncio.create_task(attach()) for _ in range(1000)]
    for expected in (300, 600, 900, 1000):
        await asyncio.sleep(0.0)
        await asyncio.sleep(0.0)
        assert begun == expected
        await clock.advance(61.0)
    await asyncio.gather(*tasks)


# What was made, what was heard


async def test_what_code_made_is_fetched_and_what_it_was_given_is_not(rig: Rig) -> None:
    table = await rig.upload("table.csv", "a,b")
    memory, chart = await rig.engine.open(), b"\x89PNG" * 500_000
    code = CodeInterpreter("draw()", files={"/mnt/data/chart 1.png": chart, "/mnt/data/out.csv": b"1"})
    await rig.ask(memory, Scope(THREAD), code, Text("Drawn."), container_files=(table,))
    [container] = rig.api.containers
    assert len(rig.api.containers[container].files) == 3
    first, second = await rig.shelf.made_files(container) or ()
    assert (first.name, first.size, second.name) == ("chart 1.png", len(chart), "out.csv")
    target = rig.folder / "fetched"
    assert await rig.shelf.fetch_made(container, first.id, target)
    assert target.read_bytes() == chart
    await rig.clock.advance(HOUR)
    assert await rig.shelf.made_files(container) is None
    assert not await rig.shelf.fetch_made(container, first.id, target)


async def test_a_recording_is_heard(rig: Rig) -> None:
    rig.api.transcripts["clip.m4a"] = "How many days?"
    rig.lose("POST /audio/transcriptions", FaultKind.REFUSE, status=503)
    clip = rig.file("clip.m4a", b"sound")
    assert await rig.shelf.transcribe(clip, "clip.m4a", "audio/mp4", "gpt-transcribe") == "How many days?"
