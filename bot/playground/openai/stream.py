"""The stream events that a script makes, in the order and the shapes of the real API. Pure."""

import base64
import copy
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.openai.ids import Ids
from bot.playground.openai.items import shown
from bot.playground.openai.passages import Passage
from bot.playground.openai.script import (
    Call,
    CodeInterpreter,
    Control,
    Ending,
    Error,
    Failed,
    FileSearch,
    FunctionCall,
    ImageGeneration,
    Incomplete,
    Item,
    Json,
    McpCall,
    McpListTools,
    Part,
    Pause,
    Raw,
    Reasoning,
    Refusal,
    Refuse,
    Script,
    Text,
    WebSearch,
    cut,
)
from bot.playground.openai.toolbox import Toolbox

Step = Json | Control | Ending
"""An event without its sequence number, a control to obey, or how the response ends."""

OBFUSCATION = "x" * 8  # the real padding is random; only that it is there can be tested


@dataclass(slots=True)
class Telling:
    """Tells one script as events, and collects its items in the response's `output`."""

    response: Json
    script: Script
    ids: Ids
    toolbox: Toolbox
    include: Collection[str] = ()
    summaries: bool = False

    def steps(self) -> Iterator[Step]:
        """Every step of the script, between `response.created` and the end, which is not among them."""
        yield self._itself("created")
        if self.response["status"] == "queued":
            yield self._itself("queued")
            if self.script.queued is not None:
                yield self.script.queued
            self.response["status"] = "in_progress"
        yield self._itself("in_progress")
        for part in self.script.parts:
            if not self.toolbox.asking or isinstance(part, McpCall | FunctionCall):
                yield from self._part(part)

    def _itself(self, state: str) -> Json:
        return {"type": f"response.{state}", "response": copy.deepcopy(self.response)}

    def _part(self, part: Part) -> Iterator[Step]:
        match part:
            case Text():
                yield from self._text(part)
            case Refusal():
                yield from self._refusal(part)
            case Reasoning():
                yield from self._reasoning(part)
            case Raw():
                yield from self._raw(part)
            case Item():
                yield from self._item(part)
            case Refuse():
                return
            case _ if isinstance(part, Call):
                yield from self._call(part)
            case _:
                yield part

    def _call(self, part: Call) -> Iterator[Step]:
        match part:
            case FileSearch():
                return self._file_search(part)
            case CodeInterpreter():
                return self._code_interpreter(part)
            case ImageGeneration():
                return self._image_generation(part)
            case WebSearch():
                return self._web_search(part)
            case FunctionCall():
                return self._function_call(part)
            case McpListTools():
                return self._mcp_list_tools(part)
            case McpCall():
                return self._mcp_call(part)

    # Items: announced as they begin, told in events of their own, and given whole at their end.

    def _added(self, item: Json) -> Json:
        return {"type": "response.output_item.added", "output_index": self._index, "item": self._shown(item)}

    def _done(self, item: Json) -> Json:
        index = self._index
        self.response["output"].append(item)
        return {"type": "response.output_item.done", "output_index": index, "item": self._shown(item)}

    def _shown(self, item: Json) -> Json:
        return copy.deepcopy(shown(item, self.include))

    @property
    def _index(self) -> int:
        return len(self.response["output"])

    def _of(self, item: Json, kind: str, **fields: Any) -> Json:
        return {"type": f"response.{kind}", "item_id": item["id"], "output_index": self._index, **fields}

    # Messages

    def _message(self, phase: str | None) -> Json:
        opened: Json = {"status": "in_progress", "role": "assistant", "content": [], "phase": phase}
        return {"id": self.ids.new("msg"), "type": "message", **opened}

    def _text(self, part: Text) -> Iterator[Step]:
        item = self._message(part.phase)
        at = {"content_index": 0}
        written: Json = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield self._added(item)
        yield self._of(item, "content_part.added", part=copy.deepcopy(written), **at)
        for piece in part.pieces():
            if isinstance(piece, str):
                written["text"] += piece
                yield self._of(item, "output_text.delta", delta=piece, logprobs=[], **at)
            else:
                yield piece
        for number, citation in enumerate(self.toolbox.resolved(part.annotations)):
            written["annotations"].append(citation.annotation(written["text"]))
            event = self._of(item, "output_text.annotation.added", annotation_index=number, **at)
            yield {**event, "annotation": copy.deepcopy(written["annotations"][-1])}
        yield self._of(item, "output_text.done", text=written["text"], logprobs=[], **at)
        yield self._of(item, "content_part.done", part=copy.deepcopy(written), **at)
        yield self._done({**item, "status": self._status_of(part), "content": [written]})

    def _status_of(self, part: Text) -> str:
        """A message that the response breaks off after is incomplete itself."""
        parts = self.script.parts
        after = parts[next(i for i, one in enumerate(parts) if one is part) + 1 :]
        return "incomplete" if after and isinstance(after[0], Incomplete) else "completed"

    def _refusal(self, part: Refusal) -> Iterator[Step]:
        item = self._message(None)
        at = {"content_index": 0}
        yield self._added(item)
        empty = {"type": "refusal", "refusal": ""}
        yield self._of(item, "content_part.added", part=empty, **at)
        for piece in cut(part.text, None):
            yield self._of(item, "refusal.delta", delta=piece, **at)
        whole = {"type": "refusal", "refusal": part.text}
        yield self._of(item, "refusal.done", refusal=part.text, **at)
        yield self._of(item, "content_part.done", part=whole, **at)
        yield self._done({**item, "status": "completed", "content": [whole]})

    def _reasoning(self, part: Reasoning) -> Iterator[Step]:
        item: Json = {"id": self.ids.new("rs"), "type": "reasoning", "summary": []}
        item["encrypted_content"] = f"sealed-{item['id']}"
        yield self._added(item)
        if self.summaries and part.summary:
            at = {"summary_index": 0}
            whole = {"type": "summary_text", "text": part.summary}
            yield self._of(item, "reasoning_summary_part.added", part={**whole, "text": ""}, **at)
            for piece in cut(part.summary, None):
                yield self._of(item, "reasoning_summary_text.delta", delta=piece, **at)
            yield self._of(item, "reasoning_summary_text.done", text=part.summary, **at)
            yield self._of(item, "reasoning_summary_part.done", part=whole, **at)
            item = {**item, "summary": [whole]}
        yield self._done(item)

    # Tools

    def _file_search(self, part: FileSearch) -> Iterator[Step]:
        begun: Json = {"status": "in_progress", "queries": [], "results": None}
        item: Json = {"id": self.ids.new("fs"), "type": "file_search_call", **begun}
        yield self._added(item)
        yield self._of(item, "file_search_call.in_progress")
        yield self._of(item, "file_search_call.searching")
        yield Pause(part.seconds)
        yield self._of(item, "file_search_call.completed")
        given = part.results
        self.toolbox.found = (
            self.toolbox.search(part.queries) if given is None else [Passage(*one, {}) for one in given]
        )
        results = [passage.result() for passage in self.toolbox.found]
        yield self._done({**item, "status": "completed", "queries": list(part.queries), "results": results})

    def _image_generation(self, part: ImageGeneration) -> Iterator[Step]:
        item: Json = {"id": self.ids.new("ig"), "type": "image_generation_call", "status": "in_progress"}
        yield self._added({**item, "result": None})
        yield self._of(item, "image_generation_call.in_progress")
        yield self._of(item, "image_generation_call.generating")
        yield Pause(part.seconds)
        yield self._of(item, "image_generation_call.completed")
        about = {"revised_prompt": part.revised_prompt, "output_format": part.output_format, "size": part.size}
        made = {"status": "completed", "result": base64.b64encode(part.image).decode(), **about}
        yield self._done({**item, **made, "action": "generate", "background": "opaque", "quality": "high"})

    def _web_search(self, part: WebSearch) -> Iterator[Step]:
        sources = [{"type": "url", "url": url} for url in part.sources]
        action = {"type": "search", "query": part.query, "queries": [part.query], "sources": sources}
        item: Json = {"id": self.ids.new("ws"), "type": "web_search_call", "status": "in_progress"}
        yield self._added({**item, "action": {**action, "sources": []}})
        for state in ("in_progress", "searching", "completed"):
            yield self._of(item, f"web_search_call.{state}")
        yield self._done({**item, "status": "completed", "action": action})

    def _code_interpreter(self, part: CodeInterpreter) -> Iterator[Step]:
        container = self.toolbox.container(part.container_id)
        begun: Json = {"status": "in_progress", "code": "", "container_id": container.id, "outputs": []}
        item: Json = {"id": self.ids.new("ci"), "type": "code_interpreter_call", **begun}
        yield self._added(item)
        yield self._of(item, "code_interpreter_call.in_progress")
        for piece in cut(part.code, None):
            yield self._of(item, "code_interpreter_call_code.delta", delta=piece)
        yield self._of(item, "code_interpreter_call_code.done", code=part.code)
        yield self._of(item, "code_interpreter_call.interpreting")
        yield Pause(part.seconds)
        self.toolbox.write(container, part.files)
        yield self._of(item, "code_interpreter_call.completed")
        outputs: list[Json] = [{"type": "logs", "logs": part.logs}] if part.logs else []
        outputs += [{"type": "image", "url": url} for url in part.image_urls]
        yield self._done({**item, "status": "completed", "code": part.code, "outputs": outputs})

    def _function_call(self, part: FunctionCall) -> Iterator[Step]:
        called = {"call_id": part.call_id or self.ids.new("call"), "name": part.name}
        begun = {"status": "in_progress", "arguments": "", **called}
        item: Json = {"id": self.ids.new("fc"), "type": "function_call", **begun}
        arguments = as_json(part.arguments)
        yield self._added(item)
        for piece in cut(arguments, 8):
            yield self._of(item, "function_call_arguments.delta", delta=piece)
        yield self._of(item, "function_call_arguments.done", arguments=arguments)
        yield self._done({**item, "status": "completed", "arguments": arguments})

    def _mcp_list_tools(self, part: McpListTools) -> Iterator[Step]:
        item: Json = {"id": self.ids.new("mcpl"), "type": "mcp_list_tools", "server_label": part.server_label}
        schema = {"type": "object", "properties": {}}
        tools = [{"name": name, "description": told, "input_schema": schema} for name, told in part.tools]
        yield self._added({**item, "tools": []})
        for state in ("in_progress", "failed" if part.error else "completed"):
            yield self._of(item, f"mcp_list_tools.{state}")
        yield self._done({**item, "tools": tools, **({"error": part.error} if part.error else {})})

    def _mcp_call(self, part: McpCall) -> Iterator[Step]:
        request, asks = self.toolbox.permission(part, as_json(part.arguments))
        return self._mcp_asked(part) if asks else self._mcp_called(part, request)

    def _mcp_asked(self, part: McpCall) -> Iterator[Step]:
        called = {"server_label": part.server_label, "name": part.name, "arguments": as_json(part.arguments)}
        item: Json = {"id": self.ids.new("mcpr"), "type": "mcp_approval_request", **called}
        yield self._added(item)
        yield self._done(item)

    def _mcp_called(self, part: McpCall, request: str | None) -> Iterator[Step]:
        called = {"server_label": part.server_label, "name": part.name, "approval_request_id": request}
        outcome = {"arguments": "", "output": None, "error": None, "status": "in_progress"}
        item: Json = {"id": self.ids.new("mcp"), "type": "mcp_call", **called, **outcome}
        arguments = as_json(part.arguments)
        yield self._added(item)
        yield self._of(item, "mcp_call.in_progress")
        for piece in cut(arguments, 8):
            yield self._of(item, "mcp_call_arguments.delta", delta=piece)
        yield self._of(item, "mcp_call_arguments.done", arguments=arguments)
        error = self.toolbox.refusal_of(part.server_label) or part.error
        ended = "failed" if error else "completed"
        yield self._of(item, f"mcp_call.{ended}")
        result = {"status": ended, "output": None if error else part.output, "error": error}
        result["arguments"] = arguments
        yield self._done({**item, **result})

    # Anything else

    def _item(self, part: Item) -> Iterator[Step]:
        item = {"id": self.ids.new("item"), **part.item}
        yield self._added(item)
        yield self._done(item)

    def _raw(self, part: Raw) -> Iterator[Step]:
        yield copy.deepcopy(part.event)
        if part.event.get("type") == "response.output_item.done":
            self.response["output"].append(copy.deepcopy(part.event["item"]))


def as_json(arguments: str | Mapping[str, Any]) -> str:
    """Arguments as the JSON text in which they travel."""
    return arguments if isinstance(arguments, str) else json.dumps(dict(arguments))


def error_event(error: Error) -> Json:
    """The `error` event: flat as documented, or nested as also seen (reference/openai-platform.md §9)."""
    told = {"code": error.code, "message": error.message, "param": error.param}
    if error.nested:
        return {"type": "error", "error": {"type": "server_error", **told}}
    return {"type": "error", **told}


def outcome_of(ending: Ending) -> Json:
    """What an ending changes in the response object."""
    match ending:
        case Incomplete():
            return {"status": "incomplete", "incomplete_details": {"reason": ending.reason}}
        case Failed() | Error():
            code = ending.code or "server_error"
            return {"status": "failed", "error": {"code": code, "message": ending.message}}


def numbered(event: Json, number: int, *, obfuscate: bool) -> Json:
    """The event with its sequence number, and deltas padded unless the request declined it (§3)."""
    padding = {"obfuscation": OBFUSCATION} if obfuscate and event["type"].endswith(".delta") else {}
    return {**event, "sequence_number": event.get("sequence_number", number), **padding}


def padded(event: Json, *, obfuscate: bool) -> Json:
    """An event that is told again, with padding or without it (openai 3.54, response_retrieve_params.py)."""
    plain = {key: value for key, value in event.items() if key != "obfuscation"}
    return {**plain, "obfuscation": OBFUSCATION} if obfuscate and event["type"].endswith(".delta") else plain


def encoded(event: Json) -> bytes:
    """The event as server-sent bytes, with `event:` and `data:` lines."""
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
