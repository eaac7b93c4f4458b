"""A team's functions as tools: what the model is told of them, and what comes of calling one."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.functions.calling import Caller
from bot.functions.declared import CannotDeclare, Function, declare, importable_from
from bot.functions.records import CallStatus, Product, Rules, RunContext
from bot.functions.results import MAX_OUTPUT_CHARS, NOTHING, written
from bot.playground.clock import SteppedClock
from bot.playground.openai.tools import tool
from tests.unit import acme_tools
from tests.unit.acme_tools import Line, Size

CONTEXT = RunContext("T1", "C1", "1.0", "U1", "run", "call")


def declared(name: str, rules: Rules = Rules()) -> Function:  # noqa: B008 - frozen
    return declare(f"tests.unit.acme_tools:{name}", rules)


# -- what the model is told


def test_name_docstring_and_types_are_the_tool() -> None:
    assert declared("lookup_order").tool() == {
        "type": "function",
        "name": "lookup_order",
        "description": "Look up an order.\n\nOnly orders of this year are known.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "number": {"type": "integer", "description": "the order's number, as on the bill"},
                "why": {
                    "anyOf": [{"enum": ["refund", "status"], "type": "string"}, {"type": "null"}],
                    "description": "what it is needed for. Null means 'status'.",
                },
            },
            "required": ["number", "why"],
            "additionalProperties": False,
        },
    }


@pytest.mark.parametrize(
    ("name", "strict"),
    [("lookup_order", True), ("order", True), ("whoami", True), ("mapped", False), ("loosely", False)],
)
def test_it_is_strict_when_it_can_be_and_openai_takes_it_either_way(name: str, strict: bool) -> None:
    offered = declared(name).tool()
    assert offered["strict"] is strict
    tool(offered, "tools[0]")  # the emulator's check of a strict schema


def test_who_asks_is_neither_seen_nor_set_by_the_model() -> None:
    whoami = declared("whoami")
    assert whoami.tool()["parameters"]["properties"] == {}
    assert whoami.read("{}", CONTEXT) == {"context": CONTEXT}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("lookup_order", "dotted path such as"),
        ("../acme:tools", "dotted path such as"),
        ("no.such.module:f", "cannot be imported \\(ModuleNotFoundError\\)"),
        ("tests.unit.acme_tools:nothing", "has no nothing"),
        ("tests.unit.acme_tools:NOT_A_FUNCTION", "is no function"),
        ("tests.unit.acme_tools:Size", "is no function"),
        ("tests.unit.acme_tools:untyped", "number has no type"),
        ("tests.unit.acme_tools:spread", "no name that a model could give"),
        ("tests.unit.acme_tools:silent", "no docstring"),
        ("tests.unit.acme_tools:odd", "no JSON can hold"),
        ("tests.unit.acme_tools:from_nowhere", "signature cannot be read \\(NameError\\)"),
    ],
)
def test_what_no_model_can_call_is_refused_in_words(path: str, words: str) -> None:
    with pytest.raises(CannotDeclare, match=words):
        declare(path, Rules())


def test_a_folder_is_searched_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise RuntimeError")
    (tmp_path / "acme_only_here.py").write_text('def f() -> str:\n    """F."""\n    return "f"\n')
    monkeypatch.setattr(sys, "path", [*sys.path])
    importable_from(tmp_path)
    importable_from(tmp_path)
    assert sys.path[-1] == str(tmp_path.resolve())
    assert sys.path.count(sys.path[-1]) == 1
    assert declare("acme_only_here:f", Rules()).call() == "f"


# -- what it is called with


def test_nulls_leave_it_to_pythons_defaults_and_values_have_their_types() -> None:
    order = declared("order")
    arguments = '{"lines": [{"sku": "a", "count": 2}], "until": "2026-11-22", "size": null, "schema": null}'
    assert order.read(arguments, CONTEXT) == {"lines": [Line(sku="a", count=2)], "until": date(2026, 11, 22)}
    sized = order.read('{"lines": [], "until": null, "size": "large", "schema": "y"}', CONTEXT)
    assert sized == {"lines": [], "until": None, "size": Size.LARGE, "schema": "y"}


@settings(max_examples=40)
@given(st.integers(), st.sampled_from(["refund", "status", None]))
def test_what_the_model_wrote_is_what_is_called(number: int, why: str | None) -> None:
    read = declared("lookup_order").read(json.dumps({"number": number, "why": why}), CONTEXT)
    assert read == {"number": number} | ({"why": why} if why else {})


# -- what comes of it


@pytest.fixture
async def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
async def caller(clock: SteppedClock) -> AsyncIterator[Caller]:
    made = Caller(clock)
    yield made
    made.close()


async def test_a_result_is_what_the_model_reads(caller: Caller) -> None:
    result = await caller.call(declared("lookup_order"), '{"number": 4711, "why": null}', CONTEXT)
    assert result.status is CallStatus.COMPLETED
    assert json.loads(result.output) == {"number": 4711, "why": "status"}


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("lookup_order", '{"number": "many"}', "was not called. number: Input should be a valid integer"),
        ("lookup_order", '{"number": 1, "and": 2}', "and: Extra inputs are not permitted."),
        ("lookup_order", "{", "JSON: Invalid JSON"),
        ("refused", "{}", "Order 4711 does not exist."),
        ("broken", "{}", "The function failed (KeyError)"),
        ("locked", "{}", "a lock cannot be written as JSON"),
        ("torn", "{}", "a Label cannot be written as JSON"),
        ("lookup_order", f'{{"number": {"[" * 5_000}{"]" * 5_000}}}', "was not called"),
    ],
)
async def test_what_goes_wrong_is_told_to_the_model_without_the_error_s_own_text(
    caller: Caller, name: str, arguments: str, words: str
) -> None:
    result = await caller.call(declared(name), arguments, CONTEXT)
    assert result.status is CallStatus.FAILED
    assert words in result.output
    assert "hunter2" not in result.output


@pytest.mark.parametrize("name", ["stuck", "endless"])
async def test_what_takes_too_long_is_discarded_when_it_comes_and_that_is_said(
    clock: SteppedClock, caller: Caller, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    acme_tools.go_on.clear()
    caplog.set_level(logging.WARNING)
    calling = asyncio.create_task(caller.call(declared(name), "{}", CONTEXT))
    while clock.next_timer() is None:  # noqa: ASYNC110 - nothing tells when it has begun to wait
        await asyncio.sleep(0)
    await clock.advance(5)
    result = await calling
    assert (result.status, "longer than 5 seconds" in result.output) == (CallStatus.TIMED_OUT, True)
    acme_tools.go_on.set()
    while not caplog.records:  # noqa: ASYNC110 - nothing tells when a thread has ended
        await asyncio.sleep(0)
    assert "its result is discarded" in caplog.text


async def test_an_async_function_returns_a_file(caller: Caller, tmp_path: Path) -> None:
    result = await caller.call(declared("picture"), json.dumps({"folder": str(tmp_path)}), CONTEXT)
    assert result.products == (Product("picture.png", tmp_path / "picture.png"),)
    assert "picture.png" in result.output


class Model(BaseModel):
    when: date


@dataclass
class Record:
    number: int


@pytest.mark.parametrize(
    ("value", "output", "names"),
    [
        (None, NOTHING, []),
        ("as it is", "as it is", []),
        (Model(when=date(2026, 11, 22)), '{"when":"2026-11-22"}', []),
        (Record(3), '{"number":3}', []),
        ([1, "two"], '[1,"two"]', []),
        (b"bytes", "Made for the person, who sees it in the thread: f.bin", ["f.bin"]),
        ([Path("a/b.csv"), b"x"], "Made for the person, who sees it in the thread: b.csv, f-2.bin", None),
    ],
)
def test_every_kind_of_result_is_written(value: Any, output: str, names: list[str] | None) -> None:
    text, products = written(value, "f")
    assert text == output
    assert names is None or [product.name for product in products] == names


def test_a_result_that_is_too_long_is_cut_and_says_so() -> None:
    text, _ = written("x" * (MAX_OUTPUT_CHARS + 1), "f")
    assert text.startswith("x" * MAX_OUTPUT_CHARS + "\n[Cut here: the result has 100,001 characters")
