"""SQL compiled once in a process, not once in every database of every test: a fifth of a scenario's time."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

NAME = "sqlite.aiosqlite"

_compiled: dict[Any, Any] = {}


class Remembering(SQLiteDialect_aiosqlite):
    """The driver as it is. SQLAlchemy keeps compiled statements by dialect and engine; here all of them share."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Let every engine look among all that was compiled."""
        engine.update_execution_options(compiled_cache=_compiled)


def remember() -> None:
    """From now on, for every engine of this process."""
    registry.register(NAME, __name__, Remembering.__name__)
