"""Rows -> records, and the few reads that several modules share."""

from typing import Any

from sqlalchemy import ColumnElement, Executable, RowMapping, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import locks_rows
from storage.records import (
    Message,
    MessageState,
    Place,
    Reply,
    ReplyState,
    Response,
    Run,
    RunStatus,
    RunStep,
    Thread,
    Usage,
)
from storage.tables import messages, threads


def at(place: Place) -> ColumnElement[bool]:
    """The thread is the one in that place."""
    return and_(
        threads.c.team == place.team, threads.c.channel == place.channel, threads.c.thread_ts == place.thread_ts
    )


def posted(team: str, channel: str, ts: str) -> ColumnElement[bool]:
    """The message is the one Slack knows by that."""
    return and_(messages.c.team == team, messages.c.channel == channel, messages.c.ts == ts)


async def all_rows(connection: AsyncConnection, query: Executable, **bound: Any) -> list[RowMapping]:
    """Return every row of a query, by column name. `bound`: what it names only."""
    return list((await connection.execute(query, bound)).mappings())


async def thread_at(connection: AsyncConnection, place: Place, *, lock: bool = False) -> Thread | None:
    """Return the thread in that place. `lock` keeps others from changing it, where rows can be locked."""
    rows = await all_rows(connection, _LOCK_THREAD if lock else _THREAD, **in_place(place))
    return thread_from(rows[0]) if rows else None


def in_place(place: Place) -> dict[str, str]:
    """Return the columns by which a thread's row is found."""
    return {"team": place.team, "channel": place.channel, "thread_ts": place.thread_ts}


IS_THERE = and_(*(threads.c[name] == bindparam(name) for name in ("team", "channel", "thread_ts")))
"""As `at`, of a place that is bound by `in_place`."""

_THREAD = select(threads).where(IS_THERE)
_LOCK_THREAD = _THREAD.with_for_update(key_share=True)


async def lock_threads(connection: AsyncConnection, which: ColumnElement[bool]) -> None:
    """Let nobody else change those threads until the transaction ends, where rows can be locked.

    Whoever changes rows of several tables locks the thread first, then the run, then messages: in one order, so
    that nobody waits for somebody who waits for him.
    """
    if not locks_rows(connection):
        return
    lock = select(threads.c.id).where(which).order_by(threads.c.id)
    await connection.execute(lock.with_for_update(key_share=True))


def thread_from(row: RowMapping) -> Thread:
    """Make the record of a `threads` row."""
    return Thread(
        id=row["id"],
        place=Place(row["team"], row["channel"], row["thread_ts"]),
        memory=row["memory"],
        tail_item_id=row["tail_item_id"],
        following=row["following"],
        assistant=row["assistant"],
        additional_instructions=row["additional_instructions"],
        last_seen_ts=row["last_seen_ts"],
        last_message_ts=row["last_message_ts"],
        muted=bool(row["muted"]),
    )


def message_from(row: RowMapping) -> Message:
    """Make the record of a `messages` row."""
    return Message(
        id=row["id"],
        ts=row["ts"],
        user=row["user"],
        text=row["text"],
        author_team=row["author_team"],
        shared=row["shared"],
        files=tuple(row["files"]),
        transcripts=row["transcripts"] or {},
        state=MessageState(row["state"]),
        run_id=row["run_id"],
        pressed=row["pressed"],
        overrides=row["overrides"],
    )


def run_from(row: RowMapping) -> Run:
    """Make the record of a `runs` row."""
    return Run(
        id=row["id"],
        thread_id=row["thread_id"],
        status=RunStatus(row["status"]),
        attempt=row["attempt"],
        lapses=row["lapses"],
        assistant=row["assistant"],
        overrides=row["overrides"],
        stop_requested_by=row["stop_requested_by"],
        restart_requested=row["restart_requested"],
        withdraw_requested=row["withdraw_at"] is not None,
        tail_before=row["tail_before"],
        tail_after=row["tail_after"],
        error=row["error"],
        usage=_usage_from(row),
        created_at=row["created_at"],
        first_text_at=row["first_text_at"],
        finished_at=row["finished_at"],
    )


def _usage_from(row: RowMapping) -> Usage | None:
    if row["input_tokens"] is None:
        return None
    return Usage(row["input_tokens"], row["cached_tokens"], row["output_tokens"], row["reasoning_tokens"])


def reply_from(row: RowMapping) -> Reply:
    """Make the record of a `replies` row."""
    return Reply(row["position"], row["ts"], ReplyState(row["state"]), row["from_char"])


def response_from(row: RowMapping) -> Response:
    """Make the record of a `responses` row."""
    return Response(row["position"], row["response_id"], row["state"], tuple(row["item_ids"]))


def step_from(row: RowMapping) -> RunStep:
    """Make the record of a `run_steps` row."""
    return RunStep(
        position=row["position"],
        type=row["type"],
        title=row["title"],
        status=row["status"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        item_id=row["item_id"],
    )
