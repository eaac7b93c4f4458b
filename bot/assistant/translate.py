"""OpenAI's stream events, responses and items in our words: pure, dispatching on the `type` strings.

One path tells all three: an item that ended is told by `_finish`, whether the stream, a retrieved
response or the conversation brought it; and a response tells what its stream left out. So a stream and
its response cannot tell different stories. Types are compared as strings because the SDK builds unknown
variants as the wrong class (reference/openai-platform.md, trap 6).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from bot.assistant.events import (
    ActionRequired,
    Call,
    Cited,
    Commentary,
    Event,
    Finished,
    FinishStatus,
    RefusalDelta,
    SourceKind,
    Started,
    Step,
    StepFinished,
    StepStarted,
    StepStatus,
    TextBreak,
    TextDelta,
)
from bot.assistant.steps import NO_STEP, answered_by, call_of, is_known, step_of
from storage.records import Usage

Json = Mapping[str, Any]
Key = int | str
"""An item's id, or its index in the output where a server gives no id."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What was told so far."""

    response_id: str | None = None
    phases: Mapping[Key, str] = field(default_factory=dict)  # by message item
    told: Mapping[tuple[Key, int], int] = field(default_factory=dict)  # (item, part) -> characters told
    speaking: Key | None = None  # the message item whose text was told last
    cited: frozenset[Cited] = frozenset()
    running: Mapping[Key, Step] = field(default_factory=dict)  # steps begun and not ended
    done: frozenset[Key] = frozenset()  # items told to their end, by id and by index
    calls: tuple[Call, ...] = ()
    answered: frozenset[str] = frozenset()  # calls whose output is in the response already
    item_ids: tuple[str, ...] = ()
    passing: frozenset[str] = frozenset()  # reasoning: that the memory keeps it at its end is not sure
    unknown: frozenset[str] = frozenset()  # types that this version does not know: for the log
    over: bool = False  # the terminal event was told


Told = tuple[Translation, tuple[Event, ...]]
Arm = Callable[[Translation, Json], Told]


def translate(state: Translation, event: Json) -> Told:
    """One more event of a stream."""
    kind = str(event.get("type"))
    arm = ARMS.get(kind)
    if arm is not None:
        return arm(state, event)
    if kind in QUIET:
        return state, ()
    return replace(state, unknown=state.unknown | {f"event {kind}"}), ()


def tell(response: Json) -> tuple[Event, ...]:
    """A response that has ended, as its stream would have told it."""
    status = response.get("status") or "completed"
    state, started = _started(Translation(), {"response": response})
    _, events = _end(state, {"type": f"response.{status}", "response": response})
    return started + events


def tell_items(items: Iterable[Json]) -> tuple[Event, ...]:
    """The items after a question, oldest first: as `tell`, without `Started`; usage is not known."""
    state = Translation()
    events: tuple[Event, ...] = ()
    kept = [item for item in items if item.get("role") in (None, "assistant")]
    for index, item in enumerate(kept):
        state, more = _finish(state, index, item)
        events += more
    cut = any(item.get("status") == "incomplete" for item in kept if item.get("type") == "message")
    status = FinishStatus.INCOMPLETE if cut else FinishStatus.COMPLETED
    state, last = _finished(state, status, "", {})
    return events + last


def _key(event: Json) -> Key:
    """Which item an event is about."""
    identifier = (event.get("item") or {}).get("id") or event.get("item_id")
    key: Key = identifier if identifier is not None else event.get("output_index") or 0
    return key


def _started(state: Translation, event: Json) -> Told:
    response = event.get("response") or {}
    identifier = response.get("id")
    if state.response_id is not None or not identifier:
        return state, ()
    started = Started(identifier, response.get("created_at"), response.get("background"))
    return replace(state, response_id=identifier), (started,)


def _added(state: Translation, event: Json) -> Told:
    item, key = event.get("item") or {}, _key(event)
    if item.get("type") == "message":
        return replace(state, phases={**state.phases, key: item.get("phase") or ""}), ()
    return _begin(state, key, item)


def _begin(state: Translation, key: Key, item: Json) -> Told:
    """Announce a step, unless it is none or was announced."""
    state = _noted(state, item)
    if item.get("type") in NO_STEP or key in state.running or key in state.done:
        return state, ()
    step = step_of(item, key, StepStatus.IN_PROGRESS)
    return replace(state, running={**state.running, key: step}), (StepStarted(step),)


def _noted(state: Translation, item: Json) -> Translation:
    """Remember an item type that this version does not know."""
    if is_known(item):
        return state
    return replace(state, unknown=state.unknown | {f"item {item.get('type')}"})


def _text_delta(state: Translation, event: Json) -> Told:
    return _say(state, event, event.get("delta"), TextDelta)


def _text_done(state: Translation, event: Json) -> Told:
    return _say(state, event, _rest(state, event, event.get("text")), TextDelta)


def _refusal_delta(state: Translation, event: Json) -> Told:
    return _say(state, event, event.get("delta"), RefusalDelta)


def _refusal_done(state: Translation, event: Json) -> Told:
    return _say(state, event, _rest(state, event, event.get("refusal")), RefusalDelta)


def _rest(state: Translation, event: Json, whole: str | None) -> str:
    """What of a part's text was not told yet."""
    return (whole or "")[state.told.get((_key(event), event.get("content_index") or 0), 0) :]


def _say(state: Translation, event: Json, text: str | None, kind: type[TextDelta] | type[RefusalDelta]) -> Told:
    key = _key(event)
    if not text or state.phases.get(key) == "commentary":
        return state, ()
    part = (key, event.get("content_index") or 0)
    told = {**state.told, part: state.told.get(part, 0) + len(text)}
    apart = (TextBreak(),) if state.speaking not in (None, key) else ()
    return replace(state, told=told, speaking=key), (*apart, kind(text))


def _annotation(state: Translation, event: Json) -> Told:
    return _cite(state, event.get("annotation") or {})


def _cite(state: Translation, annotation: Json) -> Told:
    """Each source once, however often it is cited."""
    cited = _citation(annotation)
    if cited is None or cited in state.cited:
        return state, ()
    return replace(state, cited=state.cited | {cited}), (cited,)


def _citation(annotation: Json) -> Cited | None:
    title, file_id = annotation.get("filename") or "", annotation.get("file_id") or ""
    match annotation.get("type"):
        case "file_citation":
            return Cited(SourceKind.FILE, title, file_id=file_id)
        case "container_file_citation":
            container = annotation.get("container_id") or ""
            return Cited(SourceKind.CONTAINER_FILE, title, file_id=file_id, container_id=container)
        case "url_citation":
            url = annotation.get("url") or ""
            return Cited(SourceKind.WEB, annotation.get("title") or url, url=url)
        case _:  # `file_path`, which nothing writes any more, and what is yet to come
            return None


def _done(state: Translation, event: Json) -> Told:
    key = _key(event)
    if key in state.done:
        return state, ()
    state, events = _finish(state, key, event.get("item") or {})
    index = event.get("output_index")
    return (state if index is None else replace(state, done=state.done | {index})), events


def _finish(state: Translation, index: Key, item: Json, pending: StepStatus = StepStatus.COMPLETED) -> Told:
    """Everything of an item that was not told yet. `pending`: what an item without an end status counts as."""
    key = item.get("id") or index
    ids = (*state.item_ids, item["id"]) if item.get("id") else state.item_ids
    if item.get("type") == "message":
        state, events = _finish_message(state, key, item)
    elif item.get("type") in NO_STEP:
        state, events = _answer(state, item), ()
    else:
        state, events = _finish_step(state, key, item, pending)
    return replace(state, done=state.done | {key}, item_ids=ids), events


def _finish_message(state: Translation, key: Key, item: Json) -> Told:
    parts = [part for part in item.get("content") or () if isinstance(part, Mapping)]
    phase = item.get("phase") or state.phases.get(key)
    said: tuple[Event, ...] = ()
    if phase == "commentary" and not any(told == key for told, _ in state.told):
        text = "".join(part.get("text") or "" for part in parts)
        said = (Commentary(text),) if text else ()
        parts = [{"annotations": part.get("annotations")} for part in parts]
    events: tuple[Event, ...] = ()
    for index, part in enumerate(parts):
        state, more = _finish_part(state, {"item_id": key, "content_index": index}, part)
        events += more
    return state, events + said


def _finish_part(state: Translation, place: Json, part: Json) -> Told:
    kind, whole = (RefusalDelta, part["refusal"]) if part.get("refusal") else (TextDelta, part.get("text"))
    state, events = _say(state, place, _rest(state, place, whole), kind)
    for annotation in part.get("annotations") or ():
        state, more = _cite(state, annotation)
        events += more
    return state, events


def _answer(state: Translation, item: Json) -> Translation:
    call_id = answered_by(item)
    return state if call_id is None else replace(state, answered=state.answered | {call_id})


def _finish_step(state: Translation, key: Key, item: Json, pending: StepStatus) -> Told:
    state, begun = _begin(state, key, item)
    running = {other: step for other, step in state.running.items() if other != key}
    wanted = call_of(item)
    calls = (*state.calls, wanted) if wanted else state.calls
    passing = state.passing | {str(key)} if item.get("type") == "reasoning" else state.passing
    step = step_of(item, key, pending, ended=True)
    return replace(state, running=running, calls=calls, passing=passing), (*begun, StepFinished(step))


def _end(state: Translation, event: Json) -> Told:
    """A terminal event that carries the response: first what the stream left out of it."""
    response = event.get("response") or {}
    status = ENDS.get(str(event.get("type")), FinishStatus.FAILED)
    state, events = _started(state, event)
    state, missed = _catch_up(state, response.get("output") or (), status)
    code = (response.get("error") or {}).get("code") or (response.get("incomplete_details") or {}).get("reason")
    state, last = _finished(state, status, code or "", response)
    return state, events + missed + last


def _catch_up(state: Translation, output: Iterable[Json], status: FinishStatus) -> Told:
    """Items whose end the stream did not tell.

    Some servers name items differently in the response than in the stream: text that was told under
    another name is not told again.
    """
    spoken = state.speaking is not None
    events: tuple[Event, ...] = ()
    pending = StepStatus.COMPLETED if status is FinishStatus.COMPLETED else StepStatus.INCOMPLETE
    begun = {*state.phases, *state.running, *(key for key, _ in state.told)}
    for index, item in enumerate(output):
        key = item.get("id") or index
        if key in state.done or index in state.done:
            continue
        if spoken and item.get("type") == "message" and key not in begun:
            continue
        state, more = _finish(state, index, item, pending)
        events += more
    return state, events


def _finished(state: Translation, status: FinishStatus, code: str, response: Json) -> Told:
    """The end: steps left open are closed, unanswered calls are asked for."""
    closed = StepStatus.COMPLETED if status is FinishStatus.COMPLETED else StepStatus.INCOMPLETE
    events: tuple[Event, ...] = tuple(
        StepFinished(replace(step, status=closed)) for step in state.running.values()
    )
    calls = tuple(call for call in state.calls if call.call_id not in state.answered)
    if calls and status is FinishStatus.COMPLETED:
        events += (ActionRequired(calls),)
    ids = tuple(item["id"] for item in response.get("output") or () if item.get("id")) or state.item_ids
    lasting = [item for item in ids if item not in state.passing]
    tail = lasting[-1] if lasting and status is not FinishStatus.FAILED else None
    usage = _usage(response.get("usage") or {})
    over = replace(state, running={}, over=True)
    return over, (*events, Finished(status, code, usage, ids, tail))


def _usage(usage: Json) -> Usage:
    read, written = usage.get("input_tokens_details") or {}, usage.get("output_tokens_details") or {}
    return Usage(
        input_tokens=usage.get("input_tokens") or 0,
        cached_tokens=read.get("cached_tokens") or 0,
        output_tokens=usage.get("output_tokens") or 0,
        reasoning_tokens=written.get("reasoning_tokens") or 0,
    )


def _error(state: Translation, event: Json) -> Told:
    """The `error` event, flat; or nested, which the SDK raises before we see it (trap 3)."""
    nested = event.get("error")
    code = event.get("code") or (nested.get("code") if isinstance(nested, Mapping) else None)
    return _finished(state, FinishStatus.FAILED, code or "", {})


ENDS: Mapping[str, FinishStatus] = MappingProxyType(
    {
        "response.completed": FinishStatus.COMPLETED,
        "response.incomplete": FinishStatus.INCOMPLETE,
        "response.failed": FinishStatus.FAILED,
    }
)

ARMS: Mapping[str, Arm] = MappingProxyType(
    {
        "response.created": _started,
        "response.queued": _started,
        "response.in_progress": _started,
        "response.output_item.added": _added,
        "response.output_item.done": _done,
        "response.output_text.delta": _text_delta,
        "response.output_text.done": _text_done,
        "response.output_text.annotation.added": _annotation,
        "response.refusal.delta": _refusal_delta,
        "response.refusal.done": _refusal_done,
        **dict.fromkeys(ENDS, _end),
        "error": _error,
    }
)
"""The events that tell something (reference/openai-platform.md §3)."""

QUIET = frozenset(
    {
        # told whole by `response.output_item.done`
        "response.content_part.added",
        "response.content_part.done",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_part.done",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_text.delta",
        "response.reasoning_text.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.custom_tool_call_input.delta",
        "response.custom_tool_call_input.done",
        "response.file_search_call.in_progress",
        "response.file_search_call.searching",
        "response.file_search_call.completed",
        "response.code_interpreter_call.in_progress",
        "response.code_interpreter_call.interpreting",
        "response.code_interpreter_call.completed",
        "response.code_interpreter_call_code.delta",
        "response.code_interpreter_call_code.done",
        "response.web_search_call.in_progress",
        "response.web_search_call.searching",
        "response.web_search_call.completed",
        "response.image_generation_call.in_progress",
        "response.image_generation_call.generating",
        "response.image_generation_call.partial_image",
        "response.image_generation_call.completed",
        "response.mcp_list_tools.in_progress",
        "response.mcp_list_tools.completed",
        "response.mcp_list_tools.failed",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        "response.mcp_call.failed",
        "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done",
        "response.shell_call_command.added",
        "response.shell_call_command.delta",
        "response.shell_call_command.done",
        "response.shell_call_output_content.delta",
        "response.shell_call_output_content.done",
        "response.compaction.compacting",
        # we ask for no audio
        "response.audio.delta",
        "response.audio.done",
        "response.audio.transcript.delta",
        "response.audio.transcript.done",
    }
)
"""The events that tell nothing of their own."""
