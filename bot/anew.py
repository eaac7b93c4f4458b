"""Answers given anew: asked for under the answer, or offered to who changed the question."""

import logging
from collections.abc import Mapping
from typing import Any

from bot import setting_words, words
from bot.errors import SlackError
from bot.inbox import Inbox
from bot.workspaces import Workspaces
from storage.records import Place, Reopening, Run, Thread
from storage.store import Store

log = logging.getLogger(__name__)

REGENERATE_EDITED = "regenerate_edited"
"""The button of the offer. Its value is the question's ts: it stands under no answer."""

PATIENCE = 5.0  # seconds: an offer is a courtesy

REFUSED: Mapping[Reopening, str] = {
    Reopening.UNDER_WAY: words.REGENERATING_ALREADY,
    Reopening.LATER: words.REGENERATE_ONLY_NEWEST,
    Reopening.UNKNOWN: words.ANSWER_GONE,
}


class Anew:
    """Lets the newest answer of a thread be given anew; anybody who may talk to us there may ask for that."""

    def __init__(self, inbox: Inbox, store: Store, workspaces: Workspaces) -> None:
        self._inbox = inbox
        self._store = store
        self._workspaces = workspaces

    async def under(self, team: str, channel: str, message_ts: str, user: str) -> str | None:
        """Give the answer of that Slack message anew; the sentence on why not."""
        return await self._regenerate(await self._store.runs.of_reply(team, channel, message_ts), team, user)

    async def to(self, team: str, channel: str, question_ts: str, user: str) -> str | None:
        """Give the answer to that question anew; the sentence on why not."""
        return await self._regenerate(await self._store.runs.of_message(team, channel, question_ts), team, user)

    async def _regenerate(self, found: tuple[Run, Thread] | None, team: str, user: str) -> str | None:
        if found is None:
            return words.ANSWER_GONE
        if await self._store.preferences.is_muted(found[1].place):
            return setting_words.MUTED_HERE
        if await self._inbox.is_hasty(team, user):
            return words.FAILURES["too_many_runs"]
        return REFUSED.get(await self._inbox.regenerate(found[0].id, user))

    async def offer(self, team: str, channel: str, question_ts: str, user: str) -> None:
        """Offer to answer a changed question anew, where that is possible; elsewhere say nothing."""
        found = await self._store.runs.of_message(team, channel, question_ts)
        if found is None or not await self._store.runs.may_reopen(found[0].id):
            return
        try:
            await self._whisper_offer(found[1].place, question_ts, user)
        except SlackError as error:
            log.info("an offer was dropped", extra={"error": error.error})

    async def _whisper_offer(self, place: Place, question_ts: str, user: str) -> None:
        await self._workspaces.of(place.team).slack.call(
            "chat.postEphemeral",
            patience=PATIENCE,
            channel=place.channel,
            thread_ts=place.thread_ts,
            user=user,
            text=words.QUESTION_CHANGED,
            blocks=_offer(question_ts),
        )


def _offer(question_ts: str) -> list[dict[str, Any]]:
    label = {"type": "plain_text", "text": words.REGENERATE}
    button = {"type": "button", "action_id": REGENERATE_EDITED, "text": label, "value": question_ts}
    said = {"type": "section", "text": {"type": "plain_text", "text": words.QUESTION_CHANGED}}
    return [said, {"type": "actions", "elements": [button]}]
