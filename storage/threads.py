"""Threads: dialogues with memory, one per Slack thread."""

from storage.database import Database
from storage.records import Place, Thread
from storage.rows import thread_at


class Threads:
    """The threads we have ever been addressed in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, place: Place) -> Thread | None:
        """Return the thread in that place, or None where we were never addressed."""
        return await self._database.read(lambda connection: thread_at(connection, place))
