"""assistants.toml: what it says, every fault of it, and what happens when it is edited."""

import asyncio
import json
import logging
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bot.assistants import DEFAULT_INSTRUCTIONS, Assistant, Assistants
from bot.assistants_file import ReadFile, read_assistants
from bot.assistants_watch import LOOK_EVERY, AssistantsNow
from bot.errors import SettingsError
from bot.playground.clock import SteppedClock

CLOSED = {"additionalProperties": False, "required": ["a", "b"]}
SCHEMA = {"type": "object", "additionalProperties": False}

EVERYTHING = """
[assistants.default]
name = "Helper"
description = "Helps."
model = "gpt-6-luna"
instructions_file = "prompts/helper.md"
tools = ["file_search", "code_interpreter", "web_search", "image_generation"]
functions = ["acme.tools:lookup_order", { function = "acme.tools:refund", approval = "always" }]
vector_stores = ["vs_1"]
temperature = 0.5
top_p = 0.9
reasoning_effort = "low"
verbosity = "low"
max_output_tokens = 500
response_format = { schema_file = "answer.json", name = "verdict" }
file_search = { max_num_results = 12, score_threshold = 0.3, filters = { type = "eq", key = "a", value = 1 } }
code_interpreter = { memory = "4g" }
web_search = { context_size = "low", domains = ["example.com"], location = { country = "DE", city = "Bonn" } }
image_generation = { quality = "low" }
background = true
suggested_prompts = ["What can you do?", { title = "Orders", message = "Which orders are open?" }]

[[assistants.default.mcp_servers]]
server_label = "docs"
server_url = "https://example.com/mcp"
authorization = "DOCS_TOKEN"
allowed_tools = ["search"]
require_approval = { never = ["search"] }

[assistants.legal]
name = "Counsel"
instructions = "Answer from the contracts only."
channels = ["C0LEGAL0001"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/helper.md").write_text("Help.\n")
    (tmp_path / "answer.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "open.json").write_text(
        json.dumps({"type": "object", "properties": {"a": SCHEMA, "b": {"type": "object"}}, **CLOSED})
    )
    return tmp_path


def read(folder: Path, text: str) -> Assistants:
    file = folder / "assistants.toml"
    file.write_text(dedent(text))
    return read_assistants(file, "gpt-6.2-sol").assistants


def test_everything_that_can_be_said_is_read(folder: Path) -> None:
    helper = read(folder, EVERYTHING).default
    assert (helper.name, helper.model, helper.instructions) == ("Helper", "gpt-6-luna", "Help.")
    assert [(one.function, one.approval) for one in helper.functions] == [
        ("acme.tools:lookup_order", "never"),
        ("acme.tools:refund", "always"),
    ]
    assert helper.response_format.schema_ == SCHEMA
    assert (helper.response_format.type, helper.response_format.name) == ("json_schema", "verdict")
    assert helper.mcp_servers[0].authorization == "DOCS_TOKEN"
    assert [prompt.title for prompt in helper.suggested_prompts] == ["What can you do?", "Orders"]


def test_the_copy_that_a_run_keeps_says_the_same(folder: Path) -> None:
    assistants = read(folder, EVERYTHING)
    for assistant in assistants.by_key.values():
        kept: dict[str, Any] = json.loads(json.dumps(assistant.resolved()))
        assert Assistant.of_run(kept) == assistant
    assert Assistant.of_run({"model": "m", "colour": "red"}) is None


def test_what_is_not_said_is_the_default(folder: Path) -> None:
    helper = read(folder, "[assistants.default]").default
    assert (helper.name, helper.model, helper.instructions) == ("Default", "gpt-6.2-sol", DEFAULT_INSTRUCTIONS)


@pytest.mark.parametrize(
    ("channel", "wishes", "key"),
    [
        ("C1", (), "default"),
        ("C0LEGAL0001", (), "legal"),
        ("C0LEGAL0001", (None, "default"), "default"),
        ("C1", ("legal", "default"), "legal"),
        ("C1", (None, None, "legal"), "legal"),
        ("C0LEGAL0001", ("gone", None), "legal"),
    ],
)
def test_the_nearest_wish_decides_who_answers(
    folder: Path, channel: str, wishes: tuple[str | None, ...], key: str
) -> None:
    assert read(folder, EVERYTHING).which(channel, *wishes).key == key


FAULTS = """
[other]
[assistants."two words"]
[assistants.default]
instructions_file = "nope.md"
temperature = 7
tools = ["file_search", "tuba"]
functions = [{ function = "acme.tools:refund", approval = "sometimes" }, "acme tools"]
colour = "red"
channels = ["general"]
response_format = "json_schema"
vector_store_ids = ["vs_1"]
[assistants.legal]
instructions = "a"
instructions_file = "answer.json"
vector_stores = ["a", "b", "c"]
tools = []
file_search = { max_num_results = 120 }
mcp_servers = [{ server_label = "x", server_url = "ftp://" }]
response_format = { schema_file = "prompts/helper.md" }
[assistants.sales]
vector_stores = ["a", "b", "c"]
tools = ["web_search"]
functions = ["a:f", "b:f"]
channels = ["C1"]
[assistants.more]
channels = ["C1"]
response_format = { schema_file = "open.json" }
[assistants.loose]
response_format = { schema_file = "open.json", strict = false }
"""


def test_every_fault_is_told_at_once_with_file_key_and_reason(folder: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read(folder, FAULTS)
    lines = "\n".join(refused.value.faults)
    for fault in (
        "other: is not known: everything is below",
        "assistants.two words: should be a letter, then letters",
        "assistants.default.instructions_file: nope.md cannot be read (FileNotFoundError)",
        "assistants.default.temperature: should be less than or equal to 2",
        "assistants.default.tools.1: should be 'file_search', 'code_interpreter'",
        "assistants.default.functions.0.approval: should be 'never', 'always'",
        "assistants.default.functions.1.function: String should match",
        "assistants.default.colour: is not known",
        "assistants.default.channels: should be a list of Slack channel ids",
        "assistants.default.response_format: json_schema needs a schema",
        "assistants.default.vector_store_ids: is called vector_stores here",
        "assistants.legal.instructions_file: and instructions are both set",
        "assistants.legal.file_search.max_num_results: should be less than or equal to 50",
        "assistants.legal.mcp_servers.0.server_url: String should match",
        "assistants.legal.response_format.schema_file: prompts/helper.md is not JSON",
        "assistants.sales.vector_stores: names more than 2",
        "assistants.sales.vector_stores: is set, but tools does not name file_search",
        "assistants.sales.functions: two are called f",
        "assistants.more.channels: C1 is assistants.sales's already",
        "assistants.more.response_format.schema_file: is not strict at properties.b: there an",
    ):
        assert f"assistants.toml: {fault}" in lines, fault
    assert "assistants.loose" not in lines


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[assistants.legal]", "assistants.default: is missing"),
        ("[assistants", "is not TOML"),
        ("assistants = 3", "should hold tables"),
    ],
)
def test_a_file_without_a_default_or_without_sense_is_refused(folder: Path, text: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=fault):
        read(folder, text)


async def test_an_edit_holds_from_then_on_and_a_bad_one_changes_nothing(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, file = SteppedClock(), folder / "assistants.toml"
    read(folder, EVERYTHING)
    now = AssistantsNow(partial(read_assistants, file, "m"), clock)
    watching = asyncio.create_task(now.watch())

    (folder / "prompts/helper.md").write_text("Help a lot.")
    await now.look()
    assert now.assistants.default.instructions == "Help a lot."

    caplog.set_level(logging.INFO)
    file.write_text("[assistants.default]\ntemperature = 7")
    await now.look()
    assert now.assistants.default.instructions == "Help a lot."
    assert "stay as they were: assistants.toml: assistants.default.temperature: should be" in caplog.text

    def interrupted() -> ReadFile:
        raise KeyError("hunter2")

    was, now._read = now._read, interrupted
    file.write_text("[assistants.default]")
    await now.look()
    assert "stay as they were: reading them failed (KeyError)" in caplog.text
    assert "hunter2" not in caplog.text
    now._read = was

    before = caplog.text
    await now.look()
    assert caplog.text == before, "it is said once"
    file.write_text("[assistants.default]\ninstructions = 'New.'")
    await clock.advance(LOOK_EVERY)
    async with asyncio.timeout(20):
        while now.assistants.default.instructions != "New.":  # noqa: ASYNC110 - it is read in a thread
            await asyncio.sleep(0)
    watching.cancel()
