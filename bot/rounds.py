"""Turn after turn of one run: what the model says is told, what it wants called is called, until it is done."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.assistant.engine import CallOutput, Engine, Turn
from bot.assistant.events import (
    Abreast,
    ActionRequired,
    Call,
    Event,
    Finished,
    Started,
    Step,
    StepFinished,
    StepStatus,
    StepType,
)
from bot.calling import STANDING, Calling, Occasion, wanted
from bot.clock import Clock
from bot.errors import FunctionsUnsupported
from bot.functions.declared import Function
from bot.metrics import Metrics
from bot.reply.transcript import Transcript, further
from bot.signals import Cause
from bot.tracing import hop
from bot.turn import Afterwards, Rewound, Trail, TurnTaker
from storage.call_records import StoredCall
from storage.records import Claim
from storage.runs import Runs

Show = Callable[[Transcript], None]


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of several: what it brings, and by what its fate is found again."""

    asked: bool = False  # an earlier attempt may have asked it, and had approved calls made by that
    first: int = 0  # which of the run's responses is the first that may be its
    tail: str | None = None  # the memory's last item before it
    outputs: tuple[CallOutput, ...] = ()  # of the calls that the round before asked for


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rounds of every run need."""

    engine: Engine
    runs: Runs
    clock: Clock
    metrics: Metrics
    max_rounds: int


class Rounds:
    """The rounds of one run, and what was told in them."""

    def __init__(self, terms: Terms, claim: Claim, taker: TurnTaker, show: Show) -> None:
        """`show` takes the answer as it stands."""
        self._terms = terms
        self._lease = claim.lease
        self._taker = taker
        self._show = show
        self._live = True  # it is told while it happens
        self.transcript = Transcript()
        self._whole = Transcript()  # of the rounds before: what is told in this one may become void
        self._kept = Transcript()  # of a telling that broke off: it stays if no other reaches as far
        self.responses = [response.response_id for response in claim.responses]
        self._round = Round(asked=_may_have_asked(claim), tail=claim.thread.tail_item_id)
        self._next: Round | None = None  # as an earlier attempt left it
        self.count = 0  # of the rounds in which something was called

    @property
    def begun(self) -> bool:
        """Whether the memory may hold something of this run."""
        return self._round.asked or self.count > 0

    @property
    def exhausted(self) -> bool:
        """Whether the model may call nothing more."""
        return self.count >= self._terms.max_rounds

    @property
    def furthest(self) -> Transcript:
        """The answer as far as any telling of it got."""
        return further(self.transcript, self._kept)

    def forget(self, tail: str | None = None) -> None:
        """Begin again with the first round; `tail` is the memory's last item before it."""
        self.transcript = self._whole = self._kept = Transcript()
        self.responses, self.count, self._live = [], 0, True
        self._round, self._next = Round(tail=tail), None

    async def recover(self, stored: tuple[StoredCall, ...], deadline: float) -> None:
        """Tell what earlier attempts brought to pass: the responses that asked for those calls."""
        by_response: dict[str, list[StoredCall]] = {}
        for call in stored:
            if call.response_id in self.responses:  # others are of a telling that became void
                by_response.setdefault(call.response_id, []).append(call)
        for response_id, calls in by_response.items():
            events = await self._terms.engine.told(response_id, deadline) or _by_rows(response_id, calls)
            self.transcript = _told(self.transcript.continued(), events, calls)
            finished, first = self.transcript.finished, self.responses.index(response_id) + 1
            asked = all(call.settled for call in calls)
            self._next = Round(asked, first, finished.tail_item_id if finished else None)
        if by_response:
            self._whole, self.count = self.transcript, len(by_response) - 1
            self._show(self.transcript)

    async def take(
        self, turn: Turn, calling: Calling, functions: Mapping[str, Function], deadline: float
    ) -> Cause:
        """Take the turn and those that follow from it. WAITING: people have to decide about `calling.asked`."""
        while True:
            if not self.transcript.calls:
                await self._fold(self._turn(turn), deadline)
                steps = [timed.step for timed in self.transcript.steps]
                await calling.handed_over(self._round.outputs, steps)
            calls, response_id = self.transcript.calls, self.transcript.response_id
            if not calls:
                return Cause.TOLD
            if self.exhausted or response_id is None or not self._offered(calls, turn, functions):
                raise FunctionsUnsupported("a function call")
            outputs = await calling.outputs(Occasion(response_id, turn.user, functions, deadline), calls)
            if outputs is None:
                return Cause.WAITING
            self._go_on(outputs)

    def _offered(self, calls: Sequence[Call], turn: Turn, functions: Mapping[str, Function]) -> bool:
        """Whether something can become of the calls: a question can be answered where its server is offered."""
        ours = any(call.server is None for call in calls)
        remote = {call.server for call in calls if call.server is not None}
        return remote <= turn.servers and (not ours or bool(functions or self.count or self._next))

    def answered(self, call_id: str, status: StepStatus, output: str) -> None:
        """A call has ended."""
        self.transcript = self.transcript.answered(call_id, status, output, self._terms.clock.time())
        self._show(self.transcript)

    def _turn(self, turn: Turn) -> Turn:
        """The turn of this round; `turn` is the first one's."""
        if not self._round.outputs:
            return turn
        choice = "none" if self.exhausted else None
        return replace(turn, input=(), parts=(), outputs=self._round.outputs, tool_choice=choice)

    def _go_on(self, outputs: tuple[CallOutput, ...]) -> None:
        finished = self.transcript.finished
        tail = finished.tail_item_id if finished else None
        following = self._next or Round(first=len(self.responses), tail=tail)
        self._round, self._next = replace(following, outputs=outputs), None
        self.transcript = self._whole = self.transcript.continued()
        self._kept = Transcript()
        self.count += 1

    @hop("model")
    async def _fold(self, turn: Turn, deadline: float) -> None:
        self._live, self.transcript = True, self._whole
        own = self.responses[self._round.first :]
        asked = self._round.asked
        trail = Trail(asked, own[-1] if own else None, self._round.tail, handed_over=asked)
        async with aclosing(self._taker.take(turn, trail, deadline)) as events:
            async for event in events:
                await self._hear(event)

    async def _hear(self, event: Event | Rewound | Afterwards | Abreast) -> None:
        if isinstance(event, Afterwards | Rewound | Abreast):
            self._live = not isinstance(event, Afterwards)
            if isinstance(event, Rewound):
                self._kept, self.transcript = self.furthest, self._whole
            return
        if isinstance(event, Started) and event.response_id not in self.responses:
            self.responses.append(event.response_id)
            await self._terms.runs.response_started(self._lease, event.response_id)
        if isinstance(event, Finished):
            self._terms.metrics.used(event.usage)
        self.transcript = self.transcript.apply(event, self._terms.clock.time() if self._live else None)
        self._show(self.transcript)


def _may_have_asked(claim: Claim) -> bool:
    """Whether an earlier attempt got so far: by then it has stored its assistant, and left a clean memory."""
    return claim.run.attempt > 1 and claim.run.assistant is not None


def _told(transcript: Transcript, events: tuple[Event, ...], calls: list[StoredCall]) -> Transcript:
    """The transcript after a response of an earlier attempt, and the calls that it asked for."""
    for event in events:
        transcript = transcript.apply(event, None)
    for call in calls:
        if call.output is not None:
            transcript = transcript.answered(call.call_id, STANDING[call.state], call.output, None)
    return transcript


def _by_rows(response_id: str, calls: list[StoredCall]) -> tuple[Event, ...]:
    """What is known of a response that OpenAI does not have any more."""
    ended = (StepFinished(_as_step(call)) for call in wanted(calls))
    return (Started(response_id), *ended, ActionRequired(wanted(calls)))


def _as_step(call: Call) -> Step:
    kind = StepType.FUNCTION if call.server is None else StepType.MCP
    step = Step(call.call_id, kind, StepStatus.COMPLETED, call.name, arguments=call.arguments)
    if call.server is not None:
        step = replace(step, name=call.name.partition("/")[2], server=call.server)
    return replace(step, call_id=call.call_id)
