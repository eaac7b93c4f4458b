"""One soak from its plan to its verdict."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.crash.nursery import Nursery
from tests.soak.invariants import Ended, violations
from tests.soak.plan import plan
from tests.soak.stage import Stage, set_up
from tests.soak.story import Story

LOOK_EVERY = 5.0  # emulated seconds between two looks at whether all is over
ENDS_WITHIN = 3600.0  # emulated seconds after the last thing has happened


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of it."""

    violations: list[str]
    summary: dict[str, object]


async def soak(seed: int, messages: int, folder: Path, nursery: Nursery) -> Verdict:
    """Play the plan of that seed, wait until all is over, stop the bot, and look."""
    began = time.perf_counter()
    async with set_up(folder, nursery) as stage:
        story = Story(stage, seed, plan(seed, messages))
        telling = asyncio.create_task(_told(stage, story))
        await stage.until(telling.done, float("inf"))
        over, code = telling.result()
        ended = Ended.read(stage, story)
        found = violations(ended)
        if not over:
            found.insert(0, f"not all was over {ENDS_WITHIN:.0f} s after the last thing had happened")
        if code:
            found.insert(0, f"it ended with code {code}")
        return Verdict(found, _summary(ended, time.perf_counter() - began))


async def _told(stage: Stage, story: Story) -> tuple[bool, int]:
    """Whether all was over in time, and the exit code."""
    await stage.start()
    while stage.bot is not None and not stage.bot.state["ready"] and not stage.died:
        await stage.clock.sleep(1.0)
    try:
        await story.tell()
    finally:
        await story.break_off()
    until = stage.clock.time() + ENDS_WITHIN
    while not (over := _is_over(stage)) and stage.clock.time() < until:
        await stage.clock.sleep(LOOK_EVERY)
    return over, await stage.stop()


def _is_over(stage: Stage) -> bool:
    if stage.slack.unacknowledged or stage.slack.working():
        return False
    waiting = stage.rows("SELECT 1 FROM messages WHERE state IN ('waiting', 'claimed') LIMIT 1")
    active = "SELECT 1 FROM runs WHERE finished_at IS NULL OR withdraw_at IS NOT NULL LIMIT 1"
    return not waiting and not stage.rows(active)


def _summary(ended: Ended, seconds: float) -> dict[str, object]:
    slack, openai = ended.stage.slack, ended.stage.openai
    statuses = Counter(run["status"] for run in ended.runs.values())
    errors = Counter(run["error"] for run in ended.runs.values() if run["error"])
    states = Counter(row["state"] for row in ended.messages.values())
    return {
        "emulated": f"{ended.stage.clock.monotonic() / 60:.1f} min",
        "real": f"{seconds:.0f} s",
        "said": len(ended.story.posted),
        "messages": dict(states),
        "runs": dict(statuses),
        "errors": dict(errors),
        "starts": len(ended.stage.started_at),
        "happened": dict(ended.story.counts),
        "slack calls": len(slack.calls),
        "429 not made up": sum(
            c.error == "ratelimited" and "made_up" not in (c.answer or {}) for c in slack.calls
        ),
        "responses": len(openai.responses),
        "twice answered by the model": _twice(ended),
    }


def _twice(ended: Ended) -> int:
    """Runs for which the model completed more than one response: edits, regenerations, and what was lost."""
    its = Counter(
        one["metadata"]["run"] for one in ended.stage.openai.responses.values() if one["status"] == "completed"
    )
    return sum(count > 1 for count in its.values())
