"""Questions that people ask by pressing a button: remembered before the press is acknowledged, then said aloud.

The button is the question's key, so that each is asked once. Until it stands in the thread as a message of ours,
it has no ts of Slack's: the button's name stands for it, which is the ts of its message with one digit more.
"""

import html
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot import setting_words, words
from bot.catch_up import read_thread
from bot.errors import SlackOutcomeUnknown, SlackRefused
from bot.inbox import Inbox
from bot.overrides import Overrides
from bot.people import People
from bot.reply.steps import plain_line
from bot.withdrawal import MAX_LAPSES
from bot.workspaces import Workspace
from storage.records import Claim, Heard, Message, NewMessage, Place
from storage.runs import Runs
from storage.store import Store

log = logging.getLogger(__name__)

NAME_CHARS = 80
QUESTION_CHARS = 2_000
OTHERWISE_CHARS = 1_000
TRIES = 3  # to post one question whose outcome stayed unknown


@dataclass(frozen=True, slots=True)
class Press:
    """A press on a button that asks. `number` tells it from its neighbours."""

    team: str
    channel: str
    message_ts: str
    number: str
    user: str
    user_team: str
    question: str


class Questions:
    """Takes questions from buttons."""

    def __init__(self, inbox: Inbox, store: Store) -> None:
        self._inbox = inbox
        self._store = store

    async def ask(self, press: Press) -> str | None:
        """Remember the question as that person's, committed when this returns; or the sentence on why not."""
        found = await self._store.runs.of_reply(press.team, press.channel, press.message_ts)
        if found is None or not press.question:
            return words.ANSWER_GONE
        run, thread = found
        key = f"{press.message_ts}{press.number}"
        message = NewMessage(
            place=Place(press.team, press.channel, thread.place.thread_ts),
            ts=key,
            user=press.user,
            text=html.escape(press.question[:QUESTION_CHARS], quote=False),
            author_team=press.user_team or None,
            shared=await self._store.messages.are_shared(run.id),
            pressed=key,
        )
        match await self._inbox.ask(message):
            case Heard.DUPLICATE:
                return words.ASKED_ALREADY
            case Heard.IGNORED:
                return setting_words.MUTED_HERE
            case _:
                return None


class Aloud:
    """Says in the thread what somebody asked by a button, under that person's name."""

    def __init__(self, workspace: Workspace, people: People, runs: Runs, guard: Callable[[], None]) -> None:
        self._workspace = workspace
        self._people = people
        self._runs = runs
        self._guard = guard

    async def say(self, claim: Claim) -> Claim:
        """Post what stands in no Slack message yet; the claim as it is then. No step does harm the second time.

        Raises LeaseLost; and SlackError where Slack cannot be reached, for then the run is taken again. Where
        Slack refuses the message, the question is answered all the same.
        """
        if claim.run.lapses >= MAX_LAPSES or not any(_is_unsaid(one) for one in claim.messages):
            return claim
        said = [await self._said(claim, one) if _is_unsaid(one) else one for one in claim.messages]
        return replace(claim, messages=tuple(sorted(said, key=lambda one: one.ts)))

    async def _said(self, claim: Claim, message: Message) -> Message:
        try:
            ts = await self._posted(claim, message)
        except SlackRefused as refused:
            log.warning("a question could not be said aloud", extra={"error": refused.error})
            return message
        await self._runs.posted(claim.lease, message.pressed or "", ts)
        return replace(message, ts=ts)

    async def _posted(self, claim: Claim, message: Message) -> str:
        place, name = claim.thread.place, (await self._people.of(message.user)).name
        ts = await self._found(place, message) if claim.run.attempt > 1 else None
        for _ in range(TRIES):
            if ts is not None:
                return ts
            self._guard()
            try:
                return await self._post(place, message, plain_line(name, NAME_CHARS))
            except SlackOutcomeUnknown:
                ts = await self._found(place, message)
        raise SlackOutcomeUnknown("chat.postMessage", "made three times without a trace")

    async def _post(self, place: Place, message: Message, name: str) -> str:
        said = message.text or ""
        answer = await self._workspace.slack.call(
            "chat.postMessage",
            channel=place.channel,
            thread_ts=place.thread_ts,
            unfurl_links=False,
            unfurl_media=False,
            text=said,
            blocks=_blocks(words.ASKED_BY.format(name=name), html.unescape(said), _otherwise(message)),
        )
        return str(answer["ts"])

    async def _found(self, place: Place, message: Message) -> str | None:
        """The message of ours that says it, if there is one already that belongs to nothing else."""
        messages, _ = await read_thread(self._workspace.slack, place, message.ts, None)
        for one in messages:
            ours = one.get("user") == self._workspace.bot_user and one.get("text") == message.text
            ts = str(one["ts"])
            if ours and ts > message.ts and not await self._is_known(place, ts):
                return ts
        return None

    async def _is_known(self, place: Place, ts: str) -> bool:
        at = (place.team, place.channel, ts)
        return await self._runs.of_reply(*at) is not None or await self._runs.of_message(*at) is not None


def _is_unsaid(message: Message) -> bool:
    return message.pressed is not None and message.pressed == message.ts


def _otherwise(message: Message) -> str:
    """What its run does otherwise, as everybody reads it."""
    return plain_line(Overrides.of(message.overrides).line(), OTHERWISE_CHARS)


def _blocks(who: str, question: str, otherwise: str) -> list[dict[str, Any]]:
    return [
        {"type": "context", "elements": [{"type": "plain_text", "text": who}]},
        {"type": "section", "text": {"type": "plain_text", "text": question}},
        *([{"type": "context", "elements": [{"type": "plain_text", "text": otherwise}]}] if otherwise else []),
    ]
