"""Block validity, as reference/slack-platform.md §3 tells it."""

from typing import Any

import pytest

from bot.playground.slack.blocks import message_problems

Json = dict[str, Any]


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def markdown(text: str) -> Json:
    return {"type": "markdown", "text": text}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def rich_section(text: str = "x") -> Json:
    return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(), "action_id": "a", **more}


def container(**more: Any) -> Json:
    return {"type": "container", "title": plain(), "child_blocks": [section()], **more}


def card(**more: Any) -> Json:
    return {"type": "task_card", "task_id": "t", "title": "Load", "status": "complete", **more}


def table(rows: int = 1, columns: int = 1, text: str = "x") -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns] * rows}


FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "f",
    "positive_button": {"text": plain("Good"), "value": "up", "accessibility_label": "Good"},
    "negative_button": {"text": plain("Bad"), "value": "down"},
}

RADIO: Json = {"type": "radio_buttons", "action_id": "r", "options": [{"text": mrkdwn(), "value": "v"}]}

GOOD: dict[str, list[Json]] = {
    "fifty blocks": [section()] * 50,
    "section with fields": [{"type": "section", "fields": [mrkdwn()] * 10, "expand": True}],
    "section with accessory": [section(accessory=button())],
    "header and divider": [{"type": "header", "text": plain("y" * 150)}, {"type": "divider"}],
    "context": [{"type": "context", "elements": [mrkdwn()] * 10}],
    "actions": [{"type": "actions", "elements": [button(style="danger", value="v" * 2000)] * 25}],
    "choices": [{"type": "actions", "elements": [RADIO]}, section(accessory={**RADIO, "type": "checkboxes"})],
    "feedback": [{"type": "context_actions", "block_id": "fb", "elements": [FEEDBACK]}],
    "markdown, 12,000 in sum": [markdown("y" * 6000)] * 2,
    "collapsed container": [container(is_collapsible=True, default_collapsed=True, subtitle=mrkdwn())],
    "task card": [card(details=rich(rich_section()), sources=[{"type": "url", "url": "https://a", "text": "a"}])],
    "plan": [{"type": "plan", "title": "Work", "tasks": [{"task_id": "t", "title": "a", "status": "error"}]}],
    "table": [table(100, 20, "12345")],
    "image": [{"type": "image", "image_url": "https://a/b.png", "alt_text": "b"}],
    "rich text": [
        rich(
            rich_section(),
            {"type": "rich_text_list", "style": "bullet", "elements": [rich_section()], "indent": 1},
            {"type": "rich_text_quote", "elements": [{"type": "link", "url": "https://a", "text": "a"}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "1"}], "language": "py"},
        )
    ],
}


@pytest.mark.parametrize("blocks", GOOD.values(), ids=GOOD.keys())
def test_what_slack_accepts_is_accepted(blocks: list[Json]) -> None:
    assert message_problems(blocks) == []  # slack-platform.md §3.2


BAD: dict[str, tuple[list[Json], str]] = {
    # slack-platform.md §3.1, INFO T17
    "51 blocks": ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    # slack-platform.md §3.2, block by block
    "an unknown block": ([{"type": "blink"}], "unsupported type: blink [json-pointer:/blocks/0/type]"),
    "an unknown key": ([section(colour="red")], "colour [json-pointer:/blocks/0]"),
    "a modal's alert": ([{"type": "alert", "text": plain()}], "unsupported type: alert"),
    "a modal's input": ([{"type": "input"}], "unsupported type: input"),
    "a long section": ([section("y" * 3001)], "[json-pointer:/blocks/0/text/text]"),
    "an empty section": ([{"type": "section"}], "text or fields is required"),
    "eleven fields": ([{"type": "section", "fields": [mrkdwn()] * 11}], "/blocks/0/fields"),
    "a long header": ([{"type": "header", "text": plain("y" * 151)}], "/blocks/0/text/text"),
    "a header in mrkdwn": ([{"type": "header", "text": mrkdwn()}], "/blocks/0/text/type"),
    "eleven context elements": ([{"type": "context", "elements": [mrkdwn()] * 11}], "no more than 10"),
    "26 buttons": ([{"type": "actions", "elements": [button()] * 26}], "no more than 25"),
    "a long button": ([{"type": "actions", "elements": [button(text=plain("y" * 76))]}], "/0/text/text"),
    "a long value": ([{"type": "actions", "elements": [button(value="y" * 2001)]}], "/elements/0/value"),
    "six overflow options": (
        [section(accessory={"type": "overflow", "options": [{"text": plain(), "value": "v"}] * 6})],
        "no more than 5",
    ),
    "an initial option that is not offered": (
        [section(accessory={**RADIO, "initial_option": {"text": mrkdwn(), "value": "w"}})],
        "must be one of options",
    ),
    "eleven choices": ([section(accessory={**RADIO, "options": RADIO["options"] * 11})], "no more than 10"),
    "mrkdwn among the options of a select": (
        [section(accessory={**RADIO, "type": "static_select"})],
        "/text/type",
    ),
    "a button among context actions": ([{"type": "context_actions", "elements": [button()]}], "unsupported"),
    "another icon": (
        [{"type": "context_actions", "elements": [{"type": "icon_button", "icon": "star", "text": plain()}]}],
        "/elements/0/icon",
    ),
    "too much markdown in sum": ([markdown("y" * 6001)] * 2, "12000 characters together"),
    "an untitled container": ([{"type": "container", "child_blocks": [section()]}], "title"),
    "a container titled by a string": ([container(title="x")], "/blocks/0/title"),
    "an empty container": ([container(child_blocks=[])], "at least 1"),
    "eleven children": ([container(child_blocks=[section()] * 11)], "no more than 10"),
    "markdown in a container": ([container(child_blocks=[markdown("x")])], "unsupported type: markdown"),
    "a task card in a container": ([container(child_blocks=[card()])], "unsupported type: task_card"),
    "collapsed, not collapsible": ([container(default_collapsed=True)], "requires is_collapsible"),
    "a divided collapsible": ([container(is_collapsible=True, has_header_divider=True)], "has_header_divider"),
    "a container of another width": ([container(width="huge")], "/blocks/0/width"),
    "a text object as a task's title": ([card(title=plain())], "must be a string"),
    "another task status": ([card(status="done")], "/blocks/0/status"),
    "details that are a string": ([card(details="x")], "/blocks/0/details"),
    "51 tasks": ([{"type": "plan", "title": "x", "tasks": [card(task_id=str(n)) for n in range(51)]}], "50"),
    "the same task twice": ([{"type": "plan", "title": "x", "tasks": [card(), card()]}], "must be unique"),
    "two tables": ([table(), table()], "only one table"),
    "101 rows": ([table(101)], "no more than 100"),
    "21 columns": ([table(1, 21)], "no more than 20"),
    "a table that is too long": ([table(2, 1, "y" * 5001)], "10000 characters together"),
    "an image without words": ([{"type": "image", "image_url": "https://a/b.png"}], "alt_text"),
    "a picture twice": (
        [{"type": "image", "alt_text": "b", "image_url": "https://a", "slack_file": {"id": "F00000001"}}],
        "exactly one",
    ),
    "empty rich text": ([rich(rich_section(""))], "must be more than 0 characters"),
    "mrkdwn in rich text": ([rich({"type": "rich_text_section", "elements": [mrkdwn()]})], "unsupported"),
    "one block_id twice": ([section(block_id="b"), section(block_id="b")], "block_id already exists: b"),
    "a long block_id": ([section(block_id="b" * 256)], "/blocks/0/block_id"),
}


@pytest.mark.parametrize(("blocks", "says"), BAD.values(), ids=BAD.keys())
def test_what_slack_refuses_is_refused_saying_where(blocks: list[Json], says: str) -> None:
    assert any(says in problem for problem in message_problems(blocks)), message_problems(blocks)
