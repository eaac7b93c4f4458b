"""What taking a file in is compared with: the same calls with bare SDKs, one file for every line that is read."""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from openai import AsyncOpenAI

LOOK_EVERY = 0.1  # seconds
CHUNK = 1 << 18  # bytes


async def serve() -> None:
    """Take addresses and token in the first line, then files; each gets its milliseconds until it is indexed."""
    given = json.loads(sys.stdin.readline())
    signed_in = {"Authorization": f"Bearer {given['token']}"}
    async with AsyncOpenAI(**given["openai"], max_retries=0) as openai, aiohttp.ClientSession() as session:
        store = (await openai.vector_stores.create(name="bare")).id
        print("ready", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            while line := sys.stdin.readline().strip():
                began, file = time.perf_counter(), json.loads(line)
                async with session.get(file["url"], headers=signed_in) as answer:
                    with path.open("wb") as target:
                        async for chunk in answer.content.iter_chunked(CHUNK):
                            target.write(chunk)
                await _take_in(openai, store, path, file["name"])
                print((time.perf_counter() - began) * 1000, flush=True)


async def _take_in(openai: AsyncOpenAI, store: str, path: Path, name: str) -> None:
    with path.open("rb") as content:
        made = await openai.files.create(file=(name, content), purpose="user_data")
    await openai.vector_stores.files.create(store, file_id=made.id)
    retrieve = openai.vector_stores.files.retrieve
    while (await retrieve(made.id, vector_store_id=store)).status != "completed":  # noqa: ASYNC110 - a poll it is
        await asyncio.sleep(LOOK_EVERY)


if __name__ == "__main__":
    asyncio.run(serve())
