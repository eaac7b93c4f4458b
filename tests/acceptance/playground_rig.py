"""The playground as a command, and one tab of its page without a browser."""

import json
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.acceptance.forked import Forked

DEADLINE = 60.0  # real seconds, for a command that hangs


async def printed_url(process: Process | Forked) -> str:
    """The first line that it prints."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


@dataclass(slots=True)
class Tab:
    """One tab of one person, who is the first one."""

    here: str
    session: aiohttp.ClientSession
    live: aiohttp.ClientWebSocketResponse
    hello: dict[str, Any]

    @property
    def me(self) -> str:
        return str(self.hello["people"][0]["id"])

    async def status(self, path: str) -> int:
        """What a file of the page is answered with."""
        async with self.session.get(f"{self.here}{path}") as answer:
            return answer.status

    async def act(self, name: str, /, **given: object) -> dict[str, Any]:
        """Do something as that person."""
        said, origin = json.dumps({"me": self.me, **given}), {"Origin": self.here}
        async with self.session.post(f"{self.here}/act/{name}", data=said, headers=origin) as answer:
            told: dict[str, Any] = await answer.json()
            assert answer.status == 200, told
            return told

    async def ready(self) -> str:
        """Return when the bot is; the channel that one sees first."""
        channel, state = "", ""
        while state != "ready":
            parts = (await self.live.receive_json()).get("parts", {})
            channel = parts.get("place", {}).get("id", channel)
            state = parts.get("bot", {}).get("state", state)
        return channel

    async def sees(self, channel: str, thread: str, *words: str) -> None:
        """Return when all of that stands in the thread."""
        await self.live.send_json({"look": {"channel": channel, "thread": thread}})
        items: dict[str, str] = {}
        while not all(word in "".join(items.values()) for word in words):
            part = (await self.live.receive_json()).get("parts", {}).get("thread") or {}
            if part.get("id") == thread:
                items |= {key: item["html"] for key, item in part["items"].items()}


@asynccontextmanager
async def tab(url: str) -> AsyncIterator[Tab]:
    """The page, let in by its printed address."""
    here = url.partition("/?")[0]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(url) as answer:
            assert answer.status == 200
        async with session.ws_connect(f"{here}/live", headers={"Origin": here}) as live:
            yield Tab(here, session, live, (await live.receive_json())["hello"])
