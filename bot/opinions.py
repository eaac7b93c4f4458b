"""What people think of an answer: a thumb, and behind a thumb down a modal that asks why."""

import logging

from bot import words
from bot.errors import SlackError
from bot.reply.closing import FEEDBACK_DOWN, FEEDBACK_UP
from bot.reply.reason import About
from bot.workspaces import Workspaces
from storage.records import ACTIVE, Feedback
from storage.store import Store

log = logging.getLogger(__name__)

TRIGGER_LIVES = 3.0  # seconds in which a press may open a modal (docs.slack.dev/surfaces/modals)


class Opinions:
    """Takes thumbs and reasons."""

    def __init__(self, store: Store, workspaces: Workspaces) -> None:
        self._store = store
        self._workspaces = workspaces

    async def take(self, team: str, about: About, user: str, value: str, trigger_id: str) -> str | None:
        """Keep a thumb, and ask for a reason behind one that is down; the sentence on why it was not kept.

        A thumb takes the place of the person's earlier one, with its reason; the same again changes nothing.
        """
        found = await self._store.runs.of_reply(team, about.channel, about.message_ts)
        if found is None or value not in (FEEDBACK_UP, FEEDBACK_DOWN):
            return words.ANSWER_GONE
        run = found[0]
        if run.status in ACTIVE:
            return words.REGENERATING_ALREADY
        if value == FEEDBACK_DOWN:
            await self._ask_why(team, about, trigger_id)
        given = await self._store.feedback.of(run.id)
        if not any((it.user, it.value) == (user, value) for it in given):
            await self._store.feedback.give(Feedback(run.id, user, value))
        return None

    async def explain(self, team: str, about: About, user: str, reason: str) -> bool:
        """Keep the reason of a thumb down; False where the thumb, or the answer, is another one by now."""
        found = await self._store.runs.of_reply(team, about.channel, about.message_ts)
        kept = found is not None and await self._store.feedback.explain(
            Feedback(found[0].id, user, FEEDBACK_DOWN, reason)
        )
        log.info("a reason was given", extra={"kept": kept})
        return kept

    async def _ask_why(self, team: str, about: About, trigger_id: str) -> None:
        """Open the modal, first of all: the press is worth one for three seconds."""
        slack = self._workspaces.of(team).slack
        try:
            await slack.call("views.open", patience=TRIGGER_LIVES, trigger_id=trigger_id, view=about.modal())
        except SlackError as error:
            log.info("nobody could be asked for a reason", extra={"error": error.error})
