"""Rows about files -> records, and the reads that several modules share."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.file_records import FilePlace, FileState, PlaceState, StoredFile
from storage.rows import all_rows
from storage.tables_files import file_places, files

_ITS = "stored_"
"""What the names of a File's columns begin with where they stand beside a place's."""


_PLACES = select(file_places, *(column.label(_ITS + column.name) for column in files.c)).join(
    files, file_places.c.file_id == files.c.id
)


def select_places(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Select places together with their Files, in no order."""
    return _PLACES.where(*conditions)


async def read_places(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> tuple[FilePlace, ...]:
    """Return places, the oldest first."""
    query = select_places(*conditions).order_by(file_places.c.created_at, file_places.c.id)
    return tuple(map(place_from, await all_rows(connection, query)))


async def read_files(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> tuple[StoredFile, ...]:
    """Return Files, the oldest first."""
    query = select(files).where(*conditions).order_by(files.c.created_at, files.c.id)
    return tuple(map(file_from, await all_rows(connection, query)))


async def read_file(connection: AsyncConnection, file_id: int) -> StoredFile | None:
    """Return the File, or None."""
    found = await read_files(connection, files.c.id == file_id)
    return found[0] if found else None


async def lock_files(connection: AsyncConnection, of_places: Sequence[int]) -> None:
    """Let nobody else place, move or delete the Files of those places until the transaction ends."""
    theirs = select(file_places.c.file_id).where(file_places.c.id.in_(of_places))
    lock = select(files.c.id).where(files.c.id.in_(theirs)).order_by(files.c.id)
    await connection.execute(lock.with_for_update(key_share=True))


def file_from(row: RowMapping, prefix: str = "") -> StoredFile:
    """Make the record of a `files` row."""
    return StoredFile(
        id=row[prefix + "id"],
        team=row[prefix + "team"],
        sha256=row[prefix + "sha256"],
        name=row[prefix + "name"],
        size=row[prefix + "size"],
        copy=row[prefix + "copy"],
        openai_file_id=row[prefix + "openai_file_id"],
        state=FileState(row[prefix + "state"]),
        created_at=row[prefix + "created_at"],
        expires_at=row[prefix + "expires_at"],
        expires_after=row[prefix + "expires_after"],
    )


def place_from(row: RowMapping) -> FilePlace:
    """Make the record of a row of `select_places`."""
    return FilePlace(
        id=row["id"],
        file=file_from(row, _ITS),
        team=row["team"],
        channel=row["channel"],
        thread_ts=row["thread_ts"],
        scope=row["scope"],
        message_ts=row["message_ts"],
        slack_file_id=row["slack_file_id"],
        uploader=row["uploader"],
        use=row["use"],
        shown=row["shown"],
        permalink=row["permalink"],
        state=PlaceState(row["state"]),
        error=row["error"],
        created_at=row["created_at"],
        used_at=row["used_at"],
    )
