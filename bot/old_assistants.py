"""An assistant of the old Assistants API, or a prompt object, as an entry of assistants.toml: pure.

Both are gone (reference/openai-platform.md §1): what somebody saved of one is JSON. An assistant's is documented
(the Assistants API reference, "The assistant object"); that of a prompt object is what the dashboard shows, which
has the fields of `responses.create`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import tomli_w

Json = Mapping[str, Any]

PLAIN = ("name", "description", "model", "temperature", "top_p", "max_output_tokens")
"""What is called the same here."""

KNOWN = frozenset(
    {
        *PLAIN,
        *("id", "object", "created_at", "version", "instructions", "tools", "tool_resources", "response_format"),
        *("reasoning_effort", "reasoning", "text", "messages", "input", "metadata", "variables", "prompt"),
    }
)

HOSTED = ("file_search", "code_interpreter", "web_search", "image_generation")
FORMATS = ("json_object", "json_schema")


class NotAnAssistantError(Exception):
    """The JSON is neither. The text says why."""


@dataclass(slots=True)
class Entry:
    """What becomes of it: an entry, the schema that it needs in a file, and what people should know."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)
    schema: Json | None = None
    carried: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def toml(self) -> str:
        """The entry as it is written in the file."""
        return tomli_w.dumps({"assistants": {self.key: self.values}}, multiline_strings=True)

    @property
    def schema_file(self) -> str:
        """The name of the file that the entry expects the schema in."""
        return f"{self.key}.schema.json"

    def take(self, key: str, value: Any, what: str | None = None) -> None:
        """Carry something over."""
        if value not in (None, "", [], {}):
            self.values[key] = value
            self.carried.append(what or key)


def imported(document: object, key: str) -> Entry:
    """The entry for that JSON. Raises NotAnAssistantError."""
    if not isinstance(document, Mapping):
        raise NotAnAssistantError("an assistant is a JSON object")
    if not (document.keys() & {"instructions", "tools", "messages", "model"}):
        raise NotAnAssistantError(
            "this is neither an assistant nor a prompt: it has no model, instructions or tools"
        )
    entry = Entry(key)
    for name in PLAIN:
        entry.take(name, document.get(name))
    entry.take("instructions", _instructions(document))
    effort = document.get("reasoning_effort") or _within(document, "reasoning").get("effort")
    entry.take("reasoning_effort", effort)
    entry.take("verbosity", _within(document, "text").get("verbosity"))
    _take_tools(entry, document)
    _take_format(entry, document.get("response_format") or _within(document, "text").get("format"))
    _say_what_is_lost(entry, document)
    return entry


def _within(document: Json, key: str) -> Json:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}


def _instructions(document: Json) -> str:
    """Its instructions, else what a prompt's system and developer messages say."""
    if document.get("instructions"):
        return str(document["instructions"])
    messages = document.get("messages") or document.get("input")
    if not isinstance(messages, list):
        return ""
    said = (
        _said(one) for one in messages if isinstance(one, Mapping) and one.get("role") in ("system", "developer")
    )
    return "\n\n".join(text for text in said if text)


def _said(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "\n".join(str(part.get("text") or "") for part in parts if isinstance(part, Mapping))


def _take_tools(entry: Entry, document: Json) -> None:
    tools = [tool for tool in document.get("tools") or () if isinstance(tool, Mapping)]
    entry.take("tools", [kind for kind in HOSTED if any(_kind(tool) == kind for tool in tools)])
    for tool in tools:
        _take_tool(entry, tool)
    resources = _within(document, "tool_resources")
    stores = list(_within(resources, "file_search").get("vector_store_ids") or ())
    stores += [store for tool in tools for store in tool.get("vector_store_ids") or ()]
    entry.take(
        "vector_stores",
        list(dict.fromkeys(stores)),
        "vector_stores (they exist on, and are named by the same ids)",
    )
    if files := _within(resources, "code_interpreter").get("file_ids"):
        entry.lost.append(
            f"{len(files)} files of the code interpreter: containers live for minutes. Drop them into a thread."
        )


def _kind(tool: Json) -> str:
    kind = str(tool.get("type"))
    return "web_search" if kind.startswith("web_search") else kind


def _take_tool(entry: Entry, tool: Json) -> None:
    match _kind(tool):
        case "file_search":
            entry.take("file_search", dict(_search(tool)), "file_search's limits")
        case "function":
            name = str(_within(tool, "function").get("name") or tool.get("name"))
            entry.lost.append(
                f"function {name}: write it in Python and name it in `functions` (docs/functions.md)."
            )
        case "mcp":
            label = str(tool.get("server_label"))
            entry.lost.append(
                f"MCP server {label}: name it in `mcp_servers`, its token by an environment variable."
            )
        case kind if kind not in HOSTED:
            entry.lost.append(f"tool {kind}: it has no successor here.")


def _search(tool: Json) -> Iterator[tuple[str, Any]]:
    options = _within(tool, "file_search") or tool
    ranking = _within(options, "ranking_options")
    if options.get("max_num_results"):
        yield "max_num_results", options["max_num_results"]
    if ranking.get("score_threshold"):
        yield "score_threshold", ranking["score_threshold"]
    if ranking.get("ranker") in ("auto", "default-2024-11-15"):
        yield "ranker", ranking["ranker"]


def _take_format(entry: Entry, form: object) -> None:
    kind = form.get("type") if isinstance(form, Mapping) else form
    if not isinstance(form, Mapping) or kind not in FORMATS:
        return
    if kind == "json_object":
        entry.take("response_format", "json_object")
        return
    described = _within(form, "json_schema") or form
    entry.schema = _within(described, "schema")
    values = {"schema_file": entry.schema_file, "name": str(described.get("name") or "answer")}
    entry.take("response_format", {**values, "strict": bool(described.get("strict"))})


def _say_what_is_lost(entry: Entry, document: Json) -> None:
    if document.get("metadata"):
        entry.lost.append("metadata: nothing reads it here.")
    if document.get("variables"):
        entry.lost.append("variables: write their values into the instructions.")
    entry.lost += [f"{name}: it is not known here." for name in sorted(document.keys() - KNOWN)]
