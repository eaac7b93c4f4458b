"""Feedback: what people thought of an answer."""

from dataclasses import asdict

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, insert, now
from storage.records import Feedback
from storage.tables import feedback, is_active, runs


class FeedbackBook:
    """One opinion per run and person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give(self, given: Feedback) -> None:
        """Store an opinion in place of the person's earlier one.

        About a run we do not know, or whose answer is just being written, nothing is stored.
        """
        await self._database.write(lambda connection: _give(connection, given))

    async def explain(self, given: Feedback) -> bool:
        """Store the reason of an opinion that the person still has; False where it is another one by now."""
        held = and_(
            feedback.c.run_id == given.run_id, feedback.c.user == given.user, feedback.c.value == given.value
        )
        explain = update(feedback).where(held).values(reason=given.reason, given_at=now())

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(explain)).rowcount > 0

        return await self._database.write(work)

    async def of(self, run_id: str) -> tuple[Feedback, ...]:
        """Return what people thought of a run, the oldest opinion first."""
        query = select(feedback).where(feedback.c.run_id == run_id).order_by(feedback.c.given_at)

        async def work(connection: AsyncConnection) -> tuple[Feedback, ...]:
            rows = (await connection.execute(query)).mappings()
            return tuple(Feedback(row["run_id"], row["user"], row["value"], row["reason"]) for row in rows)

        return await self._database.read(work)


async def _give(connection: AsyncConnection, given: Feedback) -> None:
    ended = and_(runs.c.id == given.run_id, ~is_active())
    if await connection.scalar(select(runs.c.id).where(ended).with_for_update(read=True)) is None:
        return
    opinion = {"value": given.value, "reason": given.reason, "given_at": now()}
    statement = insert(connection, feedback).values({**asdict(given), **opinion})
    await connection.execute(statement.on_conflict_do_update(index_elements=["run_id", "user"], set_=opinion))
