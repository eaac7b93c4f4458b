"""The emulated OpenAI API over HTTP: keys, addresses, errors, models, faults, shutdown."""

import asyncio
import contextlib

import openai as sdk
import pytest
from openai import AsyncOpenAI

from bot.playground.clock import SteppedClock
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai import EmulatedOpenAI
from bot.playground.openai.script import FunctionCall, Gate, Refuse, Script, Stall, Text, container_expired
from tests.emulators.openai_api import MODEL, REAL_TIMEOUT, connected, said


async def test_a_wrong_key_is_refused_with_the_real_error_body() -> None:
    """reference/openai-platform.md §9 (AuthenticationError 401), §2 (shape of the body)."""
    async with connected() as peer:
        with pytest.raises(sdk.AuthenticationError) as refused:
            await peer.client.with_options(api_key="sk-wrong-9876").models.list()
    body = {"message": refused.value.body["message"], "type": "invalid_request_error", "param": None}  # type: ignore[index]
    assert refused.value.body == {**body, "code": "invalid_api_key"}
    assert "sk-wrong" not in str(refused.value)


async def test_a_call_without_a_key_is_refused() -> None:
    async with connected() as peer:
        answer = await peer.call("GET", "/models", headers={"Authorization": ""})
    assert answer.status_code == 401
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("path", ["/threads", "/assistants", "/prompts", "/responses/resp_1/nothing"])
async def test_an_unknown_address_is_404_as_the_assistants_api_is(path: str) -> None:
    """reference/openai-platform.md §1.1: the Assistants API answers 404."""
    async with connected() as peer:
        answer = await peer.call("POST", path, json={})
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"Invalid URL (POST /v1{path})"


async def test_the_sdk_raises_not_found_for_the_assistants_api() -> None:
    """reference/openai-platform.md §1.1."""
    async with connected() as peer:
        with pytest.warns(DeprecationWarning, match="Responses API"), pytest.raises(sdk.NotFoundError):
            await peer.client.beta.threads.create()


async def test_a_known_address_with_another_method_is_405() -> None:
    async with connected() as peer:
        assert (await peer.call("PUT", "/responses", json={})).status_code == 405


@pytest.mark.parametrize("body", ["{", "[1]", '"text"'])
async def test_a_body_that_is_no_json_object_is_refused(body: str) -> None:
    async with connected() as peer:
        assert (await peer.call("POST", "/responses", content=body)).status_code == 400


async def test_every_answer_has_a_request_id() -> None:
    """reference/openai-platform.md §9 "Request ids"."""
    async with connected() as peer:
        first = (await peer.client.models.retrieve(MODEL))._request_id
        with pytest.raises(sdk.NotFoundError) as refused:
            await peer.client.models.retrieve("gpt-0")
        async with await peer.stream() as stream:
            streamed = stream.response.headers["x-request-id"]
    assert len({first, refused.value.request_id, streamed} - {None}) == 3


async def test_models_tell_when_they_shut_down() -> None:
    """reference/openai-platform.md §8.1, §8.2."""
    async with connected() as peer:
        models = {model.id: model.shutdown_date async for model in peer.client.models.list()}
        old = await peer.client.models.retrieve("gpt-4.1")
        with pytest.raises(sdk.NotFoundError) as unknown:
            await peer.client.models.retrieve("gpt-3")
    assert {MODEL, "gpt-6.2-astra", "gpt-6.1-terra", "gpt-6-luna", "gpt-6.1-sol", "gpt-5.6"} <= set(models)
    assert models[MODEL] is None
    assert old.shutdown_date == "2027-01-14"
    assert unknown.value.code == "model_not_found"


async def test_a_refusing_fault_answers_in_place_of_the_api() -> None:
    """reference/openai-platform.md §9 (429 codes, Retry-After)."""
    quota = {"error": {"message": "Quota.", "type": "x", "param": None, "code": "insufficient_quota"}}
    async with connected() as peer:
        fault = Fault(FaultKind.REFUSE, 429, quota, {"Retry-After": "7"})
        peer.openai.faults.add("POST /responses", fault, skip=1)
        await peer.ask()
        with pytest.raises(sdk.RateLimitError) as refused:
            await peer.ask()
        peer.openai.faults.add("POST /responses", Fault(FaultKind.REFUSE))
        with pytest.raises(sdk.InternalServerError):
            await peer.ask()
    assert (refused.value.code, refused.value.response.headers["retry-after"]) == ("insufficient_quota", "7")
    assert (len(peer.openai.creates), len(peer.openai.responses)) == (3, 1)


async def test_a_reset_before_is_not_executed_and_a_reset_after_is() -> None:
    async with connected() as peer:
        for kind, made in ((FaultKind.RESET_BEFORE, 0), (FaultKind.RESET_AFTER, 1)):
            fault = peer.openai.faults.add("POST /conversations", Fault(kind))
            with pytest.raises(sdk.APIConnectionError):
                await peer.conversation()
            assert fault.reached.is_set()
            assert len(peer.openai.conversations) == made


@pytest.mark.parametrize("kind", [FaultKind.HOLD, FaultKind.RESET_AFTER])
async def test_a_stream_whose_answer_is_withheld_is_executed_to_its_end(kind: FaultKind) -> None:
    async with connected() as peer:
        conversation = await peer.conversation()
        peer.openai.queue(Text("Whole."))
        fault = peer.openai.faults.add("POST /responses", Fault(kind))
        asking = asyncio.create_task(peer.stream("Question?", conversation=conversation))
        async with asyncio.timeout(REAL_TIMEOUT):
            await fault.reached.wait()
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError, sdk.APIConnectionError):
            await asking
        assert [said(item) for item in await peer.items(conversation)] == ["Question?", "Whole."]
        assert [one["status"] for one in peer.openai.responses.values()] == ["completed"]


async def test_a_held_call_goes_on_at_its_end_though_the_client_has_gone() -> None:
    """Held before its last part: the client's leaving does not cancel it."""
    async with connected() as peer:
        opened = asyncio.Event()
        peer.openai.queue(Script(Gate(opened), Text("Late.")))
        peer.openai.faults.add("POST /responses", Fault(FaultKind.HOLD))
        asking = asyncio.create_task(peer.ask())
        response = await peer.until_begun()
        asking.cancel()
        await asyncio.wait([asking])
        assert peer.openai.responses[response]["status"] == "in_progress"
        opened.set()
        assert await peer.until_ended(response) == "completed"


async def test_a_held_answer_arrives_when_it_is_released() -> None:
    async with connected() as peer:
        fault = peer.openai.faults.add("POST /responses", Fault(FaultKind.HOLD))
        asking = asyncio.create_task(peer.events())
        async with asyncio.timeout(REAL_TIMEOUT):
            await fault.reached.wait()
        fault.released.set()
        assert (await asking)[-1]["type"] == "response.completed"


async def test_a_delayed_answer_waits_for_the_emulators_clock() -> None:
    async with connected() as peer:
        peer.openai.faults.add("GET /models/{id}", Fault(FaultKind.DELAY, seconds=30))
        asking = asyncio.create_task(peer.client.models.retrieve(MODEL))
        since = 0
        while peer.clock.next_timer() is None:
            since = await peer.openai.wait_activity(since, REAL_TIMEOUT)
            await asyncio.sleep(0)
        assert not asking.done()
        await peer.clock.advance(30)
        assert (await asking).id == MODEL


@pytest.mark.parametrize(
    "refusal",
    [
        Refuse(429, "insufficient_quota", "You exceeded your current quota.", type="insufficient_quota"),
        Refuse(500, None, "The server had an error.", type="server_error"),
        container_expired(),
    ],
)
async def test_a_script_can_refuse_the_call(refusal: Refuse) -> None:
    """reference/openai-platform.md §9 (429 codes), §5 (`Container is expired.`)."""
    async with connected() as peer:
        conversation = await peer.conversation()
        peer.openai.queue(refusal)
        with pytest.raises(sdk.APIStatusError) as refused:
            await peer.stream(conversation=conversation)
        assert (refused.value.status_code, refused.value.code) == (refusal.status, refusal.code)
        assert refusal.message in refused.value.message
        assert not peer.openai.responses
        assert (await peer.ask(conversation=conversation)).status == "completed"


async def test_a_script_cannot_call_what_the_request_does_not_offer() -> None:
    async with connected() as peer:
        peer.openai.queue(FunctionCall("unheard_of"))
        with pytest.raises(sdk.InternalServerError, match="does not offer"):
            await peer.ask()


async def test_calls_are_recorded_with_their_bodies_and_times() -> None:
    async with connected() as peer:
        await peer.ask("One")
        await peer.clock.advance(5)
        await peer.client.models.retrieve(MODEL)
        first, second = peer.openai.requests
    assert (first.method, first.path, first.body["input"]) == ("POST", "/responses", "One")
    assert (second.method, second.path, second.at - first.at) == ("GET", f"/models/{MODEL}", 5)


async def test_it_shuts_down_while_answers_are_held_and_streams_are_stalled() -> None:
    openai = EmulatedOpenAI(SteppedClock())
    openai.queue(Stall())
    held = openai.faults.add("GET /models/{id}", Fault(FaultKind.HOLD))
    async with AsyncOpenAI(api_key=openai.api_key, base_url="http://unset", max_retries=0) as client:
        async with asyncio.timeout(REAL_TIMEOUT), openai.serve():
            client.base_url = openai.base_url
            asking = asyncio.create_task(client.models.retrieve(MODEL))
            stream = await client.responses.create(model=MODEL, input="?", stream=True)
            async for event in stream:
                if event.type == "response.in_progress":
                    break
            await held.reached.wait()
        with pytest.raises(sdk.APIConnectionError):
            await asking


async def test_waiting_for_activity_that_never_comes_ends() -> None:
    async with connected() as peer:
        with pytest.raises(TimeoutError):
            await peer.openai.wait_activity(peer.openai.activity, 0.01)
