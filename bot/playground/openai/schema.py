"""Checks of JSON values that fail with the errors OpenAI writes: small functions that are put together."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot.playground.openai.errors import ApiError, invalid

Check = Callable[[Any, str], None]
"""Raises ApiError when the value, found under that name, is not acceptable."""


def wrong_type(param: str, expected: str, value: object) -> ApiError:
    """The value is of another JSON type than the one expected."""
    message = f"Invalid type for '{param}': expected {expected}, but got {kind_of(value)} instead."
    return invalid(message, param, "invalid_type")


def wrong_value(param: str, value: object, supported: Collection[str]) -> ApiError:
    """The value is none of those that are supported."""
    choices = ", ".join(f"'{choice}'" for choice in supported)
    return invalid(f"Invalid value: '{value}'. Supported values are: {choices}.", param, "invalid_value")


def missing(param: str) -> ApiError:
    """A required parameter is not there."""
    return invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def kind_of(value: object) -> str:
    """What OpenAI calls a JSON value of this type."""
    kinds: dict[type, str] = {
        str: "a string",
        bool: "a boolean",
        int: "an integer",
        float: "a decimal number",
        list: "an array",
        dict: "an object",
    }
    return kinds.get(type(value), "null")


def string(maximum: int | None = None, pattern: str | None = None, minimum: int = 0) -> Check:
    """A string of so many characters that matches the pattern."""

    def check(value: Any, param: str) -> None:
        if not isinstance(value, str):
            raise wrong_type(param, "a string", value)
        if maximum is not None and len(value) > maximum:
            expected = f"Expected a string with maximum length {maximum}, but got a string with length"
            message = f"Invalid '{param}': string too long. {expected} {len(value)} instead."
            raise invalid(message, param, "string_above_max_length")
        if len(value) < minimum:
            message = f"Invalid '{param}': empty string. Expected a string with minimum length {minimum}."
            raise invalid(message, param, "empty_string")
        if pattern is not None and not re.fullmatch(pattern, value):
            message = f"Invalid '{param}': string does not match pattern '{pattern}'."
            raise invalid(message, param, "invalid_value")

    return check


def integer(minimum: int, maximum: int | None = None) -> Check:
    """A whole number between two bounds, which are allowed."""

    def check(value: Any, param: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type(param, "an integer", value)
        _within(value, param, "integer", minimum, maximum)

    return check


def number(minimum: float, maximum: float) -> Check:
    """A number between two bounds, which are allowed."""

    def check(value: Any, param: str) -> None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise wrong_type(param, "a decimal number", value)
        _within(value, param, "decimal", minimum, maximum)

    return check


def _within(value: float, param: str, kind: str, minimum: float, maximum: float | None) -> None:
    if value < minimum:
        message = f"Invalid '{param}': {kind} below minimum value. Expected a value >= {minimum}, but got {value}"
        raise invalid(f"{message} instead.", param, f"{kind}_below_min_value")
    if maximum is not None and value > maximum:
        message = f"Invalid '{param}': {kind} above maximum value. Expected a value <= {maximum}, but got {value}"
        raise invalid(f"{message} instead.", param, f"{kind}_above_max_value")


def boolean(value: Any, param: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise wrong_type(param, "a boolean", value)


def anything(value: Any, param: str) -> None:
    """Whatever it is."""


def one_of(*choices: str) -> Check:
    """One of these strings."""

    def check(value: Any, param: str) -> None:
        if not isinstance(value, str):
            raise wrong_type(param, f"one of {', '.join(choices)}", value)
        if value not in choices:
            raise wrong_value(param, value, choices)

    return check


def nullable(inner: Check) -> Check:
    """Null, or what the inner check accepts."""

    def check(value: Any, param: str) -> None:
        if value is not None:
            inner(value, param)

    return check


def array(inner: Check, maximum: int | None = None, minimum: int = 0) -> Check:
    """An array of so many values that the inner check accepts."""

    def check(value: Any, param: str) -> None:
        if not isinstance(value, list):
            raise wrong_type(param, "an array", value)
        if maximum is not None and len(value) > maximum:
            expected = f"Expected an array with maximum length {maximum}, but got an array with length"
            message = f"Invalid '{param}': array too long. {expected} {len(value)} instead."
            raise invalid(message, param, "array_above_max_length")
        if len(value) < minimum:
            message = f"Invalid '{param}': empty array. Expected an array with minimum length {minimum}."
            raise invalid(message, param, "empty_array")
        for index, entry in enumerate(value):
            inner(entry, f"{param}[{index}]")

    return check


def mapping(inner: Check, keys: Check = anything, maximum: int | None = None) -> Check:
    """An object with any keys, so many at most, whose values the inner check accepts."""

    def check(value: Any, param: str) -> None:
        if not isinstance(value, dict):
            raise wrong_type(param, "an object", value)
        if maximum is not None and len(value) > maximum:
            expected = f"Expected an object with at most {maximum} properties, but got an object with"
            message = f"Invalid '{param}': too many properties. {expected} {len(value)} properties instead."
            raise invalid(message, param, "object_above_max_properties")
        for key, entry in value.items():
            keys(key, param)
            inner(entry, f"{param}.{key}")

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with exactly these keys; the outermost one has the name ""."""
    known = {**required, **(optional or {})}

    def check(value: Any, param: str) -> None:
        if not isinstance(value, dict):
            raise wrong_type(param, "an object", value)
        names = {key: f"{param}.{key}" if param else key for key in (*known, *value)}
        for key in required:
            if key not in value:
                raise missing(names[key])
        for key in value:
            if key not in known:
                raise invalid(f"Unknown parameter: '{names[key]}'.", names[key], "unknown_parameter")
        for key, entry in value.items():
            known[key](entry, names[key])

    return check


def variant(kinds: Mapping[str, Check], key: str = "type", default: str | None = None) -> Check:
    """An object whose `type` (or another key) says which of the checks it must pass."""

    def check(value: Any, param: str) -> None:
        if not isinstance(value, dict):
            raise wrong_type(param, "an object", value)
        kind = value.get(key, default)
        if kind is None:
            raise missing(f"{param}.{key}")
        if not isinstance(kind, str) or kind not in kinds:
            raise wrong_value(f"{param}.{key}", kind, kinds)
        kinds[kind](value, param)

    return check


def by_type(kinds: Mapping[type, Check], expected: str) -> Check:
    """A value whose JSON type says which of the checks it must pass."""

    def check(value: Any, param: str) -> None:
        if type(value) not in kinds:
            raise wrong_type(param, expected, value)
        kinds[type(value)](value, param)

    return check


def all_of(*checks: Check) -> Check:
    """A value that passes every one of these, asked in order."""

    def check(value: Any, param: str) -> None:
        for one in checks:
            one(value, param)

    return check


def any_key(*keys: str) -> Check:
    """An object that has at least one of these keys with a value."""

    def check(value: Any, param: str) -> None:
        if not any(value.get(key) is not None for key in keys):
            raise missing(f"{param}.{keys[0]}")

    return check
