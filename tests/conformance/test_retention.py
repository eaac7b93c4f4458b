"""Retention: what goes with time, and what is kept of a thread or a person until it is asked away."""

import asyncio
from dataclasses import replace

from storage import retention
from storage.records import Claim, Feedback, Place, Reopening, RunStatus, RunStep, Thread
from storage.records import Ending as End
from storage.retention import Kept, OfUser
from storage.store import Store
from tests.conformance.file_scenes import THREAD, let_go, stored
from tests.conformance.scenes import CHANNEL, TEAM, claimed, hear, place, said, sql, ts, yes

DAY = 86400.0
WHERE = place(100)
STEP = RunStep(0, "file_search", "Searching your files", "completed")
OF_A_THREAD = (
    "feedback",
    "regenerations",
    "run_files",
    "made_files",
    "run_steps",
    "replies",
    "responses",
    "messages",
)
"""Where a thread has rows, besides its runs and itself."""


async def answered(
    store: Store, at: int, where: Place = WHERE, user: str = "U1", memory: str | None = None
) -> Claim:
    """A run with rows everywhere."""
    await hear(store, at, where=where, user=user)
    claim = await claimed(store)
    lease, run_id = claim.lease, claim.run.id
    if memory is not None:
        await store.runs.remember(lease, memory)
    await store.runs.response_started(lease, f"resp_{at}")
    await store.runs.reply_begun(lease, (await store.runs.reply_intended(lease, 0)).position, f"reply {at}")
    await store.files.note(run_id, ["file-1"])
    await store.files.intend_made(run_id, [("cfile_1", "chart.png")])
    await store.files.made_sent(run_id, "cfile_1", f"F{at}")
    await store.runs.finish(lease, End(RunStatus.COMPLETED, steps=(STEP,)))
    await store.feedback.give(Feedback(run_id, user, "up"))
    await sql(
        store, 'INSERT INTO regenerations (run_id, "user", asked_at) VALUES (:id, :user, 1)', id=run_id, user=user
    )
    return claim


async def rows(store: Store) -> dict[str, int]:
    tables = ("threads", "runs", *OF_A_THREAD)
    return {table: (await sql(store, f"SELECT count(*) FROM {table}"))[0][0] for table in tables}


async def age(store: Store, days: float) -> None:
    """Let days pass."""
    for table, column in (("runs", "finished_at"), ("messages", "state_since")):
        await sql(store, f"UPDATE {table} SET {column} = {column} - :seconds", seconds=days * DAY)


async def kept_of(store: Store, where: Place = WHERE) -> Kept:
    kept = await store.retention.of_thread(where)
    assert kept is not None
    return kept


# -- with time


async def test_ended_runs_go_with_all_that_is_theirs(store: Store) -> None:
    await answered(store, 100)
    await age(store, 20)
    young = await answered(store, 101)
    before = await rows(store)
    assert set(before.values()) == {1, 2}
    await age(store, 15)
    assert await store.retention.purge(30 * DAY) == 1
    assert set((await rows(store)).values()) == {1}
    assert (await store.runs.find(young.run.id)) is not None
    assert await store.retention.purge(30 * DAY) == 0
    assert await store.runs.reopen(young.run.id, "U1") is Reopening.REOPENED


async def test_a_thread_goes_when_nothing_is_left_of_it(store: Store) -> None:
    await answered(store, 100, place(100))
    await answered(store, 200, place(200), memory="conv_1")
    await answered(store, 300, place(300))
    document = await stored(store, 1, thread_ts=ts(300))
    await answered(store, 400, place(400))
    await sql(store, "UPDATE threads SET assistant = 'lawyer' WHERE thread_ts = :ts", ts=ts(400))
    await age(store, 31)
    assert await store.retention.purge(30 * DAY) == 4
    assert [thread.place.thread_ts for thread in await of_channel(store)] == [ts(200), ts(300), ts(400)]
    await let_go(store, document)
    assert await store.retention.purge(30 * DAY) == 0
    assert len(await of_channel(store)) == 2


async def of_channel(store: Store) -> tuple[Thread, ...]:
    return await store.retention.threads_of_channel(TEAM, CHANNEL)


async def test_nothing_goes_from_a_thread_that_is_active_or_waits(store: Store) -> None:
    await answered(store, 100, place(100))
    await answered(store, 200, place(200))
    await age(store, 31)
    await hear(store, 101, where=place(100))
    claim = await claimed(store)
    await hear(store, 201, where=place(200))
    assert await store.retention.purge(30 * DAY) == 0
    await store.runs.finish(claim.lease, End(RunStatus.COMPLETED))
    assert await store.retention.purge(30 * DAY) == 1


async def test_an_answer_that_is_to_be_withdrawn_stays_until_it_is(store: Store) -> None:
    await answered(store, 100)
    await age(store, 31)
    await store.messages.withdraw(TEAM, CHANNEL, ts(100))
    assert await store.retention.purge(30 * DAY) == 0


async def test_messages_that_no_run_ever_took_go_too(store: Store) -> None:
    await hear(store, 100)
    await store.runs.request_stop(WHERE, "U1")
    assert await store.retention.purge(30 * DAY) == 0
    assert (await rows(store))["messages"] == 1
    await age(store, 31)
    assert await store.retention.purge(30 * DAY) == 0
    assert set((await rows(store)).values()) == {0}


async def test_a_purge_takes_many_runs_in_several_transactions(store: Store) -> None:
    await answered(store, 100)
    copy = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) INSERT INTO runs"
        " (id, thread_id, status, restart_requested, attempt, lapses, created_at, finished_at)"
        " SELECT 'copy ' || i, thread_id, status, false, 1, 0, created_at, finished_at FROM runs, n"
    )
    await sql(store, copy, count=2 * retention.AT_ONCE)
    await age(store, 31)
    assert await store.retention.purge(30 * DAY) == 2 * retention.AT_ONCE + 1
    assert (await rows(store))["runs"] == 0


# -- a thread


async def test_what_is_kept_of_a_thread_is_told(store: Store) -> None:
    assert await store.retention.of_thread(WHERE) is None
    first = await answered(store, 100, memory="conv_1")
    second = await answered(store, 101)
    await answered(store, 200, place(200))
    document = await stored(store, thread_ts=THREAD)
    leaving = await stored(store, 2, thread_ts=THREAD)
    await store.files.leave([leaving.id])
    kept = await kept_of(store)
    assert (kept.thread.place, kept.thread.memory) == (WHERE, "conv_1")
    assert kept.runs == (first.run.id, second.run.id)
    assert sorted(kept.responses) == ["resp_100", "resp_101"]
    assert kept.replies == ("reply 100", "reply 101")
    assert kept.places == (document.id, leaving.id)
    assert sorted(kept.made) == ["F100", "F101"]


async def test_a_thread_is_erased_and_no_other(store: Store) -> None:
    await answered(store, 100)
    await answered(store, 200, place(200))
    await hear(store, 101)
    kept = await kept_of(store)
    assert await store.retention.erase_thread(kept)
    assert set((await rows(store)).values()) == {1}
    assert [thread.place for thread in await of_channel(store)] == [place(200)]
    assert await store.retention.erase_thread(kept), "again"
    assert await store.retention.of_thread(WHERE) is None


async def test_a_thread_that_has_gone_on_since_it_was_looked_at_is_not_erased(store: Store) -> None:
    await answered(store, 100)
    kept = await kept_of(store)
    await answered(store, 101)
    before = await rows(store)
    assert not await store.retention.erase_thread(kept)
    assert await rows(store) == before
    assert not await store.retention.erase_thread(replace(await kept_of(store), runs=()))
    assert await store.retention.erase_thread(await kept_of(store))


async def test_a_thread_is_erased_while_somebody_works_on_it(store: Store) -> None:
    await hear(store, 100)
    claim = await claimed(store)
    kept = await kept_of(store)
    results = await asyncio.gather(
        store.retention.erase_thread(kept),
        store.runs.finish(claim.lease, End(RunStatus.COMPLETED)),
        return_exceptions=True,
    )
    assert (results[0], type(results[1]).__name__) == (True, "LeaseLost")
    assert set((await rows(store)).values()) == {0}
    await hear(store, 101)
    assert (await claimed(store)).messages[0].ts == ts(101)


async def test_the_threads_of_a_channel_are_listed(store: Store) -> None:
    for where in (place(200), place(100), Place(TEAM, "C2", ts(1)), Place("T2", CHANNEL, ts(1))):
        await store.messages.hear(said(where, where.thread_ts), yes)
    assert [thread.place for thread in await of_channel(store)] == [place(100), place(200)]


# -- a person


async def test_what_is_kept_of_a_person_is_told(store: Store) -> None:
    await answered(store, 100, place(100), "U1")
    mixed = await answered(store, 200, place(200), "U1")
    await answered(store, 201, place(200), "U2")
    await answered(store, 300, place(300), "U2")
    await store.feedback.give(Feedback(mixed.run.id, "U2", "down"))
    kept = await store.retention.of_user(TEAM, "U1")
    assert [thread.place for thread in kept.threads] == [place(100)]
    assert [(one.thread.place, one.ts, one.run_id) for one in kept.spoken] == [(place(200), ts(200), mixed.run.id)]
    assert kept.feedback == 2
    assert await store.retention.of_user("T2", "U1") == OfUser((), (), 0)


async def test_a_persons_rows_are_erased_and_nobody_elses(store: Store) -> None:
    await answered(store, 100, place(100), "U1")
    await answered(store, 101, place(100), "U2")
    assert await store.retention.erase_user_rows("T2", "U1") == 0
    assert await store.retention.erase_user_rows(TEAM, "U1") == 3
    assert await sql(store, 'SELECT "user" FROM messages') == [("U2",)]
    assert await sql(store, 'SELECT "user" FROM feedback') == [("U2",)]
    assert await sql(store, 'SELECT "user" FROM regenerations') == [("U2",)]
    assert await sql(store, "SELECT following FROM threads") == [(None,)]
    assert await store.retention.erase_user_rows(TEAM, "U1") == 0
    assert await store.retention.of_user(TEAM, "U1") == OfUser((), (), 0)


async def test_a_message_that_is_being_answered_is_withdrawn_and_nobody_is_named(store: Store) -> None:
    await hear(store, 100, user="U1")
    claim = await claimed(store)
    await hear(store, 101, user="U1")
    await store.runs.request_stop(WHERE, "U1")
    assert await store.retention.erase_user_rows(TEAM, "U1") == 2
    assert await sql(store, 'SELECT "user", text, state FROM messages') == [("", None, "withdrawn")]
    assert (await store.runs.glance("worker")).restarts == {claim.run.id}
    assert await store.runs.stop_requested(claim.run.id) == ""
    assert (await store.runs.restart(claim.lease)).messages == ()
