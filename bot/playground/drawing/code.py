"""Code with its words coloured, as Slack colours it where it knows the language; pure."""

import re
from collections.abc import Iterator

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

from bot.playground.drawing.html import Html, Known, element, join, text
from bot.playground.drawing.tokens import TOKEN, decoded, with_tokens

COLOURED_MAX = 20_000  # characters; longer code is shown plain, so that drawing stays quick
_LANGUAGE = re.compile(r"[A-Za-z0-9+#_.-]{1,30}")
_LOOKS = (
    (Comment, "comment"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (String, "string"),
    (Number, "number"),
    (Literal, "number"),
    (Name.Function, "function"),
    (Name.Class, "function"),
    (Name.Builtin, "builtin"),
    (Name.Tag, "keyword"),
    (Name.Attribute, "function"),
    (Name.Decorator, "function"),
)


def code_block(raw: str, language: str, known: Known) -> Html:
    """A block of code as it stands in markdown or mrkdwn: entities are decoded, a live mention is seen."""
    inside = with_tokens(raw, known) if TOKEN.search(raw) else coloured(decoded(raw), language)
    return element("pre", element("code", inside), look="code", dir="ltr")


def coloured(code: str, language: str) -> Html:
    """Code in that language; plain where it is not known, or too long."""
    if not _LANGUAGE.fullmatch(language) or len(code) > COLOURED_MAX:
        return text(code)
    try:
        lexer = get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return text(code)
    return join(_spans(lexer.get_tokens(code)))


def _spans(tokens: Iterator[tuple[_TokenType, str]]) -> Iterator[Html]:
    for kind, value in tokens:
        families = kind.split()
        look = next((look for family, look in _LOOKS if family in families), None)
        yield element("span", text(value), look=f"code-{look}") if look else text(value)
