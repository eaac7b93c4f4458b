"""An answer of the offline model, and how it is told: labelled, at a pace, cut where the request says so. Pure."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.playground.model.phrases import Phrases
from bot.playground.openai.context import CHARACTERS_PER_TOKEN, count_text
from bot.playground.openai.script import (
    Break,
    Citation,
    CodeInterpreter,
    Control,
    Ending,
    FileSearch,
    FunctionCall,
    ImageGeneration,
    Incomplete,
    Json,
    Pause,
    Reasoning,
    Script,
    Text,
)

LONGEST = 12.0  # seconds that the words of an answer take at most, unless it is told slowly
WORD = re.compile(r"\s*\S+\s*")
Tool = FileSearch | CodeInterpreter | ImageGeneration


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of the emulator's clock: between two words, and that a step takes."""

    word: float = 0.04
    step: float = 0.8
    longest: float = LONGEST

    def slower(self) -> "Pace":
        """Ten times as slow: for whoever wants to watch."""
        return Pace(self.word * 10, self.step * 4, self.longest * 10)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said, after which steps. `thought` is what the steps' reader learns of how it came about.

    Without a thought it goes on with an answer that has told so, and whose label holds for it, too.
    """

    text: str
    thought: str
    steps: tuple[Tool, ...] = ()
    cites: Sequence[Citation] = ()
    breaks: Control | Ending | None = None  # what happens when half of it has been said
    tail: tuple[str | Control, ...] = ()  # said after the text, come what may
    calls: tuple[FunctionCall, ...] = ()  # of functions; then nothing is said before they have been made


def told(reply: Reply, body: Json, phrases: Phrases, pace: Pace) -> Script:
    """The reply as a script for that request.

    That it comes from the offline model is told in a step of its own, which every answer's details show, or
    at the end of the text where the request does not take how the model thought.
    """
    summaries = (body.get("reasoning") or {}).get("summary") is not None
    thought = f"**{phrases.label}**\n\n{reply.thought}"
    head = (Reasoning(thought), Pause(pace.step)) if summaries and reply.thought else ()
    if reply.calls:
        return Script(*head, *reply.calls)
    text = reply.text if summaries else f"{reply.text}\n\n*{phrases.label}*"
    steps = tuple(replace(step, seconds=pace.step) for step in reply.steps)
    limit = body.get("max_output_tokens")
    if limit is not None and count_text(text) > limit:
        short = text[: limit * CHARACTERS_PER_TOKEN]
        return Script(*head, *steps, Text(deltas=paced(short, pace)), Incomplete("max_output_tokens"))
    if isinstance(reply.breaks, Ending):
        return Script(*head, *steps, Text(deltas=paced(half(text), pace)), reply.breaks)
    pieces = [*paced(text, pace), *reply.tail]
    if isinstance(reply.breaks, Break):
        pieces = [*paced(half(text), pace), reply.breaks, text[len(half(text)) :]]
    return Script(*head, *steps, Text(deltas=pieces, phase="final_answer", annotations=reply.cites))


def half(text: str) -> str:
    """About half of a text, to the end of a word."""
    pieces = WORD.findall(text)
    return "".join(pieces[: math.ceil(len(pieces) / 2)])


def paced(text: str, pace: Pace) -> list[str | Control]:
    """The text word by word, or several at a time where that would take longer than the pace allows."""
    words = WORD.findall(text)
    together = max(1, math.ceil(len(words) * pace.word / pace.longest)) if pace.longest else 1
    return list(_with_pauses(words, together, pace.word))


def _with_pauses(words: Sequence[str], together: int, pause: float) -> Iterator[str | Control]:
    for start in range(0, len(words), together):
        yield "".join(words[start : start + together])
        if pause and start + together < len(words):
            yield Pause(pause)
