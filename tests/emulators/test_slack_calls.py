"""Tokens, scopes, arguments, rates and faults of the Web API."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.clock import SteppedClock
from bot.playground.faults import Fault, FaultKind
from bot.playground.slack import EmulatedSlack, rate_limited, slack_error
from bot.playground.slack.rates import PER_MINUTE
from tests.emulators.slack_rig import Rig, error_of, rig


async def test_auth_test_says_who_the_bot_is_and_names_its_scopes() -> None:
    async with rig(scopes=["chat:write", "users:read"]) as r:
        answer = await r.client.auth_test()
        assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == (
            r.slack.bot_user,
            r.slack.bot_id,
            r.slack.team,
        )
        assert answer.headers["x-oauth-scopes"] == "chat:write,users:read"


async def test_an_unknown_method_is_refused() -> None:
    async with rig() as r:
        assert (await r.call("chat.meMessage"))["error"] == "unknown_method"


@pytest.mark.parametrize(
    ("token", "error"),
    [(None, "not_authed"), ("xoxb-other", "invalid_auth"), ("app", "not_allowed_token_type")],
)
async def test_a_wrong_token_is_refused(token: str | None, error: str) -> None:
    async with rig() as r:
        client = AsyncWebClient(
            r.slack.app_token if token == "app" else token,
            base_url=r.slack.api_url,
            session=r.http,
            retry_handlers=[],
        )
        assert await error_of(client.users_info(user=r.ann)) == error


async def test_the_bot_token_opens_no_socket() -> None:
    async with rig() as r:  # slack-platform.md §5.2: app token
        opened = r.client.apps_connections_open(app_token=r.slack.bot_token)
        assert await error_of(opened) == "not_allowed_token_type"


SCOPED: dict[str, tuple[str, dict[str, Any]]] = {  # slack-platform.md §1.6
    "chat.postMessage": ("chat:write", {"text": "x"}),
    "chat.startStream": ("chat:write", {}),
    "agents.sessions.setStatus": ("chat:write", {}),
    "assistant.threads.setSuggestedPrompts": ("assistant:write", {}),
    "users.info": ("users:read", {}),
    "reactions.add": ("reactions:write", {}),
    "conversations.replies": ("channels:history", {"ts": "1700000000.000000"}),
}


@pytest.mark.parametrize("method", SCOPED)
async def test_a_missing_scope_is_named(method: str) -> None:
    needed, args = SCOPED[method]
    async with rig(scopes=["im:history"]) as r:
        answer = await r.call(method, channel=r.channel, **args)
        assert answer["error"] == "missing_scope"
        assert (answer["needed"], answer["provided"]) == (needed, "im:history")
        assert r.slack.scopes_used == set()


BAD_ARGUMENTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "unknown": ("chat.postMessage", {"channel": "C1", "text": "x", "colour": "red"}, "colour"),
    "missing": ("chat.postMessage", {"text": "x"}, "missing required field: channel"),
    "of another type": ("chat.postMessage", {"channel": "C1", "text": 5}, "json-pointer:/text"),
    "null": ("chat.update", {"channel": "C1", "ts": "1", "text": None}, "json-pointer:/text"),
    "outside the enum": (  # slack-platform.md §1.5
        "agents.sessions.setStatus",
        {"channel_id": "C1", "thread_ts": "1", "status": "is thinking"},
        "must be a valid enum value [json-pointer:/status]",
    ),
    "outside the range": ("conversations.replies", {"channel": "C1", "ts": "1", "limit": 1001}, "/limit"),
}


@pytest.mark.parametrize(("method", "args", "says"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS.keys())
async def test_an_argument_that_slack_does_not_take_is_refused(
    method: str, args: dict[str, Any], says: str
) -> None:
    async with rig() as r:
        answer = await r.call(method, **args)
        assert answer["error"] == "invalid_arguments"
        assert any(says in message for message in answer["response_metadata"]["messages"])


async def test_form_bodies_are_read_as_the_sdk_sends_them() -> None:
    async with rig() as r:
        answer = await r.client.api_call(
            "chat.postMessage",
            data={"channel": r.channel, "text": "x", "unfurl_links": "0", "blocks": '[{"type":"divider"}]'},
        )
        assert answer["message"]["blocks"] == [{"type": "divider"}]
        assert (await r.client.users_info(user=r.ann, include_locale=True))["user"]["locale"] == "en-US"


async def test_a_body_that_is_no_json_object_is_refused() -> None:
    async with rig() as r:
        headers = {"Authorization": f"Bearer {r.slack.bot_token}", "Content-Type": "application/json"}
        async with r.http.post(r.slack.api_url + "auth.test", data="[1]", headers=headers) as response:
            assert (await response.json())["error"] == "invalid_json"


LIMITS = {  # slack-platform.md §6
    "chat.update": 50,
    "chat.delete": 50,
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "chat.appendStream": 100,
    "chat.postEphemeral": 100,
    "views.update": 100,  # docs.slack.dev/reference/methods/views.update
    "views.push": 100,
    "assistant.threads.setStatus": 600,
    "assistant.threads.setSuggestedPrompts": 100,
    "reactions.add": 50,
    "users.info": 100,
    "conversations.replies": 50,
    "files.delete": 50,
    "files.info": 100,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
}


def test_every_documented_limit_is_the_number_of_its_tier() -> None:
    assert {method: PER_MINUTE[method] for method in LIMITS} == LIMITS


async def test_the_call_over_the_limit_is_turned_away_until_the_window_has_moved() -> None:
    async with rig() as r:  # slack-platform.md §6: 429, Retry-After, other methods unaffected
        for _ in range(20):
            await r.call("chat.startStream")
        await r.clock.advance(10)
        headers = {"Authorization": f"Bearer {r.slack.bot_token}"}
        async with r.http.post(r.slack.api_url + "chat.startStream", headers=headers) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "50")
            assert await response.json() == {"ok": False, "error": "ratelimited"}
        assert (await r.call("auth.test"))["ok"]
        await r.clock.advance(50)
        assert (await r.call("chat.startStream"))["error"] == "invalid_arguments"
        assert r.slack.calls[20].status == 429


async def test_posts_run_at_one_a_second_and_channel_after_a_short_burst() -> None:
    async with rig() as r:  # docs.slack.dev/apis/web-api/rate-limits: "short bursts > 1 allowed"
        other = r.slack.add_channel("other")

        async def post(channel: str) -> str:
            return str((await r.call("chat.postMessage", channel=channel, text="x")).get("error", ""))

        assert [await post(r.channel) for _ in range(6)] == [""] * 5 + ["ratelimited"]
        assert await post(other) == ""
        await r.clock.advance(1)
        assert [await post(r.channel) for _ in range(2)] == ["", "ratelimited"]


# -- faults: issue 2 §6.1


async def test_a_refused_call_is_not_executed() -> None:
    async with rig() as r:
        r.slack.faults.add("chat.postMessage", slack_error("internal_error", status=500))
        r.slack.faults.add("chat.postMessage", rate_limited(7))
        post = r.client.chat_postMessage
        assert await error_of(post(channel=r.channel, text="x")) == "internal_error"
        assert await error_of(post(channel=r.channel, text="x")) == "ratelimited"
        assert r.slack.executed("chat.postMessage") == []
        assert [call.status for call in r.slack.calls] == [500, 429]
        assert await error_of(post(channel=r.channel, text="x")) == ""


@pytest.mark.parametrize(("kind", "executed"), [(FaultKind.RESET_BEFORE, 0), (FaultKind.RESET_AFTER, 1)])
async def test_a_reset_shows_as_one_whether_or_not_the_call_was_executed(kind: FaultKind, executed: int) -> None:
    async with rig() as r:
        fault = r.slack.faults.add("chat.postMessage", Fault(kind))
        with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)):
            await r.client.chat_postMessage(channel=r.channel, text="x", thread_ts=r.thread)
        assert fault.reached.is_set()
        assert len(r.slack.executed("chat.postMessage")) == executed
        assert len(r.slack.replies(r.channel, r.thread)) == executed
        assert r.slack.calls[-1].status == 0


async def test_a_held_call_is_executed_and_answered_when_released() -> None:
    async with rig() as r:
        fault = r.slack.faults.add("chat.postMessage", Fault(FaultKind.HOLD))
        call = asyncio.create_task(_post(r))
        await fault.reached.wait()
        assert len(r.slack.replies(r.channel, r.thread)) == 1
        assert not call.done()
        fault.released.set()
        assert (await call)["ok"]


async def test_a_server_that_closes_lets_go_of_held_calls() -> None:
    slack = EmulatedSlack(SteppedClock())
    fault = slack.faults.add("auth.test", Fault(FaultKind.HOLD))
    async with aiohttp.ClientSession() as http:
        async with slack.serve():
            client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=http, retry_handlers=[])
            call = asyncio.create_task(client.auth_test())
            await fault.reached.wait()
        with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)):
            await call


async def test_a_delayed_answer_comes_by_the_emulated_clock() -> None:
    async with rig() as r:
        fault = r.slack.faults.add("chat.postMessage", Fault(FaultKind.DELAY, seconds=5))
        call = asyncio.create_task(_post(r))
        await fault.reached.wait()
        await r.clock.advance(5)
        assert (await call)["ok"]


async def _post(r: Rig) -> dict[str, Any]:
    return await r.call("chat.postMessage", channel=r.channel, text="x", thread_ts=r.thread)
