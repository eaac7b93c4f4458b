"""Which functions the offline model calls, with what, and what it says of the outcome."""

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from bot.assistant.parts import Called, Made, written
from bot.functions.schema import parameters
from bot.playground.model import Pace, offline
from bot.playground.model.phrases import EN, KO
from bot.playground.openai.script import FunctionCall, Script, Text, Turn
from tests.unit.offline_turns import item, text_of, turn, turn_of

AT_ONCE = Pace(0, 0)


class Numbered(TypedDict):
    number: int


def function(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    told = parameters(schema)
    return {"type": "function", "name": name, "parameters": told.schema, "strict": told.strict}


def taking(**properties: Any) -> dict[str, Any]:
    """A schema in which what has no default is required."""
    required = [name for name, entry in properties.items() if "default" not in entry]
    return {"type": "object", "properties": properties, "required": required}


INTEGER, STRING = {"type": "integer"}, {"type": "string"}
FUNCTIONS = [
    function("lookup_order", TypeAdapter(Numbered).json_schema()),
    function("refund", taking(number=INTEGER, reason={**STRING, "default": ""})),
    function("get_weather", taking(city=STRING)),
    function("trackParcel", taking(parcel_id=STRING)),
    function("close_shop", taking()),
    function(
        "book_room",
        taking(
            room={"enum": ["red", "blue"], "type": "string"},
            day={"type": "string", "format": "date"},
            seats={**INTEGER, "default": 2},
            price={"type": "number"},
            catering={"type": "boolean"},
            guests={"type": "array", "items": STRING},
        ),
    ),
]
ASKED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "Look up order 4711": [("lookup_order", {"number": 4711})],
    "Can you look order #4711 up?": [("lookup_order", {"number": 4711})],
    "What is in order 4711?": [("lookup_order", {"number": 4711})],
    "lookup_order 4711 해 줘": [("lookup_order", {"number": 4711})],
    "Refund order 4711": [("refund", {"number": 4711, "reason": None})],
    "Refund order 4711, reason: the handle is broken.": [
        ("refund", {"number": 4711, "reason": "the handle is broken"})
    ],
    'Please refund 4712 "too late"': [("refund", {"number": 4712, "reason": "too late"})],
    "Look up order 4711 and refund it": [
        ("lookup_order", {"number": 4711}),
        ("refund", {"number": 4711, "reason": None}),
    ],
    "What's the weather in Berlin?": [("get_weather", {"city": "Berlin"})],
    "Get the weather for “New York”": [("get_weather", {"city": "New York"})],
    "Track parcel AB-1042 please": [("trackParcel", {"parcel_id": "AB-1042"})],
    "Close the shop": [("close_shop", {})],
    "Book the blue room for 2027-05-14, price 12.50, with catering, for “Ann” and “Bo”": [
        (
            "book_room",
            {
                "room": "blue",
                "day": "2027-05-14",
                "seats": None,
                "price": 12.5,
                "catering": True,
                "guests": ["Ann", "Bo"],
            },
        )
    ],
}


def with_functions(*said: str, **body: Any) -> Turn:
    asked = turn(*said, **body)
    return replace(asked, body={**asked.body, "tools": FUNCTIONS})


def calls(script: Script) -> list[tuple[str, Any]]:
    return [(part.name, part.arguments) for part in script.parts if isinstance(part, FunctionCall)]


@pytest.mark.parametrize(("asked", "wanted"), ASKED.items())
def test_a_function_is_called_that_the_question_names_with_what_it_says(
    asked: str, wanted: list[tuple[str, dict[str, Any]]]
) -> None:
    script = offline(with_functions(asked), AT_ONCE)
    assert calls(script) == wanted
    assert not [part for part in script.parts if isinstance(part, Text)]


@pytest.mark.parametrize("asked", ["Hello", "What is 4711 + 1?", "Where is the border?", "How do I order tea?"])
def test_no_function_is_called_that_is_not_asked_for(asked: str) -> None:
    assert calls(offline(with_functions(asked), AT_ONCE)) == []


def test_none_is_called_where_none_may_be() -> None:
    assert calls(offline(with_functions("Refund order 4711", tool_choice="none"), AT_ONCE)) == []
    assert calls(offline(turn("Refund order 4711"), AT_ONCE)) == []


def test_what_is_missing_is_taken_from_what_was_said_before_or_asked_for() -> None:
    again = offline(with_functions("What is in order 4711?", "Refund it"), AT_ONCE)
    assert calls(again) == [("refund", {"number": 4711, "reason": None})]
    missing = EN.needs.format(name="refund", missing="`number`")
    assert text_of(offline(with_functions("Refund it"), AT_ONCE)) == missing


HOSTILE = (
    "{0}",
    '{"a": 1}',
    "((((",
    "1" * 5_000,
    "١٢٣",
    "a " * 2_000 + "reason:" + " x" * 2_000,
    "“" * 2_000,
    "BLUE İ ſ",
)


@pytest.mark.parametrize("name", [str(one["name"]) for one in FUNCTIONS])
def test_no_words_of_people_break_it(name: str) -> None:
    for hostile in HOSTILE:
        script = offline(with_functions(f"{name} {hostile}"), AT_ONCE)
        assert calls(script) or text_of(script)


OUTPUTS = {
    "24.90 EUR are paid back.\nSoon.": "> 24.90 EUR are paid back.\n> Soon.",
    '{"number": 4711, "item": "Teapot"}': "- **number**: 4711\n- **item**: Teapot",
    '[{"a": 1, "b": "x|y"}, {"a": 2}]': "| a | b |\n| :-- | :-- |\n| 1 | x\\|y |\n| 2 |  |",
    '{"deep": [1]}': '```json\n{\n  "deep": [\n    1\n  ]\n}\n```',
    "[]": "```json\n[]\n```",
}


def came_back(*outputs: str) -> Turn:
    called = [
        {"type": "function_call", "call_id": f"call_{place}", "name": "refund", "arguments": "{}"}
        for place, _ in enumerate(outputs)
    ]
    came = [
        {"type": "function_call_output", "call_id": f"call_{place}", "output": output}
        for place, output in enumerate(outputs)
    ]
    return turn_of([item("user", "Refund 1 and 2"), *called, *came], tools=())


@pytest.mark.parametrize(("output", "shown"), OUTPUTS.items())
def test_what_a_function_returned_is_said_readably(output: str, shown: str) -> None:
    said = text_of(offline(came_back(output), AT_ONCE))
    assert said == f"{EN.came.format(name='refund')}\n\n{shown}"


def test_several_are_told_one_after_the_other_and_the_next_question_is_a_new_one() -> None:
    said = came_back("one", "two")
    assert text_of(offline(said, AT_ONCE)).count(EN.came.format(name="refund")) == 2
    later = turn_of([*said.context, item("assistant", "Done."), item("user", "Hello")])
    assert text_of(offline(later, AT_ONCE)) == EN.hello


def test_what_an_answer_that_was_given_up_called_is_background() -> None:
    told = {**written(Called((Made("refund", json.dumps({"number": 1}), None),))), "type": "message"}
    assert text_of(offline(turn_of([told, item("user", "Hello")]), AT_ONCE)) == EN.hello


def test_the_help_tells_of_functions_where_there_are_some() -> None:
    named = "`lookup_order` (number), `refund` (number, reason)"
    assert named in text_of(offline(with_functions("What can you do?"), AT_ONCE))
    assert named in text_of(offline(with_functions("뭘 할 수 있어?"), AT_ONCE))
    assert text_of(offline(turn("뭘 할 수 있어?"), AT_ONCE)) == KO.help
