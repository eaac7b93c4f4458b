"""Changes of libraries: asked for once, done in order, and what they do to places that share a File."""

from typing import Any

from storage.file_records import LIBRARY, LibraryChange, NewLibraryChange, PlaceState
from storage.store import Store
from tests.conformance.file_scenes import OTHER_THREAD, THREAD, drop, now_is, stored
from tests.conformance.scenes import CHANNEL, TEAM, ts

ADDING = NewLibraryChange(TEAM, CHANNEL, THREAD, ts(101), "U1", "U2", True, ("F1",))
REMOVING = NewLibraryChange(TEAM, CHANNEL, THREAD, ts(101), "U1", "U2", False, ("F1",))


async def asked(store: Store, new: NewLibraryChange = ADDING) -> LibraryChange:
    return await store.library.intend(new)


async def scopes(store: Store, *places: Any) -> list[str]:
    return [(await now_is(store, place)).scope for place in places]


async def test_a_change_asked_for_twice_is_one_and_the_last_word_counts(store: Store) -> None:
    adding = await asked(store)
    assert await asked(store) == adding
    removing = await asked(store, REMOVING)
    again = await asked(store)
    assert await store.library.waiting() == (adding, removing, again)
    for change in (adding, removing, again):
        await store.library.done(change.id)
    assert await store.library.waiting() == ()


async def test_one_owner_at_a_time_has_a_change(store: Store) -> None:
    change = await asked(store)
    held = await store.library.claim(change.id, "one", 60)
    assert held is not None
    assert held.attempts == 1
    assert await store.library.claim(change.id, "two", 60) is None
    await store.library.release(change.id, "two")
    assert await store.library.claim(change.id, "two", 60) is None
    await store.library.release(change.id, "one")
    assert await store.library.claim(change.id, "two", -1) is not None
    assert await store.library.claim(change.id, "three", 60) is not None
    await store.library.done(change.id)
    assert await store.library.claim(change.id, "three", 60) is None


async def test_opening_the_database_frees_the_changes_of_dead_processes(sqlite_url: str) -> None:
    async with Store.open(sqlite_url) as first:
        change = await asked(first)
        await first.library.claim(change.id, "dead", 3600)
    async with Store.open(sqlite_url) as second:
        assert await second.library.claim(change.id, "alive", 60) is not None


async def test_what_is_added_is_in_the_library_and_noted_in_one_step(store: Store) -> None:
    place = await stored(store)
    change = await asked(store)
    widened = await store.library.widen(change.id, place.id)
    assert widened is not None
    assert (widened.named, widened.affected) == ((place.id,), (place.id,))
    assert await scopes(store, place) == [LIBRARY]
    assert await store.library.widen(change.id, place.id) == widened
    await store.library.done(change.id)
    assert await store.library.widen(change.id, place.id) is None


async def test_the_same_content_is_in_a_library_once(store: Store) -> None:
    first, second = await stored(store), await stored(store, 2, thread_ts=OTHER_THREAD)
    assert first.file.id != second.file.id
    change = await asked(store)
    await store.library.widen(change.id, first.id)
    widened = await store.library.widen(change.id, second.id)
    assert widened is not None
    assert widened.named == (first.id,)
    assert await scopes(store, first, second) == [LIBRARY, OTHER_THREAD]


async def test_what_is_not_searched_or_is_leaving_is_in_no_library(store: Store) -> None:
    picture, leaving = await stored(store, use="image"), await stored(store, 2, sha256="bb")
    await store.files.leave([leaving.id])
    change = await asked(store)
    for place in (picture, leaving):
        assert await store.library.widen(change.id, place.id) == change
        assert await store.library.narrow(change.id, place.id) == change


async def test_what_is_removed_belongs_to_its_thread_again(store: Store) -> None:
    place, beside = await stored(store), await stored(store, 2)
    await store.files.rescope(place.id, LIBRARY)
    change = await asked(store, REMOVING)
    narrowed = await store.library.narrow(change.id, place.id)
    assert narrowed is not None
    assert (narrowed.named, narrowed.affected) == ((place.id,), (place.id, beside.id))
    assert await scopes(store, place, beside) == [THREAD, THREAD]
    assert await store.library.narrow(change.id, place.id) == narrowed


async def test_another_thread_that_shared_the_file_of_a_library_gets_its_own(store: Store) -> None:
    first = await stored(store)
    await store.files.rescope(first.id, LIBRARY)
    joined = await stored(store, 2, thread_ts=OTHER_THREAD)
    beside = await stored(store, 3, thread_ts=OTHER_THREAD)
    elsewhere = await stored(store, 4, channel="C2")
    assert len({place.file.id for place in (first, joined, beside, elsewhere)}) == 1
    change = await asked(store, REMOVING)
    narrowed = await store.library.narrow(change.id, first.id)
    assert narrowed is not None
    assert (narrowed.named, narrowed.affected) == ((first.id,), (first.id, joined.id, beside.id))
    moved = [await now_is(store, place) for place in (joined, beside)]
    assert [(place.scope, place.state, place.file.openai_file_id) for place in moved] == [
        (OTHER_THREAD, PlaceState.ATTACHING, None)
    ] * 2
    assert moved[0].file.id == moved[1].file.id != first.file.id
    assert await now_is(store, elsewhere) == elsewhere
    assert await now_is(store, await drop(store, 2, thread_ts=OTHER_THREAD)) == moved[0]


async def test_in_a_channel_with_outsiders_nobody_shares_the_file_of_the_closed_library(store: Store) -> None:
    first = await stored(store)
    await store.files.rescope(first.id, LIBRARY)
    await store.channels.set_shared(TEAM, CHANNEL, True)
    posted_anew = await drop(store, 2, thread_ts=OTHER_THREAD)
    assert posted_anew.scope == OTHER_THREAD
    assert posted_anew.file.id != first.file.id
    await store.channels.set_shared(TEAM, CHANNEL, False)
    assert (await drop(store, 3, thread_ts="1700000000.000300")).file.id == first.file.id
