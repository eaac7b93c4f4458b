"""Files that the code interpreter made, fetched from its container before that is gone."""

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import openai

from bot.assistant.calls import Json
from bot.assistant.shelf import Shelf
from bot.errors import ContainerExpired

FETCHING = 300.0
"""Seconds that one file may take."""

CHUNK = 1 << 18
"""Bytes that are read at a time."""

_GONE: list[Json] = [{"id": "", "source": "nobody"}]


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that code wrote. `size` is in bytes, `created_at` in seconds since the epoch."""

    id: str
    container_id: str
    name: str
    size: int
    created_at: int


class Made(Shelf):
    """The containers' side of the shelf. A container is gone after 20 idle minutes (reference §5)."""

    async def made_files(self, container_id: str) -> tuple[MadeFile, ...] | None:
        """What code wrote in the container, the oldest first; None where the container is gone."""
        try:
            return await self._calls.patiently(partial(self._made, container_id))
        except ContainerExpired:
            return None

    async def _made(self, container_id: str) -> tuple[MadeFile, ...] | None:
        listed: Any = self._client.containers.files.with_raw_response.list
        entries = [entry async for entry in self._entries(partial(listed, container_id), missing={"data": _GONE})]
        if entries == _GONE:
            return None
        return tuple(_file(entry, container_id) for entry in entries[::-1] if entry.get("source") == "assistant")

    async def fetch_made(self, container_id: str, file_id: str, path: Path, limit: int | None = None) -> bool:
        """Write the file to `path`, never holding all of it in memory; False where it is gone.

        With a `limit` in bytes no more is read than shows that the file is larger.
        """
        try:
            return await self._calls.patiently(
                lambda: self._calls.once(partial(self._fetched, container_id, file_id, path, limit), FETCHING)
            )
        except ContainerExpired:
            return False

    async def _fetched(self, container_id: str, file_id: str, path: Path, limit: int | None) -> bool:
        content = self._client.containers.files.content.with_streaming_response
        try:
            async with content.retrieve(file_id, container_id=container_id) as answer:
                with await asyncio.to_thread(path.open, "wb") as file:
                    async for chunk in answer.iter_bytes(CHUNK):
                        file.write(chunk)
                        if limit is not None and file.tell() > limit:
                            break
        except openai.NotFoundError:
            return False
        return True


def _file(entry: Json, container_id: str) -> MadeFile:
    """OpenAI leaves the size out where it does not know it (openai 3.54, types/containers)."""
    name = PurePosixPath(entry.get("path") or "").name
    return MadeFile(entry["id"], container_id, name, entry.get("bytes") or 0, entry.get("created_at") or 0)
