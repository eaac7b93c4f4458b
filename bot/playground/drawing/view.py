"""A modal, as Slack opens it over the page."""

from collections.abc import Mapping
from typing import Any

from bot.playground.drawing.blocks import blocks
from bot.playground.drawing.controls import words
from bot.playground.drawing.html import NOBODY, NOTHING, Known, element, text
from bot.playground.drawing.safety import cleaned

CLOSE = "Close"  # what Slack writes on the button when the app does not say


def draw_view(
    view: Mapping[str, Any], names: Mapping[str, str] = NOBODY, *, pictures: Mapping[str, str] = NOBODY
) -> str:
    """The modal with its title, its blocks and its buttons; `names` and `pictures` as in `Known`."""
    title = words(view.get("title"))
    submit = words(view.get("submit"))
    buttons = [
        element(
            "button", text(words(view.get("close")) or CLOSE), look="button", type="button", data_modal="close"
        ),
        element("button", text(submit), look="button primary", type="button", data_modal="submit")
        if submit
        else NOTHING,
    ]
    return cleaned(
        element(
            "section",
            element("h3", text(title), look="modal-title", dir="auto"),
            element("div", blocks(view.get("blocks", []), Known(names, pictures)), look="modal-body"),
            element("div", *buttons, look="modal-foot"),
            look="modal",
            role="dialog",
            aria_modal="true",
            aria_label=title,
        )
    )
