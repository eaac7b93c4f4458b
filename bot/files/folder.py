"""A private temporary folder: gone when the program ends, and if it was killed, at the next start."""

import fcntl
import itertools
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

PREFIX, SUFFIX = "threadmate-", ".files"
_OURS = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}" + re.escape(SUFFIX))
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class Folder:
    """A directory that nobody else may enter (mode 0700), with files under numbers instead of names.

    While its process lives it holds a lock on the directory itself: no other start of ours takes it for a
    leftover, nor does systemd-tmpfiles age it (tmpfiles.d(5)). Blocks: files are few when it is opened and closed.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._numbers = itertools.count(1)

    @classmethod
    @contextmanager
    def open(cls, parent: Path | None = None) -> Iterator["Folder"]:
        """Make one for the length of the block, in the system's temporary directory unless another is named.

        What dead processes left there is removed first. Raises OSError where nothing can be made.
        """
        place = parent or Path(tempfile.gettempdir())
        sweep(place)
        folder = cls._make(place)
        try:
            yield folder
        finally:
            folder.close()

    @classmethod
    def _make(cls, place: Path) -> "Folder":
        while True:  # until none that another start has swept away before it was locked
            path = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=place))
            try:
                descriptor = os.open(path, _DIRECTORY)
            except FileNotFoundError:
                continue
            try:
                kept = _locked(descriptor)
            except OSError as error:  # a file system without locks: no start will ever remove anything there
                log.warning("the temporary folder cannot be locked", extra={"error": str(error)})
                kept = True
            if kept and path.exists():
                return cls(path, descriptor)
            os.close(descriptor)

    def new_path(self) -> Path:
        """Where a file can be made: no name that anybody chose is in it."""
        return self.path / f"{next(self._numbers):06}"

    def discard(self, path: Path) -> None:
        """Remove one file of this folder, if it is there."""
        path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)


def sweep(place: Path) -> int:
    """Remove the folders whose processes are dead; how many. Anybody else's directory is left alone."""
    return sum(_removed(path) for path in place.glob(f"{PREFIX}*{SUFFIX}") if _OURS.fullmatch(path.name))


def _removed(path: Path) -> bool:
    try:
        descriptor = os.open(path, _DIRECTORY)
    except OSError:  # it is gone, is a link, or is somebody else's
        return False
    try:
        if os.fstat(descriptor).st_uid != os.geteuid() or not _locked(descriptor):
            return False
        shutil.rmtree(path, ignore_errors=True)
    except OSError as error:
        log.warning("a temporary folder was left alone", extra={"error": str(error)})
        return False
    finally:
        os.close(descriptor)
    log.info("files of a dead process were removed", extra={"gone": not path.exists()})
    return True


def _locked(descriptor: int) -> bool:
    """Take the lock, unless a living process has it. It ends with the process, however that ends.

    Raises OSError where there are no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
