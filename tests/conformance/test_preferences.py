"""What people set for channels and threads, with a row for every change; and what messages ask their run to do."""

import asyncio
from dataclasses import replace
from typing import Any

from storage.preference_records import Preferences
from storage.records import Heard, Place, RunStatus, Thread, Verdict
from storage.store import Store
from tests.conformance.scenes import CHANNEL, PLACE, TEAM, claimed, end, hear, place, said, sql, ts, yes

OTHERWISE = {"model": "gpt-6-luna", "additional_instructions": "In Spanish."}


def unless_muted(thread: Thread | None) -> Verdict:
    muted = thread is not None and thread.muted
    return Verdict(not muted, "muted" if muted else "mentioned", None if muted else "U1")


async def audit(store: Store) -> list[tuple[Any, ...]]:
    changes = await store.preferences.changes(TEAM, CHANNEL)
    return [(it.thread_ts, it.user, it.setting, it.before, it.after) for it in changes]


async def test_a_channels_settings_are_kept_with_who_changed_what(store: Store) -> None:
    book = store.preferences
    assert await book.of_channel(TEAM, CHANNEL) == Preferences()
    (first,) = await book.set_channel(TEAM, CHANNEL, "U1", additional_instructions="Be brief.")
    assert (first.before, first.after) == (None, "Be brief.")
    assert await book.set_channel(TEAM, CHANNEL, "U2", additional_instructions="Be brief.") == ()
    await book.set_channel(TEAM, CHANNEL, "U2", muted=True, assistant="legal")
    await book.set_channel(TEAM, CHANNEL, "U2", muted=False, additional_instructions=None)
    assert await book.of_channel(TEAM, CHANNEL) == Preferences(assistant="legal")
    assert await book.of_channel("T2", CHANNEL) == Preferences()
    assert await audit(store) == [
        (None, "U1", "additional_instructions", None, "Be brief."),
        (None, "U2", "muted", None, "muted"),
        (None, "U2", "assistant", None, "legal"),
        (None, "U2", "muted", "muted", None),
        (None, "U2", "additional_instructions", "Be brief.", None),
    ]
    assert all(change.changed_at > 1_700_000_000 for change in await book.changes(TEAM, CHANNEL))


async def test_settings_and_a_store_do_not_disturb_each_other(store: Store) -> None:
    await store.channels.remember_store(TEAM, CHANNEL, "vs_1")
    await store.preferences.set_channel(TEAM, CHANNEL, "U1", assistant="legal")
    await store.channels.set_shared(TEAM, CHANNEL, True)
    channel = await store.channels.of(TEAM, CHANNEL)
    assert channel is not None
    assert (channel.vector_store_id, channel.shared, channel.assistant) == ("vs_1", True, "legal")


async def test_of_several_at_once_every_change_follows_on_the_one_before(store: Store) -> None:
    texts = [f"text {number}" for number in range(6)]
    setting = (store.preferences.set_channel(TEAM, CHANNEL, "U1", additional_instructions=it) for it in texts)
    await asyncio.gather(*setting)
    changes = await store.preferences.changes(TEAM, CHANNEL)
    assert sorted(change.after or "" for change in changes) == texts
    assert [change.before for change in changes] == [None, *(change.after for change in changes[:-1])]


async def test_a_thread_has_settings_of_its_own_also_before_we_were_in_it(store: Store) -> None:
    book = store.preferences
    wanted = await book.set_thread(PLACE, "U1", assistant="legal", additional_instructions="Briefly.", muted=True)
    assert len(wanted) == 3
    assert await book.of_thread(PLACE) == Preferences("legal", "Briefly.", muted=True)
    assert await book.of_thread(place(9)) == await book.of_channel(TEAM, CHANNEL) == Preferences()
    assert [row[0] for row in await audit(store)] == [PLACE.thread_ts] * 3
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert (thread.assistant, thread.muted) == ("legal", True)


async def test_where_it_is_muted_whoever_decides_is_told_so(store: Store) -> None:
    messages, book = store.messages, store.preferences
    await book.set_thread(PLACE, "U1", muted=True)
    assert (await messages.hear(said(PLACE, ts(1)), unless_muted))[0] is Heard.IGNORED
    assert await book.is_muted(PLACE)
    await book.set_thread(PLACE, "U1", muted=False)
    assert not await book.is_muted(PLACE)
    assert (await messages.hear(said(PLACE, ts(1)), unless_muted))[0] is Heard.ACCEPTED
    await book.set_channel(TEAM, CHANNEL, "U1", muted=True)
    assert await book.is_muted(PLACE)
    for number, where in ((2, PLACE), (3, place(3))):
        heard = await messages.hear(said(where, ts(number)), unless_muted)
        assert heard == (Heard.IGNORED, Verdict(False, "muted"))
    assert await store.threads.find(place(3)) is None, "nothing is remembered of it"
    assert (await messages.hear(said(Place(TEAM, "C2", ts(4)), ts(4)), unless_muted))[0] is Heard.ACCEPTED


async def test_forgetting_a_channel_or_a_thread_takes_its_settings_along(store: Store) -> None:
    book = store.preferences
    await book.set_thread(PLACE, "U1", muted=True)
    await book.set_thread(place(2), "U1", assistant="legal")
    kept = await store.retention.of_thread(PLACE)
    assert kept is not None
    assert await store.retention.erase_thread(kept)
    assert [row[0] for row in await audit(store)] == [place(2).thread_ts]
    await book.set_channel(TEAM, CHANNEL, "U1", muted=True)
    await store.channels.erase(TEAM, CHANNEL)
    assert await audit(store) == []
    assert await book.of_channel(TEAM, CHANNEL) == Preferences()


async def test_forgetting_a_person_takes_their_changes_and_wishes_along(store: Store) -> None:
    await store.preferences.set_channel(TEAM, CHANNEL, "U1", additional_instructions="Mine.")
    await store.preferences.set_channel(TEAM, CHANNEL, "U2", additional_instructions="Mine.", muted=True)
    await store.messages.hear(said(PLACE, ts(1), overrides=OTHERWISE), yes)
    claim = await claimed(store)
    await end(store, claim)
    await store.retention.erase_user_rows(TEAM, "U1")
    assert [row[1] for row in await audit(store)] == ["U2"]
    run = await store.runs.find(claim.run.id)
    assert run is not None
    assert run.overrides is None


async def test_a_muted_thread_is_not_purged_as_if_nothing_were_set(store: Store) -> None:
    await store.preferences.set_thread(PLACE, "U1", muted=True)
    await store.retention.purge(1)
    assert (await store.preferences.of_thread(PLACE)).muted


async def test_runs_under_way_are_counted_by_channel(store: Store) -> None:
    await hear(store, 1)
    await hear(store, 2, where=place(2))
    await hear(store, 3, where=Place(TEAM, "C2", ts(3)))
    assert await store.preferences.under_way(TEAM, CHANNEL) == 0
    claims = [await claimed(store) for _ in range(3)]
    assert await store.preferences.under_way(TEAM, CHANNEL) == 2
    await end(store, claims[0])
    assert await store.preferences.under_way(TEAM, CHANNEL) == 1


async def test_a_run_gets_what_its_message_asks_to_be_done_otherwise(store: Store) -> None:
    await store.messages.hear(said(PLACE, ts(1), overrides=OTHERWISE), yes)
    claim = await claimed(store)
    assert claim.run.overrides == claim.messages[0].overrides == OTHERWISE
    await store.runs.started(claim.lease, {"model": "m"})
    again = await store.runs.restart(claim.lease)
    assert again.run.overrides == OTHERWISE
    await end(store, claim)
    assert await sql(store, "SELECT overrides FROM messages WHERE overrides IS NOT NULL") == []
    assert (await store.runs.reopen(claim.run.id, "U1")).value == "reopened"
    assert (await claimed(store)).run.overrides == OTHERWISE, "an answer given anew is given with the same"


async def test_what_is_tried_again_is_asked_the_same_way(store: Store) -> None:
    await store.messages.hear(said(PLACE, ts(1), overrides=OTHERWISE), yes)
    claim = await claimed(store)
    await end(store, claim, RunStatus.FAILED)
    assert await store.runs.try_again(claim.run.id)
    assert (await claimed(store)).run.overrides == OTHERWISE


async def test_messages_that_want_something_else_have_a_run_of_their_own(store: Store) -> None:
    for number, wish in ((1, None), (2, None), (3, OTHERWISE), (4, OTHERWISE), (5, {"model": "m"}), (6, None)):
        await store.messages.hear(said(PLACE, ts(number), overrides=wish), yes)
    runs = []
    while claim := await store.runs.claim("worker", 30):
        joined = await store.runs.join(claim.lease) if claim.run.overrides is None else claim
        runs.append(([message.ts for message in joined.messages], joined.run.overrides))
        await end(store, replace(claim, messages=joined.messages))
    assert runs == [
        ([ts(1), ts(2), ts(6)], None),
        ([ts(3), ts(4)], OTHERWISE),
        ([ts(5)], {"model": "m"}),
    ]


async def test_an_answer_that_is_withdrawn_leaves_no_wishes_behind(store: Store) -> None:
    await store.messages.hear(said(PLACE, ts(1), overrides=OTHERWISE), yes)
    claim = await claimed(store)
    await end(store, claim)
    await store.messages.withdraw(TEAM, CHANNEL, ts(1))
    taken = await claimed(store)
    assert taken.run.withdraw_requested
    await store.runs.withdrawn(taken.lease)
    run = await store.runs.find(claim.run.id)
    assert run is not None
    assert run.overrides is None


async def test_texts_come_back_as_they_were_said_but_for_nul(store: Store) -> None:
    hostile = "a\u202e'\"; DROP TABLE runs; -- \U0001f600\n<!channel>"
    await store.preferences.set_channel(TEAM, CHANNEL, "U1", additional_instructions=hostile)
    assert (await store.preferences.of_channel(TEAM, CHANNEL)).additional_instructions == hostile
    await store.preferences.set_channel(TEAM, CHANNEL, "U1", additional_instructions="a\0b")
    await store.messages.hear(said(PLACE, ts(1), overrides={"additional_instructions": f"{hostile}a\0b"}), yes)
    kept = (await claimed(store)).run.overrides
    assert kept is not None
    assert kept["additional_instructions"].startswith(hostile)
