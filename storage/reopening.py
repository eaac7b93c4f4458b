"""Ended runs that are taken up again: to be answered anew, or for their answer to be withdrawn.

A run that is taken up again is active like any other, under the index of one active run per thread.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import insert, now
from storage.leases import hold_with_thread
from storage.messages import GONE
from storage.records import ACTIVE, ANSWERED, Lease, MessageState, Reopening, RunStatus, Said
from storage.rows import all_rows, lock_threads
from storage.tables import (
    feedback,
    is_active,
    is_waiting,
    messages,
    regenerations,
    replies,
    responses,
    run_steps,
    runs,
    threads,
)

WITHDRAWN = "withdrawn"
"""The `error` of a run whose answer was taken back."""

AFRESH: Mapping[str, Any] = {
    "status": RunStatus.QUEUED,
    "lapses": 0,
    "lease_owner": None,
    "lease_until": None,
    "stop_requested_by": None,
    "stop_requested_at": None,
    "restart_requested": False,
    "parts_left": False,
    "error": None,
}
"""A run that has ended, active again."""


# -- an answer given anew


async def standing(connection: AsyncConnection, run_id: str) -> Reopening:
    """Return what `reopen` would do."""
    rows = await all_rows(connection, select(runs).where(runs.c.id == run_id))
    if not rows or rows[0]["withdraw_at"] is not None:
        return Reopening.UNKNOWN
    if rows[0]["status"] in ACTIVE:
        return Reopening.UNDER_WAY
    if rows[0]["status"] not in ANSWERED or not await _has_answered(connection, run_id):
        return Reopening.UNKNOWN
    gone_on = select(or_(_followed(rows[0]), _busy(rows[0])))
    return Reopening.LATER if await connection.scalar(gone_on) else Reopening.REOPENED


async def reopen(connection: AsyncConnection, run_id: str, user: str) -> Reopening:
    """Queue an answered run again, if it is the newest of its thread and nothing waits there."""
    its = select(runs.c.thread_id).where(runs.c.id == run_id)
    await lock_threads(connection, threads.c.id == its.scalar_subquery())
    found = await standing(connection, run_id)
    if found is Reopening.REOPENED:
        run = (await all_rows(connection, select(runs).where(runs.c.id == run_id)))[0]
        await _answer_anew(connection, run)
        asked = {"run_id": run_id, "user": user, "asked_at": now()}
        await connection.execute(insert(connection, regenerations).values(asked))
    return found


async def recall(connection: AsyncConnection, lease: Lease, said: Mapping[str, Said]) -> None:
    """Store what the run's messages say, whose texts were erased; what is not said any more is withdrawn."""
    await hold_with_thread(connection, lease)
    forgotten = and_(
        messages.c.run_id == lease.run_id,
        messages.c.state == MessageState.CLAIMED,
        messages.c.text.is_(None),
    )
    for message in await all_rows(connection, select(messages).where(forgotten)):
        now_says = said.get(message["ts"])
        values = _content(now_says) if now_says else {**GONE, "state_since": now()}
        await connection.execute(update(messages).where(messages.c.id == message["id"]).values(values))


def _content(said: Said) -> dict[str, Any]:
    return {"text": said.text, "files": [dict(file) for file in said.files]}


async def _answer_anew(connection: AsyncConnection, run: RowMapping, **lease: Any) -> None:
    """Put everything back to where it was before the run ended, but for the texts, which are gone."""
    now_unknown = dict.fromkeys(("assistant", "withdraw_at", "finished_at", "first_text_at"))  # chosen anew, too
    afresh = {**AFRESH, "restart_requested": True, **now_unknown}
    await connection.execute(update(runs).where(runs.c.id == run["id"]).values({**afresh, **lease}))
    answered = and_(messages.c.run_id == run["id"], messages.c.state == MessageState.ANSWERED)
    claimed = {"state": MessageState.CLAIMED, "state_since": now()}
    await connection.execute(update(messages).where(answered).values(claimed))
    await _forget_verdicts(connection, run)
    await _take_thread_back(connection, run)


async def _take_thread_back(connection: AsyncConnection, run: RowMapping) -> None:
    """Let the thread's memory end before the run; one that has been replaced or gone on stays as it is."""
    ends_with_it = threads.c.tail_item_id.is_not_distinct_from(run["tail_after"])
    before = {"tail_item_id": run["tail_before"], "last_seen_ts": run["seen_before"]}
    thread = and_(threads.c.id == run["thread_id"], ends_with_it)
    await connection.execute(update(threads).where(thread).values(before))


async def _forget_verdicts(connection: AsyncConnection, run: RowMapping) -> None:
    """Delete what was thought and kept of the old answer."""
    for table in (feedback, run_steps):
        await connection.execute(delete(table).where(table.c.run_id == run["id"]))


async def _has_answered(connection: AsyncConnection, run_id: str) -> bool:
    answered = exists().where(messages.c.run_id == run_id, messages.c.state == MessageState.ANSWERED)
    return bool(await connection.scalar(select(answered)))


def _followed(run: RowMapping) -> ColumnElement[bool]:
    """A later run of the thread stands below it in Slack."""
    shown = exists().where(replies.c.run_id == runs.c.id, replies.c.ts.is_not(None))
    return exists().where(_later(run), shown)


def _later(run: RowMapping) -> ColumnElement[bool]:
    return and_(runs.c.thread_id == run["thread_id"], runs.c.created_at > run["created_at"])


def _busy(run: RowMapping) -> ColumnElement[bool]:
    """A run of the thread is active, or a message waits for one."""
    waiting = exists().where(messages.c.thread_id == run["thread_id"], is_waiting())
    return or_(waiting, exists().where(runs.c.thread_id == run["thread_id"], is_active()))


# -- an answer withdrawn


def to_withdraw() -> ColumnElement[bool]:
    """The run's answer is to be withdrawn, and no run of its thread is active."""
    other = runs.alias("other")
    busy = exists().where(other.c.thread_id == runs.c.thread_id, is_active(other))
    return and_(runs.c.withdraw_at <= now(), ~busy)


_FIRST_TO_WITHDRAW = (
    select(runs.c.id)
    .join(threads, runs.c.thread_id == threads.c.id)
    .where(to_withdraw())
    .order_by(runs.c.withdraw_at, runs.c.id)
    .limit(1)
    .with_for_update(of=threads, key_share=True, skip_locked=True)
)


async def take_withdrawn(connection: AsyncConnection, leased: Mapping[str, Any]) -> str | None:
    """Take a run whose answer is to be withdrawn; the newest of its thread answers the messages it has left.

    The thread is locked first, and then it is looked again: somebody may just have taken the run.
    """
    run_id = await connection.scalar(_FIRST_TO_WITHDRAW)
    if run_id is None:
        return None
    still = select(runs).where(runs.c.id == run_id, to_withdraw())
    for run in await all_rows(connection, still):
        taken = {"attempt": runs.c.attempt + 1, **leased}
        if await _may_go_on(connection, run):
            await _answer_anew(connection, run, **taken)
        else:
            await connection.execute(update(runs).where(runs.c.id == run["id"]).values({**AFRESH, **taken}))
        return str(run["id"])
    return None


async def _may_go_on(connection: AsyncConnection, run: RowMapping) -> bool:
    """Whether messages of the run are left, and the memory has not gone on since."""
    if run["status"] not in ANSWERED or not await _has_answered(connection, run["id"]):
        return False
    gone_on = exists().where(_later(run), runs.c.status.in_(ANSWERED))
    return not await connection.scalar(select(gone_on))


async def withdrawn(connection: AsyncConnection, lease: Lease, again_in: float | None) -> None:
    """End a run whose answer is gone; after `again_in` seconds it is claimed once more, for the memory's sake."""
    run = await hold_with_thread(connection, lease)
    ended = {
        **AFRESH,
        "status": RunStatus.CANCELLED,
        "error": WITHDRAWN,
        "overrides": None,
        "finished_at": now(),
        "withdraw_at": None if again_in is None else now() + again_in,
        **({} if again_in is not None else {"tail_after": run["tail_before"]}),
    }
    await connection.execute(update(runs).where(runs.c.id == lease.run_id).values(ended))
    if again_in is None:
        await connection.execute(delete(responses).where(responses.c.run_id == lease.run_id))
        await _forget_verdicts(connection, run)
        await _close_gap(connection, run)


async def _close_gap(connection: AsyncConnection, run: RowMapping) -> None:
    """Let what came after the run follow on what was before it: its items are in the memory no more."""
    await _take_thread_back(connection, run)
    tail = run["tail_after"]
    if tail is None or tail == run["tail_before"]:
        return
    others = and_(runs.c.thread_id == run["thread_id"], runs.c.id != run["id"])
    before = {"tail_before": run["tail_before"], "seen_before": run["seen_before"]}
    await connection.execute(update(runs).where(others, runs.c.tail_before == tail).values(before))
    behind = {"tail_after": run["tail_before"]}
    await connection.execute(update(runs).where(others, runs.c.tail_after == tail).values(behind))
