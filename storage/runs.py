"""Runs: turning messages into one answer, under a lease, and what is asked of them from outside."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Float, Select, and_, bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import answering, backlog, claims, leases, reopening
from storage.database import Database, now
from storage.records import (
    Backlog,
    Claim,
    Ending,
    Glance,
    Lease,
    MessageState,
    NewMessage,
    Place,
    Reopening,
    Reply,
    Response,
    Run,
    RunStatus,
    RunStep,
    Said,
    Stopping,
    Thread,
)
from storage.rows import (
    all_rows,
    lock_threads,
    posted,
    reply_from,
    response_from,
    run_from,
    step_from,
    thread_at,
    thread_from,
)
from storage.tables import (
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

AGAIN = (RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.INCOMPLETE)
"""Ends after which "Try again" makes sense."""


class Runs:
    """The runs. What takes a lease raises LeaseLost, and has written nothing, when the run is no longer ours.

    Fencing is by the lease's owner and attempt; see `storage.leases`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, owner: str, lease_seconds: float) -> Claim | None:
        """Take a run that nobody works on, else make one of all messages that wait in a thread; None: no work.

        One with `run.withdraw_requested` has ended: its answer is to be taken back, then `withdrawn` be called.
        A claim counts an attempt, and a lapse where the last lease lapsed instead of being given back. With
        `run.restart_requested` still set, the stored responses answer messages that have changed: see `restart`.
        Whoever is cancelled in here may own a run without knowing it; its lease then lapses.
        """
        return await self._database.write(lambda connection: claims.claim(connection, owner, lease_seconds))

    async def glance(self, owner: str) -> Glance:
        """See whether there is work, and which of the owner's runs shall stop or start again: one read."""
        return await self._database.read(lambda connection: claims.glance(connection, owner))

    async def backlog(self) -> Backlog:
        """Return how much waits, and for how long: one read, which also shows that the database answers."""
        return await self._database.read(backlog.backlog)

    async def renew(self, owner: str, lease_seconds: float, run_ids: Collection[str]) -> frozenset[str]:
        """Renew the owner's leases on those runs; return the ones still held. A lapsed lease is not renewed."""
        return await self._database.write(lambda it: leases.renew(it, owner, lease_seconds, run_ids))

    async def started(self, lease: Lease, assistant: Mapping[str, Any], memory: str | None = None) -> None:
        """Store the resolved assistant, and the thread's memory where given (as `remember` does)."""

        async def work(connection: AsyncConnection) -> None:
            values = {"status": RunStatus.IN_PROGRESS, "assistant": dict(assistant)}
            if memory is None:
                await leases.hold(connection, lease, **values)
            else:
                run = await leases.hold_with_thread(connection, lease, **values)
                await answering.remember(connection, run["thread_id"], memory)

        await self._database.write(work)

    async def remember(self, lease: Lease, memory: str) -> None:
        """Store the thread's memory. Where it replaces another, it has no tail_item_id and no last_seen_ts."""

        async def work(connection: AsyncConnection) -> None:
            run = await leases.hold_with_thread(connection, lease)
            await answering.remember(connection, run["thread_id"], memory)

        await self._database.write(work)

    async def response_started(self, lease: Lease, response_id: str) -> None:
        """Store the id of a response that has begun; the same id twice is one row."""
        await self._database.write(lambda it: answering.response_started(it, lease, response_id))

    async def reply_intended(self, lease: Lease, from_char: int) -> Reply:
        """Store, before the call, that a Slack message is about to be begun at that character of the answer."""
        return await self._database.write(lambda it: answering.reply_intended(it, lease, from_char))

    async def reply_begun(self, lease: Lease, position: int, ts: str) -> None:
        """Store, after the call, by which ts Slack has the message."""
        await self._database.write(lambda it: answering.reply_begun(it, lease, position, ts))

    async def reply_dropped(self, lease: Lease, position: int) -> None:
        """Forget a message of the reply: Slack has no such message, or it was deleted."""
        await self._database.write(lambda it: answering.reply_dropped(it, lease, position))

    async def join(self, lease: Lease) -> Claim:
        """Take what waits in the run's thread into the run, too, and return the claim as it is then."""
        return await self._database.write(lambda connection: answering.join(connection, lease))

    async def take_in(self, lease: Lease, said: Sequence[NewMessage]) -> Claim:
        """Let the run answer older messages of its thread, too, that Slack has and nobody answers yet.

        Slack may tell of them later, as it keeps no order: then they are known. What has another run, or was
        withdrawn, stays as it is. Returns the claim as it is then.
        """
        return await self._database.write(lambda connection: answering.take_in(connection, lease, said))

    async def posted(self, lease: Lease, pressed: str, ts: str) -> None:
        """Store the ts of the Slack message that shows a question which somebody asked by pressing that button."""
        await self._database.write(lambda connection: answering.posted(connection, lease, pressed, ts))

    async def left_parts(self, thread_id: int) -> tuple[tuple[str, str | None], ...]:
        """Return the thread's runs whose `parts_left` is still so: id, and the memory's last item before each."""
        return await self._database.read(lambda connection: answering.left_parts(connection, thread_id))

    async def parts_dropped(self, run_id: str) -> None:
        """Store that nothing of that run is left to be taken out of the memory."""
        await self._database.write(lambda connection: answering.parts_dropped(connection, run_id))

    async def finish(self, lease: Lease, ending: Ending, *, unless_restarted: bool = False) -> bool:
        """End the run, and with it the lease: everything about the end is in this one transaction.

        Completed or incomplete: its messages and the thread's earlier unfinished ones are erased, and the memory
        advances. Otherwise its messages are unfinished and keep their text. With `unless_restarted`, nothing is
        written and False returned when an edit or a deletion has asked for a restart meanwhile.
        """
        return await self._database.write(
            lambda it: answering.finish(it, lease, ending, unless_restarted=unless_restarted)
        )

    async def release(self, lease: Lease) -> None:
        """Give the run back, so that the next claim of it counts no lapse."""
        await self._database.write(lambda connection: answering.release(connection, lease))

    async def restart(self, lease: Lease) -> Claim:
        """Begin again with the messages that are left, maybe none; the lease stays.

        The rows of the responses so far are removed, so that nobody delivers them: they answer what is not, or not
        so, said any more. Whoever wants them undone at the model's does that first, from the claim in hand.
        """
        return await self._database.write(lambda connection: answering.restart(connection, lease))

    async def request_stop(self, place: Place, user: str) -> Stopping:
        """Ask the thread's active run to stop; who asked first, stays. What waits there will not be answered."""
        return await self._database.write(lambda connection: _request_stop(connection, place, user))

    async def stop_requested(self, run_id: str) -> str | None:
        """Return who asked the run to stop ("" where Slack did not say), or None."""
        asked = select(runs.c.stop_requested_by).where(runs.c.id == run_id)
        return await self._database.read(lambda connection: connection.scalar(asked))

    async def try_again(self, run_id: str) -> bool:
        """Let the messages of a run that failed or was stopped wait again, once.

        False: asked before, the text is erased, or a later run of the thread has taken them in.
        """
        return await self._database.write(lambda connection: _try_again(connection, run_id))

    async def reopen(self, run_id: str, user: str) -> Reopening:
        """Let an answered run, the newest of its thread, be answered anew in the same Slack messages.

        Its next claim has `restart_requested`, the thread as it was before the run, and messages without a text:
        see `recall`. What people thought of the old answer is deleted.
        """
        return await self._database.write(lambda connection: reopening.reopen(connection, run_id, user))

    async def may_reopen(self, run_id: str) -> bool:
        """Return whether `reopen` would do it now."""
        found = await self._database.read(lambda connection: reopening.standing(connection, run_id))
        return found is Reopening.REOPENED

    async def recall(self, lease: Lease, said: Mapping[str, Said]) -> None:
        """Store what erased messages of the run say (by ts), as Slack has them; those it has not are withdrawn."""
        await self._database.write(lambda connection: reopening.recall(connection, lease, said))

    async def withdrawn(self, lease: Lease, *, again_in: float | None = None) -> None:
        """End a run whose answer is gone from Slack, and from the memory, where later runs close the gap.

        `again_in`: seconds after which it is claimed once more, because the memory could not be reached.
        """
        await self._database.write(lambda connection: reopening.withdrawn(connection, lease, again_in))

    async def has_messages(self, run_id: str) -> bool:
        """Return whether any message is still the run's own: "Try again" takes them away from it."""
        own = select(exists().where(messages.c.run_id == run_id))
        return bool(await self._database.read(lambda connection: connection.scalar(own)))

    async def of_reply(self, team: str, channel: str, ts: str) -> tuple[Run, Thread] | None:
        """Return the run that wrote that Slack message, and its thread."""
        here = replies.c.ts == ts, threads.c.team == team, threads.c.channel == channel
        written = select(runs).join(replies).join(threads, runs.c.thread_id == threads.c.id).where(*here)
        return await self._database.read(lambda connection: _with_thread(connection, written))

    async def of_message(self, team: str, channel: str, ts: str) -> tuple[Run, Thread] | None:
        """Return the run that took that person's message, and its thread."""
        took = select(runs).join(messages, messages.c.run_id == runs.c.id).where(posted(team, channel, ts))
        return await self._database.read(lambda connection: _with_thread(connection, took))

    async def replies_of(self, thread_id: int) -> Mapping[str, RunStatus]:
        """Return our own Slack messages in the thread: ts -> the status of the run that wrote it."""

        async def work(connection: AsyncConnection) -> dict[str, RunStatus]:
            rows = await all_rows(connection, _SHOWN, thread=thread_id)
            return {row["ts"]: RunStatus(row["status"]) for row in rows}

        return await self._database.read(work)

    async def of_person(self, team: str, user: str, within_seconds: float) -> int:
        """Return how much that person asked for in the last so many seconds: runs, and answers given anew."""
        asked = {"team": team, "user": user, "within": within_seconds}
        return await self._database.read(lambda connection: connection.scalar(_ASKED, asked)) or 0

    async def find(self, run_id: str) -> Run | None:
        """Return the run, or None."""

        async def work(connection: AsyncConnection) -> Run | None:
            rows = await all_rows(connection, select(runs).where(runs.c.id == run_id))
            return run_from(rows[0]) if rows else None

        return await self._database.read(work)

    async def responses(self, run_id: str) -> tuple[Response, ...]:
        """Return the model's responses that the run is made of, in their order."""
        query = select(responses).where(responses.c.run_id == run_id).order_by(responses.c.position)
        return tuple(map(response_from, await self._database.read(lambda it: all_rows(it, query))))

    async def replies(self, run_id: str) -> tuple[Reply, ...]:
        """Return the Slack messages of the run's answer, in their order."""
        query = select(replies).where(replies.c.run_id == run_id).order_by(replies.c.position)
        return tuple(map(reply_from, await self._database.read(lambda it: all_rows(it, query))))

    async def steps(self, run_id: str) -> tuple[RunStep, ...]:
        """Return the run's steps in their order; none before it has ended."""
        query = select(run_steps).where(run_steps.c.run_id == run_id).order_by(run_steps.c.position)
        return tuple(map(step_from, await self._database.read(lambda it: all_rows(it, query))))


async def _with_thread(connection: AsyncConnection, query: Select[Any]) -> tuple[Run, Thread] | None:
    for row in await all_rows(connection, query):
        thread = select(threads).where(threads.c.id == row["thread_id"])
        return run_from(row), thread_from((await all_rows(connection, thread))[0])
    return None


def _asked() -> Select[Any]:
    """How often a person asked for something lately: runs of theirs, and answers given anew."""
    team: BindParameter[str] = bindparam("team")
    user: BindParameter[str] = bindparam("user")
    since = now() - bindparam("within", type_=Float)
    theirs = exists().where(messages.c.run_id == runs.c.id, messages.c.team == team, messages.c.user == user)
    asked = select(func.count()).select_from(runs).where(runs.c.created_at > since, theirs)
    anew = select(func.count()).select_from(regenerations.join(runs).join(threads))
    anew = anew.where(threads.c.team == team, regenerations.c.user == user, regenerations.c.asked_at > since)
    return select(asked.scalar_subquery() + anew.scalar_subquery())


_ASKED = _asked()
_SHOWN = (
    select(replies.c.ts, runs.c.status)
    .join(runs)
    .where(runs.c.thread_id == bindparam("thread"), replies.c.ts.is_not(None))
)


async def _request_stop(connection: AsyncConnection, place: Place, user: str) -> Stopping:
    thread = await thread_at(connection, place, lock=True)
    if thread is None:
        return Stopping(None, 0)
    asked_for = and_(runs.c.thread_id == thread.id, is_active())
    stop = update(runs).where(asked_for, runs.c.stop_requested_by.is_(None))
    await connection.execute(stop.values(stop_requested_by=user, stop_requested_at=now()))
    waiting = and_(messages.c.thread_id == thread.id, is_waiting())
    unqueue = update(messages).where(waiting).values(state=MessageState.UNFINISHED, state_since=now())
    unqueued = (await connection.execute(unqueue)).rowcount
    return Stopping(await connection.scalar(select(runs.c.id).where(asked_for)), unqueued)


async def _try_again(connection: AsyncConnection, run_id: str) -> bool:
    its = select(runs.c.thread_id).where(runs.c.id == run_id)
    await lock_threads(connection, threads.c.id == its.scalar_subquery())
    unanswered = exists().where(runs.c.id == run_id, runs.c.status.in_(AGAIN))
    kept = and_(
        messages.c.run_id == run_id,
        messages.c.state == MessageState.UNFINISHED,
        messages.c.text.is_not(None),
        unanswered,
    )
    again = update(messages).where(kept)
    values = {"state": MessageState.WAITING, "state_since": now(), "run_id": None}
    return (await connection.execute(again.values(values))).rowcount > 0
