"""Vector stores of the emulated API: attached, indexed, failed, detached, expired."""

import math
from typing import Any

import openai as sdk
import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.attaching import ATTACHES_PER_MINUTE, FILES_PER_MINUTE
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.extraction import SUPPORTED
from tests.emulators import documents
from tests.emulators.openai_api import Peer, connected

DAY = 24 * 3600


async def attached(peer: Peer, store: str, name: str, data: bytes | str, **options: Any) -> Any:
    """A file attached to a store, as the answer describes it."""
    file = await peer.upload(name, data)
    return await peer.client.vector_stores.files.create(store, file_id=file, **options)


async def test_a_store_is_made_changed_listed_and_deleted() -> None:
    """openai 3.54, types/vector_store.py."""
    async with connected() as peer:
        stores = peer.client.vector_stores
        made = await stores.create(name="C1", metadata={"team": "T1"})
        assert (made.name, made.status, made.expires_at) == ("C1", "completed", None)
        assert made.metadata == {"team": "T1"}
        changed = await stores.update(made.id, name="C2", metadata={"team": "T2"})
        assert (changed.name, changed.metadata) == ("C2", {"team": "T2"})
        assert await stores.retrieve(made.id) == changed
        assert [store.id async for store in stores.list()] == [made.id, OPERATOR_STORE]
        assert (await stores.delete(made.id)).deleted
        assert list(peer.openai.vector_stores) == [OPERATOR_STORE]
        with pytest.raises(sdk.NotFoundError):
            await stores.retrieve(made.id)


async def test_indexing_takes_its_time_on_the_clock() -> None:
    """reference/openai-platform.md §4: `in_progress`, then `completed`; the store likewise."""
    async with connected() as peer:
        store = await peer.store()
        file = await attached(peer, store, "a.txt", "Hello there", attributes={"scope": "1.2", "n": 1, "ok": True})
        assert (file.status, file.usage_bytes, file.last_error) == ("in_progress", 0, None)
        assert file.attributes == {"scope": "1.2", "n": 1, "ok": True}
        assert file.chunking_strategy.static.max_chunk_size_tokens == 800
        assert (await peer.client.vector_stores.retrieve(store)).status == "in_progress"
        await peer.clock.advance(1)
        now = await peer.client.vector_stores.files.retrieve(file.id, vector_store_id=store)
        assert (now.status, now.usage_bytes) == ("completed", 11)
        about = await peer.client.vector_stores.retrieve(store)
        assert (about.status, about.usage_bytes) == ("completed", 11)
        assert (about.file_counts.completed, about.file_counts.total) == (1, 1)


async def test_the_test_can_decide_when_indexing_ends() -> None:
    async with connected() as peer:
        peer.openai.stores.indexing_seconds = math.inf
        file = await attached(peer, OPERATOR_STORE, "a.txt", "Hello")
        await peer.clock.advance(DAY)
        files = peer.client.vector_stores.files
        assert (await files.retrieve(file.id, vector_store_id=OPERATOR_STORE)).status == "in_progress"
        peer.openai.index(OPERATOR_STORE, file.id)
        assert (await files.retrieve(file.id, vector_store_id=OPERATOR_STORE)).status == "completed"


@pytest.mark.parametrize("code", ["server_error", "unsupported_file", "invalid_file"])
async def test_a_script_can_let_indexing_fail(code: str) -> None:
    """reference/openai-platform.md §4: the three codes of `last_error`."""
    async with connected() as peer:
        peer.openai.fail_indexing("a.txt", code)
        file = await attached(peer, OPERATOR_STORE, "a.txt", "Hello")
        peer.openai.index(OPERATOR_STORE, file.id)
        failed = await peer.client.vector_stores.files.retrieve(file.id, vector_store_id=OPERATOR_STORE)
        assert (failed.status, failed.last_error and failed.last_error.code) == ("failed", code)
        assert failed.last_error is not None
        assert failed.last_error.message
        peer.openai.fail_indexing("a.txt", None)
        again = await peer.client.vector_stores.files.create(OPERATOR_STORE, file_id=file.id)
        peer.openai.index(OPERATOR_STORE, again.id)
        assert peer.openai.vector_stores[OPERATOR_STORE].files[file.id].status == "completed"
        with pytest.raises(ValueError, match="none of"):
            peer.openai.fail_indexing("a.txt", "too_large")


READABLE: dict[str, tuple[str, bytes]] = {
    "a PDF": ("a.pdf", documents.pdf("Nothing here", "The passage is here")),
    "Word": ("a.docx", documents.word("The passage", "is here")),
    "a table in Word": ("a.docx", documents.word("x", cell="passage here")),
    "a presentation": ("a.pptx", documents.slides("passage", "here are the notes")),
    "HTML": ("a.html", b"<p>The <b>passage</b> is here</p><script>var hidden = 1</script>"),
    "UTF-8 with a mark": ("a.md", "\ufeffThe passage is here".encode()),
    "UTF-16": ("a.txt", "The passage is here".encode("utf-16")),
    "an extension in capitals": ("A.TXT", b"The passage is here"),
}


@pytest.mark.parametrize(("name", "data"), READABLE.values(), ids=READABLE.keys())
async def test_text_is_read_out_of_documents(name: str, data: bytes) -> None:
    """reference/openai-platform.md §4: supported extensions; text in utf-8, utf-16 or ascii."""
    async with connected() as peer:
        file = await peer.indexed(OPERATOR_STORE, name, data)
        [found] = (await peer.client.vector_stores.search(OPERATOR_STORE, query="passage here")).data
        assert found.file_id == file
        content = await peer.client.vector_stores.files.content(file, vector_store_id=OPERATOR_STORE)
    assert (content.data[0].text or "").find("hidden") == -1


UNREADABLE: dict[str, tuple[str, bytes, str]] = {
    "a scanned PDF": ("a.pdf", documents.scanned(), "invalid_file"),
    "an encrypted PDF": ("a.pdf", documents.encrypted(), "invalid_file"),
    "a PDF that is none": ("a.pdf", b"I am a PDF", "invalid_file"),
    "a broken PDF": ("a.pdf", documents.pdf("x")[:200], "invalid_file"),
    "a Word document that is none": ("a.docx", b"PK\x03\x04nothing", "invalid_file"),
    "a presentation that is a Word document": ("a.pptx", documents.word("x"), "invalid_file"),
    "nothing": ("a.txt", b"", "invalid_file"),
    "only blanks": ("a.md", b" \n ", "invalid_file"),
    "Korean in an old encoding": ("a.txt", "휴가 안내".encode("euc-kr"), "unsupported_file"),
    "bytes that are no text": ("a.txt", b"\x00\x01\x02", "unsupported_file"),
    "old Word, which the emulator cannot read": ("a.doc", b"\xd0\xcf\x11\xe0", "unsupported_file"),
}


@pytest.mark.parametrize(("name", "data", "code"), UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_fails_later_and_not_at_once(name: str, data: bytes, code: str) -> None:
    """reference/openai-platform.md, trap 17; by content asynchronously: stdapi-ai/stdapi.ai#275."""
    async with connected() as peer:
        file = await peer.indexed(OPERATOR_STORE, name, data)
        failed = await peer.client.vector_stores.files.retrieve(file, vector_store_id=OPERATOR_STORE)
        assert (failed.status, failed.usage_bytes) == ("failed", 0)
        assert failed.last_error is not None
        assert failed.last_error.code == code
        assert (await peer.client.vector_stores.retrieve(OPERATOR_STORE)).file_counts.failed == 1


async def test_an_extension_that_is_not_supported_is_refused_at_once() -> None:
    """stdapi-ai/stdapi.ai#275: message, param and code as seen live; reference/openai-platform.md §4."""
    assert len(SUPPORTED) == 21
    async with connected() as peer:
        for name in ("a.csv", "b.PNG", "c.xlsx", "nothing"):
            with pytest.raises(sdk.BadRequestError) as refused:
                await attached(peer, OPERATOR_STORE, name, "x")
            extension = f".{name.lower().partition('.')[2]}"
            assert f"Files with extensions [{extension}] are not supported for retrieval. See " in str(
                refused.value
            )
            assert (refused.value.code, refused.value.param) == ("unsupported_file", "file_ids")
        assert peer.openai.vector_stores[OPERATOR_STORE].files == {}
        with pytest.raises(sdk.BadRequestError, match=r"\[\.csv, \.png\]"):
            await peer.client.vector_stores.create(file_ids=[file.id for file in peer.openai.files.values()][:2])
        assert list(peer.openai.vector_stores) == [OPERATOR_STORE]


async def test_a_file_that_is_not_there_cannot_be_attached() -> None:
    async with connected() as peer:
        with pytest.raises(sdk.NotFoundError):
            await peer.client.vector_stores.files.create(OPERATOR_STORE, file_id="file-1")
        file = await peer.upload("a.txt", "x")
        with pytest.raises(sdk.NotFoundError):
            await peer.client.vector_stores.files.create("vs_0", file_id=file)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "17 attributes": ({"attributes": {str(n): "" for n in range(17)}}, "attributes"),
    "a long key": ({"attributes": {"k" * 65: ""}}, "attributes"),
    "a long value": ({"attributes": {"k": "v" * 513}}, "attributes.k"),
    "a value that is a list": ({"attributes": {"k": ["v"]}}, "attributes.k"),
    "chunks that are too small": (
        {
            "chunking_strategy": {
                "type": "static",
                "static": {"max_chunk_size_tokens": 99, "chunk_overlap_tokens": 0},
            }
        },
        "chunking_strategy.static.max_chunk_size_tokens",
    ),
    "too much overlap": (
        {
            "chunking_strategy": {
                "type": "static",
                "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51},
            }
        },
        "chunking_strategy.static.chunk_overlap_tokens",
    ),
    "an unknown key": ({"extra_body": {"scope": "x"}}, "scope"),
}


@pytest.mark.parametrize(("options", "param"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_attached_wrongly_is_refused(options: dict[str, Any], param: str) -> None:
    """reference/openai-platform.md §4: attributes and chunking."""
    async with connected() as peer:
        with pytest.raises(sdk.BadRequestError) as refused:
            await attached(peer, OPERATOR_STORE, "a.txt", "x", **options)
    assert refused.value.param == param


async def test_attributes_are_changed_as_a_whole() -> None:
    """openai 3.54, resources/vector_stores/files.py `update`."""
    async with connected() as peer:
        file = await peer.indexed(OPERATOR_STORE, "a.txt", "Hello", attributes={"scope": "1.2", "by": "U1"})
        changed = await peer.client.vector_stores.files.update(
            file, vector_store_id=OPERATOR_STORE, attributes={"scope": "channel"}
        )
        assert (changed.attributes, changed.status) == ({"scope": "channel"}, "completed")


async def test_detaching_keeps_the_file_and_deleting_the_file_detaches_it() -> None:
    """reference/openai-platform.md, trap 18; openai 3.54, resources/files.py `delete`."""
    async with connected() as peer:
        other = await peer.store()
        file = await peer.indexed(OPERATOR_STORE, "a.txt", "Hello")
        await peer.client.vector_stores.files.create(other, file_id=file)
        files = peer.client.vector_stores.files
        assert (await files.delete(file, vector_store_id=other)).deleted
        with pytest.raises(sdk.NotFoundError):
            await files.delete(file, vector_store_id=other)
        assert [one.id for one in peer.openai.orphans()] == []
        await peer.client.files.delete(file)
        assert peer.openai.vector_stores[OPERATOR_STORE].files == {}
        with pytest.raises(sdk.NotFoundError):
            await files.retrieve(file, vector_store_id=OPERATOR_STORE)


async def test_files_of_a_store_are_listed_by_their_status() -> None:
    """openai 3.54, types/vector_stores/file_list_params.py."""
    async with connected() as peer:
        peer.openai.fail_indexing("bad.txt", "server_error")
        good = await peer.indexed(OPERATOR_STORE, "good.txt", "Hello")
        bad = await peer.indexed(OPERATOR_STORE, "bad.txt", "Hello")
        files = peer.client.vector_stores.files

        async def listed(**options: Any) -> list[str]:
            return [file.id async for file in files.list(OPERATOR_STORE, **options)]

        assert await listed() == [bad, good]
        assert await listed(order="asc", limit=1) == [good, bad]
        assert await listed(filter="failed") == [bad]
        assert await listed(filter="in_progress") == []
        with pytest.raises(sdk.BadRequestError):
            await listed(filter="done")


async def test_a_store_expires_on_the_clock_and_keeps_its_files() -> None:
    """reference/openai-platform.md §4 and trap 18; activity puts it off; how use is refused is UNVERIFIED."""
    expiry: Any = {"anchor": "last_active_at", "days": 7}
    async with connected() as peer:
        stores = peer.client.vector_stores
        store = await peer.store(expires_after=expiry)
        file = await peer.indexed(store, "a.txt", "Hello")
        await peer.clock.advance(6 * DAY)
        await stores.search(store, query="hello")
        await peer.clock.advance(6 * DAY)
        assert (await stores.retrieve(store)).status == "completed"
        await peer.clock.advance(DAY)
        gone = await stores.retrieve(store)
        assert (gone.status, gone.file_counts.total) == ("expired", 0)
        assert list(peer.openai.files) == [file]
        with pytest.raises(sdk.BadRequestError):
            await stores.search(store, query="hello")
        with pytest.raises(sdk.BadRequestError):
            await stores.files.create(store, file_id=file)
        with pytest.raises(sdk.BadRequestError):
            await stores.update(store, expires_after={"anchor": "last_active_at", "days": 365})
        assert (await stores.delete(store)).deleted


@pytest.mark.parametrize("days", [0, 366])
async def test_a_store_expires_after_one_day_to_a_year(days: int) -> None:
    """reference/openai-platform.md §4."""
    async with connected() as peer:
        with pytest.raises(sdk.BadRequestError):
            await peer.store(expires_after={"anchor": "last_active_at", "days": days})


async def test_300_attachments_a_minute_to_a_store_and_no_more() -> None:
    """reference/openai-platform.md §4: per store, shared by files and batches, in a window that slides."""
    async with connected() as peer:
        other, file = await peer.store(), await peer.upload("a.txt", "x")
        rate = peer.openai._holdings.attaching._rate
        rate.take(OPERATOR_STORE, ATTACHES_PER_MINUTE, ATTACHES_PER_MINUTE - 2)
        stores = peer.client.vector_stores
        await stores.files.create(OPERATOR_STORE, file_id=file)
        await stores.file_batches.create(OPERATOR_STORE, file_ids=[file])
        with pytest.raises(sdk.RateLimitError):
            await stores.file_batches.create(OPERATOR_STORE, file_ids=[file])
        with pytest.raises(sdk.RateLimitError):
            await stores.files.create(OPERATOR_STORE, file_id=file)
        await stores.files.create(other, file_id=file)
        await peer.clock.advance(59)
        with pytest.raises(sdk.RateLimitError):
            await stores.files.create(OPERATOR_STORE, file_id=file)
        await peer.clock.advance(1)
        await stores.files.create(OPERATOR_STORE, file_id=file)
        rate.take("attached files", FILES_PER_MINUTE, FILES_PER_MINUTE - 1)
        with pytest.raises(sdk.RateLimitError):
            await stores.file_batches.create(other, file_ids=[file])


async def test_a_batch_attaches_many_files_at_once() -> None:
    """openai 3.54, types/vector_stores/file_batch_create_params.py: one way or the other, 2,000 at most."""
    async with connected() as peer:
        one, two = await peer.upload("1.txt", "One"), await peer.upload("2.txt", "Two")
        batches = peer.client.vector_stores.file_batches
        made = await batches.create(OPERATOR_STORE, file_ids=[one], attributes={"scope": "a"})
        own = await batches.create(OPERATOR_STORE, files=[{"file_id": two, "attributes": {"scope": "b"}}])
        assert (made.status, made.file_counts.in_progress) == ("in_progress", 1)
        await peer.clock.advance(1)
        now = await batches.retrieve(own.id, vector_store_id=OPERATOR_STORE)
        assert (now.status, now.file_counts.completed) == ("completed", 1)
        assert [file.id async for file in batches.list_files(made.id, vector_store_id=OPERATOR_STORE)] == [one]
        scopes = {file.attributes["scope"] for file in peer.openai.vector_stores[OPERATOR_STORE].files.values()}
        assert scopes == {"a", "b"}
        with pytest.raises(sdk.BadRequestError):
            await batches.create(OPERATOR_STORE, file_ids=[one], files=[{"file_id": two}])
        with pytest.raises(sdk.BadRequestError):
            await batches.create(OPERATOR_STORE)
        with pytest.raises(sdk.BadRequestError, match="too long"):
            await batches.create(OPERATOR_STORE, file_ids=[one] * 2001)


async def test_faults_meet_every_step_of_ingestion() -> None:
    """Issue 4 §5.3: an executed call's answer lost at attach, poll and detach; attaching again adds nothing."""
    place = "/vector_stores/{id}/files"
    async with connected() as peer:
        files, file = peer.client.vector_stores.files, await peer.upload("a.txt", "Hello")
        for call in (f"POST {place}", f"GET {place}/{{file_id}}", f"DELETE {place}/{{file_id}}"):
            peer.openai.faults.add(call, Fault(FaultKind.RESET_AFTER))
        with pytest.raises(sdk.APIConnectionError):
            await files.create(OPERATOR_STORE, file_id=file)
        await files.create(OPERATOR_STORE, file_id=file, attributes={"scope": "1.2"})
        held = peer.openai.vector_stores[OPERATOR_STORE].files
        assert [one.attributes for one in held.values()] == [{"scope": "1.2"}]
        with pytest.raises(sdk.APIConnectionError):
            await files.retrieve(file, vector_store_id=OPERATOR_STORE)
        with pytest.raises(sdk.APIConnectionError):
            await files.delete(file, vector_store_id=OPERATOR_STORE)
        assert held == {}
