"""Messages: said, edited, deleted."""

import logging
from typing import Any

from bot.desk import FrontDesk
from handlers.parse import Deleted, Edited, Ignored, parse_message

log = logging.getLogger(__name__)


class Messages:
    """What people say. Bolt acknowledges when these return, so what they accepted is committed by then."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    async def on_message(self, body: dict[str, Any]) -> None:
        """Handle a `message` or `app_mention` event."""
        parsed = parse_message(body)
        match parsed:
            case Ignored(reason):
                log.info("not a message for us", extra={"reason": reason})
            case Edited(post, taken_off):
                await self._desk.take_edit(post, taken_off)
            case Deleted(team, channel, ts, said):
                await self._desk.take_deletion(team, channel, ts, said)
            case _:
                await self._desk.take(parsed)

    async def after_edit(self, body: dict[str, Any]) -> None:
        """Handle the same event once more, behind its acknowledgement: what was answered may be answered anew."""
        parsed = parse_message(body)
        if isinstance(parsed, Edited) and parsed.reworded:
            await self._desk.offer_anew(parsed.post)
