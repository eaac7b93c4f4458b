"""People's files: shortcuts on messages, the command, the modal that lists them; and channels that are shared."""

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncRespond

from bot import words
from bot.desk import FrontDesk
from bot.slack import NO_ANSWER
from handlers.parse import Ignored
from handlers.parse_files import (
    Chosen,
    PressedInFiles,
    parse_command,
    parse_files_press,
    parse_sharing,
    parse_shortcut,
)

log = logging.getLogger(__name__)


class Files:
    """What people do with files beside talking about them."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    async def on_add(self, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Handle the shortcut that puts a message's files into the channel's library."""
        await self._change(body, respond, adds=True)

    async def on_remove(self, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Handle the shortcut that takes them out."""
        await self._change(body, respond, adds=False)

    async def on_files_in_thread(self, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Handle the shortcut that lists the files of a message's thread."""
        chosen = self._chosen(body)
        if chosen and not await self._desk.files.open(chosen.listing, chosen.trigger_id):
            await _tell(respond, words.FILES_LATE, chosen)

    async def on_command(self, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Handle our command: `files` lists those of the conversation."""
        typed = parse_command(body)
        if isinstance(typed, Ignored):
            log.debug("not a command for us", extra={"reason": typed.reason})
        elif refusal := self._desk.refusal(typed.listing.team, external=False):
            log.info("not a command for us", extra={"reason": refusal})
        elif not await self._desk.files.open(typed.listing, typed.trigger_id):
            await _tell(respond, words.FILES_LATE)

    async def on_page(self, body: dict[str, Any]) -> None:
        """Handle the buttons that turn the pages of the modal."""
        if pressed := self._pressed(body):
            await self._desk.files.fill(pressed.listing, pressed.view_id)

    async def on_remove_file(self, body: dict[str, Any]) -> None:
        """Handle "Remove" behind a file."""
        if pressed := self._pressed(body):
            await self._desk.files.remove(pressed.listing, pressed.view_id, pressed.places)

    async def on_sharing(self, body: dict[str, Any]) -> None:
        """Handle `channel_shared` and `channel_unshared`."""
        told = parse_sharing(body)
        if isinstance(told, Ignored):
            log.info("not a channel of ours", extra={"reason": told.reason})
        else:
            await self._desk.borders.note(told.team, told.channel, shared=told.shared)

    async def _change(self, body: Mapping[str, Any], respond: AsyncRespond, *, adds: bool) -> None:
        chosen = self._chosen(body)
        if chosen and (sentence := await self._desk.change_library(chosen.change(adds=adds))):
            await _tell(respond, sentence, chosen)

    def _chosen(self, body: Mapping[str, Any]) -> Chosen | None:
        chosen = parse_shortcut(body)
        if isinstance(chosen, Ignored):
            log.info("not a shortcut for us", extra={"reason": chosen.reason})
            return None
        if refusal := self._desk.refusal(chosen.team, chosen.external):
            log.info("not a shortcut for us", extra={"reason": refusal})
            return None
        return chosen

    def _pressed(self, body: Mapping[str, Any]) -> PressedInFiles | None:
        """What was pressed, if by whom the modal was opened for, where it was opened."""
        pressed = parse_files_press(body)
        if isinstance(pressed, Ignored):
            log.info("not a button for us", extra={"reason": pressed.reason})
            return None
        listing = pressed.listing
        theirs = (listing.team, listing.user) == (pressed.team, pressed.user)
        refusal = self._desk.refusal(pressed.team, pressed.external)
        if refusal or not theirs:
            log.warning("not a button for us", extra={"reason": refusal or "somebody else's files"})
            return None
        return pressed


async def _tell(respond: AsyncRespond, sentence: str, about: Chosen | None = None) -> None:
    """Tell the person alone, also where we are in no position to post."""
    thread_ts = about.thread_ts if about and about.in_thread else None
    try:
        await respond(text=sentence, response_type="ephemeral", thread_ts=thread_ts)
    except NO_ANSWER as error:
        log.info("a sentence for one person was dropped", extra={"error": type(error).__name__})
