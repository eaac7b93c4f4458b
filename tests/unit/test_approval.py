"""What people are asked about a call is exactly what is executed."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reply.approval import (
    ASKED_BYTES,
    MAX_ASKED,
    SEEN_THROUGH,
    Asked,
    about,
    ask,
    canonical,
    exact,
    fitting,
    visible,
)
from bot.reply.rich_text import size
from storage.call_records import CallKind, CallState, StoredCall

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(st.text(), VALUES, max_size=4)


def shown(blocks: list[dict[str, Any]]) -> str:
    """The text of the arguments, as Slack gets it."""
    (code,) = [one for one in blocks[0]["elements"] if one["type"] == "rich_text_preformatted"]
    (element,) = code["elements"]
    return str(element["text"])


@settings(max_examples=40)
@given(ARGUMENTS, st.booleans())
def test_the_arguments_shown_are_exactly_those_executed(arguments: dict[str, Any], escaped: bool) -> None:
    executed = canonical(json.dumps(arguments, ensure_ascii=escaped))
    if executed is None:  # half a surrogate pair in it
        return
    seen = shown(ask([Asked("call_1", "refund", executed)]))
    assert json.loads(seen) == json.loads(executed) == arguments
    assert not any(unicodedata.category(char) in SEEN_THROUGH for char in seen.replace("\n", ""))


def test_of_two_values_for_one_name_the_one_that_counts_is_shown() -> None:
    executed = canonical('{"amount": 1, "amount": 1000000}')
    assert executed == '{"amount": 1000000}'
    assert visible(executed) == '{\n  "amount": 1000000\n}'


@settings(max_examples=40)
@given(ARGUMENTS, st.booleans())
def test_what_somebody_else_executes_is_shown_with_the_same_meaning(
    arguments: dict[str, Any], escaped: bool
) -> None:
    written = json.dumps(arguments, ensure_ascii=escaped)
    assert exact(written) == canonical(written)


AMBIGUOUS = ['{"a": 1, "a": 2}', '{"a": {"b": 1, "b": 1}}', '{"a": 0.1000000000000000055}', '{"a": 1e-999}', "[1]"]
AMBIGUOUS += ['{"a": 1e999}', '{"a": 1e99999999999999999999}', "null", "x"]


@pytest.mark.parametrize("arguments", AMBIGUOUS)
def test_what_could_mean_something_else_to_a_remote_server_is_not_asked_about(arguments: str) -> None:
    assert exact(arguments) is None


def test_numbers_may_be_written_in_several_ways_and_no_arguments_at_all() -> None:
    assert exact('{"a": 1.50, "b": 1E3, "c": 12345678901234567890123}') == (
        '{"a": 1.5, "b": 1000.0, "c": 12345678901234567890123}'
    )
    assert exact("") == exact(" ") == "{}"


def test_a_tool_cannot_pretend_to_be_on_another_server_nor_hide_in_its_name() -> None:
    call = StoredCall(
        "run", 0, "mcpr_1", "r", "docs/bank/\u202epay\n@x", "{}", CallKind.MCP, True, (), CallState.PROPOSED
    )
    asked = about(call)
    assert (asked.server, asked.name) == ("docs", "bank/\u202epay\n@x")
    said = json.dumps(ask([asked]))
    assert "bank/\\\\u202epay\\\\u000a@x" in said
    assert "on the server \\u201cdocs\\u201d" in said
    ours = StoredCall("run", 0, "call_1", "r", "pay", "{}", CallKind.FUNCTION, True, (), CallState.PROPOSED)
    assert (about(ours).server, about(ours).name) == ("", "pay")


def test_what_cannot_be_seen_is_written_out() -> None:
    hidden = json.dumps({"to": "ann\u202egro.live@\u200b", "tag": "\U000e0041"}, ensure_ascii=False)
    assert visible(hidden) == '{\n  "to": "ann\\u202egro.live@\\u200b",\n  "tag": "\\udb40\\udc41"\n}'
    assert json.loads(visible(hidden)) == json.loads(hidden)


@pytest.mark.parametrize("arguments", ["", "{", "[1]", '"text"', '{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}'])
def test_what_is_no_object_of_json_is_not_asked_about(arguments: str) -> None:
    assert canonical(arguments) is None


def test_what_does_not_fit_whole_is_not_asked_about() -> None:
    long = Asked("call_1", "refund", json.dumps({"text": "x" * ASKED_BYTES}))
    short = [Asked(f"call_{number}", "refund", '{"number": 1}') for number in range(2, 20)]
    fit = fitting([long, *short])
    assert fit == tuple(short[:MAX_ASKED])
    assert sum(map(size, ask(fit))) <= ASKED_BYTES


def test_buttons_name_the_call_and_nothing_else() -> None:
    blocks = ask([Asked("call_1", "search", "{}", server="docs")])
    buttons = blocks[1]["elements"]
    assert [(button["action_id"], button["value"]) for button in buttons] == [
        ("approve_call", "call_1"),
        ("deny_call", "call_1"),
    ]
