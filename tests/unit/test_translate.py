"""OpenAI's stream, responses and items, told in our words."""

import itertools
import json
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.conversations import ConversationItem
from openai.types.responses import ResponseOutputItem, ResponseStreamEvent

from bot import words
from bot.assistant.events import (
    ActionRequired,
    Call,
    Cited,
    Commentary,
    Event,
    Finished,
    FinishStatus,
    Passage,
    RefusalDelta,
    SourceKind,
    Started,
    StepFinished,
    StepStarted,
    StepStatus,
    StepType,
    TextBreak,
    TextDelta,
)
from bot.assistant.steps import is_known
from bot.assistant.translate import ARMS, QUIET, Json, Translation, tell, tell_items, translate
from storage.call_records import CallKind
from storage.records import Usage

USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 17,
}


def types_of(union: object) -> set[str]:
    """The `type` literals of a union of the SDK's classes."""
    classes = typing.get_args(typing.get_args(union)[0])
    return {name for one in classes for name in typing.get_args(one.model_fields["type"].annotation)}


def fold(*events: Json) -> tuple[Translation, list[Event]]:
    state, told = Translation(), list[Event]()
    for event in events:
        state, more = translate(state, event)
        told += more
    return state, told


def message(identifier: str, *texts: str, phase: str | None = None, cites: tuple[Json, ...] = ()) -> Json:
    content = [{"type": "output_text", "text": text, "annotations": list(cites), "logprobs": []} for text in texts]
    about = {"role": "assistant", "status": "completed", "phase": phase}
    return {"id": identifier, "type": "message", "content": content, **about}


def response(*output: Json, status: str = "completed", **more: Any) -> Json:
    return {"id": "resp_1", "object": "response", "status": status, "output": list(output), "usage": USAGE, **more}


def created() -> Json:
    return {"type": "response.created", "response": response(status="in_progress")}


def ended(*output: Json, status: str = "completed", **more: Any) -> Json:
    return {"type": f"response.{status}", "response": response(*output, status=status, **more)}


def added(item: Json, index: int = 0) -> Json:
    opened = {**item, "content": []} if item["type"] == "message" else item
    return {"type": "response.output_item.added", "output_index": index, "item": opened}


def done(item: Json, index: int = 0) -> Json:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def delta(text: str, item_id: str = "msg_1", index: int = 0, part: int = 0) -> Json:
    at = {"item_id": item_id, "output_index": index, "content_index": part}
    return {"type": "response.output_text.delta", "delta": text, "logprobs": [], **at}


def streamed(*items: Json, size: int = 3) -> Iterator[Json]:
    """The items as OpenAI streams them."""
    yield created()
    for index, item in enumerate(items):
        yield added(item, index)
        for number, part in enumerate(item.get("content") or ()):
            for start in range(0, len(part["text"]), size):
                yield delta(part["text"][start : start + size], item["id"], index, number)
            at = {"item_id": item["id"], "output_index": index, "content_index": number}
            for annotation in part["annotations"]:
                yield {"type": "response.output_text.annotation.added", "annotation": annotation, **at}
            yield {"type": "response.output_text.done", "text": part["text"], **at}
        yield done(item, index)
    yield ended(*items)


def story(events: typing.Iterable[Event]) -> list[object]:
    """What a reader gets: text joined, however it was cut."""
    joined: list[object] = []
    for event in events:
        text = isinstance(event, TextDelta) and joined and isinstance(joined[-1], str)
        if text and isinstance(event, TextDelta):
            joined[-1] = f"{joined[-1]}{event.text}"
        else:
            joined.append(event.text if isinstance(event, TextDelta) else event)
    return joined


def test_every_event_type_of_the_sdk_is_told_or_deliberately_quiet() -> None:
    known = types_of(ResponseStreamEvent)
    assert len(known) == 59
    assert known == set(ARMS) | QUIET
    assert not set(ARMS) & QUIET


@pytest.mark.parametrize("union", [ResponseOutputItem, ConversationItem])
def test_every_item_type_of_the_sdk_is_known(union: object) -> None:
    assert [name for name in sorted(types_of(union)) if not is_known({"type": name})] == []


def test_a_whole_answer() -> None:
    _, told = fold(
        created(), delta("Hel"), delta("lo"), done(message("msg_1", "Hello")), ended(message("msg_1", "Hello"))
    )
    usage = Usage(input_tokens=10, cached_tokens=4, output_tokens=7, reasoning_tokens=3)
    finished = Finished(FinishStatus.COMPLETED, "", usage, ("msg_1",), "msg_1")
    assert told == [Started("resp_1"), TextDelta("Hel"), TextDelta("lo"), finished]


def test_the_response_is_started_once() -> None:
    _, told = fold(
        {**created(), "type": "response.queued"}, created(), {**created(), "type": "response.in_progress"}
    )
    assert told == [Started("resp_1")]


def test_a_second_answer_message_is_a_paragraph_of_its_own() -> None:
    first, second = message("msg_1", "One."), message("msg_2", "Two.")
    _, told = fold(*streamed(first, second, size=9))
    assert told[1:-1] == [TextDelta("One."), TextBreak(), TextDelta("Two.")]


def test_commentary_is_a_status_and_no_text() -> None:
    doing, answer = (
        message("msg_1", "Let me look.", phase="commentary"),
        message("msg_2", "Yes.", phase="final_answer"),
    )
    _, told = fold(*streamed(doing, answer, size=99))
    assert told[1:-1] == [Commentary("Let me look."), TextDelta("Yes.")]


def test_a_refusal_is_told_as_one() -> None:
    item = {**message("msg_1"), "content": [{"type": "refusal", "refusal": "I can't."}]}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    _, told = fold(
        created(),
        added(item),
        {"type": "response.refusal.delta", "delta": "I ", **at},
        {"type": "response.refusal.delta", "delta": "can't.", **at},
        {"type": "response.refusal.done", "refusal": "I can't.", **at},
        done(item),
        ended(item),
    )
    assert told[1:-1] == [RefusalDelta("I "), RefusalDelta("can't.")]
    assert tell(response(item))[1] == RefusalDelta("I can't.")


CITES = (
    (
        {"type": "file_citation", "file_id": "file-1", "filename": "a.pdf", "index": 3},
        Cited(SourceKind.FILE, "a.pdf", file_id="file-1"),
    ),
    (
        {"type": "url_citation", "url": "https://example.org", "title": "Ex", "start_index": 0, "end_index": 2},
        Cited(SourceKind.WEB, "Ex", url="https://example.org"),
    ),
    (
        {
            "type": "container_file_citation",
            "container_id": "cntr_1",
            "file_id": "cfile_1",
            "filename": "plot.png",
            "start_index": 0,
            "end_index": 0,
        },
        Cited(SourceKind.CONTAINER_FILE, "plot.png", file_id="cfile_1", container_id="cntr_1"),
    ),
)


@pytest.mark.parametrize(("annotation", "cited"), CITES)
def test_a_source_is_cited_once(annotation: Json, cited: Cited) -> None:
    _, told = fold(*streamed(message("msg_1", "Hello", cites=(annotation, annotation))))
    assert [event for event in told if isinstance(event, Cited)] == [cited]


def test_an_unknown_citation_is_left_out() -> None:
    _, told = fold(*streamed(message("msg_1", "Hello", cites=({"type": "dream"},))))
    assert not any(isinstance(event, Cited) for event in told)


FILE_SEARCH = {
    "id": "fs_1",
    "type": "file_search_call",
    "status": "completed",
    "queries": ["leave", "holiday"],
    "results": [{"file_id": "file-1", "filename": "a.pdf", "score": 0.5, "text": "25 days"}],
}
CODE = {
    "id": "ci_1",
    "type": "code_interpreter_call",
    "status": "completed",
    "code": "print(1)",
    "container_id": "cntr_1",
    "outputs": [
        {"type": "logs", "logs": "1"},
        {"type": "image", "url": "https://x"},
        {"type": "logs", "logs": "2"},
    ],
}
WEB = {
    "id": "ws_1",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "search", "query": "x", "queries": ["x"], "sources": [{"type": "url", "url": "https://a"}]},
}
OPENED = {
    "id": "ws_2",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "open_page", "url": "https://b"},
}
MCP = {
    "id": "mcp_1",
    "type": "mcp_call",
    "name": "roll",
    "server_label": "dice",
    "arguments": '{"n":1}',
    "output": "4",
    "status": "completed",
}
MCP_FAILED = {
    **MCP,
    "id": "mcp_2",
    "output": None,
    "status": "failed",
    "error": {"type": "http_error", "code": 403, "message": "no"},
}
MCP_ASKS = {**{key: MCP[key] for key in ("name", "server_label", "arguments")}, "type": "mcp_approval_request"}
MCP_ASKS["id"] = "mcpr_1"
MCP_LIST = {"id": "mcpl_1", "type": "mcp_list_tools", "server_label": "dice", "tools": []}
TOOL_FAILED = {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": "no such die"}]}
HTTP_403 = words.MCP_HTTP.format(code=403)

REASONING = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "A"}, {"type": "summary_text", "text": "B"}],
}
FUNCTION = {
    "id": "fc_1",
    "type": "function_call",
    "call_id": "call_1",
    "name": "order",
    "arguments": '{"id":1}',
    "status": "completed",
}
IMAGE = {"id": "ig_1", "type": "image_generation_call", "status": "failed", "revised_prompt": "a cat"}
MCP_FAILURES: list[tuple[Any, str]] = [
    (json.dumps(MCP_FAILED["error"]), HTTP_403),
    ("odd", words.MCP_FAILED.format(said="odd")),
    ({"type": "mcp_protocol_error", "code": -32602, "message": "bad"}, words.MCP_FAILED.format(said="bad")),
    (TOOL_FAILED, words.MCP_FAILED.format(said="no such die")),
    ({**TOOL_FAILED, "content": {"a": 1}}, words.MCP_FAILED.format(said='{"a": 1}')),
    ({**TOOL_FAILED, "content": [{"type": "image"}, 1]}, words.MCP_FAILED.format(said='[{"type": "image"}, 1]')),
]
STEPS: list[tuple[Json, StepType, dict[str, Any]]] = [
    (
        FILE_SEARCH,
        StepType.FILE_SEARCH,
        {"queries": ("leave", "holiday"), "passages": (Passage("file-1", "a.pdf", 0.5, "25 days"),)},
    ),
    ({**FILE_SEARCH, "results": None}, StepType.FILE_SEARCH, {"queries": ("leave", "holiday"), "passages": ()}),
    (CODE, StepType.CODE_INTERPRETER, {"code": "print(1)", "logs": "1\n2"}),
    (WEB, StepType.WEB_SEARCH, {"queries": ("x",), "links": ("https://a",)}),
    (OPENED, StepType.WEB_SEARCH, {"queries": (), "links": ("https://b",)}),
    (MCP, StepType.MCP, {"name": "roll", "server": "dice", "arguments": '{"n":1}', "result": "4", "call_id": ""}),
    ({**MCP, "approval_request_id": "mcpr_1"}, StepType.MCP, {"call_id": "mcpr_1", "asks": False}),
    (MCP_ASKS, StepType.MCP, {"name": "roll", "server": "dice", "arguments": '{"n":1}', "asks": True}),
    (MCP_LIST, StepType.MCP, {"name": "", "server": "dice", "result": ""}),
    ({**MCP_LIST, "error": "boom"}, StepType.MCP, {"result": words.MCP_UNLISTED, "status": StepStatus.FAILED}),
    (MCP_FAILED, StepType.MCP, {"result": HTTP_403, "status": StepStatus.FAILED}),
    (REASONING, StepType.REASONING, {"summary": "A\n\nB"}),
    (FUNCTION, StepType.FUNCTION, {"name": "order", "arguments": '{"id":1}'}),
    (IMAGE, StepType.IMAGE_GENERATION, {"status": StepStatus.FAILED}),
    ({"id": "x_1", "type": "dream_call", "status": "completed"}, StepType.OTHER, {"name": "dream_call"}),
    ({"id": "cmp_1", "type": "compaction"}, StepType.OTHER, {"name": "compaction"}),
]


@pytest.mark.parametrize(("item", "kind", "details"), STEPS)
def test_a_step_is_told_with_its_details(item: Json, kind: StepType, details: dict[str, Any]) -> None:
    begun = {"id": item["id"], "type": item["type"], "status": "in_progress"}
    _, told = fold(added(begun), done(item))
    start, end = told
    assert isinstance(start, StepStarted)
    assert isinstance(end, StepFinished)
    assert (start.step.id, start.step.type, start.step.status) == (item["id"], kind, StepStatus.IN_PROGRESS)
    assert (end.step.id, end.step.type) == (item["id"], kind)
    for name, value in ({"status": StepStatus.COMPLETED} | details).items():
        assert getattr(end.step, name) == value


@pytest.mark.parametrize(("error", "sentence"), MCP_FAILURES)
def test_what_a_remote_tool_failed_of_is_a_sentence(error: Any, sentence: str) -> None:
    _, told = fold(done({**MCP_FAILED, "error": error}))
    assert isinstance(told[-1], StepFinished)
    assert (told[-1].step.result, told[-1].step.status) == (sentence, StepStatus.FAILED)


def test_an_unknown_event_is_noted_and_the_rest_goes_on() -> None:
    state, told = fold({"type": "response.dream.delta", "delta": "zzz"}, delta("Hi"), {"no": "type"})
    assert told == [TextDelta("Hi")]
    assert state.unknown == {"event response.dream.delta", "event None"}


def test_an_unknown_item_is_noted() -> None:
    item = {"id": "x", "type": "dream_call"}
    state, _ = fold(added(item), done(item))
    assert state.unknown == {"item dream_call"}


def test_a_function_call_requires_action_before_the_end() -> None:
    _, told = fold(*streamed(FUNCTION))
    assert told[-2] == ActionRequired((Call("call_1", "order", '{"id":1}'),))
    assert isinstance(told[-1], Finished)


def test_a_remote_call_that_is_asked_about_requires_action_and_names_its_server_first() -> None:
    _, told = fold(*streamed({**MCP_ASKS, "name": "bank/roll"}))
    call = Call("mcpr_1", "dice/bank/roll", '{"n":1}', CallKind.MCP)
    assert told[-2] == ActionRequired((call,))
    assert call.server == "dice"


@pytest.mark.parametrize(
    ("asks", "output"),
    [
        (FUNCTION, {"id": "fco_1", "type": "function_call_output", "call_id": "call_1", "output": "ok"}),
        (
            MCP_ASKS,
            {"id": "a", "type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": False},
        ),
    ],
)
def test_an_answered_call_requires_nothing(asks: Json, output: Json) -> None:
    _, told = fold(*streamed(asks, output))
    assert not any(isinstance(event, ActionRequired) for event in told)


def test_incomplete_says_why_and_keeps_its_tail() -> None:
    cut = ended(message("msg_1", "Hel"), status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    _, told = fold(created(), cut)
    assert told[1] == TextDelta("Hel")
    end = told[-1]
    assert isinstance(end, Finished)
    assert (end.status, end.code, end.tail_item_id) == (FinishStatus.INCOMPLETE, "max_output_tokens", "msg_1")


def test_the_tail_is_no_reasoning_which_the_memory_may_not_keep() -> None:
    cut = ended(message("msg_1", "Hi"), REASONING, status="incomplete", incomplete_details={"reason": "steered"})
    end = fold(created(), cut)[1][-1]
    assert isinstance(end, Finished)
    assert (end.item_ids, end.tail_item_id) == (("msg_1", "rs_1"), "msg_1")


def test_failed_says_why_and_has_no_tail() -> None:
    failed = ended(message("msg_1", "Hel"), status="failed", error={"code": "server_error", "message": "secret"})
    _, told = fold(created(), delta("Hel"), failed)
    end = told[-1]
    assert isinstance(end, Finished)
    assert (end.status, end.code, end.tail_item_id) == (FinishStatus.FAILED, "server_error", None)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "error", "code": "server_error", "message": "m", "param": None}, "server_error"),
        ({"type": "error", "code": None, "message": "m"}, ""),
        ({"type": "error", "error": {"code": "rate_limit_exceeded", "message": "m"}}, "rate_limit_exceeded"),
        ({"type": "error", "error": "m"}, ""),
    ],
)
def test_the_error_event_ends_the_turn(event: Json, code: str) -> None:
    state, told = fold(created(), delta("Hel"), event)
    assert told[-1] == Finished(FinishStatus.FAILED, code)
    assert state.over


def test_a_step_left_open_is_closed_at_the_end() -> None:
    _, told = fold(
        created(), added({**CODE, "status": "in_progress"}), {"type": "error", "code": "x", "message": ""}
    )
    closed = told[-2]
    assert isinstance(closed, StepFinished)
    assert closed.step.status is StepStatus.INCOMPLETE


def test_a_server_that_sends_no_deltas_is_understood() -> None:
    whole = {"type": "response.output_text.done", "text": "Hello", "item_id": "msg_1", "output_index": 0}
    _, told = fold(created(), whole, ended(message("msg_1", "Hello")))
    assert told[1:-1] == [TextDelta("Hello")]


def test_a_server_that_sends_only_deltas_and_the_end_is_understood() -> None:
    _, told = fold(created(), delta("Hel"), ended(message("msg_1", "Hello"), FILE_SEARCH))
    assert story(told)[1] == "Hello"
    assert any(isinstance(event, StepFinished) for event in told)


def test_a_server_that_sends_only_the_end_is_understood() -> None:
    _, told = fold(ended(message("msg_1", "Hello")))
    assert story(told)[:2] == [Started("resp_1"), "Hello"]


def test_a_server_that_renames_items_does_not_say_them_twice() -> None:
    _, told = fold(created(), delta("Hello", "msg_a"), ended(message("msg_b", "Hello")))
    assert story(told)[1:-1] == ["Hello"]
    _, told = fold(*itertools.islice(streamed(message("msg_a", "Hello")), 99), ended(message("msg_b", "Hello")))
    assert story(told)[1] == "Hello"


def test_a_response_with_nothing_in_it_is_told() -> None:
    sparse = {"id": "resp_1", "status": "completed", "output": None, "conversation": None, "usage": None}
    assert tell(sparse) == (Started("resp_1"), Finished(FinishStatus.COMPLETED))
    assert tell({}) == (Finished(FinishStatus.COMPLETED),)


def test_items_of_the_memory_are_told_as_an_answer() -> None:
    told = tell_items([REASONING, {**message("msg_0", "Wait."), "role": "user"}, message("msg_1", "Hello")])
    assert story(told)[2] == "Hello"
    end = Finished(FinishStatus.COMPLETED, item_ids=("rs_1", "msg_1"), tail_item_id="msg_1")
    assert told[-1] == end


def test_items_that_were_cut_short_are_told_so() -> None:
    end = tell_items([{**message("msg_1", "Hel"), "status": "incomplete"}])[-1]
    assert isinstance(end, Finished)
    assert end.status is FinishStatus.INCOMPLETE


texts = st.text(min_size=1, max_size=12)
citations = st.lists(st.sampled_from([annotation for annotation, _ in CITES]), max_size=3).map(tuple)
phases = st.sampled_from([None, "commentary", "final_answer"])
messages = st.builds(
    lambda parts, phase, cites: ("message", parts, phase, cites), st.lists(texts, max_size=3), phases, citations
)
calls = st.sampled_from([item for item, _, _ in STEPS])


def item_of(drawn: Any, index: int) -> Json:
    if isinstance(drawn, dict):
        return {**drawn, "id": f"item_{index}"}
    _, parts, phase, cites = drawn
    return message(f"item_{index}", *parts, phase=phase, cites=cites)


@given(st.lists(st.one_of(messages, calls), max_size=6), st.integers(1, 5))
def test_stream_response_and_items_tell_the_same_story(drawn: list[Any], size: int) -> None:
    items = [item_of(one, index) for index, one in enumerate(drawn)]
    _, told = fold(*streamed(*items, size=size))
    assert story(told) == story(tell(response(*items)))
    retold = [event for event in told[1:-1] if not isinstance(event, ActionRequired)]
    again = [event for event in tell_items(items)[:-1] if not isinstance(event, ActionRequired)]
    assert story(without_starts(retold)) == story(without_starts(again))


def without_starts(events: typing.Iterable[Event]) -> list[Event]:
    """When a step began is the stream's to tell, and differs in nothing else."""
    return [event for event in events if not isinstance(event, StepStarted)]


@given(st.lists(messages, min_size=1, max_size=4), st.data())
def test_whatever_events_a_server_leaves_out_the_text_is_whole(drawn: list[Any], data: st.DataObject) -> None:
    items = [item_of(one, index) for index, one in enumerate(drawn)]
    events = list(streamed(*items))
    optional = {"response.output_text.done", "response.output_item.done", "response.output_text.annotation.added"}
    left_out = data.draw(st.sets(st.sampled_from(sorted(optional))))
    _, told = fold(*(event for event in events if event["type"] not in left_out))
    plain = "".join(event.text for event in told if isinstance(event, TextDelta))
    assert plain == "".join(event.text for event in tell(response(*items)) if isinstance(event, TextDelta))
