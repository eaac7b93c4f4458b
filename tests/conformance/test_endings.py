"""How runs end, are stopped, begun again and tried again."""

import pytest

from storage.records import (
    Ending,
    MessageState,
    Response,
    RunStatus,
    RunStep,
    Stopping,
    Usage,
)
from storage.store import Store
from tests.conformance.scenes import (
    CHANNEL,
    PLACE,
    TEAM,
    claimed,
    end,
    hear,
    message_of,
    place,
    sql,
    ts,
)

STEP = RunStep(0, "file_search", "Searching your files", "completed", 1.5, 2.5, "fs_1")


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.INCOMPLETE])
async def test_an_answer_ends_everything_in_one_transaction(store: Store, status: RunStatus) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.response_started(claim.lease, "resp_1")
    before = store.database.transactions
    ending = Ending(
        status,
        error="max_output_tokens" if status is RunStatus.INCOMPLETE else None,
        usage=Usage(10, 5, 3, 1),
        steps=(STEP,),
        responses=(Response(0, "resp_1", "completed", ("msg_1", "msg_2")),),
        tail_item_id="msg_2",
        last_seen_ts=ts(1),
        first_text_at=12.5,
    )
    assert await store.runs.finish(claim.lease, ending)
    assert store.database.transactions == before + 1
    run, thread = await store.runs.find(claim.run.id), await store.threads.find(PLACE)
    assert run is not None
    assert thread is not None
    assert (run.status, run.error, run.usage, run.first_text_at) == (status, ending.error, ending.usage, 12.5)
    assert run.finished_at is not None
    assert run.finished_at >= run.created_at > 1_700_000_000
    assert (thread.tail_item_id, thread.last_seen_ts) == ("msg_2", ts(1))
    assert await store.runs.steps(run.id) == (STEP,)
    assert await message_of(store, ts(1)) == (MessageState.ANSWERED, None)
    assert await sql(store, "SELECT state, CAST(item_ids AS TEXT) FROM responses") == [
        ("completed", '["msg_1", "msg_2"]')
    ]
    assert await sql(store, "SELECT lease_owner, lease_until FROM runs") == [(None, None)]


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
async def test_a_failed_or_stopped_run_keeps_the_text_and_the_memory(store: Store, status: RunStatus) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.finish(claim.lease, Ending(RunStatus.COMPLETED, tail_item_id="m_1", last_seen_ts=ts(1)))
    await hear(store, 2, "go on")
    claim = await claimed(store)
    await store.runs.finish(claim.lease, Ending(status, error="no", tail_item_id="m_9", last_seen_ts=ts(2)))
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert (thread.tail_item_id, thread.last_seen_ts) == ("m_1", ts(1))
    assert await message_of(store, ts(2)) == (MessageState.UNFINISHED, "go on")


async def test_memory_never_goes_back(store: Store) -> None:
    await hear(store, 1)
    await store.runs.finish(
        (await claimed(store)).lease, Ending(RunStatus.COMPLETED, tail_item_id="m_1", last_seen_ts=ts(5))
    )
    await hear(store, 2)
    await store.runs.finish((await claimed(store)).lease, Ending(RunStatus.COMPLETED, last_seen_ts=ts(2)))
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert (thread.tail_item_id, thread.last_seen_ts) == ("m_1", ts(5))


async def test_the_next_answer_erases_the_earlier_unfinished_texts_of_its_thread(store: Store) -> None:
    await hear(store, 1, where=place(2))
    await end(store, await claimed(store), RunStatus.FAILED)
    await hear(store, 3)
    failed = await claimed(store)
    await end(store, failed, RunStatus.FAILED)
    await hear(store, 4)
    claim = await claimed(store)
    await hear(store, 5)
    await store.runs.request_stop(PLACE, "U1")
    await end(store, claim)
    assert await message_of(store, ts(3)) == (MessageState.UNFINISHED, None)
    assert await message_of(store, ts(5)) == (MessageState.UNFINISHED, "how are you?"), "came later"
    assert await message_of(store, ts(1)) == (MessageState.UNFINISHED, "how are you?"), "another thread"
    assert not await store.runs.try_again(failed.run.id)


async def test_a_run_can_only_end_in_an_end(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    with pytest.raises(ValueError, match="in_progress"):
        await store.runs.finish(claim.lease, Ending(RunStatus.IN_PROGRESS))


async def test_an_edit_just_before_the_end_is_not_passed_over(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.messages.change(TEAM, CHANNEL, ts(1), "better", ())
    assert not await store.runs.finish(claim.lease, Ending(RunStatus.COMPLETED), unless_restarted=True)
    assert await message_of(store, ts(1)) == (MessageState.CLAIMED, "better")
    again = await store.runs.restart(claim.lease)
    assert await store.runs.finish(again.lease, Ending(RunStatus.COMPLETED), unless_restarted=True)


async def test_a_restart_leaves_no_response_that_could_be_delivered(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.response_started(claim.lease, "resp_1")
    await store.messages.change(TEAM, CHANNEL, ts(1), "better", ())
    assert (await store.runs.restart(claim.lease)).responses == ()


async def test_a_stop_reaches_the_active_run_and_what_waits_behind_it(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await hear(store, 2)
    await hear(store, 3)
    assert await store.runs.stop_requested(claim.run.id) is None
    assert await store.runs.request_stop(PLACE, "U1") == Stopping(claim.run.id, 2)
    assert await store.runs.request_stop(PLACE, "U2") == Stopping(claim.run.id, 0), "who asked first, stays"
    assert await store.runs.stop_requested(claim.run.id) == "U1"
    assert (await store.runs.glance("worker")).stops == {claim.run.id: "U1"}
    assert (await store.runs.glance("other")).stops == {}
    await end(store, claim, RunStatus.CANCELLED)
    assert await store.runs.claim("worker", 30) is None
    assert await store.runs.stop_requested(claim.run.id) == "U1"


async def test_a_stop_by_nobody_in_particular_is_a_stop(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.request_stop(PLACE, "")
    assert await store.runs.stop_requested(claim.run.id) == ""
    assert (await store.runs.glance("worker")).stops == {claim.run.id: ""}


async def test_a_stop_before_any_run_unqueues(store: Store) -> None:
    assert await store.runs.request_stop(PLACE, "U1") == Stopping(None, 0)
    await hear(store, 1)
    assert await store.runs.request_stop(PLACE, "U1") == Stopping(None, 1)
    assert await store.runs.claim("worker", 30) is None
    assert await message_of(store, ts(1)) == (MessageState.UNFINISHED, "how are you?")


async def test_a_stop_of_a_run_given_back_is_seen_by_who_claims_it(store: Store) -> None:
    await hear(store, 1)
    first = await claimed(store)
    await store.runs.release(first.lease)
    await store.runs.request_stop(PLACE, "U1")
    assert (await claimed(store)).run.stop_requested_by == "U1"


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
async def test_try_again_works_once(store: Store, status: RunStatus) -> None:
    await hear(store, 1, "please")
    claim = await claimed(store)
    assert not await store.runs.try_again(claim.run.id), "it is still running"
    await end(store, claim, status)
    assert await store.runs.try_again(claim.run.id)
    assert not await store.runs.try_again(claim.run.id), "the second click"
    again = await claimed(store)
    assert again.run.id != claim.run.id
    assert [message.text for message in again.messages] == ["please"]
    assert not await store.runs.try_again(claim.run.id)


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.INCOMPLETE])
async def test_what_was_answered_is_not_tried_again(store: Store, status: RunStatus) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await end(store, claim, status)
    assert not await store.runs.try_again(claim.run.id)
    assert not await store.runs.try_again("no such run")


async def test_a_message_that_slack_refused_leaves_no_intent_behind(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    first = await store.runs.reply_intended(claim.lease, 0)
    await store.runs.reply_begun(claim.lease, first.position, ts(2))
    await store.runs.reply_intended(claim.lease, 100)
    await end(store, claim, RunStatus.FAILED)
    assert [(reply.ts, reply.state.value) for reply in await store.runs.replies(claim.run.id)] == [
        (ts(2), "closed")
    ]
