"""The bodies of OpenAI's errors, as the real API writes them."""

from collections.abc import Mapping
from typing import Any

INVALID_REQUEST = "invalid_request_error"


class ApiError(Exception):
    """A call that is answered with an HTTP error and OpenAI's error body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str = INVALID_REQUEST,  # noqa: A002 - the field's name on the wire
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.type = type
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """`{"error": {message, type, param, code}}` (reference/openai-platform.md §2, §8.3)."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": error}


def invalid(message: str, param: str | None, code: str | None = None) -> ApiError:
    """A request that OpenAI refuses with 400."""
    return ApiError(400, message, param=param, code=code)


def not_emulated(param: str) -> ApiError:
    """A parameter that the real API knows and this emulator does not model."""
    return invalid(f"The emulator does not model '{param}' yet.", param, "not_emulated")


def no_api_key() -> ApiError:
    """No bearer token was sent."""
    return ApiError(401, "You didn't provide an API key in an Authorization header using Bearer auth.")


def wrong_api_key(key: str) -> ApiError:
    """A bearer token that is not the key; only its last four characters are told."""
    message = f"Incorrect API key provided: {'*' * 8}{key[-4:]}."
    return ApiError(401, message, code="invalid_api_key")


def invalid_url(method: str, path: str) -> ApiError:
    """An address that does not exist, as those of the Assistants API since 2026-08-26."""
    return ApiError(404, f"Invalid URL ({method} {path})")


def model_not_found(model: str) -> ApiError:
    """A model that does not exist, or not for this key."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return ApiError(404, message, code="model_not_found", param="model")


def not_found(kind: str, identifier: str, param: str | None = None) -> ApiError:
    """An object that is not there; the code is UNVERIFIED, so key on the status."""
    return ApiError(404, f"{kind} with id '{identifier}' not found.", code="not_found", param=param)


def no_such_file(identifier: str, param: str = "id") -> ApiError:
    """A File that is not there; message, param and null code as clients have recorded for `GET /files/{id}`."""
    return ApiError(404, f"No such File object: {identifier}", param=param)


def conversation_locked() -> ApiError:
    """Somebody else writes to the conversation (reference/openai-platform.md §2, "Locking")."""
    message = "Another process is currently operating on this conversation. Please retry in a few seconds."
    return invalid(message, "conversation", "conversation_locked")


def context_length_exceeded() -> ApiError:
    """The input does not fit the model (reference/openai-platform.md §2, "Context overflow")."""
    message = "Your input exceeds the context window of this model. Please adjust your input and try again."
    return invalid(message, "input", "context_length_exceeded")


def rate_limited(limit: int, per: str) -> ApiError:
    """Too many calls within a minute (reference/openai-platform.md §9 "429 codes"); the wording is ours."""
    message = f"Rate limit reached for {per}: Limit {limit} per minute. Please try again later."
    return ApiError(429, message, code="rate_limit_exceeded", type="requests")


def server_error(status: int = 500) -> ApiError:
    """What OpenAI says when it is its own fault."""
    message = "The server had an error while processing your request. Sorry about that!"
    return ApiError(status, message, type="server_error")
