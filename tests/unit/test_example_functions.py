"""The example of docs/functions.md: what the page shows is what is there, and it works."""

import json
import re
import sys
from pathlib import Path

import pytest

from bot.assistants_file import read_assistants
from bot.functions.declared import declare
from bot.functions.records import FunctionFailed, RunContext

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE = EXAMPLES.parent / "docs" / "functions.md"
CONTEXT = RunContext("T1", "C1", "1.0", "U1", "run", "call")


def test_the_page_shows_the_example_as_it_is() -> None:
    shown = dict(re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    assert shown["python"] == (EXAMPLES / "orders/functions.py").read_text(encoding="utf-8")
    assert shown["toml"] == (EXAMPLES / "orders/assistants.toml").read_text(encoding="utf-8")


def test_its_functions_can_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(EXAMPLES)])
    assistant = read_assistants(EXAMPLES / "orders/assistants.toml", "m").assistants.default
    lookup, refund = (declare(one.function, one.rules) for one in assistant.functions)
    assert (lookup.rules.approval, refund.rules.approval) == ("never", "always")
    assert (lookup.takes.strict, refund.takes.strict, refund.idempotent) == (True, True, True)
    order = lookup.call(**lookup.read('{"number": 4711}', CONTEXT))
    assert json.loads(order.model_dump_json())["item"] == "Teapot, blue"
    paid = refund.call(**refund.read('{"number": 4711, "reason": null}', CONTEXT))
    assert paid == "24.90 EUR will be paid back for order 4711."
    with pytest.raises(FunctionFailed, match="no order 1"):
        lookup.call(number=1)
