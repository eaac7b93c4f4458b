"""Leaving: the last place takes its File along, and nobody is on it when it goes; scope, idleness, lost stores."""

import asyncio
import random

import pytest

from storage.file_records import LIBRARY, FilePlace, FileState, PlaceState
from storage.store import Store
from tests.conformance.file_scenes import (
    OTHER_THREAD,
    STORE,
    THREAD,
    age,
    drop,
    let_go,
    now_is,
    posted,
    stored,
)
from tests.conformance.scenes import CHANNEL, TEAM, sql, ts

IN_OTHER_THREAD = {"thread_ts": OTHER_THREAD}
ELSEWHERE = {"channel": "C2"}


def in_order(*places: FilePlace) -> list[int]:
    return [place.id for place in places]


async def test_what_leaves_is_listed_until_it_has_left(store: Store) -> None:
    first, second = await stored(store, 1), await stored(store, 2)
    await store.files.leave([second.id])
    await store.files.leave([first.id, second.id, 999])
    assert in_order(*await store.files.leaving()) == in_order(first, second)
    assert await store.files.left(first.id) is None
    assert await store.files.left(first.id) is None
    assert in_order(*await store.files.leaving()) == in_order(second)
    assert await store.files.place_of(first.id) is None


async def test_the_last_place_marks_the_file_and_takes_its_row_along_when_it_is_gone(store: Store) -> None:
    here, elsewhere = await stored(store), await stored(store, 2, **ELSEWHERE)
    await store.files.leave([here.id, elsewhere.id])
    assert await store.files.left(here.id) is None
    last = await store.files.left(elsewhere.id)
    assert last is not None
    assert (last.state, last.openai_file_id) == (FileState.DELETING, here.file.openai_file_id)
    assert await store.files.deleting() == (last,)
    await store.files.gone(last.id)
    await store.files.gone(last.id)
    assert (await store.files.deleting(), await sql(store, "SELECT id FROM files")) == ((), [])


async def test_what_is_not_leaving_never_goes(store: Store) -> None:
    place = await stored(store)
    assert await store.files.left(place.id) is None
    assert not await store.files.abandon(place.file.id)
    await store.files.gone(place.file.id)
    assert await now_is(store, place) == place


async def test_ids_are_never_given_twice(store: Store) -> None:
    """Whoever comes late with the id of what is gone does not meet another file."""
    place = await stored(store)
    await let_go(store, place)
    again = await drop(store)
    assert again.id > place.id
    assert again.file.id > place.file.id


async def test_a_file_stays_attached_as_long_as_another_place_in_the_channel_needs_it(store: Store) -> None:
    first, second = await stored(store, 1), await stored(store, 2)
    await stored(store, 3, use="container")
    await stored(store, 4, **ELSEWHERE)
    await store.files.leave([first.id])
    assert await store.files.others_in_channel(first)
    await store.files.leave([second.id])
    assert not await store.files.others_in_channel(first)
    assert not await store.files.others_in_channel(second)


async def test_a_file_without_a_place_is_unused_after_an_hour(store: Store) -> None:
    strays = [await stored(store, 1), await drop(store, 2, sha256="bb")]
    used = await stored(store, 3, sha256="cc")
    await sql(store, "DELETE FROM file_places WHERE id != :id", id=used.id)
    assert await store.files.unused() == ()
    await age(store, 3601)
    assert [file.id for file in await store.files.unused()] == [stray.file.id for stray in strays]
    assert await store.files.abandon(strays[0].file.id)
    assert not await store.files.abandon(strays[0].file.id)
    assert [file.id for file in await store.files.deleting()] == [strays[0].file.id]
    assert (await drop(store, 4, sha256="bb")).file.id == strays[1].file.id
    assert not await store.files.abandon(strays[1].file.id), "somebody uses it again"


# -- idle


async def test_what_no_answer_draws_on_is_idle_but_not_in_the_library(store: Store) -> None:
    drawn_on, idle = await stored(store, 1), await stored(store, 2, sha256="bb")
    in_library = await stored(store, 3, sha256="cc")
    await store.files.rescope(in_library.id, LIBRARY)
    await store.files.leave([(await stored(store, 4, sha256="dd")).id])
    await age(store, 31)
    new = await stored(store, 5, sha256="ee")
    await store.files.used([drawn_on.file.openai_file_id or "", "file-unknown"], TEAM, CHANNEL)
    await store.files.used([idle.file.openai_file_id or ""], TEAM, "C2")
    await store.files.used([idle.file.openai_file_id or ""], "T2", CHANNEL)
    assert in_order(*await store.files.idle(30)) == in_order(idle)
    assert await store.files.idle(60) == ()
    assert (await now_is(store, drawn_on)).used_at > (await now_is(store, new)).created_at - 1


# -- the library


async def test_a_file_goes_into_the_library_and_back_with_all_its_places(store: Store) -> None:
    first, second = await stored(store, 1), await stored(store, 2)
    given = await stored(store, 3, use="inline")
    elsewhere = await stored(store, 4, **ELSEWHERE)
    moved = await store.files.rescope(first.id, LIBRARY)
    assert [(place.id, place.scope) for place in moved] == [(first.id, LIBRARY), (second.id, LIBRARY)]
    assert await store.files.rescope(second.id, LIBRARY) == moved
    assert [(await now_is(store, place)).scope for place in (given, elsewhere)] == [THREAD, THREAD]
    back = await store.files.rescope(first.id, THREAD)
    assert [(place.id, place.scope) for place in back] == [(first.id, THREAD), (second.id, THREAD)]


async def test_a_file_stays_in_the_library_while_another_thread_would_lose_it(store: Store) -> None:
    first = await stored(store, 1)
    await store.files.rescope(first.id, LIBRARY)
    second = await stored(store, 2, **IN_OTHER_THREAD)
    assert await store.files.rescope(first.id, THREAD) == ()
    assert (await now_is(store, first)).scope == LIBRARY
    await store.files.leave([second.id])
    assert in_order(*await store.files.rescope(first.id, THREAD)) == in_order(first)


async def test_only_what_is_searched_and_stays_has_a_scope_to_change(store: Store) -> None:
    image, going = await stored(store, 1, use="image"), await stored(store, 2)
    await store.files.leave([going.id])
    for place_id in (image.id, going.id, 999):
        assert await store.files.rescope(place_id, LIBRARY) == ()
    with pytest.raises(ValueError, match="neither the library nor"):
        await store.files.rescope((await stored(store, 3, sha256="bb")).id, OTHER_THREAD)


# -- a lost store


@pytest.mark.parametrize("forgotten_before", [False, True])
async def test_what_was_in_a_lost_store_waits_to_be_attached_anew(store: Store, forgotten_before: bool) -> None:
    await store.channels.remember_store(TEAM, CHANNEL, STORE)
    ready = await stored(store, 1)
    read_whole = await stored(store, 2, sha256="bb", use="search_and_given")
    unstored = await drop(store, 3, sha256="cc")
    failed = await stored(store, 4, sha256="dd")
    await store.files.failed(failed.id, "unsupported_file")
    others = [await stored(store, 5, use="container"), await stored(store, 6, **ELSEWHERE)]
    if forgotten_before:
        await store.channels.forget_store(TEAM, CHANNEL, STORE)
    lost = await store.files.expire_store(TEAM, CHANNEL, STORE)
    assert in_order(*lost) == in_order(ready, read_whole)
    assert {place.state for place in lost} == {PlaceState.ATTACHING}
    assert await store.files.expire_store(TEAM, CHANNEL, STORE) == lost
    kept = await store.channels.of(TEAM, CHANNEL)
    assert kept is not None
    assert kept.vector_store_id is None
    assert [(await now_is(store, place)).state for place in (unstored, failed, *others)] == [
        PlaceState.ATTACHING,
        PlaceState.FAILED,
        PlaceState.READY,
        PlaceState.READY,
    ]


async def test_a_store_that_was_replaced_meanwhile_is_not_lost_again(store: Store) -> None:
    await store.channels.remember_store(TEAM, CHANNEL, "vs_new")
    ready, waiting = await stored(store, 1), await stored(store, 2, sha256="bb")
    await sql(store, "UPDATE file_places SET state = 'attaching' WHERE id = :id", id=waiting.id)
    assert in_order(*await store.files.expire_store(TEAM, CHANNEL, STORE)) == in_order(waiting)
    assert (await now_is(store, ready)).state is PlaceState.READY
    kept = await store.channels.of(TEAM, CHANNEL)
    assert kept is not None
    assert kept.vector_store_id == "vs_new"


# -- races


async def test_no_place_is_ever_on_a_file_that_is_deleted(url: str) -> None:
    """People post and remove one document all the time, in several threads, through two processes."""
    chance = random.Random(20260827)
    attached: set[tuple[int, str]] = set()  # (File, channel): what OpenAI's stores would hold
    deleted: set[int] = set()

    async def remove(store: Store, place: FilePlace) -> None:
        await store.files.leave([place.id])
        if not await store.files.others_in_channel(place):
            await asyncio.sleep(0)
            attached.discard((place.file.id, place.channel))
        if (file := await store.files.left(place.id)) is not None:
            deleted.add(file.id)
            await store.files.gone(file.id)

    async def person(store: Store, number: int) -> None:
        for turn in range(4):
            new = posted(100 * number + turn, thread_ts=ts(number % 3), channel=f"C{number % 2}")
            place = await store.files.place(new)
            attached.add((place.file.id, place.channel))
            await asyncio.sleep(0)
            if chance.random() < 0.8:
                await remove(store, place)

    async with Store.open(url, exclusive=False) as one, Store.open(url, exclusive=False) as two:
        await asyncio.gather(*(person((one, two)[number % 2], number) for number in range(12)))
        living = await sql(one, "SELECT file_id, channel FROM file_places")
        assert {(file_id, channel) for file_id, channel in living} == attached
        assert not {file_id for file_id, _ in living} & deleted
        assert len(await sql(one, "SELECT id FROM files")) == len({file_id for file_id, _ in living})
        mixed = "SELECT file_id FROM file_places GROUP BY file_id, channel HAVING count(DISTINCT scope) > 1"
        assert await sql(one, mixed) == []


async def test_of_many_who_go_at_once_exactly_one_is_the_last(store: Store) -> None:
    places = [await stored(store, number) for number in range(1, 9)]
    await store.files.leave(in_order(*places))
    last = await asyncio.gather(*(store.files.left(place.id) for place in places for _ in range(2)))
    assert len([file for file in last if file is not None]) == 1
