"""Slack messages drawn as HTML, as Slack draws them; nothing in a message can run."""

from bot.playground.drawing.message import draw_message, draw_status, draw_thread
from bot.playground.drawing.page import page, stylesheet
from bot.playground.drawing.pieces import draw_blocks, draw_markdown, draw_mrkdwn
from bot.playground.drawing.view import draw_view

__all__ = [
    "draw_blocks",
    "draw_markdown",
    "draw_message",
    "draw_mrkdwn",
    "draw_status",
    "draw_thread",
    "draw_view",
    "page",
    "stylesheet",
]
