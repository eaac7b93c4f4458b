"""Parts of messages by themselves: blocks, Markdown, Slack's own markup."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.playground.drawing.blocks import blocks
from bot.playground.drawing.html import NOBODY, Known
from bot.playground.drawing.markdown import markdown
from bot.playground.drawing.mrkdwn import mrkdwn
from bot.playground.drawing.safety import cleaned


def draw_blocks(
    those: Iterable[Mapping[str, Any]],
    names: Mapping[str, str] = NOBODY,
    *,
    pictures: Mapping[str, str] = NOBODY,
) -> str:
    """Blocks of a message or a view; `names` and `pictures` as in `Known`."""
    return cleaned(blocks(those, Known(names, pictures)))


def draw_markdown(source: str, names: Mapping[str, str] = NOBODY) -> str:
    """The text of a markdown block or of a stream, as it was sent to Slack."""
    return cleaned(markdown(source, Known(names)))


def draw_mrkdwn(source: str, names: Mapping[str, str] = NOBODY) -> str:
    """The text of a mrkdwn object, or of a message without blocks, as it was sent to Slack."""
    return cleaned(mrkdwn(source, Known(names)))
