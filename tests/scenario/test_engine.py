"""The engine with the real SDK, against the emulated API."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.assistant.engine import Engine, Turn
from bot.assistant.events import (
    ActionRequired,
    AskedOnly,
    Cited,
    Commentary,
    Delivered,
    Event,
    Finished,
    FinishStatus,
    NotAsked,
    Outcome,
    RefusalDelta,
    SourceKind,
    Started,
    Step,
    StepFinished,
    StepType,
    TextDelta,
)
from bot.assistant.probe import probe
from bot.assistant.request import OUTCOME_UNKNOWN
from bot.assistant.scope import Scope
from bot.assistants import Assistant
from bot.errors import (
    AssistantBusy,
    AssistantError,
    AssistantUnavailable,
    ContainerExpired,
    ContentRefused,
    ContextTooLong,
    DanglingCall,
    KeyRejected,
    MemoryLocked,
    MemoryLost,
    ModelUnavailable,
    OutcomeUnknown,
    OutOfQuota,
    RequestRejected,
    ResponseFailed,
    RunTimedOut,
)
from bot.playground.clock import SteppedClock
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai import EmulatedOpenAI
from bot.playground.openai.script import (
    CodeInterpreter,
    Cut,
    Error,
    Failed,
    FileCitation,
    FileSearch,
    Gate,
    Incomplete,
    Item,
    Malformed,
    Raw,
    Reasoning,
    Refusal,
    Refuse,
    Reset,
    Script,
    Stall,
    Text,
    WebSearch,
    container_expired,
)

SEARCHER = Assistant(
    model="gpt-6.2-sol", tools=("file_search", "code_interpreter", "web_search"), vector_store_ids=("vs_1",)
)
CALL = {"type": "function_call", "call_id": "call_1", "name": "order", "arguments": "{}", "status": "completed"}
CREATE, RETRIEVE, ITEMS = "POST /responses", "GET /responses/{id}", "GET /conversations/{id}/items"


class HurriedClock(SteppedClock):
    """Nobody waits for it: whoever sleeps moves it on."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.advance(seconds)
        await asyncio.sleep(0)


@dataclass
class Line:
    """The engine and the API it talks to, each by its own clock."""

    engine: Engine
    api: EmulatedOpenAI
    clock: HurriedClock
    memory: str = ""
    told: list[Event] = field(default_factory=list)

    def turn(self, *texts: str, assistant: Assistant = SEARCHER, **more: Any) -> Turn:
        scope = Scope("1700000000.000100", operator_stores=assistant.vector_store_ids)
        about = {"run": "run-1", "memory": self.memory, "team": "T1", "user": "U1", "scope": scope}
        return Turn(assistant=assistant, input=texts, **{**about, **more})

    async def ask(self, *texts: str, **more: Any) -> list[Event]:
        """Everything the assistant did; `told` has it even where it broke."""
        self.told = []
        async for event in self.engine.stream(self.turn(*(texts or ("Hello?",)), **more)):
            self.told.append(event)
        return self.told

    async def outcome(
        self, response_id: str | None, tail: str | None, *texts: str, seconds: float = 900
    ) -> Outcome:
        deadline = self.clock.monotonic() + seconds
        return await self.engine.outcome(self.turn(*(texts or ("Hello?",))), response_id, tail, deadline)

    def started(self) -> str:
        first = self.told[0]
        assert isinstance(first, Started)
        return first.response_id

    def kept(self) -> list[str]:
        """The types of the items in the memory, messages by their role."""
        return [item.get("role") or item["type"] for item in self.api.conversations[self.memory].items]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    api, clock = EmulatedOpenAI(SteppedClock()), HurriedClock()
    async with api.serve():
        engine = Engine.connect(api.api_key, api.base_url, clock)
        try:
            yield Line(engine, api, clock, await engine.open())
        finally:
            await engine.close()


def text(events: list[Event] | tuple[Event, ...]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def end(events: list[Event] | tuple[Event, ...]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last


def steps(events: list[Event] | tuple[Event, ...]) -> tuple[Step, ...]:
    return tuple(event.step for event in events if isinstance(event, StepFinished))


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - what is waited for is spread over both ends of the line
        await asyncio.sleep(0)


RICH = Script(
    Reasoning(),
    Text("I look into the handbook.", phase="commentary"),
    FileSearch(queries=["leave"], results=[("file-1", "handbook.pdf", 0.9, "25 days")]),
    CodeInterpreter("print(5*5)", logs="25"),
    WebSearch("leave law", sources=["https://example.org/law"]),
    Text("It is 25 days.", phase="final_answer", annotations=[FileCitation("file-1", "handbook.pdf")]),
)


async def test_a_whole_answer_is_streamed_and_told_again(line: Line) -> None:
    line.api.queue(RICH)
    told = await line.ask()
    assert text(told) == "It is 25 days."
    assert Commentary("I look into the handbook.") in told
    assert Cited(SourceKind.FILE, "handbook.pdf", file_id="file-1") in told
    kinds = [step.type for step in steps(told)]
    assert kinds == [StepType.REASONING, StepType.FILE_SEARCH, StepType.CODE_INTERPRETER, StepType.WEB_SEARCH]
    assert (steps(told)[1].passages[0].text, steps(told)[2].logs) == ("25 days", "25")
    assert steps(told)[3].links == ("https://example.org/law",)
    assert await line.engine.details(line.started()) == steps(told)
    kept = [item["id"] for item in line.api.conversations[line.memory].items]
    assert end(told).tail_item_id == kept[-1]
    assert list(end(told).item_ids) == kept[1:]
    assert end(told).usage.input_tokens > 0


async def test_every_turn_repeats_everything_and_is_remembered(line: Line) -> None:
    line.api.queue(Script(Text("First.")), Script(Text("Second.")))
    await line.ask("One?")
    await line.ask("Two?")
    first, second = line.api.creates
    assert {**first, "input": None} == {**second, "input": None}
    assert line.kept() == ["user", "assistant", "user", "assistant"]


async def test_an_unknown_event_and_item_are_logged_once_and_the_answer_is_whole(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    dream = Raw({"type": "response.dream.delta", "delta": "zzz", "item_id": "x"})
    for _ in range(2):
        line.api.queue(Script(Text("He"), dream, Item({"type": "dream_call", "status": "completed"}), Text("llo")))
        told = await line.ask()
        assert text(told) == "Hello"
        assert [(step.type, step.name) for step in steps(told)] == [(StepType.OTHER, "dream_call")]
    logged = [record.getMessage() for record in caplog.records if record.name == "bot.assistant.engine"]
    assert [message.split(": ")[1] for message in logged] == ["event response.dream.delta", "item dream_call"]
    assert "zzz" not in caplog.text


async def test_a_refusal_is_told_as_one(line: Line) -> None:
    line.api.queue(Script(Refusal("I can't help with that.")))
    told = await line.ask()
    assert "".join(event.text for event in told if isinstance(event, RefusalDelta)) == "I can't help with that."


async def test_a_function_call_asks_for_action(line: Line) -> None:
    line.api.queue(Script(Item(CALL)))
    told = await line.ask()
    assert isinstance(told[-2], ActionRequired)


@pytest.mark.parametrize(
    ("part", "status", "code"),
    [
        (Incomplete("content_filter"), FinishStatus.INCOMPLETE, "content_filter"),
        (Failed("server_error", "m"), FinishStatus.FAILED, "server_error"),
        (Error("rate_limit_exceeded", "m"), FinishStatus.FAILED, "rate_limit_exceeded"),
    ],
)
async def test_the_end_says_how_it_went(line: Line, part: Any, status: FinishStatus, code: str) -> None:
    line.api.queue(Script(Text("Well,"), part))
    told = await line.ask()
    assert text(told) == "Well,"
    assert (end(told).status, end(told).code) == (status, code)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Error("server_error", "m", nested=True), ResponseFailed),
        (Error("context_length_exceeded", "m", nested=True), ContextTooLong),
        (Cut(), OutcomeUnknown),
        (Reset(), OutcomeUnknown),
        (Malformed(), OutcomeUnknown),
    ],
)
async def test_a_stream_that_breaks_says_so(line: Line, part: Any, expected: type[AssistantError]) -> None:
    line.api.queue(Script(Text("Well,"), part))
    with pytest.raises(expected):
        await line.ask()
    assert text(line.told) == "Well,"


async def test_a_stream_that_stalls_is_given_up_after_the_read_timeout(line: Line) -> None:
    line.api.queue(Script(Text("Well,"), Stall()))
    asking = asyncio.create_task(line.ask())
    await until(lambda: text(line.told) == "Well,")
    while not asking.done():
        await line.clock.advance(10)
        await asyncio.sleep(0)
    with pytest.raises(OutcomeUnknown):
        await asking
    assert line.clock.monotonic() >= 300


async def test_closing_the_stream_cancels_the_response(line: Line) -> None:
    gate = Gate(asyncio.Event())
    line.api.queue(Script(Text(deltas=["Well, ", gate, "no."])))
    stream = line.engine.stream(line.turn("Hello?"))
    told = [await anext(stream), await anext(stream)]
    await stream.aclose()
    assert isinstance(told[0], Started)
    response_id = told[0].response_id
    await line.engine.stop(response_id)
    await until(lambda: line.api.responses[response_id]["status"] == "cancelled")
    assert line.kept() == []


@pytest.mark.parametrize(
    ("refuse", "expected"),
    [
        (Refuse(429, "rate_limit_exceeded", "m", headers={"retry-after": "3"}), AssistantBusy),
        (Refuse(429, "insufficient_quota", "m"), OutOfQuota),
        (Refuse(400, "context_length_exceeded", "m"), ContextTooLong),
        (Refuse(400, "invalid_prompt", "m"), ContentRefused),
        (Refuse(500, None, "m"), AssistantUnavailable),
        (Refuse(403, None, "m"), KeyRejected),
        (Refuse(400, None, "m"), RequestRejected),
    ],
)
async def test_a_refused_request_is_made_once(line: Line, refuse: Refuse, expected: type[AssistantError]) -> None:
    line.api.queue(refuse)
    with pytest.raises(expected):
        await line.ask()
    assert len(line.api.creates) == 1


async def test_a_locked_memory_is_told(line: Line) -> None:
    line.api.lock(line.memory)
    with pytest.raises(MemoryLocked):
        await line.ask()


async def test_a_lost_memory_and_a_missing_model_are_told_apart(line: Line) -> None:
    with pytest.raises(ModelUnavailable):
        await line.ask(assistant=Assistant(model="gpt-99"))
    with pytest.raises(MemoryLost):
        await line.ask(memory="conv_gone")


async def test_a_gateway_that_gave_up_leaves_the_outcome_unknown(line: Line) -> None:
    line.api.faults.add(CREATE, Fault(FaultKind.REFUSE, status=504, body="<html>"))
    with pytest.raises(OutcomeUnknown):
        await line.ask()


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER])
async def test_a_reset_leaves_the_outcome_unknown(line: Line, kind: FaultKind) -> None:
    line.api.faults.add(CREATE, Fault(kind))
    with pytest.raises(OutcomeUnknown):
        await line.ask()
    assert len(line.api.creates) == 1


async def test_nobody_at_the_door_is_a_refusal() -> None:
    engine = Engine.connect("sk-x", "http://127.0.0.1:1/v1", HurriedClock())
    with pytest.raises(AssistantUnavailable):
        await engine.open()
    await engine.close()


async def test_a_sampling_parameter_is_dropped_remembered_and_logged_once(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    warm = Assistant(model="gpt-6.2-sol", temperature=0.5, top_p=0.9)
    line.api.queue(Script(Text("One")), Script(Text("Two")))
    assert text(await line.ask(assistant=warm)) == "One"
    assert text(await line.ask(assistant=warm)) == "Two"
    sent = [sorted({"temperature", "top_p"} & set(body)) for body in line.api.creates]
    assert sent == [["temperature", "top_p"], ["top_p"], [], []]
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 2


async def test_dangling_calls_are_answered_before_the_question(line: Line) -> None:
    line.api.queue(Script(Item(CALL), Item({**CALL, "call_id": "call_2"})), Script(Text("Sorry.")))
    await line.ask("One?")
    assert text(await line.ask("Two?")) == "Sorry."
    outputs = [item for item in line.api.creates[-1]["input"] if item.get("type") == "function_call_output"]
    assert [item["call_id"] for item in outputs] == ["call_1", "call_2"]
    assert {item["output"] for item in outputs} == {OUTCOME_UNKNOWN}


async def test_a_call_that_dangles_on_is_not_answered_for_ever(line: Line) -> None:
    again = Refuse(400, None, "No tool output found for function call call_9.", param="input")
    line.api.queue(again)
    line.api.faults.always(CREATE, Fault(FaultKind.REFUSE, status=400, body=again.error().body()))
    with pytest.raises(DanglingCall):
        await line.ask()
    assert len(line.api.creates) == 2


async def test_an_expired_container_is_replaced_once(line: Line) -> None:
    line.api.queue(container_expired(), Script(Text("Yes.")))
    assert text(await line.ask()) == "Yes."
    line.api.queue(container_expired(), container_expired())
    with pytest.raises(ContainerExpired):
        await line.ask()
    assert len(line.api.creates) == 4


async def test_outcome_of_a_response_that_went_on_without_us(line: Line) -> None:
    line.api.queue(Script(Text("Well, "), Cut(then="completed"), Text("yes.")))
    with pytest.raises(OutcomeUnknown):
        await line.ask()
    told = await line.outcome(line.started(), None)
    assert isinstance(told, Delivered)
    assert text(told.events) == "Well, yes."
    assert told.events[0] == Started(line.started())
    assert end(told.events).status is FinishStatus.COMPLETED


async def test_outcome_waits_for_a_response_under_way(line: Line) -> None:
    line.api.queue(Script(Text("Well, "), Cut(then="in_progress"), Text("yes.")))
    with pytest.raises(OutcomeUnknown):
        await line.ask()
    asking = asyncio.create_task(line.outcome(line.started(), None))
    await until(lambda: len(line.clock.slept) == 4)
    line.api.settle(line.started(), "completed")
    told = await asking
    assert isinstance(told, Delivered)
    assert text(told.events) == "Well, yes."
    assert line.clock.slept[:4] == [1.0, 2.0, 4.0, 5.0]


async def test_outcome_is_not_waited_for_longer_than_the_deadline(line: Line) -> None:
    line.api.queue(Script(Text("Well, "), Cut(then="in_progress")))
    with pytest.raises(OutcomeUnknown):
        await line.ask()
    with pytest.raises(RunTimedOut):
        await line.outcome(line.started(), None, seconds=60)
    assert line.clock.monotonic() <= 66


async def test_outcome_of_a_failed_response_is_its_failure(line: Line) -> None:
    line.api.queue(Script(Text("Well, "), Cut(then="failed")))
    with pytest.raises(OutcomeUnknown):
        await line.ask()
    told = await line.outcome(line.started(), None)
    assert isinstance(told, Delivered)
    assert end(told.events).status is FinishStatus.FAILED


async def test_outcome_of_a_cancelled_response_is_that_nothing_was_asked(line: Line) -> None:
    line.api.queue(Script(Text("Well, "), Cut(then="cancelled")))
    with pytest.raises(OutcomeUnknown):
        await line.ask()
    assert await line.outcome(line.started(), None) == NotAsked()


@pytest.mark.parametrize("response_id", [None, "resp_nobody_knows"])
async def test_outcome_is_found_in_the_memory_where_the_response_is_not_known(
    line: Line, response_id: str | None
) -> None:
    line.api.queue(Script(Text("First.")), RICH)
    tail = end(await line.ask("One?")).tail_item_id
    assert await line.outcome(response_id, tail, "Two?") == NotAsked()
    told = await line.ask("Two?")
    found = await line.outcome(response_id, tail, "Two?")
    assert isinstance(found, Delivered)
    assert text(found.events) == "It is 25 days."
    assert steps(found.events) == steps(told)
    assert end(found.events).tail_item_id == end(told).tail_item_id


async def test_outcome_of_a_question_without_an_answer_is_to_run_without_asking(line: Line) -> None:
    question: Any = {"role": "user", "content": [{"type": "input_text", "text": "Hello?"}]}
    await line.engine.client.conversations.items.create(line.memory, items=[question])
    assert await line.outcome(None, None) == AskedOnly()
    line.api.queue(Script(Text("Yes.")))
    events = [event async for event in line.engine.stream(line.turn())]
    assert text(events) == "Yes."
    assert line.kept() == ["user", "assistant"]
    found = await line.outcome(None, None)
    assert isinstance(found, Delivered)


async def test_outcome_does_not_take_an_older_answer_for_this_one(line: Line) -> None:
    """Of a stopped turn, whose items stand after the tail as well."""
    line.api.queue(Script(Text("Stopped too late.")))
    await line.ask("One?")
    assert await line.outcome(None, None, "Two?") == NotAsked()


async def test_outcome_looks_through_all_pages(line: Line) -> None:
    line.api.queue(Script(*[Text(f"{number}.") for number in range(120)]))
    await line.ask("Count!")
    found = await line.outcome(None, None, "Count!")
    assert isinstance(found, Delivered)
    assert text(found.events) == "".join(f"{number}." for number in range(120))


async def test_outcome_of_a_lost_memory_is_that_it_is_lost(line: Line) -> None:
    with pytest.raises(MemoryLost):
        await line.engine.outcome(line.turn("Hello?", memory="conv_gone"), None, None, 900)


async def test_refused_reads_are_repeated_until_they_are_answered(line: Line) -> None:
    line.api.queue(Script(Text("Yes.")))
    await line.ask()
    for call in (RETRIEVE, ITEMS):
        line.api.faults.add(call, Fault(FaultKind.REFUSE, status=429, headers={"retry-after": "7"}))
        line.api.faults.add(call, Fault(FaultKind.REFUSE, status=503), times=2)
        line.api.faults.add(call, Fault(FaultKind.RESET_AFTER))
    assert isinstance(await line.outcome(line.started(), None), Delivered)
    assert isinstance(await line.outcome(None, None), Delivered)
    assert line.clock.slept[0] >= 7
    assert len(line.clock.slept) == 8


async def test_refused_reads_are_not_repeated_beyond_the_deadline(line: Line) -> None:
    line.api.faults.always(ITEMS, Fault(FaultKind.REFUSE, status=503))
    with pytest.raises(RunTimedOut):
        await line.outcome(None, None, seconds=120)


async def test_a_key_that_is_refused_is_not_tried_again(line: Line) -> None:
    line.api.faults.always(ITEMS, Fault(FaultKind.REFUSE, status=401))
    with pytest.raises(KeyRejected):
        await line.outcome(None, None)
    assert line.clock.slept == []


async def test_rewind_leaves_what_was_there_before(line: Line) -> None:
    line.api.queue(Script(Text("First.")), RICH, Script(Text("Third.")))
    tail = end(await line.ask("One?")).tail_item_id
    await line.ask("Two?")
    await line.engine.rewind(line.memory, tail)
    assert line.kept() == ["user", "assistant"]
    assert text(await line.ask("Three?")) == "Third."


async def test_rewind_goes_through_a_refusal(line: Line) -> None:
    line.api.queue(RICH)
    await line.ask()
    delete = "DELETE /conversations/{id}/items/{item_id}"
    line.api.faults.add(delete, Fault(FaultKind.RESET_AFTER), skip=1)
    line.api.faults.add(delete, Fault(FaultKind.REFUSE, status=500))
    await line.engine.rewind(line.memory, None)
    assert line.kept() == []


async def test_rewind_to_a_tail_that_is_gone_takes_nothing_away(line: Line) -> None:
    line.api.queue(Script(Text("First.")))
    await line.ask()
    await line.engine.rewind(line.memory, "msg_gone")
    assert line.kept() == ["user", "assistant"]


async def test_forget_erases_the_items_and_the_memory(line: Line) -> None:
    line.api.queue(RICH)
    await line.ask()
    await line.engine.forget(line.memory)
    assert line.kept() == []
    assert line.api.conversations[line.memory].deleted
    await line.engine.forget(line.memory)
    await line.engine.forget("conv_never_was")


async def test_nothing_that_was_said_is_logged(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    line.api.queue(RICH, Script(Text("25 days indeed."), Reset()))
    await line.ask("How many days?")
    with pytest.raises(OutcomeUnknown):
        await line.ask("How many days?")
    assert "days" not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))


async def test_check_finds_everything_in_order_and_leaves_nothing(line: Line) -> None:
    findings = await probe(line.engine, "gpt-6.2-sol")
    assert [(found.name, found.ok, found.warn) for found in findings] == [
        ("OpenAI key", True, False),
        ("OpenAI model", True, False),
        ("Conversations", True, False),
        ("Responses", True, False),
    ]
    assert [kept.deleted for kept in line.api.conversations.values()] == [False, True]
    assert line.api.creates[0]["max_output_tokens"] == 16


async def test_the_cheap_check_asks_for_the_model_alone(line: Line) -> None:
    before = len(line.api.requests)
    findings = await probe(line.engine, "gpt-4.1", cheap=True)
    assert len(line.api.requests) == before + 1
    assert findings[1].ok
    assert findings[1].warn
    assert "2027-01-14" in findings[1].text


async def test_check_tells_a_refused_key_from_silence(line: Line) -> None:
    wrong = Engine.connect("sk-wrong-secret", line.api.base_url, line.clock)
    silent = Engine.connect("sk-wrong-secret", "http://127.0.0.1:1/v1", line.clock)
    (refused,), (unreachable,) = await probe(wrong, "gpt-6.2-sol"), await probe(silent, "gpt-6.2-sol")
    await wrong.close()
    await silent.close()
    assert (refused.ok, refused.unreachable) == (False, False)
    assert (unreachable.ok, unreachable.unreachable) == (False, True)
    assert "secret" not in refused.text + unreachable.text


async def test_check_knows_no_such_model(line: Line) -> None:
    key, model = await probe(line.engine, "gpt-99")
    assert (key.ok, model.ok) == (True, False)


async def test_check_refuses_a_server_without_conversations(line: Line) -> None:
    line.api.faults.add("POST /conversations", Fault(FaultKind.REFUSE, status=404, body='{"detail": "Not Found"}'))
    *_, found = await probe(line.engine, "gpt-6.2-sol")
    assert not found.ok
    assert "does not offer the Conversations API" in found.text


async def test_check_says_what_is_wrong_with_responses(line: Line) -> None:
    line.api.queue(Refuse(429, "insufficient_quota", "m"))
    *_, conversations, responses = await probe(line.engine, "gpt-6.2-sol")
    assert (conversations.ok, responses.ok) == (True, False)
    assert "credit" in responses.text


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def compatible(answer: Handler) -> AsyncIterator[Engine]:
    """An engine at a server that answers every call in that way."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        engine = Engine.connect("x", f"http://127.0.0.1:{runner.addresses[0][1]}/v1", HurriedClock())
        yield engine
        await engine.close()
    finally:
        await runner.cleanup()


def chunk(event: Any) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode()


SPARSE: dict[str, Any] = {"id": "resp_1", "status": "completed", "conversation": None, "output": [], "usage": None}
ASKED = Turn("run-1", "conv_1", SEARCHER, "T1", "U1", ("Hello?",), Scope("1700000000.000100"))


async def streamed(request: web.Request, *chunks: bytes) -> web.StreamResponse:
    reply = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await reply.prepare(request)
    for one in chunks:
        await reply.write(one)
    return reply


async def test_a_sparse_server_is_understood() -> None:
    """No `event:` lines, no `done` events, no conversation in the response, `[DONE]` at the end."""
    delta = {"type": "response.output_text.delta", "delta": "Hello", "item_id": "a", "output_index": 0}

    async def answer(request: web.Request) -> web.StreamResponse:
        end_of_it = chunk({"type": "response.completed", "response": SPARSE})
        return await streamed(request, chunk(delta), b": ping\n\n", chunk(None), end_of_it, b"data: [DONE]\n\n")

    async with compatible(answer) as engine:
        told = [event async for event in engine.stream(ASKED)]
    assert told == [TextDelta("Hello"), Started("resp_1"), Finished(FinishStatus.COMPLETED)]


async def test_the_end_is_told_when_the_stream_was_read_to_its_end() -> None:
    """Before that, the next request may meet a lock (reference/openai-platform.md, trap 2)."""
    last = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        reply = await streamed(request, chunk({"type": "response.completed", "response": SPARSE}))
        await last.wait()
        await reply.write_eof()
        return reply

    async with compatible(answer) as engine:
        stream = engine.stream(ASKED)
        assert await anext(stream) == Started("resp_1")
        finished = asyncio.ensure_future(anext(stream))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not finished.done()
        last.set()
        assert isinstance(await finished, Finished)


async def test_a_stream_that_does_not_end_after_its_end_is_left() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        await streamed(request, chunk({"type": "response.completed", "response": SPARSE}))
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async with compatible(answer) as engine:
        clock = engine._clock
        assert isinstance(clock, HurriedClock)
        stream = engine.stream(ASKED)
        assert await anext(stream) == Started("resp_1")
        finished = asyncio.ensure_future(anext(stream))
        while not finished.done():
            await clock.advance(1)
            await asyncio.sleep(0)
        assert isinstance(finished.result(), Finished)


@pytest.mark.parametrize("body", ["<html>Welcome to the proxy</html>", "[]", ""])
async def test_an_answer_that_is_none_of_ours_leaves_the_outcome_unknown(body: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=body, content_type="text/html")

    async with compatible(answer) as engine:
        with pytest.raises(OutcomeUnknown):
            await engine.open()
        with pytest.raises(OutcomeUnknown):
            await anext(engine.stream(ASKED))
        with pytest.raises(OutcomeUnknown):
            await engine.details("resp_1")


async def test_an_error_without_a_code_is_a_refusal_all_the_same() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"detail": [{"loc": ["body"], "msg": "field required"}]}, status=422)

    async with compatible(answer) as engine:
        with pytest.raises(RequestRejected):
            await anext(engine.stream(ASKED))
