"""Responses: created, looked up, cancelled, deleted."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.playground.openai.approvals import allowed, approved, check_approvals, unrepeated
from bot.playground.openai.catalogue import Model
from bot.playground.openai.context import check_whole, count, fit, refuse_duplicates
from bot.playground.openai.conversations import Conversation, Conversations
from bot.playground.openai.errors import ApiError, invalid, not_found
from bot.playground.openai.ids import Ids
from bot.playground.openai.items import stored
from bot.playground.openai.run import Run
from bot.playground.openai.script import (
    Call,
    CodeInterpreter,
    FileSearch,
    FunctionCall,
    ImageGeneration,
    Json,
    McpCall,
    Script,
    Turn,
    WebSearch,
)
from bot.playground.openai.stream import Telling
from bot.playground.openai.toolbox import Holdings, Toolbox
from bot.playground.openai.validation import check_input_tokens, check_response, known_model


@dataclass(slots=True)
class Responses:
    """Every response there is, and what it takes to make one."""

    clock: Clock
    ids: Ids
    models: dict[str, Model]
    conversations: Conversations
    answer: Callable[[Turn], Script]
    changed: Callable[[], None]
    holdings: Holdings
    questions_beside: bool = False  # see `EmulatedOpenAI.let_questions_stand_beside`
    runs: dict[str, Run] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def create(self, body: Json) -> Run:
        """`POST /responses`: the run that was started, or the ApiError that refuses it."""
        model = check_response(body, self.models)
        conversation = self._conversation(body)
        if conversation is not None:
            conversation.must_be_free()
        given = stored(body.get("input") or [], self.ids)
        context = self._context(body, conversation, given, model)
        toolbox = Toolbox(body.get("tools") or [], context, self.holdings, approved(context, given))
        toolbox.check()
        senses = (toolbox.search, toolbox.documents, toolbox.openings, toolbox.container_files)
        turn = Turn(body, context, body.get("instructions"), *senses)
        script = self._script(turn, toolbox.approved)
        response = new_response(self.ids.new("resp"), int(self.clock.time()), body, conversation)
        run = Run(response, turn, given, conversation, self.clock, self.changed)
        self.runs[response["id"]] = run
        run.start(script, self._telling(response, script, body, toolbox).steps())
        return run

    def _context(
        self, body: Json, conversation: Conversation | None, given: list[Json], model: Model
    ) -> list[Json]:
        before = list(conversation.items) if conversation else self._previous(body)
        beside = self.questions_beside and conversation is not None
        check_approvals(before, given, body.get("tools") or [], beside=beside)
        if beside:
            given[:] = unrepeated(before, given)
        refuse_duplicates(before, given)
        check_whole(before, given)
        return fit(before + given, body.get("instructions"), model, body.get("truncation") or "disabled")

    def _script(self, turn: Turn, permitted: list[Json]) -> Script:
        script = self.answer(turn)
        refusal = script.refusal()
        if refusal is not None:
            raise refusal.error()
        for call in script.calls():
            if not offered(call, turn.body.get("tools") or []):
                raise ApiError(500, f"The script makes a call that the request does not offer: {call}")
        made = {(call.server_label, call.name) for call in script.calls() if isinstance(call, McpCall)}
        for request in permitted:
            if (request["server_label"], request["name"]) not in made:
                raise ApiError(500, f"The script does not make a call that was approved: {request}")
        return script

    def _telling(self, response: Json, script: Script, body: Json, toolbox: Toolbox) -> Telling:
        summaries = (body.get("reasoning") or {}).get("summary") is not None
        return Telling(response, script, self.ids, toolbox, frozenset(body.get("include") or ()), summaries)

    def _conversation(self, body: Json) -> Conversation | None:
        named = body.get("conversation")
        if named is None:
            return None
        return self.conversations.find(named if isinstance(named, str) else named["id"], "conversation")

    def _previous(self, body: Json) -> list[Json]:
        """The items of the response before; its instructions are not among them (reference §2)."""
        previous = body.get("previous_response_id")
        if previous is None:
            return []
        run = self.runs.get(previous)
        if run is None or previous in self.deleted or not run.response["store"]:
            message = f"Previous response with id '{previous}' not found."
            raise invalid(message, "previous_response_id", "previous_response_not_found")
        return [*run.turn.context, *run.response["output"]]

    def find(self, identifier: str) -> Run:
        """The response of that id; 404 when there is none, no longer, or when it was not to be stored."""
        run = self.runs.get(identifier)
        if run is None or identifier in self.deleted or not run.response["store"]:
            raise not_found("Response", identifier)
        return run

    def replay(self, identifier: str) -> Run:
        """The response whose stream is to be told again, which only that of a background response can (§3).

        400, in words that openai-ruby#214 and openai-python#2828 recorded; those about `stream` are UNVERIFIED.
        """
        run = self.find(identifier)
        refusal = "This response cannot be streamed because it was not created with"
        if not run.background:
            raise invalid(f"{refusal} background=true.", "stream", "invalid_request_error")
        if not run.turn.body.get("stream"):
            raise invalid(f"{refusal} stream=true.", "stream", "invalid_request_error")
        if self.clock.time() - run.response["created_at"] > STREAM_SECONDS:
            minutes = STREAM_SECONDS // 60
            raise invalid(
                f"This response can no longer be streamed because it is more than {minutes} minutes old.", None
            )
        return run

    def cancel(self, identifier: str) -> Json:
        """`POST /responses/{id}/cancel`: only for background responses (reference/openai-platform.md §3).

        A second time it changes nothing (guide background). One that has ended is refused, as
        BerriAI/litellm#39617 recorded. That the output goes is UNVERIFIED.
        """
        run = self.find(identifier)
        if not run.background:
            raise invalid("Cannot cancel a synchronous response.", None)
        if run.response["status"] not in ("queued", "in_progress", "cancelled"):
            raise invalid(f"Cannot cancel a {run.response['status']} response.", None)
        if not run.finished.is_set():
            run.cancel()
            run.response["output"] = []
        return run.response

    def delete(self, identifier: str) -> Json:
        """`DELETE /responses/{id}`; that the conversation keeps its items is UNVERIFIED (reference §2)."""
        self.find(identifier)
        self.deleted.add(identifier)
        return {"id": identifier, "object": "response", "deleted": True}

    def input_tokens(self, body: Json) -> Json:
        """`POST /responses/input_tokens`: what a request would have the model read."""
        check_input_tokens(body)
        if body.get("model") is not None:
            known_model(body["model"], self.models)
        conversation = self._conversation(body)
        before = conversation.items if conversation else self._previous(body)
        items = [*before, *stored(body.get("input") or [], Ids())]
        return {"object": "response.input_tokens", "input_tokens": count(items, body.get("instructions"))}


def offered(call: Call, tools: list[Json]) -> bool:
    """Whether the request lets the model make this call."""
    match call:
        case FunctionCall():
            return any(tool["type"] == "function" and tool["name"] == call.name for tool in tools)
        case FileSearch():
            wanted = "file_search"
        case CodeInterpreter():
            wanted = "code_interpreter"
        case ImageGeneration():
            wanted = "image_generation"
        case WebSearch():
            wanted = "web_search"
        case McpCall():
            return any(allowed(call, tool) for tool in tools)
        case _:
            return any(tool.get("server_label") == call.server_label for tool in tools)
    return any(tool["type"].startswith(wanted) for tool in tools)


STREAM_SECONDS = 300  # that a background response can be streamed anew, from its creation; openai-python#2828

COPIED: Json = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
    "metadata": {},
}
"""Request fields that the response repeats, and what it says when they were left out."""


def new_response(identifier: str, now: int, body: Json, conversation: Conversation | None) -> Json:
    """The response object as it is at `response.created` (openai 3.54, types/responses/response.py)."""
    repeated = {key: default if body.get(key) is None else body[key] for key, default in COPIED.items()}
    return {
        "id": identifier,
        "object": "response",
        "created_at": now,
        "completed_at": None,
        "status": "queued" if body.get("background") else "in_progress",
        "background": bool(body.get("background")),
        "conversation": {"id": conversation.id} if conversation else None,
        "error": None,
        "incomplete_details": None,
        "model": body["model"],
        "output": [],
        "reasoning": {"effort": None, "summary": None} | (body.get("reasoning") or {}),
        "text": {"format": {"type": "text"}, "verbosity": "medium"} | (body.get("text") or {}),
        "usage": None,
        **repeated,
    }
