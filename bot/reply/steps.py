"""Steps as people see them: task updates while they run, one folded container afterwards. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot import words
from bot.assistant.events import Step, StepStatus, StepType
from bot.reply.transcript import TimedStep

Block = dict[str, Any]

TITLE_MAX = 150  # characters of a container's title (reference/slack-platform.md §3.2)
TASK_TITLE_MAX = 80  # characters; Slack allows 256 (§2.2), people read less
LISTED_MAX = 40  # steps in the container; more are counted

_TASK_STATUS = {
    StepStatus.IN_PROGRESS: "in_progress",
    StepStatus.COMPLETED: "complete",
    StepStatus.INCOMPLETE: "complete",
    StepStatus.FAILED: "error",
}
"""Our status -> Slack's for a task (§2.2)."""


def title(step: Step) -> str:
    """What a step does, in a few words; names that are not ours are stripped of what could mean something."""
    if step.type in (StepType.FUNCTION, StepType.MCP):
        return plain_line(words.STEP_CALLING.format(name=step.name), TASK_TITLE_MAX)
    if step.type is StepType.OTHER:
        return plain_line(words.STEP_OTHER.format(name=step.name), TASK_TITLE_MAX)
    return words.STEPS[step.type.value]


def plain_line(text: str, limit: int) -> str:
    """One line that can be no mention and no markup, at most that many characters."""
    line = " ".join(text.split()).translate({ord("<"): "‹", ord(">"): "›"})
    return line if len(line) <= limit else line[: limit - 1] + "…"


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


def container(steps: Sequence[TimedStep], seconds: float | None) -> list[Block]:
    """One collapsed container that lists the steps; nothing where there were none."""
    if not steps:
        return []
    heading = words.STEP_COUNT_ONE if len(steps) == 1 else words.STEP_COUNT.format(count=len(steps))
    if seconds is not None:
        heading = f"{heading} · {duration(seconds)}"
    lines = [_line(timed) for timed in steps[:LISTED_MAX]]
    if len(steps) > LISTED_MAX:
        lines.append(words.STEPS_MORE.format(count=len(steps) - LISTED_MAX))
    return [
        {
            "type": "container",
            "title": {"type": "plain_text", "text": heading[:TITLE_MAX]},
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": [_bullets(lines)],
        }
    ]


def duration(seconds: float) -> str:
    """Seconds as people say them: "0.4 s", "12 s", "2 min 5 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def _line(timed: TimedStep) -> str:
    parts = [title(timed.step)]
    if timed.step.status in (StepStatus.FAILED, StepStatus.INCOMPLETE):
        parts.append(words.STEP_STATUS[timed.step.status.value])
    if timed.seconds is not None:
        parts.append(duration(timed.seconds))
    return " · ".join(parts)


def _bullets(lines: Iterable[str]) -> Block:
    sections = [{"type": "rich_text_section", "elements": [{"type": "text", "text": line}]} for line in lines]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "bullet", "elements": sections}],
    }
