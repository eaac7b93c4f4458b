"""The websocket behind one tab: what it shows is kept up to date, a difference at a time."""

import asyncio
import json
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from bot.playground.page.screen import LINES, Look, Screen
from bot.playground.slack.records import Json

GATHERING = 0.04  # real seconds in which changes are gathered into one update
TICK = 1.0  # real seconds after which one looks again, as statuses end by themselves
LISTED = ("messages", "thread")  # parts made of many items, of which only the changed ones are told


class Told:
    """What a tab has been told, so that only the difference is told next."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}
        self._items: dict[str, dict[str, str]] = {}
        self._of: dict[str, object] = {}

    def difference(self, parts: dict[str, Json]) -> dict[str, Json]:
        """The parts that changed; of those that are lists only the changed items."""
        changed: dict[str, Json] = {}
        for name, part in parts.items():
            told = json.dumps(part, sort_keys=True, default=str)
            if self._parts.get(name) != told:
                self._parts[name] = told
                changed[name] = self._items_of(name, part) if name in LISTED else part
        return changed

    def _items_of(self, name: str, part: Json) -> Json:
        known = self._items.get(name, {}) if self._of.get(name) == part["id"] else {}
        now = {key: json.dumps(item, sort_keys=True) for key, item in part["items"].items()}
        self._items[name], self._of[name] = now, part["id"]
        return {**part, "items": {key: part["items"][key] for key, item in now.items() if known.get(key) != item}}


class Live:
    """One tab."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._told = Told()
        self._trail = 0
        self._logged = max(0, screen.world.bot.logged - LINES)
        self._moved = asyncio.Event()
        self._socket = web.WebSocketResponse(heartbeat=20, max_msg_size=64 * 1024)

    async def serve(self, request: web.Request, greeting: Json) -> web.WebSocketResponse:
        """Talk with the tab until it goes."""
        socket = self._socket
        await socket.prepare(request)
        await socket.send_json({"hello": greeting})
        telling = asyncio.create_task(self._tell(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(message.data)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """The page server ends."""
        await self._socket.close(code=WSCloseCode.GOING_AWAY)

    def _hear(self, said: str) -> None:
        """Where the tab looks now."""
        try:
            look = json.loads(said)["look"]
            flags = bool(look.get("active", True)), bool(look.get("inspecting", False))
            self._screen.look = Look(str(look["channel"]), look.get("thread"), *flags)
        except (ValueError, KeyError, TypeError):
            return
        self._moved.set()

    async def _tell(self, socket: web.WebSocketResponse) -> None:
        with suppress(ConnectionError):
            while not socket.closed:
                seen = self._screen.world.slack.activity
                self._moved.clear()
                if changed := self._changed():
                    await socket.send_str(json.dumps(changed, default=str))
                await self._something(seen)

    def _changed(self) -> Json:
        changed: Json = {}
        if parts := self._told.difference(self._screen.parts()):
            changed["parts"] = parts
        if log := self._new_lines():
            changed["log"] = log
        if self._screen.look.inspecting and (trail := self._new_entries()):
            changed["trail"] = trail
        return changed

    def _new_entries(self) -> list[Json]:
        trail = self._screen.inspector.trail
        trail.refresh()
        new, self._trail = trail.since(self._trail), trail.version
        return new

    def _new_lines(self) -> list[str]:
        bot = self._screen.world.bot
        new, self._logged = bot.logged - self._logged, bot.logged
        lines = list(bot.lines)[-new:] if new > 0 else []
        return [self._screen.inspector.veil.text(line) for line in lines]

    async def _something(self, seen: int) -> None:
        """Return when something happened or a moment has passed; a person who moves does not wait."""
        slack, openai = self._screen.world.slack, self._screen.world.openai
        waits = [asyncio.create_task(slack.wait_activity(seen, TICK)), asyncio.create_task(self._moved.wait())]
        if self._screen.look.inspecting and openai is not None:
            waits.append(asyncio.create_task(openai.wait_activity(openai.activity, TICK)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if not self._moved.is_set():
            await asyncio.sleep(GATHERING)
