"""What a function returned, as the model reads it, and the files in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

from bot.functions.records import Product

MAX_OUTPUT_CHARS = 100_000
"""What the model reads of a result. OpenAI takes 10,485,760 (reference/openai-platform.md §7), contexts do not."""

CUT = "\n[Cut here: the result has {count:,} characters, of which these are the first {kept:,}.]"
NOTHING = "Done. The function returned nothing."
FILES = "Made for the person, who sees it in the thread: {names}"


def written(value: object, name: str) -> tuple[str, tuple[Product, ...]]:
    """A result as text and files; `name` is for bytes. Raises TypeError where there is no JSON for it."""
    products = _products(value, name)
    if products:
        return FILES.format(names=", ".join(product.name for product in products)), products
    return _cut(_text(value)), ()


def _products(value: object, name: str) -> tuple[Product, ...]:
    """The files, where a result is one or nothing but some."""
    if isinstance(value, bytes):
        return (Product(f"{name}.bin", value),)
    if isinstance(value, Path):
        return (Product(value.name, value),)
    if isinstance(value, Sequence) and value and all(isinstance(one, bytes | Path) for one in value):
        if isinstance(value, str):
            return ()
        numbered = (_products(one, f"{name}-{number}") for number, one in enumerate(value, start=1))
        return tuple(product for products in numbered for product in products)
    return ()


def _text(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    return _json(value)


def _json(value: Any) -> str:
    try:
        return value.model_dump_json() if isinstance(value, BaseModel) else to_json(value).decode()
    except (PydanticSerializationError, ValueError) as error:
        raise TypeError(f"a {type(value).__name__} cannot be written as JSON") from error


def _cut(text: str) -> str:
    if len(text) <= MAX_OUTPUT_CHARS:
        return text
    return text[:MAX_OUTPUT_CHARS] + CUT.format(count=len(text), kept=MAX_OUTPUT_CHARS)
