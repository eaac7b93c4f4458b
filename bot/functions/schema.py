"""A function's parameters as a JSON schema, strict where that is possible: pure.

In strict mode the model's arguments always fit. OpenAI then wants every object to require all its properties and
to allow no others (developers.openai.com/api/docs/guides/function-calling, "Strict mode"). A parameter that may be
left out is therefore one that may be null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

STRICT_KEYWORDS = frozenset(
    {
        "$defs",
        "$ref",
        "additionalProperties",
        "anyOf",
        "const",
        "description",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "items",
        "maxItems",
        "maximum",
        "minItems",
        "minimum",
        "multipleOf",
        "pattern",
        "properties",
        "required",
        "type",
    }
)
"""What a strict schema may say (developers.openai.com/api/docs/guides/structured-outputs, "Supported schemas")."""

STRICT_FORMATS = frozenset({"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"})
"""The formats among them (same page)."""

MAX_DEPTH = 10
"""Levels of nesting in a strict schema (same page)."""

MAX_PROPERTIES = 5_000
"""Properties in a strict schema altogether (same page)."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The schema as it is sent, and which parameters are null where the model leaves them out."""

    schema: Json
    strict: bool
    nullable: frozenset[str] = frozenset()  # a null for one of these means: not given


def parameters(schema: Mapping[str, Any]) -> Parameters:
    """What to send for pydantic's schema of the parameters: strict if it can be, else as it is."""
    plain = _without_titles(schema)
    optional = frozenset(plain.get("properties", {})) - frozenset(plain.get("required", ()))
    strict = _with_nulls(_closed(plain), optional)
    if _is_strict(strict) and _depth(strict, strict) <= MAX_DEPTH and _count(strict) <= MAX_PROPERTIES:
        return Parameters(strict, strict=True, nullable=frozenset(_made_nullable(plain, optional)))
    return Parameters(plain, strict=False)


def _without_titles(schema: Mapping[str, Any]) -> Json:
    """Pydantic titles everything after its own name, which says nothing and costs tokens."""
    tidy: Json = {}
    for key, value in schema.items():
        if key == "title":
            continue
        tidy[key] = _named(value) if key in ("properties", "$defs") else _tidy(value)
    return tidy


def _named(entries: Mapping[str, Any]) -> Json:
    """A mapping by name, in which "title" may be somebody's parameter."""
    return {name: _tidy(entry) for name, entry in entries.items()}


def _tidy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _without_titles(value)
    if isinstance(value, list):
        return [_tidy(entry) for entry in value]
    return value


def _closed(schema: Any) -> Any:
    """Objects that say nothing of other properties then allow none."""
    if isinstance(schema, list):
        return [_closed(entry) for entry in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "additionalProperties" not in schema:
        return {"properties": {}, **closed, "additionalProperties": False}
    return closed


def _with_nulls(schema: Json, optional: frozenset[str]) -> Json:
    """All parameters required, those that may be left out with null as a further value."""
    properties = {
        name: _or_null(entry) if name in optional else entry
        for name, entry in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties, "required": list(properties), "additionalProperties": False}


def _or_null(entry: Json) -> Json:
    bare = {key: value for key, value in entry.items() if key not in ("default", "description")}
    described = {"description": _told(entry)} if _told(entry) else {}
    if _takes_null(bare):
        return {**bare, **described}
    if set(bare) == {"anyOf"}:
        return {"anyOf": [*bare["anyOf"], {"type": "null"}], **described}
    return {"anyOf": [bare, {"type": "null"}], **described}


def _told(entry: Json) -> str:
    """The description, with the default that a strict schema cannot name."""
    parts = [str(entry["description"]).rstrip(".") + "."] if "description" in entry else []
    if entry.get("default") is not None:
        parts.append(f"Null means {entry['default']!r}.")
    return " ".join(parts)


def _takes_null(entry: Json) -> bool:
    kinds = entry.get("anyOf", [entry])
    return any(kind.get("type") == "null" for kind in kinds)


def _made_nullable(schema: Json, optional: frozenset[str]) -> list[str]:
    return [name for name in optional if not _takes_null(schema["properties"][name])]


def _is_strict(schema: Any) -> bool:
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, Mapping):
        return True
    if not schema or not set(schema) <= STRICT_KEYWORDS:
        return False  # an empty schema allows anything
    if schema.get("type") == "object" and not _is_closed(schema):
        return False
    if schema.get("type") == "array" and "items" not in schema:
        return False
    if schema.get("format", "date") not in STRICT_FORMATS:
        return False
    named = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    return all(
        map(_is_strict, [*named, *schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())])
    )


def open_object(schema: Any, path: tuple[str, ...] = ()) -> str | None:
    """Where in a schema the first object is that a strict one may not hold; None: nowhere.

    developers.openai.com, guide structured-outputs, "Supported schemas".
    """
    if not isinstance(schema, Mapping):
        return None
    if schema.get("type") == "object" and not _is_closed(schema):
        return ".".join(path) or "its root"
    named: list[tuple[tuple[str, ...], Any]] = [(("items",), schema.get("items"))]
    named += [(("properties", name), entry) for name, entry in schema.get("properties", {}).items()]
    named += [(("$defs", name), entry) for name, entry in schema.get("$defs", {}).items()]
    named += [(("anyOf", str(place)), entry) for place, entry in enumerate(schema.get("anyOf", ()))]
    found = (open_object(entry, (*path, *where)) for where, entry in named)
    return next((one for one in found if one is not None), None)


def _is_closed(schema: Mapping[str, Any]) -> bool:
    """Whether it requires all its properties and allows no others."""
    return schema.get("additionalProperties") is False and set(schema.get("required", ())) == set(
        schema.get("properties", {})
    )


def _depth(schema: Any, root: Mapping[str, Any], level: int = 0) -> int:
    """How deep it is nested; what refers to itself is deeper than anything."""
    if level > MAX_DEPTH:
        return level
    if not isinstance(schema, Mapping):
        return level
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return _depth(root.get("$defs", {}).get(name), root, level)
    deeper = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else ())]
    levels = [_depth(entry, root, level + 1) for entry in deeper]
    levels += [_depth(entry, root, level) for entry in schema.get("anyOf", ())]
    return max(levels, default=level)


def _count(schema: Any) -> int:
    """How many properties it has altogether."""
    if isinstance(schema, list):
        return sum(map(_count, schema))
    if not isinstance(schema, Mapping):
        return 0
    own = len(schema.get("properties", {})) if isinstance(schema.get("properties"), Mapping) else 0
    return own + sum(map(_count, schema.values()))
