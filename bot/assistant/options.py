"""What an assistant's entry says of its tools and its answers, as OpenAI writes it: pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from bot.assistants import (
    Assistant,
    CodeInterpreter,
    FileSearch,
    ImageGeneration,
    McpServer,
    ResponseFormat,
    WebSearch,
)

Json = dict[str, Any]

MAX_CONTAINER_FILES = 50
"""Files that a container is made with (reference/openai-platform.md §5)."""

IN_JSON = "Answer with one JSON object, and nothing else."
"""Appended where a json_object is asked for: OpenAI refuses that unless JSON is spoken of."""

ASKED_IN_JSON = "(Answer in JSON.)"
"""Likewise under the question: what the instructions say does not count everywhere (guide structured-outputs,
"JSON mode"; servers that look at `input` alone)."""


def ranking(how: FileSearch) -> Json:
    """How files are searched, but for the filter, which belongs to the scope (reference/openai-platform.md §4)."""
    rank = _said(ranker=how.ranker, score_threshold=how.score_threshold)
    return _said(max_num_results=how.max_num_results, ranking_options=rank or None)


def code_interpreter(how: CodeInterpreter, files: Sequence[str]) -> Json:
    """Code in a container without a network, the newest files in it (reference/openai-platform.md §5)."""
    container = {
        "type": "auto",
        "network_policy": {"type": "disabled"},
        **_said(memory_limit=how.memory, file_ids=list(files[-MAX_CONTAINER_FILES:]) or None),
    }
    return {"type": "code_interpreter", "container": container}


def web_search(how: WebSearch) -> Json:
    """The web; without any location it is searched from the United States (reference/openai-platform.md §7)."""
    filters = {"allowed_domains": list(how.domains)} if how.domains else None
    return {
        "type": "web_search",
        "user_location": {"type": "approximate", **how.location.model_dump(exclude_none=True)},
        **_said(search_context_size=how.context_size, filters=filters),
    }


def image_generation(how: ImageGeneration) -> Json:
    """Pictures (reference/openai-platform.md §7)."""
    return {"type": "image_generation", **how.model_dump(exclude_none=True)}


def mcp(servers: Sequence[McpServer], keys: Mapping[str, SecretStr]) -> list[Json]:
    """The remote servers, but for those that want a key we have not got (reference/openai-platform.md §7).

    `keys`: what the environment variables hold that the servers name. They are sent each time, for OpenAI does
    not store them.
    """
    return [_server(server, keys) for server in servers if server.authorization in (None, *keys)]


def _server(server: McpServer, keys: Mapping[str, SecretStr]) -> Json:
    key = keys.get(server.authorization or "")
    approval = server.require_approval
    return {
        "type": "mcp",
        "server_label": server.server_label,
        "server_url": server.server_url,
        "require_approval": approval if isinstance(approval, str) else _approval(approval),
        **_said(
            server_description=server.server_description,
            authorization=key.get_secret_value() if key else None,
            allowed_tools=None if server.allowed_tools is None else list(server.allowed_tools),
        ),
    }


def _approval(named: Mapping[Any, Sequence[str]]) -> Json:
    return {when: {"tool_names": list(names)} for when, names in named.items()}


def text(assistant: Assistant) -> Json | None:
    """How answers are put (reference/openai-platform.md §1.2: flat, not nested as in the Assistants API)."""
    return _said(verbosity=assistant.verbosity, format=_format(assistant.response_format)) or None


def _format(form: ResponseFormat) -> Json | None:
    if form.type == "text":
        return None
    if form.type == "json_object":
        return {"type": "json_object"}
    return {"type": "json_schema", "name": form.name, "schema": dict(form.schema_ or {}), "strict": form.strict}


def _said(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}
