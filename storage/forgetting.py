"""What forgetting looks up and puts right beyond single threads: teams, turns in memories, places of Files."""

from collections.abc import Collection, Mapping

from sqlalchemy import select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.file_records import FilePlace
from storage.file_rows import read_places
from storage.records import Asked
from storage.rows import all_rows, response_from
from storage.tables import messages, responses, runs, threads
from storage.tables_files import channels, file_places


async def teams(connection: AsyncConnection) -> tuple[str, ...]:
    """Return the installations that anything is kept of, sorted."""
    named = union(*(select(table.c.team) for table in (threads, file_places, channels)))
    return tuple(sorted((await connection.execute(named)).scalars()))


async def turns(connection: AsyncConnection, thread_id: int) -> tuple[Asked, ...]:
    """Return the runs of a thread, the oldest first."""
    its = select(runs.c.id).where(runs.c.thread_id == thread_id).order_by(runs.c.created_at, runs.c.id)
    run_ids = list((await connection.execute(its)).scalars())
    asking = select(messages.c.run_id, messages.c.user).where(messages.c.run_id.in_(run_ids))
    said = [(row["run_id"], row["user"]) for row in await all_rows(connection, asking)]
    answers = select(responses).where(responses.c.run_id.in_(run_ids)).order_by(responses.c.position)
    answered = [(row["run_id"], response_from(row)) for row in await all_rows(connection, answers)]
    return tuple(
        Asked(
            run_id=run_id,
            users=frozenset(user for of, user in said if of == run_id and user),
            responses=tuple(one.response_id for of, one in answered if of == run_id),
            items=frozenset(item for of, one in answered if of == run_id for item in one.item_ids),
        )
        for run_id in run_ids
    )


async def move_tails(connection: AsyncConnection, thread_id: int, moved: Mapping[str, str | None]) -> None:
    """Let what stood behind an item of the memory stand behind another one, before the item goes."""
    for old, new in moved.items():
        tail = update(threads).where(threads.c.id == thread_id, threads.c.tail_item_id == old)
        await connection.execute(tail.values(tail_item_id=new))
        for column in (runs.c.tail_before, runs.c.tail_after):
            its = update(runs).where(runs.c.thread_id == thread_id, column == old)
            await connection.execute(its.values({column.name: new}))


async def places_of(connection: AsyncConnection, file_ids: Collection[int]) -> tuple[FilePlace, ...]:
    """Return every place of those Files, in all channels, also those that are leaving."""
    return await read_places(connection, file_places.c.file_id.in_(list(file_ids)))
