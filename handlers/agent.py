"""The agent surface: its tab, its Stop button, and what it only reports."""

import logging
from typing import Any

from bot.desk import FrontDesk
from handlers.parse import Ignored, parse_home, parse_stop
from storage.records import Place

log = logging.getLogger(__name__)


class Agent:
    """What happens around the conversations."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    async def on_home_opened(self, body: dict[str, Any]) -> None:
        """Handle `app_home_opened`: the Messages tab gets its suggested prompts."""
        opened = parse_home(body)
        if isinstance(opened, Ignored):
            log.debug("no prompts here", extra={"reason": opened.reason})
            return
        await self._desk.suggest_prompts(opened.team, opened.channel)

    async def on_stopped(self, body: dict[str, Any]) -> None:
        """Handle `agent_session_stopped`: somebody pressed Stop."""
        stopped = parse_stop(body)
        if isinstance(stopped, Ignored):
            log.info("not a stop for us", extra={"reason": stopped.reason})
            return
        await self._desk.inbox.stop(Place(stopped.team, stopped.channel, stopped.thread_ts), stopped.user)

    async def on_noted(self, body: dict[str, Any]) -> None:
        """Handle what Slack wants an agent to subscribe to (reference §1.4) and nothing of ours depends on."""
        log.debug("noted", extra={"type": body["event"].get("type")})
