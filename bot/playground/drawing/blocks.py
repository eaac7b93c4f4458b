"""Blocks, as Slack draws them (reference/slack-platform.md §3); pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from bot.playground.drawing.controls import control, picture, words
from bot.playground.drawing.html import NOTHING, Html, Known, element, join, text
from bot.playground.drawing.markdown import markdown
from bot.playground.drawing.mrkdwn import mrkdwn
from bot.playground.drawing.rich_text import rich_text
from bot.playground.drawing.tasks import plan, task_card
from bot.playground.drawing.tokens import plain

Json = Mapping[str, Any]


def blocks(those: Iterable[Json], known: Known) -> Html:
    """All of them, one below the other."""
    return join(block(one, known) for one in those)


def block(one: Json, known: Known) -> Html:
    """One block; a kind that cannot be drawn says so."""
    kind = str(one.get("type"))
    draw = _BLOCKS.get(kind)
    drawn = draw(one, known) if draw else element("em", text(f"({kind} cannot be drawn here)"))
    name = kind.replace("_", "-") if draw else "unknown"
    return element("div", drawn, look=f"block block-{name}", data_block_id=one.get("block_id"))


def text_object(of: Any, known: Known) -> Html:
    """A plain_text or mrkdwn object."""
    if isinstance(of, Mapping) and of.get("type") == "mrkdwn":
        return mrkdwn(words(of), known)
    return element("div", plain(words(of)), look="lines", dir="auto")


def _markdown(one: Json, known: Known) -> Html:
    return markdown(str(one.get("text", "")), known)


def _section(one: Json, known: Known) -> Html:
    said = text_object(one["text"], known) if "text" in one else NOTHING
    fields = one.get("fields") or []
    if fields:
        cells = join(element("div", text_object(field, known)) for field in fields)
        said = join([said, element("div", cells, look="fields")])
    beside = one.get("accessory")
    if not beside:
        return said
    drawn = picture(beside, known, "thumbnail") if beside.get("type") == "image" else control(beside, known)
    return element("div", element("div", said), element("div", drawn, look="accessory"), look="beside")


def _header(one: Json, _known: Known) -> Html:
    return element("h3", plain(words(one.get("text"))), look="header", dir="auto")


def _divider(_one: Json, _known: Known) -> Html:
    return element("hr")


def _context(one: Json, known: Known) -> Html:
    return element("div", *(_context_element(part, known) for part in one.get("elements", [])), look="context")


def _context_element(part: Json, known: Known) -> Html:
    return picture(part, known, "context-picture") if part.get("type") == "image" else text_object(part, known)


def _actions(one: Json, known: Known) -> Html:
    return element("div", *(control(part, known) for part in one.get("elements", [])), look="actions")


def _image(one: Json, known: Known) -> Html:
    caption = element("figcaption", text(words(one["title"]))) if one.get("title") else NOTHING
    return element("figure", caption, picture(one, known))


def _file(one: Json, _known: Known) -> Html:
    return element("span", text(f"📄 {one.get('external_id', 'file')}"), look="file-name")


def _table(one: Json, known: Known) -> Html:
    settings: Sequence[Any] = one.get("column_settings") or []
    rows = [_row(row, settings, known, "td" if place else "th") for place, row in enumerate(one.get("rows", []))]
    return element("div", element("table", element("tbody", *rows)), look="table")


def _row(row: Sequence[Json], settings: Sequence[Any], known: Known, tag: str) -> Html:
    pairs = zip_longest(row, settings[: len(row)], fillvalue=None)
    return element("tr", *(_cell(cell or {}, setting or {}, known, tag) for cell, setting in pairs))


def _cell(cell: Json, setting: Json, known: Known, tag: str) -> Html:
    shown = (
        rich_text(cell, known)
        if cell.get("type") == "rich_text"
        else text(cell.get("text") or cell.get("value", ""))
    )
    align = setting.get("align")
    return element(tag, shown, look=str(align) if align in ("center", "right") else "", dir="auto")


def _container(one: Json, known: Known) -> Html:
    title = one.get("rich_text_title")
    head = rich_text(title, known) if title else text(words(one.get("title")))
    below = (
        element("div", text_object(one["subtitle"], known), look="subtitle") if one.get("subtitle") else NOTHING
    )
    named = [element("span", head, look="container-title", dir="auto"), below]
    inside = element("div", blocks(one.get("child_blocks", []), known), look="container-inside")
    if not one.get("is_collapsible"):
        return element("div", element("div", *named, look="container-head"), inside, look="container")
    folded = bool(one.get("default_collapsed"))
    return element("details", element("summary", *named), inside, look="container", open=not folded)


def _input(one: Json, known: Known) -> Html:
    optional = element("small", text(" (optional)")) if one.get("optional") else NOTHING
    label = element("legend", text(words(one.get("label"))), optional)
    hint = element("small", text(words(one["hint"])), look="hint") if one.get("hint") else NOTHING
    told_at_once = "true" if one.get("dispatch_action") else None
    shown = control(one.get("element") or {}, known)
    return element("fieldset", label, shown, hint, look="field", data_dispatch=told_at_once)


def _alert(one: Json, known: Known) -> Html:
    return element("div", text_object(one.get("text"), known), look="alert", role="alert")


_BLOCKS: dict[str, Callable[[Json, Known], Html]] = {
    "actions": _actions,
    "alert": _alert,
    "container": _container,
    "context": _context,
    "context_actions": _actions,
    "divider": _divider,
    "file": _file,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "plan": plan,
    "rich_text": rich_text,
    "section": _section,
    "table": _table,
    "task_card": task_card,
}
