"""What people do and what goes wrong, written down beforehand: the same seed gives the same plan. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

PEOPLE = 8
CHANNELS = 6
SECONDS_PER_MESSAGE = 0.9  # of emulated time: 2,000 messages in half an hour


class Kind(StrEnum):
    """How somebody says something."""

    MENTION = "mention"  # in a channel, beginning a thread
    REPLY = "reply"  # in somebody's thread, with a mention
    FOLLOW_UP = "follow-up"  # in one's own thread, without one
    CHATTER = "chatter"  # in a channel, not to the bot
    DIRECT = "direct"  # in a DM, beginning a thread
    DIRECT_REPLY = "direct reply"  # in a thread of a DM


class Wrong(StrEnum):
    """What goes wrong; `amount` is in seconds where it takes time."""

    KILL = "kill"  # the process, with SIGKILL; started again after `amount`
    RESTART = "restart"  # the process, with everything that a SIGTERM does; started again at once
    DROP_SOCKETS = "drop sockets"
    ASK_TO_RECONNECT = "ask to reconnect"
    LOSE_ACKS = "lose acks"  # for `amount`
    NO_SOCKETS = "no sockets"  # for `amount`
    KILL_LINES = "kill lines"  # of the service
    REFUSE = "refuse"  # of the service, for `amount`
    CALL = "call"  # one of the service's calls meets `fault`
    TWICE = "twice"  # an event that was delivered is delivered once more


@dataclass(frozen=True, slots=True)
class Say:
    """Somebody says something: number, person and channel (by number); `under` is the number of the root."""

    at: float
    number: int
    kind: Kind
    person: int
    channel: int
    under: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """The author changes a message."""

    at: float
    number: int


@dataclass(frozen=True, slots=True)
class Delete:
    """The author deletes a message."""

    at: float
    number: int


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody presses a button (`stop`, `try_again`) wherever one is shown; the `pick`th of them."""

    at: float
    button: str
    pick: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something goes wrong."""

    at: float
    wrong: Wrong
    service: str = ""  # slack | openai | socket
    fault: str = ""  # of one call: see `tests/soak/trouble.py`
    amount: float = 0.0


Happening = Say | Edit | Delete | Press | Trouble

OFTEN = {  # how many of them for 1,000 messages
    Wrong.KILL: 20,
    Wrong.RESTART: 5,
    Wrong.DROP_SOCKETS: 6,
    Wrong.ASK_TO_RECONNECT: 3,
    Wrong.LOSE_ACKS: 3,
    Wrong.NO_SOCKETS: 2,
    Wrong.KILL_LINES: 25,
    Wrong.REFUSE: 6,
    Wrong.CALL: 220,
    Wrong.TWICE: 30,
}
LASTS = {  # seconds, at most
    Wrong.KILL: 20.0,
    Wrong.LOSE_ACKS: 15.0,
    Wrong.NO_SOCKETS: 40.0,
    Wrong.REFUSE: 30.0,
}
SERVICES = {
    Wrong.KILL_LINES: ("slack", "openai", "socket"),
    Wrong.REFUSE: ("slack", "openai", "socket"),
    Wrong.CALL: ("slack", "slack", "slack", "openai", "openai", "openai", "socket"),
}
FAULTS = {
    "slack": ("429", "503", "internal_error", "reset before", "reset after", "delay"),
    "openai": ("429", "500", "503", "reset before", "reset after", "delay"),
    "socket": ("reset before", "reset after", "hold", "delay"),
}


DEAFENING = (
    Wrong.KILL,
    Wrong.RESTART,
    Wrong.DROP_SOCKETS,
    Wrong.ASK_TO_RECONNECT,
    Wrong.LOSE_ACKS,
    Wrong.NO_SOCKETS,
)
RECOVERY = 15.0  # seconds: the SDK connects again within ten


@dataclass(slots=True)
class _Threads:
    """What one may reply to."""

    channels: list[Say] = field(default_factory=list)
    direct: list[Say] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)  # roots in whose threads others have talked


def plan(seed: int, messages: int) -> list[Happening]:
    """Everything that happens, in order."""
    chance = random.Random(seed)
    said = list(_said(chance, messages))
    lasts = said[-1].at
    more: list[Happening] = [*_second_thoughts(chance, said), *_presses(chance, messages, lasts)]
    wrong = list(_bearable(_wrong(chance, messages, lasts)))
    return sorted([*said, *more, *wrong], key=lambda one: one.at)


def _said(chance: random.Random, messages: int) -> Iterator[Say]:
    threads, at = _Threads(), 0.0
    for number in range(1, messages + 1):
        at += chance.expovariate(1 / SECONDS_PER_MESSAGE)
        yield _say(chance, threads, round(at, 3), number)


def _say(chance: random.Random, threads: _Threads, at: float, number: int) -> Say:
    person, channel = chance.randrange(PEOPLE), chance.randrange(CHANNELS)
    kinds = (Kind.MENTION, Kind.REPLY, Kind.FOLLOW_UP, Kind.CHATTER, Kind.DIRECT, Kind.DIRECT_REPLY)
    kind = chance.choices(kinds, weights=(40, 22, 10, 10, 8, 10))[0]
    recent = [one for one in threads.channels if at - one.at < 400]
    own = [one for one in recent if one.number not in threads.busy]
    if kind is Kind.REPLY and recent:
        root = chance.choice(recent)
        if root.person != person:
            threads.busy.add(root.number)
        return Say(at, number, kind, person, root.channel, root.number)
    if kind is Kind.FOLLOW_UP and own:
        root = chance.choice(own)
        return Say(at, number, kind, root.person, root.channel, root.number)
    if kind is Kind.DIRECT_REPLY and threads.direct:
        root = chance.choice(threads.direct[-12:])
        return Say(at, number, kind, root.person, root.channel, root.number)
    if kind in (Kind.DIRECT, Kind.DIRECT_REPLY):
        say = Say(at, number, Kind.DIRECT, person, -1)
        threads.direct.append(say)
        return say
    say = Say(at, number, kind if kind is Kind.CHATTER else Kind.MENTION, person, channel)
    if say.kind is Kind.MENTION:
        threads.channels.append(say)
    return say


def _second_thoughts(chance: random.Random, said: list[Say]) -> Iterator[Happening]:
    for one in said:
        if one.kind is Kind.CHATTER:
            continue
        if chance.random() < 0.07:
            yield Edit(one.at + chance.choice((0.3, 1.0, 3.0, 8.0, 30.0)), one.number)
        if chance.random() < 0.04:
            yield Delete(one.at + chance.choice((0.3, 1.5, 5.0, 20.0, 90.0)), one.number)


def _presses(chance: random.Random, messages: int, lasts: float) -> Iterator[Happening]:
    for button, often in (("stop", 20), ("try_again", 20)):
        for _ in range(_count(often, messages)):
            yield Press(chance.uniform(5, lasts), button, chance.randrange(1000))


def _wrong(chance: random.Random, messages: int, lasts: float) -> Iterator[Trouble]:
    for wrong, often in OFTEN.items():
        for _ in range(_count(often, messages)):
            at = chance.uniform(2, lasts)
            service = chance.choice(SERVICES.get(wrong, ("",)))
            fault = chance.choice(FAULTS[service]) if wrong is Wrong.CALL else ""
            amount = chance.uniform(0, LASTS.get(wrong, 8.0))
            yield Trouble(round(at, 3), wrong, service, fault, round(amount, 2))


def _bearable(wrong: Iterator[Trouble]) -> Iterator[Trouble]:
    """Without those that cut or deafen the socket soon after another one: after four tries Slack gives up."""
    heard_again = 0.0
    for one in sorted(wrong, key=lambda one: one.at):
        if one.service == "socket" or one.wrong in DEAFENING:
            if one.at < heard_again:
                continue
            heard_again = one.at + RECOVERY + (0 if one.wrong is Wrong.CALL else one.amount)
        yield one


def _count(often: int, messages: int) -> int:
    return max(1, round(often * messages / 1000))
