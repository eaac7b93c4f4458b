"""Leases: the right to work on a run, by the database's clock.

A run is fenced by its lease's owner and attempt, not by the time: as long as nobody else has claimed it, a late
write of its holder counts. Only `renew` looks at the time: it never revives a lease that has lapsed, so a
worker that was away for too long learns it there and stops, at the latest when somebody takes the run over.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import now
from storage.errors import LeaseLost
from storage.records import Lease, RunStatus
from storage.rows import lock_threads
from storage.tables import is_active, runs, threads


def is_free() -> ColumnElement[bool]:
    """Nobody works on the run: given back, or its lease has lapsed.

    One that requires action waits for that, until its time is over or it shall stop or start again.
    """
    called = or_(runs.c.stop_requested_by.is_not(None), runs.c.restart_requested, runs.c.action_until < now())
    workable = or_(runs.c.status != RunStatus.REQUIRES_ACTION, called)
    return and_(is_active(), workable, or_(runs.c.lease_owner.is_(None), runs.c.lease_until < now()))


async def hold(connection: AsyncConnection, lease: Lease, **changes: Any) -> RowMapping:
    """Change the run's row, if it is still ours, and return it as it is now.

    First statement of every write that stays with the run's own rows; see `hold_with_thread`. Raises LeaseLost,
    which takes the whole transaction back.
    """
    ours = {"its_id": lease.run_id, "its_owner": lease.owner, "its_attempt": lease.attempt}
    touch = _OURS.values(changes) if changes else _TOUCH
    row: RowMapping | None = (await connection.execute(touch, ours)).mappings().one_or_none()
    if row is None:
        raise LeaseLost(f"run {lease.run_id} is no longer {lease.owner}'s (attempt {lease.attempt})")
    return row


_OURS = (
    update(runs)
    .where(
        runs.c.id == bindparam("its_id"),
        runs.c.lease_owner == bindparam("its_owner"),
        runs.c.attempt == bindparam("its_attempt"),
        is_active(),
    )
    .returning(runs)
)
_TOUCH = _OURS.values(lease_owner=runs.c.lease_owner)


async def hold_with_thread(connection: AsyncConnection, lease: Lease, **changes: Any) -> RowMapping:
    """Do as `hold` does, for writes that change the thread or messages, too. Raises LeaseLost."""
    its = select(runs.c.thread_id).where(runs.c.id == lease.run_id)
    await lock_threads(connection, threads.c.id == its.scalar_subquery())
    return await hold(connection, lease, **changes)


async def renew(
    connection: AsyncConnection, owner: str, lease_seconds: float, run_ids: Collection[str]
) -> frozenset[str]:
    """Renew what the owner holds of those runs and has not let lapse; return their ids."""
    ours = and_(runs.c.lease_owner == owner, runs.c.id.in_(run_ids))
    held = and_(ours, runs.c.lease_until >= now(), is_active())
    statement = update(runs).where(held).values(lease_until=now() + lease_seconds).returning(runs.c.id)
    return frozenset((await connection.execute(statement)).scalars())


async def void(connection: AsyncConnection) -> None:
    """Let every lease lapse at once, as their owners are dead; the names stay, so that it counts as a lapse."""
    held = and_(runs.c.lease_owner.is_not(None), is_active())
    await connection.execute(update(runs).where(held).values(lease_until=0.0))
