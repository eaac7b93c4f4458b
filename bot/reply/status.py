"""What shows that an answer is being worked on: session, sentence, reaction, button. It goes at the end."""

import logging

from bot import words
from bot.errors import SlackError, SlackRateLimited, SlackRefused
from bot.reply.calls import SENTENCE, SESSION, UNREACT, Calls
from bot.reply.closing import Content
from bot.surfaces import ABSENT, Surface

log = logging.getLogger(__name__)

REACTION = "eyes"
STOP = "stop"
SPENT = frozenset({"already_reacted", "no_reaction", "message_not_found", "session_not_found"})
"""Refusals that say: it is so already."""


def growing(text: str) -> list[Content]:
    """What a message shows that grows by edits: a Stop button of ours under it, where Slack takes the block."""
    button = {"type": "button", "action_id": STOP, "text": {"type": "plain_text", "text": words.STOP}}
    return [Content(text, ({"type": "actions", "elements": [button]},)), Content(text)]


class Status:
    """The working status of one reply. Nothing is shown whose end has no room kept for it."""

    def __init__(self, calls: Calls, *, inherited: bool) -> None:
        self._calls = calls
        self._calls.session_works = inherited  # an attempt before this one may have left it working
        self._reaction = inherited
        self._sentence = False  # one stands below the thread, which Slack removes with our next message

    async def show(self) -> None:
        """Show the thread as working, where there is room for that and for its end."""
        there = self._calls.has(Surface.SESSIONS) and self._calls.kept.keep(SESSION, before=1)
        if there and await self._work():
            return
        await self._react()

    async def say(self, sentence: str) -> None:
        """Show a sentence beside it; dropped where it cannot be shown now."""
        reset = SESSION if self._calls.has(Surface.SESSIONS) else SENTENCE
        if not self._calls.kept.keep(reset):
            log.info("a status sentence was dropped", extra={"error": "no room"})
            return
        try:
            await self._calls.say_status(sentence)
            self._sentence = True
        except SlackError as error:
            log.info("a status sentence was dropped", extra={"error": error.error})

    def spoken(self) -> None:
        """A message of ours was begun."""
        self._sentence = False

    async def clear(self) -> None:
        """Nothing shows as working any more."""
        if self._sentence:
            await self._unsay()
        if self._calls.session_works and self._calls.has(Surface.SESSIONS):
            await self._rest()
        if self._reaction:
            await self._unreact()

    async def _unsay(self) -> None:
        try:
            await self._calls.say_status("")
            self._sentence = False
        except SlackError as error:
            log.info("a status sentence was left to Slack", extra={"error": error.error})

    async def _work(self) -> bool:
        """Whether the session may work now; what is kept for its end stays kept then."""
        try:
            await self._calls.set_working()
        except (SlackRefused, SlackRateLimited) as error:
            self._refused(error)
            return False
        except SlackError as error:
            log.info("the session status is unknown", extra={"error": error.error})
        return True

    async def _rest(self) -> None:
        try:
            await self._calls.set_idle()
        except SlackRefused as error:
            self._refused(error)
        except SlackError as error:
            log.info("the session status is unknown", extra={"error": error.error})

    def _refused(self, error: SlackRefused | SlackRateLimited) -> None:
        if error.error in ABSENT and isinstance(error, SlackRefused):
            self._calls.note_absent(Surface.SESSIONS, error)
        log.info("the session status was refused", extra={"error": error.error})
        if isinstance(error, SlackRefused):
            self._calls.session_works = False
        if not self._calls.session_works:
            self._calls.kept.give_back(SESSION)

    async def _react(self) -> None:
        if not self._calls.kept.keep(UNREACT):
            return
        self._reaction = True  # also when we do not learn what became of the call
        try:
            await self._calls.react(REACTION)
        except (SlackRefused, SlackRateLimited) as error:
            log.info("the reaction was refused", extra={"error": error.error})
            self._reaction = error.error in SPENT
        except SlackError as error:
            log.info("the reaction is unknown", extra={"error": error.error})
        if not self._reaction:
            self._calls.kept.give_back(UNREACT)

    async def _unreact(self) -> None:
        try:
            await self._calls.unreact(REACTION)
            self._reaction = False
        except SlackError as error:
            if error.error not in SPENT:
                log.info("the reaction was refused", extra={"error": error.error})
