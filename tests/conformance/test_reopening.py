"""Ended runs that are taken up again: answered anew, or withdrawn with what they answered."""

import asyncio

import pytest

from storage.errors import LeaseLost
from storage.records import (
    Claim,
    Ending,
    Feedback,
    MessageState,
    Place,
    Reopening,
    ReplyState,
    Response,
    RunStatus,
    Said,
    Thread,
    Touched,
    Usage,
)
from storage.store import Store
from tests.conformance.scenes import CHANNEL, PLACE, TEAM, claimed, hear, lapse, message_of, place, sql, ts


async def answered(store: Store, *numbers: int, where: Place = PLACE, status: str = "completed") -> Claim:
    """Messages, their run with one Slack message, and its end: item m_1 for message 1."""
    for number in numbers:
        await hear(store, number, where=where)
    claim = await claimed(store)
    await store.runs.started(claim.lease, {}, "conv_1")
    await store.runs.response_started(claim.lease, f"resp_{numbers[-1]}")
    reply = await store.runs.reply_intended(claim.lease, 0)
    await store.runs.reply_begun(claim.lease, reply.position, ts(500 + numbers[-1]))
    item = f"m_{numbers[-1]}"
    await store.runs.finish(
        claim.lease,
        Ending(
            RunStatus(status),
            usage=Usage(10, 5, 3, 1),
            responses=(Response(0, f"resp_{numbers[-1]}", "completed", (item,)),),
            tail_item_id=item,
            last_seen_ts=ts(numbers[-1]),
        ),
    )
    return claim


async def thread_in(store: Store, where: Place = PLACE) -> Thread:
    thread = await store.threads.find(where)
    assert thread is not None
    return thread


async def stands(store: Store, where: Place = PLACE) -> tuple[str | None, str | None]:
    thread = await thread_in(store, where)
    return thread.tail_item_id, thread.last_seen_ts


async def delete(store: Store, number: int) -> Touched:
    return await store.messages.withdraw(TEAM, CHANNEL, ts(number))


# -- answered anew


@pytest.mark.parametrize("status", ["completed", "incomplete"])
async def test_the_newest_answer_is_given_anew_from_where_it_began(store: Store, status: str) -> None:
    await answered(store, 1)
    run = (await answered(store, 2, 3, status=status)).run
    assert await store.runs.may_reopen(run.id)
    assert await store.runs.reopen(run.id, "U1") is Reopening.REOPENED
    assert (await store.runs.glance("worker")).claimable
    again = await claimed(store)
    assert (again.run.id, again.run.attempt, again.run.restart_requested) == (run.id, 2, True)
    assert [(it.ts, it.text, it.state) for it in again.messages] == [
        (ts(2), None, MessageState.CLAIMED),
        (ts(3), None, MessageState.CLAIMED),
    ]
    assert [(it.ts, it.state) for it in again.replies] == [(ts(503), ReplyState.CLOSED)]
    assert (again.thread.tail_item_id, again.thread.last_seen_ts) == ("m_1", ts(1))
    assert await store.runs.steps(run.id) == ()


async def test_the_second_click_finds_it_under_way(store: Store) -> None:
    run = (await answered(store, 1)).run
    found = await asyncio.gather(*(store.runs.reopen(run.id, "U1") for _ in range(4)))
    assert sorted(found) == [Reopening.REOPENED, *[Reopening.UNDER_WAY] * 3]
    await claimed(store)
    assert await store.runs.reopen(run.id, "U1") is Reopening.UNDER_WAY
    assert not await store.runs.may_reopen(run.id)


async def test_it_can_be_given_anew_again_and_again(store: Store) -> None:
    run = (await answered(store, 1)).run
    for number in (2, 3):
        assert await store.runs.reopen(run.id, "U1") is Reopening.REOPENED
        claim = await claimed(store)
        assert (claim.thread.tail_item_id, claim.thread.last_seen_ts) == (None, None)
        await store.runs.recall(claim.lease, {ts(1): Said("how?")})
        lease = (await store.runs.restart(claim.lease)).lease
        await store.runs.finish(lease, Ending(RunStatus.COMPLETED, tail_item_id=f"n_{number}", last_seen_ts=ts(1)))
        assert await stands(store) == (f"n_{number}", ts(1))
        assert await message_of(store, ts(1)) == (MessageState.ANSWERED, None)


async def test_what_was_used_for_all_the_answers_is_added_up(store: Store) -> None:
    run = (await answered(store, 1)).run
    await store.runs.reopen(run.id, "U1")
    await store.runs.finish((await claimed(store)).lease, Ending(RunStatus.COMPLETED, usage=Usage(1, 0, 2, 0)))
    found = await store.runs.find(run.id)
    assert found is not None
    assert found.usage == Usage(11, 5, 5, 1)


@pytest.mark.parametrize("what", ["waiting", "active", "answered", "failed"])
async def test_only_the_newest_is_given_anew(store: Store, what: str) -> None:
    run = (await answered(store, 1)).run
    await hear(store, 2)
    if what != "waiting":
        later = await claimed(store)
    if what in ("answered", "failed"):
        reply = await store.runs.reply_intended(later.lease, 0)
        await store.runs.reply_begun(later.lease, reply.position, ts(502))
        status = RunStatus.COMPLETED if what == "answered" else RunStatus.FAILED
        await store.runs.finish(later.lease, Ending(status))
    assert await store.runs.reopen(run.id, "U1") is Reopening.LATER
    assert not await store.runs.may_reopen(run.id)
    assert await stands(store) == ("m_1", ts(1))


async def test_another_thread_does_not_matter(store: Store) -> None:
    run = (await answered(store, 1)).run
    await hear(store, 2, where=place(2))
    await claimed(store)
    assert await store.runs.reopen(run.id, "U1") is Reopening.REOPENED


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
async def test_what_was_not_answered_is_not_given_anew(store: Store, status: RunStatus) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.finish(claim.lease, Ending(status))
    assert await store.runs.reopen(claim.run.id, "U1") is Reopening.UNKNOWN
    assert await store.runs.reopen("no such run", "U1") is Reopening.UNKNOWN


async def test_an_earlier_stop_does_not_stop_the_new_answer(store: Store) -> None:
    await hear(store, 1)
    claim = await claimed(store)
    await store.runs.request_stop(PLACE, "U1")
    await store.runs.finish(claim.lease, Ending(RunStatus.COMPLETED))
    await store.runs.reopen(claim.run.id, "U1")
    assert (await claimed(store)).run.stop_requested_by is None


async def test_opinions_of_the_old_answer_go_with_it(store: Store) -> None:
    run = (await answered(store, 1)).run
    await store.feedback.give(Feedback(run.id, "U1", "down"))
    await store.runs.reopen(run.id, "U1")
    assert await store.feedback.of(run.id) == ()
    await store.feedback.give(Feedback(run.id, "U1", "down"))
    assert await store.feedback.of(run.id) == (), "nothing is there yet to have an opinion of"


async def test_a_reason_belongs_to_the_opinion_it_was_given_for(store: Store) -> None:
    run = (await answered(store, 1)).run
    because = Feedback(run.id, "U1", "down", "because")
    assert not await store.feedback.explain(because)
    await store.feedback.give(Feedback(run.id, "U1", "down"))
    assert await store.feedback.explain(because)
    assert await store.feedback.of(run.id) == (because,)
    await store.feedback.give(Feedback(run.id, "U1", "up"))
    assert not await store.feedback.explain(because)
    assert await store.feedback.of(run.id) == (Feedback(run.id, "U1", "up"),)


async def test_who_asks_for_it_anew_has_asked_for_one_more(store: Store) -> None:
    run = (await answered(store, 1)).run
    await store.runs.reopen(run.id, "U2")
    await store.runs.reopen(run.id, "U2")
    assert await store.runs.of_person(TEAM, "U1", 3600) == 1
    assert await store.runs.of_person(TEAM, "U2", 3600) == 1
    assert await store.runs.of_person("T9", "U2", 3600) == 0
    await sql(store, "UPDATE regenerations SET asked_at = asked_at - 7200")
    assert await store.runs.of_person(TEAM, "U2", 3600) == 0


async def test_what_slack_has_is_recalled_and_what_it_has_not_is_withdrawn(store: Store) -> None:
    run = (await answered(store, 1, 2, 3)).run
    await store.runs.reopen(run.id, "U1")
    claim = await claimed(store)
    assert await store.messages.change(TEAM, CHANNEL, ts(3), "edited meanwhile", ()) is Touched.ACTIVE
    said = {ts(1): Said("tea?", ({"id": "F1"},)), ts(3): Said("coffee?")}
    await store.runs.recall(claim.lease, said)
    again = await store.runs.restart(claim.lease)
    assert [(it.text, it.files) for it in again.messages] == [("tea?", ({"id": "F1"},)), ("edited meanwhile", ())]
    assert await message_of(store, ts(2)) == (MessageState.WITHDRAWN, None)


async def test_a_new_answer_that_failed_can_be_tried_again(store: Store) -> None:
    run = (await answered(store, 1)).run
    await store.runs.reopen(run.id, "U1")
    claim = await claimed(store)
    await store.runs.recall(claim.lease, {ts(1): Said("tea?")})
    await store.runs.finish(claim.lease, Ending(RunStatus.FAILED))
    assert await store.runs.reopen(run.id, "U1") is Reopening.UNKNOWN
    assert await store.runs.try_again(run.id)
    assert [message.text for message in (await claimed(store)).messages] == ["tea?"]


async def test_a_memory_that_was_replaced_since_is_not_taken_back(store: Store) -> None:
    run = (await answered(store, 1)).run
    await hear(store, 2)
    later = await claimed(store)
    await store.runs.remember(later.lease, "conv_2")
    await store.runs.finish(later.lease, Ending(RunStatus.FAILED))
    assert await store.runs.reopen(run.id, "U1") is Reopening.REOPENED, "the failed one shows nothing"
    assert await stands(store) == (None, None)


# -- withdrawn


async def test_a_deleted_question_is_claimed_to_be_withdrawn(store: Store) -> None:
    run = (await answered(store, 1)).run
    assert await delete(store, 1) is Touched.ENDED
    assert (await store.runs.glance("worker")).claimable
    claim = await claimed(store)
    assert (claim.run.id, claim.run.withdraw_requested, claim.run.restart_requested) == (run.id, True, False)
    assert (claim.run.tail_before, claim.run.tail_after, claim.messages) == (None, "m_1", ())
    assert [response.item_ids for response in claim.responses] == [("m_1",)]
    await store.runs.reply_dropped(claim.lease, 0)
    await store.runs.withdrawn(claim.lease)
    found = await store.runs.find(run.id)
    assert found is not None
    assert (found.status, found.error, found.withdraw_requested) == (RunStatus.CANCELLED, "withdrawn", False)
    assert await stands(store) == (None, None)
    assert not (await store.runs.glance("worker")).claimable
    assert await store.runs.claim("worker", 30) is None
    assert await delete(store, 1) is Touched.SETTLED


async def test_what_is_withdrawn_is_not_given_anew(store: Store) -> None:
    run = (await answered(store, 1, 2)).run
    await delete(store, 1)
    assert await store.runs.reopen(run.id, "U1") is Reopening.UNKNOWN


async def test_the_newest_answers_what_is_left(store: Store) -> None:
    await answered(store, 1)
    run = (await answered(store, 2, 3)).run
    await delete(store, 2)
    claim = await claimed(store)
    assert (claim.run.id, claim.run.withdraw_requested, claim.run.restart_requested) == (run.id, False, True)
    assert [message.ts for message in claim.messages] == [ts(3)]
    assert await stands(store) == ("m_1", ts(1))


async def test_an_older_answer_goes_even_if_not_all_of_its_messages_do(store: Store) -> None:
    run = (await answered(store, 1, 2)).run
    await answered(store, 3)
    await delete(store, 1)
    claim = await claimed(store)
    assert (claim.run.id, claim.run.withdraw_requested, claim.messages) == (run.id, True, ())
    await store.runs.withdrawn(claim.lease)
    assert await stands(store) == ("m_3", ts(3))
    assert await delete(store, 2) is Touched.ENDED
    await store.runs.withdrawn((await claimed(store)).lease)
    assert await stands(store) == ("m_3", ts(3))


async def test_later_runs_close_the_gap(store: Store) -> None:
    await answered(store, 1)
    await answered(store, 2)
    newest = (await answered(store, 3)).run
    await delete(store, 2)
    await store.runs.withdrawn((await claimed(store)).lease)
    assert await stands(store) == ("m_3", ts(3))
    await store.runs.reopen(newest.id, "U1")
    again = await claimed(store)
    assert (again.thread.tail_item_id, again.thread.last_seen_ts) == ("m_1", ts(1))


async def test_withdrawing_waits_for_the_active_run_and_goes_before_what_waits(store: Store) -> None:
    run = (await answered(store, 1)).run
    await hear(store, 2)
    active = await claimed(store)
    await hear(store, 3)
    await delete(store, 1)
    assert await store.runs.claim("other", 30) is None
    assert not (await store.runs.glance("worker")).claimable
    await store.runs.finish(active.lease, Ending(RunStatus.COMPLETED))
    claim = await claimed(store)
    assert claim.run.id == run.id
    assert await store.runs.claim("other", 30) is None, "the thread is busy with it"
    await store.runs.withdrawn(claim.lease)
    assert [message.ts for message in (await claimed(store)).messages] == [ts(3)]


async def test_withdrawing_survives_its_worker(store: Store) -> None:
    run = (await answered(store, 1)).run
    await delete(store, 1)
    first = await claimed(store)
    await lapse(store, first)
    second = await claimed(store)
    assert (second.run.id, second.run.withdraw_requested, second.run.lapses) == (run.id, True, 1)
    with pytest.raises(LeaseLost):
        await store.runs.withdrawn(first.lease)
    await store.runs.withdrawn(second.lease)


async def test_a_memory_out_of_reach_is_tried_again_later(store: Store) -> None:
    run = (await answered(store, 1)).run
    await delete(store, 1)
    await store.runs.withdrawn((await claimed(store)).lease, again_in=600)
    assert await store.runs.claim("worker", 30) is None
    assert await stands(store) == ("m_1", ts(1))
    await answered(store, 2)
    await sql(store, "UPDATE runs SET withdraw_at = withdraw_at - 600 WHERE id = :id", id=run.id)
    claim = await claimed(store)
    assert (claim.run.id, [it.item_ids for it in claim.responses]) == (run.id, [("m_1",)])
    await store.runs.withdrawn(claim.lease)
    assert await stands(store) == ("m_2", ts(2))


async def test_an_unfinished_answer_goes_with_the_last_of_its_messages(store: Store) -> None:
    for number in (1, 2):
        await hear(store, number)
    claim = await claimed(store)
    await store.runs.finish(claim.lease, Ending(RunStatus.FAILED))
    assert await delete(store, 1) is Touched.SETTLED, "the other one may be tried again"
    assert await store.runs.claim("worker", 30) is None
    assert await delete(store, 2) is Touched.ENDED
    assert (await claimed(store)).run.withdraw_requested


async def test_many_workers_never_take_two_runs_of_a_thread(store: Store) -> None:
    for number in range(1, 4):
        await answered(store, number)
    for number in range(1, 4):
        await delete(store, number)
    await hear(store, 9)
    seen: list[str] = []

    async def work(owner: str) -> None:
        while claim := await store.runs.claim(owner, 30):
            (active,) = await sql(store, "SELECT count(*) FROM runs WHERE lease_owner IS NOT NULL")
            assert active == (1,)
            seen.append(claim.run.id)
            if claim.run.withdraw_requested:
                await store.runs.withdrawn(claim.lease)
            else:
                await store.runs.finish(claim.lease, Ending(RunStatus.COMPLETED))

    await asyncio.gather(*(work(f"worker {number}") for number in range(4)))
    assert len(seen) == len(set(seen)) == 4
    assert await stands(store) == (None, None)
