"""Files of the emulated API: uploaded, listed, read, expired, deleted."""

import asyncio
import io
import tracemalloc
from typing import Any

import openai as sdk
import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.files import FOR_ASSISTANTS, UPLOADS_PER_MINUTE
from tests.emulators.openai_api import REAL_TIMEOUT, connected

HOUR = 3600
MEGABYTE = b"x" * (1 << 20)
EXPIRING: Any = {"anchor": "created_at", "seconds": HOUR}


async def test_an_uploaded_file_is_described_as_it_was_sent() -> None:
    """openai 3.54, types/file_object.py; names are kept whatever the alphabet."""
    async with connected() as peer:
        for name in ("handbook.pdf", "휴가 안내 📎.txt", 'a "quoted" name.md'):
            made = await peer.client.files.create(file=(name, b"12345", "text/x-test"), purpose="user_data")
            assert (made.filename, made.bytes, made.purpose, made.object) == (name, 5, "user_data", "file")
            assert (made.status, made.created_at, made.expires_at) == ("processed", peer.clock.time(), None)
            assert await peer.client.files.retrieve(made.id) == made
            assert made.id.startswith("file-")
            assert peer.openai.files[made.id].data() == b"12345"
        recorded = peer.openai.requests[0]
    told = {"filename": "handbook.pdf", "bytes": 5, "content_type": "text/x-test"}
    assert (recorded.path, recorded.body) == ("/files", {"purpose": "user_data", "file": told})


class Long(io.RawIOBase):
    """Forty times the same."""

    left = 40

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.left -= 1
        return MEGABYTE if self.left >= 0 else b""


async def test_a_large_file_is_never_held_in_memory() -> None:
    """Issue 4 §1.4: memory flat; here the emulator's side of it."""
    async with connected() as peer:
        tracemalloc.start()
        file: Any = ("big.txt", Long())
        made = await peer.client.files.create(file=file, purpose="user_data")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert made.bytes == 40 << 20
    assert peak < 15 << 20


async def test_a_file_that_is_too_large_is_refused_and_not_kept() -> None:
    """openai 3.54, resources/files.py: 512 MB; the test lowers it."""
    async with connected() as peer:
        peer.openai.limit_files(10)
        await peer.upload("a.txt", b"x" * 10)
        with pytest.raises(sdk.APIStatusError) as refused:
            await peer.upload("b.txt", b"x" * 11)
        assert [file.filename for file in peer.openai.files.values()] == ["a.txt"]
    assert refused.value.status_code == 413


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a purpose that is none (types/file_purpose.py)": ({"purpose": "answers"}, "purpose"),
    "an expiry within the hour (types/file_create_params.py)": (
        {"purpose": "user_data", "expires_after": EXPIRING | {"seconds": HOUR - 1}},
        "expires_after.seconds",
    ),
    "an expiry after more than 30 days": (
        {"purpose": "user_data", "expires_after": EXPIRING | {"seconds": 2_592_001}},
        "expires_after.seconds",
    ),
    "another anchor": (
        {"purpose": "user_data", "expires_after": EXPIRING | {"anchor": "last_active_at"}},
        "expires_after.anchor",
    ),
    "an unknown field": ({"purpose": "user_data", "extra_body": {"name": "x"}}, "name"),
    "a batch that is no jsonl (resources/files.py)": ({"purpose": "batch"}, "file"),
}


@pytest.mark.parametrize(("options", "param"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_bad_upload_is_refused(options: dict[str, Any], param: str) -> None:
    async with connected() as peer:
        with pytest.raises(sdk.BadRequestError) as refused:
            await peer.client.files.create(file=("a.txt", b"x"), **options)
        assert peer.openai.files == {}
    assert refused.value.param == param


async def test_for_assistants_the_extension_decides() -> None:
    """openai/openai-dotnet#270: the sentence, seen live; user_data takes any."""
    async with connected() as peer:
        await peer.upload("a.vb", "x")
        await peer.upload("a.csv", "x", "assistants")
        with pytest.raises(sdk.BadRequestError, match="Invalid extension vb") as refused:
            await peer.upload("a.vb", "x", "assistants")
    assert all(f'"{name}"' in refused.value.message for name in FOR_ASSISTANTS)


async def test_a_form_without_a_file_or_that_is_none_is_refused() -> None:
    async with connected() as peer:
        nothing = await peer.call("POST", "/files", files={"purpose": (None, "user_data")})
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        broken = await peer.call("POST", "/files", content=b"what is this", headers=headers)
    assert (nothing.status_code, nothing.json()["error"]["param"]) == (400, "file")
    assert broken.status_code == 400


async def test_what_models_read_cannot_be_downloaded() -> None:
    """BasedHardware/omi#3361 (user_data); the same sentence for assistants in many reports; others are given."""
    async with connected() as peer:
        for purpose in ("user_data", "assistants"):
            file = await peer.upload("a.txt", "x", purpose)
            with pytest.raises(sdk.BadRequestError) as refused:
                await peer.client.files.content(file)
            assert refused.value.body == {
                "message": f"Not allowed to download files of purpose: {purpose}",
                "type": "invalid_request_error",
                "param": None,
                "code": None,
            }
        batch = await peer.upload("a.jsonl", b"{}\n", "batch")
        assert (await peer.client.files.content(batch)).content == b"{}\n"


async def test_files_are_listed_newest_first_in_pages() -> None:
    """openai 3.54, resources/files.py `list`: cursors, order, purpose, 10,000 by default."""
    async with connected() as peer:
        made = [await peer.upload(f"{n}.txt", "x", "vision" if n == 1 else "user_data") for n in range(3)]
        assert [file.id async for file in peer.client.files.list()] == made[::-1]
        assert [file.id async for file in peer.client.files.list(limit=1, order="asc")] == made
        assert [file.id async for file in peer.client.files.list(purpose="vision")] == [made[1]]
        first = await peer.client.files.list(limit=2, order="asc")
        assert (first.has_more, [file.id for file in first.data]) == (True, made[:2])


async def test_a_deleted_file_is_404_with_the_real_sentence() -> None:
    """As recorded by clients in their tests: param `id`, no code."""
    async with connected() as peer:
        file = await peer.upload("a.txt", "x")
        path = peer.openai.files[file].path
        gone = await peer.client.files.delete(file)
        assert (gone.id, gone.deleted, gone.object) == (file, True, "file")
        assert not path.exists()
        for call in (peer.client.files.retrieve, peer.client.files.delete, peer.client.files.content):
            with pytest.raises(sdk.NotFoundError) as refused:
                await call(file)
            assert refused.value.body == {
                "message": f"No such File object: {file}",
                "type": "invalid_request_error",
                "param": "id",
                "code": None,
            }


async def test_a_file_expires_on_the_clock_and_leaves_its_stores() -> None:
    """reference/openai-platform.md §10 (expires_after); Files for batches expire after 30 days anyway."""
    async with connected() as peer:
        file = await peer.upload("a.txt", "x", expires_after=EXPIRING)
        batch = await peer.upload("a.jsonl", "x", "batch")
        store = await peer.store(file_ids=[file])
        about = await peer.client.files.retrieve(file)
        assert about.expires_at == about.created_at + HOUR
        await peer.clock.advance(HOUR - 1)
        assert (await peer.client.vector_stores.retrieve(store)).file_counts.total == 1
        await peer.clock.advance(1)
        assert (await peer.client.vector_stores.retrieve(store)).file_counts.total == 0
        with pytest.raises(sdk.NotFoundError):
            await peer.client.files.retrieve(file)
        assert list(peer.openai.files) == [batch]
        await peer.clock.advance(30 * 24 * HOUR)
        assert peer.openai.files == {}


async def test_more_than_a_thousand_uploads_a_minute_are_refused() -> None:
    """openai 3.54, resources/files.py; a window that slides (reference/openai-platform.md §9 for the code)."""
    async with connected() as peer:
        rate = peer.openai._holdings.files._rate
        rate.take("uploads", UPLOADS_PER_MINUTE, UPLOADS_PER_MINUTE - 1)
        await peer.upload("a.txt", "x")
        with pytest.raises(sdk.RateLimitError) as refused:
            await peer.upload("a.txt", "x")
        await peer.clock.advance(60)
        await peer.upload("a.txt", "x")
    assert refused.value.code == "rate_limit_exceeded"


async def test_faults_meet_calls_about_files() -> None:
    """Issue 4 §5.3: an executed call's answer held; and one that is refused is not executed."""
    async with connected() as peer:
        peer.openai.faults.add("POST /files", Fault(FaultKind.REFUSE, 500))
        with pytest.raises(sdk.InternalServerError):
            await peer.upload("a.txt", "x")
        assert peer.openai.files == {}
        held = peer.openai.faults.add("POST /files", Fault(FaultKind.HOLD))
        upload = asyncio.create_task(peer.upload("a.txt", "x"))
        async with asyncio.timeout(REAL_TIMEOUT):
            await held.reached.wait()
            assert len(peer.openai.files) == 1
            held.released.set()
            file = await upload
        peer.openai.faults.add("DELETE /files/{id}", Fault(FaultKind.RESET_AFTER))
        with pytest.raises(sdk.APIConnectionError):
            await peer.client.files.delete(file)
        assert peer.openai.files == {}


async def test_orphans_are_files_that_nothing_refers_to() -> None:
    async with connected() as peer:
        stored, said, alone = [await peer.upload(f"{n}.txt", "x") for n in range(3)]
        store = await peer.store(file_ids=[stored])
        spoken: Any = {"role": "user", "content": [{"type": "input_file", "file_id": said}]}
        conversation = await peer.conversation(spoken)
        assert [file.id for file in peer.openai.orphans()] == [alone]
        [item] = await peer.items(conversation)
        await peer.client.conversations.items.delete(item.id, conversation_id=conversation)
        await peer.client.vector_stores.files.delete(stored, vector_store_id=store)
        assert [file.id for file in peer.openai.orphans()] == [stored, said, alone]
        assert len(peer.openai.files) == 3
