"""One text is stored, shown and executed, whatever the model writes."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.calling import storable
from bot.functions.calling import misfit
from bot.functions.declared import declare
from bot.functions.records import Rules, RunContext
from bot.reply.approval import canonical, visible

CONTEXT = RunContext("T1", "C1", "1.0", "U1", "run", "call")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def note(text: str, more: dict[str, Any]) -> None:
    """Take a note."""


NOTE = declare("tests.unit.test_calling:note", Rules("always"))


@given(st.text(), st.dictionaries(st.text(), JSON, max_size=3), st.booleans())
@settings(max_examples=50, deadline=None)
def test_what_is_executed_is_what_people_were_shown(text: str, more: dict[str, Any], ascii_only: bool) -> None:
    written = json.dumps({"text": text, "more": more}, ensure_ascii=ascii_only)
    stored = canonical(written)
    assert stored is not None
    assert stored == storable(stored), "no database changes it"
    shown = visible(stored)
    assert NOTE.read(stored, CONTEXT) == json.loads(shown) == {"text": text, "more": more}


@given(st.text(st.characters(codec=None), max_size=40))
@settings(max_examples=50, deadline=None)
def test_what_is_no_json_can_be_stored_and_is_never_executed(written: str) -> None:
    stored = canonical(written) or storable(written)
    stored.encode()
    assert "\0" not in stored
    assert misfit(NOTE, stored, CONTEXT) is not None
