"""What the assistant did so far: its events folded into text, steps and sources. Pure."""

from dataclasses import astuple, dataclass, field, replace

from bot.assistant.events import (
    ActionRequired,
    Call,
    Cited,
    Commentary,
    Event,
    Finished,
    RefusalDelta,
    Started,
    Step,
    StepFinished,
    StepStarted,
    StepStatus,
    StepType,
    TextBreak,
    TextDelta,
)
from storage.records import Usage


@dataclass(frozen=True, slots=True)
class TimedStep:
    """A step and when it was seen: seconds since the epoch, None where nobody was listening."""

    step: Step
    started_at: float | None = None
    finished_at: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took, where that is known."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at


@dataclass(frozen=True, slots=True)
class Transcript:
    """One answer as it stands. `text` is the model's own Markdown, not yet made safe."""

    text: str = ""
    refused: bool = False
    commentary: str = ""
    steps: tuple[TimedStep, ...] = ()
    sources: tuple[Cited, ...] = ()
    calls: tuple[Call, ...] = ()
    response_id: str | None = None
    begun_at: float | None = None  # by OpenAI's clock, seconds since the epoch
    first_text_at: float | None = None
    finished: Finished | None = field(default=None)
    ended: tuple[tuple[str, Finished], ...] = ()  # every response of it that has ended, by its id
    apart: bool = False  # what is said next is a paragraph of its own

    def apply(self, event: Event, at: float | None) -> "Transcript":
        """Return the transcript after one more event, seen at that time (None: told afterwards)."""
        match event:
            case TextDelta(text):
                return self._said(text, at)
            case RefusalDelta(text):
                return replace(self._said(text, at), refused=True)
            case TextBreak():
                return replace(self, text=self.text + "\n\n", apart=False) if self.text else self
            case StepStarted(step):
                return replace(self, steps=_started(self.steps, step, at))
            case StepFinished(step):
                return replace(self, steps=_finished(self.steps, _pending(step), at))
            case _:
                return self._noted(event)

    def _said(self, text: str, at: float | None) -> "Transcript":
        first = self.first_text_at if self.first_text_at is not None else at
        gap = "\n\n" if self.apart and self.text else ""
        return replace(self, text=self.text + gap + text, first_text_at=first, apart=False)

    def _noted(self, event: Event) -> "Transcript":
        match event:
            case Started(response_id, created_at):
                begun_at = created_at if self.begun_at is None else self.begun_at
                return replace(self, response_id=response_id, begun_at=begun_at)
            case Commentary(text):
                return replace(self, commentary=text)
            case Cited():
                return self if event in self.sources else replace(self, sources=(*self.sources, event))
            case ActionRequired(calls):
                return replace(self, calls=calls)
            case Finished():
                ended = ((self.response_id, event),) if self.response_id else ()
                return replace(self, finished=event, ended=(*self.ended, *ended))
        return self

    def answered(self, call_id: str, status: StepStatus, output: str, at: float | None) -> "Transcript":
        """Return the transcript after one of our functions was called, or will not be."""
        steps = tuple(
            replace(timed, step=replace(timed.step, status=status, result=output), finished_at=at)
            if timed.step.call_id == call_id
            else timed
            for timed in self.steps
        )
        return replace(self, steps=steps)

    def continued(self) -> "Transcript":
        """Return the transcript as the next response of the same answer goes on with it."""
        return replace(self, calls=(), finished=None, response_id=None, apart=True)

    @property
    def usage(self) -> Usage | None:
        """The tokens of all its responses; None where none has ended."""
        if not self.ended:
            return self.finished.usage if self.finished else None
        counts = (astuple(finished.usage) for _, finished in self.ended)
        return Usage(*map(sum, zip(*counts, strict=True)))


def further(one: Transcript, other: Transcript) -> Transcript:
    """Return the telling that got further; the first of two that got as far."""
    reach = len(one.text), len(one.steps)
    return other if (len(other.text), len(other.steps)) > reach else one


def files_in(transcript: Transcript) -> frozenset[str]:
    """The ids of all Files that the answer cites, or shows passages of."""
    passages = (passage for timed in transcript.steps for passage in timed.step.passages)
    cited = (one.file_id for one in transcript.sources if not one.container_id)
    return frozenset(filter(None, (*(passage.file_id for passage in passages), *cited)))


def cut_off(transcript: Transcript, at: float | None) -> Transcript:
    """The transcript with every step that was still under way marked as incomplete."""
    steps = tuple(_cut_off(timed, at) for timed in transcript.steps)
    return replace(transcript, steps=steps)


def _cut_off(timed: TimedStep, at: float | None) -> TimedStep:
    if timed.step.status is not StepStatus.IN_PROGRESS:
        return timed
    return replace(timed, step=replace(timed.step, status=StepStatus.INCOMPLETE), finished_at=at)


def _pending(step: Step) -> Step:
    """A function that the model wants called is under way until it has been; so is what is asked about."""
    wanted = step.asks or (step.type is StepType.FUNCTION and bool(step.call_id))
    return replace(step, status=StepStatus.IN_PROGRESS) if wanted and step.status is StepStatus.COMPLETED else step


def _asked(one: Step, step: Step) -> bool:
    """Whether a step is the question about that very call."""
    return one.asks and one.call_id == step.call_id and one.id != step.id


def _started(steps: tuple[TimedStep, ...], step: Step, at: float | None) -> tuple[TimedStep, ...]:
    """A call takes the place of the question about it."""
    if any(_asked(timed.step, step) for timed in steps):
        return tuple(TimedStep(step, started_at=at) if _asked(timed.step, step) else timed for timed in steps)
    return (*steps, TimedStep(step, started_at=at))


def _finished(steps: tuple[TimedStep, ...], step: Step, at: float | None) -> tuple[TimedStep, ...]:
    at = None if step.status is StepStatus.IN_PROGRESS else at
    if not any(timed.step.id == step.id for timed in steps):
        return _finished(_started(steps, step, None), step, at)
    return tuple(
        replace(timed, step=step, finished_at=at) if timed.step.id == step.id else timed
        for timed in steps
        if not _asked(timed.step, step)
    )
