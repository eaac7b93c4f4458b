"""OpenAI's output items as steps: pure, dispatching on the `type` strings."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot import words
from bot.assistant.events import Call, Passage, Step, StepStatus, StepType
from storage.call_records import CallKind

Json = Mapping[str, Any]
Details = Mapping[str, Any]

NO_STEP = frozenset(
    {
        "message",
        # the other half of a call, or bookkeeping
        "function_call_output",
        "custom_tool_call_output",
        "computer_call_output",
        "program_output",
        "tool_search_output",
        "additional_tools",
        "local_shell_call_output",
        "shell_call_output",
        "apply_patch_call_output",
        "mcp_approval_response",
        "configuration_update",
    }
)
"""Item types that are no steps."""

OTHERS = frozenset(
    {
        "computer_call",
        "program",
        "tool_search_call",
        "compaction",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
    }
)
"""Steps of tools that we do not offer: known, told by their type's name alone."""


def is_known(item: Json) -> bool:
    """Whether this version knows the item's type."""
    kind = item.get("type")
    return kind in NO_STEP or kind in OTHERS or kind in STEPS


def step_of(item: Json, key: int | str, pending: StepStatus, *, ended: bool = False) -> Step:
    """The step that an item is. `pending` is its status unless it ended with one of its own."""
    kind = str(item.get("type"))
    step_type, details = STEPS.get(kind, (StepType.OTHER, _unknown))
    status = _status(item, pending) if ended else pending
    return Step(id=str(item.get("id") or key), type=step_type, status=status, **details(item))


def call_of(item: Json) -> Call | None:
    """The call that an item asks for: of a function, or of a remote tool that people have to say yes to first."""
    name, arguments = item.get("name") or "", item.get("arguments") or ""
    match item.get("type"):
        case "function_call":
            return Call(str(item.get("call_id")), name, arguments)
        case "mcp_approval_request":
            return Call(str(item.get("id")), f"{item.get('server_label')}/{name}", arguments, CallKind.MCP)
        case _:
            return None


def answered_by(item: Json) -> str | None:
    """The id of the call that an item answers."""
    if item.get("type") == "mcp_approval_response":
        return str(item.get("approval_request_id"))
    return str(item.get("call_id")) if item.get("type") == "function_call_output" else None


def _status(item: Json, pending: StepStatus) -> StepStatus:
    if item.get("error"):
        return StepStatus.FAILED
    match item.get("status"):
        case "completed":
            return StepStatus.COMPLETED
        case "failed":
            return StepStatus.FAILED
        case "incomplete":
            return StepStatus.INCOMPLETE
        case None:  # reasoning, and mcp_list_tools, have none
            return StepStatus.COMPLETED
        case _:
            return pending


def _unknown(item: Json) -> Details:
    return {"name": str(item.get("type"))}


def _file_search(item: Json) -> Details:
    results = item.get("results") or ()
    return {"queries": tuple(item.get("queries") or ()), "passages": tuple(_passage(one) for one in results)}


def _passage(result: Json) -> Passage:
    return Passage(
        file_id=result.get("file_id") or "",
        filename=result.get("filename") or "",
        score=result.get("score"),
        text=result.get("text") or "",
    )


def _code_interpreter(item: Json) -> Details:
    logs = (output.get("logs") for output in item.get("outputs") or ())
    ran = {"code": item.get("code") or "", "container_id": item.get("container_id") or ""}
    return {**ran, "logs": "\n".join(text for text in logs if text)}


def _web_search(item: Json) -> Details:
    """An action is a search, a page that was opened, or a pattern looked for in a page."""
    action = item.get("action") or {}
    queries = action.get("queries") or [action.get("query") or action.get("pattern")]
    links = [source.get("url") for source in action.get("sources") or ()] or [action.get("url")]
    return {"queries": tuple(one for one in queries if one), "links": tuple(one for one in links if one)}


def _function(item: Json) -> Details:
    return {"name": item.get("name") or "", "arguments": item.get("arguments") or item.get("input") or ""}


def _function_call(item: Json) -> Details:
    """One that we are to answer."""
    return {**_function(item), "call_id": item.get("call_id") or ""}


def _mcp(item: Json) -> Details:
    approved = {"call_id": item.get("approval_request_id") or "", "server": item.get("server_label") or ""}
    return {**_function(item), **approved, "result": item.get("output") or _failure(item.get("error"))}


def _mcp_asks(item: Json) -> Details:
    return {**_function(item), "call_id": item.get("id") or "", "server": item.get("server_label") or ""}


def _mcp_list(item: Json) -> Details:
    told = item.get("error")
    return {"server": item.get("server_label") or "", "result": words.MCP_UNLISTED if told else ""}


def _failure(error: object) -> str:
    """What went wrong with a call (openai 3.54, types/responses/mcp_tool_call_error.py).

    Older servers write the object as text (openai-php/client#654). What a tool itself says is passed on.
    """
    if not error:
        return ""
    known = _parsed(error) if isinstance(error, str) else error
    if not isinstance(known, Mapping):
        return words.MCP_FAILED.format(said=error)
    match known.get("type"):
        case "http_error":
            return words.MCP_HTTP.format(code=known.get("code"))
        case "mcp_tool_execution_error":
            return words.MCP_FAILED.format(said=_said(known.get("content")))
        case _:
            return words.MCP_FAILED.format(said=known.get("message") or "")


def _parsed(error: str) -> object:
    try:
        return json.loads(error)
    except (ValueError, RecursionError):
        return None


def _said(content: object) -> str:
    """The text of what a tool gave back, or that as JSON."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    texts = [str(part["text"]) for part in parts if isinstance(part, Mapping) and part.get("text")]
    return "\n".join(texts) or json.dumps(content, ensure_ascii=False)


def _reasoning(item: Json) -> Details:
    texts = (part.get("text") for part in item.get("summary") or ())
    return {"summary": "\n\n".join(text for text in texts if text)}


def _image(item: Json) -> Details:
    return {"arguments": item.get("revised_prompt") or "", "image": item.get("result") or ""}


STEPS: Mapping[str, tuple[StepType, Callable[[Json], Details]]] = MappingProxyType(
    {
        "file_search_call": (StepType.FILE_SEARCH, _file_search),
        "code_interpreter_call": (StepType.CODE_INTERPRETER, _code_interpreter),
        "web_search_call": (StepType.WEB_SEARCH, _web_search),
        "function_call": (StepType.FUNCTION, _function_call),
        "custom_tool_call": (StepType.FUNCTION, _function),
        "mcp_call": (StepType.MCP, _mcp),
        "mcp_list_tools": (StepType.MCP, _mcp_list),
        "mcp_approval_request": (StepType.MCP, _mcp_asks),
        "reasoning": (StepType.REASONING, _reasoning),
        "image_generation_call": (StepType.IMAGE_GENERATION, _image),
    }
)
"""Item types with details worth showing (reference/openai-platform.md §1.2)."""
