"""Functions as a team writes them, for the tests."""

import asyncio
import threading
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from bot.functions import FunctionFailed, RunContext, function

NOT_A_FUNCTION = 3
go_on = threading.Event()


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Line(BaseModel):
    sku: str
    count: int


class Loose(BaseModel):
    count: int = 1


def lookup_order(number: int, why: Literal["refund", "status"] = "status") -> dict[str, Any]:
    """Look up an order.

    Only orders of this year are known.

    Args:
        number: the order's number, as on the bill
        why: what it is needed for
    """
    return {"number": number, "why": why}


def order(lines: list[Line], until: date | None = None, size: Size = Size.SMALL, *, schema: str = "x") -> str:
    """Order something."""
    return f"{lines} {until} {size} {schema}"


def whoami(context: RunContext) -> str:
    """Say who asks."""
    return f"{context.user} in {context.channel}"


def mapped(counts: dict[str, int]) -> str:
    """Take any names."""
    return str(counts)


def loosely(what: Loose) -> str:
    """Take what may be left out inside."""
    return str(what)


def untyped(number):  # type: ignore[no-untyped-def]
    """Take anything."""


def spread(*numbers: int) -> None:
    """Take many."""


def silent(number: int) -> None:
    pass


def odd(lock: threading.Lock) -> None:
    """Take a lock."""


def from_nowhere(what: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Take what there is not."""


def refused() -> None:
    """Refuse."""
    raise FunctionFailed("Order 4711 does not exist.")


def broken() -> None:
    """Fail with a secret in the error."""
    raise KeyError("hunter2")


async def picture(folder: Path) -> Path:
    """Draw."""
    await asyncio.sleep(0)
    return folder / "picture.png"


@function(timeout=5)
def stuck() -> str:
    """Hang until the test lets it go."""
    go_on.wait(30)
    return "too late"


@function(timeout=5, idempotent=True)
async def endless() -> None:
    """Never end."""
    await asyncio.Event().wait()


class Label(BaseModel):
    text: str


def torn() -> Label:
    """Return text that is none: half a surrogate pair."""
    return Label(text="\ud83d")


def locked() -> object:
    """Return what no JSON can hold."""
    return threading.Lock()
