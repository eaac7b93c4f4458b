"""What the bot is compared with: a process that makes calls with a bare SDK for every line it reads."""

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
from openai import AsyncOpenAI
from slack_sdk.web.async_client import AsyncWebClient


async def serve() -> None:
    """Take addresses and request in the first line; then `stream`, `slack`, or `streams 100`, all at once.

    Each line gets its milliseconds.
    """
    given = json.loads(sys.stdin.readline())
    async with AsyncOpenAI(**given["openai"], max_retries=0) as openai, aiohttp.ClientSession() as session:
        slack = AsyncWebClient(**given["slack"], session=session, retry_handlers=[])
        print("ready", flush=True)
        while line := sys.stdin.readline().strip():
            began = time.perf_counter()
            if line == "slack":
                await slack.auth_test()
            else:
                count = int(line.partition(" ")[2] or 1)
                await asyncio.gather(*(stream(openai, given["request"]) for _ in range(count)))
            print((time.perf_counter() - began) * 1000, flush=True)


async def stream(openai: AsyncOpenAI, request: dict[str, Any]) -> None:
    """Read one answer."""
    async for _ in await openai.responses.create(**request):
        pass


if __name__ == "__main__":
    asyncio.run(serve())
