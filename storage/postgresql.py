"""A PostgreSQL server: how its URL is read, how it is connected to, and errors that keep people's words.

Only `storage.database` asks for it. The driver, asyncpg, is an extra: nothing here imports it.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from sqlalchemy import URL, NullPool, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.errors import UnknownDatabase

DRIVER = "postgresql+asyncpg"

POOL = 12
"""Connections of one process at most. A transaction takes some milliseconds, so they serve many more answers."""

POOL_SECONDS = 10.0
"""How long a transaction waits for one before the database counts as unavailable. Late is better than never:
what Slack sends again meanwhile is known then."""

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 10.0
"""How long one statement may take, waiting for others' locks included."""

SERVER_SETTINGS = {
    "application_name": "threadmate",
    "idle_in_transaction_session_timeout": "15000",  # ms: a process that was stopped keeps no row from the others
    "jit": "off",  # our queries are short; compiling the driver's look at types takes longer than all of them
}

TRANSACTION_MS = 20_000
"""After so many milliseconds a server, from PostgreSQL 17 on, ends a session whose transaction is still open.

`idle_in_transaction_session_timeout` does not see a process that was stopped between preparing a statement and
executing it: until it is woken its session counts as active, and keeps its rows locked. Neither
`statement_timeout` nor a cancellation reaches a session that waits for its client.
"""

OPTIONS = ("host", "port", "ssl", "prepared_statement_cache_size")
"""What may stand behind the `?` of a URL; the driver takes more, but not from a string."""

OUR_FAULT = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
"""What passes as it is, on any database."""

TRY_AGAIN = ("40001", "40P01")
"""serialization_failure, deadlock_detected: the whole transaction may succeed now
(postgresql.org/docs/current/errcodes-appendix.html)."""

STALE = "InvalidCachedStatementError"
"""The driver's name for a statement prepared before somebody migrated; the next time it is prepared anew."""

WRONG_VALUES = "22"
"""The class of data exceptions, which SQLAlchemy does not tell from the rest there."""

NOT_OURS = ("42501",)
"""insufficient_privilege is among the syntax errors there, but it is the operator who puts it right."""


def read_url(url: URL) -> URL:
    """Return the URL of a server. Raises UnknownDatabase, without the password."""
    if not url.database:
        raise UnknownDatabase(f"DATABASE_URL names no database: {DRIVER}://USER:PASSWORD@HOST/DATABASE")
    if unknown := sorted(set(url.query) - set(OPTIONS)):
        allowed = ", ".join(OPTIONS)
        raise UnknownDatabase(f"DATABASE_URL: ?{unknown[0]}= is not known; there are {allowed} (for sslmode: ssl)")
    if find_spec("asyncpg") is None:
        raise UnknownDatabase(
            "DATABASE_URL names PostgreSQL, whose driver is missing: pip install 'threadmate[postgres]'"
        )
    return url


def shown(url: URL) -> str:
    """Return how people are told which database it is: no user, no password."""
    host = url.host or url.query.get("host") or "this machine"
    return f"PostgreSQL database {url.database} on {host}"


def pooled(url: URL) -> AsyncEngine:
    """Make an engine for the program, with connections that are kept and looked at before each use."""
    return _engine(
        url,
        COMMAND_SECONDS,
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,
    )


def single(url: URL, command_seconds: float | None = COMMAND_SECONDS) -> AsyncEngine:
    """Make an engine for a look or a migration: each connection is closed after its use."""
    return _engine(url, command_seconds, poolclass=NullPool)


def _engine(url: URL, command_seconds: float | None, **pool: Any) -> AsyncEngine:
    arguments = {
        "timeout": CONNECT_SECONDS,
        "command_timeout": command_seconds,
        "server_settings": SERVER_SETTINGS,
    }
    engine = create_async_engine(
        url,
        connect_args=arguments,
        hide_parameters=True,  # what people said shall not be in an error's text
        isolation_level="READ COMMITTED",  # whatever the server's default is: rows are locked where it matters
        **pool,
    )
    event.listen(engine.sync_engine, "before_cursor_execute", _without_nul, retval=True)
    if command_seconds is not None:  # a migration takes as long as it takes
        event.listen(engine.sync_engine, "connect", _bound)
    return engine


def _bound(connection: Any, _record: object) -> None:
    """Let no transaction of a new connection last for ever, where the server can see to that."""

    async def work(driver: Any) -> None:
        if driver.get_server_version().major >= 17:
            await driver.execute(f"SET transaction_timeout = {TRANSACTION_MS}")

    connection.run_async(work)


def snapshots(engine: AsyncEngine) -> AsyncEngine:
    """Return an engine on the same pool, each of whose transactions reads one state and cannot write."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _without_nul(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
) -> tuple[str, Any]:
    """PostgreSQL's text holds every character but NUL: the sign for what is not to be shown stands for it."""
    rows = parameters if executemany else (parameters,)
    if any(isinstance(value, str) and "\0" in value for row in rows for value in row):
        clean = [
            tuple(value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in row)
            for row in rows
        ]
        parameters = clean if executemany else clean[0]
    return statement, parameters


def may_try_again(error: DBAPIError) -> bool:
    """Whether the same transaction, once more from its beginning, has every chance."""
    return sqlstate(error) in TRY_AGAIN or type(error.orig).__name__ == STALE


def is_ours(error: DBAPIError) -> bool:
    """Whether it is the program's mistake, and not the server's state."""
    code = sqlstate(error) or ""
    return code not in NOT_OURS and (isinstance(error, OUR_FAULT) or code.startswith(WRONG_VALUES))


def sqlstate(error: BaseException | None) -> str | None:
    """Return the server's code for an error, or None where it has none."""
    codes = (getattr(cause, "sqlstate", None) for cause in _chain(error))
    return next((code for code in codes if code), None)


def keep_quiet(error: BaseException) -> None:
    """Take the values out of an error and its causes: the server quotes whole rows, the driver arguments."""
    for cause in _chain(error):
        if isinstance(getattr(cause, "detail", None), str):
            setattr(cause, "detail", None)  # noqa: B010 - only the server's errors have one
        if cause.args and isinstance(cause.args[0], str):
            cause.args = (_quiet(cause.args[0]), *cause.args[1:])


def _quiet(words: str) -> str:
    """Return what comes before the values, in the server's words or in the driver's."""
    words = words.partition("\nDETAIL:")[0]
    for before in ("invalid input for query argument", "invalid input syntax"):
        head, found, _ = words.partition(before)
        words = head + found
    return words


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = getattr(error, "orig", None) or error.__cause__
