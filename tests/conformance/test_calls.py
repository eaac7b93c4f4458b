"""Function calls: stored once, made at most once, decided once."""

import asyncio

import pytest

from storage.call_records import CallState, Decision, NewCall
from storage.errors import LeaseLost
from storage.records import Claim, Ending, RunStatus
from storage.store import Store
from tests.conformance.scenes import CHANNEL, PLACE, TEAM, claimed, hear, lapse, sql, ts

FREE = NewCall("call_1", "resp_1", "lookup", '{"number": 1}')
ASKED = NewCall("call_2", "resp_1", "refund", '{"number": 2}', approval=True)
OTHERS = NewCall("call_3", "resp_1", "pay", "{}", approval=True, approvers=("U7",))


async def begun(store: Store, *calls: NewCall) -> Claim:
    """A run that has taken a question of U1, and wants those calls."""
    await hear(store, 1)
    claim = await claimed(store)
    await store.calls.propose(claim.lease, calls)
    return claim


async def test_a_call_is_stored_once_in_the_order_asked(store: Store) -> None:
    claim = await begun(store, FREE, ASKED)
    later = NewCall("call_9", "resp_2", "lookup", "{}")
    calls = await store.calls.propose(claim.lease, (ASKED, FREE, later))
    assert [call.call_id for call in calls] == ["call_1", "call_2", "call_9"]
    assert calls == await store.calls.of_run(claim.run.id)
    assert [call.undecided for call in calls] == [False, True, False]


@pytest.mark.races
async def test_a_call_is_begun_once_however_many_try(store: Store) -> None:
    claim = await begun(store, FREE)
    begins = await asyncio.gather(*(store.calls.start(claim.lease, "call_1") for _ in range(8)))
    assert sorted(begins) == [False] * 7 + [True]
    await store.calls.end(claim.lease, "call_1", CallState.COMPLETED, "one")
    await store.calls.end(claim.lease, "call_1", CallState.FAILED, "two")
    (call,) = await store.calls.of_run(claim.run.id)
    assert (call.state, call.output) == (CallState.COMPLETED, "one")
    assert not await store.calls.start(claim.lease, "call_1")


async def test_what_needs_a_yes_is_not_begun_without_one(store: Store) -> None:
    claim = await begun(store, ASKED)
    assert not await store.calls.start(claim.lease, "call_2")
    assert await store.calls.decide(claim.run.id, "call_2", "U1", approve=True) is Decision.DECIDED
    assert await store.calls.start(claim.lease, "call_2")


async def test_a_run_that_waits_is_nobodys_until_all_is_decided(store: Store) -> None:
    claim = await begun(store, ASKED, OTHERS)
    assert await store.calls.wait(claim.lease, 60)
    assert await store.runs.claim("another", 30) is None
    with pytest.raises(LeaseLost):
        await store.calls.start(claim.lease, "call_2")
    await hear(store, 2)
    assert await store.runs.claim("another", 30) is None, "its thread waits, too"

    assert await store.calls.decide(claim.run.id, "call_2", "U1", approve=True) is Decision.DECIDED
    assert await store.runs.claim("another", 30) is None
    assert await store.calls.decide(claim.run.id, "call_3", "U1", approve=True) is Decision.NOT_YOURS
    assert await store.calls.decide(claim.run.id, "call_3", "U7", approve=False) is Decision.DECIDED
    again = await claimed(store, "another")
    assert (again.run.id, again.run.lapses) == (claim.run.id, 0)
    states = [(call.state, call.decided_by) for call in await store.calls.of_run(claim.run.id)]
    assert states == [(CallState.APPROVED, "U1"), (CallState.DENIED, "U7")]


@pytest.mark.races
async def test_who_decides_second_is_told_so(store: Store) -> None:
    claim = await begun(store, ASKED)
    await store.calls.wait(claim.lease, 60)
    decisions = await asyncio.gather(
        *(store.calls.decide(claim.run.id, "call_2", "U1", approve=bool(number % 2)) for number in range(6))
    )
    assert sorted(decisions) == [Decision.ALREADY] * 5 + [Decision.DECIDED]
    assert await store.calls.decide(claim.run.id, "nothing", "U1", approve=True) is Decision.OVER


async def test_what_is_decided_before_the_run_waits_keeps_it_going(store: Store) -> None:
    claim = await begun(store, ASKED)
    await store.calls.decide(claim.run.id, "call_2", "U1", approve=False)
    assert not await store.calls.wait(claim.lease, 60)
    assert await store.runs.renew("worker", 30, [claim.run.id])


async def test_a_wait_ends_with_its_time_and_is_not_begun_anew_by_a_crash(store: Store) -> None:
    claim = await begun(store, ASKED)
    await store.calls.wait(claim.lease, 60)
    await sql(store, "UPDATE runs SET action_until = 1")
    assert await store.calls.decide(claim.run.id, "call_2", "U1", approve=True) is Decision.OVER
    expired = await claimed(store)
    await store.calls.wait(expired.lease, 60)
    assert (await claimed(store)).run.id == claim.run.id, "its time is over still"


@pytest.mark.parametrize("how", ["stop", "edit"])
async def test_stopped_or_edited_a_run_that_waits_is_taken_up(store: Store, how: str) -> None:
    claim = await begun(store, ASKED)
    await store.calls.wait(claim.lease, 60)
    if how == "stop":
        await store.runs.request_stop(PLACE, "U2")
    else:
        await store.messages.change(TEAM, CHANNEL, ts(1), "something else", ())
    assert (await store.runs.glance("worker")).claimable
    taken = await claimed(store)
    assert taken.run.id == claim.run.id
    restarted = await store.runs.restart(taken.lease)
    assert await store.calls.of_run(restarted.run.id) == ()
    await store.runs.finish(restarted.lease, Ending(RunStatus.CANCELLED))


async def test_calls_that_were_made_outlive_a_restart(store: Store) -> None:
    claim = await begun(store, FREE, ASKED)
    await store.calls.start(claim.lease, "call_1")
    await store.runs.restart(claim.lease)
    assert [call.state for call in await store.calls.of_run(claim.run.id)] == [CallState.STARTED]


async def test_a_thread_that_waits_is_found_by_its_place(store: Store) -> None:
    claim = await begun(store, ASKED)
    here = (PLACE.team, PLACE.channel, PLACE.thread_ts)
    assert await store.calls.waiting(*here) is None
    await store.calls.wait(claim.lease, 60)
    found = await store.calls.waiting(*here)
    assert found is not None
    assert (found[0].id, [call.call_id for call in found[1]]) == (claim.run.id, ["call_2"])
    assert not await store.calls.holds_up(claim.thread.id)
    await hear(store, 2)
    assert await store.calls.holds_up(claim.thread.id)


async def test_a_yes_is_remembered_for_the_thread(store: Store) -> None:
    claim = await begun(store, ASKED)
    assert not await store.calls.approved_in(claim.thread.id, "refund")
    await store.calls.decide(claim.run.id, "call_2", "U1", approve=True)
    assert await store.calls.approved_in(claim.thread.id, "refund")
    assert not await store.calls.approved_in(claim.thread.id + 1, "refund")


async def test_whoever_lost_the_run_writes_nothing_about_its_calls(store: Store) -> None:
    claim = await begun(store, FREE)
    await lapse(store, claim)
    await claimed(store, "another")
    for write in (
        store.calls.propose(claim.lease, (ASKED,)),
        store.calls.start(claim.lease, "call_1"),
        store.calls.end(claim.lease, "call_1", CallState.COMPLETED, "one"),
        store.calls.wait(claim.lease, 60),
    ):
        with pytest.raises(LeaseLost):
            await write
    assert [call.state for call in await store.calls.of_run(claim.run.id)] == [CallState.PROPOSED]


async def test_calls_go_with_their_run(store: Store) -> None:
    claim = await begun(store, FREE)
    await store.runs.finish(claim.lease, Ending(RunStatus.COMPLETED))
    await sql(store, "UPDATE runs SET finished_at = 1")
    assert await store.retention.purge(60) == 1
    assert await sql(store, "SELECT count(*) FROM function_calls") == [(0,)]


async def test_whether_the_time_to_decide_is_over(store: Store) -> None:
    claim = await begun(store, ASKED)
    assert not await store.calls.expired(claim.run.id)
    await store.calls.wait(claim.lease, 60)
    assert not await store.calls.expired(claim.run.id)
    await sql(store, "UPDATE runs SET action_until = 1")
    assert await store.calls.expired(claim.run.id)


async def test_what_was_called_for_answers_that_were_given_up_is_known_until_the_next_answer(store: Store) -> None:
    failed = await begun(store, FREE, ASKED)
    await store.runs.response_started(failed.lease, "resp_1")
    await store.calls.start(failed.lease, "call_1")
    thread = failed.thread.id
    assert await store.calls.given_up(failed.run.id, thread) == (), "its response stands"
    await store.runs.finish(failed.lease, Ending(RunStatus.FAILED))
    await hear(store, 2)
    answered = await claimed(store)
    (call,) = await store.calls.given_up(answered.run.id, thread)
    assert (call.call_id, call.state) == ("call_1", CallState.STARTED)
    await store.calls.propose(answered.lease, (NewCall("call_5", "resp_5", "lookup", "{}"),))
    await store.calls.start(answered.lease, "call_5")
    given_up = await store.calls.given_up(answered.run.id, thread)
    assert [call.call_id for call in given_up] == ["call_1", "call_5"], "no response of it is known any more"
    await store.runs.finish(answered.lease, Ending(RunStatus.COMPLETED))
    await hear(store, 3)
    assert await store.calls.given_up((await claimed(store)).run.id, thread) == ()
