"""What people set, and how they ask otherwise than by writing: our command, shortcuts, the modals behind them."""

import html
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncRespond

from bot import setting_words, words
from bot.desk import FrontDesk
from bot.options_view import Kind, section
from bot.slack import NO_ANSWER
from handlers.parse import Ignored
from handlers.parse_files import asks_for_files
from handlers.parse_options import Submitted, parse_form, parse_opening, parse_typed
from storage.errors import StorageError

log = logging.getLogger(__name__)


class Options:
    """Settings, and questions with options."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    async def acknowledge_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Acknowledge the command; with a word of help where it asks for something that we do not have."""
        typed = parse_typed(body)
        if asks_for_files(body) or (not isinstance(typed, Ignored) and self._desk.command.knows(typed.word)):
            await ack()
        else:
            await ack(text=words.COMMAND_HELP, response_type="ephemeral")

    async def on_command(self, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Handle our command, but for `files`."""
        typed = parse_typed(body)
        if isinstance(typed, Ignored) or not self._desk.command.knows(typed.word):
            return
        if refusal := self._desk.refusal(typed.team, external=False):
            log.info("not a command for us", extra={"reason": refusal})
            return
        try:
            told = await self._desk.command.answer(typed)
        except StorageError as error:
            log.warning("a command failed", extra={"error": type(error).__name__})
            told = (words.FAILURES["unexpected"],)
        await _tell(respond, told)

    async def on_ask_about(self, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Handle the shortcut "Ask about this message"."""
        await self._open(body, respond, "about")

    async def on_ask_with_options(self, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Handle the shortcut "Ask with options…"."""
        await self._open(body, respond, "options")

    async def on_thread_settings(self, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Handle the shortcut "Thread settings…"."""
        await self._open(body, respond, "thread")

    async def on_assistant(self, body: dict[str, Any]) -> None:
        """Handle the menu of assistants: what else can be chosen depends on it."""
        if chosen := self._theirs(body):
            await self._desk.options.fill(chosen.form, chosen.view_id, chosen.chosen)

    async def on_more(self, body: dict[str, Any]) -> None:
        """Handle the button that shows further options; what is filled in already stays."""
        if pressed := self._theirs(body):
            form = replace(pressed.form, kind="more")
            await self._desk.options.fill(form, pressed.view_id, pressed.filled.assistant)

    async def on_submit(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Handle a submitted modal: a question is committed before it is acknowledged."""
        submitted = self._theirs(body)
        if submitted is None or submitted.form.kind == "thread":
            await ack()
            return
        await ack(**await self._desk.ask_with(submitted.form, submitted.filled, submitted.user_team))

    async def after_submit(self, body: dict[str, Any]) -> None:
        """Handle it once more, behind the acknowledgement: a thread is set up, and everybody there is told."""
        submitted = self._theirs(body)
        if submitted is None or submitted.form.kind != "thread":
            return
        form = submitted.form
        try:
            sentence = await self._desk.options.save(form, submitted.filled)
        except StorageError as error:
            log.warning("a thread was not set up", extra={"error": type(error).__name__})
            sentence = words.FAILURES["unexpected"]
        if sentence:
            await self._desk.whisper(form.team, form.channel, form.user, sentence, form.thread_ts)

    async def _open(self, body: Mapping[str, Any], respond: AsyncRespond, kind: Kind) -> None:
        opening = parse_opening(body, kind)
        if isinstance(opening, Ignored):
            log.info("not a shortcut for us", extra={"reason": opening.reason})
            return
        form = opening.form
        if refusal := self._desk.refusal(form.team, opening.external):
            log.info("not a shortcut for us", extra={"reason": refusal})
        elif not await self._desk.options.open(form, opening.trigger_id, opening.text):
            await _tell(respond, (setting_words.LATE,), form.thread_ts if opening.in_thread else None)

    def _theirs(self, body: Mapping[str, Any]) -> Submitted | None:
        """What was submitted or chosen, if by whom the modal was opened for, where it was opened."""
        submitted = parse_form(body)
        if isinstance(submitted, Ignored):
            log.info("not a modal for us", extra={"reason": submitted.reason})
            return None
        form = submitted.form
        refusal = self._desk.refusal(submitted.team, submitted.external)
        if refusal or (form.team, form.user) != (submitted.team, submitted.user):
            log.warning("not a modal for us", extra={"reason": refusal or "somebody else's"})
            return None
        return submitted


async def _tell(respond: AsyncRespond, told: Sequence[str], thread_ts: str | None = None) -> None:
    """Tell the person alone, in plain text, also where we are in no position to post."""
    text = html.escape("\n".join(told), quote=False)
    try:
        await respond(text=text, blocks=list(map(section, told)), response_type="ephemeral", thread_ts=thread_ts)
    except NO_ANSWER as error:
        log.info("a sentence for one person was dropped", extra={"error": type(error).__name__})
