"""The limits of blocks and streams at their edges: one below, at, one above."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.playground.slack.blocks import message_problems
from tests.emulators.slack_rig import error_of, rig
from tests.emulators.test_slack_blocks import FEEDBACK, Json, button, container, markdown, mrkdwn, plain, section

EDGES: dict[str, tuple[int, Callable[[int], list[Json]]]] = {  # slack-platform.md §§3.1, 3.2
    "blocks of a message": (50, lambda n: [section()] * n),
    "children of a container": (10, lambda n: [container(child_blocks=[section()] * n)]),
    "elements of a context": (10, lambda n: [{"type": "context", "elements": [mrkdwn()] * n}]),
    "elements of actions": (25, lambda n: [{"type": "actions", "elements": [button()] * n}]),
    "characters of a section": (3000, lambda n: [section("y" * n)]),
    "fields of a section": (10, lambda n: [{"type": "section", "fields": [mrkdwn()] * n}]),
    "characters of a field": (2000, lambda n: [{"type": "section", "fields": [mrkdwn("y" * n)]}]),
    "characters of a container's title": (150, lambda n: [container(title=plain("y" * n))]),
    "characters of a container's subtitle": (150, lambda n: [container(subtitle=mrkdwn("y" * n))]),
    "characters of a header": (150, lambda n: [{"type": "header", "text": plain("y" * n)}]),
    "characters of a button": (75, lambda n: [{"type": "actions", "elements": [button(text=plain("y" * n))]}]),
    "characters of a value": (2000, lambda n: [{"type": "actions", "elements": [button(value="y" * n)]}]),
    "characters of a feedback button": (
        75,
        lambda n: [
            {"type": "context_actions", "elements": [{**FEEDBACK, "negative_button": _choice("y" * n)}]},
        ],
    ),
    "elements of context actions": (5, lambda n: [{"type": "context_actions", "elements": [FEEDBACK] * n}]),
    "characters of one markdown block": (12_000, lambda n: [markdown("y" * n)]),
    "characters of all markdown blocks": (12_000, lambda n: [markdown("y" * 6000), markdown("y" * (n - 6000))]),
    "tasks of a plan": (50, lambda n: [{"type": "plan", "title": "x", "tasks": [_task(i) for i in range(n)]}]),
    "rows of a table": (100, lambda n: [_table([["x"]] * n)]),
    "columns of a table": (20, lambda n: [_table([["x"] * n])]),
    "characters of a table": (10_000, lambda n: [_table([["y" * 5000, "y" * (n - 5000)]])]),
}


def _choice(text: str) -> Json:
    return {"text": plain(text), "value": "v"}


def _task(number: int) -> Json:
    return {"task_id": str(number), "title": "x", "status": "complete"}


def _table(rows: list[list[str]]) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]}


@pytest.mark.parametrize(("limit", "blocks"), EDGES.values(), ids=EDGES.keys())
def test_blocks_are_refused_from_one_above_their_limit_on(limit: int, blocks: Callable[[int], list[Json]]) -> None:
    refused = [bool(message_problems(blocks(limit + step))) for step in (-1, 0, 1)]
    assert refused == [False, False, True]


@pytest.mark.parametrize("inside", [False, True])
def test_a_message_has_one_table_wherever_it_lies(inside: bool) -> None:
    table = _table([["x"]])  # slack-platform.md §3.2: "one table block per message"
    other = container(child_blocks=[table]) if inside else table
    assert [bool(message_problems(blocks)) for blocks in ([], [table], [table, other])] == [False, False, True]


FIELDS: dict[str, Callable[[str], Json]] = {  # slack-platform.md §2.2: 256 characters
    "title": lambda text: {"type": "task_update", "id": "t", "title": text, "status": "complete"},
    "details": lambda text: {**_update(), "details": text},
    "output": lambda text: {**_update(), "output": text},
    "plan": lambda text: {"type": "plan_update", "title": text},
}


def _update() -> Json:
    return {"type": "task_update", "id": "t", "title": "x", "status": "complete"}


@pytest.mark.parametrize("chunk", FIELDS.values(), ids=FIELDS.keys())
async def test_a_task_field_of_a_stream_holds_256_characters(chunk: Callable[[str], Json]) -> None:
    async with rig() as r:
        ts = await r.stream(markdown_text="x")

        async def append(length: int) -> str:
            chunks: Any = [chunk("y" * length)]
            return await error_of(r.client.chat_appendStream(channel=r.channel, ts=ts, chunks=chunks))

        assert [await append(length) for length in (255, 256, 257)] == ["", "", "invalid_chunks"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_append_holds_12000_characters(chunked: bool) -> None:
    async with rig() as r:  # slack-platform.md §2.1
        ts = await r.stream(markdown_text="x")

        async def append(length: int) -> str:
            parts = [{"type": "markdown_text", "text": text} for text in ("y" * 6000, "y" * (length - 6000))]
            said: Json = {"chunks": parts} if chunked else {"markdown_text": "y" * length}
            return await error_of(r.client.chat_appendStream(channel=r.channel, ts=ts, **said))

        assert [await append(length) for length in (11_999, 12_000, 12_001)] == ["", "", "msg_too_long"]


async def test_the_text_of_an_edit_holds_4000_characters() -> None:
    async with rig() as r:  # slack-platform.md §3.1
        ts = (await r.client.chat_postMessage(channel=r.channel, text="x"))["ts"]
        edits = [r.client.chat_update(channel=r.channel, ts=ts, text="y" * n) for n in (3_999, 4_000, 4_001)]
        assert [await error_of(edit) for edit in edits] == ["", "", "msg_too_long"]
