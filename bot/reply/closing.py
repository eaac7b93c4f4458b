"""What stands under an answer when it has ended: sources, a note, the folded steps, the buttons. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot import words
from bot.reply.approval import Asked, ask, spoken
from bot.reply.folded import fold
from bot.reply.markdown import safe
from bot.reply.sources import Source, line, plain_line
from bot.reply.split import plain
from bot.reply.steps import Block
from bot.reply.transcript import TimedStep

TRY_AGAIN = "try_again"
DETAILS = "details"
REGENERATE = "regenerate"
ASK = "ask_"
"""What the names of buttons begin with that ask a question; a digit follows."""

FEEDBACK = "feedback"
FEEDBACK_UP = "up"
FEEDBACK_DOWN = "down"

TEXT_MAX = 4_000  # characters of `text` in chat.update (reference/slack-platform.md §3.1)


@dataclass(frozen=True, slots=True)
class Content:
    """All that one message says."""

    markdown: str  # safe
    blocks: Sequence[Block] = ()  # under it
    notes: tuple[str, ...] = ()  # what the blocks say, for notifications

    @property
    def shown(self) -> list[Block]:
        """Everything people see, as blocks."""
        body: list[Block] = [{"type": "markdown", "text": self.markdown}] if self.markdown else []
        return [*body, *self.blocks]

    @property
    def text(self) -> str:
        """What stands for the blocks in notifications and in old clients."""
        notes = (note.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for note in self.notes)
        return plain("\n\n".join(part for part in (self.markdown, *notes) if part), TEXT_MAX)


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that one can ask by a button: what stands on it, at most 75 characters, and what it asks."""

    label: str
    question: str  # plain text; at most 2,000 characters (docs.slack.dev, button element)


@dataclass(frozen=True, slots=True)
class Closing:
    """How an answer ended, as far as people see it."""

    notes: tuple[str, ...] = ()  # plain sentences of ours
    steps: Sequence[TimedStep] = ()
    seconds: float | None = None
    try_again: bool = False
    feedback: bool = False
    sources: Sequence[Source] = ()
    questions: Sequence[Ask] = ()
    by: str | None = None  # the name of the assistant that answered, where that is worth telling
    asked: Sequence[Asked] = ()  # calls that somebody has to decide about: it goes on after that

    def blocks(self, *, alone: bool = False) -> list[Block]:
        """The blocks under the answer's text, in the order people read them; `alone`: there is no text."""
        folded = fold(self.steps, self.seconds, self.by)
        return [
            *self._words(alone=alone),
            *ask(self.asked),
            *folded.blocks,
            *self._buttons("" if folded.whole else words.DETAILS),
            *([_feedback()] if self.feedback else []),
        ]

    def contents(self, text: str) -> Iterator[Content]:
        """What a message with that text shows; then the same plainer, for a Slack that refuses the blocks.

        Plainer means first without what is folded, which a button shows instead, then without any block.
        """
        alone = not text.strip()
        yield Content(text, self.blocks(alone=alone), (*self.notes, *map(spoken, self.asked)))
        if self.steps or self.feedback:
            buttons = self._buttons(words.SHOW_STEPS if self.steps else "")
            yield Content(text, [*self._words(alone=alone), *buttons], self.notes)
        if self.sources or self.notes or self.try_again or self.asked:
            said_below = (plain_line(self.sources), *self.notes, *map(spoken, self.asked))
            plainly = (safe(said) for said in said_below if said)
            yield Content("\n\n".join(part for part in (text, *plainly) if part))
        elif self.steps or self.feedback:
            yield Content(text)

    def _words(self, *, alone: bool) -> list[Block]:
        return [*line(self.sources), *(_note(note, alone=alone) for note in self.notes)]

    def _buttons(self, details: str) -> list[Block]:
        """Those that go in one row: to try again, to see everything about the steps, to regenerate."""
        buttons = [
            *(_asking(number, ask) for number, ask in enumerate(self.questions)),
            *([_button(TRY_AGAIN, words.TRY_AGAIN)] if self.try_again else []),
            *([_button(DETAILS, details)] if details else []),
            *([_button(REGENERATE, words.REGENERATE)] if self.feedback else []),
        ]
        return [{"type": "actions", "elements": buttons}] if buttons else []


def _note(text: str, *, alone: bool) -> Block:
    """A sentence of ours: small under an answer, or nobody could tell it from the model's; else the message."""
    if alone:
        return {"type": "section", "text": _plain(text)}
    return {"type": "context", "elements": [_plain(text)]}


def _button(action: str, label: str) -> Block:
    return {"type": "button", "action_id": action, "text": _plain(label)}


def _asking(number: int, ask: Ask) -> Block:
    return {**_button(f"{ASK}{number}", ask.label), "value": ask.question}


def _feedback() -> Block:
    """Slack's own feedback buttons (reference/slack-platform.md §3.2, context_actions)."""
    buttons = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": _thumb(words.FEEDBACK_UP, FEEDBACK_UP),
        "negative_button": _thumb(words.FEEDBACK_DOWN, FEEDBACK_DOWN),
    }
    return {"type": "context_actions", "elements": [buttons]}


def _thumb(label: str, value: str) -> dict[str, Any]:
    return {"text": _plain(label), "value": value, "accessibility_label": label}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


NOTHING = Closing()
"""Under a message that is not the answer's last."""
