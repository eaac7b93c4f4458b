"""The bot as a process of its own that can be killed, on a clock that its parent moves."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any, cast

from bot.app import Bot
from bot.logs import configure
from bot.playground.clock import SteppedClock
from bot.settings import Settings
from tests.soak.idle import Watch


def live() -> None:
    """Be the bot until told to stop. Arguments: the parent's socket, the settings, and what time it is."""
    door, values, now = sys.argv[1:]
    configure("INFO", "json")
    asyncio.run(_Child(json.loads(values), float(now)).live(door))


class _Child:
    """The bot, and its answers to the parent: what time it is now, and whether anything happens."""

    def __init__(self, values: Mapping[str, Any], now: float) -> None:
        self._values = values
        self._clock = SteppedClock(now)
        self._bot: Bot | None = None
        self._ready = False
        self._stop = asyncio.Event()

    async def live(self, door: str) -> None:
        reader, writer = await asyncio.open_unix_connection(door)
        loop = cast("Any", asyncio.get_running_loop())
        real = loop.time
        loop.time = lambda: real() + self._clock.monotonic()  # the SDK's own waits go with the emulated time
        self._watch = Watch(loop, writer.get_extra_info("socket").fileno())
        told = asyncio.create_task(self._obey(reader, writer))
        async with Bot.open(Settings(**self._values), self._clock) as bot:
            self._bot = bot
            await bot.start()
            self._ready = True
            await self._stop.wait()
            await bot.stop()
        told.cancel()

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            order = json.loads(line)
            if order.get("stop"):
                self._stop.set()
            if order.get("advance"):
                await self._clock.advance(order["advance"])
            await self._watch.calm()
            busy = self._watch.threads_work() or (self._bot is not None and self._bot.store.database.busy)
            state = {"woken": self._watch.woken, "busy": busy, "ready": self._ready}
            writer.write(json.dumps({**state, "next": self._clock.next_timer()}).encode() + b"\n")
