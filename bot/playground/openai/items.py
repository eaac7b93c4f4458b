"""Input items: what may be put into a conversation or a request, and how it is stored."""

from collections.abc import Collection

from bot.playground.openai.ids import Ids
from bot.playground.openai.schema import (
    Check,
    all_of,
    any_key,
    anything,
    array,
    boolean,
    by_type,
    mapping,
    nullable,
    one_of,
    record,
    string,
    variant,
)
from bot.playground.openai.script import Json

MAX_TEXT = 10_485_760  # characters; reference/openai-platform.md §6, §7
MAX_FILE_DATA = 73_400_320  # characters; reference/openai-platform.md §6
MAX_CALL_ID = 64  # characters; reference/openai-platform.md §7

INCLUDABLE = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)  # openai 3.54, types/responses/response_includable.py

include = array(one_of(*INCLUDABLE))

status = one_of("in_progress", "completed", "incomplete")
phase = nullable(one_of("commentary", "final_answer"))

input_text = record({"type": anything, "text": string(MAX_TEXT)})
input_image = all_of(
    record(
        {"type": anything},
        {
            "detail": nullable(one_of("auto", "low", "high", "original")),
            "file_id": nullable(string(minimum=1)),
            "image_url": nullable(string(minimum=1)),
        },
    ),
    any_key("file_id", "image_url"),
)
input_file = all_of(
    record(
        {"type": anything},
        {
            "detail": one_of("auto", "low", "high"),
            "file_id": nullable(string(minimum=1)),
            "file_url": nullable(string(minimum=1)),
            "file_data": nullable(string(MAX_FILE_DATA)),
            "filename": nullable(string()),
        },
    ),
    any_key("file_id", "file_url", "file_data"),
)
output_text = record(
    {"type": anything, "text": string(MAX_TEXT)},
    {"annotations": array(mapping(anything)), "logprobs": nullable(array(anything))},
)
refusal = record({"type": anything, "refusal": string()})

said_to = array(variant({"input_text": input_text, "input_image": input_image, "input_file": input_file}))
said_by = array(variant({"output_text": output_text, "refusal": refusal}))


def _content(parts: Check) -> Check:
    return by_type({str: string(MAX_TEXT), list: parts}, "a string or an array")


_person = record({"role": anything, "content": _content(said_to)}, {"type": one_of("message"), "status": status})
_model = record(
    {"role": anything, "content": _content(said_by)},
    {"type": one_of("message"), "id": string(), "status": status, "phase": phase},
)
message = variant({"user": _person, "system": _person, "developer": _person, "assistant": _model}, key="role")

call_id = string(MAX_CALL_ID, minimum=1)
function_call = record(
    {"type": anything, "call_id": call_id, "name": string(minimum=1), "arguments": string()},
    {"id": nullable(string()), "status": nullable(status)},
)
function_call_output = record(
    {"type": anything, "call_id": call_id, "output": _content(said_to)},
    {"id": nullable(string()), "status": nullable(status)},
)
reasoning = record(
    {"type": anything, "id": string(), "summary": array(mapping(anything))},
    {"encrypted_content": nullable(string())},  # `status` is refused, as seen live
)
approval_request = record(
    {"type": anything, "id": string(), "name": string(), "arguments": string(), "server_label": string()}
)
approval = record(
    {"type": anything, "approval_request_id": string(), "approve": boolean},
    {"id": nullable(string()), "reason": nullable(string())},
)

item = variant(
    {
        "message": message,
        "function_call": function_call,
        "function_call_output": function_call_output,
        "reasoning": reasoning,
        "mcp_approval_request": approval_request,
        "mcp_approval_response": approval,
    },
    default="message",
)
"""One input item; types that the emulator does not model are refused as unknown values."""

PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "mcp_approval_request": "mcpr",
    "mcp_approval_response": "mcpa",
}
STATELESS = ("reasoning", "mcp_approval_request", "mcp_approval_response")
"""Items without a `status` (openai 3.54, types/responses/response_input_item.py)."""


def stored(items: str | list[Json], ids: Ids) -> list[Json]:
    """Input items in the form in which a conversation keeps them, with ids and typed content."""
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    return [_stored(entry, ids) for entry in items]


def _stored(entry: Json, ids: Ids) -> Json:
    kind = entry.get("type") or "message"
    kept: Json = {**entry, "type": kind, "id": entry.get("id") or ids.new(PREFIXES[kind])}
    if kind not in STATELESS:
        kept["status"] = entry.get("status") or "completed"
    if kind != "message":
        return kept
    kept["content"] = _parts(entry["content"], by_model=entry["role"] == "assistant")
    if entry["role"] == "assistant":
        kept.setdefault("phase", None)
    return kept


def _parts(content: str | list[Json], *, by_model: bool) -> list[Json]:
    if isinstance(content, str):
        content = [{"type": "output_text" if by_model else "input_text", "text": content}]
    if not by_model:
        return content
    empty: Json = {"annotations": [], "logprobs": []}
    return [{**empty, **part} if part["type"] == "output_text" else part for part in content]


HIDDEN = {
    "file_search_call": ("file_search_call.results", "results"),
    "code_interpreter_call": ("code_interpreter_call.outputs", "outputs"),
}


def shown(entry: Json, included: Collection[str]) -> Json:
    """An item as the API shows it: what `include` does not ask for is null (§1.2 "Run steps")."""
    kind = entry["type"]
    if kind in HIDDEN:
        asked, key = HIDDEN[kind]
        return entry if asked in included else {**entry, key: None}
    if kind == "web_search_call" and "web_search_call.action.sources" not in included:
        return {**entry, "action": {**entry["action"], "sources": None}}
    if kind == "reasoning" and "reasoning.encrypted_content" not in included:
        return {**entry, "encrypted_content": None}
    return entry


def view(response: Json, included: Collection[str]) -> Json:
    """A response as it is shown to a caller who asked to include these."""
    return {**response, "output": [shown(entry, included) for entry in response["output"]]}


def listed(entries: list[Json], *, has_more: bool = False) -> Json:
    """A page of items, with the fields its cursor needs."""
    first, last = (entries[0]["id"], entries[-1]["id"]) if entries else (None, None)
    return {"object": "list", "data": entries, "first_id": first, "last_id": last, "has_more": has_more}
