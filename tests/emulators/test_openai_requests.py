"""What the emulated `POST /responses` accepts and refuses; every row names where the rule comes from."""

from typing import Any

import openai as sdk
import pytest

from bot.playground.openai.catalogue import current_models
from bot.playground.openai.errors import ApiError
from bot.playground.openai.validation import check_input_tokens, check_response
from tests.emulators.openai_api import MODEL, connected, function

SEARCH = {"type": "file_search", "vector_store_ids": ["vs_1"]}
CODE = {"type": "code_interpreter", "container": {"type": "auto"}}
WEB = {"type": "web_search"}
STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
CLOSED = {**STRICT, "additionalProperties": False}
SCHEMA = {"type": "json_schema", "name": "answer", "schema": CLOSED, "strict": True}


def asked(**other: Any) -> dict[str, Any]:
    return {"model": MODEL, "input": "Hi", **other}


def with_tool(tool: dict[str, Any], **other: Any) -> dict[str, Any]:
    return asked(tools=[{**tool, **other}])


def with_item(**item: Any) -> dict[str, Any]:
    return asked(input=[item])


def with_part(role: str = "user", **part: Any) -> dict[str, Any]:
    return with_item(role=role, content=[part])


ACCEPTED = {
    "everything that the bot repeats on each call (issue 2, §4.1)": asked(
        instructions="Be kind.",
        tools=[SEARCH, CODE, WEB, function()],
        include=[
            "file_search_call.results",
            "code_interpreter_call.outputs",
            "web_search_call.action.sources",
        ],
        conversation="conv_1",
        safety_identifier="x" * 64,
        metadata={"run": "1"},
        truncation="auto",
        stream=True,
        stream_options={"include_obfuscation": False},
        reasoning={"effort": "low", "summary": "auto"},
        text={"verbosity": "low", "format": {"type": "text"}},
        max_output_tokens=16,
        parallel_tool_calls=True,
        store=True,
    ),
    "a conversation as an object": asked(conversation={"id": "conv_1"}),
    "no input where a conversation is": {"model": MODEL, "conversation": "conv_1"},
    "effort none on luna (§8.1)": asked(model="gpt-6-luna", reasoning={"effort": "none"}),
    "a temperature on a model that does not reason (§8.2)": asked(model="gpt-4.1", temperature=0.2, top_p=1),
    "a filtered search (§4)": with_tool(
        SEARCH,
        max_num_results=50,
        filters={
            "type": "and",
            "filters": [
                {"type": "eq", "key": "channel", "value": "C1"},
                {"type": "in", "key": "scope", "value": ["channel", "1.2"]},
            ],
        },
        ranking_options={"ranker": "auto", "score_threshold": 0.2},
    ),
    "a container by id (§5)": with_tool(CODE, container="cntr_1"),
    "a container without network (§5)": with_tool(
        CODE, container={"type": "auto", "memory_limit": "4g", "network_policy": {"type": "disabled"}}
    ),
    "a web search in a place (§7)": with_tool(
        WEB, user_location={"type": "approximate", "country": "AT"}, search_context_size="low"
    ),
    "a strict function (§7)": with_tool(
        function(), strict=True, parameters={**STRICT, "additionalProperties": False}
    ),
    "an MCP server (§7)": with_tool(
        {"type": "mcp", "server_label": "docs"}, server_url="https://x.test", require_approval="never"
    ),
    "a function that must be called (§7)": asked(
        tools=[function()], tool_choice={"type": "function", "name": "look_up"}
    ),
    "an answer by a JSON schema (§1.2)": asked(text={"format": SCHEMA}),
    "a JSON object that is asked for in words": asked(text={"format": {"type": "json_object"}}, input="In JSON?"),
    "and in a turn in which nobody says anything": asked(
        text={"format": {"type": "json_object"}},
        input=[{"type": "function_call_output", "call_id": "call_1", "output": "1"}],
    ),
    "an image, a file and text (§6)": with_item(
        role="user",
        content=[
            {"type": "input_text", "text": "See"},
            {"type": "input_image", "detail": "low", "image_url": "data:image/png;base64,AA=="},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
        ],
    ),
    "an answer given before": with_item(role="assistant", content="Hello", phase="final_answer"),
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_good_request_is_accepted(body: dict[str, Any]) -> None:
    assert check_response(body, current_models()).id == body["model"]


UNKNOWN, MISSING, TYPE, VALUE = (
    "unknown_parameter",
    "missing_required_parameter",
    "invalid_type",
    "invalid_value",
)
LONG, LONG_LIST = "string_above_max_length", "array_above_max_length"

# id -> the body, the parameter that the refusal names, its code
REFUSED: dict[str, tuple[Any, str | None, str | None]] = {
    "an unknown key (issue 2 §6.3)": (asked(max_tokens=5), "max_tokens", UNKNOWN),
    "an unknown key deep down": (
        asked(text={"format": {"type": "text", "json": 1}}),
        "text.format.json",
        UNKNOWN,
    ),
    "a key of the Assistants API (§1.2)": (asked(additional_instructions="x"), "additional_instructions", UNKNOWN),
    "no model": ({"input": "Hi"}, "model", MISSING),
    "no input": ({"model": MODEL}, "input", MISSING),
    "a number as a string": (asked(max_output_tokens="99"), "max_output_tokens", TYPE),
    "a null that may not be": (asked(tools=None), "tools", TYPE),
    "fewer than 16 output tokens (§1.2)": (
        asked(max_output_tokens=15),
        "max_output_tokens",
        "integer_below_min_value",
    ),
    "both ways to go on (§2)": (
        asked(conversation="conv_1", previous_response_id="resp_1"),
        "previous_response_id",
        "mutually_exclusive_parameters",
    ),
    "an include of the Assistants API (§1.2)": (asked(include=["step_details"]), "include[0]", VALUE),
    "truncation by last messages (§1.2)": (asked(truncation="last_messages"), "truncation", VALUE),
    "stream options without a stream (§3)": (
        asked(stream_options={"include_obfuscation": False}),
        "stream_options",
        None,
    ),
    "17 pairs of metadata (§7)": (
        asked(metadata={str(n): "" for n in range(17)}),
        "metadata",
        "object_above_max_properties",
    ),
    "a long metadata key (§7)": (asked(metadata={"k" * 65: ""}), "metadata", LONG),
    "a long metadata value (§7)": (asked(metadata={"k": "v" * 513}), "metadata.k", LONG),
    "metadata that is no string": (asked(metadata={"run": 1}), "metadata.run", TYPE),
    "a long safety identifier (§7)": (asked(safety_identifier="x" * 65), "safety_identifier", LONG),
    "verbosity that is not one (§7)": (asked(text={"verbosity": "chatty"}), "text.verbosity", VALUE),
    "a nested JSON schema (§1.2)": (
        asked(text={"format": {"type": "json_schema", "json_schema": SCHEMA}}),
        "text.format.name",
        MISSING,
    ),
    "response format auto (§1.2)": (asked(text={"format": {"type": "auto"}}), "text.format.type", VALUE),
    "temperature on a reasoning model (§8.3)": (asked(temperature=0.5), "temperature", None),
    "top_p on a reasoning model (§8.3)": (asked(top_p=0.5), "top_p", None),
    "reasoning on a model that does not": (
        asked(model="gpt-4.1", reasoning={"effort": "low"}),
        "reasoning",
        None,
    ),
    "effort none on sol (§8.1)": (
        asked(reasoning={"effort": "none"}),
        "reasoning.effort",
        "unsupported_value",
    ),
    "an effort that is not one (§7)": (asked(reasoning={"effort": "huge"}), "reasoning.effort", VALUE),
    "an unstored background response": (asked(background=True, store=False), "store", None),
    "compaction (not emulated)": (asked(context_management=[]), "context_management", "not_emulated"),
    "a tool of unknown type": (with_tool({"type": "retrieval"}), "tools[0].type", VALUE),
    "a search without stores (§4)": (
        with_tool({"type": "file_search"}),
        "tools[0].vector_store_ids",
        MISSING,
    ),
    "a third vector store (design §9)": (
        with_tool(SEARCH, vector_store_ids=["vs_1", "vs_2", "vs_3"]),
        "tools[0].vector_store_ids",
        LONG_LIST,
    ),
    "51 search results (§4)": (
        with_tool(SEARCH, max_num_results=51),
        "tools[0].max_num_results",
        "integer_above_max_value",
    ),
    "a filter that compares otherwise (§4)": (
        with_tool(SEARCH, filters={"type": "like", "key": "a", "value": "b"}),
        "tools[0].filters.type",
        VALUE,
    ),
    "a nested tool, as assistants had (§1.2)": (
        with_tool(SEARCH, file_search={}),
        "tools[0].file_search",
        UNKNOWN,
    ),
    "code without a container (§1.2, trap 22)": (
        with_tool({"type": "code_interpreter"}),
        "tools[0].container",
        MISSING,
    ),
    "a nested function (§1.2)": (
        with_tool({"type": "function", "function": function()}),
        "tools[0].name",
        MISSING,
    ),
    "a function that does not say whether it is strict (§1.2)": (
        with_tool({"type": "function", "name": "f", "parameters": None}),
        "tools[0].strict",
        MISSING,
    ),
    "a strict function that is not (§7)": (
        with_tool(function(), strict=True, parameters=STRICT),
        "tools[0].parameters",
        "invalid_function_parameters",
    ),
    "a strict schema of answers that is not": (
        asked(text={"format": {**SCHEMA, "schema": STRICT}}),
        "text.format.schema",
        "invalid_json_schema",
    ),
    "a JSON object that nobody speaks of": (asked(text={"format": {"type": "json_object"}}), "input", None),
    "a function name with a blank": (with_tool(function("look up")), "tools[0].name", VALUE),
    "an unknown key of web search (§7)": (with_tool(WEB, max_results=3), "tools[0].max_results", UNKNOWN),
    "an MCP server without an address (§7)": (
        with_tool({"type": "mcp", "server_label": "docs"}),
        "tools[0].server_url",
        MISSING,
    ),
    "a forced function that is not offered": (
        asked(tool_choice={"type": "function", "name": "f"}),
        "tool_choice",
        None,
    ),
    "an item of unknown type": (with_item(type="thought"), "input[0].type", VALUE),
    "an unknown role": (with_item(role="tool", content="x"), "input[0].role", VALUE),
    "output text said by a user": (with_part(type="output_text", text="x"), "input[0].content[0].type", VALUE),
    "input text said by the assistant": (
        with_part("assistant", type="input_text", text="x"),
        "input[0].content[0].type",
        VALUE,
    ),
    "audio in a message (§6)": (with_part(type="input_audio"), "input[0].content[0].type", VALUE),
    "an image from nowhere (§6)": (with_part(type="input_image"), "input[0].content[0].file_id", MISSING),
    "a replayed reasoning status": (
        with_item(type="reasoning", id="rs_1", summary=[], status="completed"),
        "input[0].status",
        UNKNOWN,
    ),
    "a long call id (§7)": (
        with_item(type="function_call_output", call_id="c" * 65, output="x"),
        "input[0].call_id",
        LONG,
    ),
}


@pytest.mark.parametrize(("body", "param", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_request_is_refused(body: Any, param: str | None, code: str | None) -> None:
    with pytest.raises(ApiError) as refused:
        check_response(body, current_models())
    assert (refused.value.status, refused.value.param, refused.value.code) == (400, param, code)


async def test_a_refusal_reaches_the_sdk_in_the_real_shape() -> None:
    """reference/openai-platform.md §8.3: the exact body."""
    async with connected() as peer:
        with pytest.raises(sdk.BadRequestError) as refused:
            await peer.ask(temperature=0.5)
    assert refused.value.body == {
        "message": "Unsupported parameter: 'temperature' is not supported with this model.",
        "type": "invalid_request_error",
        "param": "temperature",
        "code": None,
    }


async def test_a_typo_that_the_sdk_lets_through_is_refused_before_a_script_is_spent() -> None:
    """reference/openai-platform.md, trap 22; issue 2 §6.3."""
    async with connected() as peer:
        peer.openai.queue(lambda _: pytest.fail("the script was asked"))
        with pytest.raises(sdk.BadRequestError) as refused:
            await peer.ask(tools=[{"type": "code_interpreter"}], extra_body={"instruction": "x"})
    assert refused.value.code == UNKNOWN
    assert peer.openai.queued == 1


async def test_an_unknown_model_is_404() -> None:
    """reference/openai-platform.md §9 (NotFoundError); the code is model_not_found."""
    async with connected() as peer:
        with pytest.raises(sdk.NotFoundError) as refused:
            await peer.ask(model="gpt-3")
    assert refused.value.code == "model_not_found"


def test_counting_tokens_takes_no_keys_of_creating() -> None:
    """openai 3.54, types/responses/input_token_count_params.py."""
    check_input_tokens({"model": MODEL, "input": "Hi", "conversation": "conv_1"})
    with pytest.raises(ApiError, match="Unknown parameter: 'stream'"):
        check_input_tokens(asked(stream=True))
