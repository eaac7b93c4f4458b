"""Buttons under our messages. Slack never sends a click again, so it is acknowledged at once."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncAck

from bot.desk import FrontDesk
from handlers.parse import Ignored, Pressed, parse_button

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
        if pressed := self._pressed(body):
            await self._desk.take_feedback(
                pressed.team, pressed.channel, pressed.message_ts, pressed.user, pressed.value
            )

    async def on_try_again(self, body: dict[str, Any]) -> None:
        """Handle "Try again"."""
        if pressed := self._pressed(body):
            await self._desk.try_again(
                pressed.team, pressed.channel, pressed.message_ts, pressed.user, pressed.thread_ts
            )

    def _pressed(self, body: dict[str, Any]) -> Pressed | None:
        pressed = parse_button(body)
        reason = (
            pressed.reason if isinstance(pressed, Ignored) else self._desk.refusal(pressed.team, pressed.external)
        )
        if reason:
            log.info("not a button for us", extra={"reason": reason})
            return None
        return pressed if isinstance(pressed, Pressed) else None
