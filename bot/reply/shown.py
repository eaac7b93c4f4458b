"""One Slack message of a reply, as we know it on the screen, and what an append adds to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.reply.steps import Block, task_chunks, weight
from bot.reply.transcript import TimedStep

TASK_BYTES = 1_500  # bytes of task cards in one message; steps beyond it are listed at the end only


@dataclass(slots=True)
class Shown:
    """One Slack message of the reply, as we know it on the screen."""

    position: int
    ts: str
    text: str | None  # safe Markdown; None: unknown, to be put right by an edit
    streaming: bool
    begun_at: float  # seconds of the monotonic clock
    edited_at: float = 0.0
    gone: bool = False  # somebody deleted it: it is left alone
    tasks: dict[str, str] = field(default_factory=dict)  # step id -> Slack's task status on screen

    def note(self, text: str, chunks: Sequence[Block]) -> None:
        """Remember what an append has brought to the screen."""
        self.text = (self.text or "") + text
        self.tasks.update({chunk["id"]: chunk["status"] for chunk in chunks if chunk["type"] == "task_update"})


def chunks_of(steps: Iterable[TimedStep], shown: Mapping[str, str], text: str) -> list[Block]:
    """What is new: step titles and statuses within their budget of bytes, and more text."""
    chunks = task_chunks(steps, shown)
    known = [chunk for chunk in chunks if chunk["id"] in shown]
    fresh = [chunk for chunk in chunks if chunk["id"] not in shown]
    while fresh and weight(fresh) + sum(map(len, shown)) > TASK_BYTES:
        fresh.pop()
    return [*known, *fresh, *([{"type": "markdown_text", "text": text}] if text else [])]
