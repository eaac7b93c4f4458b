"""An emulated Slack workspace: Web API and Socket Mode, as strict as the real one."""

from bot.playground.slack.records import rate_limited, slack_error
from bot.playground.slack.workspace import EmulatedSlack

__all__ = ["EmulatedSlack", "rate_limited", "slack_error"]
