"""What one run does otherwise: kept and read again, applied to an assistant, told in a line."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.assistants import Assistant, ChosenFunction, McpServer, ResponseFormat
from bot.overrides import Overrides, besides, tool_label, tool_names

ASSISTANT = Assistant(
    model="gpt-6.2-sol",
    instructions="Be kind.",
    tools=("file_search", "web_search"),
    functions=(ChosenFunction(function="acme:look"), ChosenFunction(function="acme:pay", approval="always")),
    mcp_servers=(McpServer(server_label="crm", server_url="https://crm.example"),),
    temperature=0.2,
)
EVERYTHING: dict[str, Any] = {
    "assistant": "legal",
    "model": "gpt-6-luna",
    "instructions": "Be brief.",
    "additional_instructions": "In Spanish.",
    "additional_messages": [{"content": "Before."}, {"role": "assistant", "content": "Yes?"}],
    "tools": ["web_search", "acme:look"],
    "tool_choice": "required",
    "temperature": 1.0,
    "top_p": 0.5,
    "max_output_tokens": 100,
    "truncation": "disabled",
    "response_format": {"type": "json_object"},
    "about": "1700000000.000100",
}


def test_they_are_kept_as_json_and_read_again() -> None:
    overrides = Overrides.of(EVERYTHING)
    written = overrides.written()
    assert written is not None
    assert Overrides.of(written) == overrides
    assert overrides.model == "gpt-6-luna"
    assert Overrides().written() is None
    assert Overrides.of(None) == Overrides.of({"model": ["no"]}) == Overrides.of({"unknown": 1}) == Overrides()


def test_what_is_named_replaces_and_the_rest_stays() -> None:
    applied = Overrides.of(EVERYTHING).applied_to(ASSISTANT)
    assert applied == ASSISTANT.model_copy(
        update={
            "model": "gpt-6-luna",
            "instructions": "Be brief.",
            "tools": ("web_search",),
            "functions": ASSISTANT.functions[:1],
            "mcp_servers": (),
            "temperature": 1.0,
            "top_p": 0.5,
            "max_output_tokens": 100,
            "response_format": ResponseFormat(type="json_object"),
        }
    )
    assert Overrides.of(EVERYTHING).applied_to(applied) == applied
    assert Overrides().applied_to(ASSISTANT) == ASSISTANT
    assert Assistant.of_run(applied.resolved()) == applied


def test_a_run_gets_no_tool_that_its_assistant_has_not() -> None:
    bare = Assistant(model="m", tools=("file_search",))
    assert Overrides(tools=("code_interpreter", "acme:pay", "mcp:crm")).applied_to(bare).tools == ()
    assert tool_names(ASSISTANT) == ("file_search", "web_search", "acme:look", "acme:pay", "mcp:crm")
    assert Overrides(tools=tool_names(ASSISTANT)).applied_to(ASSISTANT) == ASSISTANT


def test_what_is_otherwise_is_told_in_one_line() -> None:
    assert Overrides(about="1700000000.000100").line() == ""
    assert Overrides(tools=()).line() == "Asked with: no tools"
    line = Overrides.of(EVERYTHING).line()
    assert line.startswith("Asked with: assistant legal, model gpt-6-luna, other instructions “Be brief.”, ")
    told = "extra instructions “In Spanish.”, 2 messages before it, only the tools “Search the web”, “Call look”"
    assert told in line
    named = tuple(map(tool_label, tool_names(ASSISTANT)))
    assert named == ("Search files", "Search the web", "Call look", "Call pay", "Use the server crm")
    assert line.endswith("truncation disabled, response_format json_object")
    hostile = Overrides(additional_instructions=f"a\n\u202eb\x00{'c' * 900}").line()
    assert hostile == f"Asked with: extra instructions “a b{'c' * 196}…”"


def test_texts_of_several_places_are_told_one_behind_the_other() -> None:
    assert besides("Of the channel.", None, "Of the run.") == "Of the channel.\n\nOf the run."
    assert besides(None, "", None) is None


@pytest.mark.parametrize("wrong", [{"temperature": 3}, {"tool_choice": "any"}, {"model": ""}, {"tols": []}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Overrides.model_validate(wrong)
