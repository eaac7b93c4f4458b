"""What nobody else handles, and what went wrong in those who do."""

import logging
from typing import Any

log = logging.getLogger(__name__)


async def on_anything(body: dict[str, Any]) -> None:
    """Acknowledge an event we have no use for: unmatched, Slack would send it again (reference trap 9)."""
    log.debug("an event without a handler", extra={"type": (body.get("event") or {}).get("type")})


async def on_error(error: Exception) -> None:
    """Log a handler's failure by its kind: its text could quote what people said. Slack sends the event again."""
    log.error("a handler failed", extra={"error": type(error).__name__})
