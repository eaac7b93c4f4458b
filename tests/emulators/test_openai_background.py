"""Responses in the background: queued, streamed again, cancelled, and going on without anybody."""

import asyncio
from dataclasses import replace
from typing import Any

import openai as sdk
import pytest

from bot.playground.openai.responses import STREAM_SECONDS
from bot.playground.openai.script import (
    Cut,
    Failed,
    Gate,
    Incomplete,
    Malformed,
    Pause,
    Reset,
    Script,
    Stall,
    Text,
)
from tests.emulators.openai_api import MODEL, Peer, connected, said


async def begun(peer: Peer, *parts: Any, **options: Any) -> tuple[Any, str]:
    """A stream in the background that has begun, and its response's id."""
    peer.openai.queue(Script(*parts))
    stream = await peer.stream("Question?", background=True, **options)
    return stream, (await anext(stream)).response.id


async def again(peer: Peer, response: str, **options: Any) -> list[dict[str, Any]]:
    """All events of a response that is streamed again."""
    async with await peer.client.responses.retrieve(response, stream=True, **options) as stream:
        return [event.to_dict(mode="json", warnings=False) async for event in stream]


async def refusal(call: Any) -> Any:
    with pytest.raises(sdk.BadRequestError) as refused:
        await call
    return refused.value


async def test_it_is_queued_first_and_says_so() -> None:
    """reference/openai-platform.md §3 (`response.queued`), §1.2 (statuses); BerriAI/litellm#39617 (the order)."""
    async with connected() as peer:
        events = await peer.events(background=True)
        peer.openai.queue(Script(Text("Late."), queued=Pause(20)))
        waiting = await peer.ask(background=True)
        seen = [waiting.status, (await peer.client.responses.retrieve(waiting.id)).status]
        await peer.clock.advance(20)
        assert await peer.until_ended(waiting.id) == "completed"
        whole = await peer.client.responses.retrieve(waiting.id)
    names = [event["type"].removeprefix("response.") for event in events]
    assert (names[:3], names[-1]) == (["created", "queued", "in_progress"], "completed")
    assert [event["response"]["status"] for event in events[:3]] == ["queued", "queued", "in_progress"]
    assert all(event["response"]["background"] for event in events[:3])
    assert (seen, waiting.output, whole.output_text) == (["queued", "queued"], [], "Late.")


async def test_it_must_be_stored() -> None:
    """Guide background, "Limits": background sampling requires store. A later edition of the page lets it pass."""
    async with connected() as peer:
        refused = await refusal(peer.ask(background=True, store=False))
        assert (await peer.ask(background=True, store=True)).background
    assert refused.param == "store"


async def test_a_model_may_refuse_it() -> None:
    """UNVERIFIED: in the words with which a model refuses a temperature, reference/openai-platform.md §8.3."""
    async with connected() as peer:
        peer.openai.models[MODEL] = replace(peer.openai.models[MODEL], background=False)
        refused = await refusal(peer.ask(background=True))
        assert (await peer.ask()).status == "completed"
    assert (refused.param, refused.code) == ("background", None)


async def test_it_goes_on_when_its_client_leaves_and_keeps_its_conversation_locked() -> None:
    """Guide background: "the response continues running"; reference/openai-platform.md §2 "Locking"."""
    async with connected() as peer:
        conversation = await peer.conversation()
        opened = asyncio.Event()
        stream, response = await begun(peer, Text(deltas=["a", Gate(opened), "b"]), conversation=conversation)
        await stream.close()
        refused = await refusal(peer.ask(conversation=conversation))
        opened.set()
        assert await peer.until_ended(response) == "completed"
        assert [said(item) for item in await peer.items(conversation)] == ["Question?", "ab"]
        assert (await peer.ask(conversation=conversation)).status == "completed"
    assert refused.code == "conversation_locked"


@pytest.mark.parametrize("broken", [Cut, Reset, Stall, Malformed])
async def test_a_stream_that_breaks_is_told_again_from_the_number_that_is_named(broken: Any) -> None:
    """reference/openai-platform.md §3 "Resume"; openai 3.54, response_retrieve_params.py (`starting_after`)."""
    async with connected() as peer:
        stream, response = await begun(peer, Text(deltas=["Hel", broken(), "lo"]))
        assert await peer.until_ended(response) == "completed"
        await stream.close()
        whole = await again(peer, response)
        rest = await again(peer, response, starting_after=5)
        nothing = await again(peer, response, starting_after=len(whole) + 7)
    assert [event["sequence_number"] for event in whole] == list(range(len(whole)))
    assert "".join(event["delta"] for event in whole if event["type"].endswith(".delta")) == "Hello"
    assert whole[-1]["type"] == "response.completed"
    assert (rest, nothing) == (whole[6:], [])


async def test_a_stream_that_is_told_again_goes_on_with_what_happens_now() -> None:
    """reference/openai-platform.md §3 "Resume"."""
    async with connected() as peer:
        opened = asyncio.Event()
        stream, response = await begun(peer, Text(deltas=["a", Gate(opened), "b"]))
        async with await peer.client.responses.retrieve(response, stream=True) as second:
            heard = [await anext(second) for _ in range(6)]
            assert getattr(heard[-1], "delta", "") == "a"
            opened.set()
            assert [event.type async for event in second][-1] == "response.completed"
        assert [event.type async for event in stream][-1] == "response.completed"


async def test_what_is_told_again_is_padded_unless_that_is_declined() -> None:
    """openai 3.54, response_retrieve_params.py (`include_obfuscation`)."""
    async with connected() as peer:
        plain = {"stream_options": {"include_obfuscation": False}}
        _, response = await begun(peer, Text("a"), **plain)
        await peer.until_ended(response)
        padded = await again(peer, response)
        bare = await again(peer, response, include_obfuscation=False)
    assert [event for event in padded if "obfuscation" in event] == [
        event for event in padded if event["type"].endswith(".delta")
    ]
    assert not [event for event in bare if "obfuscation" in event]


async def test_only_what_was_streamed_in_the_background_is_streamed_again() -> None:
    """openai/openai-ruby#214 (the first error); guide background, "Limits" (`stream=true`)."""
    async with connected() as peer:
        foreground, unstreamed = await peer.ask(), await peer.ask(background=True)
        await peer.until_ended(unstreamed.id)
        first = await refusal(peer.client.responses.retrieve(foreground.id, stream=True))
        second = await refusal(peer.client.responses.retrieve(unstreamed.id, stream=True))
        with pytest.raises(sdk.NotFoundError):
            await peer.client.responses.retrieve("resp_unknown", stream=True)
    assert first.body == {
        "message": "This response cannot be streamed because it was not created with background=true.",
        "type": "invalid_request_error",
        "param": "stream",
        "code": "invalid_request_error",
    }
    assert (second.param, "stream=true" in second.message) == ("stream", True)


async def test_a_stream_is_told_again_for_five_minutes() -> None:
    """openai-python#2828: counted from its creation, whether it has ended or not."""
    async with connected() as peer:
        stream, response = await begun(peer, Text("a"), Pause(600))
        await peer.clock.advance(STREAM_SECONDS)
        async with await peer.client.responses.retrieve(response, stream=True) as second:
            assert (await anext(second)).type == "response.created"
        await peer.clock.advance(1)
        refused = await refusal(peer.client.responses.retrieve(response, stream=True))
        assert (await peer.client.responses.retrieve(response)).status == "in_progress"
        await stream.close()
    assert refused.body["message"] == (
        "This response can no longer be streamed because it is more than 5 minutes old."
    )


async def test_cancelling_stops_the_model_frees_the_conversation_and_ends_the_streams() -> None:
    """reference/openai-platform.md §3 "Cancel"; there is no `response.cancelled` event. That the output goes,
    and that the stream just ends, is UNVERIFIED."""
    async with connected() as peer:
        conversation = await peer.conversation()
        stream, response = await begun(peer, Text("Begun"), Pause(60), Text("Never"), conversation=conversation)
        cancelled = await peer.client.responses.cancel(response)
        rest = [event.type async for event in stream]
        told = len(peer.openai.run(response).told)
        await peer.clock.advance(120)
        assert len(peer.openai.run(response).told) == told
        assert await peer.items(conversation) == []
        assert (await peer.ask(conversation=conversation)).status == "completed"
    assert (cancelled.status, cancelled.output) == ("cancelled", [])
    assert not [name for name in rest if name in ("response.completed", "response.failed", "response.incomplete")]


async def test_cancelling_twice_changes_nothing() -> None:
    """Guide background: "Cancelling twice is idempotent"."""
    async with connected() as peer:
        peer.openai.queue(Script(Text("Never"), queued=Pause(60)))
        response = (await peer.ask(background=True)).id
        first, second = [await peer.client.responses.cancel(response) for _ in range(2)]
    assert first.to_dict() == second.to_dict()
    assert first.status == "cancelled"


@pytest.mark.parametrize(
    ("part", "status"),
    [(Text("a"), "completed"), (Failed("server_error", "m"), "failed"), (Incomplete(), "incomplete")],
)
async def test_what_has_ended_cannot_be_cancelled_and_stays_as_it_is(part: Any, status: str) -> None:
    """BerriAI/litellm#39617: 400 "Cannot cancel a completed response."; the words for the others: UNVERIFIED."""
    async with connected() as peer:
        _, response = await begun(peer, Text("Said."), part)
        assert await peer.until_ended(response) == status
        refused = await refusal(peer.client.responses.cancel(response))
        kept = await peer.client.responses.retrieve(response)
    assert refused.body["message"] == f"Cannot cancel a {status} response."
    assert (refused.param, refused.code) == (None, None)
    assert (kept.status, bool(kept.output)) == (status, True)


async def test_how_it_is_retrieved_is_checked() -> None:
    """openai 3.54, response_retrieve_params.py."""
    async with connected() as peer:
        response = (await peer.ask()).id
        for query, param in (
            ({"stream": "yes"}, "stream"),
            ({"stream": "true", "starting_after": "first"}, "starting_after"),
            ({"stream": "true", "starting_after": "-1"}, "starting_after"),
            ({"after": "1"}, "after"),
        ):
            answer = await peer.call("GET", f"/responses/{response}", params=query)
            assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
