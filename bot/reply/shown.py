"""One Slack message of a reply, as we know it on the screen, and what an append adds to it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from bot.reply.layout import TASK_BYTES
from bot.reply.steps import Block, tasks, weight
from bot.reply.transcript import TimedStep


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
    growing: bool = False  # by edits, a Stop button of ours under it
    refused: bool = False  # Slack did not take an edit: the next is the one that ends it
    tasks: dict[str, Block] = field(default_factory=dict)  # by id, the update that Slack has got last

    def note(self, text: str, chunks: Iterable[Block]) -> None:
        """Remember what an append has brought to the screen."""
        self.text = (self.text or "") + text
        self.tasks.update({chunk["id"]: chunk for chunk in chunks if chunk["type"] == "task_update"})


@dataclass(frozen=True, slots=True)
class FirstText:
    """When the first words of an answer were in Slack."""

    at: float  # seconds of the monotonic clock
    lag: float | None  # seconds since the model said them, where that is known


def chunks_of(
    steps: Iterable[TimedStep], shown: Mapping[str, Block], text: str, elsewhere: Collection[str] = ()
) -> list[Block]:
    """What is new: tasks within their budget of bytes, but for those that stand `elsewhere`, and more text."""
    updates = [update for update in tasks(steps) if update["id"] not in elsewhere]
    known = [update for update in updates if update["id"] in shown and shown[update["id"]] != update]
    fresh = [update for update in updates if update["id"] not in shown]
    while fresh and weight(fresh) + weight(shown.values()) > TASK_BYTES:
        fresh.pop()
    return [*known, *fresh, *said(text)]


def last_chunks_of(
    steps: Iterable[TimedStep],
    shown: Mapping[str, Block],
    text: str,
    elsewhere: Collection[str] = (),
    *,
    waits: bool = False,
) -> list[Block]:
    """The same at the end of a message, after which no task of it may seem to be under way.

    `waits`: for people, who have to decide about what is not done yet; else it has ended.
    """
    left = "pending" if waits else "complete"
    chunks = chunks_of(steps, shown, text, elsewhere)
    final = {**shown, **{chunk["id"]: chunk for chunk in chunks if "id" in chunk}}
    ended = [{**task, "status": left} if task["status"] == "in_progress" else task for task in final.values()]
    return [*(task for task in ended if shown.get(task["id"]) != task), *said(text)]


def said(text: str) -> list[Block]:
    """Text as chunks."""
    return [{"type": "markdown_text", "text": text}] if text else []
