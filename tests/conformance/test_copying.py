"""Copying a database: everything arrives, in both directions; what breaks off goes on."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Table, select

from storage import copying
from storage.call_records import NewCall
from storage.copying import TABLES, copy_database
from storage.database import Database
from storage.errors import CopyUnfinished, DatabaseInUse, NotEmpty, UnknownDatabase
from storage.file_records import NewLibraryChange
from storage.rows import all_rows
from storage.store import Store
from tests.conformance.file_scenes import drop, let_go, stored
from tests.conformance.scenes import CHANNEL, TEAM, claimed, hear, place, said, sql, ts, yes
from tests.conformance.test_retention import answered

SET = 'INSERT INTO settings_changes (team, channel, "user", setting, changed_at) VALUES (:t, :c, :u, :s, 1)'

Rows = dict[str, list[dict[str, Any]]]


async def filled(url: str) -> Rows:
    """Something in every table; a file that has come and gone; a question under way, and one that waits."""
    async with Store.open(url) as store:
        await answered(store, 1, memory="conv_1")
        await stored(store, 1)
        await let_go(store, await drop(store, 2, sha256="bb"))
        await store.channels.remember_store(TEAM, CHANNEL, "vs_1")
        change = NewLibraryChange(TEAM, CHANNEL, ts(1), ts(1), "U1", "U1", adds=True, slack_files=("F1",))
        await store.library.intend(change)
        await store.messages.hear(
            said(place(5), ts(5), "naïve \0 and 日本語", files=({"id": "F5", "n": 1.5},)), yes
        )
        claim = await claimed(store)
        await store.calls.propose(claim.lease, (NewCall("call_1", "resp_1", "lookup", "{}", approvers=("U1",)),))
        await sql(store, "INSERT INTO chores (name) VALUES ('sweep')")
        await sql(store, SET, t=TEAM, c=CHANNEL, u="U1", s="muted")
        for number in range(10, 30):
            await hear(store, number, where=place(number))
        return await rows(store.database)


async def rows(database: Database) -> Rows:
    async def work(connection: Any) -> Rows:
        found = {table.name: await all_rows(connection, _sorted(table)) for table in TABLES}
        return {name: [dict(row) for row in its] for name, its in found.items()}

    return await database.read(work)


def _sorted(table: Table) -> Any:
    return select(table).order_by(*table.primary_key.columns)


@pytest.fixture(params=["into", "from"])
def two_urls(request: pytest.FixtureRequest, new_url: Callable[[], str], sqlite_url: str) -> tuple[str, str]:
    """SQLite to that database, and back."""
    pair = sqlite_url.replace("threadmate", "source"), new_url()
    return pair if request.param == "into" else pair[::-1]


async def test_everything_arrives(two_urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "AT_ONCE", 3)
    source, target = two_urls
    before = await filled(source)
    assert all(before.values()), "no table is empty"
    said_lines: list[str] = []
    await copy_database(source, target, said_lines.append)
    assert f"messages: {len(before['messages'])} rows, the same on both sides" in said_lines
    database = await Database.open(target)
    assert str(await rows(database)).replace("\\x00", "\ufffd") == str(before).replace("\\x00", "\ufffd")
    await database.close()
    async with Store.open(target) as store:
        await hear(store, 99)
        new = await drop(store, 3, sha256="cc")
        assert new.id > 2, "no number is given twice"
        assert new.file.id > 2


async def test_a_copy_that_broke_off_goes_on_and_nobody_uses_it_before(two_urls: tuple[str, str]) -> None:
    source, target = two_urls
    await filled(source)

    def break_off(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await copy_database(source, target, break_off)
    with pytest.raises(CopyUnfinished, match="copy-database"):
        async with Store.open(target):
            pass
    async with Store.open(source) as store:
        await hear(store, 77)
        await sql(store, "DELETE FROM feedback")
    lines: list[str] = []
    await copy_database(source, target, lines.append)
    assert lines[0] == "Going on with a copy that broke off."
    assert "from the beginning" in lines[1]
    async with Store.open(source) as store, Store.open(target) as copy:
        before, after = await rows(store.database), await rows(copy.database)
        del before["chores"], after["chores"]  # one process alone forgets them when it opens
        assert {name: len(its) for name, its in after.items()} == {name: len(its) for name, its in before.items()}


async def test_a_database_that_holds_something_is_not_copied_into(two_urls: tuple[str, str]) -> None:
    source, target = two_urls
    await filled(source)
    async with Store.open(target) as store:
        await hear(store, 1)
    with pytest.raises(NotEmpty):
        await copy_database(source, target, print)
    async with Store.open(target) as store:
        assert await sql(store, "SELECT count(*) FROM messages") == [(1,)]


async def test_a_bot_that_is_running_on_the_file_is_stopped_first(url: str, sqlite_url: str) -> None:
    source = sqlite_url.replace("threadmate", "source")
    async with Store.open(source):
        with pytest.raises(DatabaseInUse):
            await copy_database(source, url, print)


async def test_a_database_without_our_tables_is_nothing_to_copy(url: str, sqlite_url: str) -> None:
    with pytest.raises(UnknownDatabase, match="nothing to copy"):
        await copy_database(sqlite_url.replace("threadmate", "none"), url, print)
