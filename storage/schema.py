"""The schema of a database: which revision it has, and bringing it up to date."""

from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage.errors import MigrationFailed, SchemaTooNew

MIGRATIONS = Path(__file__).parent / "migrations"
"""Where this version's revisions are: installed with the package."""


class SchemaState(StrEnum):
    """How a database's schema compares with the one this version knows."""

    ABSENT = "absent"  # no table of ours yet
    CURRENT = "current"
    OLDER = "older"  # the next start migrates it
    NEWER = "newer"  # written by a version that this one does not know: refused


def state_of(connection: Connection, migrations: Path = MIGRATIONS) -> SchemaState:
    """Compare the database's revision with ours. Only reads."""
    stored = frozenset(MigrationContext.configure(connection).get_current_heads())
    if not stored:
        return SchemaState.ABSENT
    heads, known = _revisions(migrations)
    if stored == heads:
        return SchemaState.CURRENT
    return SchemaState.OLDER if stored <= known else SchemaState.NEWER


def refuse_newer(connection: Connection, migrations: Path = MIGRATIONS) -> SchemaState:
    """Return the schema's state. Raises SchemaTooNew; only reads."""
    state = state_of(connection, migrations)
    if state is SchemaState.NEWER:
        raise SchemaTooNew(
            "the database has been written by a newer version of Threadmate than this one: "
            "install that version again, or give this one another DATABASE_URL (nothing was changed)"
        )
    return state


def migrate(connection: Connection, migrations: Path = MIGRATIONS) -> None:
    """Bring the schema up to date inside the caller's transaction, which takes it all back when this raises.

    Raises SchemaTooNew or MigrationFailed.
    """
    if refuse_newer(connection, migrations) is SchemaState.CURRENT:
        return
    config = _config(migrations)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except (SQLAlchemyError, CommandError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise MigrationFailed(f"the database could not be migrated, and is as it was: {reason}") from error


@cache
def _revisions(migrations: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The newest revisions of ours, and all of them: every script is run for that, so it is done once."""
    scripts = ScriptDirectory.from_config(_config(migrations))
    return frozenset(scripts.get_heads()), frozenset(script.revision for script in scripts.walk_revisions())


def _config(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    return config
