"""What shows that an answer is being worked on: session, sentence, reaction, button. It goes at the end."""

import logging

from bot import words
from bot.errors import SlackError, SlackRefused
from bot.reply.calls import Calls, SessionStatus
from bot.reply.closing import Content
from bot.surfaces import ABSENT, Surface

log = logging.getLogger(__name__)

REACTION = "eyes"
STOP = "stop"
SESSION_METHOD = "agents.sessions.setStatus"
SPENT = frozenset({"already_reacted", "no_reaction", "message_not_found", "session_not_found"})
"""Refusals that say: it is so already."""


def growing(text: str) -> list[Content]:
    """What a message shows that grows by edits: a Stop button of ours under it, where Slack takes the block."""
    button = {"type": "button", "action_id": STOP, "text": {"type": "plain_text", "text": words.STOP}}
    return [Content(text, ({"type": "actions", "elements": [button]},)), Content(text)]


class Status:
    """The working status of one reply."""

    def __init__(self, calls: Calls, *, inherited: bool) -> None:
        self._calls = calls
        self._session = inherited  # an attempt before this one may have left it working
        self._reaction = inherited
        self._sentence = False  # one stands below the thread, which Slack removes with our next message

    async def show(self) -> None:
        """Show the thread as working, where there is room for that and for its end."""
        workspace = self._calls.workspace
        there = self._calls.has(Surface.SESSIONS) and workspace.slack.has_room(SESSION_METHOD, 2)
        if there and await self._set_session("processing"):
            return
        await self._react(remove=False)

    async def say(self, sentence: str) -> None:
        """Show a sentence beside it; dropped where it cannot be shown now."""
        try:
            await self._calls.say_status(sentence)
            self._session = True  # on agent apps it begins a session (reference/slack-platform.md §1.5, bridge)
            self._sentence = bool(sentence)
        except SlackError as error:
            log.info("a status sentence was dropped", extra={"error": error.error})

    def streaming(self) -> None:
        """A stream is being begun, which shows the session as working by itself (reference §2.3)."""
        self._session, self._sentence = True, False

    def spoken(self) -> None:
        """A message of ours was posted."""
        self._sentence = False

    def stream_ended(self) -> None:
        """A stream ended and took the session back to active with it."""
        self._session = False

    async def clear(self) -> None:
        """Nothing shows as working any more."""
        if self._sentence:
            await self.say("")
        if self._session and self._calls.has(Surface.SESSIONS):
            await self._set_session("active")
        if self._reaction:
            await self._react(remove=True)

    async def _set_session(self, status: SessionStatus) -> bool:
        patience = 600.0 if status == "active" else 0.0
        self._session = True  # also when we do not learn what became of the call
        try:
            await self._calls.set_session(status, patience=patience)
        except SlackRefused as error:
            if error.error in ABSENT:
                self._calls.note_absent(Surface.SESSIONS, error)
            log.info("the session status was refused", extra={"error": error.error})
            self._session = False
            return False
        except SlackError as error:
            log.info("the session status is unknown", extra={"error": error.error})
            return True
        self._session = status == "processing"
        return True

    async def _react(self, *, remove: bool) -> None:
        self._reaction = not remove
        try:
            await self._calls.react(REACTION, remove=remove)
        except SlackError as error:
            if error.error not in SPENT:
                log.info("the reaction was refused", extra={"error": error.error})
