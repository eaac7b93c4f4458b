"""Both emulators, the lines to them and the bot's process, on one clock that moves when nobody does anything."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

from bot.manifest import read_manifest
from bot.playground.clock import SteppedClock
from bot.playground.openai.emulated import EmulatedOpenAI
from bot.playground.slack.workspace import EmulatedSlack
from tests.crash.nursery import Child, Nursery
from tests.faults.lines import Lines, led_through
from tests.soak.idle import Watch

QUIET = 0.002  # real seconds in which nothing happens, after which the time moves on
LEAST, MOST = 0.1, 1.0  # emulated seconds that it moves by
STARTS_WITHIN = 20.0  # real seconds
STUCK = 600.0  # real seconds without the time moving on: on a busy machine it is slow
MANIFEST = read_manifest()
LIVE = "tests.soak.child"


class Bot:
    """The bot's process, as its parent talks with it."""

    def __init__(self, process: Child, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.state: dict[str, Any] = {"woken": 0, "busy": True, "ready": False, "next": None}
        self.stopping = False
        self._process, self._reader, self._writer = process, reader, writer

    @property
    def descriptor(self) -> int:
        """Of the socket on which we talk."""
        return int(self._writer.get_extra_info("socket").fileno())

    async def tell(self, **order: Any) -> bool:
        """Give an order, and hear how it goes; False where nobody answers."""
        with suppress(OSError):
            self._writer.write(json.dumps(order).encode() + b"\n")
            if line := await self._reader.readline():
                self.state = json.loads(line)
                return True
        return False

    async def kill(self) -> None:
        """End it as the kernel would."""
        self._process.send_signal(signal.SIGKILL)
        await self.ended()

    async def ended(self) -> int:
        """Its exit code, once it has ended."""
        code = await self._process.wait()
        self._writer.close()
        return code


class Stage:
    """What the soak happens on."""

    def __init__(self, folder: Path, nursery: Nursery, lines: Lines, watch: Watch, world: "World") -> None:
        self.clock, self.slack, self.openai = world.clock, world.slack, world.openai
        self.lines = lines
        self.bot: Bot | None = None
        self.folder = folder
        self.started_at: list[float] = []
        self.died = False  # by itself
        self._nursery, self._watch = nursery, watch
        self._lock = asyncio.Lock()
        self._arrived: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    @property
    def file(self) -> Path:
        """The bot's database."""
        return self.folder / "threadmate.db"

    @property
    def door(self) -> Path:
        """Where the bot's process meets us."""
        return self.folder / "door"

    async def listen(self) -> asyncio.Server:
        """Wait for bots."""
        server = await asyncio.start_unix_server(lambda *both: self._arrived.put_nowait(both), self.door)
        self._watch.but |= {one.fileno() for one in server.sockets}
        return server

    async def start(self) -> None:
        """Start the bot; it is not ready yet when this returns."""
        async with self._lock:
            if self.bot is not None:
                return
            arguments = [str(self.door), json.dumps(self._values()), repr(self.clock.time())]
            with (self.folder / "bot.log").open("ab") as log:
                process = await self._nursery.start(arguments, self.folder, {}, log.fileno(), LIVE)
            async with asyncio.timeout(STARTS_WITHIN):
                reader, writer = await self._arrived.get()
            self.bot = Bot(process, reader, writer)
            self._watch.but.add(self.bot.descriptor)
            self.started_at.append(self.clock.time())

    async def kill(self) -> None:
        """Kill the bot."""
        async with self._lock:
            if (bot := self._taken()) is not None:
                await bot.kill()

    async def stop(self) -> int:
        """Let the bot end as by SIGTERM; its exit code."""
        async with self._lock:
            if self.bot is None:
                return 0
            bot = self.bot
            bot.stopping = True
            await bot.tell(stop=True)
        code = await bot.ended()
        async with self._lock:
            if self.bot is bot:
                self._taken()
        return code

    def _taken(self) -> Bot | None:
        bot, self.bot = self.bot, None
        if bot is not None:
            self._watch.but.discard(bot.descriptor)
        return bot

    def _values(self) -> dict[str, Any]:
        return {
            "slack_bot_token": self.slack.bot_token,
            "slack_app_token": self.slack.app_token,
            "slack_api_url": self.slack.api_url,
            "openai_api_key": self.openai.api_key,
            "openai_base_url": self.openai.base_url,
            "database_url": f"sqlite+aiosqlite:///{self.file}",
            "max_runs_per_person_hour": 100_000,  # an hour is the machine's, and much shorter here
        }

    # -- time

    async def until(self, holds: Callable[[], object], seconds: float) -> bool:
        """Let time pass until that holds, so many seconds at most; whether it does."""
        due = self.clock.time() + seconds
        while not holds():
            if self.clock.time() > due:
                return False
            await self._let_happen()
        return True

    async def _let_happen(self) -> None:
        async with asyncio.timeout(STUCK):
            while not await self._is_quiet():
                continue
        waits = [self.clock.next_timer(), self.bot.state["next"] if self.bot else None]
        wait = min((one for one in waits if one is not None), default=MOST)
        step = min(MOST, max(LEAST, wait))
        async with self._lock:
            if self.bot is not None:
                await self.bot.tell(advance=step)
            await self.clock.advance(step)

    async def _is_quiet(self) -> bool:
        """Whether nobody has done anything for a moment, here or in the bot's process."""
        before, known = self._watch.woken, self.bot.state["woken"] if self.bot else 0
        await asyncio.sleep(QUIET)
        await self._watch.calm()
        async with self._lock:
            if self.bot is not None and not await self.bot.tell(look=True):
                self.died = self.died or not self.bot.stopping
                return self._watch.woken == before
            there = self.bot.state if self.bot else {"woken": 0, "busy": False}
        return self._watch.woken == before and there["woken"] == known and not there["busy"]

    # -- what is so

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What the bot's database says, read by another connection."""
        if not self.file.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=5)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]


class World:
    """The clock and both emulators."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.slack = EmulatedSlack(self.clock, scopes=MANIFEST.scopes, subscribed=MANIFEST.events)
        self.openai = EmulatedOpenAI(self.clock)


@asynccontextmanager
async def set_up(folder: Path, nursery: Nursery) -> AsyncIterator[Stage]:
    """A stage without a bot yet; afterwards the bot's process is gone."""
    world = World()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(world.slack.serve())
        await stack.enter_async_context(world.openai.serve())
        lines = await stack.enter_async_context(led_through(world.clock, world.slack, world.openai))
        stage = Stage(folder, nursery, lines, Watch(asyncio.get_running_loop()), world)
        server = await stage.listen()
        stack.push_async_callback(stage.kill)
        stack.callback(server.close)
        yield stage
