"""What people are asked before a function is called: which, with exactly which arguments, yes or no. Pure.

What is shown is JSON that means the very text that is executed: nothing is cut, rounded or hidden in it. Calls
that cannot be shown so are not asked about, see `fitting`.
"""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot import words
from bot.reply.rich_text import block, code, section, size, text
from bot.reply.steps import Block, plain_line
from storage.call_records import CallKind, StoredCall

APPROVE = "approve_call"
DENY = "deny_call"

ASKED_BYTES = 8_000
"""UTF-8 bytes of all that is asked at once: as much as folded steps have, for the same reason (`folded`)."""

SPOKEN_CHARS = 200

MAX_ASKED = 8
"""Calls asked about at once: two blocks each, of the 50 of a message (reference/slack-platform.md §3.1)."""

SEEN_THROUGH = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of what is not seen, or changes how the rest is seen: text that runs backwards, for one."""

ALSO_BLANK = frozenset("\u00a0\u115f\u1160\u2800\u3164\uffa0")
"""And what looks like nothing, or like a space, without being in one of those."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that somebody has to decide about. `server` is the label of an MCP server, "" where it is ours."""

    call_id: str
    name: str
    arguments: str  # JSON
    server: str = ""


def about(call: StoredCall) -> Asked:
    """A stored call as people are asked about it."""
    server, _, name = call.name.partition("/") if call.kind is CallKind.MCP else ("", "", call.name)
    return Asked(call.call_id, name, call.arguments, server)


def canonical(arguments: str) -> str | None:
    """The one text that is stored, shown and executed; None where the model wrote no JSON object."""
    try:
        value = json.loads(arguments)
        said = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(value, dict) and _is_encodable(said) else None


def exact(arguments: str) -> str | None:
    """`canonical`, of a call that somebody else executes as the model wrote it.

    None, too, where it could mean something else there than what is shown: a key that comes twice, a number that
    is not the one written. A tool without parameters may be called with nothing at all.
    """
    if not arguments.strip():
        return "{}"
    try:
        json.loads(arguments, object_pairs_hook=_each_once, parse_float=_as_written)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return canonical(arguments)


def visible(arguments: str) -> str:
    """JSON with the same meaning, indented, in which every character can be seen."""
    said = json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    return "".join(map(_seen, said))


def in_line(name: str) -> str:
    """A name that a server may have given, in one line, in which every character can be seen."""
    return "".join("\\u000a" if char == "\n" else _seen(char) for char in name)


def fitting(calls: Sequence[Asked]) -> tuple[Asked, ...]:
    """Those that can be shown whole together, in their order; for the others the model has to ask for less."""
    fit: list[Asked] = []
    used = 0
    for call in calls:
        needed = sum(map(size, _blocks(call)))
        if used + needed <= ASKED_BYTES and len(fit) < MAX_ASKED:
            fit.append(call)
            used += needed
    return tuple(fit)


def ask(calls: Sequence[Asked]) -> list[Block]:
    """The question about each of the calls, with its buttons."""
    return [each for call in calls for each in _blocks(call)]


def spoken(call: Asked) -> str:
    """The question in one line, for notifications."""
    where = words.CALL_ON_SERVER.format(server=call.server) if call.server else ""
    return plain_line(f"{words.CALL_WANTED}{call.name}{where}", SPOKEN_CHARS) + "."


def _blocks(call: Asked) -> list[Block]:
    where = [text(words.CALL_ON_SERVER.format(server=call.server))] if call.server else []
    head = section(text(words.CALL_WANTED), text(in_line(call.name), bold=True), *where)
    buttons = [_button(APPROVE, words.APPROVE, call, "primary"), _button(DENY, words.DENY, call)]
    return [block([head, code(visible(call.arguments), "json")]), {"type": "actions", "elements": buttons}]


def _button(action: str, label: str, call: Asked, style: str = "") -> Block:
    """Buttons carry the call's id; which run it is of is found by the message, so that no other can be named."""
    button: Block = {"type": "button", "action_id": action, "value": call.call_id}
    button["text"] = {"type": "plain_text", "text": label}
    button["accessibility_label"] = f"{label}: {in_line(call.name)}"[:75]
    return {**button, "style": style} if style else button


def _seen(char: str) -> str:
    if char == "\n" or (unicodedata.category(char) not in SEEN_THROUGH and char not in ALSO_BLANK):
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key that comes twice")
    return dict(pairs)


def _as_written(number: str) -> float:
    if Decimal(number) != Decimal(repr(float(number))):
        raise ValueError("a number that cannot be shown as it was written")
    return float(number)


def _is_encodable(said: str) -> bool:
    """Whether it is text at all: half a surrogate pair is none, and no function could be called with it."""
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return True
