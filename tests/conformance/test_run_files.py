"""Which answers drew on a file, and what runs made: nothing forgotten, nothing posted twice."""

from storage.file_records import MadeFile, MadeState, Showing
from storage.records import Claim, RunStatus
from storage.store import Store
from tests.conformance.file_scenes import stored
from tests.conformance.scenes import CHANNEL, TEAM, claimed, end, hear, place

ITEMS = (("cfile_1", "chart.png"), ("cfile_2", "table.csv"))


async def answered(store: Store, thread: int, at: int, *files: str, memory: str | None = None) -> Claim:
    """A run in that thread whose answer drew on those Files."""
    await hear(store, at, where=place(thread))
    claim = await claimed(store)
    if memory is not None:
        await store.runs.remember(claim.lease, memory)
    await store.files.note(claim.run.id, files)
    await end(store, claim)
    return claim


async def test_the_answers_that_drew_on_a_file_are_found_in_their_order(store: Store) -> None:
    first = await answered(store, 100, 100, "file-1", "file-2", memory="conv_1")
    second = await answered(store, 200, 200, "file-1")
    await answered(store, 300, 300, "file-2", memory="conv_3")
    await store.files.note(first.run.id, ["file-1", "file-1"])
    assert await store.files.runs_with("file-1", TEAM, CHANNEL) == (
        Showing(first.run.id, "conv_1", place(100).thread_ts),
        Showing(second.run.id, None, place(200).thread_ts),
    )
    assert await store.files.runs_with("file-1", TEAM, "C2") == ()
    assert await store.files.runs_with("file-3", TEAM, CHANNEL) == ()


async def test_notes_about_nothing_or_an_unknown_run_are_not_kept(store: Store) -> None:
    claim = await answered(store, 100, 100)
    await store.files.note(claim.run.id, [])
    await store.files.note("unknown", ["file-1"])
    assert await store.files.runs_with("file-1", TEAM, CHANNEL) == ()


async def test_a_file_may_be_in_the_memories_of_where_it_was_shown_and_posted(store: Store) -> None:
    posted = await stored(store)  # in thread 100
    file_id = posted.file.openai_file_id or ""
    await answered(store, 100, 100, memory="conv_posted")
    await answered(store, 200, 200, file_id, memory="conv_shown")
    await answered(store, 200, 201, file_id)
    await answered(store, 300, 300, "file-other", memory="conv_other")
    await answered(store, 400, 400, file_id)
    await store.files.leave([posted.id])
    assert await store.files.memories_with(file_id, TEAM, CHANNEL) == ("conv_posted", "conv_shown")
    assert await store.files.memories_with(file_id, TEAM, "C2") == ()


async def test_what_a_run_made_is_intended_once(store: Store) -> None:
    run_id = (await answered(store, 100, 100)).run.id
    made = await store.files.intend_made(run_id, ITEMS)
    assert made == (
        MadeFile("cfile_1", "chart.png", 0, MadeState.INTENDED),
        MadeFile("cfile_2", "table.csv", 1, MadeState.INTENDED),
    )
    assert await store.files.intend_made(run_id, ITEMS) == made
    more = await store.files.intend_made(run_id, (*ITEMS, ("cfile_3", "late.txt")))
    assert [file.container_file_id for file in more] == ["cfile_1", "cfile_2", "cfile_3"]
    assert await store.files.made_of(run_id) == more
    assert await store.files.intend_made("unknown", ITEMS) == ()


async def test_what_is_shared_never_goes_back(store: Store) -> None:
    run_id = (await answered(store, 100, 100)).run.id
    await store.files.intend_made(run_id, ITEMS)
    await store.files.made_sent(run_id, "cfile_1", "F1")
    await store.files.made_failed(run_id, "cfile_2")
    sent = await store.files.made_of(run_id)
    assert [(file.state, file.slack_file_id) for file in sent] == [
        (MadeState.SENT, "F1"),
        (MadeState.FAILED, None),
    ]
    await store.files.made_shared(run_id, ["cfile_1"])
    await store.files.made_shared(run_id, ["cfile_1"], "17.1")
    await store.files.made_shared(run_id, ["cfile_1"])
    await store.files.made_sent(run_id, "cfile_1", "F2")
    await store.files.made_failed(run_id, "cfile_1")
    (shared, _) = await store.files.made_of(run_id)
    assert (shared.state, shared.slack_file_id, shared.ts) == (MadeState.SHARED, "F1", "17.1")


async def test_a_run_that_failed_may_be_tried_and_noted_again(store: Store) -> None:
    await hear(store, 100, where=place(100))
    claim = await claimed(store)
    await store.files.note(claim.run.id, ["file-1"])
    await end(store, claim, RunStatus.FAILED)
    await store.files.note(claim.run.id, ["file-1"])
    assert len(await store.files.runs_with("file-1", TEAM, CHANNEL)) == 1
