"""Storage of files without a word: runs take in what follows, buttons ask, what stayed is put right."""

from dataclasses import replace

from storage.file_records import FileState, PlaceState
from storage.records import Ending, Heard, RunStatus
from storage.store import Store
from tests.conformance.file_scenes import now_is, posted, stored
from tests.conformance.scenes import CHANNEL, PLACE, TEAM, claimed, end, hear, lapse, place, said, ts, yes

BUTTON = f"{ts(5)}0"


async def test_a_run_takes_in_what_waits_in_its_own_thread(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await hear(store, 2)
    await hear(store, 3, where=place(3))
    joined = await store.runs.join(claim.lease)
    assert [message.ts for message in joined.messages] == [ts(1), ts(2)]
    assert (await store.runs.join(claim.lease)).messages == joined.messages
    await lapse(store, claim)
    assert [message.ts for message in (await claimed(store, "other")).messages] == [ts(1), ts(2)]


async def test_a_button_asks_once_also_after_its_question_stands_in_slack(store: Store) -> None:
    pressed = said(PLACE, BUTTON, "Summarise it.", pressed=BUTTON)
    assert (await store.messages.hear(pressed, yes))[0] is Heard.ACCEPTED
    assert (await store.messages.hear(replace(pressed, user="U2"), yes))[0] is Heard.DUPLICATE
    claim = await claimed(store)
    assert [(message.ts, message.pressed) for message in claim.messages] == [(BUTTON, BUTTON)]
    await store.runs.posted(claim.lease, BUTTON, ts(7))
    await store.runs.posted(claim.lease, BUTTON, ts(7))
    await lapse(store, claim)
    again = await claimed(store, "other")
    assert [(message.ts, message.pressed, message.text) for message in again.messages] == [
        (ts(7), BUTTON, "Summarise it.")
    ]
    assert (await store.messages.hear(pressed, yes))[0] is Heard.DUPLICATE
    next_one = replace(pressed, ts=f"{ts(5)}1", pressed=f"{ts(5)}1")
    assert (await store.messages.hear(next_one, yes))[0] is Heard.ACCEPTED
    assert (await store.runs.of_message(TEAM, CHANNEL, ts(7))) is not None
    assert await store.messages.of_thread(again.thread.id) == {ts(7), f"{ts(5)}1"}


async def test_whether_outsiders_read_a_runs_messages_is_known_after_they_are_erased(store: Store) -> None:
    await store.messages.hear(said(PLACE, ts(1), shared=True), yes)
    await hear(store, 2, where=place(2))
    for shared in (True, False):
        claim = await claimed(store)
        await end(store, claim)
        assert await store.messages.are_shared(claim.run.id) is shared


async def test_documents_that_stay_in_the_memory_are_remembered_until_they_are_gone(store: Store) -> None:
    for number, left in enumerate((True, False, True), 1):
        await hear(store, number)
        claim = await claimed(store)
        ending = Ending(RunStatus.COMPLETED, tail_item_id=f"item_{number}", parts_left=left)
        await store.runs.finish(claim.lease, ending)
    found = await store.runs.left_parts(claim.thread.id)
    assert [tail for _, tail in found] == [None, "item_2"]
    for run_id, _ in found:
        await store.runs.parts_dropped(run_id)
        await store.runs.parts_dropped(run_id)
    assert await store.runs.left_parts(claim.thread.id) == ()


async def test_a_file_that_openai_lost_is_on_its_way_again_wherever_it_was_posted(store: Store) -> None:
    here, there = await stored(store), await stored(store, 2, channel="C2", use="container")
    assert here.file.id == there.file.id
    known = (await now_is(store, here)).file
    await store.files.lost(known)
    lost = await now_is(store, here)
    assert (lost.file.state, lost.file.openai_file_id, lost.state) == (
        FileState.UPLOADING,
        None,
        PlaceState.ATTACHING,
    )
    assert (await now_is(store, there)).state is PlaceState.ATTACHING
    assert await store.files.begin_upload(known.id, "me", 60) is not None
    await store.files.uploaded(known.id, "file-new")
    await store.files.lost(known)  # told late, by somebody who has seen the old one
    assert (await now_is(store, here)).file.openai_file_id == "file-new"
    assert (await store.files.place(posted())).id == here.id
