"""What is asked of OpenAI for one turn."""

from typing import Any

import pytest

from bot.assistant.request import OUTCOME_UNKNOWN, Turn, compose, safety_identifier, tools
from bot.assistants import Assistant


def turn(assistant: Assistant | None = None, **more: Any) -> Turn:
    about = {"run": "run-1", "memory": "conv_1", "team": "T1", "user": "U1", "input": ("Hello",)}
    return Turn(assistant=assistant or Assistant(model="m", instructions="Be brief."), **{**about, **more})


def test_everything_is_repeated_on_every_call() -> None:
    assert compose(turn()) == {
        "model": "m",
        "conversation": "conv_1",
        "instructions": "Be brief.",
        "tools": [],
        "include": [
            "file_search_call.results",
            "code_interpreter_call.outputs",
            "web_search_call.action.sources",
        ],
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
        "safety_identifier": safety_identifier("T1", "U1"),
        "metadata": {"run": "run-1"},
        "truncation": "auto",
        "stream": True,
        "stream_options": {"include_obfuscation": False},
    }


def test_without_a_question_there_is_no_input() -> None:
    assert "input" not in compose(turn(input=()))


def test_the_threads_own_instructions_are_appended() -> None:
    assert compose(turn(additional_instructions="In French."))["instructions"] == "Be brief.\n\nIn French."


def test_no_instructions_are_not_sent() -> None:
    assert "instructions" not in compose(turn(Assistant(model="m", instructions="")))


def test_the_person_is_named_by_a_hash_of_64_characters() -> None:
    assert len(safety_identifier("T1", "U1")) == 64
    assert safety_identifier("T1", "U1") != safety_identifier("T2", "U1")


def test_sampling_is_sent_only_when_set() -> None:
    settings = {"temperature": 0.0, "top_p": 0.5, "reasoning_effort": "low", "verbosity": "low"}
    request = compose(turn(Assistant(model="m", max_output_tokens=100, **settings)))  # type: ignore[arg-type]
    assert (request["temperature"], request["top_p"], request["max_output_tokens"]) == (0.0, 0.5, 100)
    assert (request["reasoning"], request["text"]) == ({"effort": "low"}, {"verbosity": "low"})


def test_what_the_model_does_not_take_is_left_out() -> None:
    request = compose(turn(Assistant(model="m", temperature=1.0, top_p=1.0)), without={"temperature"})
    assert "temperature" not in request
    assert request["top_p"] == 1.0


def test_dangling_calls_are_answered_before_the_question() -> None:
    first, second, question = compose(turn(), unanswered=("call_1", "call_2"))["input"]
    assert first == {"type": "function_call_output", "call_id": "call_1", "output": OUTCOME_UNKNOWN}
    assert second["call_id"] == "call_2"
    assert question["role"] == "user"


def test_the_tools_are_written_as_openai_wants_them() -> None:
    assistant = Assistant(
        model="m",
        tools=("file_search", "code_interpreter", "web_search"),
        vector_store_ids=("vs_1", "vs_2", "vs_3"),
    )
    assert tools(assistant) == [
        {"type": "file_search", "vector_store_ids": ["vs_1", "vs_2"]},
        {"type": "code_interpreter", "container": {"type": "auto", "network_policy": {"type": "disabled"}}},
        {"type": "web_search", "user_location": {"type": "approximate"}},
    ]


@pytest.mark.parametrize(
    "assistant",
    [
        Assistant(model="m", tools=("file_search",)),
        Assistant(model="m", vector_store_ids=("vs_1",)),
    ],
)
def test_a_file_search_needs_the_tool_and_a_store(assistant: Assistant) -> None:
    assert tools(assistant) == []
