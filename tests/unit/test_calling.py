"""One text is stored, shown and executed, whatever the model writes."""

import json
import unicodedata
from typing import Any

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from bot.calling import storable
from bot.functions.calling import misfit
from bot.functions.declared import declare
from bot.functions.records import Rules, RunContext
from bot.reply.approval import SEEN_THROUGH, Asked, ask, canonical, fitting

CONTEXT = RunContext("T1", "C1", "1.0", "U1", "run", "call")
NAMES = [f'"{name}"' for name in ("a", "\\u0061", "b", "text", "", "\u202eb", "<!channel>", "\\u200b")]
"""Of values in an object, as JSON; two mean the same."""

TEXTS = st.builds(json.dumps, st.text(max_size=20), ensure_ascii=st.booleans()) | st.sampled_from(
    [r'"\ud83d\ude00"', r'"\u0000\u202e\u0007"', r'"\/ \" \\ \\u0041"', '"```\\n<@U1> <!here>"', '"\u2028\u3164"']
)
NUMBERS = st.integers().map(str) | st.floats(allow_nan=False, allow_infinity=False).map(repr)
ODD_NUMBERS = st.sampled_from(
    ["1E5", "-0.0", "1.0", "1e22", "0.1000000000000000055511151231257827", "9" * 40, "12345678901234567.89"]
)


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Objects as JSON, in which a name may come twice."""
    pairs = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=4)
    return pairs.map(lambda them: f"{{{', '.join(f'{name}: {value}' for name, value in them)}}}")


VALUES = st.recursive(
    st.sampled_from(["null", "true", "false"]) | TEXTS | NUMBERS | ODD_NUMBERS,
    lambda inner: st.lists(inner, max_size=3).map(lambda them: f"[{', '.join(them)}]") | objects(inner),
    max_leaves=6,
)
UNSOUND = ["1e400", "-1e999", "NaN", "Infinity", r'"\ud800"', "9" * 5_000, f'"{"x" * 9_000}"', "01", "'a'"]
"""Values that nobody can be asked about: no JSON, or not what a function would get, or too long."""


def nested(depth: int) -> str:
    """Arguments that are nested that deeply."""
    return f'{{"text": "", "more": {{"a": {"[" * depth}{"]" * depth}}}}}'


def note(text: str, more: dict[str, Any]) -> dict[str, Any]:
    """Take a note."""
    return {"text": text, "more": more}


NOTE = declare("tests.unit.test_calling:note", Rules("always"))


def asked_about(written: str) -> Asked | None:
    """What people are asked where the model writes that; None where they are not asked."""
    stored = canonical(written) or storable(written)
    asked = Asked("call_1", "note", stored)
    if canonical(stored) is None or misfit(NOTE, stored, CONTEXT) or not fitting([asked]):
        return None
    return asked


@given(TEXTS, objects(VALUES), st.sampled_from(["", '"more": {"c": 1}, ', ' "text": "other", ']))
@example('"x"', '{"a": {"b": 1, "b": 2}, "\\u0061": 3}', "")
@settings(max_examples=40, deadline=None)
def test_what_is_executed_is_what_people_were_shown(text: str, more: str, before: str) -> None:
    asked = asked_about(f'{{{before}"text": {text}, "more": {more}}}')
    if asked is None:
        event("not asked")  # half a surrogate pair
        assert r"\ud" in text + more
        return
    assert asked.arguments == storable(asked.arguments), "no database changes it"
    (head, code) = ask([asked])[0]["elements"]
    (shown,) = code["elements"]
    assert (head["type"], code["type"], shown["type"]) == ("rich_text_section", "rich_text_preformatted", "text")
    got = NOTE.call(**NOTE.read(asked.arguments, CONTEXT))
    executed = {name: got[name] for name in json.loads(shown["text"])}
    assert json.dumps(json.loads(shown["text"])) == json.dumps(executed), (
        "what is a number, and of which kind, too"
    )
    assert not {unicodedata.category(char) for char in shown["text"].replace("\n", "")} & SEEN_THROUGH


def test_nobody_is_asked_about_what_would_not_be_executed_as_it_is_shown() -> None:
    assert asked_about('{"text": "x", "more": {"a": 1}}') is not None
    unsound = [f'{{"text": "x", "more": {{"a": {value}}}}}' for value in UNSOUND]
    assert [written for written in unsound if asked_about(written)] == []
    assert asked_about(nested(20)) is not None
    assert [depth for depth in (250, 900, 990, 5_000, 200_000) if asked_about(nested(depth))] == []


@given(st.text(st.characters(codec=None), max_size=40))
@settings(max_examples=50, deadline=None)
def test_what_is_no_json_can_be_stored_and_is_never_executed(written: str) -> None:
    stored = canonical(written) or storable(written)
    stored.encode()
    assert "\0" not in stored
    assert misfit(NOTE, stored, CONTEXT) is not None
