"""Faults that an emulator can be told to have: refuse a call, or execute it and never answer."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong with a call, and whether it is executed all the same."""

    REFUSE = "refuse"  # not executed; answered with `status`, `body`, `headers`
    RESET_BEFORE = "reset_before"  # not executed; the connection is reset
    RESET_AFTER = "reset_after"  # executed; the connection is reset instead of an answer
    HOLD = "hold"  # executed; never answered (until the fault is released)
    DELAY = "delay"  # executed and answered, after `seconds` of the emulator's clock


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong, once."""

    kind: FaultKind
    status: int = 500
    body: Mapping[str, Any] | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    reached: asyncio.Event = field(default_factory=asyncio.Event)  # set when a call has met it (HOLD: executed)
    released: asyncio.Event = field(default_factory=asyncio.Event)  # HOLD: set it to let the answer go


class Faults:
    """Which calls meet which faults: a queue per call name, None meaning "this one goes well"."""

    def __init__(self) -> None:
        self._queues: dict[str, list[Fault | None]] = {}
        self._always: dict[str, Fault] = {}
        self._either: list[tuple[frozenset[str], Fault]] = []

    def add(self, call: str, fault: Fault, *, skip: int = 0, times: int = 1) -> Fault:
        """Let the next `times` calls of that name meet the fault, after `skip` that go well."""
        self._queues.setdefault(call, []).extend([None] * skip + [fault] * times)
        return fault

    def always(self, call: str, fault: Fault) -> Fault:
        """Let every call of that name meet the fault, until `clear`."""
        self._always[call] = fault
        return fault

    def either(self, calls: Iterable[str], fault: Fault) -> Fault:
        """Let the first call of any of those names meet the fault, once."""
        self._either.append((frozenset(calls), fault))
        return fault

    def take_back(self, fault: Fault) -> None:
        """Let no call meet this fault any more."""
        self._either = [(calls, one) for calls, one in self._either if one is not fault]
        self._always = {call: one for call, one in self._always.items() if one is not fault}
        self._queues = {call: [one for one in queue if one is not fault] for call, queue in self._queues.items()}

    def clear(self, call: str) -> None:
        """From now on, calls of that name go well."""
        self._queues.pop(call, None)
        self._always.pop(call, None)

    def take(self, call: str) -> Fault | None:
        """The fault that the call arriving now meets, if any. For the emulators alone."""
        if queue := self._queues.get(call):
            return queue.pop(0)
        for index, (calls, fault) in enumerate(self._either):
            if call in calls:
                del self._either[index]
                return fault
        return self._always.get(call)
