"""What only a server has: it goes away, falls silent, serves several processes, and locks rows."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.errors import DatabaseUnavailable, LeaseLost, MigrationFailed, SchemaTooNew, UnknownDatabase
from storage.inspection import inspect_database
from storage.records import Ending, NewMessage, RunStatus
from storage.schema import SchemaState
from storage.store import Store
from tests.conformance.scenes import CHANNEL, PLACE, TEAM, claimed, hear, place, said, sql, ts, yes
from tests.conformance.test_opening import HEAD, assert_silent, revision
from tests.postgres import Server

pytestmark = pytest.mark.races


# -- opening


async def test_many_processes_that_start_at_once_migrate_once(empty_postgresql_url: str) -> None:
    opened = await asyncio.gather(*(Database.open(empty_postgresql_url) for _ in range(4)))
    store = Store(opened[0])
    await hear(store, 1)
    assert len(await sql(store, "SELECT * FROM alembic_version")) == 1
    for database in opened:
        await database.close()


async def test_a_newer_schema_is_refused_on_a_server_too(postgresql_url: str) -> None:
    async with Store.open(postgresql_url) as store:
        await sql(store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="newer version of Threadmate"):
        await Database.open(postgresql_url)
    assert (await inspect_database(postgresql_url)).schema is SchemaState.NEWER


async def test_a_migration_that_fails_takes_everything_back(postgresql_url: str, tmp_path: Path) -> None:
    broken = revision(tmp_path / "newer", "op.execute('CREATE TABLE threads (id INTEGER)')")
    with pytest.raises(MigrationFailed, match="already exists"):
        await Database.open(postgresql_url, migrations=broken)
    async with Store.open(postgresql_url) as store:
        assert await sql(store, "SELECT to_regclass('more')") == [(None,)]
        assert await sql(store, "SELECT version_num FROM alembic_version") == [(HEAD,)]


async def test_what_was_prepared_before_a_migration_by_another_process_still_works(postgresql_url: str) -> None:
    async with Store.open(postgresql_url) as store:
        await hear(store, 1)
        await store.threads.find(PLACE)
        await sql(store, "ALTER TABLE threads ADD COLUMN later TEXT")
        await sql(store, "ALTER TABLE runs ALTER COLUMN error TYPE VARCHAR(900)")
        await hear(store, 2)
        await store.runs.finish((await claimed(store)).lease, Ending(RunStatus.COMPLETED))


async def test_an_inspection_of_a_server_makes_nothing(empty_postgresql_url: str) -> None:
    url = empty_postgresql_url
    found = await inspect_database(url)
    assert (found.writable, found.schema) == (True, SchemaState.ABSENT)
    assert found.what.startswith("PostgreSQL database threadmate_")
    async with Store.open(url) as store:
        assert (await inspect_database(url)).schema is SchemaState.CURRENT
        assert await sql(store, "SELECT count(*) FROM threads") == [(0,)]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+asyncpg://user:hunter2@localhost", "names no database"),
        ("postgresql+asyncpg://user:hunter2@localhost/db?sslmode=require", r"\?sslmode= is not known"),
        ("postgresql+asyncpg://user:hunter2@localhost:port/db", "is not a URL"),
        ("postgresql://user:hunter2@localhost/db", r"postgresql:// is not known; use .*postgresql\+asyncpg://"),
        ("postgresql+psycopg://user:hunter2@localhost/db", "is not known"),
    ],
)
async def test_a_url_of_a_server_that_cannot_be_used_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(UnknownDatabase, match=words) as refused:
        await Database.open(url)
    assert_silent(refused.value, "hunter2")


async def test_nobody_at_that_address_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        await Database.open("postgresql+asyncpg://user:hunter2@127.0.0.1:1/db")
    assert_silent(refused.value, "hunter2")


async def test_a_database_or_a_user_that_the_server_does_not_know_is_unavailable(postgresql_url: str) -> None:
    for url in (
        postgresql_url.replace("/threadmate", "/nothreadmate"),
        postgresql_url.replace("postgres@", "nobody@"),
    ):
        with pytest.raises(DatabaseUnavailable, match="does not exist"):
            await Database.open(url)


# -- a server that goes


async def test_a_server_that_is_gone_is_unavailable_and_serves_again_without_a_restart(
    server: Server, postgresql_url: str
) -> None:
    async with Store.open(postgresql_url) as store:
        await hear(store, 1)
        for how in (signal.SIGINT, signal.SIGQUIT):
            server.stop(how)
            try:
                for _ in range(2):  # when it is noticed, and afterwards
                    with pytest.raises(DatabaseUnavailable):
                        await store.messages.hear(said(PLACE, ts(2)), yes)
                    with pytest.raises(DatabaseUnavailable):
                        await store.threads.find(PLACE)
            finally:
                server.start()
            assert (await store.threads.find(PLACE)) is not None
        await hear(store, 2)
        assert [message.ts for message in (await claimed(store)).messages] == [ts(1), ts(2)]
        assert store.database.checked_out == 0


async def test_nothing_is_lost_that_was_saved_when_the_server_crashes_under_load(
    server: Server, postgresql_url: str
) -> None:
    saved: set[str] = set()
    under_load = asyncio.Event()
    refused = 0

    async def speak(store: Store, first: int) -> None:
        nonlocal refused
        for number in range(first, first + 40):
            heard = False
            while not heard:  # as Slack sends again what was not acknowledged
                try:
                    await store.messages.hear(said(place(first), ts(number)), yes)
                    heard = True
                except DatabaseUnavailable:
                    refused += 1
                    await asyncio.sleep(0.01)
            saved.add(ts(number))
            if len(saved) == 100:
                under_load.set()

    async def crash() -> None:
        await under_load.wait()
        await asyncio.to_thread(server.stop, signal.SIGQUIT)
        await asyncio.to_thread(server.start)

    async with Store.open(postgresql_url) as store:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(crash())
            for number in range(8):
                tasks.create_task(speak(store, 1000 * (number + 1)))
        assert refused > 0
        assert {row[0] for row in await sql(store, "SELECT ts FROM messages")} == saved
        assert len(saved) == 8 * 40


async def test_a_silent_server_is_unavailable_and_hangs_nobody_up(server: Server, postgresql_url: str) -> None:
    database = await Database.open(postgresql_url, patience=0.3)
    store = Store(database)
    await hear(store, 1)
    with server.silent():
        outcomes = await asyncio.gather(
            *(store.messages.hear(said(PLACE, ts(number)), yes) for number in range(2, 30)), return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    assert database.checked_out == 0
    database = await Database.open(postgresql_url)
    await hear(Store(database), 40)
    await database.close()
    await store.database.close()


# -- side by side


async def test_whatever_people_and_workers_do_at_once_nobody_waits_in_a_circle(postgresql_url: str) -> None:
    """The order in which rows are locked is the same everywhere: thread, run, messages."""
    chance = random.Random(20260826)
    async with Store.open(postgresql_url) as store:
        async with asyncio.TaskGroup() as everybody:
            for number in range(4):
                everybody.create_task(_person(store, chance, 1000 * (number + 1)))
                everybody.create_task(_worker(store, chance, f"worker {number}"))
        assert store.database.collisions == 0


async def _person(store: Store, chance: random.Random, first: int) -> None:
    messages = store.messages
    for number in range(first, first + 25):
        where, file = place(number % 2), {"id": f"F{number % 2}"}
        earlier = ts(max(first, number - chance.randrange(4)))
        await messages.hear(NewMessage(place=where, ts=ts(number), user="U1", text="a", files=(file,)), yes)
        acts: list[Callable[[], Awaitable[object]]] = [
            partial(messages.change, TEAM, CHANNEL, earlier, f"text {number}", (file,)),
            partial(messages.withdraw, TEAM, CHANNEL, earlier),
            partial(messages.lose_file, TEAM, file["id"]),
            partial(store.runs.request_stop, where, "U1"),
            partial(store.retention.erase_user_rows, TEAM, "U9"),
            partial(messages.erase_unfinished, 0),
        ]
        await chance.choice(acts)()


async def _worker(store: Store, chance: random.Random, owner: str) -> None:
    runs, last = store.runs, ""
    for number in range(40):
        claim = await runs.claim(owner, 30)
        if claim is None:
            await asyncio.sleep(0)
            continue
        with suppress(LeaseLost):
            await runs.started(claim.lease, {}, f"conv {claim.thread.id}")
            await runs.response_started(claim.lease, f"resp {number}")
            await runs.reply_intended(claim.lease, 0)
            await runs.join(claim.lease)
            await runs.renew(owner, 30, [claim.run.id])
            if claim.run.withdraw_requested:
                await runs.withdrawn(claim.lease)
            else:
                status = chance.choice([RunStatus.COMPLETED, RunStatus.FAILED])
                await runs.finish(claim.lease, Ending(status, tail_item_id=f"item {number}"))
        acts: list[Callable[[], Awaitable[object]]] = [
            partial(runs.try_again, last),
            partial(runs.reopen, last, "U1"),
        ]
        await chance.choice(acts)()
        last = claim.run.id


async def test_a_circle_is_broken_and_the_transaction_begun_again(postgresql_url: str) -> None:
    async with Store.open(postgresql_url) as store:
        await hear(store, 1, where=place(1))
        await hear(store, 2, where=place(2))
        met = asyncio.Barrier(2)

        async def both(first: int, then: int) -> None:
            meet = True

            async def work(connection: AsyncConnection) -> None:
                nonlocal meet
                touch = text("UPDATE threads SET assistant = 'a' WHERE thread_ts = :ts")
                await connection.execute(touch, {"ts": ts(first)})
                if meet:
                    meet = False
                    await met.wait()
                await connection.execute(touch, {"ts": ts(then)})

            await store.database.write(work)

        await asyncio.gather(both(1, 2), both(2, 1))
        assert store.database.collisions == 1


async def test_a_claim_passes_over_a_thread_that_somebody_has_locked(postgresql_url: str) -> None:
    async with Store.open(postgresql_url) as store:
        await hear(store, 1, where=place(1))
        await hear(store, 2, where=place(2))
        locked, go_on = asyncio.Event(), asyncio.Event()

        async def hold(connection: AsyncConnection) -> None:
            await connection.execute(
                text("SELECT 1 FROM threads WHERE thread_ts = :ts FOR NO KEY UPDATE"), {"ts": ts(1)}
            )
            locked.set()
            await go_on.wait()

        holder = asyncio.create_task(store.database.write(hold))
        await locked.wait()
        assert (await claimed(store)).thread.place == place(2)
        assert await store.runs.claim("worker", 30) is None
        go_on.set()
        await holder
        assert (await claimed(store)).thread.place == place(1)


# -- what is stored


async def test_a_character_that_the_server_cannot_store_is_replaced(postgresql_url: str) -> None:
    async with Store.open(postgresql_url) as store:
        await store.messages.hear(said(PLACE, ts(1), "a\0b"), yes)
        assert (await claimed(store)).messages[0].text == "a\ufffdb"


async def test_what_the_driver_cannot_send_is_not_repeated_in_its_error(postgresql_url: str) -> None:
    async with Store.open(postgresql_url) as store:
        with pytest.raises(SQLAlchemyError) as failed:
            await sql(store, "SELECT id FROM threads WHERE id = :said", said="my secret")
        assert_silent(failed.value, "my secret")


async def test_every_write_is_at_read_committed_and_every_read_on_one_snapshot(postgresql_url: str) -> None:
    async with Store.open(postgresql_url) as store:
        show = text("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")

        async def settings(connection: AsyncConnection) -> tuple[str, str]:
            row = (await connection.execute(show)).one()
            return row[0], row[1]

        for _ in range(2):
            assert await store.database.write(settings) == ("read committed", "off")
            assert await store.database.read(settings) == ("repeatable read", "on")
