"""The trail: what went between Slack, the bot and OpenAI, in order, the newest few hundred of each."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.playground.inspector.marks import Marks, Place
from bot.playground.inspector.told import Line, Source, details, line
from bot.playground.inspector.veil import Veil
from bot.playground.openai import EmulatedOpenAI
from bot.playground.slack import EmulatedSlack
from bot.playground.slack.records import Json

KEPT = 300  # of each kind


@dataclass(slots=True)
class Entry:
    """One delivery, call or request."""

    number: int
    at: float  # by the emulators' clock
    source: Source
    line: Line
    marks: Marks  # with what is known from elsewhere
    version: int

    def shown(self, veil: Veil) -> Json:
        """As the page lists it."""
        told = self.line
        words = {"title": veil.text(told.title), "note": veil.text(told.note), "state": veil.text(told.state)}
        return {"n": self.number, "kind": told.kind, "at": self.at, "mood": told.mood, **words}


class Trail:
    """Looks at both emulators; `refresh` brings it up to date."""

    def __init__(self, slack: EmulatedSlack, openai: EmulatedOpenAI | None, veil: Veil) -> None:
        self.version = 0  # grows with every entry that is new or has changed
        self._slack, self._openai, self._veil = slack, openai, veil
        self._entries: dict[str, deque[Entry]] = {
            kind: deque(maxlen=KEPT) for kind in ("event", "call", "request")
        }
        self._envelopes: deque[str] = deque(maxlen=2 * KEPT)
        self._calls = self._requests = self._count = 0
        self._about: dict[str, Marks] = {}  # triggers and views: what they are about

    def refresh(self) -> None:
        """Take in what is new, and what has become of the rest."""
        pending = {envelope.id for envelope in self._slack.unacknowledged}
        for entry in self.entries():
            if not entry.line.settled:
                self._look_again(entry, pending)
        for at, source in sorted(self._new(), key=lambda one: one[0]):
            self._count += 1
            self.version += 1
            told = line(source, pending)
            self._entries[told.kind].append(Entry(self._count, at, source, told, self._placed(told), self.version))

    def _look_again(self, entry: Entry, pending: set[str]) -> None:
        told = line(entry.source, pending)
        if told != entry.line:
            self.version += 1
            entry.line, entry.marks, entry.version = told, self._placed(told), self.version

    def _new(self) -> Iterator[tuple[float, Source]]:
        for envelope in self._slack.envelopes[-KEPT:]:
            if envelope.id not in self._envelopes:
                self._envelopes.append(envelope.id)
                yield envelope.at, envelope
        calls = self._slack.calls
        for call in calls[max(self._calls, len(calls) - KEPT) :]:
            yield call.at, call
        self._calls = len(calls)
        requests = self._openai.requests if self._openai is not None else []
        for request in requests[max(self._requests, len(requests) - KEPT) :]:
            yield request.at, request
        self._requests = len(requests)

    def _placed(self, told: Line) -> Marks:
        """With the thread that a message is in, and with what its trigger or view is about."""
        marks = told.marks
        if told.kind == "request":
            return marks
        if not marks.messages and not marks.thread:
            known = next((self._about[name] for name in marks.names if name in self._about), None)
            if known is not None:
                marks = replace(known, names=marks.names)
        if not marks.thread:
            marks = replace(marks, thread=self._root(marks))
        self._about |= dict.fromkeys(marks.names, marks)
        return marks

    def _root(self, marks: Marks) -> str:
        place = self._slack.channels.get(marks.channel)
        found = (place.messages.get(ts) for ts in marks.messages) if place is not None else ()
        return next((message.root for message in found if message is not None), "")

    def entries(self) -> list[Entry]:
        """All that is kept, in order."""
        return sorted((one for kind in self._entries.values() for one in kind), key=lambda one: one.number)

    def since(self, version: int) -> list[Json]:
        """What is new or has changed since that version, as the page lists it."""
        return [one.shown(self._veil) for one in self.entries() if one.version > version]

    def details(self, number: int) -> Json:
        """All of one entry; LookupError where it is not kept any more."""
        for entry in self.entries():
            if entry.number == number:
                shown: Json = self._veil.over(details(entry.source))
                return shown
        raise LookupError("This is not kept any more.")


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of one run by its rows: its name and those of its responses and files; its messages."""

    names: frozenset[str]
    asked: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()

    def left(self, channel: str, entry: Entry) -> bool:
        """Whether that entry names the run, or what it was asked or wrote."""
        marks = entry.marks
        return self.made(channel, entry) or (marks.channel == channel and bool(marks.messages & self.asked))

    def made(self, channel: str, entry: Entry) -> bool:
        """The same, but for what it was asked, which a run after it may have been asked too."""
        marks = entry.marks
        return bool(marks.names & self.names) or (marks.channel == channel and bool(marks.messages & self.written))


def of_message(entries: Iterable[Entry], channel: str, ts: str) -> list[int]:
    """The entries that are about a message alone."""
    return [one.number for one in entries if one.marks.channel == channel and ts in one.marks.messages]


def of_thread(entries: Iterable[Entry], place: Place, memory: str | None, runs: Sequence[Trace]) -> list[int]:
    """The entries of a thread: of its runs, and what else names it."""
    return [
        one.number
        for one in entries
        if _in_thread(one, place, memory) or any(run.left(place[0], one) for run in runs)
    ]


def of_run(
    entries: Sequence[Entry], place: Place, memory: str | None, runs: Sequence[Trace], index: int
) -> list[int]:
    """The entries of one of a thread's runs: what names it or its messages, and what was done meanwhile.

    That is in its thread, until the next run begins, and by no other run.
    """
    channel, others = place[0], [run for number, run in enumerate(runs) if number != index]
    run = _with_containers(runs[index], entries)
    begins, ends = _stretch(entries, channel, runs, index)
    return [
        one.number
        for one in entries
        if run.left(channel, one)
        or (
            begins <= one.number < ends
            and _in_thread(one, place, memory)
            and not any(other.made(channel, one) for other in others)
        )
    ]


def _stretch(entries: Sequence[Entry], channel: str, runs: Sequence[Trace], index: int) -> tuple[float, float]:
    """From which number on that run was at work, and from which the next one; the first: since any sign."""
    any_sign = (one.number for one in entries if any(run.left(channel, one) for run in runs))
    begins: list[float] = [min(any_sign, default=math.inf)]
    for run in runs[1:]:
        signs = (one.number for one in entries if one.number > begins[-1] and run.left(channel, one))
        begins.append(min(signs, default=begins[-1]))
    return begins[index], next((begin for begin in begins[index + 1 :] if begin > begins[index]), math.inf)


def _with_containers(run: Trace, entries: Iterable[Entry]) -> Trace:
    """With the names of the containers in which it ran code."""
    names = {name for one in entries if one.marks.names & run.names for name in one.marks.names}
    return replace(run, names=run.names | {name for name in names if name.startswith("cntr_")})


def _in_thread(entry: Entry, place: Place, memory: str | None) -> bool:
    marks = entry.marks
    return (marks.channel, marks.thread) == place or (memory is not None and memory in marks.names)
