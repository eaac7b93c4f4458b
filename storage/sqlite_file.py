"""The file of a SQLite database: who may read it, and that only one process of ours has it open."""

import fcntl
import os
from pathlib import Path

from storage.errors import DatabaseInUse, DatabaseUnavailable

OWNER_ONLY = 0o600
"""What people said is in the file: nobody but its owner reads it."""


def make_private(file: Path) -> None:
    """Create the file if it is not there, and let only its owner read it and its companions.

    SQLite gives the -wal and -shm files it creates the mode of the database. Raises DatabaseUnavailable.
    """
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
        for part in (file, companion(file, "-wal"), companion(file, "-shm")):
            if part.exists() and part.stat().st_mode & 0o077:
                part.chmod(OWNER_ONLY)
    except OSError as error:
        raise DatabaseUnavailable(f"{file} cannot be opened: {error.strerror}") from error


def companion(file: Path, suffix: str) -> Path:
    """Return the path of what stands beside the database: `-wal`, `-shm`, `.lock`."""
    return file.with_name(file.name + suffix)


class FileLock:
    """The right to be the only process of ours on a SQLite file, until it is closed or the process dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, file: Path) -> "FileLock":
        """Take the lock on `<file>.lock`, at once or never. Raises DatabaseInUse or DatabaseUnavailable."""
        path = companion(file, ".lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        except OSError as error:
            raise DatabaseUnavailable(f"{path} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode() or "unknown"
            os.close(descriptor)
            raise DatabaseInUse(
                f"another Threadmate (process {holder}) has {file} open. One SQLite file serves one process: "
                "stop the other one first, or give this one a DATABASE_URL of its own"
            ) from error
        except OSError as error:
            os.close(descriptor)
            raise DatabaseUnavailable(f"{path} cannot be locked: {error.strerror}") from error
        return cls(descriptor)

    def release(self) -> None:
        """Let the next process have the file. The lock file stays: removing it would be a race."""
        os.close(self._descriptor)
