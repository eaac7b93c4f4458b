"""assistants.toml: read, with the files that it names, and checked: every fault is told at once."""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.assistants import DEFAULT, Assistant, Assistants, ChannelId, Label
from bot.errors import SettingsError
from bot.functions.schema import open_object

Json = dict[str, Any]

Check = Callable[[Assistant], Iterable[tuple[str, str]]]
"""What of the world outside the file does not fit an entry: keys below it, and reasons."""

CHANNELS = TypeAdapter(tuple[ChannelId, ...])
KEY = TypeAdapter(Label)
MAX_STORES = 2
"""Stores of an assistant: what one search takes (reference/openai-platform.md §4)."""

RENAMED = {"vector_stores": "vector_store_ids"}
"""What is called otherwise in the file."""

MISSING = object()


@dataclass(slots=True)
class _Reading:
    """One reading of a file: what is wrong so far, and which other files were read."""

    file: Path
    check: Check = lambda _: ()
    faults: list[str] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)

    def wrong(self, where: str, reason: str) -> None:
        """Note a fault, as people read it."""
        self.faults.append(f"{self.file.name}: {where}: {reason}" if where else f"{self.file.name}: {reason}")


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file says, and all files on which that depends."""

    assistants: Assistants
    files: frozenset[Path]


def read_assistants(file: Path, default_model: str, check: Check = lambda _: ()) -> ReadFile:
    """Read the file. `default_model` is for those that name none. Raises SettingsError with every fault."""
    reading = _Reading(file, check, files={file})
    document = _document(reading)
    entries = _entries(reading, document)
    found = {key: _assistant(reading, key, entry, default_model) for key, entry in entries.items()}
    by_channel = _channels(reading, entries)
    if not reading.faults and DEFAULT not in found:
        reading.wrong("assistants.default", "is missing: it answers where no other one does")
    if reading.faults:
        raise SettingsError(tuple(reading.faults))
    whole = {key: assistant for key, assistant in found.items() if assistant is not None}
    return ReadFile(Assistants(whole, by_channel), frozenset(reading.files))


def _document(reading: _Reading) -> Json:
    try:
        return tomllib.loads(reading.file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        reading.wrong("", f"is not TOML: {error}")
    except (OSError, UnicodeDecodeError) as error:
        reading.wrong("", f"cannot be read ({type(error).__name__})")
    raise SettingsError(tuple(reading.faults))


def _entries(reading: _Reading, document: Json) -> dict[str, Json]:
    for other in document.keys() - {"assistants"}:
        reading.wrong(other, "is not known: everything is below [assistants.NAME]")
    entries = document.get("assistants", {})
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        reading.wrong("assistants", "should hold tables such as [assistants.default]")
        return {}
    for key in entries:
        if not _fits(KEY, key):
            reading.wrong(f"assistants.{key}", "should be a letter, then letters, digits, - and _")
    return entries


def _fits(kind: TypeAdapter[Any], value: object) -> bool:
    try:
        kind.validate_python(value)
    except ValidationError:
        return False
    return True


def _channels(reading: _Reading, entries: Mapping[str, Json]) -> dict[str, str]:
    by_channel: dict[str, str] = {}
    for key, entry in entries.items():
        where, channels = f"assistants.{key}.channels", entry.get("channels", ())
        if not isinstance(channels, list | tuple) or not _fits(CHANNELS, channels):
            reading.wrong(where, "should be a list of Slack channel ids such as C0123ABCD")
            continue
        for channel in channels:
            if channel in by_channel:
                reading.wrong(where, f"{channel} is assistants.{by_channel[channel]}'s already")
            by_channel.setdefault(channel, key)
    return by_channel


def _assistant(reading: _Reading, key: str, entry: Json, default_model: str) -> Assistant | None:
    where = f"assistants.{key}"
    values: Json = {"key": key, "name": key.capitalize(), "model": default_model}
    values |= {RENAMED.get(name, name): value for name, value in entry.items() if name != "channels"}
    for name in RENAMED.values():
        if name in entry:
            reading.wrong(f"{where}.{name}", f"is called {_as_written(name)} here")
    _read_instructions(reading, where, values)
    _read_schema(reading, where, values)
    values["suggested_prompts"] = list(_prompts(values.get("suggested_prompts", ())))
    if "vector_store_ids" in values and "tools" not in values:
        values["tools"] = ["file_search"]
    try:
        assistant = Assistant.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        for fault in faults:
            reading.wrong(f"{where}.{_place(fault)}".rstrip("."), _reason(fault))
        wrong = {str(part) for fault in faults for part in fault["loc"][:1]}
        wrong |= {"vector_store_ids"} if "tools" in wrong else set()
        rest = {"model": default_model} | {name: value for name, value in values.items() if name not in wrong}
        _sensible(reading, where, Assistant.model_validate(rest))
        return None
    _sensible(reading, where, assistant)
    return assistant


def _sensible(reading: _Reading, where: str, assistant: Assistant) -> None:
    """Faults that several keys make together."""
    if len(assistant.vector_store_ids) > MAX_STORES:
        reading.wrong(f"{where}.vector_stores", f"names more than {MAX_STORES}")
    if assistant.vector_store_ids and "file_search" not in assistant.tools:
        reading.wrong(f"{where}.vector_stores", "is set, but tools does not name file_search")
    form = assistant.response_format
    if form.schema_ is not None and form.strict and (where_open := open_object(form.schema_)):
        wanted = "there an object should require all its properties and allow no others, or strict be false"
        reading.wrong(f"{where}.response_format.schema_file", f"is not strict at {where_open}: {wanted}")
    for one in _doubled(server.server_label for server in assistant.mcp_servers):
        reading.wrong(f"{where}.mcp_servers", f"two are labelled {one}")
    for one in _doubled(chosen.function.rpartition(":")[2] for chosen in assistant.functions):
        reading.wrong(f"{where}.functions", f"two are called {one}")
    for key, reason in reading.check(assistant):
        reading.wrong(f"{where}.{key}", reason)


def _doubled(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


def _read_instructions(reading: _Reading, where: str, values: Json) -> None:
    named = values.pop("instructions_file", MISSING)
    if named is MISSING:
        return
    where = f"{where}.instructions_file"
    if "instructions" in values:
        reading.wrong(where, "and instructions are both set: keep one")
        return
    text = _text(reading, where, named)
    if text is not None and not text.strip():
        reading.wrong(where, f"{named} is empty")
    values["instructions"] = (text or "").strip()


def _read_schema(reading: _Reading, where: str, values: Json) -> None:
    """`response_format = { schema_file = "answer.schema.json" }`, with `name` and `strict` if wanted."""
    form = values.get("response_format")
    if not isinstance(form, dict) or "schema_file" not in form:
        return
    where = f"{where}.response_format.schema_file"
    rest = {name: value for name, value in form.items() if name != "schema_file"}
    schema: object = {}
    text = _text(reading, where, form["schema_file"])
    if text is not None:
        try:
            schema = json.loads(text)
        except ValueError:
            reading.wrong(where, f"{form['schema_file']} is not JSON")
    values["response_format"] = {"type": "json_schema", **rest, "schema": schema}


def _text(reading: _Reading, where: str, named: object) -> str | None:
    """A file's text; paths are relative to the file that names them."""
    if not isinstance(named, str):
        reading.wrong(where, "should be the name of a file")
        return None
    path = reading.file.parent / named
    reading.files.add(path)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reading.wrong(where, f"{named} cannot be read ({type(error).__name__})")
        return None


def _prompts(prompts: object) -> Iterable[object]:
    """A question alone is its own title."""
    if not isinstance(prompts, list | tuple):
        return (prompts,)
    return ({"title": one[:75], "message": one} if isinstance(one, str) else one for one in prompts)


def _place(error: ErrorDetails) -> str:
    """The key, as it is called in the file."""
    named = [
        _as_written(str(part)) for part in error["loc"] if not str(part).startswith(("function-", "literal["))
    ]
    return ".".join(named)


def _as_written(name: str) -> str:
    return next((written for written, ours in RENAMED.items() if ours == name), name)


def _reason(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "is not known"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return error["msg"].replace("Input should", "should")
