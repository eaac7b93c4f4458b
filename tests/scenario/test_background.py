"""OPENAI_BACKGROUND: answers that go on at OpenAI while the line or the whole bot is away (issue 6 §4)."""

import logging
from asyncio import Event
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot import words
from bot.assistant.engine import READ_TIMEOUT, Engine
from bot.assistant.probe import probe
from bot.clock import SystemClock
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Cut, Gate, Malformed, Pause, Reset, Script, Stall, Text
from tests.scenario.world import World, actions, said_below

FIRST, SECOND = "The first half. ", "The second half."
CREATE, RETRIEVE, CANCEL = "POST /responses", "GET /responses/{id}", "POST /responses/{id}/cancel"
MODEL = "gpt-6.2-sol"


@pytest.fixture
async def away(make_world: Any) -> World:
    """A world whose bot is not started yet, and leaves soon after it is told to."""
    made: World = await make_world(openai_background=True, shutdown_grace=1)
    return made


@pytest.fixture
async def world(away: World) -> AsyncIterator[World]:
    async with away.running():
        yield away


def looks(world: World) -> list[dict[str, str]]:
    """How responses were retrieved, without what is always asked for."""
    asked = [one for one in world.openai.requests if one.method == "GET" and one.path.startswith("/responses/")]
    usual = ("include[]", "include_obfuscation")
    return [{name: value for name, value in one.query.items() if name not in usual} for one in asked]


def cancels(world: World) -> list[int]:
    """How each cancellation was answered."""
    return [one.status for one in world.openai.requests if one.path.endswith("/cancel")]


def statuses(world: World) -> list[str]:
    return [response["status"] for response in world.openai.responses.values()]


def newest(world: World) -> str:
    return list(world.openai.responses)[-1]


async def half(world: World, *rest: Any) -> str:
    """Let Ann ask, and wait until the first half of the answer is on the screen; the thread."""
    world.openai.queue(Script(Text(deltas=[FIRST, *rest]), queued=Pause(1)))
    ts = await world.mention("tell me")
    await world.until(lambda: statuses(world)[-1:] in (["queued"], ["in_progress"]))
    await world.until(lambda: world.answers(ts) and world.only_answer(ts).text == FIRST)
    return ts


async def whole(world: World, ts: str, text: str = FIRST + SECOND) -> None:
    """Wait for the end of the answer, in one message, which one response gave."""
    await world.until(lambda: [answer.text for answer in world.answers(ts)] == [text])
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == text
    assert (statuses(world), len(world.openai.creates)) == (["completed"], 1)
    (conversation,) = world.openai.conversations.values()
    assert [item["content"][0]["text"] for item in conversation.items] == ["tell me", text]


async def test_a_stream_that_breaks_is_taken_up_again_where_it_broke(world: World) -> None:
    ts = await half(world, Pause(2), Reset(), Pause(3), SECOND)
    shown = world.only_answer(ts).ts
    await whole(world, ts)
    assert world.only_answer(ts).ts == shown
    assert actions(world.only_answer(ts)) == {"feedback", "regenerate"}
    (body,) = world.openai.creates
    assert (body["background"], body["stream"], body["store"]) == (True, True, True)
    heard = [event["sequence_number"] for _, event in world.openai.run(newest(world)).told]
    (look,) = looks(world)
    assert look["stream"] == "true"
    assert int(look["starting_after"]) in heard[4:-4]


async def test_a_line_that_breaks_and_breaks_loses_and_doubles_nothing(world: World) -> None:
    breaks = (Cut(), Reset(), Malformed(), Cut())
    pieces = [piece for number in range(8) for piece in (f"w{number} ", Pause(1), breaks[number % 4])]
    world.openai.faults.add(RETRIEVE, Fault(FaultKind.REFUSE, status=503), skip=2, times=2)
    world.openai.faults.add(RETRIEVE, Fault(FaultKind.RESET_AFTER))
    world.openai.queue(Script(Text(deltas=pieces)))
    ts = await world.mention("tell me")
    await whole(world, ts, "w0 w1 w2 w3 w4 w5 w6 w7 ")
    assert {look["stream"] for look in looks(world)} == {"true"}


async def test_a_line_that_falls_silent_is_taken_up_again(world: World) -> None:
    ts = await half(world, Pause(2), Stall(), SECOND)
    await world.until(lambda: statuses(world) == ["completed"])
    await world.clock.advance(READ_TIMEOUT - 5)
    await whole(world, ts)
    assert "starting_after" in looks(world)[0]


async def test_a_response_waits_in_the_queue(away: World) -> None:
    away.openai.queue(Script(Text(FIRST), queued=Pause(20)))
    async with away.running():
        ts = await away.mention("tell me")
        await away.until(lambda: statuses(away) == ["queued"])
    async with away.running():
        await whole(away, ts, FIRST)
    assert [look.get("stream") for look in looks(away)] == [None, "true"]


async def test_the_next_process_replays_what_it_missed_into_the_same_message(away: World) -> None:
    go_on = Gate(Event())
    async with away.running():
        ts = await half(away, Pause(2), "And more. ", go_on, SECOND)
    shown = away.only_answer(ts)
    assert statuses(away) == ["in_progress"]
    assert not shown.streaming
    async with away.running():
        await away.until(lambda: len(looks(away)) == 2)
        assert [look.get("stream") for look in looks(away)] == [None, "true"]
        assert "starting_after" not in looks(away)[1]
        await away.until(lambda: "And more." in away.only_answer(ts).text)
        go_on.opened.set()
        await whole(away, ts, FIRST + "And more. " + SECOND)
    assert away.only_answer(ts).ts == shown.ts
    assert cancels(away) == []


async def test_nothing_is_taken_back_from_the_screen_while_it_is_replayed(away: World) -> None:
    async with away.running():
        ts = await half(away, Pause(2), *[f"w{number} " for number in range(200)], Gate(Event()))
        await away.until(lambda: "w199" in away.only_answer(ts).text)
    seen = len(away.slack.calls)
    async with away.running():
        await away.until(lambda: [call for call in away.slack.calls[seen:] if call.method == "chat.update"])
        edits = [call for call in away.slack.calls[seen:] if call.method == "chat.update"]
        assert all("w199" in str(call.params) for call in edits)
        away.openai.settle(newest(away), "completed")
        await away.until(away.answered(ts))


async def test_what_ended_while_nobody_listened_is_retrieved(away: World) -> None:
    async with away.running():
        ts = await half(away, Pause(30), SECOND)
    await away.clock.advance(60)
    await away.until(lambda: statuses(away) == ["completed"])
    async with away.running():
        await whole(away, ts)
    assert looks(away) == [{}]


async def test_what_is_too_old_to_be_replayed_is_waited_for(away: World) -> None:
    async with away.running():
        ts = await half(away, Pause(330), SECOND)
    await away.clock.advance(310)
    async with away.running():
        await whole(away, ts)
    kinds = [look.get("stream") for look in looks(away)]
    assert kinds[:2] == [None, "true"]
    assert set(kinds[2:]) == {None}


async def test_an_answer_to_the_request_that_got_lost_is_found_when_the_lock_is_gone(world: World) -> None:
    world.openai.faults.add(CREATE, Fault(FaultKind.RESET_AFTER))
    world.openai.queue(Script(Pause(70), Text(FIRST + SECOND)))
    ts = await world.mention("tell me")
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == FIRST + SECOND
    assert statuses(world) == ["completed"]


async def test_stop_ends_the_work_at_openai(world: World) -> None:
    ts = await half(world, Pause(500), SECOND)
    await world.slack.press_stop(world.general, ts, world.bo)
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert (answer.text, said_below(answer), actions(answer)) == (FIRST, ["Stopped by Bo."], {"try_again"})
    assert (statuses(world), cancels(world)) == (["cancelled"], [200])
    told = len(world.openai.run(newest(world)).told)
    await world.clock.advance(600)
    assert len(world.openai.run(newest(world)).told) == told
    world.openai.queue(Script(Text("Lima.")))
    await world.mention("and?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    assert world.answers(ts)[-1].text == "Lima."


async def test_stop_pressed_while_no_process_was_there_ends_the_work_too(away: World) -> None:
    async with away.running():
        ts = await half(away, Pause(500), SECOND)
    event = {"type": "agent_session_stopped", "channel": away.general, "thread_ts": ts, "user": away.bo}
    await away.slack.send_event({**event, "event_ts": away.slack.next_ts(), "streaming_message_ts": []})
    async with away.running():
        await away.until(lambda: said_below(away.only_answer(ts)) == ["Stopped by Bo."])
        await away.until(away.answered(ts))
        assert statuses(away) == ["cancelled"]


async def test_a_stop_that_comes_after_the_end_leaves_what_was_said(world: World) -> None:
    """People stopped what they saw: the rest is neither shown nor remembered, though it was complete."""
    ts = await half(world, Stall(then="completed"), SECOND)
    await world.until(lambda: statuses(world) == ["completed"])
    await world.slack.press_stop(world.general, ts, world.bo)
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert (answer.text, said_below(answer)) == (FIRST, ["Stopped by Bo."])
    assert (statuses(world), cancels(world)) == (["completed"], [400])
    await world.mention("and?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    context = str(world.openai.contexts[newest(world)])
    assert FIRST.strip() in context
    assert SECOND not in context


async def test_what_cannot_be_cancelled_keeps_its_lock_and_the_next_question_waits(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ts = await half(world, Pause(120), SECOND)
    world.openai.faults.add(CANCEL, Fault(FaultKind.REFUSE, status=503), times=3)
    await world.slack.press_stop(world.general, ts, world.bo)
    await world.until(world.answered(ts))
    assert statuses(world) == ["in_progress"]
    assert [one for one in caplog.records if "was not cancelled" in one.getMessage()]
    await world.mention("and?", thread_ts=ts)
    world.openai.queue(Script(Text("Lima.")))
    await world.until(world.answered(ts, count=2))
    assert world.answers(ts)[-1].text == "Lima."
    assert statuses(world) == ["completed", "completed"]
    refused = [
        one for one in world.openai.requests if one.path == "/responses" and b"conversation_locked" in one.answer
    ]
    assert len(refused) > 6


async def test_the_time_of_a_run_ends_the_work_at_openai(make_world: Any) -> None:
    world: World = await make_world(openai_background=True, run_timeout=60)
    async with world.running():
        ts = await half(world, Pause(500), SECOND)
        await world.until(world.answered(ts))
        assert said_below(world.only_answer(ts)) == [words.FAILURES["timed_out"]]
        assert (statuses(world), cancels(world)) == (["cancelled"], [200])


async def test_an_edited_question_ends_the_work_on_the_old_one(world: World) -> None:
    ts = await half(world, Pause(500), SECOND)
    world.openai.queue(Script(Text("Lima.")))
    await world.slack.edit(world.general, ts, f"{world.at_bot} what is the capital of Peru?")
    await world.until(lambda: world.only_answer(ts).text == "Lima." and not world.bot_is_busy())
    assert statuses(world) == ["cancelled", "completed"]


async def test_what_somebody_else_cancelled_is_asked_again(world: World) -> None:
    ts = await half(world, Pause(500), SECOND)
    world.openai.queue(Script(Text("Lima.")))
    world.openai.run(newest(world)).cancel()
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "Lima."
    assert statuses(world) == ["cancelled", "completed"]


async def test_a_model_that_takes_no_background_is_asked_without_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.openai.models[MODEL] = replace(world.openai.models[MODEL], background=False)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            world.openai.queue(Script(Text(FIRST)))
            ts = await world.mention("tell me")
            await world.until(world.answered(ts))
            assert world.only_answer(ts).text == FIRST
        ts = await half(world, Pause(500))
        await world.slack.press_stop(world.general, ts, world.bo)
        await world.until(world.answered(ts))
    assert [("background" in body, "store" in body) for body in world.openai.creates] == [
        (True, True),
        (False, False),
        (False, False),
        (False, False),
    ]
    assert len([one for one in caplog.records if "does not take background" in one.getMessage()]) == 1
    assert (statuses(world)[-1], cancels(world)) == ("cancelled", [])


async def test_check_says_whether_it_is_taken(make_world: Any) -> None:
    world: World = await make_world()
    engine = Engine.connect(world.openai.api_key, world.openai.base_url, SystemClock())
    *_, taken = await probe(engine, MODEL, background=True)
    world.openai.models[MODEL] = replace(world.openai.models[MODEL], background=False)
    *_, refused = await probe(engine, MODEL, background=True)
    await engine.close()
    assert [(one.name, one.ok, one.warn) for one in (taken, refused)] == [
        ("Background mode", True, False),
        ("Background mode", True, True),
    ]
    assert world.openai.requests[-1].status == 400


async def test_without_the_setting_nothing_goes_on_and_nothing_is_cancelled(make_world: Any) -> None:
    world: World = await make_world()
    async with world.running():
        ts = await half(world, Pause(500), SECOND)
        await world.slack.press_stop(world.general, ts, world.bo)
        await world.until(world.answered(ts))
    assert not {"background", "store"} & world.openai.creates[0].keys()
    assert (statuses(world), cancels(world), looks(world)) == (["cancelled"], [], [])
