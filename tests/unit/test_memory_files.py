"""Which items of a memory carry a file."""

from typing import Any

import pytest

from bot.assistant.memory import Item, carrying, found_beside, standing_before

FILE, OTHER = "file-1", "file-2"


def item(name: str) -> Item:
    """An item by its first letter; a capital one is about the file, a small one about another.

    `q` asks, `p` is a picture, `r` reasons, `s` searches, `a` answers and cites, `f` calls a function, `o` is its
    output, `m` asks about a call, `d` decides about it, `c` is the call.
    """
    kind, file_id = name[0].lower(), FILE if name[0].isupper() else OTHER
    asks: dict[str, Any] = {"type": "message", "role": "user"}
    made: dict[str, dict[str, Any]] = {
        "q": {**asks, "content": [{"type": "input_text", "text": "Well?"}]},
        "p": {**asks, "content": [{"type": "input_image", "file_id": file_id}]},
        "r": {"type": "reasoning"},
        "s": {"type": "file_search_call", "results": [{"file_id": OTHER}, {"file_id": file_id}]},
        "a": {"type": "message", "role": "assistant", "content": [{"annotations": [{"file_id": file_id}]}]},
        "f": {"type": "function_call", "call_id": name[1:]},
        "o": {"type": "function_call_output", "call_id": name[1:]},
        "m": {"type": "mcp_approval_request"},
        "d": {"type": "mcp_approval_response", "approval_request_id": f"m{name[1:]}"},
        "c": {"type": "mcp_call", "approval_request_id": f"m{name[1:]}"},
    }
    return {"id": name, **made[kind]}


@pytest.mark.parametrize(
    ("memory", "answers", "gone"),
    [
        ("P1 q1 a1", "", "P1"),
        ("p1 q1 s1 a1", "", ""),
        ("q1 S1 a1", "", "S1"),
        ("q1 r1 S1 r2 a1 q2 a2", "", "S1 r1"),
        ("q1 r1 r2 S1 A1", "", "A1 S1 r2 r1"),
        ("q1 r1 s1 r2 A1 q2 r3 a2", "", "A1 r2"),
        ("q1 r1 a1 q2 r2 a2", "r1 a1", "a1 r1"),
        ("q1 r1 f1 o1 r2 a1 q2 a2", "r1 f1 r2 a1", "a1 r2 o1 f1 r1"),
        ("q1 r1 m1 d1 c1 a1 q2 m2 d2", "r1 m1 a1", "a1 c1 d1 m1 r1"),
        ("q1 r1 q2 a2", "", "r1"),  # broken off after the answer that it led to
        ("q1 a1 r2", "", "r2"),
        ("", "a1", ""),
    ],
)
def test_what_carries_a_file_goes_with_its_reasoning_the_newest_first(
    memory: str, answers: str, gone: str
) -> None:
    found = carrying([item(name) for name in memory.split()], {FILE}, frozenset(answers.split()))
    assert [one["id"] for one in found] == gone.split()


def test_results_that_were_not_told_carry_nothing() -> None:
    assert carrying([{"id": "s", "type": "file_search_call", "results": None}], {FILE}) == []


def test_each_item_that_goes_stood_behind_one_that_stays() -> None:
    items = [item(name) for name in ["p0", "q1", "r1", "a1", "q2", "a2"]]
    assert standing_before(items, {"p0", "r1", "a1"}) == {"p0": None, "r1": "q1", "a1": "q1"}


def test_of_a_file_that_was_replaced_only_what_gives_it_goes() -> None:
    items = [item(name) for name in ["P1", "q1", "r1", "S1", "A1"]]
    assert [one["id"] for one in carrying(items, {FILE}, None)] == ["P1"]


def test_what_searches_found_in_files_of_others_is_known() -> None:
    items = [item(name) for name in ("q1", "S1", "A1", "P1")]
    assert found_beside(items, {FILE}) == {OTHER}
    assert found_beside(items, {FILE, OTHER}) == frozenset()
    assert found_beside([{"type": "file_search_call", "results": None}], ()) == frozenset()
