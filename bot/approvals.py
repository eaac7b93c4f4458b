"""Yes and no: what people decide about the calls that a run waits with, and what they are told meanwhile."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import words
from bot.errors import SlackError, SlackRefused
from bot.people import People
from bot.reply.approval import about, ask
from bot.reply.notes import note
from bot.reply.steps import Block, plain_line
from bot.workspaces import Workspace, Workspaces
from storage.call_records import CallState, Decision, StoredCall
from storage.records import Place
from storage.store import Store

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds: a reminder is a courtesy
NAME_CHARS = 80
REMINDER = "pending"
CANCEL = "cancel_call"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Somebody's press on Approve or Deny."""

    place: Place
    message_ts: str
    call_id: str
    user: str
    approve: bool


class Approvals:
    """Takes decisions, and reminds of what has to be decided."""

    def __init__(
        self, store: Store, workspaces: Workspaces, people: Mapping[str, People], wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._people = people
        self._wake = wake
        self._reminding = set[asyncio.Task[None]]()

    async def decide(self, verdict: Verdict) -> str | None:
        """Take a decision, committed when this returns; what to tell that person alone, if anything."""
        run_id = await self._run_of(verdict.place, verdict.message_ts)
        if run_id is None:
            return words.CALL_OVER
        calls = self._store.calls
        decision = await calls.decide(run_id, verdict.call_id, verdict.user, approve=verdict.approve)
        call = next((one for one in await calls.of_run(run_id) if one.call_id == verdict.call_id), None)
        match decision:
            case Decision.DECIDED:
                self._wake()
                return await self._decided(run_id, verdict)
            case Decision.ALREADY if call is not None and call.decided_by:
                return await self._already(verdict.place.team, call)
            case Decision.NOT_YOURS if call is not None:
                return await self._not_yours(verdict.place.team, call)
        return words.CALL_OVER

    async def cancel(self, place: Place, message_ts: str, user: str) -> str | None:
        """End the run that waits, for what was said since to be answered; or the sentence on why not."""
        if not await self._store.calls.cancel(place, user):
            return words.CALL_OVER
        self._wake()
        await self._take_back(place, message_ts)
        return None

    def remind_soon(self, place: Place) -> None:
        """Say in the thread what it waits for, if it does: somebody has written there. Lost with the process."""
        task = asyncio.create_task(remind(self._store, self._workspaces.of(place.team), place))
        self._reminding.add(task)
        task.add_done_callback(self._reminding.discard)

    async def _run_of(self, place: Place, message_ts: str) -> str | None:
        """The run behind a message: its answer stands there, or the message reminds of the thread's."""
        found = await self._store.runs.of_reply(place.team, place.channel, message_ts)
        if found is not None:
            return found[0].id
        waiting = await self._store.calls.waiting(place.team, place.channel, place.thread_ts)
        return waiting[0].id if waiting else None

    async def _decided(self, run_id: str, verdict: Verdict) -> str | None:
        left = sum(call.undecided for call in await self._store.calls.of_run(run_id))
        if await self._store.runs.of_reply(verdict.place.team, verdict.place.channel, verdict.message_ts) is None:
            await self._take_back(verdict.place, verdict.message_ts)
        return words.CALLS_LEFT.format(count=left) if left else None

    async def _already(self, team: str, call: StoredCall) -> str:
        name = await self._name(team, call.decided_by or "")
        sentence = words.CALL_DENIED_BY if call.state is CallState.DENIED else words.CALL_APPROVED_BY
        return sentence.format(name=name)

    async def _not_yours(self, team: str, call: StoredCall) -> str:
        if not call.approvers:
            return words.CALL_OF_ASKER
        names = [await self._name(team, user) for user in call.approvers]
        return words.CALL_OF_APPROVERS.format(names=", ".join(names))

    async def _name(self, team: str, user: str) -> str:
        return plain_line((await self._people[team].of(user)).name, NAME_CHARS)

    async def _take_back(self, place: Place, message_ts: str) -> None:
        """Delete a reminder: it has done its work."""
        try:
            await self._workspaces.of(place.team).slack.call(
                "chat.delete", patience=PATIENCE, channel=place.channel, ts=message_ts
            )
        except SlackRefused as refused:
            log.debug("a reminder was gone", extra={"error": refused.error})
        except SlackError as error:
            log.info("a reminder stays", extra={"error": error.error})


async def remind(store: Store, workspace: Workspace, place: Place) -> None:
    """Say in a thread what it waits for, if it does."""
    waiting = await store.calls.waiting(place.team, place.channel, place.thread_ts)
    open_ = [call for call in waiting[1] if call.undecided] if waiting else []
    if not open_:
        return
    try:
        await workspace.slack.call(
            "chat.postMessage",
            patience=PATIENCE,
            channel=place.channel,
            thread_ts=place.thread_ts,
            **_reminder(open_),
        )
    except SlackError as error:
        log.info("a reminder was dropped", extra={"error": error.error})


async def who_decided(people: People, calls: Sequence[StoredCall]) -> list[str]:
    """A sentence for everybody who has said yes, or no, to some of these calls."""
    said: dict[tuple[str, bool], Counter[str]] = {}
    for call in calls:
        if call.decided_by is not None:
            said.setdefault((call.decided_by, bool(call.approved)), Counter()).update([call.name])
    return [
        (words.APPROVED_BY if approved else words.DENIED_BY).format(
            name=plain_line((await people.of(user)).name, NAME_CHARS), calls=_counted(names)
        )
        for (user, approved), names in said.items()
    ]


def _counted(names: Counter[str]) -> str:
    told = ((plain_line(name, NAME_CHARS), count) for name, count in names.items())
    return ", ".join(name if count == 1 else f"{name} ({count})" for name, count in told)


def _reminder(calls: Sequence[StoredCall]) -> dict[str, Any]:
    """A note, so that nobody takes it for an answer: what is waited for, and how to go on without it."""
    told = note(REMINDER, words.CALLS_FIRST)
    button: Block = {"type": "button", "action_id": CANCEL}
    button["text"] = {"type": "plain_text", "text": words.CANCEL_AND_ANSWER}
    blocks = [*told["blocks"], *ask([about(call) for call in calls]), {"type": "actions", "elements": [button]}]
    return {**told, "blocks": blocks}
