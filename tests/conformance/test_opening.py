"""Opening: migrations, the lock, who may read the file, and what is said when it cannot be opened."""

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database
from storage.errors import (
    DatabaseInUse,
    DatabaseUnavailable,
    MigrationFailed,
    SchemaTooNew,
    StorageError,
    UnknownDatabase,
)
from storage.inspection import inspect_database
from storage.records import Ending, RunStatus
from storage.schema import MIGRATIONS, SchemaState
from storage.store import Store
from storage.tables import metadata
from tests.conformance.scenes import PLACE, claimed, hear, said, sql, sqlite_url, ts, yes


@pytest.fixture
def url(fresh_url: str) -> str:
    """Here every database is made by what is tested."""
    return fresh_url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "threadmate.db"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}


def fill(file: Path, data: bytes) -> None:
    file.write_bytes(data)


HEAD = max(file.name for file in (MIGRATIONS / "versions").glob("0*.py"))[:4]
"""The revision that the program's own migrations lead to."""


def execute(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


def revision(folder: Path, body: str) -> Path:
    """The package's migrations, and one more that does `body`."""
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    source = (
        f"from alembic import op\nrevision, down_revision = '9999', '{HEAD}'\nbranch_labels = depends_on = None\n"
        f"def upgrade():\n    op.execute('CREATE TABLE more (id INTEGER)')\n    {body}\n"
    )
    (folder / "versions" / "9999_more.py").write_text(source)
    return folder


async def test_a_fresh_database_gets_exactly_the_tables_of_the_program(store: Store) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await store.database.read(lambda connection: connection.run_sync(differences)) == []


INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE%' ORDER BY name",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    " AND indexdef LIKE '%WHERE%' ORDER BY indexname",
}


async def test_partial_indexes_are_the_same_in_the_migration_and_in_the_tables(
    store: Store, database: str
) -> None:
    def create(connection: Connection) -> None:
        for table in metadata.tables.values():
            for index in table.indexes:
                index.create(connection, checkfirst=True)

    query = INDEXES[database]
    migrated = await sql(store, query)
    for name, _ in migrated:
        await sql(store, f"DROP INDEX {name}")
    await store.database.write(lambda connection: connection.run_sync(create))
    assert await sql(store, query) == migrated
    assert len(migrated) == 6


async def test_opening_again_keeps_everything(url: str) -> None:
    async with Store.open(url) as store:
        await hear(store, 1, "still there")
    async with Store.open(url) as store:
        assert (await claimed(store)).messages[0].text == "still there"


async def test_a_newer_schema_is_refused_and_nothing_written(file: Path) -> None:
    async with Store.open(sqlite_url(file)):
        pass
    execute(file, "UPDATE alembic_version SET version_num = '9999'")
    before = contents(file.parent)
    with pytest.raises(SchemaTooNew, match="newer version of Threadmate"):
        async with Store.open(sqlite_url(file)):
            pass
    assert contents(file.parent) == before
    assert (await inspect_database(sqlite_url(file))).schema is SchemaState.NEWER
    assert contents(file.parent) == before


async def test_a_newer_schema_without_wal_is_not_even_switched_to_it(file: Path) -> None:
    execute(file, "CREATE TABLE alembic_version (version_num TEXT)")
    execute(file, "INSERT INTO alembic_version VALUES ('9999')")
    before = contents(file.parent)
    with pytest.raises(SchemaTooNew):
        async with Store.open(sqlite_url(file)):
            pass
    assert contents(file.parent) == before


async def test_a_newer_schema_is_seen_in_what_a_crash_left_in_the_wal(file: Path) -> None:
    async with Store.open(sqlite_url(file)):
        pass
    die = (
        f"import sqlite3, os; c = sqlite3.connect({str(file)!r}, isolation_level=None);"
        "c.execute(\"UPDATE alembic_version SET version_num = '9999'\"); os._exit(0)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", die)
    assert await process.wait() == 0
    before = {name: data for name, data in contents(file.parent).items() if not name.endswith("-shm")}
    assert len(before["threadmate.db-wal"]) > 0
    with pytest.raises(SchemaTooNew):
        async with Store.open(sqlite_url(file)):
            pass
    assert {name: data for name, data in contents(file.parent).items() if not name.endswith("-shm")} == before


async def test_a_migration_goes_on_from_the_older_schema(file: Path, tmp_path: Path) -> None:
    async with Store.open(sqlite_url(file)) as store:
        await hear(store, 1)
    database = await Database.open(sqlite_url(file), migrations=revision(tmp_path / "newer", "pass"))
    store = Store(database)
    assert await sql(store, "SELECT version_num FROM alembic_version") == [("9999",)]
    assert await sql(store, "SELECT * FROM more") == []
    assert (await claimed(store)).messages[0].ts == ts(1)
    await database.close()


async def test_a_migration_that_fails_leaves_the_old_schema(file: Path, tmp_path: Path) -> None:
    async with Store.open(sqlite_url(file)) as store:
        await hear(store, 1)
    broken = revision(tmp_path / "newer", "op.execute('CREATE TABLE threads (id INTEGER)')")
    with pytest.raises(MigrationFailed, match="table threads already exists"):
        await Database.open(sqlite_url(file), migrations=broken)
    async with Store.open(sqlite_url(file)) as store:
        assert await sql(store, "SELECT version_num FROM alembic_version") == [(HEAD,)]
        assert await sql(store, "SELECT name FROM sqlite_master WHERE name = 'more'") == []
        assert (await claimed(store)).messages[0].ts == ts(1)


async def test_a_first_migration_that_fails_leaves_no_table(file: Path, tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed):
        await Database.open(
            sqlite_url(file), migrations=revision(tmp_path / "newer", "op.execute('CREATE nonsense')")
        )
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM sqlite_master").fetchall() == []


@pytest.mark.parametrize("mask", [0o000, 0o022])
async def test_only_the_owner_reads_the_files(file: Path, mask: int) -> None:
    old = os.umask(mask)
    try:
        async with Store.open(sqlite_url(file)) as store:
            await hear(store, 1)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    finally:
        os.umask(old)
    assert modes == {"threadmate.db" + suffix: 0o600 for suffix in ("", "-wal", "-shm", ".lock")}


async def test_a_file_that_others_could_read_is_made_private(file: Path) -> None:
    os.close(os.open(file, os.O_CREAT, 0o644))
    async with Store.open(sqlite_url(file)):
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600  # noqa: PTH116 - pathlib would be refused here


async def test_a_second_process_is_told_in_words(file: Path) -> None:
    """The second one is a process of its own, and the message names the first."""
    second = (
        "import asyncio, sys\nfrom storage.store import Store\n"
        "async def main():\n    async with Store.open(sys.argv[1]): pass\nasyncio.run(main())\n"
    )
    async with Store.open(sqlite_url(file)):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", second, sqlite_url(file), stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        _, errors = await process.communicate()
    assert process.returncode == 1
    last = errors.decode().strip().splitlines()[-1]
    assert "DatabaseInUse" in last
    assert f"process {os.getpid()}" in last
    assert "stop the other one first" in last


async def test_the_lock_is_free_again_after_closing(file: Path) -> None:
    async with Store.open(sqlite_url(file)):
        with pytest.raises(DatabaseInUse):
            await Database.open(sqlite_url(file))
    async with Store.open(sqlite_url(file)):
        pass


async def test_a_failed_opening_gives_the_lock_back(file: Path, tmp_path: Path) -> None:
    broken = revision(tmp_path / "newer", "op.execute('CREATE nonsense')")
    with pytest.raises(MigrationFailed):
        await Database.open(sqlite_url(file), migrations=broken)
    async with Store.open(sqlite_url(file)):
        pass


async def test_every_commit_is_on_the_disk_before_it_returns(sqlite_store: Store) -> None:
    pragmas = [
        (await sql(sqlite_store, f"PRAGMA {name}"))[0][0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert pragmas == ["wal", 2, 1]


async def test_what_reads_cannot_write(store: Store) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"readonly|read-only"):
        await store.database.read(lambda connection: connection.exec_driver_sql("DELETE FROM runs"))


async def test_idle_polls_do_not_read_through_everything_ever_said(sqlite_store: Store) -> None:
    from sqlalchemy.dialects import sqlite

    from storage.claims import _GLANCE

    query = _GLANCE.params(owner="worker")
    literal = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    plan = [row[3] for row in await sql(sqlite_store, f"EXPLAIN QUERY PLAN {literal}")]
    scans = {step for step in plan if step.startswith("SCAN") and "CONSTANT" not in step}
    assert {scan.split(" INDEX ")[-1] for scan in scans} == {"one_active_run_per_thread", "waiting_messages"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "threadmate.db",
        "sqlite:///threadmate.db",
        "mysql://localhost/threadmate",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///file:threadmate.db?uri=true",
    ],
)
async def test_a_url_that_names_no_file_of_ours_is_refused_in_words(url: str) -> None:
    with pytest.raises(UnknownDatabase, match=r"DATABASE_URL.*sqlite\+aiosqlite:///"):
        await Database.open(url)


async def test_a_password_in_a_wrong_url_is_not_echoed() -> None:
    with pytest.raises(UnknownDatabase) as refused:
        await Database.open("mysql://user:hunter2@localhost/threadmate")
    assert "hunter2" not in str(refused.value)


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="nowhere"):
        await Database.open(sqlite_url(tmp_path / "nowhere" / "threadmate.db"))


async def test_what_is_no_database_is_unavailable(file: Path) -> None:
    fill(file, b"this is not a database" * 100)
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        await Database.open(sqlite_url(file))
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        await inspect_database(sqlite_url(file))


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program, a backup say, holds the write lock."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_a_locked_database_is_unavailable_and_works_again_afterwards(file: Path) -> None:
    database = await Database.open(sqlite_url(file), busy_seconds=0)
    store = Store(database)
    with locked(file):
        with pytest.raises(DatabaseUnavailable, match="database is locked"):
            await store.messages.hear(said(PLACE, ts(1)), yes)
        assert await store.threads.find(PLACE) is None, "reading goes on"
    await hear(store, 1)
    assert database.checked_out == 0
    await database.close()


async def test_a_full_disk_is_unavailable_and_takes_the_whole_transaction_back(sqlite_store: Store) -> None:
    """SQLite says SQLITE_FULL for its own page limit as it does for the disk's."""
    (pages,) = (await sql(sqlite_store, "PRAGMA page_count"))[0]
    await sql(sqlite_store, f"PRAGMA max_page_count = {pages}")
    secret = "a long story " * 10_000
    with pytest.raises(DatabaseUnavailable, match="full") as full:
        await sqlite_store.messages.hear(said(PLACE, ts(1), secret), yes)
    assert_silent(full.value, "a long story")
    assert await sqlite_store.threads.find(PLACE) is None
    await sql(sqlite_store, "PRAGMA max_page_count = 1000000")
    await hear(sqlite_store, 1)


async def test_a_closed_database_is_unavailable(url: str) -> None:
    async with Store.open(url) as store:
        pass
    with pytest.raises(DatabaseUnavailable, match="closed"):
        await hear(store, 1)
    with pytest.raises(DatabaseUnavailable, match="closed"):
        await store.threads.find(PLACE)


async def test_closing_waits_for_the_transactions_under_way(url: str) -> None:
    async with Store.open(url) as store:
        await hear(store, 1)
        stops = [asyncio.create_task(store.runs.request_stop(PLACE, f"U{number}")) for number in range(5)]
        await asyncio.sleep(0)
    assert all(stop.done() for stop in stops)
    assert sorted(stop.result().unqueued for stop in stops) == [0, 0, 0, 0, 1]
    assert store.database.checked_out == 0


@pytest.mark.parametrize("columns", ["text, nothing", "text, text", "text"])
async def test_no_error_says_what_people_said(store: Store, columns: str) -> None:
    """What no column is there for, and what breaks a constraint."""
    values = columns.replace("nothing", ":said").replace("text", ":said")
    with pytest.raises((StorageError, SQLAlchemyError)) as failed:
        await sql(store, f"INSERT INTO messages ({columns}) VALUES ({values})", said="my secret")
    assert_silent(failed.value, "my secret")


def assert_silent(error: BaseException | None, secret: str) -> None:
    while error is not None:
        assert secret not in str(error)
        assert secret not in repr(error)
        error = error.__cause__ or error.__context__


async def test_what_was_answered_is_nowhere_in_the_file(file: Path) -> None:
    async with Store.open(sqlite_url(file)) as store:
        await hear(store, 1, "an unmistakable sentence " * 1000)  # so long that it has pages of its own
        await store.runs.finish((await claimed(store)).lease, Ending(RunStatus.COMPLETED))
        assert b"unmistakable" in b"".join(contents(file.parent).values()), "the WAL still has it"
    assert b"unmistakable" not in b"".join(contents(file.parent).values())


async def test_an_inspection_finds_nothing_and_makes_nothing(file: Path) -> None:
    found = await inspect_database(sqlite_url(file))
    assert (found.what, found.writable, found.schema) == (str(file), True, SchemaState.ABSENT)
    assert list(file.parent.iterdir()) == []
    assert not (await inspect_database(sqlite_url(file.parent / "nowhere" / "threadmate.db"))).writable


async def test_an_inspection_beside_a_running_program(file: Path) -> None:
    async with Store.open(sqlite_url(file)):
        found = await inspect_database(sqlite_url(file))
        assert (found.writable, found.schema) == (True, SchemaState.CURRENT)
    before = contents(file.parent)
    assert (await inspect_database(sqlite_url(file))).schema is SchemaState.CURRENT
    assert contents(file.parent) == before


async def test_an_inspection_tells_an_older_schema(file: Path, tmp_path: Path) -> None:
    from functools import partial

    from storage.database import peek
    from storage.schema import state_of

    async with Store.open(sqlite_url(file)):
        pass
    newer = revision(tmp_path / "newer", "pass")
    assert await peek(file, partial(state_of, migrations=newer)) is SchemaState.OLDER


def test_the_migrations_are_in_the_package() -> None:
    assert (MIGRATIONS / "env.py").is_file()
    assert list((MIGRATIONS / "versions").glob("0001_*.py"))
