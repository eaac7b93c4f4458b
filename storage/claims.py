"""Claiming: finding a run that nobody works on, or making one of a thread's waiting messages."""

from itertools import takewhile
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import insert, now
from storage.leases import is_free
from storage.records import Claim, Glance, Lease, MessageState, RunStatus
from storage.reopening import take_withdrawn, to_withdraw
from storage.rows import all_rows, message_from, reply_from, response_from, run_from, thread_from
from storage.tables import is_active, is_waiting, messages, replies, responses, runs, threads


async def claim(connection: AsyncConnection, owner: str, lease_seconds: float) -> Claim | None:
    """Take the oldest run that is free, else one to withdraw, else begin one where somebody has waited longest."""
    leased = {"lease_owner": owner, "lease_until": now() + lease_seconds}
    run_id = await _take_free(connection, leased) or await take_withdrawn(connection, leased)
    if run_id is not None:
        return await read_claim(connection, run_id)
    run_id = await _begin_one(connection, leased)
    return None if run_id is None else await read_claim(connection, run_id, begun=True)


async def _take_free(connection: AsyncConnection, leased: dict[str, Any]) -> str | None:
    run_id: str | None = await connection.scalar(_OLDEST_FREE)
    if run_id is not None:
        lapsed = case((runs.c.lease_owner.is_not(None), 1), else_=0)
        taken = {"attempt": runs.c.attempt + 1, "lapses": runs.c.lapses + lapsed, **leased}
        await connection.execute(update(runs).where(runs.c.id == run_id).values(taken))
    return run_id


async def _begin_one(connection: AsyncConnection, leased: dict[str, Any]) -> str | None:
    """Begin a run where one can begin. A thread that got one from somebody else meanwhile is passed over."""
    passed_over: list[int] = []
    while (thread_id := await _next_thread(connection, passed_over)) is not None:
        if run_id := await _begin(connection, thread_id, leased):
            return run_id
        passed_over.append(thread_id)
    return None


async def _next_thread(connection: AsyncConnection, passed_over: list[int]) -> int | None:
    found: int | None = await connection.scalar(_NEXT_THREAD, {"passed_over": passed_over})
    return found


def is_ready() -> ColumnElement[bool]:
    """The message waits, and no run of its thread is active."""
    return and_(is_waiting(), ~exists().where(runs.c.thread_id == messages.c.thread_id, is_active()))


async def _begin(connection: AsyncConnection, thread_id: int, leased: dict[str, Any]) -> str | None:
    run_id = uuid4().hex
    values = {
        "id": run_id,
        "thread_id": thread_id,
        "status": RunStatus.QUEUED,
        "restart_requested": False,
        "attempt": 1,
        "lapses": 0,
        "created_at": now(),
        **leased,
    }
    begin = insert(connection, runs).values(values).on_conflict_do_nothing().returning(runs.c.id)
    if (await connection.execute(begin)).first() is None:
        return None  # a lost race, seen by the index of one active run per thread
    overrides, alike = await _next_waiting(connection, thread_id)
    taken = {"state": MessageState.CLAIMED, "state_since": now(), "run_id": run_id}
    if (await connection.execute(update(messages).where(is_waiting(), alike).values(taken))).rowcount:
        if overrides:
            await connection.execute(update(runs).where(runs.c.id == run_id).values(overrides=overrides))
        return run_id
    await connection.execute(delete(runs).where(runs.c.id == run_id))  # stopped or withdrawn meanwhile
    return None


async def _next_waiting(connection: AsyncConnection, thread_id: int) -> tuple[Any, ColumnElement[bool]]:
    """What the next run of a thread shall do otherwise, and the messages that want just that."""
    query = select(messages.c.id, messages.c.overrides).where(messages.c.thread_id == thread_id, is_waiting())
    rows = await all_rows(connection, query.order_by(messages.c.ts))
    first = rows[0]["overrides"] if rows else None
    alike = takewhile(lambda row: row["overrides"] == first, rows)
    return first, messages.c.id.in_([row["id"] for row in alike])


async def read_claim(connection: AsyncConnection, run_id: str, *, begun: bool = False) -> Claim:
    """Return everything that answering a run needs; of one that was just begun, nothing was written yet."""
    row = (await all_rows(connection, _RUN, run=run_id))[0]
    run = run_from(row)
    thread = thread_from((await all_rows(connection, _THREAD, thread=run.thread_id))[0])
    said = await all_rows(connection, _SAID, run=run_id)
    posts = () if begun else await all_rows(connection, _POSTS, run=run_id)
    answers = () if begun else await all_rows(connection, _ANSWERS, run=run_id)
    return Claim(
        lease=Lease(run_id, row["lease_owner"], run.attempt),
        run=run,
        thread=thread,
        messages=tuple(map(message_from, said)),
        replies=tuple(map(reply_from, posts)),
        responses=tuple(map(response_from, answers)),
    )


async def glance(connection: AsyncConnection, owner: str) -> Glance:
    """See in one statement whether there is work, and what is wanted of the owner's runs."""
    rows = await all_rows(connection, _GLANCE, owner=owner)
    wanted = [row for row in rows if row["id"] is not None]
    return Glance(
        claimable=len(wanted) < len(rows),
        stops={row["id"]: row["stop_requested_by"] for row in wanted if row["stop_requested_by"] is not None},
        restarts=frozenset(row["id"] for row in wanted if row["restart_requested"]),
    )


def _glance() -> CompoundSelect[Any]:
    """A row per run of which something is wanted, and one without an id if there is work."""
    asked = or_(runs.c.stop_requested_by.is_not(None), runs.c.restart_requested)
    mine = and_(runs.c.lease_owner == bindparam("owner"), is_active(), asked)
    wanted = select(runs.c.id, runs.c.stop_requested_by, runs.c.restart_requested).where(mine)
    kinds = (is_free(), to_withdraw(), is_ready())
    work = or_(*(exists(select(1).where(kind)) for kind in kinds))
    return union_all(wanted, select(null(), null(), false()).where(work))


_OLDEST_FREE = (
    select(runs.c.id)
    .where(is_free())
    .order_by(runs.c.created_at, runs.c.id)
    .limit(1)
    .with_for_update(key_share=True, skip_locked=True)
)
_NEXT_THREAD = (
    select(threads.c.id)
    .join(messages, messages.c.thread_id == threads.c.id)
    .where(is_ready(), threads.c.id.not_in(bindparam("passed_over", expanding=True)))
    .order_by(messages.c.ts)
    .limit(1)
    .with_for_update(of=threads, key_share=True, skip_locked=True)
)
_RUN = select(runs).where(runs.c.id == bindparam("run"))
_THREAD = select(threads).where(threads.c.id == bindparam("thread"))
_ITS_OWN = messages.c.run_id == bindparam("run"), messages.c.state == MessageState.CLAIMED
_SAID = select(messages).where(*_ITS_OWN).order_by(messages.c.ts)
_ANSWERS = select(responses).where(responses.c.run_id == bindparam("run")).order_by(responses.c.position)
_POSTS = select(replies).where(replies.c.run_id == bindparam("run")).order_by(replies.c.position)
_GLANCE = _glance()  # asked every second and before every claim: built once
