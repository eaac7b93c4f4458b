"""The arguments of the Web API: what a method takes, and how form fields become values."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.playground.slack.records import Args, CallRefusedError, Json
from bot.playground.slack.schema import (
    Check,
    anything,
    array,
    boolean,
    integer,
    one_of,
    problems_of,
    record,
    string,
)
from bot.playground.slack.state import Workspace

_FLAGS = {"1": True, "true": True, "0": False, "false": False}


def _number(raw: str) -> object:
    return int(raw) if raw.lstrip("-").isdigit() else raw


def _json(raw: str) -> object:
    try:
        return json.loads(raw)
    except json.JSONDecodeError:
        return raw


def _flag(raw: str) -> object:
    return _FLAGS.get(raw, raw)


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument: its shape, and how to read it when it comes as a string."""

    check: Check
    read: Callable[[str], object] = str


TEXT = Arg(string(least=0))
NAME = Arg(string())
FLAG = Arg(boolean, _flag)
LIST = Arg(array(anything, 1_000_000, least=0), _json)
METADATA = Arg(record({"event_type": string()}, {"event_payload": anything, "entities": anything}), _json)
VIEW = Arg(anything, _json)


def number(low: int, high: int) -> Arg:
    """A whole number within these bounds."""
    return Arg(integer(low, high), _number)


def enum(*values: str) -> Arg:
    """One of these strings."""
    return Arg(one_of(*values))


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Web API: what it needs, what it takes, what it does."""

    run: Callable[[Workspace, Args], Json]
    required: Mapping[str, Arg] = field(default_factory=dict)
    optional: Mapping[str, Arg] = field(default_factory=dict)
    scope: str | None = None
    app_token: bool = False

    def read(self, params: Mapping[str, object]) -> Json:
        """The arguments as values, or `invalid_arguments` naming each one that is unknown, missing or wrong.

        Its shape: NousResearch/hermes-agent#110374. That unknown ones are refused is a rule of ours.
        """
        known = {**self.optional, **self.required}
        values = {
            name: known[name].read(raw) if name in known and isinstance(raw, str) else raw
            for name, raw in params.items()
        }
        shape = record(
            {name: arg.check for name, arg in self.required.items()},
            {name: arg.check for name, arg in self.optional.items()},
        )
        if wrong := problems_of(shape, values):
            raise CallRefusedError("invalid_arguments", *wrong)
        return values
