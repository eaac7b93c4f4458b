"""HTML made of elements whose texts and attributes are escaped where they are put in; pure."""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NewType

Html = NewType("Html", str)
"""A piece of HTML in which whatever came from a message is escaped."""

NOTHING = Html("")
BREAK = Html("<br>")
NOBODY: Mapping[str, str] = MappingProxyType({})
_VOID = frozenset({"br", "hr", "img", "input"})


@dataclass(frozen=True, slots=True)
class Known:
    """What a page knows and a message does not say.

    `names`: by user, channel or user group id. `pictures`: by file id or image address, the path on this very
    site (it begins with one slash) at which the picture can be had; no other picture is ever fetched.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)

    def name(self, identifier: str, label: str | None = None) -> str:
        """What that is called; its id where nobody knows."""
        return self.names.get(identifier) or label or identifier


def text(words: object) -> Html:
    """Text, as it is."""
    return Html(html.escape(str(words)))


def join(pieces: Iterable[Html]) -> Html:
    """Pieces, one after the other."""
    return Html("".join(pieces))


def element(tag: str, /, *inside: Html, look: str = "", **attributes: str | bool | None) -> Html:
    """An element. `look`: its classes, without the prefix that all of ours have.

    In attributes' names `_` stands for `-`; True is an attribute without a value, None and False none at all.
    """
    if look:
        attributes = {"class": " ".join(f"s-{word}" for word in look.split()), **attributes}
    given = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    return Html(f"<{tag}{given}>") if tag in _VOID else Html(f"<{tag}{given}>{join(inside)}</{tag}>")


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.strip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
