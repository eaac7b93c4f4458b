"""Retention: what is deleted with time, and what is kept of a thread or a person until it is asked away."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import forgetting
from storage.database import Database, now
from storage.file_records import FilePlace
from storage.messages import GONE
from storage.preferences import forget_changes
from storage.records import Asked, MessageState, Place, Thread
from storage.rows import all_rows, lock_threads, thread_at, thread_from
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
from storage.tables_calls import function_calls, settings_changes
from storage.tables_files import file_places, made_files, run_files

AT_ONCE = 500
"""Runs that are deleted in one transaction: others do not wait long for it."""

_OF_RUNS = (function_calls, feedback, regenerations, run_files, made_files, run_steps, replies, responses)
"""Every table with rows of a run, but for the messages."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What we keep of a thread."""

    thread: Thread
    runs: tuple[str, ...]
    responses: tuple[str, ...]  # the model's ids
    replies: tuple[str, ...]  # Slack's ts of our own messages
    places: tuple[int, ...]  # of the files posted in it, those that are leaving included
    made: tuple[str, ...] = ()  # Slack's ids of the files that its runs posted


class Spoken(NamedTuple):
    """A message in a thread in which others have spoken, too."""

    thread: Thread
    ts: str
    run_id: str | None


@dataclass(frozen=True, slots=True)
class OfUser:
    """What we keep of a person, but for the files they posted."""

    threads: tuple[Thread, ...]  # in which nobody else has spoken to us
    spoken: tuple[Spoken, ...]  # in the others, the oldest first
    feedback: int


class Retention:
    """Deleting rows. What OpenAI and Slack keep is others' business, before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def purge(self, older_than_seconds: float) -> int:
        """Delete the runs that ended longer ago than that, with all that is theirs; return how many.

        Nothing goes from a thread in which a run is active or a message waits. Threads go that nothing is left of:
        no run, message, memory, file or setting.
        """
        total = 0
        while purged := await self._database.write(lambda it: _purge_runs(it, older_than_seconds)):
            total += purged
        await self._database.write(lambda connection: _purge_unqueued(connection, older_than_seconds))
        while await self._database.write(_purge_threads):
            pass
        return total

    async def of_thread(self, place: Place) -> Kept | None:
        """Return what is kept of the thread in that place, or None."""
        return await self._database.read(lambda connection: _kept(connection, place))

    async def erase_thread(self, kept: Kept) -> bool:
        """Delete all rows of a thread, but for its files' places, whoever works on it.

        False, and nothing deleted, where something has come to the thread since it was looked at: look again.
        """
        return await self._database.write(lambda connection: _erase_thread(connection, kept))

    async def threads_of_channel(self, team: str, channel: str) -> tuple[Thread, ...]:
        """Return the threads of a channel, the oldest first."""
        here = threads.c.team == team, threads.c.channel == channel
        return await self._database.read(lambda connection: _threads(connection, *here))

    async def of_user(self, team: str, user: str) -> OfUser:
        """Return what is kept of a person."""
        return await self._database.read(lambda connection: _of_user(connection, team, user))

    async def erase_user_rows(self, team: str, user: str) -> int:
        """Delete a person's messages and opinions, and that they asked for anything; return how many rows.

        Meant for what is left when their own threads have been erased. A message that is being answered is
        withdrawn, and its run asked to start again: a second call deletes that row.
        """
        return await self._database.write(lambda connection: _erase_user(connection, team, user))

    async def teams(self) -> tuple[str, ...]:
        """Return the installations that anything is kept of."""
        return await self._database.read(forgetting.teams)

    async def threads_of_team(self, team: str) -> tuple[Thread, ...]:
        """Return all threads of an installation."""
        return await self._database.read(lambda connection: _threads(connection, threads.c.team == team))

    async def turns(self, thread_id: int) -> tuple[Asked, ...]:
        """Return who asked what in the thread, and what the memory has of it, the oldest first."""
        return await self._database.read(lambda connection: forgetting.turns(connection, thread_id))

    async def move_tails(self, thread_id: int, moved: Mapping[str, str | None]) -> None:
        """Let the thread and its runs end at other items of the memory, before those go: old id -> new one."""
        await self._database.write(lambda connection: forgetting.move_tails(connection, thread_id, moved))

    async def places_of(self, file_ids: Collection[int]) -> tuple[FilePlace, ...]:
        """Return every place of those Files (ids of rows), in all channels, also those that are leaving."""
        return await self._database.read(lambda connection: forgetting.places_of(connection, file_ids))


# -- with time


async def _purge_runs(connection: AsyncConnection, seconds: float) -> int:
    """Delete the oldest of them. Their threads are locked first, and then it is looked again."""
    old = _is_old(seconds)
    first = select(runs.c.id).join(threads, runs.c.thread_id == threads.c.id).where(old)
    first = first.order_by(runs.c.finished_at).limit(AT_ONCE)
    locked = first.with_for_update(of=threads, key_share=True, skip_locked=True)
    run_ids = list((await connection.execute(locked)).scalars())
    still = select(runs.c.id).where(runs.c.id.in_(run_ids), old)
    run_ids = list((await connection.execute(still)).scalars())
    await _delete_runs(connection, runs.c.id.in_(run_ids))
    return len(run_ids)


def _is_old(seconds: float) -> ColumnElement[bool]:
    """The run ended longer ago than that, its answer is not about to be withdrawn, and its thread is quiet."""
    other, waiting = runs.alias("other"), messages.alias("waiting")
    busy = exists().where(other.c.thread_id == runs.c.thread_id, is_active(other))
    awaited = exists().where(waiting.c.thread_id == runs.c.thread_id, waiting.c.state == MessageState.WAITING)
    ended = and_(~is_active(), runs.c.finished_at < now() - seconds, runs.c.withdraw_at.is_(None))
    return and_(ended, ~busy, ~awaited)


async def _delete_runs(connection: AsyncConnection, which: ColumnElement[bool]) -> None:
    """Delete runs with all that is theirs, the messages they took included."""
    theirs = select(runs.c.id).where(which)
    for table in (*_OF_RUNS, messages):
        await connection.execute(delete(table).where(table.c.run_id.in_(theirs)))
    await connection.execute(delete(runs).where(which))


async def _purge_unqueued(connection: AsyncConnection, seconds: float) -> None:
    """Delete what no run ever took: a Stop came first, or its author deleted it."""
    unqueued = messages.c.run_id.is_(None), messages.c.state_since < now() - seconds, ~is_waiting()
    await connection.execute(delete(messages).where(*unqueued))


async def _purge_threads(connection: AsyncConnection) -> int:
    """Delete the threads that nothing is left of: lock them, and look again."""
    empty = and_(_is_empty(), _is_unset())
    locked = select(threads.c.id).where(empty).limit(AT_ONCE).with_for_update(skip_locked=True)
    thread_ids = list((await connection.execute(locked)).scalars())
    return (await connection.execute(delete(threads).where(threads.c.id.in_(thread_ids), empty))).rowcount


def _is_empty() -> ColumnElement[bool]:
    """The thread has no run, no message and no file."""
    here = (
        file_places.c.team == threads.c.team,
        file_places.c.channel == threads.c.channel,
        file_places.c.thread_ts == threads.c.thread_ts,
    )
    left = (
        exists().where(runs.c.thread_id == threads.c.id),
        exists().where(messages.c.thread_id == threads.c.id),
        exists().where(*here),
    )
    return ~or_(*left)


def _is_unset() -> ColumnElement[bool]:
    """The thread has no memory and no settings."""
    columns = threads.c.memory, threads.c.assistant, threads.c.additional_instructions, threads.c.muted
    return and_(*(column.is_(None) for column in columns))


# -- a thread


async def _threads(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> tuple[Thread, ...]:
    query = select(threads).where(*conditions).order_by(threads.c.channel, threads.c.thread_ts)
    return tuple(map(thread_from, await all_rows(connection, query)))


async def _kept(connection: AsyncConnection, place: Place, *, lock: bool = False) -> Kept | None:
    thread = await thread_at(connection, place, lock=lock)
    if thread is None:
        return None
    its = select(runs.c.id).where(runs.c.thread_id == thread.id)
    here = (
        file_places.c.team == place.team,
        file_places.c.channel == place.channel,
        file_places.c.thread_ts == place.thread_ts,
    )

    async def values(query: Select[Any]) -> tuple[str, ...]:
        return tuple((await connection.execute(query)).scalars())

    said = select(responses.c.response_id).where(responses.c.run_id.in_(its))
    shown = select(replies.c.ts).where(replies.c.run_id.in_(its), replies.c.ts.is_not(None))
    made = select(made_files.c.slack_file_id).where(
        made_files.c.run_id.in_(its), made_files.c.slack_file_id.is_not(None)
    )
    places = select(file_places.c.id).where(*here).order_by(file_places.c.id)
    return Kept(
        thread=thread,
        runs=await values(its.order_by(runs.c.created_at, runs.c.id)),
        responses=await values(said.order_by(responses.c.run_id, responses.c.position)),
        replies=await values(shown.order_by(replies.c.ts)),
        places=tuple((await connection.execute(places)).scalars()),
        made=await values(made.order_by(made_files.c.run_id, made_files.c.position)),
    )


async def _erase_thread(connection: AsyncConnection, kept: Kept) -> bool:
    found = await _kept(connection, kept.thread.place, lock=True)
    if found is None:
        return True
    if _memory_of(found) != _memory_of(kept):
        return False
    await _delete_runs(connection, runs.c.thread_id == kept.thread.id)
    await connection.execute(delete(messages).where(messages.c.thread_id == kept.thread.id))
    await connection.execute(delete(threads).where(threads.c.id == kept.thread.id))
    await forget_changes(connection, kept.thread.place)
    return True


def _memory_of(kept: Kept) -> tuple[object, ...]:
    """Return what there is to delete elsewhere because of the thread."""
    return kept.thread.id, kept.thread.memory, kept.runs, frozenset(kept.responses), frozenset(kept.replies)


# -- a person


async def _of_user(connection: AsyncConnection, team: str, user: str) -> OfUser:
    by_them = and_(messages.c.team == team, messages.c.user == user)
    by_others = and_(messages.c.thread_id == threads.c.id, messages.c.user.not_in((user, "")))
    spoke = threads.c.id.in_(select(messages.c.thread_id).where(by_them))
    own = await _threads(connection, spoke, ~exists().where(by_others))
    mixed = {thread.id: thread for thread in await _threads(connection, spoke, exists().where(by_others))}
    said = select(messages).where(by_them, messages.c.thread_id.in_(list(mixed))).order_by(messages.c.ts)
    thought = _in_team(team)
    opinions = select(feedback.c.run_id).where(feedback.c.user == user, feedback.c.run_id.in_(thought))
    return OfUser(
        threads=own,
        spoken=tuple(
            Spoken(mixed[row["thread_id"]], row["ts"], row["run_id"]) for row in await all_rows(connection, said)
        ),
        feedback=len((await connection.execute(opinions)).all()),
    )


def _in_team(team: str) -> Select[Any]:
    return select(runs.c.id).join(threads, runs.c.thread_id == threads.c.id).where(threads.c.team == team)


async def _erase_user(connection: AsyncConnection, team: str, user: str) -> int:
    by_them = and_(messages.c.team == team, messages.c.user == user)
    spoke = exists().where(messages.c.thread_id == threads.c.id, messages.c.user == user)
    await lock_threads(connection, and_(threads.c.team == team, or_(threads.c.following == user, spoke)))
    claimed = messages.c.state == MessageState.CLAIMED
    active = select(messages.c.run_id).where(by_them, claimed)
    await connection.execute(update(runs).where(runs.c.id.in_(active)).values(restart_requested=True))
    asked = select(messages.c.run_id).where(by_them)
    await connection.execute(update(runs).where(runs.c.id.in_(asked)).values(overrides=None))
    gone = {**GONE, "state_since": now(), "user": ""}
    erased = (await connection.execute(update(messages).where(by_them, claimed).values(gone))).rowcount
    erased += (await connection.execute(delete(messages).where(by_them))).rowcount
    in_team = _in_team(team)
    changed = settings_changes.c.team == team, settings_changes.c.user == user
    erased += (await connection.execute(delete(settings_changes).where(*changed))).rowcount
    for table in (feedback, regenerations):
        theirs = table.c.user == user, table.c.run_id.in_(in_team)
        erased += (await connection.execute(delete(table).where(*theirs))).rowcount
    stopped = runs.c.stop_requested_by == user, runs.c.id.in_(in_team)
    await connection.execute(update(runs).where(*stopped).values(stop_requested_by=""))
    followed = threads.c.team == team, threads.c.following == user
    await connection.execute(update(threads).where(*followed).values(following=None))
    return erased
