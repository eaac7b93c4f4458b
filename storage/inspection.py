"""Looking at a database without touching it, for `threadmate check`."""

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import postgresql
from storage.database import locate, look, peek
from storage.schema import SchemaState, state_of
from storage.sqlite_file import companion

MAY_WRITE = text("SELECT NOT pg_is_in_recovery() AND has_schema_privilege(current_schema(), 'CREATE')")
"""Not a standby, and we may make tables."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What `run` would find. `what` names the database for people."""

    what: str
    writable: bool
    schema: SchemaState


async def inspect_database(url: str) -> Inspection:
    """Look at the database: no lock is taken, nothing migrated, nothing made or changed.

    Raises UnknownDatabase, or DatabaseUnavailable where it cannot even be read.
    """
    where = locate(url)
    if isinstance(where, Path):
        return Inspection(str(where), _writable(where), await peek(where))

    async def found(connection: AsyncConnection) -> Inspection:
        writable = bool(await connection.scalar(MAY_WRITE))
        return Inspection(postgresql.shown(where), writable, await connection.run_sync(state_of))

    return await look(where, found)


def _writable(file: Path) -> bool:
    """Whether we may write to the files that are there, and make the others."""
    parts = (file, companion(file, "-wal"), companion(file, "-shm"), companion(file, ".lock"))
    allowed = all(os.access(part, os.W_OK) for part in parts if part.exists())
    return allowed and os.access(file.absolute().parent, os.W_OK)
