"""What all sides of the file shelf share: how calls are made, how lists are read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import openai

from bot.assistant.calls import Json
from bot.assistant.engine import Engine
from bot.errors import OutcomeUnknown

PAGE = 100
"""Entries in a page: what every list takes (openai 3.54, resources/vector_stores, resources/files)."""


class Shelf:
    """Speaks to OpenAI by the engine's connections."""

    def __init__(self, engine: Engine) -> None:
        self._client = engine.client
        self._calls = engine.calls
        self._clock = engine.calls.clock

    async def _entries(
        self, listed: Callable[..., Awaitable[Any]], missing: Json | None = None
    ) -> AsyncIterator[Json]:
        """The entries of a list, page by page; `missing` stands for the page where there is no such list."""
        after: Any = openai.omit
        while True:
            page = await self._calls.ask(partial(listed, limit=PAGE, after=after), missing)
            for entry in page.get("data") or ():
                yield entry
            if not page.get("has_more") or not page.get("last_id"):
                return
            after = page["last_id"]


def id_of(made: Json) -> str:
    """The id of what was made."""
    if not made.get("id"):
        raise OutcomeUnknown("something was made, without an id")
    return str(made["id"])
