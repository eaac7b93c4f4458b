"""Messages: heard once, edited and deleted at any time, erased when they have been answered."""

import asyncio

import pytest

from storage.records import Heard, MessageState, NewMessage, Place, RunStatus, Thread, Touched, Verdict
from storage.store import Store
from tests.conformance.scenes import (
    CHANNEL,
    PLACE,
    TEAM,
    claimed,
    end,
    hear,
    message_of,
    no,
    place,
    said,
    sql,
    ts,
    yes,
)


def following(whom: str | None, *, accept: bool = False) -> "Follow":
    return Follow(whom, accept)


class Follow:
    """A decision that remembers on which threads it was asked."""

    def __init__(self, whom: str | None, accept: bool) -> None:
        self.verdict = Verdict(accept, "as told", whom)
        self.seen: list[Thread | None] = []

    def __call__(self, thread: Thread | None) -> Verdict:
        self.seen.append(thread)
        return self.verdict


async def test_an_accepted_message_makes_its_thread(store: Store) -> None:
    assert await store.messages.hear(said(PLACE, ts(1)), yes) == (Heard.ACCEPTED, yes(None))
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert (thread.place, thread.following, thread.last_message_ts) == (PLACE, "U1", ts(1))
    assert (thread.memory, thread.tail_item_id, thread.last_seen_ts) == (None, None, None)


async def test_a_message_comes_out_as_it_went_in(store: Store) -> None:
    file = {"id": "F1", "name": "résumé – 1.pdf", "size": 7}
    message = NewMessage(PLACE, ts(1), "U7", "naïve 🙂 'quoted'; --", author_team="T9", files=(file,))
    await store.messages.hear(message, yes)
    (kept,) = (await claimed(store)).messages
    assert (kept.ts, kept.user, kept.text, kept.author_team) == (ts(1), "U7", message.text, "T9")
    assert (kept.files, kept.state) == ((file,), MessageState.CLAIMED)


async def test_an_ignored_message_in_an_unknown_thread_writes_nothing(store: Store) -> None:
    before = store.database.transactions
    heard, verdict = await store.messages.hear(said(PLACE, ts(1)), no)
    assert (heard, verdict.reason) == (Heard.IGNORED, "not for us")
    assert store.database.transactions == before
    assert await store.threads.find(PLACE) is None


async def test_a_second_hearing_is_a_duplicate_and_writes_nothing(store: Store) -> None:
    await hear(store, 1)
    before = store.database.transactions
    heard, _ = await store.messages.hear(said(PLACE, ts(1), "something else"), yes)
    assert (heard, store.database.transactions) == (Heard.DUPLICATE, before)
    assert [message.text for message in (await claimed(store)).messages] == ["how are you?"]


async def test_a_duplicate_found_only_while_writing_changes_nothing(store: Store) -> None:
    """Both events of one post are looked up before either has been written."""
    results = await asyncio.gather(
        *(store.messages.hear(said(PLACE, ts(1)), following(f"U{number}", accept=True)) for number in range(8))
    )
    accepted = [verdict for heard, verdict in results if heard is Heard.ACCEPTED]
    assert len(accepted) == 1
    assert [heard for heard, _ in results].count(Heard.DUPLICATE) == 7
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert thread.following == accepted[0].following


async def test_a_redelivered_message_does_not_change_whom_the_thread_follows(store: Store) -> None:
    await hear(store, 1)
    await store.messages.hear(said(PLACE, ts(2), user="U2"), following(None))
    await store.messages.hear(said(PLACE, ts(1)), following("U1", accept=True))
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert thread.following is None


@pytest.mark.parametrize("whom", [None, "U2"])
async def test_an_ignored_message_may_change_whom_the_thread_follows(store: Store, whom: str | None) -> None:
    await hear(store, 1)
    decide = following(whom)
    heard, _ = await store.messages.hear(said(PLACE, ts(2), user="U2"), decide)
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert (heard, thread.following) == (Heard.IGNORED, whom)
    assert [seen.following for seen in decide.seen if seen] == ["U1", "U1"], "decided anew inside the transaction"


async def test_the_newest_message_counts_even_when_an_older_one_comes_late(store: Store) -> None:
    await hear(store, 5)
    await hear(store, 3)
    thread = await store.threads.find(PLACE)
    assert thread is not None
    assert thread.last_message_ts == ts(5)


async def test_the_same_ts_in_another_channel_or_team_is_another_message(store: Store) -> None:
    await hear(store, 1)
    await hear(store, 1, where=Place(TEAM, "C2", PLACE.thread_ts))
    await hear(store, 1, where=Place("T2", CHANNEL, PLACE.thread_ts))


async def test_a_decision_that_raises_leaves_nothing_behind(store: Store) -> None:
    def undecided(thread: Thread | None) -> Verdict:
        raise LookupError

    with pytest.raises(LookupError):
        await store.messages.hear(said(PLACE, ts(1)), undecided)
    assert await store.threads.find(PLACE) is None


async def test_an_edit_of_a_waiting_message_changes_it(store: Store) -> None:
    await hear(store, 1)
    assert await store.messages.change(TEAM, CHANNEL, ts(1), "new", [{"id": "F1"}]) is Touched.WAITING
    claim = await claimed(store)
    assert (claim.messages[0].text, claim.messages[0].files) == ("new", ({"id": "F1"},))
    assert not claim.run.restart_requested


async def test_an_edit_without_other_text_or_files_is_nothing(store: Store) -> None:
    await hear(store, 1, "same")
    assert await store.messages.change(TEAM, CHANNEL, ts(1), "same", ()) is Touched.SAME
    claim = await claimed(store)
    assert await store.messages.change(TEAM, CHANNEL, ts(1), "same", ()) is Touched.SAME
    assert (await store.runs.glance("worker")).restarts == frozenset()
    assert claim.messages[0].text == "same"


async def test_an_edit_during_its_run_asks_the_run_to_restart(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    assert await store.messages.change(TEAM, CHANNEL, ts(1), "better", ()) is Touched.ACTIVE
    assert (await store.runs.glance("worker")).restarts == {claim.run.id}
    again = await store.runs.restart(claim.lease)
    assert (again.messages[0].text, again.lease) == ("better", claim.lease)
    assert (await store.runs.glance("worker")).restarts == frozenset()


async def test_a_deleted_waiting_message_is_never_claimed(store: Store) -> None:
    await hear(store, 1)
    assert await store.messages.withdraw(TEAM, CHANNEL, ts(1)) is Touched.WAITING
    assert await message_of(store, ts(1)) == (MessageState.WITHDRAWN, None)
    assert await store.runs.claim("worker", 30) is None
    assert not (await store.runs.glance("worker")).claimable


async def test_a_run_goes_on_with_the_messages_that_are_left(store: Store) -> None:
    await hear(store, 1)
    await hear(store, 2)
    claim = await claimed(store)
    assert await store.messages.withdraw(TEAM, CHANNEL, ts(1)) is Touched.ACTIVE
    assert (await store.runs.glance("worker")).restarts == {claim.run.id}
    assert [message.ts for message in (await store.runs.restart(claim.lease)).messages] == [ts(2)]
    assert await store.messages.withdraw(TEAM, CHANNEL, ts(2)) is Touched.ACTIVE
    assert (await store.runs.restart(claim.lease)).messages == ()


async def test_what_was_withdrawn_stays_withdrawn_when_its_run_ends(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.messages.withdraw(TEAM, CHANNEL, ts(1))
    await end(store, claim, RunStatus.CANCELLED)
    assert await message_of(store, ts(1)) == (MessageState.WITHDRAWN, None)


async def test_an_unknown_message_can_neither_be_changed_nor_withdrawn(store: Store) -> None:
    assert await store.messages.change(TEAM, CHANNEL, ts(1), "new", ()) is Touched.UNKNOWN
    assert await store.messages.withdraw(TEAM, CHANNEL, ts(1)) is Touched.UNKNOWN


async def test_a_message_that_is_told_after_its_deletion_is_not_answered(store: Store) -> None:
    assert await store.messages.forestall(said(PLACE, ts(1)), yes)
    assert await message_of(store, ts(1)) == (MessageState.WITHDRAWN, None)
    heard, _ = await store.messages.hear(said(PLACE, ts(1)), yes)
    assert heard is Heard.DUPLICATE
    assert not (await store.runs.glance("w")).claimable


async def test_a_deletion_of_what_was_not_for_us_writes_nothing(store: Store) -> None:
    before = store.database.transactions
    assert await store.messages.forestall(said(PLACE, ts(1)), no)
    assert store.database.transactions == before
    assert await store.threads.find(PLACE) is None


async def test_a_message_that_was_told_meanwhile_is_not_forestalled(store: Store) -> None:
    await hear(store, 1)
    assert not await store.messages.forestall(said(PLACE, ts(1)), yes)
    assert (await message_of(store, ts(1)))[0] == MessageState.WAITING


async def test_a_withdrawn_message_is_settled(store: Store) -> None:
    await hear(store, 1)
    await store.messages.withdraw(TEAM, CHANNEL, ts(1))
    assert await store.messages.change(TEAM, CHANNEL, ts(1), "new", ()) is Touched.SETTLED
    assert await store.messages.withdraw(TEAM, CHANNEL, ts(1)) is Touched.SETTLED
    assert await message_of(store, ts(1)) == (MessageState.WITHDRAWN, None)


async def test_an_edit_of_an_answered_message_is_told_and_not_kept(store: Store) -> None:
    await hear(store, 1)
    await end(store, await claimed(store))
    assert await store.messages.change(TEAM, CHANNEL, ts(1), "new", ()) is Touched.ENDED
    assert await message_of(store, ts(1)) == (MessageState.ANSWERED, None)
    assert not (await store.runs.glance("worker")).claimable


async def test_an_unfinished_message_is_edited_for_the_next_try(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await end(store, claim, RunStatus.FAILED)
    assert await store.messages.change(TEAM, CHANNEL, ts(1), "better", ()) is Touched.SETTLED
    assert await store.runs.try_again(claim.run.id)
    assert (await claimed(store)).messages[0].text == "better"


async def test_an_unfinished_message_that_is_deleted_is_not_tried_again(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await end(store, claim, RunStatus.FAILED)
    assert await store.messages.withdraw(TEAM, CHANNEL, ts(1)) is Touched.ENDED
    assert await message_of(store, ts(1)) == (MessageState.WITHDRAWN, None)
    assert not await store.runs.try_again(claim.run.id)


async def test_only_old_unfinished_texts_are_swept(store: Store) -> None:
    for number, status in ((1, RunStatus.FAILED), (2, RunStatus.CANCELLED)):
        await hear(store, number, where=place(number))
        await end(store, await claimed(store), status)
    await hear(store, 3, where=place(3))
    await sql(store, "UPDATE messages SET state_since = state_since - 90000 WHERE ts != :ts", ts=ts(2))
    assert await store.messages.erase_unfinished(86_400) == 1
    assert await store.messages.erase_unfinished(86_400) == 0
    assert await message_of(store, ts(1)) == (MessageState.UNFINISHED, None)
    assert await message_of(store, ts(2)) == (MessageState.UNFINISHED, "how are you?")
    assert await message_of(store, ts(3)) == (MessageState.WAITING, "how are you?")
