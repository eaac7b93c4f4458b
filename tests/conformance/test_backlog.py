"""What waits and for how long, as whoever watches the program is told."""

import pytest

from storage.records import Backlog
from storage.store import Store
from tests.conformance.scenes import TEAM, claimed, end, hear, lapse, message_of, place, sql, ts


async def test_nothing_waits_in_an_empty_database(store: Store) -> None:
    assert await store.runs.backlog() == Backlog(0, 0, 0.0)


async def test_only_what_could_be_taken_now_has_an_age(store: Store) -> None:
    await hear(store, 1)
    await sql(store, "UPDATE messages SET state_since = state_since - 50")
    waiting = await store.runs.backlog()
    assert (waiting.messages, waiting.runs) == (1, 0)
    assert waiting.age == pytest.approx(50, abs=20)
    claim = await claimed(store)
    assert await store.runs.backlog() == Backlog(0, 0, 0.0)
    await hear(store, 2)  # behind it, in its thread
    assert await store.runs.backlog() == Backlog(1, 0, 0.0)
    await hear(store, 3, where=place(9))
    assert (await store.runs.backlog()).messages == 2
    await end(store, claim)


async def test_a_run_that_nobody_works_on_waits_since_it_was_taken_or_its_lease_lapsed(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await sql(store, "UPDATE messages SET state_since = state_since - 50")
    await store.runs.release(claim.lease)
    released = await store.runs.backlog()
    assert (released.messages, released.runs) == (0, 1)
    assert released.age == pytest.approx(50, abs=20)
    await lapse(store, await claimed(store))  # in 1970
    assert (await store.runs.backlog()).age > 1e9


async def test_an_answer_to_be_withdrawn_waits(store: Store) -> None:
    await hear(store, 1)
    await end(store, await claimed(store))
    await store.messages.withdraw(TEAM, "C1", ts(1))
    assert (await message_of(store, ts(1)))[0] == "withdrawn"
    assert (await store.runs.backlog()).runs == 1
