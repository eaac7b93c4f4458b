"""The annotated example and the document: they read, and no key is forgotten."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from bot.assistants import Assistant, Assistants, ResponseFormat
from bot.assistants_file import read_assistants
from bot.cli import main

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "assistants.example.toml").read_text()
UNCOMMENTED = re.sub(r"^#(?=\S)", "", EXAMPLE, flags=re.MULTILINE)
DOCUMENT = (ROOT / "docs/assistants.md").read_text()

SCHEMA = {"type": "object", "additionalProperties": False}

ELSEWHERE = {
    "key": None,
    "vector_store_ids": "vector_stores",
    "response_format.schema": "response_format.schema_file",
}
"""What is called otherwise in the file, or is no key of an entry."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prompts").mkdir()
    for name in ("legal", "helper"):
        (tmp_path / f"prompts/{name}.md").write_text("Answer from the contracts.")
    (tmp_path / "verdict.schema.json").write_text(json.dumps(SCHEMA))
    return tmp_path


def read(folder: Path, text: str) -> Assistants:
    file = folder / "assistants.toml"
    file.write_text(text)
    return read_assistants(file, "gpt-6.2-sol").assistants


def keys_of(model: type[BaseModel], within: str = "") -> Iterator[str]:
    """The keys of an entry, those of its tables with a dot."""
    for name, field in model.model_fields.items():
        key = f"{within}{field.alias or name}"
        inner = [one for one in (field.annotation, *get_args(field.annotation)) if _is_model(one)]
        if inner:
            yield from keys_of(inner[0], f"{key}.")
        else:
            yield key


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def keys_in(entry: Any, within: str = "") -> Iterator[str]:
    for key, value in entry.items():
        tables = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]
        if tables and key not in ("filters", "require_approval"):
            for table in tables:
                yield from keys_in(table, f"{within}{key}.")
        else:
            yield f"{within}{key}"


def test_the_example_is_read_as_it_is_and_with_everything_in_it(folder: Path) -> None:
    assert read(folder, EXAMPLE).by_key.keys() == {"default", "legal"}
    legal = read(folder, UNCOMMENTED).by_key["legal"]
    assert legal.response_format == ResponseFormat(type="json_schema", name="verdict", schema=SCHEMA)
    assert [chosen.approval for chosen in legal.functions] == ["never", "always"]


def test_the_example_forgets_no_key(folder: Path) -> None:
    entries = tomllib.loads(UNCOMMENTED)["assistants"]
    shown = {key for entry in entries.values() for key in keys_in(entry)}
    known = {ELSEWHERE.get(key, key) for key in keys_of(Assistant)}
    assert shown == {*filter(None, known), "channels", "instructions_file"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", blocks("toml"))
def test_the_examples_in_the_document_are_read(folder: Path, text: str) -> None:
    if "[assistants.default]" not in text:
        text = f"[assistants.default]\n{text}"
    assert read(folder, text).by_key


def test_the_document_shows_what_import_assistant_prints(tmp_path: Path) -> None:
    (old,) = blocks("json")
    (tmp_path / "old.json").write_text(old)
    done = CliRunner().invoke(main, ["import-assistant", str(tmp_path / "old.json")])
    assert done.exit_code == 0
    assert done.stdout in blocks("toml")
    assert done.stderr in blocks("text")


def test_the_document_names_every_key_of_the_example() -> None:
    entries = tomllib.loads(UNCOMMENTED)["assistants"]
    names = {key for entry in entries.values() for key in entry}
    assert [name for name in sorted(names) if f"`{name}`" not in DOCUMENT] == []
