"""The store: everything that is remembered, behind one door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import chores, copying, leases, library, placing
from storage.calls import Calls
from storage.channels import Channels
from storage.chores import Chores
from storage.database import Database
from storage.feedback import FeedbackBook
from storage.files import Files
from storage.library import LibraryBook
from storage.messages import Messages
from storage.preferences import PreferenceBook
from storage.retention import Retention
from storage.runs import Runs
from storage.threads import Threads


class Store:
    """An open database, by concept."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.threads = Threads(database)
        self.messages = Messages(database)
        self.runs = Runs(database)
        self.feedback = FeedbackBook(database)
        self.files = Files(database)
        self.channels = Channels(database)
        self.library = LibraryBook(database)
        self.calls = Calls(database)
        self.preferences = PreferenceBook(database)
        self.retention = Retention(database)
        self.chores = Chores(database)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, exclusive: bool = True) -> AsyncIterator["Store"]:
        """Open and migrate the database, and close it at the end.

        `exclusive` makes sure that no other process of ours has it open, and lets the leases of dead processes
        lapse at once. Raises UnknownDatabase, DatabaseInUse, DatabaseUnavailable, SchemaTooNew, MigrationFailed,
        CopyUnfinished.
        """
        database = await Database.open(url, exclusive=exclusive)
        try:
            await database.read(copying.refuse_unfinished)
            if database.exclusive:
                await database.write(_void)
            yield cls(database)
        finally:
            await database.close()


async def _void(connection: AsyncConnection) -> None:
    """Take from dead processes what they held."""
    for void in (leases.void, library.void, placing.void, chores.void):
        await void(connection)
