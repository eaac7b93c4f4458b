"""The sweep, at start and daily: what nobody uses any more, or what is older than it may become, goes."""

import asyncio
import logging
import tempfile
from pathlib import Path

from bot.attachments.removal import Removal
from bot.clock import Clock
from bot.duty import HELD_FOR, Duty
from bot.files import folder
from storage.errors import StorageError
from storage.store import Store

log = logging.getLogger(__name__)

DAY = 86_400.0  # seconds
HOUR = 3_600.0  # seconds: so often a process looks whether another still does it
AGAIN_IN = 60.0  # seconds, where the database did not answer


class Sweep:
    """Only what has a row of ours goes. Files that we do not know are somebody else's: they are never looked at.

    `idle_days`: how long a document stays in its thread's search without being drawn on. With it goes, as with a
    deletion, what answers showed of it: without the row nobody could find that again when it is asked away.
    `retention_days`: how long rows of ended runs are kept; None: for ever.
    """

    def __init__(
        self,
        store: Store,
        removal: Removal,
        clock: Clock,
        *,
        idle_days: float,
        retention_days: float | None,
        lease_seconds: float = HELD_FOR,
    ) -> None:
        self._store = store
        self._removal = removal
        self._clock = clock
        self._idle_days = idle_days
        self._retention_days = retention_days
        self._duty = Duty(store.chores, "sweep", lease_seconds)

    async def run(self) -> None:
        """Sweep until cancelled: this machine always, the database unless another process does it or just did."""
        while True:
            await asyncio.to_thread(folder.sweep, Path(tempfile.gettempdir()))
            try:
                async with self._duty.held(unless_done_within=DAY + HOUR) as ours:
                    if ours:
                        await self.once()
                pause = DAY if ours else HOUR
            except StorageError as error:
                log.warning("the database does not answer", extra={"error": type(error).__name__})
                pause = AGAIN_IN
            await self._clock.sleep(pause)

    async def once(self) -> None:
        """Sweep the database; what OpenAI has of it goes afterwards, by `Removal`. Raises StorageError."""
        idle = await self._store.files.idle(self._idle_days * DAY)
        if idle:
            await self._removal.leave([place.id for place in idle])
        purged = 0
        if self._retention_days is not None:
            purged = await self._store.retention.purge(self._retention_days * DAY)
        unused = await self._store.files.unused()
        abandoned = [file.id for file in unused if await self._store.files.abandon(file.id)]
        if idle or purged or abandoned:
            log.info("swept", extra={"idle": len(idle), "runs": purged, "files": len(abandoned)})
        self._removal.wake()
