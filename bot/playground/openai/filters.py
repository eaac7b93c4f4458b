"""Whether a file's attributes pass a filter of a search. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.playground.openai.script import Json

Attributes = Mapping[str, str | float | bool]

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def passes(wanted: Json | None, attributes: Attributes) -> bool:
    """Whether the attributes pass (reference/openai-platform.md §4); no filter lets everything pass.

    A key that is not there equals nothing and is in no list; that `ne` and `nin` therefore let it pass,
    and that values of different types are never equal and never ordered, is UNVERIFIED.
    """
    if wanted is None:
        return True
    if wanted["type"] == "and":
        return all(passes(one, attributes) for one in wanted["filters"])
    if wanted["type"] == "or":
        return any(passes(one, attributes) for one in wanted["filters"])
    return _compared(wanted["type"], attributes.get(wanted["key"]), wanted["value"])


def _compared(operator: str, value: Any, bound: Any) -> bool:
    match operator:
        case "eq":
            return _equal(value, bound)
        case "ne":
            return not _equal(value, bound)
        case "in":
            return any(_equal(value, one) for one in bound)
        case "nin":
            return not any(_equal(value, one) for one in bound)
    return _kind(value) == _kind(bound) != "none" and ORDERS[operator](value, bound)


def _equal(value: Any, bound: Any) -> bool:
    return _kind(value) == _kind(bound) != "none" and bool(value == bound)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "none"
