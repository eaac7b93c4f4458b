"""A small language for the shapes Slack accepts: checks that collect what is wrong, with json-pointers; pure."""

import re
from collections.abc import Callable, Mapping, Sequence

Check = Callable[[object, str, list[str]], None]
Fields = Mapping[str, Check]


def problem(text: str, pointer: str) -> str:
    """One entry of `response_metadata.messages`, as Slack words them."""
    return f"[ERROR] {text} [json-pointer:{pointer}]"


def string(most: int | None = None, *, least: int = 1, pattern: str | None = None) -> Check:
    """A string of that many characters, and of that form."""

    def check(value: object, pointer: str, wrong: list[str]) -> None:
        if not isinstance(value, str):
            wrong.append(problem("must be a string", pointer))
        elif len(value) < least:
            wrong.append(problem(f"must be more than {least - 1} characters", pointer))
        elif most is not None and len(value) > most:
            wrong.append(problem(f"must be less than {most + 1} characters", pointer))
        elif pattern is not None and not re.fullmatch(pattern, value):
            wrong.append(problem("does not match the required form", pointer))

    return check


def boolean(value: object, pointer: str, wrong: list[str]) -> None:
    """True or false."""
    if not isinstance(value, bool):
        wrong.append(problem("must be a boolean", pointer))


def anything(_value: object, _pointer: str, _wrong: list[str]) -> None:
    """A value that Slack does not look into."""


def number(value: object, pointer: str, wrong: list[str]) -> None:
    """An integer or a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        wrong.append(problem("must be a number", pointer))


def integer(low: int, high: int) -> Check:
    """A whole number within these bounds."""

    def check(value: object, pointer: str, wrong: list[str]) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            wrong.append(problem(f"must be an integer from {low} to {high}", pointer))

    return check


def one_of(*values: str) -> Check:
    """One of these strings."""

    def check(value: object, pointer: str, wrong: list[str]) -> None:
        if value not in values:
            wrong.append(problem("must be a valid enum value", pointer))

    return check


def array(each: Check, most: int, *, least: int = 1) -> Check:
    """A list of that many items, each of that shape."""

    def check(value: object, pointer: str, wrong: list[str]) -> None:
        if not isinstance(value, Sequence) or isinstance(value, str):
            wrong.append(problem("must be an array", pointer))
            return
        if len(value) > most:
            wrong.append(problem(f"no more than {most} items allowed", pointer))
        if len(value) < least:
            wrong.append(problem(f"must have at least {least} items", pointer))
        for index, item in enumerate(value):
            each(item, f"{pointer}/{index}", wrong)

    return check


def record(
    required: Fields,
    optional: Fields | None = None,
    *also: Callable[[Mapping[str, object]], str | None],
) -> Check:
    """An object with exactly these keys; `also` are further rules, each answering what is wrong or None."""
    known = {**(optional or {}), **required}

    def check(value: object, pointer: str, wrong: list[str]) -> None:
        if not isinstance(value, Mapping):
            wrong.append(problem("must be an object", pointer))
            return
        wrong.extend(problem(f"missing required field: {key}", pointer) for key in required if key not in value)
        for key, item in value.items():
            if key in known:
                known[key](item, f"{pointer}/{key}", wrong)
            else:
                wrong.append(problem(f"invalid additional property: {key}", pointer))
        wrong.extend(problem(fault, pointer) for rule in also if (fault := rule(value)))

    return check


def tagged(shapes: Fields) -> Check:
    """An object whose `type` says which of these shapes it has."""

    def check(value: object, pointer: str, wrong: list[str]) -> None:
        kind = value.get("type") if isinstance(value, Mapping) else None
        if not isinstance(kind, str) or kind not in shapes:
            wrong.append(problem(f"unsupported type: {kind}", f"{pointer}/type"))
            return
        shapes[kind](value, pointer, wrong)

    return check


def problems_of(check: Check, value: object, pointer: str = "") -> list[str]:
    """Everything that is wrong with the value."""
    wrong: list[str] = []
    check(value, pointer, wrong)
    return wrong
