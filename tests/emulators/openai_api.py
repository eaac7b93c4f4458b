"""The emulated OpenAI API with the real SDK connected to it, as the tests of the emulator use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from openai import AsyncOpenAI

from bot.playground.clock import SteppedClock
from bot.playground.openai import EmulatedOpenAI

MODEL = "gpt-6.2-sol"
REAL_TIMEOUT = 10.0  # seconds after which something that should have happened did not


@dataclass(slots=True)
class Peer:
    """Both ends of the line."""

    openai: EmulatedOpenAI
    client: AsyncOpenAI
    clock: SteppedClock

    async def conversation(self, *items: dict[str, Any]) -> str:
        """The id of a new conversation."""
        return (await self.client.conversations.create(items=list(items))).id  # type: ignore[arg-type]

    async def ask(self, text: str = "Well?", **options: Any) -> Any:
        """The response to a question, not streamed."""
        return await self.client.responses.create(**{"model": MODEL, "input": text, **options})

    async def stream(self, text: str = "Well?", **options: Any) -> Any:
        """The opened stream that answers a question."""
        return await self.ask(text, stream=True, **options)

    async def events(self, text: str = "Well?", **options: Any) -> list[dict[str, Any]]:
        """All events of the stream that answers a question."""
        async with await self.stream(text, **options) as stream:
            return [event.to_dict(mode="json", warnings=False) async for event in stream]

    async def items(self, conversation: str, **options: Any) -> list[Any]:
        """The items of a conversation, the oldest first."""
        listed = self.client.conversations.items.list(conversation, **{"order": "asc", **options})
        return [item async for item in listed]

    async def upload(self, name: str, data: bytes | str, purpose: Any = "user_data", **options: Any) -> str:
        """The id of a new File."""
        raw = data.encode() if isinstance(data, str) else data
        return (await self.client.files.create(file=(name, raw), purpose=purpose, **options)).id

    async def indexed(self, store: str, name: str, data: bytes | str, **options: Any) -> str:
        """The id of a new File that the store has indexed."""
        file = await self.upload(name, data)
        await self.client.vector_stores.files.create(store, file_id=file, **options)
        self.openai.index(store, file)
        return file

    async def store(self, **options: Any) -> str:
        """The id of a new vector store."""
        return (await self.client.vector_stores.create(**options)).id

    async def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """A plain HTTP call, for what the SDK does not let through."""
        headers = {"Authorization": f"Bearer {self.openai.api_key}"}
        async with httpx2.AsyncClient(verify=False, headers=headers) as http:
            return await http.request(method, f"{self.openai.base_url}{path}", **options)

    async def until_begun(self) -> str:
        """The id of the first response, as soon as there is one."""
        since = 0
        while not self.openai.responses:
            since = await self.openai.wait_activity(since, REAL_TIMEOUT)
        return next(iter(self.openai.responses))

    async def until_ended(self, response_id: str) -> str:
        """The status of a response, as soon as it is neither queued nor in progress."""
        since = 0
        while self.openai.responses[response_id]["status"] in ("queued", "in_progress"):
            since = await self.openai.wait_activity(since, REAL_TIMEOUT)
        return str(self.openai.responses[response_id]["status"])


@asynccontextmanager
async def connected() -> AsyncIterator[Peer]:
    """An emulator that is listening, and a client that has its key."""
    clock = SteppedClock()
    openai = EmulatedOpenAI(clock)
    async with openai.serve(), httpx2.AsyncClient(verify=False, timeout=REAL_TIMEOUT) as http:
        client = AsyncOpenAI(base_url=openai.base_url, api_key=openai.api_key, max_retries=0, http_client=http)
        yield Peer(openai, client, clock)


def said(item: Any) -> str:
    """The text of a message item."""
    return "".join(part.text for part in item.content)


def function(name: str = "look_up", **other: Any) -> dict[str, Any]:
    """A function tool."""
    return {"type": "function", "name": name, "parameters": None, "strict": False, **other}
