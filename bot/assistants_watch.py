"""The assistants as they are now: read again when their file changes; a bad edit keeps the last good ones."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.assistants import Assistants
from bot.assistants_file import ReadFile
from bot.clock import Clock
from bot.errors import SettingsError

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds

Stamp = tuple[tuple[str, int, int], ...]


class AssistantsNow:
    """The assistants that answer from now on. A run that has begun keeps its own."""

    def __init__(self, read: Callable[[], ReadFile], clock: Clock) -> None:
        """`read` raises SettingsError where the file has faults, at the start too."""
        self._read = read
        self._clock = clock
        found = read()
        self._assistants, self._files = found.assistants, found.files
        self._stamp = _stamp(self._files)

    @property
    def assistants(self) -> Assistants:
        """All of them, as the file said when it was last without a fault."""
        return self._assistants

    async def watch(self) -> None:
        """Look after the files until cancelled; where there are none, there is nothing to do."""
        while self._files:
            await self._clock.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Read the file again, if it or a file that it names has changed."""
        stamp = await asyncio.to_thread(_stamp, self._files)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        reading = asyncio.ensure_future(asyncio.to_thread(self._read))
        await asyncio.wait((reading,))
        if (error := reading.exception()) is not None:
            _say_why_not(error)
            return
        found = reading.result()
        self._assistants, self._files = found.assistants, found.files
        self._stamp = await asyncio.to_thread(_stamp, self._files)
        log.info("the assistants were read again", extra={"assistants": len(found.assistants.by_key)})


def _say_why_not(error: BaseException) -> None:
    """Other people's modules are imported with the file and may raise anything; the next edit counts too."""
    kind = type(error).__name__
    faults = error.faults if isinstance(error, SettingsError) else (f"reading them failed ({kind})",)
    for fault in faults:
        log.warning("the assistants stay as they were: %s", fault)


def _stamp(files: Iterable[Path]) -> Stamp:
    """What changes when any of the files does: editors replace files, so size and time alone may stay."""
    return tuple((str(file), *_of(file)) for file in sorted(files))


def _of(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (-1, -1)
    return (found.st_mtime_ns, found.st_ino ^ found.st_size)
