"""Which items of a memory go together."""

import pytest

from bot.assistant.memory import Item, turn_of


def item(name: str) -> Item:
    """`u` asks, `a` answers, `r` is reasoning, `f` a function call, `o` its output, `d` a decision about one."""
    roles = {"u": "user", "a": "assistant"}
    kinds = {"u": "message", "a": "message", "r": "reasoning", "f": "function_call", "o": "function_call_output"}
    kinds |= {"d": "mcp_approval_response"}
    return {"id": name, "type": kinds[name[0]], **({"role": roles[name[0]]} if name[0] in roles else {})}


@pytest.mark.parametrize(
    ("memory", "added", "gone"),
    [
        ("u1 a1 u2 a2 u3 a3", "a2", "u2 a2"),
        ("u1 r1 a1", "r1 a1", "u1 a1 r1"),
        ("u1 a1 u2 u3 r2 a2 u4 a4", "r2 a2", "u2 u3 a2 r2"),
        ("u1 r1 f1 o1 r2 a1 u2 a2", "r1 f1 r2 a1", "u1 a1 r2 o1 f1 r1"),
        ("u1 r1 f1 o1 u2 a2", "r1 f1", "u1 o1 f1 r1"),
        ("u1 f1 a0 o1 u2 a2", "a2", "u2 a2"),
        ("u1 f1 d1 d2 u2 a2", "f1", "u1 d2 d1 f1"),
        ("r1 a1 u2 a2", "r1 a1", "a1 r1"),  # broken off after the question
        ("r1 u2 a2", "r1 a1", "r1"),  # and later
        ("u1 a1", "a9", ""),
        ("u1 a1", "", ""),
        ("", "a1", ""),
    ],
)
def test_a_turn_goes_as_a_whole_and_in_an_order_that_can_break_off(memory: str, added: str, gone: str) -> None:
    found = turn_of([item(name) for name in memory.split()], frozenset(added.split()))
    assert [one["id"] for one in found] == gone.split()
