"""What handlers may do: the front desk, where Slack's people are received."""

import logging
from dataclasses import dataclass

from bot import words
from bot.errors import SlackError
from bot.inbox import Inbox
from bot.workspaces import Workspaces
from storage.records import Feedback
from storage.store import Store

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds: these calls are courtesies


@dataclass(frozen=True, slots=True)
class FrontDesk:
    """The inbox, and the small services around it."""

    inbox: Inbox
    store: Store
    workspaces: Workspaces

    def refusal(self, team: str, external: bool) -> str | None:
        """Why a press is not for us; None where it is."""
        if team not in self.workspaces.teams:
            return "we are not installed there"
        if external and not self.inbox.allow_external:
            return "pressed by somebody of another organisation"
        return None

    async def take_feedback(self, team: str, channel: str, message_ts: str, user: str, value: str) -> None:
        """Keep what a person thought of an answer; a message that is no answer of ours is ignored."""
        found = await self.store.runs.of_reply(team, channel, message_ts)
        if found is None:
            log.info("feedback on a message that is no answer", extra={"ts": message_ts})
            return
        await self.store.feedback.give(Feedback(found[0].id, user, value))

    async def try_again(self, team: str, channel: str, message_ts: str, user: str, thread_ts: str | None) -> None:
        """Let the run behind a message be tried again; a second click is told so."""
        found = await self.store.runs.of_reply(team, channel, message_ts)
        if found and await self.inbox.try_again(found[0].id):
            return
        late = found is None or await self.store.runs.has_messages(found[0].id)
        sentence = words.TRY_AGAIN_TOO_LATE if late else words.TRYING_AGAIN_ALREADY
        await self.whisper(team, channel, user, sentence, thread_ts)

    async def whisper(self, team: str, channel: str, user: str, sentence: str, thread_ts: str | None) -> None:
        """Tell one person something that the others do not see."""
        thread = {"thread_ts": thread_ts} if thread_ts else {}
        try:
            await self.workspaces.of(team).slack.call(
                "chat.postEphemeral", patience=PATIENCE, channel=channel, user=user, text=sentence, **thread
            )
        except SlackError as error:
            log.info("a sentence for one person was dropped", extra={"error": error.error})

    async def suggest_prompts(self, team: str, channel: str) -> None:
        """Offer questions at the top of the Messages tab (reference/slack-platform.md §1.3: without thread_ts)."""
        if self.refusal(team, external=False):
            return
        prompts = [{"title": title, "message": message} for title, message in words.PROMPTS]
        try:
            await self.workspaces.of(team).slack.call(
                "assistant.threads.setSuggestedPrompts", patience=PATIENCE, channel_id=channel, prompts=prompts
            )
        except SlackError as error:
            log.info("suggested prompts were dropped", extra={"error": error.error})
