"""OpenAI's output items as steps: pure, dispatching on the `type` strings."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.assistant.events import Passage, Step, StepStatus, StepType

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
        "mcp_approval_request",
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
    return {**_function(item), "result": item.get("output") or _words(item.get("error"))}


def _mcp_list(item: Json) -> Details:
    return {"name": item.get("server_label") or "", "result": _words(item.get("error"))}


def _words(error: object) -> str:
    """Text, or an object (openai 3.54, types/responses/mcp_tool_call_error.py)."""
    if isinstance(error, Mapping):
        return str(error.get("message") or error.get("type") or "")
    return str(error or "")


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
        "reasoning": (StepType.REASONING, _reasoning),
        "image_generation_call": (StepType.IMAGE_GENERATION, _image),
    }
)
"""Item types with details worth showing (reference/openai-platform.md §1.2)."""
