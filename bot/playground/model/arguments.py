"""What a question says about a function's parameters, found by their types alone. Pure."""

import re
from dataclasses import dataclass, field
from typing import Any

from bot.playground.openai.script import Json

SCALARS = ("integer", "number", "boolean", "string")
QUOTED = r"“([^”\n]+)”|\"([^\"\n]+)\"|(?<!\w)'([^'\n]+)'(?!\w)|`([^`\n]+)`"
NUMBER = r"(?<![\w.,-])(-?\d{1,15}(?:\.\d{1,15})?)(?![\w-]|[.,]\d)"
INTEGER = r"(?<![\w.,-])(-?\d{1,15})(?![\w-]|[.,]\d)"
IDENTIFIER = r"(?<![\w-])([A-Za-z_]*-?\d[\w-]*)"
FORMATS = {
    "date": r"(\d{4}-\d\d-\d\d)",
    "date-time": r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)",
    "time": r"(\d\d:\d\d(?::\d\d)?)",
    "email": r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
    "uuid": r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})",
}
"""How values of a format look, roughly: what does not fit the function refuses."""

LEADS_TO = r"\s*(?:is|are|=|:|of|#|\b)\s*#?"
LITTLE = re.compile(r"^(?:(?:for|about|of|to|in|on|at|from|the|a|an|is|me|please|with)\b\W*)+|^\W+", re.IGNORECASE)
CLAUSE = r"([^,;\n]*[^\s,;.!?])"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What to call a function with, and which of the parameters that it needs nothing was found for."""

    given: Json = field(default_factory=dict)
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One parameter: its type, and whether it can be left out."""

    name: str
    kind: Json
    needed: bool

    @property
    def called(self) -> str:
        """Its name as people write it."""
        return r"[ _-]?".join(map(re.escape, self.name.split("_")))


def words_of(name: str) -> list[str]:
    """The words in a name: `lookupOrder` and `lookup_order` have two."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+", name)]


def arguments_for(schema: Json, question: str, rest: str = "", before: str = "") -> Arguments:
    """What the question says about the parameters of that schema: an object's.

    What stands behind a parameter's name is taken first, then what looks like a value of its type. `rest` is what
    is left of the question for a text that has neither; `before` what was said earlier, for what is still missing.
    """
    wanted = [_wanted(name, entry, schema) for name, entry in schema.get("properties", {}).items()]
    found: Json = {}
    for text in (question, before):
        found |= _found([one for one in wanted if one.name not in found], text)
    missing = [one for one in wanted if one.needed and one.name not in found]
    if [one.kind.get("type") for one in missing] == ["string"] and "enum" not in missing[0].kind and rest:
        found[missing[0].name] = rest
        missing = []
    listed = schema.get("required", ())
    given = {one.name: found.get(one.name) for one in wanted if one.name in found or one.name in listed}
    return Arguments(given, tuple(one.name for one in missing))


def bare(text: str) -> str:
    """A text without the little words that lead to it."""
    return LITTLE.sub("", text.strip()).strip(" ?!.")


def _wanted(name: str, entry: Json, schema: Json) -> _Wanted:
    """A parameter as its schema has it; what may be null, or is not required, can be left out."""
    kinds = [one for one in entry.get("anyOf", [entry]) if one.get("type") != "null"]
    kind = kinds[0] if kinds else {}
    if "$ref" in kind:
        kind = schema.get("$defs", {}).get(str(kind["$ref"]).rpartition("/")[2], {})
    types = kind.get("type")
    if isinstance(types, list):
        kind = {**kind, "type": next((one for one in types if one != "null"), None)}
    may_be_null = len(kinds) < len(entry.get("anyOf", [entry])) or (isinstance(types, list) and "null" in types)
    return _Wanted(name, kind, name in schema.get("required", ()) and not may_be_null)


def _found(wanted: list[_Wanted], text: str) -> Json:
    """What one text says, by parameter: nothing of it is said twice."""
    found: Json = {}
    left = text
    for look in (_named, _typed):
        for one in wanted:
            if one.name not in found:
                value, left = look(one, left)
                found |= {} if value is None else {one.name: value}
    return found


def _named(one: _Wanted, text: str) -> tuple[Any, str]:
    """What stands behind the parameter's name, and the text without it."""
    kind = one.kind.get("type")
    if kind == "boolean":
        return (True, text) if re.search(rf"(?<!\w){one.called}(?!\w)", text, re.IGNORECASE) else (None, text)
    plain = kind == "string" and not {"enum", "format"} & one.kind.keys()
    leads, value = (r"\s*(?:is|=|:)\s*", rf"(?:{QUOTED}|{CLAUSE})") if plain else (LEADS_TO, _looks(one))
    return _cut(rf"(?<!\w){one.called}{leads}{value}", one, text) if value else (None, text)


def _typed(one: _Wanted, text: str) -> tuple[Any, str]:
    """What looks like a value of the parameter's type; nothing, where any number would, and it can be left out."""
    kind = one.kind.get("type")
    if kind == "array":
        return _several(one, text)
    if kind == "boolean":
        return (False, text) if one.needed else (None, text)
    certain = kind == "string" and bool({"enum", "format"} & one.kind.keys())
    if kind == "string" and not certain:
        value, left = _cut(f"(?:{QUOTED})", one, text)
        return (value, left) if value is not None or not one.needed else _cut(IDENTIFIER, one, text)
    return _cut(_looks(one), one, text) if one.needed or certain else (None, text)


def _several(one: _Wanted, text: str) -> tuple[Any, str]:
    """Everything that looks like an entry of the list."""
    entry = _Wanted(one.name, one.kind.get("items", {}), needed=True)
    found: list[Any] = []
    while entry.kind.get("type") in SCALARS[:2] + SCALARS[3:] and one.needed:
        value, text = _typed(entry, text)
        if value is None:
            break
        found.append(value)
    return (found or None), text


def _looks(one: _Wanted) -> str:
    """How values of a type are written; empty where nobody can tell."""
    if "enum" in one.kind:
        choices = "|".join(re.escape(str(choice)) for choice in one.kind["enum"] if choice is not None)
        return rf"(?<!\w)({choices})(?!\w)"
    kind = one.kind.get("type")
    if kind == "string":
        return FORMATS.get(str(one.kind.get("format")), "")
    return {"integer": INTEGER, "number": NUMBER}.get(str(kind), "")


def _cut(pattern: str, one: _Wanted, text: str) -> tuple[Any, str]:
    """The first value in the text, as its type has it, and the text without it."""
    found = re.search(pattern, text, re.IGNORECASE) if pattern else None
    if found is None:
        return None, text
    value = next(group for group in found.groups() if group is not None)
    return _of_type(value.strip(), one.kind), f"{text[: found.start()]} {text[found.end() :]}"


def _of_type(value: str, kind: Json) -> Any:
    if "enum" in kind:
        return next((choice for choice in kind["enum"] if str(choice).lower() == value.lower()), None)
    if kind.get("type") == "integer":
        return int(value)
    return float(value) if kind.get("type") == "number" else value
