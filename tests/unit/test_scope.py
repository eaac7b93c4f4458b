"""No search without a scope, and none in a channel's store without its filter."""

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

from bot.assistant import request
from bot.assistant.scope import CHANNEL, Scope, search_tool

THREAD = "1700000000.000100"
BOT = Path(request.__file__).parents[1]
FILTER = {"type": "in", "key": "scope", "value": [CHANNEL, THREAD]}


@pytest.mark.parametrize("operator", [(), ("vs_a",), ("vs_a", "vs_b", "vs_c"), ("vs_channel",)])
def test_in_a_channels_store_the_thread_and_the_library_are_found_and_nothing_else(
    operator: tuple[str, ...],
) -> None:
    tool = search_tool(Scope(THREAD, "vs_channel", operator))
    assert tool == {"type": "file_search", "vector_store_ids": ["vs_channel"], "filters": FILTER}


def test_the_operators_stores_are_searched_beside_a_channels_store() -> None:
    scope = Scope(THREAD, "vs_channel", ("vs_a", "vs_b", "vs_channel"))
    assert scope.beside == ("vs_a", "vs_b")


def test_without_a_channels_store_the_model_searches_the_operators_first_two() -> None:
    """Their files have no scope: a filter would hide them all."""
    scope = Scope(THREAD, None, ("vs_a", "vs_b", "vs_c"))
    assert search_tool(scope) == {"type": "file_search", "vector_store_ids": ["vs_a", "vs_b"]}
    assert scope.beside == ("vs_c",)


def test_with_no_store_there_is_no_search() -> None:
    assert search_tool(Scope(THREAD)) is None


@pytest.mark.parametrize("thread", ["", "channel", "*", "1700000000", f"{THREAD} ", f"{THREAD}\n"])
def test_nothing_but_a_thread_has_a_scope(thread: str) -> None:
    with pytest.raises(ValueError, match="no thread"):
        Scope(thread, "vs_channel")


def test_a_search_cannot_be_built_without_a_scope_nor_told_to_leave_the_filter_out() -> None:
    build: Any = search_tool
    with pytest.raises(TypeError):
        build()
    with pytest.raises(AttributeError):
        build(None)
    with pytest.raises(TypeError):
        build(Scope(THREAD, "vs_channel"), filters=None)
    assert list(inspect.signature(search_tool).parameters) == ["scope"]


def test_a_turn_cannot_be_asked_without_a_scope() -> None:
    make: Any = request.Turn
    with pytest.raises(TypeError, match="scope"):
        make(run="1", memory="conv_1", assistant=None, team="T1", user="U1", input=())


def _says_file_search(node: ast.AST) -> bool:
    """Whether it is `{"type": "file_search", …}` or `vector_store_ids=` of a request."""
    if not isinstance(node, ast.Dict):
        return False
    keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
    values = [value.value for value in node.values if isinstance(value, ast.Constant)]
    return "vector_store_ids" in keys or ("type" in keys and "file_search" in values)


def test_nobody_else_writes_a_file_search() -> None:
    writers = {
        path.relative_to(BOT).as_posix()
        for path in BOT.rglob("*.py")
        if "playground" not in path.parts
        and any(_says_file_search(node) for node in ast.walk(ast.parse(path.read_text())))
    }
    assert writers == {"assistant/scope.py"}
