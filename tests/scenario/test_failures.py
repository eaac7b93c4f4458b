"""What goes wrong at OpenAI, and what people see of it (issue 2 §4; design §§5, 6)."""

import logging
from asyncio import Event
from typing import Any

import pytest

from bot import words
from bot.assistant.engine import READ_TIMEOUT
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import (
    Break,
    Cut,
    Error,
    Failed,
    Gate,
    Item,
    Malformed,
    Part,
    Pause,
    Raw,
    Refuse,
    Reset,
    Script,
    Stall,
    Text,
    container_expired,
)
from tests.scenario.world import World, actions, said_below

FIRST, SECOND = "The first half. ", "The second half."
CREATE = "POST /responses"


def broken(how: Break) -> Script:
    """An answer whose line breaks in the middle of its text."""
    return Script(Text(deltas=[FIRST, Pause(2.0), how, SECOND]))


async def ask(world: World, question: str = "tell me") -> str:
    """Let Ann ask, and wait until the answer is whole; the thread."""
    ts = await world.mention(question)
    await world.until(world.answered(ts))
    return ts


async def ask_and_wait_out(world: World, how: Break) -> str:
    """The same, with the read time-out of a stalled line passing in one leap."""
    ts = await world.mention("tell me")
    if isinstance(how, Stall):
        await world.until(lambda: world.openai.responses and world.clock.monotonic() > 5)
        await world.clock.advance(READ_TIMEOUT - 1)
    await world.until(world.answered(ts))
    return ts


def questions(world: World) -> list[list[str]]:
    """What people said, in each conversation."""
    return [
        [item["content"][0]["text"] for item in conversation.items if item.get("role") == "user"]
        for conversation in world.openai.conversations.values()
    ]


@pytest.mark.parametrize(
    "how",
    [
        Cut(then="completed"),
        Cut(then="in_progress", finish_after=8.0),
        Reset(then="completed"),
        Malformed(then="completed"),
        Stall(then="completed"),
    ],
    ids=lambda how: f"{type(how).__name__}-{how.then}",
)
async def test_an_answer_that_ended_unheard_is_delivered_whole(world: World, how: Break) -> None:
    world.openai.queue(broken(how))
    ts = await ask_and_wait_out(world, how)
    assert world.only_answer(ts).text == FIRST + SECOND
    assert len(world.openai.creates) == 1
    assert questions(world) == [["tell me"]]
    assert actions(world.only_answer(ts)) == {"feedback", "regenerate"}


@pytest.mark.parametrize(
    "how",
    [Cut(then="cancelled"), Reset(then=None), Malformed(), Stall()],
    ids=lambda how: f"{type(how).__name__}-{how.then}",
)
async def test_an_answer_that_was_lost_is_asked_for_again(world: World, how: Break) -> None:
    world.openai.queue(broken(how), Script(Text("Quite another answer.")))
    ts = await ask_and_wait_out(world, how)
    assert world.only_answer(ts).text == "Quite another answer."
    assert questions(world) == [["tell me"]]


async def test_a_failed_response_is_one_sentence_and_the_partial_answer_stays(world: World) -> None:
    for failure in (Failed("server_error", "secret"), Error("server_error", "secret")):
        world.openai.queue(Script(Text(deltas=[FIRST, Pause(2.0), SECOND]), failure))
        answer = world.only_answer(await ask(world))
        assert answer.text == FIRST + SECOND
        assert said_below(answer) == [words.FAILURES["failed"]]
        assert actions(answer) == {"try_again"}


async def test_a_nested_error_event_is_the_same(world: World) -> None:
    world.openai.queue(Script(Text(deltas=[FIRST, Pause(2.0)]), Error("server_error", "secret", nested=True)))
    answer = world.only_answer(await ask(world))
    assert answer.text == FIRST
    assert said_below(answer) == [words.FAILURES["failed"]]


async def test_what_was_said_stays_when_every_further_try_fails(world: World) -> None:
    quota = Refuse(429, "insufficient_quota", "You exceeded your current quota", type="insufficient_quota")
    world.openai.queue(broken(Reset(then="cancelled")), quota)
    answer = world.only_answer(await ask(world))
    assert answer.text == FIRST
    assert said_below(answer) == [words.FAILURES["quota"]]


async def test_unknown_events_and_items_leave_the_answer_whole(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    strange: tuple[Part, ...] = (
        Raw({"type": "response.telepathy.delta", "delta": "?"}),
        Item({"type": "telepathy_call", "status": "completed"}),
        Text("All of it.", deltas=2),
    )
    world.openai.queue(Script(*strange), Script(*strange))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert world.only_answer(await ask(world)).text == "All of it."
    unknown = [record.getMessage() for record in caplog.records if "telepathy" in record.getMessage()]
    assert len(unknown) == len(set(unknown)) == 2


async def test_too_many_requests_are_waited_out(world: World) -> None:
    busy = Refuse(429, "rate_limit_exceeded", "slow down", type="requests", headers={"retry-after": "7"})
    world.openai.queue(busy, Script(Text("Here.")))
    begun = world.clock.monotonic()
    assert world.only_answer(await ask(world)).text == "Here."
    assert world.clock.monotonic() - begun >= 7.0
    assert len(world.openai.creates) == 2


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refuse(429, "insufficient_quota", "no quota", type="insufficient_quota"), "quota"),
        (Refuse(429, "credit_balance_exhausted", "no credit", type="insufficient_quota"), "quota"),
        (Refuse(401, "invalid_api_key", "Incorrect API key"), "key"),
        (Refuse(404, "model_not_found", "The model does not exist", param="model"), "model"),
        (Refuse(400, "context_length_exceeded", "too long", param="input"), "too_long"),
        (Refuse(400, "invalid_prompt", "policies"), "refused"),
        (Refuse(400, None, "something else"), "rejected"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.code),
)
async def test_a_refusal_that_stays_is_not_repeated(world: World, refusal: Refuse, error: str) -> None:
    world.openai.queue(refusal)
    answer = world.only_answer(await ask(world))
    assert said_below(answer) == [words.FAILURES[error]]
    assert actions(answer) == {"try_again"}
    assert len(world.openai.creates) == 1


async def test_a_context_that_overflows_in_the_stream_is_the_same(world: World) -> None:
    for failure in (Failed("context_length_exceeded", "too long"), Error("context_length_exceeded", "too long")):
        world.openai.queue(Script(failure))
        assert said_below(world.only_answer(await ask(world))) == [words.FAILURES["too_long"]]


async def test_openais_own_failures_are_repeated_and_then_told(world: World) -> None:
    world.openai.queue(Refuse(500, None, "oops", type="server_error"), Script(Text("Here.")))
    assert world.only_answer(await ask(world)).text == "Here."
    body = {"error": {"message": "oops", "type": "server_error", "code": None, "param": None}}
    fault = world.openai.faults.always(CREATE, Fault(FaultKind.REFUSE, status=503, body=body))
    assert said_below(world.only_answer(await ask(world))) == [words.FAILURES["unavailable"]]
    assert fault.reached.is_set()


async def test_a_conversation_that_cannot_be_begun_is_begun_later(world: World) -> None:
    body = {"error": {"message": "oops", "type": "server_error", "code": None, "param": None}}
    world.openai.faults.add("POST /conversations", Fault(FaultKind.REFUSE, status=503, body=body), times=2)
    world.openai.queue(Script(Text("Here.")))
    assert world.only_answer(await ask(world)).text == "Here."


async def test_a_locked_conversation_is_waited_for(world: World) -> None:
    ts = await ask(world)
    (conversation,) = world.openai.conversations
    world.openai.lock(conversation)
    world.openai.queue(Script(Text("Here.")))
    begun = world.clock.monotonic()
    await world.mention("and?", thread_ts=ts)
    await world.until(lambda: world.clock.monotonic() - begun > 8)
    world.openai.unlock(conversation)
    await world.until(world.answered(ts, count=2))
    assert world.answers(ts)[-1].text == "Here."


async def test_a_conversation_that_stays_locked_is_told(world: World) -> None:
    ts = await ask(world)
    (conversation,) = world.openai.conversations
    world.openai.lock(conversation)
    await world.mention("and?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    assert said_below(world.answers(ts)[-1]) == [words.FAILURES["locked"]]


async def test_an_expired_container_is_asked_for_anew(make_world: Any) -> None:
    world: World = await make_world(assistant_tools="code_interpreter")
    async with world.running():
        world.openai.queue(container_expired(), Script(Text("Here.")))
        assert world.only_answer(await ask(world)).text == "Here."


async def test_a_dangling_call_is_answered(world: World) -> None:
    ts = await ask(world)
    (conversation,) = world.openai.conversations.values()
    call = {"id": "fc_9", "type": "function_call", "call_id": "call_9", "name": "x", "arguments": "{}"}
    conversation.items.insert(0, {**call, "status": "completed"})
    world.openai.queue(Script(Text("Here.")))
    await world.mention("and?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    assert world.answers(ts)[-1].text == "Here."


async def test_a_function_nobody_offered_is_told_and_leaves_no_trace(world: World) -> None:
    call = {"id": "fc_9", "type": "function_call", "call_id": "call_9", "name": "x", "arguments": "{}"}
    world.openai.queue(Script(Item({**call, "status": "completed"})), Script(Text("Here.")))
    ts = await ask(world)
    assert said_below(world.only_answer(ts)) == [words.FAILURES["functions"]]
    await world.mention("go on", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    assert world.answers(ts)[-1].text == "Here."
    (conversation,) = world.openai.conversations.values()
    assert [item["type"] for item in conversation.items if item["type"] != "message"] == []


async def test_a_temperature_the_model_rejects_is_dropped_and_remembered(
    make_world: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world: World = await make_world(openai_temperature=0.3)
    async with world.running():
        with caplog.at_level(logging.WARNING):
            for _ in range(2):
                assert world.answers(await ask(world))[0].text
    assert ["temperature" in body for body in world.openai.creates] == [True, False, False]
    assert len([record for record in caplog.records if "temperature" in record.getMessage()]) == 1


async def test_every_request_repeats_everything(make_world: Any) -> None:
    world: World = await make_world(
        assistant_tools="file_search,code_interpreter,web_search",
        vector_store_ids="vs_1",
        assistant_instructions="Hm.",
    )
    async with world.running():
        ts = await ask(world)
        await world.mention("and?", thread_ts=ts)
        await world.until(world.answered(ts, count=2))
    first, second = world.openai.creates
    assert {key for key in first if first[key] == second[key]} == first.keys() - {"input", "metadata"}
    assert first["instructions"] == "Hm."
    assert [tool["type"] for tool in first["tools"]] == ["file_search", "code_interpreter", "web_search"]
    assert first["include"] == [
        "file_search_call.results",
        "code_interpreter_call.outputs",
        "web_search_call.action.sources",
    ]
    assert first["truncation"] == "auto"
    assert first["stream_options"] == {"include_obfuscation": False}
    assert len(first["safety_identifier"]) == 64
    assert world.ann not in str(first)
    assert first["metadata"]["run"] != second["metadata"]["run"]
    assert not {"temperature", "top_p", "text", "max_output_tokens"} & first.keys()
    assert first["reasoning"] == {"summary": "auto"}


async def test_a_run_ends_after_its_time(make_world: Any) -> None:
    world: World = await make_world(run_timeout=60)
    async with world.running():
        world.openai.queue(Script(Text(deltas=[FIRST, Pause(10.0)]), Pause(500.0)))
        answer = world.only_answer(await ask(world))
        assert answer.text == FIRST
        assert said_below(answer) == [words.FAILURES["timed_out"]]
        assert actions(answer) == {"try_again"}


async def test_try_again_answers_the_same_question(world: World) -> None:
    world.openai.queue(Script(Failed("server_error", "x")), Script(Text("Here.")))
    ts = await ask(world, "what is one and one?")
    failed = world.only_answer(ts)
    assert await world.meanwhile(world.slack.press(world.general, failed.ts, world.bo, "try_again"))
    await world.until(world.answered(ts, count=2))
    assert world.answers(ts)[-1].text == "Here."
    assert "what is one and one?" in "".join(world.last_input())
    assert sum(text.count("one and one") for texts in questions(world) for text in texts) == 1


async def test_a_second_click_on_try_again_is_told_so(world: World) -> None:
    gate = Event()
    world.openai.queue(Script(Failed("server_error", "x")), Script(Gate(gate), Text("Here.")))
    ts = await ask(world)
    failed = world.only_answer(ts)
    await world.meanwhile(world.slack.press(world.general, failed.ts, world.ann, "try_again"))
    await world.until(lambda: len(world.openai.creates) == 2)
    await world.meanwhile(world.slack.press(world.general, failed.ts, world.bo, "try_again"))
    await world.until(lambda: world.slack.ephemerals)
    assert [(told.user, told.text) for told in world.slack.ephemerals] == [(world.bo, words.TRYING_AGAIN_ALREADY)]
    gate.set()
    await world.until(world.answered(ts, count=2))
    assert len(world.openai.creates) == 2


async def test_try_again_too_late_is_told(world: World) -> None:
    world.openai.queue(Script(Failed("server_error", "x")), Script(Text("Here.")))
    ts = await ask(world)
    failed = world.only_answer(ts)
    await world.mention("go on", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    await world.meanwhile(world.slack.press(world.general, failed.ts, world.ann, "try_again"))
    await world.until(lambda: world.slack.ephemerals)
    assert [told.text for told in world.slack.ephemerals] == [words.TRY_AGAIN_TOO_LATE]
    assert len(world.answers(ts)) == 2


async def test_after_a_failure_go_on_brings_the_first_question(world: World) -> None:
    world.openai.queue(Script(Text(deltas=[FIRST, Pause(2)]), Failed("server_error", "x")), Script(Text("Here.")))
    ts = await ask(world, "what is the capital of Peru?")
    await world.mention("go on", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    sent = "\n".join(world.last_input())
    assert sent.count("capital of Peru") == 1
    assert "The first half." in sent
    assert "which failed" in sent
    assert "go on" in world.last_input()[-1]
