"""The modal with everything about an answer's steps: opened at once, filled when OpenAI has told them."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot import words
from bot.assistant.engine import Engine
from bot.assistant.events import Step, StepStatus, StepType
from bot.choice import Choice
from bot.clock import Clock
from bot.errors import AssistantError, SlackError, SlackRefused
from bot.overrides import Overrides
from bot.reply.details import Leaf, loading, saying, showing
from bot.reply.findings import one_line
from bot.reply.steps import Block
from bot.reply.transcript import TimedStep
from bot.workspaces import Workspaces
from storage.call_records import StoredCall
from storage.errors import StorageError
from storage.records import RunStep
from storage.store import Store

log = logging.getLogger(__name__)

TRIGGER_LIVES = 3.0  # seconds in which a press may open a modal (docs.slack.dev/surfaces/modals)
TOLD_WITHIN = 30.0  # seconds that people look at "Loading…" at most
NOTE_CHARS = 1_000
PATIENCE = 10.0  # seconds that filling the modal goes on trying
CLOSED = "not_found"


class StepDetails:
    """Opens the modal and turns its pages. Nothing is kept here: each page is fetched anew."""

    def __init__(self, engine: Engine, store: Store, workspaces: Workspaces, choice: Choice, clock: Clock) -> None:
        self._engine = engine
        self._choice = choice
        self._store = store
        self._workspaces = workspaces
        self._clock = clock

    async def open(self, leaf: Leaf, trigger_id: str) -> bool:
        """Open the modal for whoever pressed, and fill it; False where Slack did not open it (any more)."""
        slack = self._workspaces.of(leaf.team).slack
        try:
            opened = await slack.call(
                "views.open", patience=TRIGGER_LIVES, trigger_id=trigger_id, view=loading(leaf)
            )
        except SlackError as error:
            log.info("the details were not opened", extra={"error": error.error})
            return False
        await self.fill(leaf, str(opened["view"]["id"]))
        return True

    async def fill(self, leaf: Leaf, view_id: str) -> None:
        """Show a page in an open modal; one that was closed meanwhile is let go."""
        slack = self._workspaces.of(leaf.team).slack
        for view in (await self._view(leaf), saying(leaf, words.DETAILS_REFUSED)):
            try:
                await slack.call("views.update", patience=PATIENCE, view_id=view_id, view=view)
            except SlackError as error:
                log.info("the details were not shown", extra={"error": error.error})
                if not isinstance(error, SlackRefused) or error.error == CLOSED:
                    return
            else:
                return

    async def _view(self, leaf: Leaf) -> Block:
        try:
            async with self._clock.timeout(TOLD_WITHIN):
                return await self._told(leaf)
        except (AssistantError, TimeoutError) as error:
            log.info("the details were not told", extra={"error": type(error).__name__})
            return saying(leaf, words.DETAILS_FAILED)
        except StorageError as error:
            log.warning("the run of the details was not read", extra={"error": type(error).__name__})
            return saying(leaf, words.FAILURES["unexpected"])

    async def _told(self, leaf: Leaf) -> Block:
        runs = self._store.runs
        found = await runs.of_reply(leaf.team, leaf.channel, leaf.message_ts)
        if found is None:
            return saying(leaf, words.DETAILS_UNKNOWN)
        told = [await self._engine.details(one.response_id) for one in await runs.responses(found[0].id)]
        calls = {call.call_id: call for call in await self._store.calls.of_run(found[0].id)}
        steps = as_seen([with_outputs(steps, calls) for steps in told if steps], await runs.steps(found[0].id))
        by = self._choice.answered(found[0])
        otherwise = one_line(Overrides.of(found[0].overrides).line(), NOTE_CHARS)
        gone = words.DETAILS_GONE if None in told else ""
        notes = (words.ANSWERED_BY.format(name=by) if by else "", otherwise, gone)
        return showing(leaf, steps, *filter(None, notes))


def with_outputs(steps: Iterable[Step], calls: Mapping[str, StoredCall]) -> list[Step]:
    """The steps with what came of our functions, which OpenAI does not tell with them."""
    return [
        replace(step, result=calls[step.call_id].output or "") if _is_ours(step, calls) else step for step in steps
    ]


def _is_ours(step: Step, calls: Mapping[str, StoredCall]) -> bool:
    """Whether we know what came of a step: of a remote tool only what people decided."""
    return step.call_id in calls and (step.asks or step.type is not StepType.MCP)


def as_seen(told: Sequence[Iterable[Step]], seen: Sequence[RunStep]) -> list[TimedStep]:
    """The steps of a run's responses as people saw them: those of an attempt that came to nothing are left out.

    Where no step is known by its id, because a server names them anew, the last response is told.
    """
    known = {step.id: step for steps in told for step in steps}
    both = [(known[row.item_id], row) for row in seen if row.item_id in known]
    if not both:
        return [TimedStep(step) for step in (told[-1] if told else ())]
    return [
        TimedStep(replace(step, status=StepStatus(row.status)), row.started_at, row.finished_at)
        for step, row in both
    ]
