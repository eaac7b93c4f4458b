"""Buttons under our messages. Slack never sends a click again, so it is acknowledged at once."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncRespond

from bot.desk import FrontDesk
from bot.pressed import Press
from bot.reply.closing import ASK
from bot.reply.details import Leaf
from bot.reply.reason import About
from bot.slack import NO_ANSWER
from handlers.parse import Ignored, Pressed, parse_button, parse_page, parse_reason

log = logging.getLogger(__name__)


async def acknowledge(ack: AsyncAck) -> None:
    """Tell Slack that the click arrived; the rest follows behind it."""
    await ack()


class Actions:
    """The buttons. They carry no run id: the run is found by the message they stand under."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    async def on_feedback(self, body: dict[str, Any]) -> None:
        """Handle a thumb up or down."""
        if pressed := await self.pressed(body):
            about = About(pressed.channel, pressed.message_ts)
            await self._desk.take_feedback(
                pressed.team, about, pressed.user, pressed.value, pressed.trigger_id, pressed.thread_ts
            )

    async def on_reason(self, body: dict[str, Any]) -> None:
        """Handle the submitted reason of a thumb down."""
        given = parse_reason(body)
        if isinstance(given, Ignored):
            log.info("not a reason for us", extra={"reason": given.reason})
        elif refusal := self._desk.refusal(given.team, given.external):
            log.info("not a reason for us", extra={"reason": refusal})
        else:
            await self._desk.opinions.explain(given.team, given.about, given.user, given.reason)

    async def on_regenerate(self, body: dict[str, Any]) -> None:
        """Handle "Regenerate" under an answer."""
        if pressed := await self.pressed(body):
            await self._desk.regenerate(
                pressed.team, pressed.channel, pressed.message_ts, pressed.user, pressed.thread_ts
            )

    async def on_regenerate_edited(self, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Handle "Regenerate" in the offer that only its author sees; the offer goes."""
        if pressed := await self.pressed(body):
            await self._desk.answer_changed(
                pressed.team, pressed.channel, pressed.value, pressed.user, pressed.thread_ts
            )
            try:
                await respond(delete_original=True)
            except NO_ANSWER as error:
                log.info("an offer stays on the screen", extra={"error": type(error).__name__})

    async def on_question(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Handle a button that asks a question: it is acknowledged once the question is committed."""
        if pressed := await self.pressed(body):
            press = Press(
                team=pressed.team,
                channel=pressed.channel,
                message_ts=pressed.message_ts,
                number=pressed.action_id.removeprefix(ASK),
                user=pressed.user,
                user_team=pressed.user_team,
                question=pressed.value,
            )
            await self._desk.ask(press, pressed.thread_ts)
        await ack()

    async def on_try_again(self, body: dict[str, Any]) -> None:
        """Handle "Try again"."""
        if pressed := await self.pressed(body):
            await self._desk.try_again(
                pressed.team, pressed.channel, pressed.message_ts, pressed.user, pressed.thread_ts
            )

    async def on_stop(self, body: dict[str, Any]) -> None:
        """Handle our own Stop button, under a message that grows by edits."""
        if pressed := await self.pressed(body):
            await self._desk.stop(
                pressed.team, pressed.channel, pressed.message_ts, pressed.user, pressed.thread_ts
            )

    async def on_details(self, body: dict[str, Any]) -> None:
        """Handle "All details" and "Show steps"."""
        if pressed := await self.pressed(body):
            leaf = Leaf(pressed.team, pressed.channel, pressed.message_ts, pressed.user)
            await self._desk.show_details(leaf, pressed.trigger_id, pressed.thread_ts)

    async def on_page(self, body: dict[str, Any]) -> None:
        """Handle the buttons that turn the pages of the details."""
        turned = parse_page(body)
        if isinstance(turned, Ignored):
            log.info("not a page of ours", extra={"reason": turned.reason})
        elif reason := self._desk.refusal(turned.team, turned.external):
            log.info("not a button for us", extra={"reason": reason})
        else:
            await self._desk.turn_page(turned.leaf, turned.view_id, turned.team, turned.user)

    async def pressed(self, body: dict[str, Any]) -> Pressed | None:
        """Read a press, if it is for us; whoever is of another organisation is told that it is not for them."""
        pressed = parse_button(body)
        if isinstance(pressed, Ignored):
            log.info("not a button for us", extra={"reason": pressed.reason})
            return None
        if reason := self._desk.refusal(pressed.team, pressed.external):
            log.info("not a button for us", extra={"reason": reason})
            await self._desk.refuse(pressed.team, pressed.channel, pressed.user, pressed.thread_ts)
            return None
        return pressed
