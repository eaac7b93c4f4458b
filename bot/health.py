"""Whether the program is alive and ready, and its numbers, over HTTP: /healthz, /readyz, /metrics."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from bot.clock import Clock
from bot.connection import Connection
from bot.errors import SettingsError
from bot.metrics import CONTENT_TYPE, Metrics, Vitals
from bot.pacing import PER_MINUTE
from bot.worker import Worker
from bot.workspaces import Workspaces
from storage.errors import StorageError
from storage.records import Backlog
from storage.store import Store

log = logging.getLogger(__name__)

FRESH = 1.0  # seconds for which what the database said counts, however often it is asked for
ANSWER_WITHIN = 2.0  # seconds for the database
CLOSE_WITHIN = 1.0  # seconds that connections of those who ask may stay open at the end


@dataclass(frozen=True, slots=True)
class Organs:
    """What is looked at."""

    store: Store
    worker: Worker
    connection: Connection
    workspaces: Workspaces


class Health:
    """Tells whoever asks how the program is. Served before anything else is opened, and after all is closed."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self.port: int | None = None  # where it is served
        self._metrics = metrics
        self._clock = clock
        self._organs: Organs | None = None  # none before they are opened
        self._looking: asyncio.Task[Backlog] | None = None
        self._looked_at = float("-inf")
        self._backlog: Backlog | None = None

    def watch(self, organs: Organs) -> None:
        """Begin to look at these."""
        self._organs = organs

    @asynccontextmanager
    async def served(self, host: str, port: int) -> AsyncIterator[None]:
        """Answer there for the length of the block; port 0 is any free one. Raises SettingsError."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._tell_metrics),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_WITHIN)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                why = f"HEALTH_PORT cannot be opened at HEALTH_HOST ({type(error).__name__} {error.errno})"
                raise SettingsError((f"{why}: another program may have it",)) from None
            self.port = runner.addresses[0][1]
            log.info("health is told", extra={"port": self.port})
            yield
        finally:
            await runner.cleanup()

    async def reasons(self) -> tuple[str, ...]:
        """Why no work can be taken now, a line each; nothing when it can."""
        organs = self._organs
        if organs is None:
            return ("starting",)
        found = (
            ("draining", organs.worker.draining),
            ("Slack is not connected", not await organs.connection.is_connected()),
            ("the database does not answer", await self._look(organs.store) is None),
        )
        return tuple(reason for reason, holds in found if holds)

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        reasons = await self.reasons()
        return web.Response(text="\n".join(reasons or ("ready",)) + "\n", status=503 if reasons else 200)

    async def _tell_metrics(self, _request: web.Request) -> web.Response:
        vitals = await self._vitals(self._organs) if self._organs else None
        return web.Response(body=self._metrics.text(vitals), headers={"Content-Type": CONTENT_TYPE})

    async def _vitals(self, organs: Organs) -> Vitals:
        database = organs.store.database
        return Vitals(
            connected=await organs.connection.is_connected(),
            draining=organs.worker.draining,
            busy=organs.worker.busy,
            backlog=await self._look(organs.store),
            budget_left=_budget_left(organs.workspaces),
            transactions=database.transactions,
            collisions=database.collisions,
            unavailable=database.unavailable,
        )

    async def _look(self, store: Store) -> Backlog | None:
        """What waits, as the database says now or has said just before; None where it does not answer.

        One question at a time: one that is not answered is waited for, not asked again.
        """
        if self._looking is None:
            if self._clock.monotonic() - self._looked_at < FRESH:
                return self._backlog
            self._looking = asyncio.create_task(store.runs.backlog())
            self._looking.add_done_callback(self._looked)
        try:
            async with self._clock.timeout(ANSWER_WITHIN):
                return await asyncio.shield(self._looking)
        except (TimeoutError, StorageError):
            return None

    def _looked(self, looking: "asyncio.Task[Backlog]") -> None:
        failed = looking.cancelled() or looking.exception() is not None
        self._backlog = None if failed else looking.result()
        self._looking, self._looked_at = None, self._clock.monotonic()


def _budget_left(workspaces: Workspaces) -> dict[str, int]:
    """By method, the calls that the workspace which has the fewest left may make."""
    budgets = [workspaces.of(team).slack.budget for team in workspaces.teams]
    left = {method: [budget.left(method) for budget in budgets] for method in PER_MINUTE}
    return {method: min(calls for calls in left[method] if calls is not None) for method in sorted(left)}
