"""What a team's functions import, and what we know of each: nothing here is slow to load."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar

Approval = Literal["never", "always", "first-in-thread"]
"""When people are asked before a call: `first-in-thread` once per function and thread."""

TIMEOUT = 30.0  # seconds that a call may take
MARK = "__threadmate__"

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class RunContext:
    """Who asked, and where. A parameter of this type is filled in by us; the model neither sees nor sets it."""

    team: str
    channel: str
    thread_ts: str
    user: str  # Slack's id of whoever asked
    run: str
    call_id: str  # the same when an idempotent call is made a second time


class FunctionFailed(Exception):
    """Raise it to tell what went wrong: its text is passed on, to people too. Of other errors only the type is."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What the author of a function says of it."""

    idempotent: bool = False
    timeout: float = TIMEOUT


def function(*, idempotent: bool = False, timeout: float = TIMEOUT) -> Callable[[F], F]:
    """Mark a function of yours.

    `idempotent`: after a crash in the middle of it, it is called a second time with the same `call_id`, instead of
    telling the model that its outcome is unknown. `timeout`: seconds that it may take.
    """
    if timeout <= 0:
        raise ValueError("timeout should be more than 0 seconds")

    def mark(marked: F) -> F:
        setattr(marked, MARK, Traits(idempotent, timeout))
        return marked

    return mark


@dataclass(frozen=True, slots=True)
class Rules:
    """What whoever runs the assistant says of a function."""

    approval: Approval = "never"
    approvers: tuple[str, ...] = ()  # Slack's user ids; none: whoever asked
    timeout: float | None = None  # seconds; None: what its author says


@dataclass(frozen=True, slots=True)
class Product:
    """A file that a function returned: its content, or where it is."""

    name: str
    content: bytes | Path = field(repr=False)


class CallStatus(StrEnum):
    """How a call came out."""

    COMPLETED = "completed"
    FAILED = "failed"  # it raised, or its arguments did not fit
    TIMED_OUT = "timed_out"  # whether it did anything is not known


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a call: `output` is what the model reads."""

    status: CallStatus
    output: str
    products: tuple[Product, ...] = ()
