"""Standard Markdown as Slack's markdown block and its streams show it (reference/slack-platform.md §3.2); pure.

CommonMark with tables, strike and task lists, and with Slack's own reading: a line break is a line break, headings
have one size, images are links, mention tokens and `<url|label>` are resolved, entities are decoded in code too, and
HTML is text.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import isLinkOpen
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.playground.drawing.code import code_block
from bot.playground.drawing.html import Html, Known, element, text
from bot.playground.drawing.safety import cleaned_prose, may_link
from bot.playground.drawing.tokens import EMOJI, TOKEN, loose, token, with_tokens
