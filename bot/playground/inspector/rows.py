"""What the bot's database says, read beside it: the file is opened for reading only, and closed again."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.playground.inspector.trail import Trace
from bot.playground.slack.records import Json

BUSY_SECONDS = 1.0
NEWEST_RUNS = 100
MOST = 200  # rows of one table
OF_RUN = ("messages", "responses", "replies", "run_steps", "run_files", "made_files", "feedback", "regenerations")

Rows = list[Json]


@dataclass(frozen=True, slots=True)
class Story:
    """A message's rows. `run` is its run's id, if it has one; `traces` are of all runs of its thread, in order."""

    thread_ts: str = ""
    memory: str | None = None
    run: str | None = None
    traces: dict[str, Trace] = field(default_factory=dict)
    tables: dict[str, Rows] = field(default_factory=dict)


class Database:
    """The SQLite file of a bot; it need not be there yet."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def runs(self) -> Rows:
        """The newest runs, the newest first; none where nothing can be read."""
        return await asyncio.to_thread(self._read_runs)

    async def story(self, channel: str, ts: str) -> Story:
        """What there is about that message; empty where nothing can be read."""
        return await asyncio.to_thread(self._read_story, channel, ts)

    def _read_runs(self) -> Rows:
        statement = (
            "SELECT threads.channel, threads.thread_ts, runs.*, "
            "(SELECT min(ts) FROM messages WHERE run_id = runs.id) AS message_ts FROM runs "
            "JOIN threads ON threads.id = runs.thread_id ORDER BY runs.created_at DESC LIMIT ?"
        )
        try:
            with closing(self._open()) as connection:
                return list(_rows(connection, statement, NEWEST_RUNS))
        except sqlite3.Error:
            return []

    def _read_story(self, channel: str, ts: str) -> Story:
        try:
            with closing(self._open()) as connection:
                return _story(connection, channel, ts)
        except sqlite3.Error:
            return Story()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
        connection.row_factory = sqlite3.Row
        return connection


def _rows(connection: sqlite3.Connection, statement: str, *values: object) -> Iterator[Json]:
    for row in connection.execute(statement, values):
        yield dict(row)


def _story(connection: sqlite3.Connection, channel: str, ts: str) -> Story:
    run = _run_of(connection, channel, ts)
    statement = (
        "SELECT * FROM threads WHERE channel = ? AND (thread_ts = ? "
        "OR id = (SELECT thread_id FROM runs WHERE id = ?) "
        "OR id = (SELECT thread_id FROM messages WHERE channel = ? AND ts = ?)) LIMIT 1"
    )
    threads = list(_rows(connection, statement, channel, ts, run, channel, ts))
    if not threads:
        return Story()
    thread = threads[0]
    ids = [row["id"] for row in _rows(connection, _RUNS, thread["id"], MOST)]
    tables = {"threads": threads, **(_tables(connection, run) if run else _own_row(connection, channel, ts))}
    traces = {one: _trace(connection, channel, one) for one in ids}
    return Story(
        thread["thread_ts"], thread["memory"], run, traces, {name: of for name, of in tables.items() if of}
    )


_RUNS = "SELECT id FROM runs WHERE thread_id = ? ORDER BY created_at LIMIT ?"


def _run_of(connection: sqlite3.Connection, channel: str, ts: str) -> str | None:
    """The run that answers the message, or that wrote it."""
    statements = (
        "SELECT run_id AS id FROM messages WHERE channel = ? AND ts = ?",
        "SELECT replies.run_id AS id FROM replies JOIN runs ON runs.id = replies.run_id "
        "JOIN threads ON threads.id = runs.thread_id WHERE threads.channel = ? AND replies.ts = ?",
    )
    found = (row["id"] for statement in statements for row in _rows(connection, statement, channel, ts))
    return next((str(one) for one in found if one), None)


def _tables(connection: sqlite3.Connection, run: str) -> dict[str, Rows]:
    there = {row["name"] for row in _rows(connection, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    runs = {"runs": list(_rows(connection, "SELECT * FROM runs WHERE id = ?", run))}
    names = [name for name in OF_RUN if name in there]
    return {**runs, **{name: _rows_of_run(connection, name, run) for name in names}}


def _rows_of_run(connection: sqlite3.Connection, table: str, run: str) -> Rows:
    statement = f"SELECT * FROM {table} WHERE run_id = ? LIMIT ?"  # noqa: S608 - a name of our own
    return list(_rows(connection, statement, run, MOST))


def _own_row(connection: sqlite3.Connection, channel: str, ts: str) -> dict[str, Rows]:
    statement = "SELECT * FROM messages WHERE channel = ? AND ts = ?"
    return {"messages": list(_rows(connection, statement, channel, ts))}


def _trace(connection: sqlite3.Connection, channel: str, run: str) -> Trace:
    said = [row["ts"] for row in _rows(connection, "SELECT ts FROM messages WHERE run_id = ?", run)]
    answered = [row["ts"] for row in _rows(connection, "SELECT ts FROM replies WHERE run_id = ? AND ts > ''", run)]
    begun = _rows(connection, "SELECT response_id AS id FROM responses WHERE run_id = ?", run)
    names = {run, *(row["id"] for row in begun)}
    for ts in said:
        names |= {row["id"] for row in _rows(connection, _FILES, channel, ts) if row["id"]}
    return Trace(frozenset(names), frozenset(said), frozenset(answered))


_FILES = (
    "SELECT files.openai_file_id AS id FROM files JOIN file_places ON file_places.file_id = files.id "
    "WHERE file_places.channel = ? AND file_places.message_ts = ?"
)
