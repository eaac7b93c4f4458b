"""Every script part, told as the real API's stream events and read by the real SDK."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import openai as sdk
import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from bot.playground.openai.script import (
    Citation,
    CodeInterpreter,
    ContainerFileCitation,
    Cut,
    Error,
    Failed,
    FileCitation,
    FileSearch,
    FunctionCall,
    Gate,
    Incomplete,
    Item,
    Malformed,
    McpCall,
    McpListTools,
    Pause,
    Raw,
    Reasoning,
    Refusal,
    Reset,
    Script,
    Stall,
    Text,
    UrlCitation,
    WebSearch,
)
from tests.emulators.openai_api import MODEL, Peer, connected, function

MCP = {"type": "mcp", "server_label": "docs", "server_url": "https://x.test", "require_approval": "never"}
TOOLS = [
    {"type": "file_search", "vector_store_ids": ["vs_1"]},
    {"type": "code_interpreter", "container": {"type": "auto"}},
    {"type": "web_search"},
    function(),
    MCP,
]
INCLUDE = ["file_search_call.results", "code_interpreter_call.outputs", "web_search_call.action.sources"]
FOUND = FileSearch(["leave days"], [("file-1", "handbook.pdf", 0.8, "25 days")])
RAN = CodeInterpreter("print(6 * 7)", "42\n", ["https://x.test/plot.png"], "cntr_1")
SOUGHT = WebSearch("weather", ["https://x.test/weather"])


async def told(peer: Peer, *parts: Any, **options: Any) -> list[dict[str, Any]]:
    peer.openai.queue(Script(*parts))
    return await peer.events(**{"tools": TOOLS, **options})


def types(events: list[dict[str, Any]]) -> list[str]:
    """The event types between `response.in_progress` and the end, repeated deltas once."""
    names = [event["type"].removeprefix("response.") for event in events[2:-1]]
    return [name for before, name in zip(["", *names], names, strict=False) if name != before]


def items(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["item"] for event in events if event["type"] == "response.output_item.done"]


SEQUENCES: dict[str, tuple[Any, str]] = {
    "text": (
        Text("One two", annotations=[FileCitation("file-1", "a.pdf")]),
        "content_part.added output_text.delta output_text.annotation.added output_text.done content_part.done",
    ),
    "refusal": (Refusal("I will not."), "content_part.added refusal.delta refusal.done content_part.done"),
    "reasoning": (
        Reasoning("Thinking it over"),
        "reasoning_summary_part.added reasoning_summary_text.delta reasoning_summary_text.done"
        " reasoning_summary_part.done",
    ),
    "file search": (
        FOUND,
        "file_search_call.in_progress file_search_call.searching file_search_call.completed",
    ),
    "code interpreter": (
        RAN,
        "code_interpreter_call.in_progress code_interpreter_call_code.delta code_interpreter_call_code.done"
        " code_interpreter_call.interpreting code_interpreter_call.completed",
    ),
    "web search": (SOUGHT, "web_search_call.in_progress web_search_call.searching web_search_call.completed"),
    "function": (
        FunctionCall("look_up", {"order": 4711}),
        "function_call_arguments.delta function_call_arguments.done",
    ),
    "MCP tools": (
        McpListTools("docs", [("search", "Searches")]),
        "mcp_list_tools.in_progress mcp_list_tools.completed",
    ),
    "MCP tools that cannot be listed": (
        McpListTools("docs", error="no"),
        "mcp_list_tools.in_progress mcp_list_tools.failed",
    ),
    "MCP call": (
        McpCall("docs", "search", {"q": "x"}, "found"),
        "mcp_call.in_progress mcp_call_arguments.delta mcp_call_arguments.done mcp_call.completed",
    ),
    "failed MCP call": (
        McpCall("docs", "search", error={"type": "mcp_protocol_error", "code": 1, "message": "no"}),
        "mcp_call.in_progress mcp_call_arguments.delta mcp_call_arguments.done mcp_call.failed",
    ),
}


@pytest.mark.parametrize(("part", "expected"), SEQUENCES.values(), ids=SEQUENCES.keys())
async def test_a_part_is_told_in_the_real_sequence_and_shapes(part: Any, expected: str) -> None:
    """reference/openai-platform.md §3; shapes: openai 3.54, types/responses/response_stream_event.py."""
    async with connected() as peer:
        events = await told(peer, part, include=INCLUDE, reasoning={"summary": "auto"})
    assert types(events) == ["output_item.added", *expected.split(), "output_item.done"]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in (*events[:2], events[-1])] == [
        "response.created",
        "response.in_progress",
        "response.completed",
    ]
    shapes: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    for event in events:
        read = shapes.validate_python(event)
        assert read.type == event["type"]
        assert set(type(read).model_fields) - set(event) <= optional_fields(type(read))
    assert events[-1]["response"]["output"] == items(events)


def optional_fields(event: Any) -> set[str]:
    return {name for name, field in event.model_fields.items() if not field.is_required()}


async def test_events_are_server_sent_with_event_and_data_lines() -> None:
    """reference/openai-platform.md §3; reference/testing.md (OGX differs by having no `event:` lines)."""
    async with connected() as peer:
        peer.openai.queue(Text("Grüße\u2028"))
        answer = await peer.call("POST", "/responses", json={"model": MODEL, "input": "?", "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    for block in answer.text.strip().split("\n\n"):
        name, data = block.split("\n")
        assert name == f"event: {json.loads(data.removeprefix('data: '))['type']}"


@pytest.mark.parametrize(("part", "key"), [(FOUND, "results"), (RAN, "outputs")])
async def test_results_and_outputs_are_null_unless_included(part: Any, key: str) -> None:
    """reference/openai-platform.md §1.2 "Run steps"."""
    async with connected() as peer:
        conversation = await peer.conversation()
        bare = await told(peer, part, conversation=conversation)
        full = await told(peer, part, include=INCLUDE)
        listed = await peer.items(conversation, include=INCLUDE)
        unlisted = await peer.items(conversation)
        response = next(iter(peer.openai.responses))
        retrieved = await peer.client.responses.retrieve(response, include=INCLUDE)  # type: ignore[arg-type]
    assert items(bare)[0][key] is None
    assert bare[-1]["response"]["output"][0][key] is None
    assert items(full)[0][key]
    assert (getattr(listed[1], key), getattr(unlisted[1], key)) == (getattr(retrieved.output[0], key), None)


async def test_steps_tell_what_they_did() -> None:
    """reference/openai-platform.md §1.2 "Run steps"."""
    async with connected() as peer:
        search, code, web, call = items(
            await told(peer, FOUND, RAN, SOUGHT, FunctionCall("look_up", {"order": 4711}), include=INCLUDE)
        )
        bare = items(await told(peer, SOUGHT))[0]
    assert search["queries"] == ["leave days"]
    passage = {"file_id": "file-1", "filename": "handbook.pdf", "score": 0.8, "text": "25 days"}
    assert passage.items() <= search["results"][0].items()
    assert (code["code"], code["container_id"]) == ("print(6 * 7)", "cntr_1")
    assert code["outputs"] == [
        {"type": "logs", "logs": "42\n"},
        {"type": "image", "url": "https://x.test/plot.png"},
    ]
    assert web["action"]["sources"] == [{"type": "url", "url": "https://x.test/weather"}]
    assert bare["action"]["sources"] is None
    assert (call["name"], json.loads(call["arguments"])) == ("look_up", {"order": 4711})


async def test_a_reasoning_summary_is_told_only_when_it_was_asked_for() -> None:
    """reference/openai-platform.md §3 (needs `reasoning.summary`)."""
    async with connected() as peer:
        unasked = await told(peer, Reasoning("Hm"), Text("So."))
    assert items(unasked)[0]["summary"] == []
    assert not [name for name in types(unasked) if "reasoning" in name]


async def test_text_comes_in_the_pieces_the_script_says() -> None:
    async with connected() as peer:
        for deltas, pieces in ((None, ["One ", "two"]), (3, ["One", " tw", "o"]), (["On", "e two"],) * 2):
            events = await told(peer, Text("One two", deltas=deltas))
            assert [e["delta"] for e in events if e["type"] == "response.output_text.delta"] == pieces


async def test_messages_carry_their_phase_and_citations() -> None:
    """reference/openai-platform.md §3 (several messages, `phase`), §1.2 (annotations), §5 (indices 0/0)."""
    citations: list[Citation] = [
        FileCitation("file-1", "a.pdf", 3),
        UrlCitation("https://x.test", "X"),
        ContainerFileCitation("cntr_1", "cfile_1", "plot.png"),
    ]
    async with connected() as peer:
        first, last = items(
            await told(
                peer,
                Text("Looking", phase="commentary"),
                Text("Found.", phase="final_answer", annotations=citations),
            )
        )
    assert (first["phase"], last["phase"]) == ("commentary", "final_answer")
    file, url, made = last["content"][0]["annotations"]
    assert file == {"type": "file_citation", "file_id": "file-1", "filename": "a.pdf", "index": 3}
    assert (url["url"], url["start_index"], url["end_index"]) == ("https://x.test", 0, 6)
    assert (made["container_id"], made["start_index"], made["end_index"]) == ("cntr_1", 0, 0)


async def test_deltas_are_padded_unless_the_request_declines_it() -> None:
    """reference/openai-platform.md §3 (`obfuscation`)."""
    async with connected() as peer:
        padded = await told(peer, Text("One two"))
        plain = await told(peer, Text("One two"), stream_options={"include_obfuscation": False})
    for event in padded:
        assert ("obfuscation" in event) == event["type"].endswith(".delta")
    assert not [event for event in plain if "obfuscation" in event]


@pytest.mark.parametrize(
    ("part", "last", "told_as"),
    [
        (Failed("server_error", "Broke."), "response.failed", {"code": "server_error", "message": "Broke."}),
        (Incomplete("content_filter"), "response.incomplete", {"reason": "content_filter"}),
        (Error("rate_limit_exceeded", "Slow."), "error", "rate_limit_exceeded"),
    ],
)
async def test_a_stream_can_end_badly_without_the_sdk_raising(part: Any, last: str, told_as: Any) -> None:
    """reference/openai-platform.md, traps 3 and 4."""
    async with connected() as peer:
        event = (await told(peer, Text("Half"), part))[-1]
    response = event.get("response", {})
    assert event["type"] == last
    assert told_as in (response.get("error"), response.get("incomplete_details"), event.get("code"))
    assert not response or response["output"][0]["status"] in ("completed", "incomplete")


async def test_a_nested_error_event_is_raised_by_the_sdk() -> None:
    """reference/openai-platform.md, trap 3."""
    async with connected() as peer:
        with pytest.raises(sdk.APIError, match="Too long") as raised:
            await told(peer, Error("context_length_exceeded", "Too long.", nested=True))
        peer.openai.queue(Error("server_error", "Broke."))
        with pytest.raises(sdk.InternalServerError, match="Broke"):
            await peer.ask()
    assert raised.value.code == "context_length_exceeded"


async def test_a_cut_stream_just_ends() -> None:
    """reference/openai-platform.md, trap 5; reference/testing.md "Seen while trying"."""
    async with connected() as peer:
        events = await told(peer, Text(deltas=["Hel", Cut(), "lo"]))
    assert events[-1]["delta"] == "Hel"


@pytest.mark.parametrize(
    ("part", "raised"),
    [(Reset(), sdk.APIConnectionError), (Stall(), sdk.APITimeoutError), (Malformed(), json.JSONDecodeError)],
)
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_broken_connection_raises_what_the_sdk_raises(
    part: Any, raised: type[Exception], streamed: bool
) -> None:
    """reference/testing.md "Seen while trying"."""
    async with connected() as peer:
        peer.openai.queue(Script(Text("Half"), part))
        client = peer.client.with_options(timeout=0.5 if isinstance(part, Stall) else 5)
        seen = []
        with pytest.raises(raised):  # noqa: PT012 - either call may raise it
            answer: Any = await client.responses.create(model=MODEL, input="?", stream=streamed)
            async for event in answer:
                seen.append(event.type)  # noqa: PERF401 - what came before the error counts
    assert ("response.output_text.delta" in seen) == streamed


async def test_an_unstreamed_answer_that_is_cut_is_a_connection_error() -> None:
    async with connected() as peer:
        peer.openai.queue(Script(Text("Half"), Cut()))
        with pytest.raises(sdk.APIConnectionError):
            await peer.ask()


async def test_pauses_and_gates_hold_the_stream() -> None:
    async with connected() as peer:
        opened = asyncio.Event()
        peer.openai.queue(Script(Text(deltas=["a", Pause(5), "b", Gate(opened), "c"])))
        stream = await peer.stream()
        assert await read_until(stream, lambda event: getattr(event, "delta", "") == "a")
        await peer.clock.advance(5)
        assert await read_until(stream, lambda event: getattr(event, "delta", "") == "b")
        opened.set()
        assert await read_until(stream, lambda event: event.type == "response.completed")


async def read_until(stream: Any, wanted: Callable[[Any], bool]) -> bool:
    async for event in stream:
        if wanted(event):
            return True
    return False


async def test_any_event_and_any_item_can_be_told() -> None:
    """reference/openai-platform.md, trap 6: unknown types are passed on with their type string."""
    novel = {"type": "response.dream.delta", "delta": "zzz"}
    async with connected() as peer:
        events = await told(peer, Raw(novel), Item({"type": "dream_call", "status": "completed"}), Text("Up."))
    assert events[2]["type"] == "response.dream.delta"
    assert [item["type"] for item in events[-1]["response"]["output"]] == ["dream_call", "message"]


async def test_usage_is_counted_or_as_the_script_says() -> None:
    """openai 3.54, types/responses/response_usage.py."""
    async with connected() as peer:
        peer.openai.queue(Text("12345678"), Script(Text("x"), usage={"output_tokens": 900}))
        counted = (await peer.ask("1234")).usage
        given = (await peer.ask()).usage
    assert (counted.input_tokens, counted.output_tokens, counted.total_tokens) == (1, 2, 3)
    assert (given.output_tokens, given.output_tokens_details.reasoning_tokens) == (900, 0)


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed"])
async def test_a_script_can_just_name_its_outcome(status: Any) -> None:
    async with connected() as peer:
        peer.openai.queue(Script(Text("x"), status=status))
        assert (await peer.ask()).status == status


async def test_a_script_that_breaks_down_ends_the_stream_and_is_not_hushed_up() -> None:
    with pytest.raises(KeyError, match="type"):  # noqa: PT012 - it is raised when the emulator closes
        async with connected() as peer:
            events = await told(peer, Text("x"), Raw({"untyped": True}))
            assert events[-1]["type"] == "response.output_item.done"
