"""What can go wrong with the database.

StorageError
├── UnknownDatabase       DATABASE_URL names nothing that we can open
├── DatabaseUnavailable   it does not answer, or refuses: trying again helps
├── DatabaseInUse         another process of ours has it open
├── SchemaTooNew          a newer Threadmate has written it
├── MigrationFailed       the old schema is as it was
├── NotEmpty              a copy needs an empty database
├── CopyUnfinished        a copy into this database has not ended
└── LeaseLost             the run is no longer ours: not one more call
"""


class StorageError(Exception):
    """Something is wrong with the database, or with our right to write to it."""


class UnknownDatabase(StorageError):
    """DATABASE_URL is malformed, or names a database that this version does not speak."""


class DatabaseUnavailable(StorageError):
    """The database does not answer, or refused: trying again helps."""


class DatabaseInUse(StorageError):
    """Another process of ours has this SQLite file open."""


class SchemaTooNew(StorageError):
    """A newer version has written this database."""


class MigrationFailed(StorageError):
    """The schema could not be brought up to date; it is as it was before."""


class NotEmpty(StorageError):
    """There is something in the database that was to be copied into."""


class CopyUnfinished(StorageError):
    """A copy into this database broke off: doing it again ends it."""


class LeaseLost(StorageError):
    """The run belongs to somebody else now, or to nobody."""
