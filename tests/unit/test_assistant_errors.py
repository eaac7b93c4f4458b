"""The SDK's exceptions, as ours."""

import json
from typing import Any

import httpx2
import openai
import pytest

from bot.assistant.errors import assistant_errors, of_code, ours
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

SECRET = "sk-what-somebody-wrote"
RESPONSES = "/v1/responses"
CLIENT = openai.AsyncOpenAI(api_key="x")  # each reads the certificates of this machine: 20 ms


def refusal(
    status: int,
    path: str = RESPONSES,
    *,
    headers: dict[str, str] | None = None,
    raw: str | None = None,
    **error: Any,
) -> openai.APIStatusError:
    """The exception the SDK makes of such an answer."""
    request = httpx2.Request("POST", f"https://api.openai.com{path}")
    content = json.dumps({"error": {"message": SECRET, **error}}) if raw is None else raw
    response = httpx2.Response(status, content=content.encode(), headers=headers, request=request)
    return CLIENT._make_status_error_from_response(response)


TEMPERATURE = "Unsupported parameter: 'temperature' is not supported with this model."
NO_OUTPUT = "No tool output found for function call call_abc-1."
NO_APPROVAL = "The following MCP approval requests do not have an approval: mcpr_1, mcpr_2"
ALONE = "The following MCP approval requests have approval responses but weren't passed as input: mcpr_1"
UNLISTED = "Error retrieving tool list from MCP server: 'mail'. Http status code: 401 (Unauthorized)"

CASES: list[tuple[openai.APIStatusError, type[AssistantError]]] = [
    (refusal(429, code="rate_limit_exceeded"), AssistantBusy),
    (refusal(429), AssistantBusy),
    (refusal(429, raw="slow down"), AssistantBusy),
    (refusal(429, code="insufficient_quota"), OutOfQuota),
    (refusal(429, type="insufficient_quota"), OutOfQuota),
    (refusal(429, code="credit_balance_exhausted"), OutOfQuota),
    (refusal(402), OutOfQuota),
    (refusal(400, code="conversation_locked", param="conversation"), MemoryLocked),
    (refusal(409), MemoryLocked),
    (refusal(404, "/v1/conversations/conv_1/items"), MemoryLost),
    (refusal(404, param="conversation"), MemoryLost),
    (refusal(404, message="Conversation with id 'conv_1' not found."), MemoryLost),
    (refusal(404, code="model_not_found", param="model"), ModelUnavailable),
    (refusal(400, code="model_not_found"), ModelUnavailable),
    (refusal(404, "/v1/models/gpt-9", raw="{}"), ModelUnavailable),
    (refusal(404, "/v1/conversations"), RequestRejected),
    (refusal(404, "/v1/responses/resp_1"), RequestRejected),
    (refusal(400, code="context_length_exceeded", param="input"), ContextTooLong),
    (refusal(400, message="Container is expired."), ContainerExpired),
    (refusal(400, message=NO_OUTPUT, param="input"), DanglingCall),
    (refusal(400, message=NO_APPROVAL, param="input"), DanglingCall),
    (refusal(424, message=UNLISTED, param="tools", code="http_error"), ServerUnreachable),
    (refusal(400, message=ALONE, param="input"), QuestionNotRepeated),
    (refusal(424), ServerUnreachable),
    (refusal(400, type="external_connector_error"), ServerUnreachable),
    (refusal(400, message=TEMPERATURE, param="temperature", code=None), ParameterRejected),
    (refusal(400, param="top_p", code="unsupported_parameter"), ParameterRejected),
    (refusal(400, param="reasoning.effort", code="unsupported_value"), ParameterRejected),
    (refusal(400, param="temperature", code="decimal_above_max_value"), RequestRejected),
    (refusal(400, param="background"), ParameterRejected),
    (refusal(400, param="background", code="unknown_parameter"), ParameterRejected),
    (
        refusal(400, message="Unsupported parameter: 'background' is not supported with this model."),
        ParameterRejected,
    ),
    (refusal(400, param="metadata"), RequestRejected),
    (refusal(400, code="invalid_prompt"), ContentRefused),
    (refusal(403, code="bio_policy"), ContentRefused),
    (refusal(401), KeyRejected),
    (refusal(403), KeyRejected),
    (refusal(408), AssistantUnavailable),
    (refusal(413), RequestRejected),
    (refusal(422, raw='{"detail": "no"}'), RequestRejected),
    (refusal(500), AssistantUnavailable),
    (refusal(503, raw='{"error": "overloaded"}'), AssistantUnavailable),
    (refusal(502, raw="<html>Bad gateway</html>"), OutcomeUnknown),
    (refusal(504, raw=""), OutcomeUnknown),
    (refusal(504, raw='{"message": "Endpoint request timed out"}'), OutcomeUnknown),
]


@pytest.mark.parametrize(("failure", "expected"), CASES, ids=lambda case: str(case)[:40])
def test_a_refusal_has_its_name(failure: openai.APIStatusError, expected: type[AssistantError]) -> None:
    assert type(ours(failure)) is expected


@pytest.mark.parametrize(("failure", "expected"), CASES, ids=lambda case: str(case)[:40])
def test_no_words_of_openai_reach_our_log(failure: openai.APIStatusError, expected: type[AssistantError]) -> None:
    assert SECRET not in str(ours(failure))


def test_the_dangling_call_is_named() -> None:
    open_ = ours(refusal(400, message=NO_APPROVAL))
    assert isinstance(open_, DanglingCall)
    assert (open_.call_id, open_.asked_about) == ("mcpr_1", True)
    server = ours(refusal(424, message=UNLISTED))
    assert isinstance(server, ServerUnreachable)
    assert server.label == "mail"
    error = ours(refusal(400, message=NO_OUTPUT))
    assert isinstance(error, DanglingCall)
    assert error.call_id == "call_abc-1"


def test_the_rejected_parameter_is_named() -> None:
    error = ours(refusal(400, param="top_p"))
    assert isinstance(error, ParameterRejected)
    assert error.param == "top_p"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
def test_busy_says_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    error = ours(refusal(429, headers=headers))
    assert isinstance(error, AssistantBusy)
    assert error.retry_after == seconds


REQUEST = httpx2.Request("POST", f"https://api.openai.com{RESPONSES}")


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (caused(openai.APIConnectionError(request=REQUEST), httpx2.ConnectError("refused")), AssistantUnavailable),
        (caused(openai.APITimeoutError(REQUEST), httpx2.ConnectTimeout("slow")), AssistantUnavailable),
        (caused(openai.APIConnectionError(request=REQUEST), httpx2.ReadError("reset")), OutcomeUnknown),
        (caused(openai.APITimeoutError(REQUEST), httpx2.ReadTimeout("slow")), OutcomeUnknown),
        (openai.APIConnectionError(request=REQUEST), OutcomeUnknown),
        (httpx2.ReadError("while the body of a refusal was read"), OutcomeUnknown),
        (httpx2.ConnectError("refused"), AssistantUnavailable),
        (json.JSONDecodeError("cut", "{", 1), OutcomeUnknown),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "cut"), OutcomeUnknown),
    ],
)
def test_a_broken_line_is_an_unknown_outcome_unless_nothing_was_sent(
    failure: Exception, expected: type[AssistantError]
) -> None:
    with pytest.raises(expected) as caught, assistant_errors():
        raise failure
    assert type(caught.value) is expected
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"code": "server_error"}, ResponseFailed),
        ({"code": None, "type": "server_error"}, ResponseFailed),
        (None, ResponseFailed),
        ({"code": "context_length_exceeded"}, ContextTooLong),
        ({"code": "image_content_policy_violation"}, ContentRefused),
        ({"code": "insufficient_quota"}, OutOfQuota),
    ],
)
def test_an_error_event_in_its_nested_shape_fails_the_response(
    body: object, expected: type[AssistantError]
) -> None:
    assert type(ours(openai.APIError(SECRET, REQUEST, body=body))) is expected


def test_the_reason_of_a_failed_response_is_its_code() -> None:
    error = of_code("vector_store_timeout")
    assert isinstance(error, ResponseFailed)
    assert error.reason == "vector_store_timeout"


def test_no_exception_of_the_sdk_is_unmapped() -> None:
    """But for a webhook's signature: nothing here receives webhooks."""
    members = vars(openai).values()  # `getmembers` would load all that the SDK puts off
    classes = [one for one in members if type(one) is type and issubclass(one, Exception)]
    assert len(classes) > 15
    for one in classes:
        if one is openai.InvalidWebhookSignatureError:
            continue
        blank: Any = one.__new__(one)
        for name in ("code", "param", "type", "body", "request_id"):
            setattr(blank, name, None)
        blank.message = ""
        blank.status_code = 418
        blank.request = REQUEST
        blank.response = httpx2.Response(418, content=b"", request=REQUEST)
        with pytest.raises(AssistantError), assistant_errors():
            raise blank
