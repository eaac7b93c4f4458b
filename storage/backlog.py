"""How much waits to be answered, and for how long, in one statement: for whoever watches the program."""

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.claims import is_ready
from storage.database import now
from storage.leases import is_free
from storage.records import Backlog
from storage.reopening import to_withdraw
from storage.rows import all_rows
from storage.tables import is_waiting, messages, runs


async def backlog(connection: AsyncConnection) -> Backlog:
    """Count what waits, and look how old the oldest of what could be taken now is."""
    row = (await all_rows(connection, _BACKLOG))[0]
    return Backlog(row["messages"], row["free"] + row["withdrawals"], max(0.0, row["age"] or 0.0))


def _backlog() -> Select[tuple[int, int, int, float]]:
    taken_at = select(func.min(messages.c.state_since)).where(messages.c.run_id == runs.c.id).scalar_subquery()
    since = union_all(
        select(func.min(messages.c.state_since).label("since")).where(is_ready()),
        select(func.min(func.coalesce(runs.c.lease_until, taken_at))).where(is_free()),
        select(func.min(runs.c.withdraw_at)).where(to_withdraw()),
    ).subquery()
    oldest = select(func.min(since.c.since)).scalar_subquery()
    return select(
        select(func.count()).select_from(messages).where(is_waiting()).scalar_subquery().label("messages"),
        select(func.count()).select_from(runs).where(is_free()).scalar_subquery().label("free"),
        select(func.count()).select_from(runs).where(to_withdraw()).scalar_subquery().label("withdrawals"),
        (now() - oldest).label("age"),
    )


_BACKLOG = _backlog()  # asked at every look: built once
