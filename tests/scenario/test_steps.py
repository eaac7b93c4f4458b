"""The steps under an answer, folded away (issue 3 §1)."""

import re
from asyncio import Event
from collections.abc import Callable
from typing import Any

import pytest

from bot import words
from bot.playground.openai.script import (
    CodeInterpreter,
    Cut,
    FileSearch,
    Gate,
    Item,
    Pause,
    Raw,
    Reasoning,
    Script,
    Text,
    WebSearch,
)
from bot.playground.slack.records import slack_error
from bot.playground.slack.seen import SeenMessage
from bot.reply.folded import CHILDREN, CONTAINER_BYTES, LISTED_MAX
from bot.reply.rich_text import size
from tests.scenario.world import World, actions, block_types, said_below

MakeWorld = Callable[..., Any]

TOOLS = {"assistant_tools": "file_search,code_interpreter,web_search", "vector_store_ids": "vs_1"}
SEARCH = FileSearch(
    ["parental leave"],
    [("file-1", "handbook.pdf", 0.91, "Parents may take fourteen weeks."), ("file-2", "faq.md", 0.4, "Ask Ann.")],
)
CALL = {
    "type": "mcp_call",
    "id": "mcp_1",
    "server_label": "orders",
    "name": "look_up",
    "arguments": '{"order": 4711}',
    "output": "sent on Monday",
    "error": None,
    "status": "completed",
}
HOSTILE = "<!channel> <@U0000001002> https://evil.example/?q=1 ```*b*```\u202e"


def folded(answer: SeenMessage) -> dict[str, Any]:
    (container,) = [block for block in answer.blocks if block["type"] == "container"]
    return container


def rows(answer: SeenMessage) -> list[str]:
    """Each line, quote and piece of code inside the container."""
    return [
        "".join(part["text"] for part in element["elements"])
        for child in folded(answer)["child_blocks"]
        for element in child["elements"]
    ]


def without_times(answer: SeenMessage) -> list[str]:
    return [re.sub(r" · [\d.]+ s$", "", row) for row in rows(answer)]


async def asked(world: World, *script: Any) -> SeenMessage:
    """The answer to a question, when that is what the model does."""
    world.openai.queue(Script(*script))
    ts = await world.mention("go")
    await world.until(world.answered(ts))
    return world.only_answer(ts)


async def test_every_kind_of_step_shows_what_it_found(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await asked(
            world,
            Reasoning("**Looking it up**"),
            SEARCH,
            WebSearch("leave denmark", ["https://example.com/leave"]),
            CodeInterpreter("print(14 * 5)", "70"),
            Item(CALL),
            Text("70 days."),
        )
    assert without_times(answer) == [
        "Thinking",
        "Looking it up",
        "Searching the files",
        "Searched for “parental leave”",
        "handbook.pdf · 0.91",
        "Parents may take fourteen weeks.",
        "faq.md · 0.40",
        "Ask Ann.",
        "Searching the web",
        "Searched for “leave denmark”",
        "https://example.com/leave",
        "Running code",
        "print(14 * 5)",
        "Output",
        "70",
        "Calling look_up on orders",
        "Arguments",
        '{"order": 4711}',
        "Result",
        "sent on Monday",
    ]
    assert [title for title, _ in answer.tasks] == [row for row in without_times(answer) if row in TITLES]
    assert "details" not in actions(answer)


TITLES = {"Thinking", "Searching the files", "Searching the web", "Running code", "Calling look_up on orders"}


async def test_while_it_works_only_short_titles_are_shown(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        gate = Event()
        world.openai.queue(Script(SEARCH, Gate(gate), Text("14 weeks.")))
        ts = await world.mention("go")
        await world.until(lambda: world.answers(ts))
        answer = world.only_answer(ts)
        assert answer.tasks == [("Searching the files", "complete")]
        assert "handbook.pdf" not in str(answer.blocks)
        gate.set()
        await world.until(world.answered(ts))


async def test_steps_and_the_whole_say_how_long_they_took(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        begun = {"id": "ci_9", "type": "code_interpreter_call", "status": "in_progress", "code": ""}
        answer = await asked(
            world,
            Raw({"type": "response.output_item.added", "output_index": 0, "item": begun}),
            Pause(4.0),
            Text("Done."),
        )
    assert re.fullmatch(r"1 step · [4-9]\.\d s", folded(answer)["title"]["text"])
    assert re.fullmatch(r"Running code · [4-9]\.\d s", rows(answer)[0])


async def test_how_long_a_step_took_that_nobody_saw_is_not_said(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await asked(world, Text("So. "), Cut(then="completed"), SEARCH, Text("14 weeks."))
    assert rows(answer)[0] == "Searching the files"
    assert folded(answer)["title"]["text"].startswith("1 step · ")


async def test_after_a_restart_how_long_the_whole_took_is_not_said_either(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    world.openai.queue(Script(SEARCH, Pause(1.0), Text("So. "), Cut(then="in_progress", finish_after=60.0)))
    async with world.running():
        ts = await world.mention("go")
        await world.until(lambda: world.answers(ts))
    async with world.running():
        await world.until(lambda: "container" in block_types(world.only_answer(ts)))
    answer = world.only_answer(ts)
    assert folded(answer)["title"]["text"] == "1 step"
    assert rows(answer)[0] == "Searching the files"


async def test_long_findings_are_cut_and_a_button_shows_the_rest(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    results = [(f"file-{n}", f"{n}.pdf", 0.9, f"{n} " + "long " * 900) for n in range(8)]
    async with world.running():
        answer = await asked(
            world, FileSearch(["x"], results), CodeInterpreter("1", "y" * 90_000), Text("A whole lot.")
        )
    assert size(folded(answer)) <= CONTAINER_BYTES
    assert len([row for row in rows(answer) if row.endswith(" more characters)")]) >= 4
    kinds = block_types(answer)
    assert kinds[kinds.index("container") + 1] == "actions"
    assert "details" in actions(answer)


@pytest.mark.parametrize("count", [CHILDREN - 1, CHILDREN, CHILDREN + 1, LISTED_MAX + 3])
async def test_a_container_has_at_most_ten_children(make_world: MakeWorld, count: int) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await asked(world, *(CodeInterpreter(str(n)) for n in range(count)), Text("Done."))
    assert len(folded(answer)["child_blocks"]) == min(count, CHILDREN)
    assert folded(answer)["title"]["text"].startswith(f"{count} steps")
    assert len([row for row in rows(answer) if row.startswith("Running code")]) <= LISTED_MAX


async def test_nothing_that_a_tool_says_means_anything_in_slack(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await asked(
            world,
            FileSearch([HOSTILE], [("file-1", HOSTILE, 0.9, HOSTILE)]),
            CodeInterpreter(HOSTILE, HOSTILE),
            WebSearch(HOSTILE, ["javascript:alert(1)"]),
            Item({**CALL, "name": HOSTILE, "arguments": HOSTILE, "output": HOSTILE}),
            Text("Fine."),
        )
    inner = [
        part for child in folded(answer)["child_blocks"] for row in child["elements"] for part in row["elements"]
    ]
    assert {part["type"] for part in inner} == {"text"}
    assert "\u202e" not in str(answer.blocks)
    assert sum("<!channel>" in part["text"] for part in inner) >= 6  # what `make_world` finds not to be live


async def test_a_failed_step_says_so_and_shows_why(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        failed = {**CALL, "output": None, "error": "no such order", "status": "failed"}
        answer = await asked(world, Item(failed), Text("I could not look it up."))
    assert without_times(answer)[0] == "Calling look_up on orders · failed"
    assert rows(answer)[-1] == words.MCP_FAILED.format(said="no such order")
    assert answer.tasks == [("Calling look_up on orders", "error")]


async def test_where_blocks_are_refused_a_button_shows_the_steps(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        world.slack.faults.add("chat.stopStream", slack_error("invalid_blocks"))
        world.slack.faults.add("chat.update", slack_error("invalid_blocks"))
        answer = await asked(world, SEARCH, Pause(2.0), Text("14 weeks."))
    assert "container" not in block_types(answer)
    shown = {
        element["action_id"]: element["text"]["text"]
        for block in answer.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }
    assert shown["details"] == words.SHOW_STEPS
    assert said_below(answer) == []


async def test_a_model_that_does_not_reason_is_asked_without_a_summary_from_then_on(make_world: MakeWorld) -> None:
    world: World = await make_world(openai_model="gpt-4.1")
    async with world.running():
        for _ in range(2):
            assert (await asked(world, Text("Hi."))).text == "Hi."
    assert ["reasoning" in body for body in world.openai.creates] == [True, False, False]
