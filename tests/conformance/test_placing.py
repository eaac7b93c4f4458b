"""Placing: one File for the same bytes and name, uploaded once, and never one that is about to go."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from storage import placing
from storage.file_records import LIBRARY, FilePlace, FileState, PlaceState
from storage.store import Store
from tests.conformance.file_scenes import (
    HANDBOOK,
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

ELSEWHERE = {"channel": "C2"}
IN_OTHER_THREAD = {"thread_ts": OTHER_THREAD}


def ids(*places: FilePlace) -> list[str]:
    return [place.slack_file_id for place in places]


async def test_a_place_comes_out_as_it_went_in(store: Store) -> None:
    place = await drop(store)
    for name in ("team", "channel", "thread_ts", "message_ts", "slack_file_id", "uploader", "use", "shown"):
        assert getattr(place, name) == getattr(HANDBOOK, name)
    assert (place.permalink, place.scope, place.searched) == (HANDBOOK.permalink, THREAD, True)
    assert (place.state, place.error, place.used_at) == (PlaceState.ATTACHING, None, place.created_at)
    file = place.file
    assert (file.team, file.sha256, file.name, file.size, file.copy) == (TEAM, "aa", "handbook.pdf", 10, 0)
    assert (file.state, file.openai_file_id, file.expires_after) == (FileState.UPLOADING, None, None)
    assert await store.files.place_of(place.id) == place
    assert await store.files.place_of(place.id + 1) is None


async def test_placing_again_returns_the_place_as_it_stands(store: Store) -> None:
    place = await drop(store)
    assert await store.files.place(HANDBOOK) == place
    await store.files.failed(place.id, "unsupported_file")
    again = await store.files.place(HANDBOOK)
    assert (again.id, again.state, again.error) == (place.id, PlaceState.FAILED, "unsupported_file")


@pytest.mark.parametrize(
    ("other", "one_file"),
    [
        ({}, True),  # twice in one thread
        (ELSEWHERE, True),
        ({**ELSEWHERE, **IN_OTHER_THREAD}, True),
        (IN_OTHER_THREAD, False),
        ({"sha256": "bb"}, False),
        ({"name": "other.pdf"}, False),
        ({"team": "T2"}, False),
        ({"expires_after": 86400}, False),
        ({**IN_OTHER_THREAD, "use": "image"}, True),  # only in a store does a File have a scope
    ],
)
async def test_which_posts_share_a_file(store: Store, other: dict[str, str], one_file: bool) -> None:
    first, second = await drop(store), await drop(store, 2, **other)
    assert first.id != second.id
    assert (first.file.id == second.file.id) == one_file


async def test_one_file_of_slacks_may_have_several_uses(store: Store) -> None:
    searched, given = await drop(store), await drop(store, use="container")
    assert searched.id != given.id
    assert await store.files.count_in_thread(TEAM, CHANNEL, THREAD) == 1


async def test_copies_are_told_apart_and_found_again(store: Store) -> None:
    first, second = await drop(store), await drop(store, 2, **IN_OTHER_THREAD)
    assert (first.file.copy, second.file.copy) == (0, 1)
    assert (await drop(store, 3, **IN_OTHER_THREAD)).file.id == second.file.id
    assert (await drop(store, 4, **ELSEWHERE)).file.id == first.file.id, "the lowest copy first"


async def test_what_a_thread_searches_already_is_preferred_to_a_lower_copy(store: Store) -> None:
    first = await stored(store)
    await drop(store, 4, **ELSEWHERE)
    second = await stored(store, 2, **IN_OTHER_THREAD)
    await let_go(store, first)
    assert (await drop(store, 3, **IN_OTHER_THREAD)).file.id == second.file.id


async def test_what_is_in_the_library_is_in_it_when_it_is_posted_again(store: Store) -> None:
    first = await stored(store)
    await store.files.rescope(first.id, LIBRARY)
    second = await drop(store, 2, **IN_OTHER_THREAD)
    assert (second.file.id, second.scope) == (first.file.id, LIBRARY)


async def test_other_bytes_in_a_place_let_the_old_ones_leave(store: Store) -> None:
    old = await stored(store)
    new = await drop(store, sha256="bb")
    assert (new.id != old.id, new.file.sha256) == (True, "bb")
    assert [place.id for place in await store.files.leaving()] == [old.id]
    assert await drop(store, sha256="bb") == new


@pytest.mark.parametrize(("left", "kept"), [(3500, False), (3700, True)])
async def test_a_file_that_is_about_to_expire_is_not_used_again(store: Store, left: float, kept: bool) -> None:
    place = await drop(store, use="inline", expires_after=86400)
    file = await store.files.uploaded(place.file.id, "file-1")
    assert file is not None
    assert file.expires_at is not None
    assert file.expires_at - file.created_at == pytest.approx(86400, abs=60)
    await sql(store, "UPDATE files SET expires_at = expires_at - 86400 + :left", left=left)
    again = await drop(store, use="inline", expires_after=86400)
    other = await drop(store, 2, use="inline", expires_after=7200)
    assert (again.id == place.id, other.file.id == place.file.id) == (kept, kept)
    assert bool(await store.files.leaving()) != kept


async def test_a_file_that_is_being_deleted_is_uploaded_anew(store: Store) -> None:
    place = await stored(store)
    await store.files.leave([place.id])
    assert (await store.files.left(place.id)) is not None
    again = await drop(store)
    assert (again.file.copy, again.file.state) == (1, FileState.UPLOADING)


async def test_a_place_that_is_leaving_is_made_anew_on_another_file(store: Store) -> None:
    """The old one may be detached at any moment."""
    place = await stored(store)
    await store.files.leave([place.id])
    again = await drop(store)
    assert (again.id != place.id, again.file.copy) == (True, 1)
    assert (await drop(store, 4, **ELSEWHERE)).file.id == place.file.id, "it is detached in one channel only"
    await let_go(store, place)
    assert (await drop(store)).id == again.id


async def test_a_file_that_another_place_keeps_is_used_while_one_leaves(store: Store) -> None:
    first, second = await stored(store), await stored(store, 2)
    await store.files.leave([first.id])
    assert (await drop(store)).file.id == second.file.id


# -- uploading


async def test_one_owner_uploads_at_a_time(store: Store) -> None:
    file = (await drop(store)).file
    begun = await asyncio.gather(*(store.files.begin_upload(file.id, f"worker {n}", 60) for n in range(8)))
    assert [found for found in begun if found is not None] == [file]
    (owner,) = [n for n, found in enumerate(begun) if found is not None]
    assert await store.files.begin_upload(file.id, f"worker {owner}", 60) == file, "renewed"


async def test_a_lapsed_upload_may_be_taken_over(store: Store) -> None:
    file = (await drop(store)).file
    await store.files.begin_upload(file.id, "dead", 60)
    assert await store.files.begin_upload(file.id, "alive", 60) is None
    await age(store, 61)
    assert await store.files.begin_upload(file.id, "alive", 60) is not None
    assert await store.files.begin_upload(file.id, "dead", 60) is None


async def test_an_upload_is_stored_once(store: Store) -> None:
    file = (await drop(store)).file
    first = await store.files.uploaded(file.id, "file-1")
    assert first is not None
    assert (first.state, first.openai_file_id, first.expires_at) == (FileState.STORED, "file-1", None)
    assert await store.files.uploaded(file.id, "file-1") == first
    assert await store.files.uploaded(file.id, "file-2") == first, "the caller deletes its own"
    assert await store.files.begin_upload(file.id, "late", 60) == first


async def test_openais_word_on_when_a_file_expires_counts(store: Store) -> None:
    file = (await drop(store, expires_after=3600)).file
    stored_file = await store.files.uploaded(file.id, "file-1", expires_at=9e9)
    assert stored_file is not None
    assert stored_file.expires_at == 9e9


async def test_an_upload_that_nobody_wants_any_more_is_deleted_with_its_id(store: Store) -> None:
    place = await drop(store)
    await store.files.begin_upload(place.file.id, "worker", 60)
    await store.files.leave([place.id])
    last = await store.files.left(place.id)
    assert last is not None
    assert last.state is FileState.DELETING
    assert await store.files.begin_upload(place.file.id, "worker", 60) is None
    assert await store.files.deleting() == (), "its id may be known at any moment"
    await store.files.gone(place.file.id)
    kept = await store.files.uploaded(place.file.id, "file-1")
    assert kept is not None
    assert (kept.openai_file_id, kept.state) == ("file-1", FileState.DELETING)
    assert await store.files.deleting() == (kept,)
    await store.files.gone(kept.id)
    assert await store.files.uploaded(place.file.id, "file-1") is None


async def test_an_unwanted_upload_whose_worker_died_is_given_up_when_it_has_lapsed(store: Store) -> None:
    place = await drop(store)
    await store.files.begin_upload(place.file.id, "dead", 60)
    await store.files.leave([place.id])
    await store.files.left(place.id)
    await age(store, 61)
    (file,) = await store.files.deleting()
    assert file.openai_file_id is None


async def test_known_ids_and_uploads_under_way_are_told_by_name_and_size(store: Store) -> None:
    mine = await stored(store)
    await stored(store, 2, team="T2")
    await stored(store, 3, size=11, sha256="bb")
    await stored(store, 4, name="other.pdf")
    theirs = [place.file.openai_file_id for place in (mine, (await drop(store, 2, team="T2")))]
    assert await store.files.known("handbook.pdf", 10) == frozenset(theirs)
    one, other = await drop(store, 5, sha256="cc"), await drop(store, 6, sha256="dd")
    assert not await store.files.uploading_elsewhere(one.file)
    await store.files.begin_upload(other.file.id, "worker", 60)
    assert await store.files.uploading_elsewhere(one.file)
    assert not await store.files.uploading_elsewhere(other.file)
    await store.files.uploaded(other.file.id, "file-other")
    assert not await store.files.uploading_elsewhere(one.file)


async def test_an_upload_that_lapsed_is_nobodys(store: Store) -> None:
    one, other = await drop(store, 5, sha256="cc"), await drop(store, 6, sha256="dd")
    await store.files.begin_upload(other.file.id, "dead", 60)
    await age(store, 61)
    assert not await store.files.uploading_elsewhere(one.file)


async def test_a_place_becomes_ready_or_fails_unless_it_is_leaving(store: Store) -> None:
    place = await drop(store)
    assert await store.files.failed(place.id, "server_error")
    assert ((await now_is(store, place)).state, (await now_is(store, place)).error) == (
        PlaceState.FAILED,
        "server_error",
    )
    assert await store.files.ready(place.id)
    assert ((await now_is(store, place)).state, (await now_is(store, place)).error) == (PlaceState.READY, None)
    await store.files.leave([place.id])
    assert not await store.files.ready(place.id)
    assert not await store.files.failed(place.id, "late")
    assert (await now_is(store, place)).state is PlaceState.LEAVING
    assert not await store.files.ready(place.id + 1)


async def test_a_place_is_not_ready_in_a_store_that_is_lost(store: Store) -> None:
    place = await drop(store)
    await store.channels.remember_store(TEAM, "C2", STORE)
    assert not await store.files.ready(place.id, store=STORE)
    await store.channels.remember_store(TEAM, CHANNEL, STORE)
    assert not await store.files.ready(place.id, store="vs_old")
    assert await store.files.ready(place.id, store=STORE)


# -- looking


async def test_everyone_sees_their_own_places(store: Store) -> None:
    mine = await stored(store, 1)
    in_library = await stored(store, 2, **IN_OTHER_THREAD, uploader="U2")
    others = await stored(store, 3, **IN_OTHER_THREAD, sha256="bb", uploader="U2")
    elsewhere = await stored(store, 4, **ELSEWHERE)
    await store.files.rescope(in_library.id, LIBRARY)
    await store.files.leave([(await stored(store, 5)).id])
    files = store.files
    assert ids(*await files.of_thread(TEAM, CHANNEL, THREAD)) == ids(mine, in_library)
    assert ids(*await files.of_thread(TEAM, CHANNEL, OTHER_THREAD)) == ids(in_library, others)
    assert ids(*await files.of_thread(TEAM, CHANNEL, ts(999))) == ids(in_library)
    assert ids(*await files.of_channel(TEAM, CHANNEL)) == ids(others, in_library, mine)
    assert ids(*await files.of_channel("T2", CHANNEL)) == []
    assert ids(*await files.of_slack_file(TEAM, "F4")) == ids(elsewhere)
    assert ids(*await files.of_message(TEAM, CHANNEL, ts(103))) == ids(others)
    assert ids(*await files.places_of_user(TEAM, "U2")) == ids(in_library, others)
    assert await files.count_in_thread(TEAM, CHANNEL, OTHER_THREAD) == 2
    assert await files.count_in_thread(TEAM, CHANNEL, ts(999)) == 0


async def test_permalinks_are_those_of_the_channel_and_the_oldest_counts(store: Store) -> None:
    mine = await stored(store, permalink="https://a/1")
    await stored(store, 2, permalink="https://a/2")
    elsewhere = await stored(store, 3, **ELSEWHERE, sha256="bb", permalink="https://a/3")
    unlinked = await stored(store, 4, sha256="cc", permalink="")
    asked = [place.file.openai_file_id or "" for place in (mine, elsewhere, unlinked)]
    scopes = (LIBRARY, THREAD)
    assert await store.files.permalinks(TEAM, CHANNEL, scopes, asked) == {asked[0]: "https://a/1"}
    assert await store.files.permalinks(TEAM, "C2", scopes, asked) == {asked[1]: "https://a/3"}
    assert await store.files.permalinks("T2", CHANNEL, scopes, asked) == {}
    assert await store.files.permalinks(TEAM, CHANNEL, (LIBRARY, OTHER_THREAD), asked) == {}
    await store.files.rescope(mine.id, LIBRARY)
    assert await store.files.permalinks(TEAM, CHANNEL, (LIBRARY, OTHER_THREAD), asked) == {asked[0]: "https://a/1"}
    assert await store.files.permalinks(TEAM, CHANNEL, (THREAD,), asked) == {}


# -- races


async def test_many_at_once_make_one_file_and_one_place(store: Store) -> None:
    places = await asyncio.gather(*(store.files.place(HANDBOOK) for _ in range(10)))
    assert {place.id for place in places} == {places[0].id}
    threads = [posted(number, thread_ts=ts(number)) for number in range(2, 10)]
    others = await asyncio.gather(*(store.files.place(new) for new in threads))
    assert sorted(place.file.copy for place in others) == list(range(1, 9))


async def test_a_race_lost_to_another_process_makes_nothing(store: Store) -> None:
    place = await drop(store)
    lost = await store.database.write(lambda it: placing._new_place(it, HANDBOOK, place.file.id, THREAD))
    assert lost is None
    with pytest.raises(IntegrityError):
        await sql(store, "INSERT INTO file_places SELECT 99, file_id, team, channel, thread_ts, scope, message_ts,"
                  " slack_file_id, uploader, \"use\", shown, permalink, state, error, created_at, used_at"
                  " FROM file_places")  # fmt: skip


async def test_two_stores_on_one_database_upload_once(url: str) -> None:
    async with Store.open(url, exclusive=False) as one, Store.open(url, exclusive=False) as two:
        places = await asyncio.gather(*(which.files.place(HANDBOOK) for which in (one, two)))
        file = places[0].file
        begun = await asyncio.gather(
            one.files.begin_upload(file.id, "one", 60), two.files.begin_upload(file.id, "two", 60)
        )
        assert (places[0].id == places[1].id, begun.count(None)) == (True, 1)
