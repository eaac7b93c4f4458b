"""Socket Mode with its watchdog: the SDK alone can retry a dead ticket for ever (slack-platform.md §9.6)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.lazy_listener.async_internals import to_runnable_function
from slack_bolt.lazy_listener.asyncio_runner import AsyncioLazyListenerRunner
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.clock import Clock

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds
REBUILD_AFTER = 60.0  # seconds without a connection (design §5, "The socket watchdog")
LISTENERS_WITHIN = (
    5.0  # seconds for listeners in flight when the socket closes; Slack sends again what they missed
)


class Connection:
    """One connection to Slack, rebuilt from scratch when it has been gone for a minute."""

    def __init__(self, app: AsyncApp, app_token: str, clock: Clock) -> None:
        self._app = app
        self._app_token = app_token
        self._clock = clock
        self._handler: _Handler | None = None
        self._closed = False
        self._in_flight: set[asyncio.Future[None]] = set()
        app.listener_runner.lazy_listener_runner = _LazyRunner(app, self._in_flight)

    async def open(self) -> None:
        """Connect; returns when events can arrive, however long that takes."""
        while not await self._build():
            await self._clock.sleep(LOOK_EVERY)

    async def watch(self) -> None:
        """Look after the connection until it is closed."""
        seen_at = self._clock.monotonic()
        while not self._closed:
            await self._clock.sleep(LOOK_EVERY)
            now = self._clock.monotonic()
            if self._handler is not None and await self._handler.client.is_connected():
                seen_at = now
            elif self._handler is None or now - seen_at >= REBUILD_AFTER:
                log.warning("no connection to Slack: it is rebuilt", extra={"for_s": now - seen_at})
                await self._drop()
                await self._build()

    async def close(self) -> None:
        """Disconnect, and wait for the listeners in flight, those behind a button too."""
        self._closed = True
        await self._drop()
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=LISTENERS_WITHIN)

    async def _drop(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _build(self) -> bool:
        if self._closed:
            return False
        handler = _Handler(self._app, self._app_token, self._in_flight)
        try:
            async with self._clock.timeout(REBUILD_AFTER):
                await handler.connect_async()  # type: ignore[no-untyped-call]
        except (TimeoutError, OSError, SlackApiError) as error:
            log.warning("Slack cannot be reached", extra={"error": type(error).__name__})
            with suppress(AttributeError):  # the SDK closes a session that it may never have had
                await handler.close_async()  # type: ignore[no-untyped-call]
            return False
        self._handler = handler
        if self._closed:  # meanwhile
            await self._drop()
        return True


class _LazyRunner(AsyncioLazyListenerRunner):
    """Bolt's runner of what follows behind an acknowledged click, which also tells what is in flight."""

    def __init__(self, app: AsyncApp, in_flight: "set[asyncio.Future[None]]") -> None:
        super().__init__(app.logger)
        self._in_flight = in_flight

    def start(self, function: Callable[..., Awaitable[None]], request: AsyncBoltRequest) -> None:
        task = asyncio.ensure_future(to_runnable_function(function, self.logger, request))
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler, which also tells which listeners are in flight and keeps tickets out of the log."""

    def __init__(self, app: AsyncApp, app_token: str, in_flight: "set[asyncio.Future[None]]") -> None:
        quiet = logging.getLogger("slack_sdk.socket_mode.connection")
        quiet.setLevel(logging.CRITICAL)  # its errors quote the one-time wss:// ticket
        super().__init__(app, app_token, logger=quiet)
        self._in_flight = in_flight

    async def handle(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("listeners run in tasks")
        self._in_flight.add(task)
        try:
            await super().handle(client, req)  # type: ignore[arg-type]
        finally:
            self._in_flight.discard(task)
