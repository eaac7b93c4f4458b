"""Which blocks Slack accepts in a message, a stream or a modal (reference/slack-platform.md §3); pure.

What Slack refuses as a whole is refused here as a whole: one bad block posts nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from bot.playground.slack.elements import (
    ACCESSORIES,
    ACTION_ELEMENTS,
    CONTEXT_ELEMENTS,
    FEEDBACK,
    ICON_BUTTON,
    ID,
    IMAGE,
    INPUT_ELEMENTS,
    PICTURE,
    RICH_TEXT_ELEMENTS,
    SOURCES,
    plain,
    text,
    typed,
)
from bot.playground.slack.schema import (
    Check,
    Fields,
    anything,
    array,
    boolean,
    number,
    one_of,
    problem,
    problems_of,
    record,
    string,
    tagged,
)

MOST_IN_MESSAGE = 50  # docs.slack.dev/reference/block-kit
MOST_IN_MODAL = 100  # docs.slack.dev/reference/block-kit
MARKDOWN_CHARS = 12_000  # of all markdown blocks of a payload: docs.slack.dev/.../blocks/markdown-block
TABLE_CHARS = 10_000  # over all tables of a message: docs.slack.dev/reference/block-kit
TASK_STATUSES = ("pending", "in_progress", "complete", "error")


def _block(required: Fields, optional: Fields | None = None, *also: Any) -> Check:
    return record({"type": anything, **required}, {"block_id": ID, **(optional or {})}, *also)


def _text_or_fields(block: Mapping[str, object]) -> str | None:
    return None if "text" in block or "fields" in block else "text or fields is required"


def _one_picture(block: Mapping[str, object]) -> str | None:
    given = sum(key in block for key in PICTURE)
    return None if given == 1 else "exactly one of image_url, slack_file is required"


def _titled(block: Mapping[str, object]) -> str | None:
    return None if "title" in block or "rich_text_title" in block else "title or rich_text_title is required"


def _collapsible(block: Mapping[str, object]) -> str | None:
    if block.get("default_collapsed") and block.get("is_collapsible") is not True:
        return "default_collapsed requires is_collapsible"
    if block.get("has_header_divider") and block.get("is_collapsible"):
        return "has_header_divider cannot be combined with is_collapsible"
    return None


def _unique_tasks(block: Mapping[str, object]) -> str | None:
    tasks = block.get("tasks")
    ids = [task.get("task_id") for task in tasks if isinstance(task, Mapping)] if isinstance(tasks, list) else []
    return None if len(ids) == len(set(map(str, ids))) else "task_id must be unique"


_RICH_TEXT = _block({"elements": RICH_TEXT_ELEMENTS})
_RICH_TEXT_BLOCK = tagged({"rich_text": _RICH_TEXT})
_TASK_FIELDS: Fields = {"task_id": string(), "title": string(), "status": one_of(*TASK_STATUSES)}
_TASK_MORE: Fields = {
    "details": _RICH_TEXT_BLOCK,
    "output": _RICH_TEXT_BLOCK,
    "sources": SOURCES,
    "icon": anything,
    "hide_title": boolean,
}
_TASK = record(_TASK_FIELDS, {"type": one_of("task_card"), "block_id": ID, **_TASK_MORE})
_CELL = tagged(
    {
        "raw_text": typed({"text": string()}),
        "raw_number": typed({"value": number, "text": string()}),
        "rich_text": _RICH_TEXT,
    }
)
_COLUMN = record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})

_EVERYWHERE: Fields = {
    "section": _block(
        {},
        {"text": text(3000), "fields": array(text(2000), 10), "accessory": ACCESSORIES, "expand": boolean},
        _text_or_fields,
    ),
    "header": _block({"text": plain(150)}),
    "divider": _block({}),
    "context": _block({"elements": array(CONTEXT_ELEMENTS, 10)}),
    "actions": _block({"elements": array(ACTION_ELEMENTS, 25)}),
    "image": _block({"alt_text": string(2000)}, {**PICTURE, "title": plain(2000)}, _one_picture),
    "rich_text": _RICH_TEXT,
    "input": _block(
        {"label": plain(2000), "element": INPUT_ELEMENTS},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
}
_TABLE = _block(
    {"rows": array(array(_CELL, 20), 100)},
    {"column_settings": array(_COLUMN, 20, least=0)},
)
_FILE = _block({"external_id": string(), "source": one_of("remote")})
_CHILDREN: Fields = {**_EVERYWHERE, "table": _TABLE, "file": _FILE}  # markdown and task_card are not listed

_MESSAGE: Fields = {
    **{name: check for name, check in _EVERYWHERE.items() if name != "input"},
    "table": _TABLE,
    "file": _FILE,
    "markdown": _block({"text": string(MARKDOWN_CHARS)}),
    "context_actions": _block(
        {"elements": array(tagged({"feedback_buttons": FEEDBACK, "icon_button": ICON_BUTTON}), 5)}
    ),
    "task_card": _block(_TASK_FIELDS, _TASK_MORE),
    "plan": _block({"title": string()}, {"tasks": array(_TASK, 50, least=0)}, _unique_tasks),
    "container": _block(
        {"child_blocks": array(tagged(_CHILDREN), 10)},
        {
            "title": plain(150),
            "rich_text_title": _RICH_TEXT_BLOCK,
            "subtitle": text(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": tagged({"image": IMAGE}),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        _titled,
        _collapsible,
    ),
}
_MODAL: Fields = {**_EVERYWHERE, "alert": _block({"text": text(200)}, {"level": string()})}

_MESSAGE_BLOCKS = array(tagged(_MESSAGE), MOST_IN_MESSAGE, least=0)
_MODAL_BLOCKS = array(tagged(_MODAL), MOST_IN_MODAL, least=0)
_VIEW = record(
    {"type": one_of("modal"), "title": plain(24), "blocks": _MODAL_BLOCKS},
    {
        "submit": plain(24),
        "close": plain(24),
        "private_metadata": string(3000, least=0),
        "callback_id": string(255, least=0),
        "external_id": string(255, least=0),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
    },
)


def message_problems(blocks: object, pointer: str = "/blocks") -> list[str]:
    """What Slack would refuse about the blocks of one message, with json-pointers; nothing if they are fine."""
    wrong = problems_of(_MESSAGE_BLOCKS, blocks, pointer)
    return wrong or [*_sums(blocks, pointer), *_same_ids(blocks, pointer)]


def view_problems(view: object) -> list[str]:
    """What Slack would refuse about a modal."""
    wrong = problems_of(_VIEW, view, "/view")
    if wrong or not isinstance(view, Mapping):
        return wrong
    return [*_unsubmitted(view), *_same_ids(view["blocks"], "/view/blocks")]


def _unsubmitted(view: Mapping[str, Any]) -> Iterator[str]:
    """The input blocks of a modal without `submit`, in Slack's own words: slackapi/node-slack-sdk#875."""
    for index, block in enumerate(view["blocks"]):
        if block["type"] == "input" and "submit" not in view:
            yield problem("must define `submit` to use `input` block", f"/view/blocks/{index}/input")


def flat(blocks: object) -> Iterator[Mapping[str, Any]]:
    """Those blocks, and the ones inside containers."""
    if isinstance(blocks, Sequence) and not isinstance(blocks, str):
        for block in blocks:
            yield block
            yield from flat(block.get("child_blocks"))


def _sums(blocks: object, pointer: str) -> Iterator[str]:
    every = list(flat(blocks))
    if sum(len(block["text"]) for block in every if block["type"] == "markdown") > MARKDOWN_CHARS:
        yield problem(f"markdown blocks exceed {MARKDOWN_CHARS} characters together", pointer)
    tables = [block for block in every if block["type"] == "table"]
    if len(tables) > 1:
        yield problem("only one table is allowed", pointer)
    cells = chain.from_iterable(row for table in tables for row in table["rows"])
    if sum(len(cell.get("text", "")) for cell in cells) > TABLE_CHARS:
        yield problem(f"tables exceed {TABLE_CHARS} characters together", pointer)


def _same_ids(blocks: object, pointer: str) -> list[str]:
    ids = Counter(block["block_id"] for block in flat(blocks) if "block_id" in block)
    return [problem(f"block_id already exists: {name}", pointer) for name, count in ids.items() if count > 1]
