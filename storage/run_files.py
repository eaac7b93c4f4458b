"""Runs and files: which Files an answer drew on, and which files it made and how far they are on their way."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import insert
from storage.file_records import MadeFile, MadeState, Showing
from storage.rows import all_rows
from storage.tables import is_active, runs, threads
from storage.tables_files import file_places, files, in_channel, made_files, run_files


async def note(connection: AsyncConnection, run_id: str, openai_file_ids: Collection[str]) -> None:
    """Store that the run's answer drew on those Files, each once."""
    rows = [
        {"run_id": run_id, "openai_file_id": openai_file_id} for openai_file_id in sorted(set(openai_file_ids))
    ]
    if rows and await _is_there(connection, run_id):
        await connection.execute(insert(connection, run_files).values(rows).on_conflict_do_nothing())


async def runs_with(
    connection: AsyncConnection, openai_file_id: str, team: str, channel: str
) -> tuple[Showing, ...]:
    """Return the channel's answers that drew on the File, the oldest first."""
    query = (
        select(runs.c.id.label("run_id"), threads.c.memory, threads.c.thread_ts)
        .join(run_files, run_files.c.run_id == runs.c.id)
        .join(threads, threads.c.id == runs.c.thread_id)
        .where(run_files.c.openai_file_id == openai_file_id, _is_in(team, channel))
        .order_by(runs.c.created_at, runs.c.id)
    )
    return tuple(Showing(**row) for row in await all_rows(connection, query))


async def under_way(connection: AsyncConnection, team: str, channel: str) -> tuple[Showing, ...]:
    """Return the channel's runs that have not ended, or whose answers are about to be withdrawn."""
    query = (
        select(runs.c.id.label("run_id"), threads.c.memory, threads.c.thread_ts)
        .join(threads, threads.c.id == runs.c.thread_id)
        .where(_is_in(team, channel), or_(is_active(), runs.c.withdraw_at.is_not(None)))
    )
    return tuple(Showing(**row) for row in await all_rows(connection, query))


async def memories_with(
    connection: AsyncConnection, openai_file_id: str, team: str, channel: str
) -> tuple[str, ...]:
    """Return the memories that may hold something of the File, sorted."""
    drew = (
        select(runs.c.thread_id)
        .join(run_files, run_files.c.run_id == runs.c.id)
        .where(run_files.c.openai_file_id == openai_file_id)
    )
    posted = (
        select(file_places.c.thread_ts)
        .join(files, files.c.id == file_places.c.file_id)
        .where(files.c.openai_file_id == openai_file_id, in_channel(team, channel))
    )
    theirs = or_(threads.c.id.in_(drew), threads.c.thread_ts.in_(posted))
    query = select(threads.c.memory).where(_is_in(team, channel), theirs, threads.c.memory.is_not(None))
    return tuple((await connection.execute(query.distinct().order_by(threads.c.memory))).scalars())


def _is_in(team: str, channel: str) -> ColumnElement[bool]:
    return and_(threads.c.team == team, threads.c.channel == channel)


async def intend_made(
    connection: AsyncConnection, run_id: str, items: Sequence[tuple[str, str]]
) -> tuple[MadeFile, ...]:
    """Store which files the run made, each once, behind those it made before; return all."""
    if await _is_there(connection, run_id):
        last = await connection.scalar(
            select(func.max(made_files.c.position)).where(made_files.c.run_id == run_id)
        )
        first = 0 if last is None else last + 1
        rows = [
            {
                "run_id": run_id,
                "container_file_id": container_file_id,
                "name": name,
                "position": position,
                "state": MadeState.INTENDED,
            }
            for position, (container_file_id, name) in enumerate(items, first)
        ]
        for row in rows:
            await connection.execute(insert(connection, made_files).values(row).on_conflict_do_nothing())
    return await made_of(connection, run_id)


async def made_of(connection: AsyncConnection, run_id: str) -> tuple[MadeFile, ...]:
    """Return what the run made, in its order."""
    query = select(made_files).where(made_files.c.run_id == run_id).order_by(made_files.c.position)
    return tuple(
        MadeFile(
            container_file_id=row["container_file_id"],
            name=row["name"],
            position=row["position"],
            state=MadeState(row["state"]),
            slack_file_id=row["slack_file_id"],
            ts=row["ts"],
        )
        for row in await all_rows(connection, query)
    )


async def made_sent(connection: AsyncConnection, run_id: str, container_file_id: str, slack_file_id: str) -> None:
    """Store by which id Slack has the file; one that is shared stays as it is."""
    sent = {"state": MadeState.SENT, "slack_file_id": slack_file_id}
    unshared = made_files.c.state != MadeState.SHARED
    await connection.execute(update(made_files).where(_made(run_id, [container_file_id]), unshared).values(sent))


async def made_shared(
    connection: AsyncConnection, run_id: str, container_file_ids: Collection[str], ts: str | None
) -> None:
    """Store that people see the files; a ts that is known stays."""
    shared = {"state": MadeState.SHARED, "ts": func.coalesce(made_files.c.ts, ts)}
    await connection.execute(update(made_files).where(_made(run_id, container_file_ids)).values(shared))


async def made_failed(connection: AsyncConnection, run_id: str, container_file_id: str) -> None:
    """Store that the file will not come; one that is shared stays as it is."""
    unshared = made_files.c.state != MadeState.SHARED
    failed = update(made_files).where(_made(run_id, [container_file_id]), unshared)
    await connection.execute(failed.values(state=MadeState.FAILED))


def _made(run_id: str, container_file_ids: Collection[str]) -> ColumnElement[bool]:
    return and_(made_files.c.run_id == run_id, made_files.c.container_file_id.in_(container_file_ids))


async def _is_there(connection: AsyncConnection, run_id: str) -> bool:
    """Whether we know the run; it is not deleted until the transaction ends."""
    query = select(runs.c.id).where(runs.c.id == run_id)
    return await connection.scalar(query.with_for_update(read=True, key_share=True)) is not None
