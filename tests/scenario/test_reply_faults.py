"""What goes wrong at Slack while a reply is written: the answer is whole, once, or ended in order (design §5)."""

import logging

import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Pause, Reasoning, Script, Text
from bot.playground.slack.records import rate_limited, slack_error
from storage.records import RunStatus
from tests.scenario.world import World, actions, block_types, said_below

PIECES = ("One. ", "Two. ", "Three. ", "Four.")
WHOLE = "".join(PIECES)
WRITING = ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage", "chat.update")
SLOWLY = Text(deltas=[part for piece in PIECES for part in (piece, Pause(2.0))])


async def ask(world: World) -> str:
    """Let Ann ask for those pieces, and wait until the answer is whole; the thread."""
    world.openai.queue(Script(Reasoning(), SLOWLY))
    ts = await world.mention("count")
    await world.until(world.answered(ts))
    return ts


def last_status(world: World, caplog: pytest.LogCaptureFixture) -> str:
    """How the run ended, as it was logged."""
    return [str(record.__dict__["status"]) for record in caplog.records if record.msg == "the run ended"][-1]


async def test_an_append_that_is_rate_limited_is_made_later(world: World) -> None:
    world.slack.faults.add("chat.appendStream", rate_limited(3))
    ts = await ask(world)
    assert world.only_answer(ts).text == WHOLE
    assert not world.only_answer(ts).edited


@pytest.mark.parametrize("method", ["chat.startStream", "chat.stopStream", "agents.sessions.setStatus"])
async def test_any_call_that_is_rate_limited_is_made_later(world: World, method: str) -> None:
    world.slack.faults.add(method, rate_limited(5))
    ts = await ask(world)
    assert world.only_answer(ts).text == WHOLE


async def test_an_append_that_is_too_long_goes_by_edits(world: World) -> None:
    world.slack.faults.add("chat.appendStream", slack_error("msg_too_long"))
    ts = await ask(world)
    assert world.only_answer(ts).text == WHOLE
    assert world.only_answer(ts).edited
    assert actions(world.only_answer(ts)) == {"feedback", "regenerate"}


@pytest.mark.parametrize("error", ["msg_too_long", "invalid_blocks", "msg_blocks_too_long"])
async def test_an_end_that_slack_refuses_is_edited_in(world: World, error: str) -> None:
    world.slack.faults.add("chat.stopStream", slack_error(error))
    ts = await ask(world)
    answer = world.only_answer(ts)
    assert answer.text == WHOLE
    assert actions(answer) == {"feedback", "regenerate"}
    assert "container" in block_types(answer)


async def test_blocks_that_slack_refuses_twice_become_plainer(world: World) -> None:
    world.slack.faults.add("chat.stopStream", slack_error("invalid_blocks"))
    world.slack.faults.add("chat.update", slack_error("invalid_blocks"))
    world.openai.queue(Script(Reasoning(), SLOWLY, status="failed"))
    ts = await world.mention("count")
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert answer.text.startswith(WHOLE)
    assert block_types(answer) == ["markdown", "context", "actions"]
    assert len(said_below(answer)) == 1
    assert actions(answer) == {"try_again", "details"}


async def test_a_slack_that_takes_no_blocks_gets_text(world: World) -> None:
    world.slack.faults.always("chat.startStream", slack_error("unknown_method"))
    world.slack.faults.add("chat.postMessage", slack_error("invalid_blocks"))
    world.openai.queue(Script(status="failed"))
    ts = await world.mention("count")
    await world.until(world.answered(ts))
    assert block_types(world.only_answer(ts)) == ["markdown"]
    assert "please try again" in world.only_answer(ts).text


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived"])
async def test_a_place_that_is_gone_ends_the_run(
    world: World, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.openai.queue(Script(Reasoning(), SLOWLY))
    ts = await world.mention("count")
    await world.until(lambda: world.answers(ts))
    channel = world.slack.channels[world.general]
    channel.archived = error == "is_archived"
    if error != "is_archived":
        channel.members.remove(world.slack.bot_user)
    channel.kind = "private" if error == "channel_not_found" else "channel"
    await world.settle()
    assert last_status(world, caplog) == RunStatus.FAILED
    before = len(world.slack.calls)
    await world.clock.advance(120)
    await world.settle()
    assert len(world.slack.calls) == before
    world.slack.sessions.clear()  # nobody can write there any more


async def test_a_place_that_is_gone_from_the_start_ends_the_run(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for method in ("chat.startStream", "chat.postMessage"):
        world.slack.faults.always(method, slack_error("is_archived"))
    world.openai.queue(Script(SLOWLY))
    await world.mention("count")
    await world.until(lambda: world.openai.creates and not world.bot_is_busy())
    assert last_status(world, caplog) == RunStatus.FAILED
    assert world.slack.working() == []


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.postMessage", "chat.update"])
@pytest.mark.parametrize("error", ["not_in_channel", "restricted_action", "restricted_action_thread_locked"])
async def test_where_we_may_not_write_nothing_is_retried_for_ever(
    world: World, method: str, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    faults = {name: slack_error(error) for name in WRITING}
    if method == "chat.appendStream":
        del faults["chat.startStream"]
    elif method != "chat.startStream":
        faults["chat.startStream"] = slack_error("unknown_method")
    if method == "chat.update":
        del faults["chat.postMessage"]
    for name, fault in faults.items():
        world.slack.faults.always(name, fault)
    world.openai.queue(Script(SLOWLY))
    await world.mention("count")
    await world.until(lambda: world.openai.creates and not world.bot_is_busy())
    assert last_status(world, caplog) == RunStatus.FAILED
    assert error in [record.__dict__.get("error") for record in caplog.records]
    before = len(world.slack.calls)
    await world.clock.advance(60)
    await world.settle()
    assert len(world.slack.calls) == before
    assert before < 12
    world.slack.sessions.clear()  # a stream that may not be ended works until it dies


async def test_a_message_that_somebody_deletes_meanwhile_stays_deleted(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.openai.queue(Script(SLOWLY))
    ts = await world.mention("count")
    await world.until(lambda: world.answers(ts))
    place = world.slack.channels[world.general]
    stream = next(m for m in place.messages.values() if m.stream)
    world.slack.end_stream(place, stream, "processing")
    del place.messages[stream.ts]
    await world.settle()
    assert world.answers(ts) == []
    assert last_status(world, caplog) == RunStatus.COMPLETED


async def test_an_end_that_slack_does_not_hear_for_a_minute_comes_later(world: World) -> None:
    fault = world.slack.faults.always("chat.stopStream", Fault(FaultKind.RESET_BEFORE))
    world.openai.queue(Script(SLOWLY))
    ts = await world.mention("count")
    await world.until(fault.reached.is_set)

    def stops() -> int:
        return len([call for call in world.slack.calls if call.method == "chat.stopStream"])

    for tries in range(2, 8):
        await world.clock.advance(10.0)
        await world.until(lambda tries=tries: stops() >= tries)  # type: ignore[misc]
    assert world.only_answer(ts).streaming
    world.slack.faults.clear("chat.stopStream")
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == WHOLE
    assert actions(world.only_answer(ts)) == {"feedback", "regenerate"}


async def test_slacks_own_failures_are_waited_out(world: World) -> None:
    for method in ("agents.sessions.setStatus", "chat.startStream", "chat.appendStream", "chat.stopStream"):
        world.slack.faults.add(method, Fault(FaultKind.REFUSE, status=503, body="<html>"))
    ts = await ask(world)
    assert world.only_answer(ts).text == WHOLE
