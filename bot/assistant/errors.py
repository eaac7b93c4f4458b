"""The SDK's exceptions as ours, the most specific first.

Our texts hold a status, a code, a parameter's name and the request's id, never OpenAI's own sentence: it
may quote what people wrote, or the key. For the same reason the SDK's exception is not shown as the cause.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx2
import openai

from bot.errors import (
    AssistantBusy,
    AssistantError,
    AssistantUnavailable,
    ContainerExpired,
    ContentRefused,
    ContextTooLong,
    DanglingCall,
    KeyRejected,
    MemoryLocked,
    MemoryLost,
    ModelUnavailable,
    OutcomeUnknown,
    OutOfQuota,
    ParameterRejected,
    QuestionNotRepeated,
    RequestRejected,
    ResponseFailed,
    ServerUnreachable,
)

NO_CREDIT = frozenset({"insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"})
"""reference/openai-platform.md §9; the last from the error codes of developers.openai.com."""

POLICIES = frozenset(
    {
        "invalid_prompt",
        "bio_policy",
        "misalignment_policy_violation",
        "image_content_policy_violation",
        "content_policy_violation",
        "content_filter",
        "moderation_blocked",
    }
)
"""reference/openai-platform.md §1.2 "last_error"; the last three: images, Azure, moderation."""

TUNABLE = frozenset(
    {
        "temperature",
        "top_p",
        "reasoning",
        "reasoning.effort",
        "reasoning.summary",
        "text.verbosity",
        "max_output_tokens",
    }
)
"""Parameters that a model may not take (reference/openai-platform.md §8.3)."""

UNSUPPORTED = frozenset({None, "unsupported_parameter", "unsupported_value"})
"""The codes with which it says so; null is the usual one (reference/openai-platform.md §8.3)."""

NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
"""Without a connection nothing can have been executed."""

BACKGROUND = "background"
"""Not every model and server takes it, and it is told under several codes, or in words alone."""

DANGLING = re.compile(r"No tool output found for .*?call (?P<call>[\w-]+)")
"""reference/openai-platform.md §2 "Dangling tool calls"."""

UNDECIDED = re.compile(r"MCP approval requests do not have an approval: (?P<call>[\w-]+)")
"""Recorded by users of Foundry; each id of several is answered in turn."""

NOT_REPEATED = re.compile(r"MCP approval requests have approval responses but weren't passed as input")
"""community.openai.com/t/1365706: in a conversation, which holds them."""

UNLISTED = re.compile(r"MCP server: '(?P<label>[\w-]+)'")
"""plaid.com/docs/resources/mcp, "Error object for expired token"."""

PAYMENT_REQUIRED, FAILED_DEPENDENCY, SERVER_FAULT = 402, 424, 500

BROKEN = (json.JSONDecodeError, UnicodeDecodeError)
"""An answer, or a chunk of a stream, that is no JSON."""

FOREIGN = (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, *BROKEN)
"""What the SDK raises; httpx2's own errors come through while it reads the body of a refusal."""


@contextmanager
def assistant_errors() -> Iterator[None]:
    """Turn whatever the SDK raises in the block into an AssistantError."""
    try:
        yield
    except FOREIGN as failure:
        raise ours(failure) from None


def ours(failure: Exception) -> AssistantError:
    """Our error for one of the SDK's."""
    if isinstance(failure, openai.APIStatusError):
        return _of_status(failure)
    if isinstance(failure, openai.APIConnectionError | httpx2.HTTPError):
        return _of_connection(failure)
    if isinstance(failure, openai.APIResponseValidationError):
        return OutcomeUnknown(_told(failure))
    if isinstance(failure, openai.APIError):  # an `error` event in its nested shape (trap 3)
        return of_code(failure.code or failure.type or "")
    return OutcomeUnknown(_told(failure))


def of_code(code: str) -> AssistantError:
    """Our error for a response that failed with that code."""
    if code == "context_length_exceeded":
        return ContextTooLong(code)
    if code in POLICIES:
        return ContentRefused(code)
    if code in NO_CREDIT:
        return OutOfQuota(code)
    return ResponseFailed(code)


def _told(failure: Exception) -> str:
    """What the log may know of it."""
    facts = {name: getattr(failure, name, None) for name in ("status_code", "code", "param", "request_id")}
    known = " ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
    return f"{type(failure).__name__} {known}".strip()


def _of_connection(failure: Exception) -> AssistantError:
    cause = failure.__cause__ or failure
    if isinstance(cause, NEVER_SENT):
        return AssistantUnavailable(f"no connection: {type(cause).__name__}")
    return OutcomeUnknown(f"the connection broke: {type(cause).__name__}")


def _of_status(failure: openai.APIStatusError) -> AssistantError:
    for rule in RULES:
        error = rule(failure)
        if error is not None:
            return error
    return RequestRejected(_told(failure))


def _code(failure: openai.APIStatusError) -> AssistantError | None:
    """What the code alone says, under whatever status."""
    if failure.code in NO_CREDIT or str(failure.type) in NO_CREDIT or failure.status_code == PAYMENT_REQUIRED:
        return OutOfQuota(_told(failure))
    if failure.code == "conversation_locked":
        return MemoryLocked(_told(failure))
    if failure.code == "context_length_exceeded":
        return ContextTooLong(_told(failure))
    if failure.code == "model_not_found":
        return ModelUnavailable(_told(failure))
    return ContentRefused(_told(failure)) if failure.code in POLICIES else None


def _status(failure: openai.APIStatusError) -> AssistantError | None:
    """What the status says."""
    if failure.status_code >= SERVER_FAULT:
        executed = not _explained(failure)
        return OutcomeUnknown(_told(failure)) if executed else AssistantUnavailable(_told(failure))
    match failure.status_code:
        case 429:
            return AssistantBusy(_told(failure), _retry_after(failure.response.headers))
        case 401 | 403:
            return KeyRejected(_told(failure))
        case 408:
            return AssistantUnavailable(_told(failure))
        case 409:
            return MemoryLocked(_told(failure))
        case 404:
            return _missing(failure)
        case _:
            return None


def _explained(failure: openai.APIStatusError) -> bool:
    """Whether the answer is OpenAI's own error, and not that of a gateway that gave up waiting."""
    try:
        document = failure.response.json()
    except (ValueError, httpx2.StreamError):
        return False
    return isinstance(document, Mapping) and bool(document.get("error"))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from either of the headers the SDK knows (openai 3.54, _base_client.py)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
    return None


def _missing(failure: openai.APIStatusError) -> AssistantError | None:
    """404: of the model, or of the conversation, whose code is UNVERIFIED: told by parameter, address or words."""
    path = failure.request.url.path
    if failure.param == "model" or "/models/" in path:
        return ModelUnavailable(_told(failure))
    named = failure.param == "conversation" or "conversation" in failure.message.lower()
    if named or "/conversations/" in path:
        return MemoryLost(_told(failure))
    return None


def _words(failure: openai.APIStatusError) -> AssistantError | None:
    """Refusals that have no code (reference/openai-platform.md §§2, 5)."""
    dangling = DANGLING.search(failure.message)
    if dangling:
        return DanglingCall(_told(failure), dangling["call"])
    undecided = UNDECIDED.search(failure.message)
    if undecided:
        return DanglingCall(_told(failure), undecided["call"], asked_about=True)
    if NOT_REPEATED.search(failure.message):
        return QuestionNotRepeated(_told(failure))
    if failure.status_code == FAILED_DEPENDENCY or str(failure.type) == "external_connector_error":
        named = UNLISTED.search(failure.message)
        return ServerUnreachable(_told(failure), named["label"] if named else "")
    if "container is expired" in failure.message.lower():
        return ContainerExpired(_told(failure))
    return None


def _parameter(failure: openai.APIStatusError) -> AssistantError | None:
    """A parameter the model does not take; a value out of range is none of these."""
    param = str(failure.param)
    if param == BACKGROUND or (failure.param is None and f"'{BACKGROUND}'" in failure.message):
        return ParameterRejected(_told(failure), BACKGROUND)
    if param in TUNABLE and failure.code in UNSUPPORTED:
        return ParameterRejected(_told(failure), param)
    return None


RULES: tuple[Callable[[openai.APIStatusError], AssistantError | None], ...] = (_code, _status, _words, _parameter)
"""Asked in this order; the first that knows decides."""
