"""Slack's own markup, as sections and contexts hold it (docs.slack.dev, formatting message text); pure."""

import re
from collections.abc import Iterator
from itertools import groupby

from bot.playground.drawing.code import code_block
from bot.playground.drawing.html import BREAK, Html, Known, element, join
from bot.playground.drawing.tokens import TOKEN, decoded, plain, token, with_tokens

_FENCE = re.compile(r"```\n?(.*?)```\n?", re.DOTALL)
_QUOTE = re.compile(r"(?:>|&gt;)[ \t]?")
_INLINE = re.compile(
    rf"`(?P<code>[^`\n]+)`|(?P<token>{TOKEN.pattern})"
    r"|(?<![\w*])\*(?P<b>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<i>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<s>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])"
)


def mrkdwn(raw: str, known: Known) -> Html:
    """The text with its marks drawn: bold, italic, strike, code, quotes, links, mentions."""
    pieces: list[Html] = []
    at = 0
    for fence in _FENCE.finditer(raw):
        pieces += _lines(raw[at : fence.start()].removesuffix("\n"), known)
        pieces.append(code_block(fence[1], "", known))
        at = fence.end()
    return join([*pieces, *_lines(raw[at:], known)])


def _lines(raw: str, known: Known) -> Iterator[Html]:
    """Lines, those that begin with `>` together in a quote."""
    if not raw:
        return
    for quoted, lines in groupby(raw.split("\n"), lambda line: _QUOTE.match(line) is not None):
        drawn = [inline(_QUOTE.sub("", line, count=1) if quoted else line, known) for line in lines]
        inside = Html(BREAK.join(drawn))
        yield element("blockquote" if quoted else "div", inside, look="quote" if quoted else "lines", dir="auto")


def inline(raw: str, known: Known) -> Html:
    """One line."""
    return join(_inline(raw, known))


def _inline(raw: str, known: Known) -> Iterator[Html]:
    at = 0
    for found in _INLINE.finditer(raw):
        yield plain(decoded(raw[at : found.start()]))
        at = found.end()
        if found["code"] is not None:
            yield element("code", with_tokens(found["code"], known), look="inline-code")
        elif found["token"] is not None:
            yield token(found["inside"], found["label"], known)
        else:
            name = next(name for name in ("b", "i", "s") if found[name] is not None)
            yield element(name, inline(found[name], known))
    yield plain(decoded(raw[at:]))
