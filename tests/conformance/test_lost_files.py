"""Files that are deleted while somebody is asked about them, and who may be drawing on them."""

from storage.file_records import Showing
from storage.store import Store
from tests.conformance.scenes import CHANNEL, TEAM, claimed, end, hear, place, ts

HANDBOOK, NOTES = {"id": "F1", "name": "handbook.pdf"}, {"id": "F2", "name": "notes.md"}


async def post(store: Store, *files: dict[str, str]) -> None:
    """Somebody posts a message with those files to us."""
    await hear(store, 100)
    await store.messages.change(TEAM, CHANNEL, ts(100), "read this", files)


async def test_a_deleted_file_is_taken_off_a_message_that_waits(store: Store) -> None:
    await post(store, HANDBOOK, NOTES)
    assert not await store.messages.lose_file(TEAM, "F1")
    claim = await claimed(store)
    assert claim.messages[0].files == (NOTES,)
    assert not claim.run.restart_requested


async def test_an_answer_under_way_to_a_message_with_a_deleted_file_begins_again(store: Store) -> None:
    await post(store, HANDBOOK)
    claim = await claimed(store)
    assert not await store.messages.lose_file(TEAM, "F2")
    assert not await store.messages.lose_file("T2", "F1")
    assert await store.messages.lose_file(TEAM, "F1")
    assert not await store.messages.lose_file(TEAM, "F1")
    again = await store.runs.restart(claim.lease)
    assert again.messages[0].files == ()


async def test_runs_are_under_way_until_they_have_ended_and_nothing_is_to_be_withdrawn(store: Store) -> None:
    await hear(store, 100)
    claim = await claimed(store)
    await store.runs.remember(claim.lease, "conv_1")
    showing = Showing(claim.run.id, "conv_1", place(100).thread_ts)
    assert await store.files.under_way(TEAM, CHANNEL) == (showing,)
    assert await store.files.under_way(TEAM, "C2") == ()
    await end(store, claim)
    assert await store.files.under_way(TEAM, CHANNEL) == ()
    await store.messages.withdraw(TEAM, CHANNEL, ts(100))
    assert await store.files.under_way(TEAM, CHANNEL) == (showing,)


async def test_the_messages_of_an_answer_are_found(store: Store) -> None:
    await hear(store, 100)
    claim = await claimed(store)
    for at in (0, 50):
        reply = await store.runs.reply_intended(claim.lease, at)
        await store.runs.reply_begun(claim.lease, reply.position, ts(200 + at))
    found = await store.runs.replies(claim.run.id)
    assert [(one.ts, one.from_char) for one in found] == [(ts(200), 0), (ts(250), 50)]
    assert await store.runs.replies("unknown") == ()
