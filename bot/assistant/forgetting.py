"""What is asked of OpenAI to forget: what a memory holds, and whatever can be deleted one by one."""

from functools import partial
from typing import Any

from bot.assistant.calls import Json
from bot.assistant.files import FileShelf
from bot.assistant.stores import KEPT_BY


class Forgetting(FileShelf):
    """The shelf, and what only forgetting needs. Deleting what is gone already is fine everywhere."""

    async def memory_items(self, memory: str) -> tuple[Json, ...]:
        """The items of a memory, the oldest first; nothing where it is gone."""
        return await self._calls.patiently(partial(self._memory_items, memory))

    async def _memory_items(self, memory: str) -> tuple[Json, ...]:
        listed: Any = self._client.conversations.items.with_raw_response.list
        return tuple(
            [item async for item in self._entries(partial(listed, memory, order="asc"), missing={})],
        )

    async def delete_item(self, memory: str, item_id: str) -> None:
        """Delete one item of a memory."""
        delete = self._client.conversations.items.with_raw_response.delete
        await self._calls.patiently(
            lambda: self._calls.ask(lambda: delete(item_id, conversation_id=memory), missing={})
        )

    async def has_response(self, response_id: str) -> bool:
        """Whether OpenAI still has the response: it keeps them for about 30 days."""
        retrieve: Any = self._client.responses.with_raw_response.retrieve
        return bool(
            await self._calls.patiently(lambda: self._calls.ask(lambda: retrieve(response_id), missing={}))
        )

    async def stores_of(self, team: str, channel: str) -> tuple[str, ...]:
        """All stores that were made for the channel, expired ones and superfluous ones too."""
        return await self._calls.patiently(partial(self._stores_of, team, channel))

    async def _stores_of(self, team: str, channel: str) -> tuple[str, ...]:
        wanted = {**KEPT_BY, "team": team, "channel": channel}
        listed = self._entries(self._client.vector_stores.with_raw_response.list)
        return tuple([store["id"] async for store in listed if store.get("metadata") == wanted])

    async def delete_store(self, store: str) -> None:
        """Delete a vector store; the Files that were in it stay."""
        delete = self._client.vector_stores.with_raw_response.delete
        await self._calls.patiently(lambda: self._calls.ask(lambda: delete(store), missing={}))
