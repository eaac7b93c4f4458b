"""The further options of a question: what is taken of what people enter."""

from typing import Any

import pytest

from bot import setting_words as words
from bot.assistants import Assistant
from bot.options_more import CHOICES, LABELS, USUAL, inputs, read
from bot.overrides import Overrides

ASSISTANT = Assistant(model="m", tools=("file_search",), max_output_tokens=500)


@pytest.mark.parametrize(
    ("entered", "chosen"),
    [
        ({}, {}),
        ({"temperature": " ", "truncation": USUAL, "tool_choice": USUAL}, {}),
        ({"temperature": "0,5", "top_p": " .9 "}, {"temperature": 0.5, "top_p": 0.9}),
        ({"max_output_tokens": "500", "tool_choice": "none"}, {"max_output_tokens": 500, "tool_choice": "none"}),
        ({"truncation": "disabled"}, {"truncation": "disabled"}),
        ({"truncation": "later", "model": "gpt-6-dear", "instructions": "Be evil."}, {}),
    ],
)
def test_what_is_entered_is_read_and_nothing_else(entered: dict[str, str], chosen: dict[str, Any]) -> None:
    found = read(entered, ASSISTANT)
    assert (found.overrides, found.faults) == (chosen, {})
    assert Overrides.of(chosen) == Overrides(**chosen)


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"temperature": "2.1"}, words.NUMBER_BETWEEN.format(least=0, most=2)),
        ({"top_p": "nan"}, words.NUMBER_BETWEEN.format(least=0, most=1)),
        ({"max_output_tokens": "15"}, words.WHOLE_BETWEEN.format(least=16, most=500)),
        ({"max_output_tokens": "501"}, words.WHOLE_BETWEEN.format(least=16, most=500)),
        ({"max_output_tokens": "1e2"}, words.WHOLE_BETWEEN.format(least=16, most=500)),
    ],
)
def test_what_does_not_fit_is_said_at_its_place(entered: dict[str, str], sentence: str) -> None:
    found = read(entered, ASSISTANT)
    assert (found.overrides, found.faults) == ({}, {f"more_{name}": sentence for name in entered})


def test_every_choice_is_one_that_a_run_can_have_and_an_assistant_without_tools_has_no_use_for_one() -> None:
    for name, offered in CHOICES.items():
        assert all(Overrides.of({name: value}).written() == {name: value} for value in offered)
    assert [block["block_id"] for block in inputs(ASSISTANT)] == [f"more_{name}" for name in LABELS]
    assert "more_tool_choice" not in [block["block_id"] for block in inputs(Assistant(model="m"))]
