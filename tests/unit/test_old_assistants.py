"""What becomes of an old assistant, and of a prompt object."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.assistants_file import read_assistants
from bot.old_assistants import NotAnAssistantError, imported

OLD: dict[str, Any] = {
    "id": "asst_abc123",
    "object": "assistant",
    "created_at": 1698984975,
    "name": "Math Tutor",
    "description": None,
    "model": "gpt-4o",
    "instructions": 'You are a "tutor".\nUse \\ and code.',
    "tools": [
        {"type": "code_interpreter"},
        {
            "type": "file_search",
            "file_search": {
                "max_num_results": 8,
                "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.4},
            },
        },
        {"type": "function", "function": {"name": "lookup", "parameters": {}}},
    ],
    "tool_resources": {
        "file_search": {"vector_store_ids": ["vs_1"]},
        "code_interpreter": {"file_ids": ["file-1", "file-2"]},
    },
    "metadata": {"team": "a"},
    "top_p": 1.0,
    "temperature": 0.2,
    "reasoning_effort": None,
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "steps",
            "strict": True,
            "schema": {"type": "object", "additionalProperties": False},
        },
    },
}
"""As in the Assistants API reference, "The assistant object"."""

PROMPT: dict[str, Any] = {
    "id": "pmpt_1",
    "version": "3",
    "model": "gpt-6-luna",
    "messages": [
        {"role": "system", "content": [{"type": "input_text", "text": "Be brief."}]},
        {"role": "user", "content": "{{question}}"},
    ],
    "tools": [
        {"type": "web_search_preview"},
        {"type": "file_search", "vector_store_ids": ["vs_2"], "max_num_results": 3},
        {"type": "mcp", "server_label": "docs"},
        {"type": "computer_use"},
    ],
    "text": {"format": {"type": "text"}, "verbosity": "low"},
    "reasoning": {"effort": "low"},
    "variables": {"question": "?"},
    "store": True,
}


def test_an_old_assistant_becomes_an_entry_that_can_be_read(tmp_path: Path) -> None:
    entry = imported(OLD, "tutor")
    (tmp_path / entry.schema_file).write_text(json.dumps(entry.schema))
    file = tmp_path / "assistants.toml"
    file.write_text(entry.toml + "[assistants.default]\n")
    tutor = read_assistants(file, "m").assistants.by_key["tutor"]
    assert (tutor.name, tutor.model, tutor.temperature, tutor.top_p) == ("Math Tutor", "gpt-4o", 0.2, 1.0)
    assert tutor.instructions == OLD["instructions"]
    assert (tutor.tools, tutor.vector_store_ids) == (("file_search", "code_interpreter"), ("vs_1",))
    assert (tutor.file_search.max_num_results, tutor.file_search.score_threshold) == (8, 0.4)
    assert (tutor.response_format.name, tutor.response_format.schema_) == ("steps", entry.schema)


def test_what_has_no_successor_is_told() -> None:
    lost = "\n".join(imported(OLD, "tutor").lost)
    assert "2 files of the code interpreter" in lost
    assert "function lookup: write it in Python" in lost
    assert "metadata" in lost


def test_a_prompt_object_becomes_an_entry() -> None:
    entry = imported(PROMPT, "brief")
    assert entry.values == {
        "model": "gpt-6-luna",
        "instructions": "Be brief.",
        "reasoning_effort": "low",
        "verbosity": "low",
        "tools": ["file_search", "web_search"],
        "file_search": {"max_num_results": 3},
        "vector_stores": ["vs_2"],
    }
    lost = "\n".join(entry.lost)
    for word in ("MCP server docs", "tool computer_use", "variables", "store: it is not known here"):
        assert word in lost


@pytest.mark.parametrize("document", [[], "text", None, {"id": "thread_1"}])
def test_what_is_neither_is_refused(document: object) -> None:
    with pytest.raises(NotAnAssistantError):
        imported(document, "x")
