"""A proxy between the program and a service; what goes wrong in its lines can be changed while they are used."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

from bot.clock import Clock
from bot.playground.slack.socket_mode import reset
from bot.signals import cancelled

MOST = 65_536  # bytes read at once


class Way(StrEnum):
    """A direction of a line."""

    UP = "up"  # what the program sends
    DOWN = "down"  # what the service sends


class Kind(StrEnum):
    """What happens to a line, or to the bytes of one direction."""

    SWALLOW = "swallow"  # they vanish, and so do all that follow on this line
    RESET = "reset"  # both ends see a reset
    END = "end"  # both ends see an orderly end
    STALL = "stall"  # they wait until the trouble is lifted
    CHOP = "chop"  # they come one by one
    SLOW = "slow"  # they come in pieces of `piece` bytes, a second of the clock between two


@dataclass(eq=False, slots=True)
class Trouble:
    """Something that goes wrong in one direction of a line.

    It begins behind the bytes `behind`, looked for in the direction `heard` (by default the same one); without
    them it begins at once. `times` lines meet it; None: every line does until it is lifted.
    """

    kind: Kind
    way: Way = Way.DOWN
    behind: bytes = b""
    heard: Way | None = None
    times: int | None = 1
    piece: int = 1
    met: asyncio.Event = field(default_factory=asyncio.Event)
    lifted: asyncio.Event = field(default_factory=asyncio.Event)

    def is_over(self) -> bool:
        """Whether no further line meets it."""
        return self.lifted.is_set() or self.times == 0


@dataclass(eq=False, slots=True)
class Line:
    """One connection of the program, and ours to the service for it."""

    program: asyncio.StreamWriter
    service: asyncio.StreamWriter
    troubles: dict[Way, Trouble] = field(default_factory=dict)
    tails: dict[Way, bytes] = field(default_factory=lambda: {Way.UP: b"", Way.DOWN: b""})

    def target(self, way: Way) -> asyncio.StreamWriter:
        """Where the bytes of that direction go."""
        return self.service if way is Way.UP else self.program

    def cut(self, *, reset_it: bool) -> None:
        """End it at both ends."""
        for writer in (self.program, self.service):
            if reset_it and not writer.is_closing():
                reset(writer.transport)
            writer.close()


class Proxy:
    """Listens at `port` of this machine and leads every line to the service's port."""

    def __init__(self, clock: Clock, to_port: int) -> None:
        self._clock = clock
        self._to_port = to_port
        self._troubles: list[Trouble] = []
        self._server: asyncio.Server | None = None
        self._keeper = _bound(0)  # nobody else gets the port while we refuse
        self.port: int = self._keeper.getsockname()[1]
        self.lines: list[Line] = []
        self.opened = 0  # lines so far
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Proxy"]:
        """Lead lines for the length of the block."""
        with self._keeper:
            try:
                await self.accept()
                yield self
            finally:
                await self.refuse()
                await cancelled(self._tasks)

    async def accept(self) -> None:
        """Take connections (again)."""
        self._server = await asyncio.start_server(self._came, sock=_bound(self.port))

    async def refuse(self) -> None:
        """Let every new connection be refused; those that are open go on."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await asyncio.sleep(0)

    def kill(self) -> None:
        """Reset every line that is open."""
        for line in list(self.lines):
            line.cut(reset_it=True)

    def add(self, trouble: Trouble) -> Trouble:
        """Let lines meet a trouble; one without `behind` is met by those that are open, now."""
        self._troubles.append(trouble)
        for line in list(self.lines):
            if not trouble.behind and not trouble.is_over():
                self._meet(line, trouble)
        return trouble

    def lift(self, *troubles: Trouble) -> None:
        """Let these troubles, or all, be over: what was held goes on, what was swallowed stays so."""
        for trouble in troubles or tuple(self._troubles):
            trouble.lifted.set()
            self._troubles.remove(trouble)

    # -- one line

    def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        task = asyncio.create_task(self._lead(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_service, to_service = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            reset(writer.transport)
            return
        line = Line(writer, to_service)
        self.lines.append(line)
        for trouble in self._troubles:
            if not trouble.behind and not trouble.is_over():
                self._meet(line, trouble)
        try:
            await asyncio.gather(self._pump(line, Way.UP, reader), self._pump(line, Way.DOWN, from_service))
        finally:
            self.lines.remove(line)
            line.cut(reset_it=False)

    async def _pump(self, line: Line, way: Way, reader: asyncio.StreamReader) -> None:
        """Carry one direction until either end is gone, which the other end then sees in the same way."""
        try:
            while data := await reader.read(MOST):
                for piece in self._parts(line, way, data):
                    await self._carry(line, way, piece)
            line.cut(reset_it=False)
        except OSError:
            line.cut(reset_it=True)

    def _parts(self, line: Line, way: Way, data: bytes) -> Iterator[bytes]:
        """The bytes, cut where a trouble begins that one of them announces."""
        known = line.tails[way]
        heard = known + data
        line.tails[way] = heard[-256:]
        for trouble in self._troubles:
            if not trouble.behind or trouble.is_over() or (trouble.heard or trouble.way) is not way:
                continue
            found = heard.find(trouble.behind, max(0, len(known) - len(trouble.behind) + 1))
            if found < 0:
                continue
            end = found + len(trouble.behind) - len(known)
            if trouble.way is way:
                yield data[:end]
                data = data[end:]
            self._meet(line, trouble)
            break
        yield data

    def _meet(self, line: Line, trouble: Trouble) -> None:
        if trouble.times is not None:
            trouble.times -= 1
        line.troubles[trouble.way] = trouble
        trouble.met.set()
        if trouble.kind in (Kind.RESET, Kind.END) and not trouble.behind:
            line.cut(reset_it=trouble.kind is Kind.RESET)

    async def _carry(self, line: Line, way: Way, data: bytes) -> None:
        trouble, writer = line.troubles.get(way), line.target(way)
        if writer.is_closing() or (trouble is not None and trouble.kind is Kind.SWALLOW):
            return
        if trouble is None or trouble.lifted.is_set():
            writer.write(data)
        elif trouble.kind in (Kind.RESET, Kind.END):
            line.cut(reset_it=trouble.kind is Kind.RESET)
        elif trouble.kind is Kind.STALL:
            await trouble.lifted.wait()
            writer.write(data)
        else:
            await self._dribble(trouble, writer, data)
        with suppress(ConnectionError):
            await writer.drain()

    async def _dribble(self, trouble: Trouble, writer: asyncio.StreamWriter, data: bytes) -> None:
        for start in range(0, len(data), trouble.piece):
            if writer.is_closing():
                return
            writer.write(data[start : start + trouble.piece])
            await (self._clock.sleep(1.0) if trouble.kind is Kind.SLOW else asyncio.sleep(0))


def _bound(port: int) -> socket.socket:
    """A socket at that port of this machine, which several of ours may have."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made
