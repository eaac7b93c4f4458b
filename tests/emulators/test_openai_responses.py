"""The life of an emulated response: its lock, what the conversation keeps, what the model sees."""

import asyncio
from dataclasses import replace
from typing import Any

import openai as sdk
import pytest

from bot.playground.openai.script import (
    Cut,
    Failed,
    FunctionCall,
    Gate,
    Incomplete,
    Malformed,
    Pause,
    Reasoning,
    Reset,
    Script,
    Stall,
    Status,
    Text,
)
from tests.emulators.openai_api import MODEL, Peer, connected, function, said

TOOLS = [function()]


async def texts(peer: Peer, conversation: str) -> list[str]:
    return [said(item) for item in await peer.items(conversation)]


async def started(peer: Peer, conversation: str, *parts: Any) -> tuple[Any, str]:
    """A stream that has begun, and its response's id."""
    peer.openai.queue(Script(*parts))
    stream = await peer.stream("Question?", conversation=conversation)
    first = await anext(stream)
    return stream, first.response.id


async def test_input_then_output_join_the_conversation_when_the_response_completes() -> None:
    """reference/openai-platform.md §2 "`conversation=` semantics"; instructions are not stored, §1.2."""
    async with connected() as peer:
        conversation = await peer.conversation()
        opened = asyncio.Event()
        stream, response = await started(peer, conversation, Gate(opened), Text("Answer."))
        assert await texts(peer, conversation) == []
        opened.set()
        async for _ in stream:
            pass
        assert await texts(peer, conversation) == ["Question?", "Answer."]
        await peer.ask("Next?", conversation=conversation, instructions="Be brief.")
        last = list(peer.openai.responses)[-1]
    assert [item["role"] for item in peer.openai.contexts[last]] == ["user", "assistant", "user"]
    assert (peer.openai.instructions[response], peer.openai.instructions[last]) == (None, "Be brief.")


async def test_a_second_writer_is_refused_while_a_response_runs() -> None:
    """reference/openai-platform.md §2 "Locking": 400, the exact body."""
    async with connected() as peer:
        conversation = await peer.conversation()
        opened = asyncio.Event()
        stream, _ = await started(peer, conversation, Gate(opened))
        with pytest.raises(sdk.BadRequestError) as refused:
            await peer.ask(conversation=conversation)
        opened.set()
        async for _ in stream:
            pass
        assert (await peer.ask(conversation=conversation)).status == "completed"
    assert refused.value.body == {
        "message": "Another process is currently operating on this conversation. Please retry in a few seconds.",
        "type": "invalid_request_error",
        "param": "conversation",
        "code": "conversation_locked",
    }


async def test_somebody_else_can_hold_the_lock() -> None:
    async with connected() as peer:
        conversation = await peer.conversation()
        peer.openai.lock(conversation)
        with pytest.raises(sdk.BadRequestError, match="Another process"):
            await peer.ask(conversation=conversation)
        with pytest.raises(sdk.BadRequestError, match="Another process"):
            await peer.client.conversations.items.create(conversation, items=[{"role": "user", "content": "x"}])
        peer.openai.unlock(conversation)
        assert (await peer.ask(conversation=conversation)).status == "completed"


async def test_the_next_request_may_be_made_at_the_terminal_event() -> None:
    async with connected() as peer:
        conversation = await peer.conversation()
        peer.openai.queue(FunctionCall("look_up", call_id="call_1"))
        async for event in await peer.stream(conversation=conversation, tools=TOOLS):
            if event.type == "response.completed":
                output: Any = [{"type": "function_call_output", "call_id": "call_1", "output": "42"}]
                answer = await peer.ask(output, conversation=conversation, tools=TOOLS)
    assert answer.output_text.startswith("The function returned: 42")


@pytest.mark.parametrize("part", [Failed("server_error", "Broke."), Incomplete("content_filter")])
async def test_a_failed_response_adds_nothing_and_an_incomplete_one_adds_what_there_is(part: Any) -> None:
    """UNVERIFIED in reference/openai-platform.md §2; decided so here."""
    async with connected() as peer:
        conversation = await peer.conversation()
        peer.openai.queue(Script(Text("Half"), part))
        response = await peer.ask("Question?", conversation=conversation)
        kept = await texts(peer, conversation)
        assert (await peer.ask(conversation=conversation)).status == "completed"
    if isinstance(part, Failed):
        assert (response.status, response.error.code, kept) == ("failed", "server_error", [])
    else:
        assert (response.status, response.incomplete_details.reason) == ("incomplete", "content_filter")
        assert kept == ["Question?", "Half"]


async def test_a_client_that_leaves_cancels_its_response() -> None:
    """reference/openai-platform.md §3: to cancel a synchronous response, terminate the connection."""
    async with connected() as peer:
        conversation = await peer.conversation()
        stream, response = await started(peer, conversation, Text("Begun"), Pause(60), Text("Never"))
        await stream.close()
        assert await peer.until_ended(response) == "cancelled"
        assert await texts(peer, conversation) == []
        assert (await peer.client.responses.retrieve(response)).status == "cancelled"
        assert (await peer.ask(conversation=conversation)).status == "completed"


async def test_a_client_that_gives_up_on_an_unstreamed_response_cancels_it() -> None:
    async with connected() as peer:
        peer.openai.queue(Pause(60))
        asking = asyncio.create_task(peer.ask())
        response = await peer.until_begun()
        asking.cancel()
        assert await peer.until_ended(response) == "cancelled"


async def test_only_background_responses_can_be_cancelled() -> None:
    """reference/openai-platform.md §3 "Cancel"."""
    async with connected() as peer:
        stream, response = await started(peer, await peer.conversation(), Pause(60))
        with pytest.raises(sdk.BadRequestError, match="Cannot cancel a synchronous response"):
            await peer.client.responses.cancel(response)
        with pytest.raises(sdk.NotFoundError):
            await peer.client.responses.cancel("resp_unknown")
        assert (await peer.client.responses.retrieve(response)).status == "in_progress"
        await stream.close()


async def test_an_unknown_or_unstored_response_is_404() -> None:
    """reference/openai-platform.md §2 (`store`)."""
    async with connected() as peer:
        unstored = await peer.ask(store=False)
        for identifier in ("resp_unknown", unstored.id):
            with pytest.raises(sdk.NotFoundError):
                await peer.client.responses.retrieve(identifier)


async def test_a_dangling_function_call_poisons_the_conversation_until_it_is_answered() -> None:
    """reference/openai-platform.md §2 "Dangling tool calls": param input, code null."""
    async with connected() as peer:
        conversation = await peer.conversation()
        peer.openai.queue(FunctionCall("look_up", {"id": 1}, call_id="call_7"))
        await peer.ask(conversation=conversation, tools=TOOLS)
        with pytest.raises(sdk.BadRequestError) as refused:
            await peer.ask(conversation=conversation)
        output: Any = [{"type": "function_call_output", "call_id": "call_7", "output": "found"}]
        assert (await peer.ask(output, conversation=conversation)).status == "completed"
        assert (await peer.ask(conversation=conversation)).status == "completed"
    assert "No tool output found for function call call_7." in refused.value.message
    assert (refused.value.param, refused.value.code) == ("input", None)


async def test_deleting_a_dangling_call_heals_the_conversation() -> None:
    """reference/openai-platform.md §2 "Dangling tool calls"."""
    async with connected() as peer:
        conversation = await peer.conversation()
        peer.openai.queue(FunctionCall("look_up"))
        response = await peer.ask(conversation=conversation, tools=TOOLS)
        await peer.client.conversations.items.delete(response.output[0].id, conversation_id=conversation)
        assert (await peer.ask(conversation=conversation)).status == "completed"


async def test_an_output_without_its_call_is_refused() -> None:
    async with connected() as peer:
        output: Any = [{"type": "function_call_output", "call_id": "call_0", "output": "x"}]
        with pytest.raises(sdk.BadRequestError, match="No tool call found") as refused:
            await peer.ask(output)
    assert refused.value.param == "input"


async def test_reasoning_without_what_it_led_to_is_refused() -> None:
    """reference/openai-platform.md §2 "Reasoning pairing"."""
    async with connected() as peer:
        conversation = await peer.conversation()
        peer.openai.queue(Script(Reasoning(), Text("So.")))
        response = await peer.ask(conversation=conversation)
        await peer.client.conversations.items.delete(response.output[1].id, conversation_id=conversation)
        with pytest.raises(sdk.BadRequestError, match="without its required following item"):
            await peer.ask(conversation=conversation)


async def test_reasoning_that_led_to_nothing_is_not_kept() -> None:
    async with connected() as peer:
        conversation = await peer.conversation()
        peer.openai.queue(Script(Reasoning(), Incomplete()))
        assert len((await peer.ask(conversation=conversation)).output) == 1
        assert (await peer.ask(conversation=conversation)).status == "completed"


async def test_a_context_that_is_too_long_is_refused_unless_it_may_be_cut() -> None:
    """reference/openai-platform.md §2 "Context overflow": truncation is `disabled` by default."""
    async with connected() as peer:
        peer.openai.models[MODEL] = replace(peer.openai.models[MODEL], context_window=30)
        conversation = await peer.conversation({"role": "user", "content": "old " * 25})
        with pytest.raises(sdk.BadRequestError) as refused:
            await peer.ask("new " * 20, conversation=conversation)
        answer = await peer.ask("new " * 20, conversation=conversation, truncation="auto")
        with pytest.raises(sdk.BadRequestError):
            await peer.ask("much " * 100, truncation="auto")
    assert (refused.value.code, refused.value.param) == ("context_length_exceeded", "input")
    assert len(peer.openai.contexts[answer.id]) == 1


async def test_a_response_can_follow_another_without_a_conversation_or_its_instructions() -> None:
    """reference/openai-platform.md §2 (`previous_response_id`), §1.2 (instructions)."""
    async with connected() as peer:
        first = await peer.ask("One", instructions="Shout.")
        second = await peer.ask("What did I ask first?", previous_response_id=first.id)
        with pytest.raises(sdk.BadRequestError) as refused:
            await peer.ask(previous_response_id="resp_unknown")
    assert "One" in second.output_text
    assert (peer.openai.instructions[second.id], second.previous_response_id) == (None, first.id)
    assert refused.value.code == "previous_response_not_found"


async def test_tokens_are_counted_before_they_are_spent() -> None:
    """reference/openai-platform.md §2 "pre-flight"."""
    async with connected() as peer:
        conversation = await peer.conversation({"role": "user", "content": "x" * 40})
        counted = await peer.client.responses.input_tokens.count(
            model=MODEL, conversation=conversation, input="y" * 40, instructions="z" * 40
        )
        spent = await peer.ask("y" * 40, conversation=conversation, instructions="z" * 40)
    assert counted.input_tokens == spent.usage.input_tokens == 30


@pytest.mark.parametrize("broken", [Cut, Reset, Stall, Malformed])
async def test_a_broken_stream_goes_on_to_its_end_where_the_script_says_so(broken: Any) -> None:
    async with connected() as peer:
        conversation = await peer.conversation()
        text = Text(deltas=["Hel", broken(then="completed"), "lo"])
        _, response = await started(peer, conversation, text)
        assert await peer.until_ended(response) == "completed"
        assert (await peer.client.responses.retrieve(response)).output_text == "Hello"
        assert await texts(peer, conversation) == ["Question?", "Hello"]


@pytest.mark.parametrize("then", ["cancelled", "failed"])
async def test_a_broken_stream_ends_otherwise_where_the_script_says_so(then: Status) -> None:
    async with connected() as peer:
        conversation = await peer.conversation()
        _, response = await started(peer, conversation, Text("Hel"), Cut(then=then), Text("lo"))
        assert await peer.until_ended(response) == then
        assert await texts(peer, conversation) == []


@pytest.mark.parametrize(("status", "kept"), [("completed", 2), ("failed", 0), ("cancelled", 0)])
async def test_a_response_left_in_progress_is_settled_later(status: Status, kept: int) -> None:
    async with connected() as peer:
        conversation = await peer.conversation()
        _, response = await started(peer, conversation, Reset(then="in_progress"), Text("Late."))
        with pytest.raises(sdk.BadRequestError, match="Another process"):
            await peer.ask(conversation=conversation)
        peer.openai.settle(response, status)
        assert (await peer.client.responses.retrieve(response)).status == status
        assert len(await peer.items(conversation)) == kept
        with pytest.raises(ValueError, match="already ended"):
            peer.openai.settle(response, status)


async def test_a_response_left_in_progress_ends_by_the_clock() -> None:
    async with connected() as peer:
        conversation = await peer.conversation()
        parts = (Cut(then="in_progress", finish_after=20), Text("Late."))
        stream, response = await started(peer, conversation, *parts)
        async for _ in stream:
            pass
        await peer.clock.advance(19)
        assert (await peer.client.responses.retrieve(response)).status == "in_progress"
        await peer.clock.advance(1)
        assert await peer.until_ended(response) == "completed"
        assert await texts(peer, conversation) == ["Question?", "Late."]
