"""`threadmate check` with a file of assistants: a line for each of them, and what is wrong with the file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.check import Line, Mark, check
from bot.errors import SettingsError
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.settings import Settings
from tests.acceptance.rig import Outside, outside

FILE = """
[assistants.default]
name = "Helper"
model = "gpt-6-luna"
tools = ["web_search"]
functions = ["tests.unit.acme_tools:lookup_order"]
[[assistants.default.mcp_servers]]
server_label = "docs"
server_url = "https://example.com/mcp"
authorization = "DOCS_TOKEN"
[assistants.legal]
vector_stores = ["{store}", "vs_gone"]
[assistants.odd]
model = "gpt-4.1"
[[assistants.odd.mcp_servers]]
server_label = "plain"
server_url = "http://example.com/mcp"
[assistants.wrong]
model = "gpt-none"
"""


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Outside]:
    monkeypatch.setenv("DOCS_TOKEN", "hunter2")
    async with outside(tmp_path) as around:
        yield around


def settings(world: Outside, text: str, **more: str) -> Settings:
    file = world.folder / "assistants.toml"
    file.write_text(text)
    return world.settings(ASSISTANTS_FILE=str(file), **more)


async def lines(settings: Settings, *, cheap: bool = False) -> dict[str, Line]:
    return {line.name: line for line in (await check(settings, cheap=cheap)).lines}


async def test_every_assistant_has_a_line_that_says_what_it_has_or_what_to_do(world: Outside) -> None:
    found = await lines(settings(world, FILE.format(store=OPERATOR_STORE)))
    assert "hunter2" not in str(found)
    assert str(found["OpenAI model"]) == "✓ OpenAI model: gpt-6-luna"
    assert str(found["assistant default"]) == (
        "✓ assistant default: Helper, gpt-6-luna; tools: web_search; "
        "functions: tests.unit.acme_tools:lookup_order; MCP servers, which are not asked: docs"
    )
    assert str(found["assistant legal"]) == (
        "✗ assistant legal: vs_gone does not exist, or not for this key. "
        "Name one of https://platform.openai.com/storage/vector_stores"
    )
    assert str(found["assistant odd"]).startswith(
        "! assistant odd: gpt-4.1 shuts down on 2027-01-14. Name another"
    )
    assert "plain is asked without TLS. Let its server_url begin with https://" in str(found["assistant odd"])
    assert str(found["assistant wrong"]).startswith(
        "✗ assistant wrong: gpt-none does not exist, or not for this key"
    )


async def test_what_the_environment_says_beside_the_file_is_told_to_count_for_nothing(world: Outside) -> None:
    found = await lines(
        settings(world, "[assistants.default]", ASSISTANT_INSTRUCTIONS="a", OPENAI_TOP_P="1"), cheap=True
    )
    told = str(found["settings"])
    assert told.startswith("! settings: ASSISTANT_INSTRUCTIONS, OPENAI_TOP_P count for nothing beside ")
    assert "settings" not in await lines(world.settings(OPENAI_TOP_P="1"), cheap=True)


async def test_the_default_assistants_model_is_the_one_that_starting_needs(world: Outside) -> None:
    wrong = settings(world, "[assistants.default]\nmodel = 'gpt-none'\n[assistants.other]\nmodel = 'gpt-never'")
    report = await check(wrong, cheap=True)
    assert [str(line) for line in report.refused] == [
        "✗ OpenAI model: gpt-none does not exist, or not for this key. Set its model in assistants.toml to one of "
        "https://developers.openai.com/api/docs/models"
    ]


async def test_a_store_of_the_only_assistant_that_is_not_there_is_told(world: Outside) -> None:
    line = (await lines(world.settings(VECTOR_STORE_IDS=f"{OPERATOR_STORE},vs_gone")))["assistant default"]
    assert line.mark is Mark.BAD
    assert "vs_gone does not exist" in str(line)


async def test_what_this_process_has_not_got_is_a_fault_of_the_file(
    world: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCS_TOKEN")
    text = FILE.replace("lookup_order", "untyped").format(store=OPERATOR_STORE)
    with pytest.raises(SettingsError) as refused:
        await check(settings(world, text))
    first, second = refused.value.faults
    assert first.startswith(
        "assistants.toml: assistants.default.functions.0: tests.unit.acme_tools:untyped: its param"
    )
    assert second == (
        "assistants.toml: assistants.default.mcp_servers.0.authorization: the variable DOCS_TOKEN is not set"
    )
