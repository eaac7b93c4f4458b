"""Standard Markdown as Slack's markdown block and its streams show it (reference/slack-platform.md §3.2); pure.

CommonMark with tables, strike and task lists, and with Slack's own reading: a line break is a line break,
headings have one size, images are links, mention tokens and `<url|label>` are resolved, entities are decoded in
code too, and HTML is text.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.playground.drawing.code import code_block
from bot.playground.drawing.html import Html, Known, element, text
from bot.playground.drawing.safety import cleaned_prose, may_link
from bot.playground.drawing.tokens import EMOJI, TOKEN, loose, token, with_tokens

DEEPEST = 100  # lists and quotes inside each other; what lies deeper is left out
_DRAWN = "drawn"  # a token whose content is HTML of ours
_TASK = re.compile(r"\[(?P<done>[ xX])\][ \t]+(?=\S)")
_CELLS = {"td", "th"}


def markdown(source: str, known: Known) -> Html:
    """The text, drawn."""
    drawn: str = _PARSER.render(source, {"known": known})
    return element("div", cleaned_prose(drawn), look="markdown")


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  # overrides the library's
        return may_link(url)


def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "breaks": True, "linkify": False, "maxNesting": DEEPEST})
    parser.enable(["table", "strikethrough"])
    parser.inline.ruler.before("autolink", "slack_token", _read_token)
    parser.core.ruler.push("slack_blocks", _see_blocks)
    parser.core.ruler.push("slack_text", _see_text)
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)
    return parser


# -- while it is read


def _read_token(state: StateInline, silent: bool) -> bool:
    found = TOKEN.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        label = found["label"]
        if state.linkLevel and found["inside"][0] not in "@#!":  # no link stands in a link
            _push(state, text(label or found["inside"]))
        else:
            _push(state, token(found["inside"], label, state.env["known"]))
    state.pos = found.end()
    return True


def _push(state: StateInline, drawn: Html) -> None:
    state.push(_DRAWN, "", 0).content = drawn


def _see_blocks(state: StateCore) -> None:
    """One size of headings, alignment without style attributes, the direction of each text, task lists."""
    for place, block in enumerate(state.tokens):
        if block.type.startswith("heading_"):
            block.tag = "h4"
        if block.nesting == 1 and (block.level == 0 or block.tag in _CELLS):
            block.attrSet(
                "dir", "auto"
            )  # what is inside follows: looking for the direction skips what has its own
        align = str(block.attrs.pop("style", "")).removeprefix("text-align:")
        if align:
            block.attrSet("class", f"s-{align}")
        if block.type == "list_item_open":
            _see_task(block, state.tokens[place + 1 : place + 3])


def _see_task(item: Token, following: Sequence[Token]) -> None:
    kinds = [token.type for token in following]
    if kinds != ["paragraph_open", "inline"] or not following[1].children:
        return
    first = following[1].children[0]
    if first.type != "text" or not (found := _TASK.match(first.content)):
        return
    first.content = first.content[found.end() :]
    done = found["done"] != " "
    box = Token(_DRAWN, "", 0, content=element("input", type="checkbox", disabled=True, checked=done))
    following[1].children.insert(0, box)
    item.attrSet("class", "s-task-item")


def _see_text(state: StateCore) -> None:
    """Bare addresses become links, names between colons emoji, images links."""
    for block in state.tokens:
        if block.type == "inline":
            block.children = list(_seen(block.children or []))


def _seen(children: Sequence[Token]) -> Iterator[Token]:
    depth = 0
    for child in children:
        depth += child.nesting if child.tag == "a" else 0
        if child.type == "image":
            yield from _image(child, linked=depth == 0)
        elif child.type == "text":
            yield from _text(child.content, linked=depth == 0)
        else:
            yield child


def _image(image: Token, *, linked: bool) -> Iterator[Token]:
    url = str(image.attrs.get("src", ""))
    shown = Token("text", "", 0, content=image.content or url)
    yield from _linked(url, shown) if linked else [shown]


def _text(content: str, *, linked: bool) -> Iterator[Token]:
    for kind, piece in loose(content):
        shown = Token("text", "", 0, content=EMOJI.get(piece, f":{piece}:") if kind == "emoji" else piece)
        yield from _linked(piece, shown) if kind == "url" and linked else [shown]


def _linked(url: str, shown: Token) -> Iterator[Token]:
    yield Token("link_open", "a", 1, attrs={"href": url})
    yield shown
    yield Token("link_close", "a", -1)


# -- while it is drawn


def _drawn(_renderer: Any, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    return tokens[place].content


def _code_inline(_renderer: Any, tokens: Sequence[Token], place: int, _options: Any, env: Any) -> str:
    return element("code", with_tokens(tokens[place].content, env["known"]), look="inline-code")


def _code_block(_renderer: Any, tokens: Sequence[Token], place: int, _options: Any, env: Any) -> str:
    block = tokens[place]
    language = (block.info.split() or [""])[0]
    return code_block(block.content.removesuffix("\n"), language, env["known"])


def _table_open(_renderer: Any, _tokens: Any, _place: int, _options: Any, _env: Any) -> str:
    return '<div class="s-table"><table>'


def _table_close(_renderer: Any, _tokens: Any, _place: int, _options: Any, _env: Any) -> str:
    return "</table></div>"


_RULES = {
    _DRAWN: _drawn,
    "code_inline": _code_inline,
    "code_block": _code_block,
    "fence": _code_block,
    "table_open": _table_open,
    "table_close": _table_close,
}
_PARSER = _parser()
