"""Several assistants: which one answers where, what is asked of OpenAI for it, and edits of their file."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot import words
from bot.assistants_watch import LOOK_EVERY
from bot.playground.openai.script import CodeInterpreter, Pause, Script, Text
from bot.playground.slack.seen import SeenMessage
from tests.scenario.world import World, said_below

MakeWorld = Callable[..., Awaitable[World]]

FILE = """
[assistants.default]
name = "Helper"
instructions = "Help."
suggested_prompts = ["What is new?"]

[assistants.legal]
name = "Counsel"
instructions = "Answer from the contracts."
channels = ["{channel}"]
tools = ["code_interpreter"]

[assistants.sales]
instructions = "Sell."
"""
SCHEMA = {
    "type": "object",
    "properties": {"guilty": {"type": "boolean"}},
    "required": ["guilty"],
    "additionalProperties": False,
}
ROWS = '{"people": [{"name": "Ann", "age": 3}]}'


class File:
    """assistants.toml, as somebody edits it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("[assistants.default]")

    def write(self, text: str) -> None:
        self.path.write_text(text)


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "assistants.toml")


def instructions(world: World) -> list[str]:
    return [create["instructions"] for create in world.openai.creates]


def heading(message: SeenMessage) -> list[str]:
    return [block["title"]["text"] for block in message.blocks if block["type"] == "container"]


def shown(world: World) -> str | None:
    """The first thing that the window before Ann says."""
    modal = world.slack.modal_of(world.ann)
    return str(modal.view["blocks"][0]["text"]["text"]) if modal else None


async def say(world: World, text: str = "Well?", channel: str | None = None, **more: Any) -> str:
    """Let Ann ask, and wait for the answer; the thread."""
    place = channel or world.general
    count = len(world.answers(more["thread_ts"], place)) + 1 if more else 1
    ts = await world.slack.post(place, world.ann, f"{world.at_bot} {text}", **more)
    await world.until(world.answered(more.get("thread_ts", ts), place, count))
    return ts


async def choose(world: World, table: str, key: str, channel: str) -> None:
    """Let people have chosen an assistant there, as a command will let them."""
    await world.database.change(f"UPDATE {table} SET assistant = '{key}' WHERE channel = '{channel}'")


async def test_the_thread_the_channel_the_file_and_the_default_decide_in_that_order(
    make_world: MakeWorld, file: File
) -> None:
    world = await make_world(assistants_file=file.path)
    court = world.slack.add_channel("court", members=(world.ann,))
    file.write(FILE.format(channel=court))
    world.openai.default = lambda _: Script(Text("So it is."))
    async with world.running() as bot:
        first = await say(world)
        assert heading(world.only_answer(first))[0].startswith("Answered by Helper")
        thread = await say(world, channel=court)
        assert heading(world.only_answer(thread, court))[0].startswith("Answered by Counsel")
        await bot.store.channels.set_shared(world.slack.team, court, False)
        for table, key in (("channels", "sales"), ("threads", "default"), ("threads", "gone")):
            await choose(world, table, key, court)
            await say(world, channel=court, thread_ts=thread)
    assert instructions(world) == ["Help.", "Answer from the contracts.", "Sell.", "Help.", "Sell."]


async def test_an_edit_holds_from_the_next_run_on_and_a_run_keeps_whom_it_began_with(
    make_world: MakeWorld, file: File
) -> None:
    world = await make_world(assistants_file=file.path, shutdown_grace=0)
    file.write("[assistants.default]\ninstructions = 'One.'")
    world.openai.queue(Script(Text("Long.", deltas=["Lo", Pause(LOOK_EVERY * 3), "ng."])), Script(Text("Two.")))
    async with world.running():
        ts = await world.mention("Well?")
        await world.until(lambda: world.openai.creates)
        file.write("[assistants.default]\ninstructions = 'Two.'")
        await world.until(world.answered(ts))
        file.write("[assistants.default]\ntemperature = 7")
        await world.clock.advance(LOOK_EVERY)
        await say(world)
    assert instructions(world) == ["One.", "Two."]


async def test_a_run_that_another_process_takes_up_keeps_its_assistant_and_one_given_anew_has_the_current(
    make_world: MakeWorld, file: File
) -> None:
    world = await make_world(assistants_file=file.path, shutdown_grace=0)
    file.write("[assistants.default]\ninstructions = 'One.'")
    world.openai.queue(
        Script(Text("Long.", deltas=["Lo", Pause(60), "ng."])), Script(Text("Short.")), Script(Text("Anew."))
    )
    async with world.running():
        ts = await world.mention("Well?")
        await world.until(lambda: any(answer.text for answer in world.answers(ts)))
    file.write("[assistants.default]\ninstructions = 'Two.'")
    async with world.running():
        await world.until(lambda: world.only_answer(ts).text == "Short.")
        await world.settle()
        await world.meanwhile(world.slack.press(world.general, world.only_answer(ts).ts, world.ann, "regenerate"))
        await world.until(lambda: world.only_answer(ts).text == "Anew.")
        await world.settle()
    assert set(instructions(world)[:-1]) == {"One."}
    assert instructions(world)[-1] == "Two."


@pytest.mark.parametrize(
    ("form", "said", "shown", "asked"),
    [
        ("'json_object'", ROWS, "| name | age |\n| --- | --- |\n| Ann | 3 |", {"type": "json_object"}),
        (
            "{ schema_file = 'verdict.json', name = 'verdict' }",
            '{"guilty": false}',
            '```json\n{\n  "guilty": false\n}\n```',
            {"type": "json_schema", "name": "verdict", "schema": SCHEMA, "strict": True},
        ),
    ],
)
async def test_an_answer_in_json_is_shown_when_it_is_whole_as_people_read_it(
    make_world: MakeWorld, file: File, form: str, said: str, shown: str, asked: dict[str, Any]
) -> None:
    world = await make_world(assistants_file=file.path)
    (file.path.parent / "verdict.json").write_text(json.dumps(SCHEMA))
    file.write(f"[assistants.default]\nresponse_format = {form}")
    world.openai.queue(Script(Text(said, deltas=[said[:5], Pause(5), said[5:]])))
    async with world.running():
        ts = await say(world)
        assert world.only_answer(ts).text == shown
    assert not any(said[:5] in str(call.params) for call in world.slack.calls)
    assert world.openai.creates[0]["text"] == {"format": asked}
    (conversation,) = world.openai.conversations.values()
    assert conversation.items[-1]["content"][0]["text"] == said, "the memory has it as it was said"


async def test_suggested_prompts_are_the_assistants_own(make_world: MakeWorld, file: File) -> None:
    world = await make_world(assistants_file=file.path)
    file.write(FILE.format(channel="C1"))
    async with world.running():
        await world.slack.open_messages_tab(world.ann)
        await world.until(lambda: world.slack.prompts(world.slack.dm(world.ann)))
        offered = world.slack.prompts(world.slack.dm(world.ann))
        assert offered is not None
        assert offered.prompts == [{"title": "What is new?", "message": "What is new?"}]


SERVED = """
[assistants.default]
tools = []
[[assistants.default.mcp_servers]]
server_label = "docs"
server_url = "https://example.com/mcp"
authorization = "DOCS_TOKEN"
[assistants.data]
channels = ["{channel}"]
tools = ["code_interpreter"]
"""
KEY = "hunter2-hunter2"


async def test_a_servers_key_is_read_for_each_request_and_kept_nowhere(
    make_world: MakeWorld, file: File, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = await make_world(assistants_file=file.path)
    file.write(SERVED.format(channel="C1"))
    caplog.set_level("DEBUG", logger="bot")
    world.openai.default = lambda _: Script(Text("So it is."))
    partners = world.slack.add_channel("partners", shared=True, members=(world.ann,))
    monkeypatch.setenv("DOCS_TOKEN", KEY)
    async with world.running():
        await say(world)
        monkeypatch.setenv("DOCS_TOKEN", KEY.upper())
        await say(world)
        await say(world, channel=partners)
        monkeypatch.delenv("DOCS_TOKEN")
        left_out = await say(world)
    offered = [[tool.get("authorization") for tool in create["tools"]] for create in world.openai.creates]
    assert offered == [[KEY], [KEY.upper()], [], []]
    assert words.SERVER_LEFT_OUT.format(label="docs") in said_below(world.only_answer(left_out))
    everything = world.database.dump() + caplog.text + str(world.slack.calls)
    assert KEY not in everything.lower()


async def test_a_table_goes_where_the_assistant_of_its_thread_can_use_it(
    make_world: MakeWorld, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCS_TOKEN", KEY)
    world = await make_world(assistants_file=file.path)
    lab = world.slack.add_channel("lab", members=(world.ann,))
    file.write(SERVED.format(channel=lab))
    world.openai.default = lambda _: Script(Text("Two rows."))
    async with world.running():
        for place in (world.general, lab):
            ts = await world.drop("a.csv", "a,b\n1,2\n3,4\n", "How many rows?", channel=place)
            await world.until(world.answered(ts, place))
    read_whole, with_code = world.openai.creates
    assert "input_file" in str(read_whole["input"])
    assert "input_file" not in str(with_code["input"])
    assert with_code["tools"][0]["container"]["file_ids"]


async def test_the_details_begin_with_who_answered(make_world: MakeWorld, file: File) -> None:
    world = await make_world(assistants_file=file.path)
    file.write(FILE.format(channel=world.general))
    world.openai.queue(Script(CodeInterpreter("print(1)", logs="x" * 20_000), Text("One.")))
    async with world.running():
        answer = world.only_answer(await say(world))
        assert heading(answer)[0].startswith("Answered by Counsel · 1 step")
        await world.meanwhile(world.slack.press(world.general, answer.ts, world.ann, "details"))
        await world.until(lambda: shown(world) not in (None, words.DETAILS_LOADING))
        assert shown(world) == "Answered by Counsel"
