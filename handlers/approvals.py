"""Approve, Deny, "Cancel and answer this". Slack sends no press twice: acknowledged when committed."""

from typing import Any

from slack_bolt.async_app import AsyncAck

from bot.approvals import Verdict
from bot.desk import FrontDesk
from bot.reply.approval import APPROVE
from handlers.actions import Actions
from handlers.parse import Pressed
from storage.records import Place


class Decisions:
    """What people decide about a call."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk
        self._actions = Actions(desk)

    async def on_verdict(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Handle Approve and Deny."""
        if pressed := await self._actions.pressed(body):
            place, approve = _place(pressed), pressed.action_id == APPROVE
            verdict = Verdict(place, pressed.message_ts, pressed.value, pressed.user, approve)
            await self._tell(pressed, await self._desk.approvals.decide(verdict))
        await ack()

    async def on_cancel(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Handle "Cancel and answer this"."""
        if pressed := await self._actions.pressed(body):
            cancel = self._desk.approvals.cancel
            await self._tell(pressed, await cancel(_place(pressed), pressed.message_ts, pressed.user))
        await ack()

    async def _tell(self, pressed: Pressed, sentence: str | None) -> None:
        if sentence:
            whisper = self._desk.whisper
            await whisper(pressed.team, pressed.channel, pressed.user, sentence, pressed.thread_ts)


def _place(pressed: Pressed) -> Place:
    return Place(pressed.team, pressed.channel, pressed.thread_ts or pressed.message_ts)
