"""Many at once: order, exclusion, and callers that go away in the middle."""

import asyncio
import random
from collections import Counter, defaultdict

import pytest

from storage.database import Database
from storage.records import Ending, Heard, Place, RunStatus
from storage.store import Store
from tests.conformance.scenes import (
    CHANNEL,
    PLACE,
    TEAM,
    claimed,
    hear,
    lapse,
    message_of,
    place,
    said,
    sql,
    ts,
    yes,
)

pytestmark = pytest.mark.races

WORKERS, THREADS, MESSAGES = 8, 50, 10


async def test_order_is_kept_and_no_thread_ever_has_two_active_runs(store: Store) -> None:
    answered: dict[Place, list[str]] = defaultdict(list)
    active: Counter[Place] = Counter()
    heard_all = asyncio.Event()

    async def speak(thread: Place, first: int) -> None:
        for number in range(MESSAGES):
            heard, _ = await store.messages.hear(said(thread, ts(first + number)), yes)
            assert heard is Heard.ACCEPTED

    async def work(owner: str) -> None:
        while True:
            all_there = heard_all.is_set()
            claim = await store.runs.claim(owner, 30)
            if claim is None:
                if all_there:
                    return
                continue
            active[claim.thread.place] += 1
            assert active[claim.thread.place] == 1
            await asyncio.sleep(0)
            answered[claim.thread.place] += [message.ts for message in claim.messages]
            active[claim.thread.place] -= 1
            await store.runs.finish(claim.lease, Ending(RunStatus.COMPLETED))

    async with asyncio.TaskGroup() as workers:
        for number in range(WORKERS):
            workers.create_task(work(f"worker {number}"))
        async with asyncio.TaskGroup() as people:
            for number in range(THREADS):
                people.create_task(speak(place(number), 1000 * (number + 1)))
        heard_all.set()

    expected = {place(n): [ts(1000 * (n + 1) + m) for m in range(MESSAGES)] for n in range(THREADS)}
    assert answered == expected


async def test_three_hundred_cancellations_disturb_nobody(url: str) -> None:
    """Nobody waits for another's lock here, so a transaction left open by a cancelled caller would be met."""
    database = await Database.open(url, busy_seconds=0)
    store = Store(database)
    chance = random.Random(20260826)

    async def one(number: int) -> None:
        await hear(store, number, where=place(number))
        claim = await store.runs.claim("hasty", 30)
        if claim is not None:
            await store.runs.reply_intended(claim.lease, 0)
            await store.runs.finish(claim.lease, Ending(RunStatus.COMPLETED))

    async def hasty(number: int) -> None:
        task = asyncio.create_task(one(number))
        for _ in range(chance.randrange(200)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled() or task.exception() is None

    async def innocent(number: int) -> None:
        await hear(store, number, where=place(number))
        assert (await store.runs.glance("innocent")).stops == {}

    async with asyncio.TaskGroup() as everybody:
        for number in range(300):
            everybody.create_task(hasty(1000 + number))
            everybody.create_task(innocent(5000 + number))

    assert store.database.checked_out == 0
    ((innocents,),) = await sql(store, "SELECT count(*) FROM messages WHERE ts >= :ts", ts=ts(5000))
    assert innocents == 300
    half_done = await sql(
        store,
        "SELECT runs.id FROM runs LEFT JOIN messages ON messages.run_id = runs.id AND messages.state ="
        " CASE WHEN runs.status = 'completed' THEN 'answered' ELSE 'claimed' END WHERE messages.id IS NULL",
    )
    assert half_done == []
    await database.close()


async def test_what_was_begun_is_committed_whenever_its_caller_is_cancelled(store: Store) -> None:
    at = await hear(store, 1)
    for moment in range(1, 60):
        task = asyncio.create_task(store.messages.change(TEAM, CHANNEL, at, f"version {moment}", ()))
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))
        assert store.database.checked_out == 0
        assert await message_of(store, at) == ("waiting", f"version {moment}")


async def test_a_worker_that_comes_back_late_never_spoils_what_another_has_done(store: Store) -> None:
    await hear(store, 1)
    late = await claimed(store, "late")
    await lapse(store, late)
    prompt = await claimed(store, "prompt")
    results = await asyncio.gather(
        store.runs.finish(late.lease, Ending(RunStatus.FAILED, error="late")),
        store.runs.finish(prompt.lease, Ending(RunStatus.COMPLETED)),
        return_exceptions=True,
    )
    assert type(results[0]).__name__ == "LeaseLost"
    run = await store.runs.find(prompt.run.id)
    assert run is not None
    assert (run.status, run.error) == (RunStatus.COMPLETED, None)


async def test_two_stores_on_one_database_share_the_work(url: str) -> None:
    """As two processes would, where the database lets them."""
    async with Store.open(url, exclusive=False) as one, Store.open(url, exclusive=False) as two:
        for number in range(10):
            await hear(one, number, where=place(number))
        claims = await asyncio.gather(*(which.runs.claim("w", 30) for which in (one, two) for _ in range(6)))
        taken = [claim.thread.place for claim in claims if claim is not None]
        assert len(taken) == len(set(taken)) == 10
        assert PLACE not in taken
