"""Looking at a database without touching it, for `threadmate check`."""

import os
from dataclasses import dataclass
from pathlib import Path

from storage.database import peek, sqlite_file
from storage.schema import SchemaState
from storage.sqlite_file import companion


@dataclass(frozen=True, slots=True)
class Inspection:
    """What `run` would find. `what` names the database for people."""

    what: str
    writable: bool
    schema: SchemaState


async def inspect_database(url: str) -> Inspection:
    """Look at the database: no lock is taken, nothing migrated, not one file made or changed.

    Raises UnknownDatabase, or DatabaseUnavailable where it cannot even be read.
    """
    file = sqlite_file(url)
    return Inspection(str(file), _writable(file), await peek(file))


def _writable(file: Path) -> bool:
    """Whether we may write to the files that are there, and make the others."""
    parts = (file, companion(file, "-wal"), companion(file, "-shm"), companion(file, ".lock"))
    allowed = all(os.access(part, os.W_OK) for part in parts if part.exists())
    return allowed and os.access(file.absolute().parent, os.W_OK)
