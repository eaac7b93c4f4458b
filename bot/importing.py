"""`threadmate import-assistant`: the JSON of an old assistant read, and what becomes of it told."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.assistants import DEFAULT
from bot.assistants_file import read_assistants
from bot.errors import SettingsError
from bot.old_assistants import Entry, NotAnAssistantError, imported

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
FILE = "assistants.toml"


def entry_of(text: str, key: str | None) -> Entry:
    """What becomes of that JSON; without a key, one is made of its name. Raises NotAnAssistantError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise NotAnAssistantError("this is not JSON") from None
    if key is not None and not KEY.fullmatch(key):
        raise NotAnAssistantError("a key is a letter, then letters, digits, - and _")
    name = document.get("name") if isinstance(document, dict) else None
    return imported(document, key or _key_of(str(name or "")))


def _key_of(name: str) -> str:
    made = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return made if KEY.fullmatch(made) else DEFAULT


def write_schema(entry: Entry, folder: Path) -> Path:
    """Write the schema that the entry names. Raises OSError, also where the file is there with another content."""
    text = json.dumps(entry.schema, indent=2, ensure_ascii=False) + "\n"
    file = folder / entry.schema_file
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise FileExistsError(f"{file} is there, with another schema")
    file.write_text(text, encoding="utf-8")
    return file


def told(entry: Entry, schema: Path | None) -> Iterator[str]:
    """What carries over, what is still to be done by hand, and what has no successor: a line each."""
    for one in entry.carried:
        yield f"✓ {one}"
    if schema is not None:
        yield f"✓ the schema, in {schema}"
    elif entry.schema is not None:
        yield f"! the schema: it belongs into {entry.schema_file}, beside {FILE}; --schema-to FOLDER writes it"
    for fault in _faults(entry):
        yield f"! {fault}"
    for one in entry.lost:
        yield f"✗ {one}"


def _faults(entry: Entry) -> Iterator[str]:
    """What the entry has that is not accepted here, as when it is read."""
    with TemporaryDirectory() as folder:
        file = Path(folder, FILE)
        first = "" if entry.key == DEFAULT else f"[assistants.{DEFAULT}]\n"
        file.write_text(first + entry.toml, encoding="utf-8")
        if entry.schema is not None:
            write_schema(entry, Path(folder))
        try:
            read_assistants(file, "unnamed")
        except SettingsError as error:
            yield from error.faults
