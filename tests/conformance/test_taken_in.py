"""Runs take in what was said to us before their newest message, whether Slack has told us of it or not yet."""

import pytest

from storage.errors import LeaseLost
from storage.records import Heard
from storage.store import Store
from tests.conformance.scenes import PLACE, claimed, end, hear, lapse, message_of, said, sql, ts, yes


async def test_what_nobody_told_us_of_is_known_when_it_is_told(store: Store) -> None:
    await hear(store, 5)
    claim = await claimed(store)
    taken = await store.runs.take_in(claim.lease, [said(PLACE, ts(3), "older")])
    assert [message.ts for message in taken.messages] == [ts(3), ts(5)]
    assert taken.messages[0].text == "older"
    assert (await store.messages.hear(said(PLACE, ts(3), "older"), yes))[0] is Heard.DUPLICATE
    assert await store.runs.take_in(claim.lease, [said(PLACE, ts(3), "older")]) == taken
    await end(store, claim)
    assert await sql(store, "SELECT DISTINCT state FROM messages") == [("answered",)]
    assert (await store.runs.claim("other", 30)) is None


async def test_what_was_told_meanwhile_is_taken_and_what_has_had_its_answer_is_not(store: Store) -> None:
    await hear(store, 1)
    await end(store, await claimed(store))
    await hear(store, 5)
    claim = await claimed(store)
    await hear(store, 3)
    await store.messages.withdraw(PLACE.team, PLACE.channel, (await _told(store, 4)))
    taken = await store.runs.take_in(claim.lease, [said(PLACE, ts(number)) for number in (1, 3, 4)])
    assert [message.ts for message in taken.messages] == [ts(3), ts(5)]
    assert "withdrawn" in await message_of(store, ts(4))


async def _told(store: Store, number: int) -> str:
    await hear(store, number)
    return ts(number)


@pytest.mark.races
async def test_only_the_holder_takes_in(store: Store) -> None:
    await hear(store, 5)
    claim = await claimed(store)
    await lapse(store, claim)
    await claimed(store, "other")
    with pytest.raises(LeaseLost):
        await store.runs.take_in(claim.lease, [said(PLACE, ts(3))])
    assert await sql(store, "SELECT count(*) FROM messages") == [(1,)]
