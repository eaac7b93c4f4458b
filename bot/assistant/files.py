"""The shelf: Files at OpenAI, uploaded once, found again, deleted. `stores.py`, `made.py` are its other sides."""

import asyncio
from collections import Counter, deque
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any, Literal

import openai

from bot.assistant.calls import REFUSED
from bot.assistant.engine import Engine
from bot.assistant.made import Made
from bot.assistant.shelf import id_of
from bot.assistant.stores import Stores

__all__ = ["FileShelf"]

Purpose = Literal["assistants", "user_data", "vision"]

UPLOADING = 900.0
"""Seconds that one upload may take: RUN_TIMEOUT, for 100 MB at 1 Mbit/s."""

TRANSCRIBING = 300.0
"""Seconds that one transcription may take."""

SKEW = 60.0
"""Seconds by which OpenAI's clock may be behind ours."""

REMEMBERED = 1000
"""Uploads whose answer came, that can be nobody else's: as many as there may be in a minute (openai 3.54)."""


class FileShelf(Stores, Made):
    """Everything with bytes in it at OpenAI. It raises errors of `bot/errors.py` only.

    What was refused is tried again a few times, and so is what may be executed twice: all but an upload.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._under_way: Counter[tuple[str, int]] = Counter()
        self._answered: deque[str] = deque(maxlen=REMEMBERED)

    async def upload(
        self,
        path: Path,
        name: str,
        mime: str,
        *,
        purpose: Purpose = "user_data",
        expires_after: int | None = None,
    ) -> str:
        """The id of a new File of what lies at `path`, which is never held in memory (trap 21).

        OpenAI decides by the extension of `name` what it can be used for. `expires_after` is in seconds, from an
        hour to thirty days; None: never. OutcomeUnknown: ask `find_upload` before it is made again.
        """
        size = (await asyncio.to_thread(path.stat)).st_size
        policy: Any = {"anchor": "created_at", "seconds": expires_after} if expires_after else openai.omit
        self._under_way[name, size] += 1
        try:
            made = await self._calls.patiently(
                partial(self._sent, path, (name, mime), purpose=purpose, expires_after=policy), again=REFUSED
            )
        finally:
            self._under_way -= Counter([(name, size)])
        self._answered.append(made)
        return made

    async def _sent(self, path: Path, about: tuple[str, str], **fields: Any) -> str:
        create = self._client.files.with_raw_response.create
        name, mime = about
        with await asyncio.to_thread(path.open, "rb") as file:
            call = partial(create, file=(name, file, mime), **fields)
            return id_of(await self._calls.ask(call, seconds=UPLOADING))

    async def find_upload(
        self, name: str, size: int, since: float, *, known: Collection[str] = (), expires_after: int | None = None
    ) -> str | None:
        """The File that an upload left behind whose answer never came; None where it must be made again.

        OpenAI tells nothing of a File but name, size in bytes and time, so a File is adopted only where nobody
        else can be meant: not one of `known`, the Files that rows of ours (of any team) name; not one that this
        shelf was answered with; not while another such upload is under way here; and not where there are two.
        `since` is in seconds since the epoch.
        """
        if self._under_way[name, size]:
            return None
        found = await self._calls.patiently(partial(self._left, name, size, since - SKEW, expires_after))
        left = [one for one in found if one not in known and one not in self._answered]
        return left[0] if len(left) == 1 and not self._under_way[name, size] else None

    async def _left(self, name: str, size: int, since: float, expires_after: int | None) -> list[str]:
        """The Files like that, made since then; the newest are listed first."""
        found: list[str] = []
        async for entry in self._entries(partial(self._client.files.with_raw_response.list, order="desc")):
            made = entry.get("created_at") or 0
            if made < since:
                break
            lasts = entry["expires_at"] - made if entry.get("expires_at") else None
            if (entry.get("filename"), entry.get("bytes"), lasts) == (name, size, expires_after):
                found.append(entry["id"])
        return found

    async def has(self, file_id: str) -> bool:
        """Whether OpenAI has that File."""
        retrieve = self._client.files.with_raw_response.retrieve
        return bool(await self._calls.patiently(lambda: self._calls.ask(lambda: retrieve(file_id), missing={})))

    async def delete(self, file_id: str) -> None:
        """Delete a File, which leaves all stores too. Gone already is fine.

        Items that give it to the model must have gone before: see `Engine.drop_files`.
        """
        delete = self._client.files.with_raw_response.delete
        await self._calls.patiently(lambda: self._calls.ask(lambda: delete(file_id), missing={}))

    async def transcribe(self, path: Path, name: str, mime: str, model: str) -> str:
        """What is said in a recording of 25 MB at most, whose extension tells its format (reference §6)."""
        return await self._calls.patiently(partial(self._heard, path, (name, mime), model))

    async def _heard(self, path: Path, about: tuple[str, str], model: str) -> str:
        create: Any = self._client.audio.transcriptions.with_raw_response.create
        name, mime = about
        with await asyncio.to_thread(path.open, "rb") as file:
            call = partial(create, file=(name, file, mime), model=model)
            heard = await self._calls.ask(call, seconds=TRANSCRIBING)
        return str(heard.get("text") or "")
