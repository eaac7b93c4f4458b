"""Runs: claimed under a lease, fenced, ended in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.exc import IntegrityError

from storage import claims
from storage.errors import LeaseLost
from storage.records import (
    Ending,
    Feedback,
    Lease,
    Reply,
    ReplyState,
    Response,
    RunStatus,
    RunStep,
)
from storage.store import Store
from tests.conformance.scenes import (
    CHANNEL,
    PLACE,
    TEAM,
    claimed,
    end,
    hear,
    lapse,
    place,
    said,
    sql,
    ts,
    yes,
)

STEP = RunStep(0, "file_search", "Searching your files", "completed", 1.5, 2.5, "fs_1")


async def test_a_claim_takes_all_waiting_messages_in_slacks_order(store: Store) -> None:
    for number in (3, 1, 2):
        await hear(store, number, f"message {number}")
    claim = await claimed(store)
    assert [message.text for message in claim.messages] == ["message 1", "message 2", "message 3"]
    assert {message.run_id for message in claim.messages} == {claim.run.id}
    assert (claim.run.status, claim.run.attempt, claim.run.lapses) == (RunStatus.QUEUED, 1, 0)
    assert (claim.thread.place, claim.lease.owner) == (PLACE, "worker")


async def test_the_thread_that_has_waited_longest_comes_first(store: Store) -> None:
    for number in (7, 5, 6):
        await hear(store, number, where=place(number))
    assert [(await claimed(store)).thread.place for _ in range(3)] == [place(5), place(6), place(7)]
    assert await store.runs.claim("worker", 30) is None


async def test_messages_that_come_during_a_run_become_one_next_run(store: Store) -> None:
    await hear(store, 1)
    first = await claimed(store)
    await hear(store, 2)
    await hear(store, 3)
    assert not (await store.runs.glance("other")).claimable
    assert await store.runs.claim("other", 30) is None
    await end(store, first)
    assert (await store.runs.glance("other")).claimable
    assert [message.ts for message in (await claimed(store, "other")).messages] == [ts(2), ts(3)]


async def test_two_workers_never_get_the_same_run(store: Store) -> None:
    await hear(store, 1)
    taken = await asyncio.gather(*(store.runs.claim(f"worker {number}", 30) for number in range(8)))
    assert len([claim for claim in taken if claim is not None]) == 1


async def test_a_second_active_run_in_a_thread_is_refused_by_the_database(store: Store) -> None:
    await hear(store, 1)
    await claimed(store)
    copy = "INSERT INTO runs (id, thread_id, status, restart_requested, attempt, lapses, created_at)"
    with pytest.raises(IntegrityError):
        await sql(store, f"{copy} SELECT 'second', thread_id, 'queued', false, 1, 0, 0 FROM runs")


async def test_a_race_lost_to_another_claim_or_to_a_stop_begins_nothing(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await hear(store, 2)
    leased = {"lease_owner": "other", "lease_until": 0.0}
    assert await store.database.write(lambda it: claims._begin(it, claim.thread.id, leased)) is None
    await end(store, claim)
    await store.runs.request_stop(PLACE, "U1")
    assert await store.database.write(lambda it: claims._begin(it, claim.thread.id, leased)) is None
    assert await sql(store, "SELECT id FROM runs") == [(claim.run.id,)]


async def test_a_held_run_is_not_claimed_again(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.started(claim.lease, {"model": "m"})
    assert await store.runs.claim("worker", 30) is None


async def test_a_run_that_requires_action_is_not_claimable(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await sql(store, "UPDATE runs SET status = 'requires_action', lease_until = 1")
    assert await store.runs.claim("other", 30) is None
    assert not (await store.runs.glance("other")).claimable
    assert (await store.runs.find(claim.run.id)) is not None


async def test_a_lapsed_lease_is_taken_over_with_all_that_was_stored(store: Store) -> None:
    await hear(store, 1)
    first = await claimed(store)
    await store.runs.started(first.lease, {"model": "m"}, "conv_1")
    await store.runs.response_started(first.lease, "resp_1")
    await store.runs.reply_begun(first.lease, (await store.runs.reply_intended(first.lease, 0)).position, "9.0")
    await lapse(store, first)
    assert (await store.runs.glance("other")).claimable
    second = await claimed(store, "other")
    assert (second.run.id, second.run.attempt, second.run.lapses) == (first.run.id, 2, 1)
    assert (second.run.status, second.run.assistant) == (RunStatus.IN_PROGRESS, {"model": "m"})
    assert second.thread.memory == "conv_1"
    assert second.messages == first.messages
    assert second.responses == (Response(0, "resp_1", "in_progress"),)
    assert await store.runs.responses(first.run.id) == second.responses
    assert await store.runs.responses("nobody") == ()
    assert second.replies == (Reply(0, "9.0", ReplyState.OPEN),)


Write = Callable[[Store, Lease], Awaitable[object]]

WRITES: dict[str, Write] = {
    "started": lambda store, lease: store.runs.started(lease, {"model": "old"}, "conv_old"),
    "remember": lambda store, lease: store.runs.remember(lease, "conv_old"),
    "response_started": lambda store, lease: store.runs.response_started(lease, "resp_old"),
    "reply_intended": lambda store, lease: store.runs.reply_intended(lease, 3),
    "reply_begun": lambda store, lease: store.runs.reply_begun(lease, 0, "8.0"),
    "reply_dropped": lambda store, lease: store.runs.reply_dropped(lease, 0),
    "finish": lambda store, lease: store.runs.finish(lease, Ending(RunStatus.COMPLETED, steps=(STEP,))),
    "release": lambda store, lease: store.runs.release(lease),
    "restart": lambda store, lease: store.runs.restart(lease),
}

TABLES = ("threads", "messages", "runs", "responses", "replies", "run_steps")


@pytest.mark.parametrize("how", ["taken over", "taken over by itself", "given back", "ended"])
async def test_who_has_lost_the_lease_writes_nothing_more(store: Store, how: str) -> None:
    await hear(store, 1)
    old = await claimed(store)
    await store.runs.started(old.lease, {"model": "m"}, "conv_1")
    await store.runs.reply_intended(old.lease, 0)
    if how == "given back":
        await store.runs.release(old.lease)
    elif how == "ended":
        await end(store, old, RunStatus.FAILED)
    else:
        await lapse(store, old)
        await claimed(store, "worker" if how == "taken over by itself" else "other")
    before = [await sql(store, f"SELECT * FROM {table}") for table in TABLES]
    for name, write in WRITES.items():
        with pytest.raises(LeaseLost) as lost:
            await write(store, old.lease)
        assert old.run.id in str(lost.value)
        assert [await sql(store, f"SELECT * FROM {table}") for table in TABLES] == before, name


async def test_a_late_write_counts_as_long_as_nobody_took_over(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await lapse(store, claim)
    await end(store, claim)
    run = await store.runs.find(claim.run.id)
    assert run is not None
    assert run.status is RunStatus.COMPLETED


async def test_renewing_keeps_what_is_held_and_nothing_else(store: Store) -> None:
    for number in (1, 2, 3, 4):
        await hear(store, number, where=place(number))
    mine, lapsed, ended = [await claimed(store) for _ in range(3)]
    theirs = await claimed(store, "other")
    await lapse(store, lapsed)
    await end(store, ended)
    (before,) = await sql(store, "SELECT lease_until FROM runs WHERE id = :id", id=mine.run.id)
    assert await store.runs.renew("worker", 60, ()) == frozenset()
    named = {claim.run.id for claim in (mine, lapsed, ended, theirs)}
    assert await store.runs.renew("worker", 60, named) == {mine.run.id}
    (after,) = await sql(store, "SELECT lease_until FROM runs WHERE id = :id", id=mine.run.id)
    assert 29 < after[0] - before[0] < 60
    assert (await claimed(store, "third")).run.id == lapsed.run.id, "a lapsed lease is not revived"


async def test_a_released_run_is_continued_without_counting_a_lapse(store: Store) -> None:
    await hear(store, 1)
    first = await claimed(store)
    await store.runs.started(first.lease, {})
    await store.runs.release(first.lease)
    second = await claimed(store, "other")
    assert (second.run.id, second.run.attempt, second.run.lapses) == (first.run.id, 2, 0)
    assert second.messages == first.messages


async def test_each_lapse_is_counted(store: Store) -> None:
    await hear(store, 1)
    for lapses in range(3):
        claim = await claimed(store)
        assert (claim.run.lapses, claim.run.attempt) == (lapses, lapses + 1)
        await lapse(store, claim)


async def test_reopening_lets_the_dead_ones_leases_lapse(sqlite_url: str) -> None:
    async with Store.open(sqlite_url) as store:
        await hear(store, 1)
        first = await claimed(store)
    async with Store.open(sqlite_url) as store:
        second = await claimed(store, "next")
        assert (second.run.id, second.run.lapses) == (first.run.id, 1)


async def test_started_stores_the_resolved_assistant(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.started(claim.lease, {"model": "m", "tools": ["web_search"], "temperature": 0.5})
    run = await store.runs.find(claim.run.id)
    assert run is not None
    assert (run.status, run.assistant) == (
        RunStatus.IN_PROGRESS,
        {"model": "m", "tools": ["web_search"], "temperature": 0.5},
    )


async def test_a_memory_that_replaces_another_has_seen_nothing(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.remember(claim.lease, "conv_1")
    await store.runs.finish(claim.lease, Ending(RunStatus.COMPLETED, tail_item_id="m_1", last_seen_ts=ts(1)))
    await hear(store, 2)
    claim = await claimed(store)
    await store.runs.remember(claim.lease, "conv_1")
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert (thread.memory, thread.tail_item_id, thread.last_seen_ts) == ("conv_1", "m_1", ts(1))
    await store.runs.remember(claim.lease, "conv_2")
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert (thread.memory, thread.tail_item_id, thread.last_seen_ts) == ("conv_2", None, None)


async def test_a_response_is_stored_once(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    for response_id in ("resp_1", "resp_1", "resp_2", "resp_1"):
        await store.runs.response_started(claim.lease, response_id)
    await store.runs.release(claim.lease)
    responses = (await claimed(store)).responses
    assert [(response.position, response.response_id) for response in responses] == [(0, "resp_1"), (1, "resp_2")]


async def test_a_reply_is_intended_begun_dropped_and_closed(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    assert await store.runs.reply_intended(claim.lease, 0) == Reply(0, None, ReplyState.STARTING, 0)
    await store.runs.reply_begun(claim.lease, 0, "9.1")
    assert await store.runs.reply_intended(claim.lease, 100) == Reply(1, None, ReplyState.STARTING, 100)
    await store.runs.reply_dropped(claim.lease, 1)
    assert (await store.runs.reply_intended(claim.lease, 90)).position == 1
    await store.runs.reply_begun(claim.lease, 1, "9.2")
    await end(store, claim)
    rows = await sql(store, "SELECT position, ts, state, from_char FROM replies ORDER BY position")
    assert rows == [(0, "9.1", "closed", 0), (1, "9.2", "closed", 90)]
    assert await store.runs.replies_of(claim.thread.id) == {
        "9.1": RunStatus.COMPLETED,
        "9.2": RunStatus.COMPLETED,
    }


async def test_a_reply_leads_back_to_its_run_and_thread(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.reply_intended(claim.lease, 0)
    await store.runs.reply_begun(claim.lease, 0, "9.1")
    found = await store.runs.of_reply(TEAM, CHANNEL, "9.1")
    assert found is not None
    assert (found[0].id, found[1].place) == (claim.run.id, PLACE)
    assert await store.runs.of_reply(TEAM, "C9", "9.1") is None
    assert await store.runs.of_reply(TEAM, CHANNEL, "9.2") is None


async def test_runs_of_a_person_are_counted_within_their_time(store: Store) -> None:
    for number, user in ((1, "U1"), (2, "U1"), (3, "U2"), (4, "U1")):
        await hear(store, number, where=place(number), user=user)
    begun = [await claimed(store) for _ in range(3)]
    await hear(store, 9, where=place(1))
    assert await store.runs.of_person(TEAM, "U1", 3600) == 2, "what waits is no run yet"
    assert await store.runs.of_person(TEAM, "U2", 3600) == 1
    assert await store.runs.of_person("T2", "U1", 3600) == 0
    await sql(store, "UPDATE runs SET created_at = created_at - 4000 WHERE id = :id", id=begun[0].run.id)
    assert await store.runs.of_person(TEAM, "U1", 3600) == 1


async def test_the_newest_opinion_of_each_person_holds(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await end(store, claim)
    run_id = claim.run.id
    await store.feedback.give(Feedback(run_id, "U1", "up"))
    await store.feedback.give(Feedback(run_id, "U2", "up"))
    await store.feedback.give(Feedback(run_id, "U1", "down", "it is wrong"))
    await store.feedback.give(Feedback("no such run", "U1", "down"))
    assert {(given.user, given.value, given.reason) for given in await store.feedback.of(run_id)} == {
        ("U1", "down", "it is wrong"),
        ("U2", "up", None),
    }
    assert await store.feedback.of("no such run") == ()


async def test_an_answer_takes_at_most_eight_transactions(store: Store) -> None:
    before = store.database.transactions
    await store.messages.hear(said(PLACE, ts(1)), yes)
    claim = await claimed(store)
    await store.runs.started(claim.lease, {"model": "m"}, "conv_1")
    await store.runs.response_started(claim.lease, "resp_1")
    reply = await store.runs.reply_intended(claim.lease, 0)
    await store.runs.reply_begun(claim.lease, reply.position, "9.0")
    assert await store.runs.renew("worker", 30, [claim.run.id]) == {claim.run.id}
    await end(store, claim)
    assert store.database.transactions - before <= 8
