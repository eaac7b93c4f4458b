"""What forgetting looks up and puts right: teams, turns, the ends of memories, places; uploads of the dead."""

from storage.records import Asked, Ending, Response, RunStatus
from storage.store import Store
from tests.conformance.file_scenes import OTHER_THREAD, drop, posted, stored
from tests.conformance.scenes import PLACE, TEAM, claimed, hear, sql, ts


async def turn(store: Store, number: int, *users: str) -> str:
    """A completed run for messages of those people; its id."""
    for beside, user in enumerate(users):
        await hear(store, number + beside, user=user)
    claim = await claimed(store)
    await store.runs.response_started(claim.lease, f"resp_{number}")
    answer = Response(0, f"resp_{number}", "completed", (f"item_{number}",))
    ending = Ending(
        RunStatus.COMPLETED, responses=(answer,), tail_item_id=f"item_{number}", last_seen_ts=ts(number)
    )
    await store.runs.finish(claim.lease, ending)
    return claim.run.id


async def test_who_asked_what_and_what_the_memory_has_of_it_is_told(store: Store) -> None:
    first, second = await turn(store, 100, "U1"), await turn(store, 200, "U1", "U2")
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert await store.retention.turns(thread.id) == (
        Asked(first, frozenset({"U1"}), ("resp_100",), frozenset({"item_100"})),
        Asked(second, frozenset({"U1", "U2"}), ("resp_200",), frozenset({"item_200"})),
    )


async def test_a_tail_is_moved_wherever_it_stands_in_its_thread(store: Store) -> None:
    await turn(store, 100, "U1")
    await turn(store, 200, "U2")
    thread = await store.threads.find(PLACE)
    assert thread is not None
    await store.retention.move_tails(thread.id + 1, {"item_200": None})
    await store.retention.move_tails(thread.id, {"item_100": None, "item_200": "item_150"})
    ends = await sql(store, "SELECT tail_before, tail_after FROM runs ORDER BY created_at")
    assert ends == [(None, None), (None, "item_150")]
    assert await sql(store, "SELECT tail_item_id FROM threads") == [("item_150",)]


async def test_teams_are_those_that_anything_is_kept_of(store: Store) -> None:
    assert await store.retention.teams() == ()
    await drop(store, team="T3")
    await store.channels.set_shared("T2", "C2", shared=True)
    await hear(store, 100)
    assert await store.retention.teams() == (TEAM, "T2", "T3")
    assert [thread.place for thread in await store.retention.threads_of_team(TEAM)] == [PLACE]
    assert await store.retention.threads_of_team("T2") == ()


async def test_all_places_of_a_file_are_told_in_every_channel_and_on_their_way_out(store: Store) -> None:
    here = await stored(store)
    there = await store.files.place(posted(2, channel="C2", thread_ts=OTHER_THREAD))
    assert there.file.id == here.file.id
    await store.files.leave([here.id])
    assert {place.id for place in await store.retention.places_of([here.file.id])} == {here.id, there.id}
    assert await store.retention.places_of([]) == ()


async def test_what_a_dead_process_was_uploading_is_taken_over_at_the_next_start(sqlite_url: str) -> None:
    async with Store.open(sqlite_url) as store:
        place = await drop(store)
        assert await store.files.begin_upload(place.file.id, "dead", 1200) is not None
        assert await store.files.begin_upload(place.file.id, "alive", 1200) is None
    async with Store.open(sqlite_url) as store:
        assert await store.files.begin_upload(place.file.id, "alive", 1200) is not None
