"""The worker: claims runs under a lease, answers them side by side, and stops without losing any."""

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.errors import SlackError
from bot.fencing import fenced
from bot.logs import ids
from bot.metrics import Metrics
from bot.signals import Signals, real_time
from bot.tracing import Hop, Origin, Tracer, inside, now, span
from storage.errors import LeaseLost, StorageError
from storage.records import Claim, Lease
from storage.store import Store

log = logging.getLogger(__name__)

GLANCE_EVERY = 1.0  # seconds: a Stop pressed elsewhere is seen within that (design §5)
SWEEP_EVERY = 3600.0  # seconds
KEEP_UNFINISHED = 24 * 3600.0  # seconds that the text of a failed or stopped run is kept (design §4)
LET_GO_WITHIN = 10.0  # seconds for ending open streams when the process shuts down
ATTEMPTS = 10  # of a run; later ones that the database breaks off are left to their leases, which are counted

Answer = Callable[[Claim, Signals], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Held:
    """A run of ours."""

    task: "asyncio.Task[None]"
    signals: Signals
    lease: Lease


@dataclass(frozen=True, slots=True)
class Terms:
    """How much at once, and for how long."""

    concurrent_runs: int
    lease_seconds: float
    owner: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")


class Worker:
    """Answers what waits, never two runs of a thread at a time."""

    def __init__(
        self, store: Store, answer: Answer, clock: Clock, terms: Terms, metrics: Metrics, tracer: Tracer
    ) -> None:
        self._store = store
        self._answer = answer
        self._clock = clock
        self._terms = terms
        self._metrics = metrics
        self._tracer = tracer
        self._held: dict[str, Held] = {}
        self._owed: list[Lease] = []  # to be given back, once the database answers
        self._claiming = asyncio.Lock()
        self._woken = asyncio.Event()
        self._draining = False
        self._renewed_at = self._swept_at = float("-inf")

    def wake(self) -> None:
        """Look for work now: something was accepted, stopped or ended."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled. A database that does not answer is asked again, a second later."""
        while True:
            try:
                await self._round()
            except StorageError as error:
                log.warning("the database does not answer", extra={"error": type(error).__name__})
            await self._wait()

    async def drain(self, grace: float) -> None:
        """Claim nothing more, and give the answers under way that many seconds to end."""
        self._draining = True
        with suppress(TimeoutError):
            async with self._clock.timeout(grace):
                async with self._claiming:  # what is being claimed is ours in a moment
                    pass
                while self._held:
                    await asyncio.wait([held.task for held in self._held.values()])

    async def let_go(self) -> None:
        """Leave what is still being answered to the next process: streams ended, leases given back."""
        tasks = [held.task for held in self._held.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LET_GO_WITHIN)
        for held in list(self._held.values()):  # Slack has no room to end its stream: the next process does that
            held.signals.lost.set()
            with suppress(LeaseLost, StorageError):
                await self._store.runs.release(held.lease)

    @property
    def busy(self) -> int:
        """How many runs are being answered."""
        return len(self._held)

    @property
    def draining(self) -> bool:
        """Whether nothing more is claimed, because the program ends."""
        return self._draining

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with self._clock.timeout(GLANCE_EVERY):
                await self._woken.wait()
        self._woken.clear()

    async def _round(self) -> None:
        await self._renew()
        await self._give_back()
        await self._sweep()
        while await self._look() and len(self._held) < self._terms.concurrent_runs and not self._draining:
            if not await self._claim():
                return

    async def _look(self) -> bool:
        """Pass on what was asked of our runs; whether there is work to claim."""
        glance = await self._store.runs.glance(self._terms.owner)
        for run_id in glance.stops:
            self._signal(run_id, "stop")
        for run_id in glance.restarts:
            self._signal(run_id, "restart")
        return glance.claimable

    async def _claim(self) -> bool:
        async with self._claiming:
            if self._draining:
                return False
            if not self._held:
                self._renewed_at = real_time()  # its lease is fresh
            signals, began = Signals(self._until()), now()
            claim = await self._store.runs.claim(self._terms.owner, self._terms.lease_seconds)
            if claim is None:
                return False
            task = asyncio.create_task(self._work(claim, signals, began))
            self._held[claim.run.id] = Held(task, signals, claim.lease)
            return True

    async def _give_back(self) -> None:
        """Give back what the database has broken off: others take it at once, and it counts as no lapse."""
        while self._owed:
            with suppress(LeaseLost):
                await self._store.runs.release(self._owed[-1])
            self._owed.pop()

    async def _work(self, claim: Claim, signals: Signals, began: int) -> None:
        place = claim.thread.place
        thread = {"team": place.team, "channel": place.channel, "thread_ts": place.thread_ts}
        about = ids(run=claim.run.id, thread_id=str(claim.thread.id), **thread)
        with about, fenced(signals.guard), inside(self._traced(claim, began)):
            with span("claim", began=began):
                log.info("a run was taken", extra=_taken(claim))
            try:
                await self._answer(claim, signals)
            except LeaseLost:
                log.warning("the run belongs to somebody else now")
                self._metrics.lease_lost()
            except StorageError as error:
                log.warning("the run waits for the database", extra={"error": type(error).__name__})
                self._metrics.run_left()
                if claim.run.attempt < ATTEMPTS:
                    self._owed.append(claim.lease)
            except SlackError as error:
                log.warning("the run is left to its lease", extra={"error": type(error).__name__})
                self._metrics.run_left()
            except Exception:  # the outer edge: one run's accident must not stop the others
                log.exception("the run is left to its lease")
                self._metrics.run_left()
            finally:
                self._held.pop(claim.run.id, None)
                self.wake()

    def _traced(self, claim: Claim, began: int) -> Hop:
        place = claim.thread.place
        origins = [Origin(place.team, place.channel, message.ts) for message in claim.messages]
        return self._tracer.run(
            origins,
            began,
            {
                "run": claim.run.id,
                "thread": claim.thread.id,
                "attempt": claim.run.attempt,
                "team": place.team,
                "channel": place.channel,
                "thread_ts": place.thread_ts,
            },
        )

    def _signal(self, run_id: str, name: str) -> None:
        if held := self._held.get(run_id):
            getattr(held.signals, name).set()

    async def _renew(self) -> None:
        now = real_time()
        for held in self._held.values():
            if now > held.signals.held_until:
                held.signals.lost.set()
        if not self._held or now - self._renewed_at < self._terms.lease_seconds / 3:
            return
        self._renewed_at, until = now, self._until()
        held_now = frozenset(self._held)
        kept = await self._store.runs.renew(self._terms.owner, self._terms.lease_seconds, held_now)
        for run_id in held_now & self._held.keys():
            held = self._held[run_id]
            if run_id in kept:
                held.signals.held_until = until
            else:
                held.signals.lost.set()

    def _until(self) -> float:
        return real_time() + self._terms.lease_seconds

    async def _sweep(self) -> None:
        if self._clock.monotonic() - self._swept_at < SWEEP_EVERY:
            return
        self._swept_at = self._clock.monotonic()
        erased = await self._store.messages.erase_unfinished(KEEP_UNFINISHED)
        if erased:
            log.info("texts of unfinished runs were erased", extra={"count": erased})


def _taken(claim: Claim) -> dict[str, object]:
    """What the log says of a claim: by the messages' ts it is found what they caused."""
    return {"attempt": claim.run.attempt, "messages": [message.ts for message in claim.messages]}
