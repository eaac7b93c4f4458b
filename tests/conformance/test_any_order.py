"""Whatever happens in whatever order, some sentences about the rows stay true."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from storage.errors import LeaseLost
from storage.records import Claim, Ending, RunStatus
from storage.store import Store
from tests.conformance.scenes import CHANNEL, TEAM, hear, lapse, place, sql, ts

T = TypeVar("T")

NEVER = {
    "two active runs in a thread": "SELECT thread_id AS id FROM runs WHERE status IN ('queued', 'in_progress')"
    " GROUP BY thread_id HAVING count(*) > 1",
    "a claimed message without an active run": "SELECT messages.id FROM messages LEFT JOIN runs"
    " ON runs.id = run_id AND status IN ('queued', 'in_progress') WHERE state = 'claimed' AND runs.id IS NULL",
    "a waiting message with a run": "SELECT id FROM messages WHERE state = 'waiting' AND run_id IS NOT NULL",
    "a message that was lost": "SELECT id FROM messages WHERE state IN ('waiting', 'claimed') AND text IS NULL",
    "a text that should be erased": "SELECT id FROM messages WHERE state IN ('answered', 'withdrawn')"
    " AND (text IS NOT NULL OR CAST(files AS TEXT) != '[]')",
    "an ended run with a lease": "SELECT id FROM runs WHERE finished_at IS NOT NULL AND lease_owner IS NOT NULL",
}

SEEN = " UNION ALL ".join(
    f"SELECT '{what}', CAST(id AS TEXT) FROM ({query}) AS found" for what, query in NEVER.items()
)

claims = st.integers(0, 3)
threads = st.integers(1, 2).map(place)
numbers = st.integers(1, 12)
ends = st.sampled_from([RunStatus.COMPLETED, RunStatus.INCOMPLETE, RunStatus.FAILED, RunStatus.CANCELLED])


class AnyOrder(RuleBasedStateMachine):
    def __init__(self, new_url: Callable[[], str]) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.store: Store = self.do(self.stack.enter_async_context(Store.open(new_url())))
        self.claims: list[Claim] = []
        self.heard = 0

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def held(self, work: Coroutine[Any, Any, object]) -> None:
        """A write of somebody who may have lost the lease long ago."""
        with suppress(LeaseLost):
            self.do(work)

    def teardown(self) -> None:
        assert self.store.database.checked_out == 0
        self.do(self.stack.aclose())
        self.runner.close()

    @rule(where=threads)
    def somebody_speaks(self, where: Any) -> None:
        self.heard += 1
        self.do(hear(self.store, self.heard, f"text {self.heard}", where))

    @rule(number=numbers, text=st.sampled_from(["other", "again other"]))
    def somebody_edits(self, number: int, text: str) -> None:
        self.do(self.store.messages.change(TEAM, CHANNEL, ts(number), text, ()))

    @rule(number=numbers)
    def somebody_deletes(self, number: int) -> None:
        self.do(self.store.messages.withdraw(TEAM, CHANNEL, ts(number)))

    @rule(where=threads)
    def somebody_stops(self, where: Any) -> None:
        self.do(self.store.runs.request_stop(where, "U1"))

    @rule(which=claims)
    def somebody_tries_again(self, which: int) -> None:
        for claim in self.claims[which : which + 1]:
            self.do(self.store.runs.try_again(claim.run.id))

    @rule()
    def a_worker_claims(self) -> None:
        claimable = self.do(self.store.runs.glance("worker")).claimable
        claim = self.do(self.store.runs.claim("worker", 30))
        assert claimable == (claim is not None)
        if claim is not None:
            self.claims.insert(0, claim)

    @rule(which=claims)
    def a_lease_lapses(self, which: int) -> None:
        for claim in self.claims[which : which + 1]:
            self.do(lapse(self.store, claim))

    @rule(which=claims)
    def a_worker_gives_back(self, which: int) -> None:
        for claim in self.claims[which : which + 1]:
            self.held(self.store.runs.release(claim.lease))

    @rule(which=claims)
    def a_worker_restarts(self, which: int) -> None:
        for claim in self.claims[which : which + 1]:
            self.held(self.store.runs.restart(claim.lease))

    @rule(which=claims, status=ends)
    def a_worker_finishes(self, which: int, status: RunStatus) -> None:
        for claim in self.claims[which : which + 1]:
            self.held(self.store.runs.finish(claim.lease, Ending(status)))

    @invariant()
    def nothing_impossible_is_stored(self) -> None:
        assert self.do(sql(self.store, SEEN)) == []


SETTINGS = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def test_nothing_impossible_is_stored_in_any_order(new_url: Callable[[], str]) -> None:
    class Here(AnyOrder):
        def __init__(self) -> None:
            super().__init__(new_url)

    run_state_machine_as_test(Here, settings=SETTINGS)
