"""Socket Mode: tickets, envelopes, acknowledgements, redelivery (reference/slack-platform.md §5)."""

import asyncio
import contextlib
import itertools
import json
import socket
import struct
import uuid
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.clock import Clock
from bot.playground.faults import Fault, FaultKind, Faults
from bot.playground.slack.records import Json

MOST_SOCKETS = 10  # docs.slack.dev/apis/events-api/using-socket-mode
JOURNAL = 500  # envelopes to be looked at afterwards
PATIENCE = (3.0, 60.0, 300.0, 3.0)  # docs.slack.dev/apis/events-api
"""Seconds to wait for the ack before the next attempt: at once, +60, +300."""
ACK_SECONDS = 3.0  # docs.slack.dev/interactivity: later, a person sees a warning


@dataclass(eq=False, slots=True)
class Envelope:
    """One delivery: an event until it is acknowledged or given up, or a press, sent once."""

    id: str
    type: str  # events_api | interactive | slash_commands
    payload: Json
    attempt: int = 0
    acked: bool = False
    answer: Json | None = None  # what the ack carried
    at: float = 0.0  # by the emulator's clock, when it came about
    acked_at: float = 0.0
    sent: int = 0  # how often it went over a socket
    socket: "Socket | None" = None  # where it was sent last, while that lives
    peers: list[str] = field(default_factory=list)  # the addresses it was sent to
    acked_by: str = ""
    fault: Fault | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wire(self) -> str:
        """What goes over the websocket."""
        message: Json = {"type": self.type, "envelope_id": self.id, "payload": self.payload}
        if self.type == "events_api":
            reason = "timeout" if self.attempt else ""
            message |= {
                "accepts_response_payload": False,
                "retry_attempt": self.attempt,
                "retry_reason": reason,
            }
        else:
            message["accepts_response_payload"] = True
        return json.dumps(message)


@dataclass(eq=False, slots=True)
class Socket:
    """An open websocket of the app."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    peer: str = ""  # the address it came from

    def abort(self) -> None:
        """Cut it without a goodbye."""
        reset(self.transport)


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Let the peer see a connection reset."""
    if not isinstance(transport, asyncio.Transport):
        return
    if (sock := transport.get_extra_info("socket")) is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class SocketMode:
    """The websockets of one app and what still has to reach it."""

    def __init__(self, clock: Clock, faults: Faults, app_id: str, on_activity: Callable[[], None]) -> None:
        self.refuse = False
        self.hold_acks = False
        self.only: str | None = None  # the address to which everything is sent while it has a socket
        self.pending: list[Envelope] = []
        self.journal: deque[Envelope] = deque(maxlen=JOURNAL)  # all that were made, the oldest forgotten
        self.lost: list[Envelope] = []
        self.sockets: list[Socket] = []
        self._clock, self._faults, self._app_id, self._touch = clock, faults, app_id, on_activity
        self._tickets: set[str] = set()
        self._turn = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving = False

    # -- connections

    def new_ticket(self) -> str:
        """A ticket that opens one websocket, once."""
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    async def link(self, request: web.Request) -> web.StreamResponse:
        """A websocket of the app, from hello to its end."""
        ticket = request.query.get("ticket", "")
        valid = ticket in self._tickets
        self._tickets.discard(ticket)
        if self.refuse or not valid:
            self._touch()
            return web.Response(status=503 if self.refuse else 403)
        ws = web.WebSocketResponse(timeout=1.0)
        await ws.prepare(request)
        if len(self.sockets) >= MOST_SOCKETS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await ws.close()
            return ws
        await self._talk(Socket(ws, request.transport, request.remote or ""))
        return ws

    async def _talk(self, opened: Socket) -> None:
        self.sockets.append(opened)
        try:
            await opened.ws.send_json(
                {
                    "type": "hello",
                    "num_connections": len(self.sockets),
                    "debug_info": {"host": "emulated", "approximate_connection_time": 18060},
                    "connection_info": {"app_id": self._app_id},
                }
            )
            self._wake()
            async for message in opened.ws:
                if message.type is WSMsgType.TEXT:
                    self._answered(opened, json.loads(message.data))
        finally:
            self._gone(opened)

    def _gone(self, closed: Socket) -> None:
        if closed in self.sockets:
            self.sockets.remove(closed)
        for envelope in self.pending:
            if envelope.socket is closed:
                envelope.socket = None
        self._wake()

    def _wake(self) -> None:
        """Sockets came or went: let every delivery look again."""
        for envelope in self.pending:
            envelope.wake.set()
        self._touch()

    async def drop(self) -> None:
        """Cut every websocket."""
        for opened in list(self.sockets):
            opened.abort()
            self._gone(opened)
        await asyncio.sleep(0)

    async def say_disconnect(self, reason: str) -> None:
        """Tell every client to reconnect: warning, refresh_requested or link_disabled."""
        for opened in list(self.sockets):
            await opened.ws.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "emulated"}})

    # -- deliveries

    def start(self) -> None:
        """From now on deliveries are made; those that waited go on."""
        self._serving = True
        for envelope in self.pending:
            if envelope.type == "events_api":
                self._spawn(self._deliver(envelope))

    async def close(self) -> None:
        """Stop delivering and say goodbye to every client; what is pending waits for `start`."""
        self._serving = False
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(opened.ws.close() for opened in list(self.sockets)))

    def deliver(self, payload: Json) -> Envelope:
        """Send an event, again and again until it is acknowledged or Slack gives up."""
        envelope = self._new("events_api", payload)
        if self._serving:
            self._spawn(self._deliver(envelope))
        return envelope

    def _new(self, kind: str, payload: Json) -> Envelope:
        envelope = Envelope(str(uuid.uuid4()), kind, payload, at=self._clock.time())
        self.pending.append(envelope)
        self.journal.append(envelope)
        return envelope

    def _spawn(self, delivery: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(delivery)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, envelope: Envelope) -> None:
        due = self._clock.monotonic()
        for attempt in range(envelope.attempt, len(PATIENCE)):
            envelope.attempt = attempt
            await self._send(envelope)
            due += PATIENCE[attempt]  # from when the attempt was due, however far the clock jumped
            if not await self._wait(due, envelope, lambda: envelope.socket is None and self.sockets):
                continue
            if envelope.acked:
                return
            due = self._clock.monotonic()
        self.pending.remove(envelope)
        self.lost.append(envelope)
        self._touch()

    async def interact(self, payload: Json, kind: str = "interactive") -> Envelope:
        """Send an interaction or a command once; what became of it, within three seconds."""
        envelope = self._new(kind, payload)
        try:
            await self._send(envelope)
            due = self._clock.monotonic() + ACK_SECONDS
            await self._wait(due, envelope, lambda: envelope.socket is None)
        finally:
            if envelope in self.pending:
                self.pending.remove(envelope)
        return envelope

    async def _wait(self, due: float, envelope: Envelope, hopeless: Callable[[], object]) -> bool:
        """Until the ack, or until there is no hope for it; False when that took too long."""
        with contextlib.suppress(TimeoutError):
            while not (envelope.acked or hopeless()):
                if (left := due - self._clock.monotonic()) <= 0:
                    return False
                envelope.wake.clear()
                async with self._clock.timeout(left):
                    await envelope.wake.wait()
        return envelope.acked or bool(hopeless())

    async def _send(self, envelope: Envelope) -> None:
        """Over one of the open websockets, each in its turn; nothing happens when there is none."""
        envelope.socket = None
        if not self.sockets:
            return
        fault = envelope.fault = self._faults.take("envelope")
        if fault is not None and fault.kind is FaultKind.DELAY:
            fault.reached.set()
            await self._clock.sleep(fault.seconds)
        if not self.sockets:
            return
        opened = self._next()
        if fault is not None and fault.kind in (FaultKind.REFUSE, FaultKind.RESET_BEFORE):
            fault.reached.set()
            opened.abort()
            self._gone(opened)
            return
        envelope.socket = opened
        envelope.sent += 1
        envelope.peers.append(opened.peer)
        try:
            await opened.ws.send_str(envelope.wire())
        except ConnectionError:
            self._gone(opened)
        self._touch()

    def _next(self) -> Socket:
        """The websocket whose turn it is. Slack says no more than that each payload goes to any one of them."""
        chosen = [opened for opened in self.sockets if opened.peer == self.only] or self.sockets
        return chosen[next(self._turn) % len(chosen)]

    def _answered(self, opened: Socket, answer: Json) -> None:
        envelope = next((e for e in self.pending if e.id == answer.get("envelope_id")), None)
        if envelope is not None and not self.hold_acks and self._heard(opened, envelope):
            envelope.acked, envelope.answer = True, answer.get("payload")
            envelope.acked_at, envelope.acked_by = self._clock.time(), opened.peer
            self.pending.remove(envelope)
            envelope.wake.set()
        self._touch()

    def _heard(self, opened: Socket, envelope: Envelope) -> bool:
        """Whether the ack gets through: a fault can lose it, or cut the socket just before."""
        fault = envelope.fault
        if fault is None or fault.kind not in (FaultKind.RESET_AFTER, FaultKind.HOLD):
            return True
        fault.reached.set()
        envelope.fault = None
        if fault.kind is FaultKind.RESET_AFTER:
            opened.abort()
            self._gone(opened)
        return False
