"""Function calls: wanted by the model, decided by people, made at most once.

Whatever is done is committed before: `start` is the one way from wanting a call to making it, and succeeds once.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.call_records import CallKind, CallState, Decision, NewCall, StoredCall
from storage.database import Database, insert, now
from storage.leases import hold
from storage.records import ANSWERED, Lease, Place, Run, RunStatus
from storage.rows import all_rows, run_from, thread_at
from storage.tables import is_active, is_waiting, messages, responses, runs, threads
from storage.tables_calls import function_calls


class Calls:
    """The calls of runs. What takes a lease raises LeaseLost, as in `storage.runs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def propose(self, lease: Lease, calls: Sequence[NewCall]) -> tuple[StoredCall, ...]:
        """Store the calls that a response asks for, each once; return all calls of the run, in their order."""
        return await self._database.write(lambda connection: _propose(connection, lease, calls))

    async def of_run(self, run_id: str) -> tuple[StoredCall, ...]:
        """Return the calls of a run, in their order."""
        return await self._database.read(lambda connection: _of_run(connection, run_id))

    async def start(self, lease: Lease, call_id: str) -> bool:
        """Store that a call is about to be made. False: it may not, or it was begun before."""
        return await self._database.write(lambda connection: _start(connection, lease, call_id))

    async def end(self, lease: Lease, call_id: str, state: CallState, output: str) -> None:
        """Store what came of a call, unless it has ended already."""
        return await self._database.write(lambda connection: _end(connection, lease, call_id, state, output))

    async def wait(self, lease: Lease, seconds: float) -> bool:
        """Give the run up until people have decided, at most for so long. False: nobody has to decide anything.

        It is claimed again when all is decided, when the time is over, or when it shall stop or start again.
        """
        return await self._database.write(lambda connection: _wait(connection, lease, seconds))

    async def expired(self, run_id: str) -> bool:
        """Return whether the time to decide, which `wait` set, is over."""
        over = select(exists().where(runs.c.id == run_id, runs.c.action_until < now()))
        return bool(await self._database.read(lambda connection: connection.scalar(over)))

    async def decide(self, run_id: str, call_id: str, user: str, *, approve: bool) -> Decision:
        """Store somebody's yes or no to a call, once; the last one lets the run go on."""
        return await self._database.write(lambda it: _decide(it, run_id, call_id, user, approve=approve))

    async def waiting(self, team: str, channel: str, thread_ts: str) -> tuple[Run, tuple[StoredCall, ...]] | None:
        """Return the thread's run that waits for people, and its calls; None where none does."""
        return await self._database.read(lambda it: _waiting(it, team, channel, thread_ts))

    async def holds_up(self, thread_id: int) -> bool:
        """Return whether something was said in a thread that is answered after what is answered now."""
        behind = select(exists().where(messages.c.thread_id == thread_id, is_waiting()))
        return bool(await self._database.read(lambda connection: connection.scalar(behind)))

    async def cancel(self, place: Place, user: str) -> bool:
        """Ask the run that waits in the thread to end: what was said since is answered then. False: none does."""
        return await self._database.write(lambda connection: _cancel(connection, place, user))

    async def given_up(self, run_id: str, thread_id: int) -> tuple[StoredCall, ...]:
        """Return the calls that were begun for answers which the thread's memory does not hold, the oldest first.

        Of this run: those for what it said before it was asked to begin again. Of others: what failed or was
        stopped since the thread's last answer.
        """
        return await self._database.read(lambda connection: _given_up(connection, run_id, thread_id))

    async def approved_in(self, thread_id: int, name: str) -> bool:
        """Return whether somebody has said yes to that function in the thread before."""
        yes = and_(function_calls.c.name == name, function_calls.c.approved, runs.c.thread_id == thread_id)
        asked = select(exists().where(function_calls.c.run_id == runs.c.id, yes))
        return bool(await self._database.read(lambda connection: connection.scalar(asked)))


async def _propose(connection: AsyncConnection, lease: Lease, calls: Sequence[NewCall]) -> tuple[StoredCall, ...]:
    await hold(connection, lease)
    last = select(func.max(function_calls.c.position)).where(function_calls.c.run_id == lease.run_id)
    highest: int | None = await connection.scalar(last)
    for position, call in enumerate(calls, start=0 if highest is None else highest + 1):
        values = {**asdict(call), "approvers": list(call.approvers), "state": CallState.PROPOSED}
        row = insert(connection, function_calls).values(run_id=lease.run_id, position=position, **values)
        await connection.execute(row.on_conflict_do_nothing(index_elements=["run_id", "call_id"]))
    return await _of_run(connection, lease.run_id)


async def _of_run(connection: AsyncConnection, run_id: str) -> tuple[StoredCall, ...]:
    query = select(function_calls).where(function_calls.c.run_id == run_id).order_by(function_calls.c.position)
    return tuple(map(_call, await all_rows(connection, query)))


async def _start(connection: AsyncConnection, lease: Lease, call_id: str) -> bool:
    await hold(connection, lease)
    free = and_(~function_calls.c.approval, function_calls.c.state == CallState.PROPOSED)
    may = free | (function_calls.c.state == CallState.APPROVED)
    begin = update(function_calls).where(_this(lease.run_id, call_id), may)
    return (await connection.execute(begin.values(state=CallState.STARTED, started_at=now()))).rowcount > 0


async def _end(connection: AsyncConnection, lease: Lease, call_id: str, state: CallState, output: str) -> None:
    await hold(connection, lease)
    open_ = function_calls.c.finished_at.is_(None)
    values = {"state": state, "output": output, "finished_at": now()}
    await connection.execute(update(function_calls).where(_this(lease.run_id, call_id), open_).values(values))


async def _wait(connection: AsyncConnection, lease: Lease, seconds: float) -> bool:
    await hold(connection, lease)
    if not await _is_undecided(connection, lease.run_id):
        return False
    until = func.coalesce(runs.c.action_until, now() + seconds)  # a wait that was broken off is no longer for that
    waits = {"status": RunStatus.REQUIRES_ACTION, "action_until": until, "lease_owner": None, "lease_until": None}
    await connection.execute(update(runs).where(runs.c.id == lease.run_id).values(waits))
    return True


async def _decide(connection: AsyncConnection, run_id: str, call_id: str, user: str, *, approve: bool) -> Decision:
    run = select(runs).where(runs.c.id == run_id).with_for_update(key_share=True)
    found = await all_rows(connection, run)
    rows = await all_rows(connection, select(function_calls).where(_this(run_id, call_id)))
    if not found or not rows:
        return Decision.OVER
    call = _call(rows[0])
    if user not in (call.approvers or await _askers(connection, run_id)):
        return Decision.NOT_YOURS
    if not call.undecided:
        return Decision.ALREADY
    if not await connection.scalar(select(exists().where(runs.c.id == run_id, is_active(), _in_time()))):
        return Decision.OVER
    said: dict[str, Any] = {"state": CallState.APPROVED if approve else CallState.DENIED, "approved": approve}
    said |= {"decided_by": user, "decided_at": now()}
    await connection.execute(update(function_calls).where(_this(run_id, call_id)).values(said))
    if not await _is_undecided(connection, run_id):
        goes_on = and_(runs.c.id == run_id, runs.c.status == RunStatus.REQUIRES_ACTION)
        free = {"status": RunStatus.QUEUED, "action_until": None}
        await connection.execute(update(runs).where(goes_on).values(free))
    return Decision.DECIDED


def _in_time() -> Any:
    return runs.c.action_until.is_(None) | (runs.c.action_until >= now())


async def _askers(connection: AsyncConnection, run_id: str) -> frozenset[str]:
    asked = select(messages.c.user).where(messages.c.run_id == run_id)
    return frozenset((await connection.execute(asked)).scalars())


async def _is_undecided(connection: AsyncConnection, run_id: str) -> bool:
    open_ = and_(function_calls.c.approval, function_calls.c.state == CallState.PROPOSED)
    return bool(await connection.scalar(select(exists().where(function_calls.c.run_id == run_id, open_))))


async def _waiting(
    connection: AsyncConnection, team: str, channel: str, thread_ts: str
) -> tuple[Run, tuple[StoredCall, ...]] | None:
    here = and_(threads.c.team == team, threads.c.channel == channel, threads.c.thread_ts == thread_ts)
    waits = runs.c.status == RunStatus.REQUIRES_ACTION
    query = select(runs).join(threads, runs.c.thread_id == threads.c.id).where(here, waits)
    for row in await all_rows(connection, query):
        return run_from(row), await _of_run(connection, row["id"])
    return None


async def _cancel(connection: AsyncConnection, place: Place, user: str) -> bool:
    thread = await thread_at(connection, place, lock=True)
    if thread is None:
        return False
    waits = and_(runs.c.thread_id == thread.id, runs.c.status == RunStatus.REQUIRES_ACTION)
    stop = update(runs).where(waits, runs.c.stop_requested_by.is_(None))
    return (await connection.execute(stop.values(stop_requested_by=user, stop_requested_at=now()))).rowcount > 0


async def _given_up(connection: AsyncConnection, run_id: str, thread_id: int) -> tuple[StoredCall, ...]:
    said = select(responses.c.response_id).where(responses.c.run_id == run_id)
    answers = select(func.max(runs.c.created_at)).where(runs.c.thread_id == thread_id, runs.c.status.in_(ANSWERED))
    others = and_(
        runs.c.id != run_id,
        runs.c.status.in_((RunStatus.FAILED, RunStatus.CANCELLED)),
        runs.c.created_at > func.coalesce(answers.scalar_subquery(), 0.0),
    )
    query = (
        select(function_calls)
        .join(runs, runs.c.id == function_calls.c.run_id)
        .where(runs.c.thread_id == thread_id, function_calls.c.started_at.is_not(None))
        .where(or_(others, and_(runs.c.id == run_id, function_calls.c.response_id.not_in(said))))
        .order_by(function_calls.c.started_at, function_calls.c.position)
    )
    return tuple(map(_call, await all_rows(connection, query)))


def _this(run_id: str, call_id: str) -> Any:
    return and_(function_calls.c.run_id == run_id, function_calls.c.call_id == call_id)


def _call(row: RowMapping) -> StoredCall:
    as_ours = {
        "kind": CallKind(row["kind"]),
        "state": CallState(row["state"]),
        "approvers": tuple(row["approvers"]),
    }
    return StoredCall(**{**row, **as_ours})
