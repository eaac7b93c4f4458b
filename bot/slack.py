"""Calls to Slack: paced, timed, and every way they can end told apart.

A call is *refused* (not executed), or its outcome is *unknown* (no answer: it may have been executed).
Only calls that may be executed twice are repeated after an unknown outcome.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.errors import SlackError, SlackOutcomeUnknown, SlackRateLimited, SlackRefused, SlackUnreachable
from bot.fencing import may_call
from bot.pacing import Budget, Kept
from bot.tracing import span

log = logging.getLogger(__name__)

ANSWER_WITHIN = 30.0  # seconds: Slack answers within a few; later means never
PATIENCE = 600.0  # seconds that a call which must succeed goes on trying
MAX_PAUSE = 30.0  # seconds between two tries

ONCE = frozenset(
    {
        "chat.appendStream",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.startStream",
        "files.completeUploadExternal",
        "views.open",
    }
)
"""Executing one of these twice would be seen (design §5, "Unknown outcome on the Slack side")."""

SLACKS_OWN_FAULT = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""`ok: false` that does not tell whether the call was executed (docs.slack.dev, errors of every method)."""


OUTCOMES: Mapping[type[SlackError], str] = {
    SlackRefused: "refused",
    SlackRateLimited: "rate_limited",
    SlackOutcomeUnknown: "unknown",
    SlackUnreachable: "unreachable",
}
"""How a call can fail, as it is counted."""

Called = Callable[[str, str, float], None]
"""Is told of every call that was made: its method, `ok` or one of OUTCOMES or `cancelled`, and seconds."""


def unheard(_method: str, _outcome: str, _seconds: float) -> None:
    """Nobody counts."""


NO_ANSWER = (aiohttp.ClientError, SlackClientError, TimeoutError, asyncio.IncompleteReadError, OSError)


class Slack:
    """One workspace's Web API."""

    def __init__(self, client: AsyncWebClient, clock: Clock, budget: Budget, called: Called = unheard) -> None:
        self._client = client
        self._called = called
        self._clock = clock
        self.budget = budget

    async def call(
        self,
        method: str,
        *,
        patience: float = PATIENCE,
        final: bool = False,
        kept: Kept | None = None,
        **arguments: Any,
    ) -> Mapping[str, Any]:
        """Make one call, by Slack's name for it, and wait up to `patience` seconds for room and recovery.

        `final`: it ends something, and goes before all that does not; in the room that is `kept` for it, if any.
        Raises SlackRefused, SlackRateLimited (no room within patience), SlackUnreachable, and
        SlackOutcomeUnknown: at once for calls that may not be executed twice.
        """
        until = self._clock.monotonic() + patience
        for attempt in range(1, 1_000):
            wait = await self.budget.take(
                method, until=until, channel=arguments.get("channel"), final=final, kept=kept
            )
            if wait > 0:
                raise SlackRateLimited(method, wait)
            try:
                return await self._told(method, arguments)
            except SlackError as error:
                pause = self._pause_before_repeating(error, attempt)
                if pause is None or self._clock.monotonic() + pause > until:
                    raise
                log.info("Slack call is repeated", extra={"method": method, "error": error.error, "in_s": pause})
            finally:
                self.budget.made(method)
            await self._clock.sleep(pause)
        raise SlackOutcomeUnknown(method, "tried too often")

    def has_room(self, method: str, calls: int = 1) -> bool:
        """Whether that many calls could be made now without waiting."""
        return self.budget.wait(method, calls) == 0

    async def _told(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make one call, and tell what became of it."""
        may_call()
        began, outcome = self._clock.monotonic(), "cancelled"
        with span(f"slack {method}") as hop:
            try:
                answer = await self._once(method, arguments)
                outcome = "ok"
            except SlackError as error:
                outcome = OUTCOMES[type(error)]
                raise
            finally:
                hop.note(outcome=outcome)
                self._called(method, outcome, self._clock.monotonic() - began)
        return answer

    async def _once(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        send: Callable[..., Awaitable[Any]] = getattr(self._client, method.replace(".", "_"))
        try:
            async with self._clock.timeout(ANSWER_WITHIN):
                response = await send(**arguments)
        except SlackApiError as error:
            raise self._refusal(method, error) from None
        except aiohttp.ClientConnectorError as error:
            raise SlackUnreachable(method, type(error).__name__) from None
        except (
            aiohttp.ClientError,
            SlackClientError,
            TimeoutError,
            asyncio.IncompleteReadError,
            OSError,
        ) as error:
            raise SlackOutcomeUnknown(method, type(error).__name__) from None
        data: Mapping[str, Any] = response.data
        return data

    def _refusal(self, method: str, error: SlackApiError) -> SlackError:
        response = error.response
        status = getattr(response, "status_code", 500)  # without one it is a raw answer that was no JSON
        if status == 429:
            retry_after = float(response.headers.get("Retry-After", 1))
            self.budget.close(method, retry_after)
            return SlackRateLimited(method, retry_after)
        data = getattr(response, "data", None)
        code = str(data.get("error") or status) if isinstance(data, dict) else str(status)
        if status >= 500 or code in SLACKS_OWN_FAULT:
            return SlackOutcomeUnknown(method, code)
        return SlackRefused(method, code)

    @staticmethod
    def _pause_before_repeating(error: SlackError, attempt: int) -> float | None:
        if isinstance(error, SlackRateLimited):
            return 0.0  # the budget is closed meanwhile: it waits there, where its turn is kept
        if isinstance(error, SlackRefused) or (isinstance(error, SlackOutcomeUnknown) and error.method in ONCE):
            return None
        return float(min(MAX_PAUSE, 0.5 * 2**attempt)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
