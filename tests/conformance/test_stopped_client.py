"""A process that is stopped in the middle of a transaction does not keep its rows from the others for ever."""

import asyncio
import struct

import pytest

from storage.postgresql import TRANSACTION_MS
from storage.store import Store
from tests.conformance.scenes import sql
from tests.postgres import connect

pytestmark = pytest.mark.races

FROM = 170_000
"""`server_version_num` of the first version that bounds transactions (postgresql.org/docs/17/release-17.html)."""


async def test_every_transaction_of_ours_is_bounded_by_the_server(postgresql_url: str) -> None:
    async with Store.open(postgresql_url) as store:
        (version,) = (await sql(store, "SELECT current_setting('server_version_num')::int"))[0]
        if version < FROM:
            pytest.skip("this server cannot")
        shown = await sql(store, "SELECT setting, unit FROM pg_settings WHERE name = 'transaction_timeout'")
    assert shown == [(str(TRANSACTION_MS), "ms")]


async def test_a_client_that_prepares_and_then_says_nothing_loses_its_locks(postgresql_url: str) -> None:
    """The driver sends Parse and Flush, waits, and would send Bind and Execute."""
    silent, other = await connect(postgresql_url), await connect(postgresql_url)
    if silent.get_server_version().major < FROM // 10_000:
        pytest.skip("this server cannot")
    await silent.execute("SET transaction_timeout = 300")
    await silent.execute("INSERT INTO chores (name) VALUES ('it')")
    await silent.execute("BEGIN")
    await silent.execute("UPDATE chores SET owner = 'silent'")
    statement = b"\0SELECT 1\0" + struct.pack("!h", 0)
    parse = b"P" + struct.pack("!i", 4 + len(statement)) + statement
    silent._transport.write(parse + b"H" + struct.pack("!i", 4))
    async with asyncio.timeout(20):
        assert await other.fetchval("SELECT owner FROM chores FOR UPDATE") is None, "as soon as it is free"
    silent.terminate()
    await other.close()
