"""Steps as people see them while they run: short titles, as task updates. Pure."""

from collections.abc import Iterable
from typing import Any

from bot import words
from bot.assistant.events import Step, StepStatus, StepType
from bot.reply.findings import one_line
from bot.reply.transcript import TimedStep

Block = dict[str, Any]

NO_TIME = 0.05  # seconds; less would be said as "0.0 s"
TASK_TITLE_MAX = 80  # characters; Slack allows 256 (§2.2), people read less

_TASK_STATUS = {
    StepStatus.IN_PROGRESS: "in_progress",
    StepStatus.COMPLETED: "complete",
    StepStatus.INCOMPLETE: "complete",
    StepStatus.NOT_MADE: "complete",
    StepStatus.FAILED: "error",
}
"""Our status -> Slack's for a task (§2.2)."""


def title(step: Step) -> str:
    """What a step does, in a few words; names that are not ours are stripped of what could mean something."""
    if step.type is StepType.MCP and step.server:
        calling = words.STEP_CALLING_ON if step.name else words.STEP_LISTING
        return plain_line(calling.format(name=step.name, server=step.server), TASK_TITLE_MAX)
    if step.type in (StepType.FUNCTION, StepType.MCP):
        return plain_line(words.STEP_CALLING.format(name=step.name), TASK_TITLE_MAX)
    if step.type is StepType.OTHER:
        return plain_line(words.STEP_OTHER.format(name=step.name), TASK_TITLE_MAX)
    return words.STEPS[step.type.value]


def plain_line(text: str, limit: int) -> str:
    """One line that can be no mention and no markup, at most that many characters."""
    return one_line(text, limit).translate({ord("<"): "‹", ord(">"): "›"})


def tasks(steps: Iterable[TimedStep]) -> list[Block]:
    """One `task_update` per step. Its id is its place: steps that are told anew replace the first telling."""
    return [
        {
            "type": "task_update",
            "id": f"step-{place}",
            "title": title(timed.step),
            "status": _TASK_STATUS[timed.step.status],
        }
        for place, timed in enumerate(steps, start=1)
    ]


def weight(updates: Iterable[Block]) -> int:
    """Bytes that task updates take of a streamed message's budget (reference/slack-platform.md §2.4)."""
    return sum(len(update["title"].encode()) + len(update["id"].encode()) for update in updates)


def duration(seconds: float) -> str:
    """Seconds as people say them: "0.4 s", "12 s", "2 min 5 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def standing(timed: TimedStep) -> str:
    """How a step ended, unless it ended well, and how long it took, where that was seen and is anything."""
    ended = words.STEP_STATUS.get(timed.step.status.value)
    seconds = timed.seconds or 0.0
    took = duration(seconds) if seconds >= NO_TIME else None
    return " · ".join(part for part in (ended, took) if part)
