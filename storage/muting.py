"""Where nothing is answered, because people have set so: threads and whole channels."""

from dataclasses import replace

from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.records import Decide, Place, Thread, Verdict
from storage.rows import IS_THERE, in_place, thread_at, thread_from
from storage.tables import threads
from storage.tables_files import channels


async def look(connection: AsyncConnection, place: Place) -> tuple[Thread | None, bool]:
    """Return the thread in that place, and whether its whole channel is muted, by one statement."""
    row = (await connection.execute(_LOOK, in_place(place))).mappings().one()
    return (thread_from(row) if row["id"] is not None else None), row["channel_muted"]


def judged(place: Place, thread: Thread | None, muted: bool, decide: Decide) -> Verdict:
    """Return the verdict on a message; `muted`: whether its whole channel is."""
    verdict = decide(thread)
    if verdict.accept and muted:
        return decide(replace(thread, muted=True) if thread else Thread(0, place, muted=True))
    return verdict


async def is_muted(connection: AsyncConnection, place: Place) -> bool:
    """Return whether nothing is answered there: in the thread, or in its channel."""
    thread = await thread_at(connection, place)
    return (thread is not None and thread.muted) or await is_channel_muted(connection, place.team, place.channel)


async def is_channel_muted(connection: AsyncConnection, team: str, channel: str) -> bool:
    """Return whether nothing is answered in the whole channel."""
    return bool(await connection.scalar(_MUTED, {"team": team, "channel": channel}))


_HERE = channels.c.team == bindparam("team"), channels.c.channel == bindparam("channel")
_IS_MUTED = exists().where(*_HERE, channels.c.muted)
_MUTED = select(_IS_MUTED)
_ANYWAY = select(_IS_MUTED.label("channel_muted")).subquery()  # one row, whether there is a thread or not
_LOOK = select(_ANYWAY, threads).select_from(_ANYWAY.outerjoin(threads, IS_THERE))
