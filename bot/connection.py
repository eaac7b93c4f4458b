"""Socket Mode with its watchdog: the SDK alone can retry a dead ticket for ever (slack-platform.md §9.6)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import wraps
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.lazy_listener.async_internals import to_runnable_function
from slack_bolt.lazy_listener.asyncio_runner import AsyncioLazyListenerRunner
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.clock import Clock
from bot.logs import ids

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds
REBUILD_AFTER = 60.0  # seconds without a connection (design §5, "The socket watchdog")
LISTENERS_WITHIN = (
    5.0  # seconds for listeners in flight when the socket closes; Slack sends again what they missed
)

Told = Callable[[str, bool, float], None]
"""Is told of all that arrives: its type, whether it was acknowledged, and the seconds until then."""


def unheard(_kind: str, _acknowledged: bool, _seconds: float) -> None:
    """Nobody counts."""


class Connection:
    """One connection to Slack, rebuilt from scratch when it has been gone for a minute."""

    def __init__(self, app: AsyncApp, app_token: str, clock: Clock, told: Told = unheard) -> None:
        self._app = app
        self._app_token = app_token
        self._clock = clock
        self._told = told
        self._handler: _Handler | None = None
        self._closed = False
        self._in_flight: set[asyncio.Future[None]] = set()
        app.listener_runner.lazy_listener_runner = _LazyRunner(self._in_flight)

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
            if await self.is_connected():
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

    async def is_connected(self) -> bool:
        """Whether events can arrive at this moment."""
        return self._handler is not None and await self._handler.client.is_connected()

    @contextmanager
    def _arrived(self, request: SocketModeRequest, line: "_Line") -> Iterator[None]:
        """Put the ids of what arrived on every line that is logged because of it; tell how its handling ended."""
        began = self._clock.monotonic()
        found = {"event": request.payload.get("event_id"), "envelope": request.envelope_id}
        try:
            with ids(**{name: value for name, value in found.items() if value}):
                yield
        finally:
            self._told(_kind(request), line.acknowledged, self._clock.monotonic() - began)

    async def _drop(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _build(self) -> bool:
        if self._closed:
            return False
        handler = _Handler(self._app, self._app_token, self._in_flight, self._arrived)
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

    def __init__(self, in_flight: "set[asyncio.Future[None]]") -> None:
        quiet = logging.getLogger("slack_bolt.lazy_listeners")
        quiet.setLevel(logging.CRITICAL)  # of a failure it logs what the error says, which may quote people
        super().__init__(quiet)
        self._in_flight = in_flight

    def start(self, function: Callable[..., Awaitable[None]], request: AsyncBoltRequest) -> None:
        task = asyncio.ensure_future(to_runnable_function(_told(function), self.logger, request))
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)


def _told(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A listener whose failure is logged by its place and kind."""

    @wraps(function)
    async def listener(**arguments: Any) -> None:
        try:
            await function(**arguments)
        except Exception:
            log.exception("a listener failed")
            raise

    return listener


class _Line:
    """The socket as what arrived sees it: knows whether it was acknowledged."""

    def __init__(self, client: AsyncBaseSocketModeClient) -> None:
        self.logger = client.logger
        self.acknowledged = False
        self._client = client

    async def send_socket_mode_response(self, response: SocketModeResponse | dict[str, Any]) -> None:
        """Acknowledge it."""
        await self._client.send_socket_mode_response(response)
        self.acknowledged = True


def _kind(request: SocketModeRequest) -> str:
    """The type of an event; of what people press and type, the type of the envelope."""
    event = request.payload.get("event")
    inner = event.get("type") if isinstance(event, dict) else None
    return str(inner or request.type)


Arrived = Callable[[SocketModeRequest, _Line], AbstractContextManager[None]]


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler, which also tells which listeners are in flight and keeps tickets out of the log."""

    def __init__(
        self, app: AsyncApp, app_token: str, in_flight: "set[asyncio.Future[None]]", arrived: Arrived
    ) -> None:
        quiet = logging.getLogger("slack_sdk.socket_mode.connection")
        quiet.setLevel(logging.CRITICAL)  # its errors quote the one-time wss:// ticket
        super().__init__(app, app_token, logger=quiet)
        self._in_flight = in_flight
        self._arrived = arrived

    async def handle(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("listeners run in tasks")
        self._in_flight.add(task)
        try:
            with self._arrived(req, line := _Line(client)):
                await super().handle(line, req)  # type: ignore[arg-type]
        finally:
            self._in_flight.discard(task)
