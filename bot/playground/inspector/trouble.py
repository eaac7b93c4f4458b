"""Faults that somebody at the page can switch on, to watch the bot cope."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai import EmulatedOpenAI
from bot.playground.openai.errors import rate_limited as openai_rate_limited
from bot.playground.openai.errors import server_error
from bot.playground.openai.script import Error, Script, Text, Turn
from bot.playground.slack import EmulatedSlack
from bot.playground.slack.rates import PER_MINUTE
from bot.playground.slack.records import Json, rate_limited

ASK = "POST /responses"
RETRY_AFTER = 5  # seconds, by the emulators' clock and the bot's alike
ANY = "any method"
METHODS = (
    ANY,
    *("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage", "chat.update"),
    *("agents.sessions.setStatus", "conversations.replies", "users.info", "views.open"),
)


@dataclass(slots=True)
class Armed:
    """A fault that waits for its call, or has met it. `take_back` disarms it."""

    take_back: Callable[[], None]
    met: Callable[[], bool]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault as the page offers it. `stays`: it goes on after it was met, until it is taken back."""

    name: str
    label: str
    says: str
    arm: "Callable[[Trouble, str], Armed | None]"
    methods: bool = False  # one chooses which call it meets
    stays: bool = False


@dataclass(slots=True)
class Trouble:
    """What is armed in one world; `openai` is None where a real API answers."""

    slack: EmulatedSlack
    openai: EmulatedOpenAI | None
    _armed: dict[str, Armed] = field(default_factory=dict)

    def listed(self) -> list[Json]:
        """Every fault there is, and how it stands: nothing, armed, met, or on."""
        return [self._shown(kind) for kind in self._kinds()]

    def _shown(self, kind: Kind) -> Json:
        armed = self._armed.get(kind.name)
        state = "" if armed is None else ("on" if kind.stays else "met") if armed.met() else "armed"
        told: Json = {"name": kind.name, "label": kind.label, "says": kind.says, "state": state}
        return {**told, "methods": list(METHODS) if kind.methods else [], "where": armed.where if armed else ""}

    async def arm(self, name: str, method: str = "") -> None:
        """Let that go wrong; LookupError for what is not offered."""
        kind = self._kind(name)
        if kind.methods and method not in METHODS:
            raise LookupError(f"There is no method {method}.")
        self.disarm(name)
        if kind.name == DROP:
            return await self.slack.drop_sockets()
        armed = kind.arm(self, method)
        if armed is not None:
            self._armed[name] = armed
        return None

    def disarm(self, name: str) -> None:
        """Let that go well again; what was not armed stays as it is."""
        if (armed := self._armed.pop(self._kind(name).name, None)) is not None:
            armed.take_back()

    def _kinds(self) -> tuple[Kind, ...]:
        return (*OF_SLACK, *(OF_OPENAI if self.openai is not None else ()))

    def _kind(self, name: str) -> Kind:
        for kind in self._kinds():
            if kind.name == name:
                return kind
        raise LookupError(f"There is no fault {name}.")


# -- Slack's


def _drop(_trouble: Trouble, _method: str) -> None:
    """Done at once, so nothing stays armed."""


def _refuse(trouble: Trouble, _method: str) -> Armed:
    slack = trouble.slack
    slack.refuse_sockets = True

    def allow() -> None:
        slack.refuse_sockets = False

    return Armed(allow, lambda: True)


def _slack_fault(make: Callable[[], Fault]) -> Callable[[Trouble, str], Armed]:
    def arm(trouble: Trouble, method: str) -> Armed:
        fault = make()
        trouble.slack.faults.either(PER_MINUTE if method == ANY else [method], fault)
        return Armed(lambda: trouble.slack.faults.take_back(fault), fault.reached.is_set, method)

    return arm


# -- OpenAI's


def _openai(trouble: Trouble) -> EmulatedOpenAI:
    if trouble.openai is None:
        raise LookupError("A real API answers here.")
    return trouble.openai


def _openai_fault(make: Callable[[], Fault]) -> Callable[[Trouble, str], Armed]:
    def arm(trouble: Trouble, _method: str) -> Armed:
        faults, fault = _openai(trouble).faults, make()
        faults.either([ASK], fault)

        def take_back() -> None:
            faults.take_back(fault)
            fault.released.set()

        return Armed(take_back, fault.reached.is_set)

    return arm


def _limited() -> Fault:
    error = openai_rate_limited(3, "requests")
    headers = {"retry-after": str(RETRY_AFTER)}
    return Fault(FaultKind.REFUSE, status=error.status, body=error.body(), headers=headers)


def _break(trouble: Trouble, _method: str) -> Armed:
    openai, met = _openai(trouble), False

    def next_answer(turn: Turn) -> Script:
        nonlocal met
        met = True
        return broken(openai.default(turn))

    openai.queue(next_answer)
    return Armed(lambda: openai.unqueue(next_answer), lambda: met)


def broken(script: Script) -> Script:
    """The same answer, which ends in an error of the server half-way through its text."""
    ending = Error("server_error", server_error().message)
    at = next((index for index, part in enumerate(script.parts) if isinstance(part, Text)), None)
    if at is None:
        return Script(*script.parts[:1], ending)
    text = script.parts[at]
    assert isinstance(text, Text)  # noqa: S101 - it was looked for
    pieces = text.pieces()
    half = replace(text, text="", deltas=pieces[: (len(pieces) + 1) // 2], annotations=())
    return Script(*script.parts[:at], half, ending)


DROP = "drop"
OF_SLACK = (
    Kind(
        DROP,
        "Drop the socket",
        "Cuts the bot's websocket now. It connects again, and what was not acknowledged is sent again.",
        _drop,
    ),
    Kind(
        "refuse",
        "Refuse sockets",
        "New websockets are refused until you allow them again. Events wait; drop the socket to see it.",
        _refuse,
        stays=True,
    ),
    Kind(
        "slack-429",
        "Slack: 429",
        f"The next call is rate limited, with Retry-After: {RETRY_AFTER}. It is not executed.",
        _slack_fault(lambda: rate_limited(RETRY_AFTER)),
        methods=True,
    ),
    Kind(
        "slack-lost",
        "Slack: answer lost",
        "The next call is executed, but the connection is reset: the bot cannot know whether it was.",
        _slack_fault(lambda: Fault(FaultKind.RESET_AFTER)),
        methods=True,
    ),
)
OF_OPENAI = (
    Kind(
        "openai-break",
        "OpenAI: error mid-answer",
        "The next answer breaks off half-way with a server error.",
        _break,
    ),
    Kind(
        "openai-500",
        "OpenAI: 500",
        "The next question is refused with an error of the server.",
        _openai_fault(lambda: Fault(FaultKind.REFUSE, status=500)),
    ),
    Kind(
        "openai-limit",
        "OpenAI: rate limit",
        f"The next question is refused with 429, retry-after {RETRY_AFTER} s.",
        _openai_fault(_limited),
    ),
    Kind(
        "openai-silent",
        "OpenAI: no answer",
        "The next question is taken and never answered, until you let it go or the bot gives up.",
        _openai_fault(lambda: Fault(FaultKind.HOLD)),
        stays=True,
    ),
)
