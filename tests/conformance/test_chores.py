"""Chores: one process at a time does each, whoever lives; and nobody does again what was just done."""

import asyncio

import pytest

from storage.store import Store
from tests.conformance.file_scenes import stored
from tests.conformance.scenes import sql
from tests.conformance.test_library import asked

NAME = "removal"


async def lapse(store: Store) -> None:
    await sql(store, "UPDATE chores SET until = until - 3600")


async def age(store: Store, seconds: float) -> None:
    await sql(store, "UPDATE chores SET done_at = done_at - :seconds", seconds=seconds)


@pytest.mark.races
async def test_of_many_who_want_a_chore_one_gets_it(store: Store) -> None:
    got = await asyncio.gather(*(store.chores.take(NAME, f"process {n}", 60) for n in range(8)))
    assert sum(got) == 1


async def test_each_chore_has_its_own_owner_who_may_take_it_twice(store: Store) -> None:
    assert await store.chores.take(NAME, "one", 60)
    assert await store.chores.take(NAME, "one", 60)
    assert await store.chores.take("sweep", "two", 60)
    assert not await store.chores.take(NAME, "two", 60)


async def test_what_is_given_back_is_free_at_once_and_what_lapses_when_it_has(store: Store) -> None:
    await store.chores.take(NAME, "one", 60)
    await store.chores.give_back(NAME, "two", done=True)
    assert not await store.chores.take(NAME, "two", 60)
    await store.chores.give_back(NAME, "one", done=True)
    assert await store.chores.take(NAME, "two", 60)
    await lapse(store)
    assert await store.chores.take(NAME, "three", 60)


async def test_a_lapsed_chore_is_not_renewed(store: Store) -> None:
    await store.chores.take(NAME, "one", 60)
    assert await store.chores.renew(NAME, "one", 60)
    assert not await store.chores.renew(NAME, "two", 60)
    await lapse(store)
    assert not await store.chores.renew(NAME, "one", 60)
    await store.chores.take(NAME, "two", 60)
    assert not await store.chores.renew(NAME, "one", 60)
    await store.chores.give_back(NAME, "one", done=True)
    assert await store.chores.renew(NAME, "two", 60), "it was no longer the first one's to give back"


async def test_what_another_has_just_done_is_not_done_again_but_its_own_by_anybody(store: Store) -> None:
    await store.chores.take("sweep", "one", 60)
    await store.chores.give_back("sweep", "one", done=True)
    assert not await store.chores.take("sweep", "two", 60, unless_done_within=3600)
    assert await store.chores.take("sweep", "one", 60, unless_done_within=3600)
    await store.chores.give_back("sweep", "one", done=False)
    await age(store, 3601)
    assert await store.chores.take("sweep", "two", 60, unless_done_within=3600)


async def test_opening_the_database_frees_the_chores_of_dead_processes(sqlite_url: str) -> None:
    async with Store.open(sqlite_url) as first:
        await first.chores.take(NAME, "dead", 3600)
        await first.chores.take("sweep", "dead", 3600)
        await first.chores.give_back("sweep", "dead", done=True)
    async with Store.open(sqlite_url) as second:
        assert await second.chores.take(NAME, "alive", 60)
        assert await second.chores.take("sweep", "alive", 60, unless_done_within=3600)


async def test_a_change_of_a_library_is_kept_by_its_owner_until_it_lapses(store: Store) -> None:
    change = await asked(store)
    assert await store.library.claim(change.id, "one", 60)
    assert await store.library.renew(change.id, "one", 60)
    assert not await store.library.renew(change.id, "two", 60)
    assert await store.library.renew(change.id, "one", -1)
    assert not await store.library.renew(change.id, "one", 60)
    assert await store.library.claim(change.id, "two", 60)
    assert not await store.library.renew(change.id, "one", 60)
    await store.library.done(change.id)
    assert not await store.library.renew(change.id, "two", 60)


async def test_an_upload_that_is_given_up_is_anybodys(store: Store) -> None:
    place = await stored(store)
    await store.files.lost(place.file)
    assert await store.files.begin_upload(place.file.id, "one", 60)
    await store.files.give_up_upload(place.file.id, "two")
    assert await store.files.begin_upload(place.file.id, "two", 60) is None
    await store.files.give_up_upload(place.file.id, "one")
    assert await store.files.begin_upload(place.file.id, "two", 60)


async def test_it_is_known_whether_anything_is_going(store: Store) -> None:
    place = await stored(store)
    assert not await store.files.any_going()
    await store.files.leave([place.id])
    assert await store.files.any_going()
    last = await store.files.left(place.id)
    assert last is not None
    assert await store.files.any_going()
    await store.files.gone(last.id)
    assert not await store.files.any_going()
