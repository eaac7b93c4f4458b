"""The line to a response: its events, whichever stream brings them.

A stream of a background response that breaks is taken up again behind the last event that was heard
(reference/openai-platform.md §3 "Resume"); any other is lost with its connection.
"""

import asyncio
import itertools
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Self

from openai import AsyncOpenAI, AsyncStream, RequestOptions

from bot.assistant.calls import EVENTS, REFUSED, Calls, Json, pause
from bot.assistant.request import INCLUDE
from bot.assistant.translate import ENDS
from bot.errors import AssistantError, OutcomeUnknown, RequestRejected

RESUMES = 5
"""How often in a row a stream is taken up again without a word from it."""

RESUME_PATIENCE = 30.0
"""Seconds for a stream that is taken up again to begin."""

DRAIN_TIMEOUT = 5.0
"""Seconds for a stream to end after its terminal event."""

LULL, CATCH_UP = 0.3, 2.0
"""Seconds without an event, and seconds altogether, after which what is told again counts as told."""

KEEPALIVE = "keepalive"
"""A sign of life (openai-node#1964). Its number is not counted on: another stream may have none there."""

_END = object()


class _Ended(OutcomeUnknown):
    """The stream ended in good order, and the response did not."""


class Line:
    """The events of one response, in order, each once. To be closed: a response in the foreground dies of it."""

    def __init__(
        self,
        calls: Calls,
        client: AsyncOpenAI,
        stream: AsyncStream[Any] | None = None,
        *,
        background: bool,
        response_id: str | None = None,
    ) -> None:
        """With its first stream; without one, it begins with what the response told so far."""
        self._calls = calls
        self._client = client
        self._stream = stream
        self._background = background
        self._response_id = response_id
        self._number: int | None = None  # of the last event that was heard
        self._resumed = self._news = False  # it is not the first stream; it told something new
        self._ahead: asyncio.Task[Json] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            await asyncio.gather(self._ahead, return_exceptions=True)
        await self._hang_up()

    async def open(self) -> None:
        """Ask for what the response told so far. RequestRejected: that cannot be told again."""
        await self._calls.patiently(self._take_up)

    async def next(self) -> Json:
        """The next event. OutcomeUnknown where the response told no end and cannot be heard any more."""
        if self._ahead is not None:
            event = await self._ahead
            self._ahead = None
            return event
        return await self._next()

    async def burst(self) -> list[Json]:
        """What was told before we came: all that comes without a lull."""
        found: list[Json] = []
        with suppress(TimeoutError):
            async with self._calls.clock.timeout(CATCH_UP):
                while not (found and _is_end(found[-1])):
                    self._ahead = self._ahead or asyncio.create_task(self._next())
                    async with self._calls.clock.timeout(LULL if found else CATCH_UP):
                        await asyncio.wait({self._ahead})
                    if self._ahead.exception() is not None:
                        break  # for `next` to raise
                    found.append(self._ahead.result())
                    self._ahead = None
        return found

    async def drain(self) -> None:
        """Read the stream to its end: before that, the next request may meet a lock (trap 2)."""
        with suppress(TimeoutError, AssistantError):
            async with self._calls.clock.timeout(DRAIN_TIMEOUT):
                while True:
                    await self._read()

    async def _next(self) -> Json:
        for barren in itertools.count(1):
            try:
                if self._stream is None:
                    await self._take_up()
                return await self._new()
            except RequestRejected as refusal:
                raise OutcomeUnknown(f"it cannot be heard any more: {refusal}") from None
            except (OutcomeUnknown, *REFUSED) as broken:
                await self._hang_up()
                if not self._goes_on(broken) or barren > RESUMES:
                    raise OutcomeUnknown(str(broken)) from None
                if barren > 1:
                    await self._calls.clock.sleep(pause(barren - 1, broken))
        raise AssertionError("unreachable")

    def _goes_on(self, broken: AssistantError) -> bool:
        """Whether another stream may tell more; one that was taken up again and ended had nothing more to tell."""
        said_all = isinstance(broken, _Ended) and self._resumed and not self._news
        return self._background and self._number is not None and not said_all

    async def _new(self) -> Json:
        """The stream's next event that was not heard before."""
        while True:
            event = await self._read()
            number = event.get("sequence_number")
            if event.get("type") == KEEPALIVE:
                continue
            if not isinstance(number, int):
                return event
            if self._resumed and self._number is not None and number <= self._number:
                continue
            self._number, self._news = number, True
            self._response_id = (event.get("response") or {}).get("id") or self._response_id
            return event

    async def _read(self) -> Json:
        stream = self._stream
        if stream is None:
            raise OutcomeUnknown("there is no stream")
        event = await self._calls.once(lambda: anext(stream, _END))
        if event is _END:
            raise _Ended("the stream ended without a terminal event")
        return _mapping(event)

    async def _take_up(self) -> None:
        more: Any = {} if self._number is None else {"starting_after": self._number}
        asked: Any = {"stream": True, "include": list(INCLUDE), "include_obfuscation": False, **more}
        where, how = f"/responses/{self._response_id}", RequestOptions(params=asked)
        get = partial(self._client.get, where, cast_to=object, options=how, stream=True, stream_cls=EVENTS)
        self._stream = await self._calls.once(get, RESUME_PATIENCE)
        self._resumed, self._news = True, False

    async def _hang_up(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()


def _is_end(event: Json) -> bool:
    return event.get("type") in (*ENDS, "error")


def _mapping(event: object) -> Json:
    """A streamed event; what is no object is one of a type that nobody knows."""
    return event if isinstance(event, Mapping) else {"type": type(event).__name__}
