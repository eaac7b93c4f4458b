"""The engine: turns of a conversation asked of OpenAI, streamed and found again, in our words.

What it calls a memory is a conversation's id; nobody outside this package knows that.
"""

import logging
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from functools import cache, partial
from typing import Any, Self

import httpx2
import openai
from openai import AsyncOpenAI

from bot.assistant.calls import Calls, Failed, Json, unheard
from bot.assistant.creation import Creation
from bot.assistant.events import (
    Abreast,
    AskedOnly,
    Delivered,
    Event,
    Finished,
    NotAsked,
    Outcome,
    Step,
    StepFinished,
    UnderWay,
)
from bot.assistant.line import Line
from bot.assistant.memory import brought, carrying, found_beside, given, standing_before, turn_of
from bot.assistant.request import INCLUDE, CallOutput, Turn
from bot.assistant.steps import call_of
from bot.assistant.translate import Translation, tell, tell_items, translate
from bot.clock import Clock
from bot.errors import AssistantError, MemoryLost, OutcomeUnknown, RequestRejected, RunTimedOut
from bot.fencing import trace_request

__all__ = ["READ_TIMEOUT", "CallOutput", "Engine", "Turn"]

Moved = Callable[[Mapping[str, str | None]], Awaitable[None]]
"""Is told, before items of a memory go, which ones, and behind which one each of them stood."""

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5.0
"""Seconds; the SDK's own (reference/openai-platform.md §9)."""

READ_TIMEOUT = 300.0
"""Seconds without a sign of life: long, because a reasoning model is silent while it thinks."""

STOP_PATIENCE, STOP_TRIES, STOP_WITHIN = 5.0, 3, 10.0
"""Seconds for a cancellation to be answered, how often it is asked for, and seconds altogether."""

FIRST_POLL, LAST_POLL = 1.0, 5.0
"""Seconds between two looks at a response that is under way: at first, and at most."""

PAGE = 50
"""Items in a page, of 100 at most (reference/openai-platform.md §2): few come after the tail."""

PENDING = frozenset({"queued", "in_progress"})


class Engine:
    """An assistant's turns, on OpenAI's Conversations and Responses. It raises errors of `bot/errors.py` only."""

    def __init__(
        self,
        client: AsyncOpenAI,
        clock: Clock,
        *,
        read_timeout: float = READ_TIMEOUT,
        failed: Failed = unheard,
    ) -> None:
        self.client = client
        self.calls = Calls(clock, read_timeout, failed)
        self._clock = clock
        self._creation = Creation(client, self.calls)
        self._unknown: frozenset[str] = frozenset()  # types of events and items that were logged

    @classmethod
    def connect(
        cls,
        api_key: str,
        base_url: str | None,
        clock: Clock,
        *,
        read_timeout: float = READ_TIMEOUT,
        failed: Failed = unheard,
    ) -> Self:
        """An engine with a client of its own, which repeats no call by itself. Nothing is sent yet."""
        timeout = openai.Timeout(read_timeout, connect=CONNECT_TIMEOUT)
        fences: Any = {"request": [trace_request]}
        http = openai.DefaultAsyncHttpxClient(timeout=timeout, verify=_tls(), event_hooks=fences)
        client = AsyncOpenAI(api_key=api_key, base_url=base_url, timeout=timeout, max_retries=0, http_client=http)
        return cls(client, clock, read_timeout=read_timeout, failed=failed)

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def open(self) -> str:
        """A new, empty memory. OutcomeUnknown may leave one behind that nobody knows, which harms nobody."""
        conversation = await self.calls.ask(self.client.conversations.with_raw_response.create)
        if not conversation.get("id"):
            raise OutcomeUnknown("a conversation without an id")
        return str(conversation["id"])

    async def stream(self, turn: Turn) -> AsyncGenerator[Event, None]:
        """What happens while the assistant answers; `Finished` is the last of it.

        Exactly one request is executed. `aclose()` ends the connection, which cancels the response unless it
        is in the background: see `stop`. There a stream that breaks is taken up again where it broke.
        A stream that breaks for good, or ends before `Finished`, raises OutcomeUnknown: ask `outcome`.
        """
        stream, background = await self._creation.begin(turn)
        async with (
            Line(self.calls, self.client, stream, background=background) as line,
            aclosing(self._tell(line, Translation())) as events,
        ):
            async for told in events:
                yield told

    async def follow(self, response_id: str) -> AsyncGenerator[Event | Abreast, None]:
        """What happens, and has happened, in a response in the background; as `stream`, from its beginning.

        First what was told before, at once, then `Abreast`. Where it cannot be told again (it is too old,
        or was never streamed), all of it once it has ended. The caller has a deadline.
        """
        async with Line(self.calls, self.client, background=True, response_id=response_id) as line:
            try:
                await line.open()
            except RequestRejected as refusal:
                log.info("response %s cannot be told again: %s", response_id, refusal)
                for told in await self._story(response_id):
                    yield told
                return
            state, past = Translation(), tuple[Event, ...]()
            for event in await line.burst():
                state, events = self._translated(state, event)
                past += events
            if state.over:
                await line.drain()
            for told in past:
                yield told
            if not state.over:
                yield Abreast()
                async with aclosing(self._tell(line, state)) as now:
                    async for told in now:
                        yield told

    async def outcome(self, turn: Turn, response_id: str | None, tail: str | None, deadline: float) -> Outcome:
        """What became of a turn that was asked, or was about to be, when the line broke or the process died.

        `tail` is the memory's last item before the turn, None if it was empty. `deadline` is on the monotonic
        clock: refused reads are repeated until then, after it RunTimedOut is raised. The turn must be the one
        that was asked: its question is looked for by its text, because older ones may stand after the tail.
        A response that goes on in the background is not waited for: `follow` it.
        """
        left = max(deadline - self._clock.monotonic(), 0.0)
        try:
            async with self._clock.timeout(left):
                found = await self._settled(response_id, waiting=False) if response_id else None
                return found or await self._remembered(turn, tail)
        except TimeoutError:
            raise RunTimedOut(f"run {turn.run}: its outcome was not known in time") from None

    async def told(self, response_id: str, deadline: float) -> tuple[Event, ...] | None:
        """The whole story of a response that has ended; None where it is gone. `deadline` as in `outcome`."""
        try:
            async with self._clock.timeout(max(deadline - self._clock.monotonic(), 0.0)):
                found = await self._settled(response_id, waiting=True)
        except TimeoutError:
            raise RunTimedOut(f"response {response_id} was not told in time") from None
        return found.events if isinstance(found, Delivered) else None

    async def stop(self, response_id: str) -> None:
        """Cancel a background response: the model does no further work, and the memory is free.

        Any other was cancelled when its stream was closed, and one that has ended stays as it is: nothing happens.
        """
        cancel = partial(self.client.responses.cancel, response_id)
        try:
            async with self._clock.timeout(STOP_WITHIN):
                await self.calls.patiently(lambda: self.calls.once(cancel, STOP_PATIENCE), STOP_TRIES)
        except RequestRejected as refusal:
            log.debug("response %s was not cancelled: %s", response_id, refusal.code)
        except (AssistantError, TimeoutError) as failure:
            log.warning("response %s may go on, for it was not cancelled: %s", response_id, type(failure).__name__)

    async def details(self, response_id: str) -> tuple[Step, ...] | None:
        """The steps of a response that has ended, with all that is known of them; None where it is gone."""
        response = await self.calls.patiently(lambda: self._retrieve(response_id))
        if not response:
            return None
        return tuple(event.step for event in tell(response) if isinstance(event, StepFinished))

    async def rewind(self, memory: str, tail: str | None) -> None:
        """Take everything after `tail` out of the memory, newest first; None empties it.

        So reasoning goes right after the item that it led to, without which OpenAI refuses it (trap 13);
        a rewind that broke off in between is completed by the next one. A tail that is not there changes nothing.
        """
        items, found = await self.calls.patiently(lambda: self._items(memory, tail))
        if not found:
            log.warning("memory %s is not rewound: item %s is not in it", memory, tail)
            return
        for item in items:
            await self._delete(memory, item["id"])

    async def erase(self, memory: str, added: Collection[str], tail: str | None) -> None:
        """Take one turn out of the memory, wherever it stands: what it `added` and the question before that.

        `tail` is the memory's last item before the turn; where it is gone, all of the memory is looked through.
        What is gone already is fine; an erasure that broke off is completed by the next one.
        """
        items, _ = await self.calls.patiently(lambda: self._items(memory, tail))
        for item in turn_of(items[::-1], added):
            await self._delete(memory, item["id"])

    async def drop_parts(self, memory: str, tail: str | None) -> None:
        """Take the documents and passages that a turn was given out of the memory, after the turn has ended.

        Otherwise they are paid for in every later turn (trap 23). `tail` is the memory's last item before the
        turn. Pictures stay: see `drop_files`. What is gone already is fine.
        """
        items, _ = await self.calls.patiently(lambda: self._items(memory, tail))
        for item in filter(given, items):
            await self._delete(memory, item["id"])

    async def drop_files(
        self,
        memory: str,
        file_ids: Collection[str],
        answers: Collection[str] | None = (),
        before: Moved | None = None,
    ) -> None:
        """Take out of the memory whatever carries one of these Files, before they are deleted (see `carrying`).

        An item whose File is gone makes OpenAI refuse every later turn (trap 23). `answers` are items that go
        too; None: what was found in the File, or said of it, stays. `before` is told, before anything goes, which
        items go and behind which one each of them stood: a tail that goes must be moved there first. What is gone
        already is fine.
        """
        newest_first, _ = await self.calls.patiently(lambda: self._items(memory, None))
        await self._drop(memory, newest_first[::-1], carrying(newest_first[::-1], file_ids, answers), before)

    async def drop_found(self, memory: str, tail: str, own: Collection[str], before: Moved) -> None:
        """Take out of the memory, up to its `tail`, what searches found in other Files than `own`.

        With it go the answers that cite those. `before` as in `drop_files`; what is gone already is fine.
        """
        newest_first, _ = await self.calls.patiently(lambda: self._items(memory, None))
        items = newest_first[::-1]
        behind = [place for place, item in enumerate(items, start=1) if item["id"] == tail]
        past = items[: behind[0]] if behind else items
        await self._drop(memory, past, carrying(past, found_beside(past, own)), before)

    async def _drop(
        self, memory: str, items: Sequence[Json], going: Sequence[Mapping[str, Any]], before: Moved | None
    ) -> None:
        if going and before is not None:
            await before(standing_before(items, {item["id"] for item in going}))
        for item in going:
            await self._delete(memory, item["id"])

    async def forget_details(self, response_id: str) -> None:
        """Delete a response, so that `details` has nothing to tell of it; the memory stays. Gone is fine."""
        delete: Any = self.client.responses.with_raw_response.delete
        await self.calls.patiently(lambda: self.calls.ask(lambda: delete(response_id), missing={}))

    async def forget(self, memory: str) -> None:
        """Erase a memory: its items first, because deleting a conversation leaves them. Gone already is fine."""
        try:
            await self.rewind(memory, None)
            delete = self.client.conversations.delete
            await self.calls.patiently(lambda: self.calls.once(lambda: delete(memory)))
        except MemoryLost:
            log.debug("memory %s was gone already", memory)

    # What is told

    async def _tell(self, line: Line, state: Translation) -> AsyncGenerator[Event, None]:
        events = tuple[Event, ...]()
        while not state.over:
            state, events = self._translated(state, await line.next())
            for told in events:
                if not isinstance(told, Finished):
                    yield told
        await line.drain()
        yield events[-1]

    def _translated(self, state: Translation, event: Json) -> tuple[Translation, tuple[Event, ...]]:
        state, events = translate(state, event)
        self._log_unknown(state.unknown)
        return state, events

    def _log_unknown(self, types: frozenset[str]) -> None:
        """Once per engine; the types only grow during a stream."""
        if not types <= self._unknown:
            for kind in sorted(types - self._unknown):
                log.warning("OpenAI sent what this version does not know: %s", kind)
            self._unknown |= types

    # What became of a turn

    async def _settled(self, response_id: str, *, waiting: bool) -> Delivered | UnderWay | None:
        """The story of a response once it has ended; None where it was cancelled, or is not there.

        One in the background is waited for only where `waiting`.
        """
        pause = FIRST_POLL
        while True:
            response = await self.calls.patiently(lambda: self._retrieve(response_id), None)
            if not response or response.get("status") == "cancelled":
                return None
            if response.get("status") not in PENDING:
                return Delivered(tell(response))
            if response.get("background") and not waiting:
                return UnderWay(response_id)
            await self._clock.sleep(pause)
            pause = min(pause * 2, LAST_POLL)

    async def _story(self, response_id: str) -> tuple[Event, ...]:
        found = await self._settled(response_id, waiting=True)
        if not isinstance(found, Delivered):
            raise OutcomeUnknown(f"response {response_id} was cancelled, or is gone")
        return found.events

    async def _remembered(self, turn: Turn, tail: str | None) -> Outcome:
        """What the memory holds of the turn: all of it was added when the response completed, or nothing.

        An answer that asks for calls is asked for anew: without its response's id it could not be gone on with.
        """
        newest_first, _ = await self.calls.patiently(lambda: self._items(turn.memory, tail), None)
        items = newest_first[::-1]
        asked = [index for index, item in enumerate(items) if brought(item, turn)]
        if not asked:
            return NotAsked()
        after = items[asked[-1] + 1 :]
        if any(call_of(item) for item in after):
            return NotAsked()
        if any(item.get("role") == "assistant" for item in after):
            return Delivered(tell_items(after))
        return AskedOnly()

    # Calls

    async def _retrieve(self, response_id: str) -> Json:
        """The response, or nothing where there is none."""
        retrieve: Any = self.client.responses.with_raw_response.retrieve
        return await self.calls.ask(lambda: retrieve(response_id, include=list(INCLUDE)), missing={})

    async def _items(self, memory: str, tail: str | None) -> tuple[list[Json], bool]:
        """The memory's items after the tail, newest first, and whether the tail was found.

        Newest first, because few items come after it, and because a tail that is gone would be a 404 as `after`,
        which nothing tells from that of a lost conversation.
        """
        listed: Any = self.client.conversations.items.with_raw_response.list
        items: list[Json] = []
        after: Any = openai.omit
        while True:
            page = await self.calls.ask(
                partial(listed, memory, order="desc", limit=PAGE, after=after, include=list(INCLUDE))
            )
            for item in page.get("data") or ():
                if item.get("id") == tail:
                    return items, True
                items.append(item)
            if not page.get("has_more") or not page.get("last_id"):
                return items, tail is None
            after = page["last_id"]

    async def _delete(self, memory: str, item_id: str) -> None:
        delete = self.client.conversations.items.with_raw_response.delete
        await self.calls.patiently(
            lambda: self.calls.ask(lambda: delete(item_id, conversation_id=memory), missing={})
        )


@cache
def _tls() -> ssl.SSLContext:
    """Whom this process trusts, for all its clients: reading the certificates takes 20 ms."""
    return httpx2.create_ssl_context()
