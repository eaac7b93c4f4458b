"""What goes first: heard before all else that is written, together, and none at the cost of another."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.errors import DatabaseUnavailable
from storage.records import Heard, Place
from storage.store import Store
from storage.turns import Turns
from tests.conformance.scenes import PLACE, place, said, sql, ts, yes


async def test_who_comes_first_has_the_next_turn() -> None:
    turns, had = Turns(1), list[str]()

    async def have(name: str, *, first: bool) -> None:
        async with turns.turn(first=first):
            had.append(name)

    async with turns.turn():
        waiting = [("claim", False), ("one", True), ("finish", False), ("two", True)]
        tasks = [asyncio.create_task(have(name, first=first)) for name, first in waiting]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert had == ["one", "two", "claim", "finish"]


async def test_who_stops_waiting_keeps_nobody_waiting() -> None:
    turns = Turns(1)

    async def have() -> bool:
        async with turns.turn():
            return True

    async with turns.turn():
        early, told, late = (asyncio.create_task(have()) for _ in range(3))
        await asyncio.sleep(0)
        early.cancel()
        await asyncio.sleep(0)
    told.cancel()  # it has the turn already, and does not know it yet
    assert await late
    async with turns.turn():
        pass
    assert (early.cancelled(), told.cancelled()) == (True, True)


async def test_a_burst_is_heard_whole_and_each_message_once(store: Store) -> None:
    places = [place(number) for number in range(30)]
    twice = [where for where in places for _ in range(2)]  # as Slack tells of a mention
    heard = await asyncio.gather(*(store.messages.hear(said(where, where.thread_ts), yes) for where in twice))
    assert [one for one, _ in heard] == [Heard.ACCEPTED, Heard.DUPLICATE] * 30
    assert await sql(store, "SELECT count(*), count(DISTINCT thread_id) FROM messages") == [(30, 30)]


async def test_one_that_fails_takes_nothing_from_the_others(store: Store) -> None:
    database = store.database

    def write(channel: str, thread_ts: str | None) -> Any:
        async def work(connection: Any) -> str:
            columns = {"channel": channel, "ts": thread_ts}
            await connection.execute(
                text("INSERT INTO threads (team, channel, thread_ts) VALUES ('T1', :channel, :ts)"), columns
            )
            return channel

        return database.write_first(work, (channel,))

    done = await asyncio.gather(
        write("C1", ts(1)), write("C2", ts(2)), write("C3", None), write("C4", ts(4)), return_exceptions=True
    )
    assert [done[0], done[1], done[3]] == ["C1", "C2", "C4"]
    assert isinstance(done[2], IntegrityError)
    assert await sql(store, "SELECT channel FROM threads ORDER BY channel") == [("C1",), ("C2",), ("C4",)]


async def test_all_that_waits_is_told_when_the_database_is_gone(store: Store) -> None:
    async def gone(_connection: Any) -> None:
        raise DatabaseUnavailable("gone")

    asked = [store.database.write_first(gone, (str(number),)) for number in range(5)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told] == [DatabaseUnavailable] * 5
    assert await store.messages.hear(said(PLACE, ts(1)), yes) == (Heard.ACCEPTED, yes(None))


async def test_a_message_heard_again_after_its_hearing_failed_is_heard(store: Store) -> None:
    def stumble(_thread: object) -> Any:
        raise LookupError

    with pytest.raises(LookupError):
        await store.messages.hear(said(PLACE, ts(1)), stumble)
    assert (await store.messages.hear(said(PLACE, ts(1)), yes))[0] is Heard.ACCEPTED


async def test_what_was_forgotten_meanwhile_is_heard_when_it_is_edited(store: Store) -> None:
    where = Place("T1", "C1", ts(1))
    await store.messages.hear(said(where, ts(1)), yes)
    await sql(store, "DELETE FROM messages")
    await store.messages.change("T1", "C1", ts(1), "and now?", ())
    assert (await store.messages.hear(said(where, ts(1), "and now?"), yes))[0] is Heard.ACCEPTED
