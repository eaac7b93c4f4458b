"""What happens to files after they were posted."""

import logging
from typing import Any

from bot.desk import FrontDesk
from handlers.parse import Ignored, parse_file

log = logging.getLogger(__name__)


class Changes:
    """Files deleted and changed. Bolt acknowledges when these return, so what they took is committed by then."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    async def on_file_deleted(self, body: dict[str, Any]) -> None:
        """Handle a `file_deleted` event."""
        match parse_file(body):
            case Ignored(reason):
                log.info("not a file for us", extra={"reason": reason})
            case told:
                await self._desk.changes.deleted(told.team, told.file_id)

    async def on_file_changed(self, body: dict[str, Any]) -> None:
        """Handle a `file_change` event."""
        match parse_file(body):
            case Ignored(reason):
                log.info("not a file for us", extra={"reason": reason})
            case told:
                await self._desk.changes.changed(told.team, told.file_id)
