"""Answers that are JSON."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reply.json_answer import MAX_COLUMNS, MAX_ROWS, readable

ROWS = [{"name": "Ann", "age": 3, "ok": True}, {"name": "a|b *c*", "more": None}]
TABLE = "| name | age | ok | more |\n| --- | --- | --- | --- |\n| Ann | 3 | true |  |\n| a\\|b \\*c\\* |  |  |  |"


@pytest.mark.parametrize("value", [ROWS, {"people": ROWS}])
def test_a_flat_list_is_a_table(value: Any) -> None:
    assert readable(json.dumps(value)) == TABLE


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "b": "ü"},
        [],
        [1, 2],
        [{}],
        [{"a": [1]}],
        [{"a": "x" * 200}],
        [{str(number): 1 for number in range(MAX_COLUMNS + 1)}],
        [{"a": 1}] * (MAX_ROWS + 1),
        "text",
        None,
    ],
)
def test_anything_else_is_indented_code(value: Any) -> None:
    shown = readable(json.dumps(value))
    assert shown == f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


@pytest.mark.parametrize("text", ["I cannot help with that.", "", "1 apple", "{} and more"])
def test_what_is_no_json_stays_as_it_is(text: str) -> None:
    assert readable(text) == text


def test_what_was_cut_short_is_code_and_of_several_each_is_shown() -> None:
    assert readable('{"cut": "sh') == '```json\n{"cut": "sh\n```'
    assert readable(f'{json.dumps(ROWS)}\n\n{{"a": 1}}') == f'{TABLE}\n\n```json\n{{\n  "a": 1\n}}\n```'


@settings(max_examples=30)
@given(st.text(st.sampled_from("`~ab\n"), max_size=12))
def test_no_text_in_it_closes_the_fence(text: str) -> None:
    first, *body, last = readable(json.dumps({"a": text, "b": [1]})).split("\n")
    assert first == f"{last}json"
    assert not any(line.strip().startswith(last) for line in body)
    assert json.loads("\n".join(body)) == {"a": text, "b": [1]}
