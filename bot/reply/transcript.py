"""What the assistant did so far: its events folded into text, steps and sources. Pure."""

from dataclasses import dataclass, field, replace

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
    TextBreak,
    TextDelta,
)


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

    def apply(self, event: Event, at: float | None) -> "Transcript":
        """Return the transcript after one more event, seen at that time (None: told afterwards)."""
        match event:
            case TextDelta(text):
                return self._said(text, at)
            case RefusalDelta(text):
                return replace(self._said(text, at), refused=True)
            case TextBreak():
                return replace(self, text=self.text + "\n\n") if self.text else self
            case StepStarted(step):
                return replace(self, steps=(*self.steps, TimedStep(step, started_at=at)))
            case StepFinished(step):
                return replace(self, steps=_finished(self.steps, step, at))
            case _:
                return self._noted(event)

    def _said(self, text: str, at: float | None) -> "Transcript":
        first = self.first_text_at if self.first_text_at is not None else at
        return replace(self, text=self.text + text, first_text_at=first)

    def _noted(self, event: Event) -> "Transcript":
        match event:
            case Started(response_id, created_at):
                return replace(self, response_id=response_id, begun_at=created_at)
            case Commentary(text):
                return replace(self, commentary=text)
            case Cited():
                return self if event in self.sources else replace(self, sources=(*self.sources, event))
            case ActionRequired(calls):
                return replace(self, calls=calls)
            case Finished():
                return replace(self, finished=event)
        return self


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


def _finished(steps: tuple[TimedStep, ...], step: Step, at: float | None) -> tuple[TimedStep, ...]:
    known = any(timed.step.id == step.id for timed in steps)
    if not known:
        return (*steps, TimedStep(step, finished_at=at))
    return tuple(
        replace(timed, step=step, finished_at=at) if timed.step.id == step.id else timed for timed in steps
    )
