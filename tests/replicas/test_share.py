"""Several processes share what Slack sends: order kept, nothing said twice, no answer lost with its process."""

import asyncio

import pytest

from bot.playground.openai.script import Gate, Pause, Script, Text, Turn
from tests.replicas.fleet import END, Fleet, marks

pytestmark = [pytest.mark.races, pytest.mark.timeout(300)]
PIECES = [f"Piece {number}. " for number in range(8)]


@pytest.mark.parametrize("count", [2, 4])
async def test_events_are_spread_and_every_message_is_answered_once_in_order(fleet: Fleet, count: int) -> None:
    fleet.environment["LEASE_SECONDS"] = "30"
    fleet.environment["MAX_CONCURRENT_RUNS"] = str(-(-10 // count))  # so that nobody can take all ten
    fleet.openai.default = slowly
    await fleet.start(count)
    for _ in range(10):
        await fleet.mention()
    for _ in range(2):  # some while the first answers are being written
        for thread in range(10):
            await fleet.mention(thread=thread)
        await asyncio.sleep(0.3)
    await fleet.until(fleet.all_done)
    fleet.each_answered_once_in_order()
    everybody = {replica.address for replica in fleet.replicas}
    events = [envelope for envelope in fleet.slack.envelopes if envelope.type == "events_api"]
    assert {envelope.acked_by for envelope in events} == everybody
    assert {one.peer for one in fleet.openai.requests if one.path == "/responses"} == everybody


async def test_stop_pressed_at_one_ends_the_answer_of_another_within_two_seconds(fleet: Fleet) -> None:
    fleet.openai.queue(Script(Text(deltas=["To begin with. ", Gate(asyncio.Event()), END])))
    await fleet.start(2)
    thread = await fleet.mention()
    await fleet.until(lambda: fleet.answers(thread) and "begin" in fleet.answers(thread)[0].text)
    holder = fleet.holder()
    assert holder is not None
    (other,) = fleet.others(holder)
    fleet.slack.send_only_to(other.address)
    await fleet.slack.press_stop(*fleet.threads[thread], fleet.ann)
    await fleet.until(lambda: fleet.statuses() == ["cancelled"])
    (pressed,) = [one for one in fleet.slack.envelopes if "stopped" in str(one.payload["event"]["type"])]
    ended = [one for one in fleet.slack.calls if one.method in ("chat.stopStream", "chat.update") and one.executed]
    assert (pressed.acked_by, ended[-1].peer) == (other.address, holder.address)
    assert ended[-1].at - pressed.at < 2.0
    (answer,) = fleet.answers(thread)
    assert answer.text.startswith("To begin with.")
    assert not answer.streaming
    assert "Ann" in str(answer.blocks)


async def test_what_one_was_killed_at_another_finishes_in_the_same_message(fleet: Fleet) -> None:
    go_on = asyncio.Event()
    whole = "".join(PIECES) + END
    fleet.openai.queue(Script(Text(deltas=[*PIECES[:4], Gate(go_on), *PIECES[4:], END])))
    fleet.openai.queue(Script(Text(whole)))  # the first is cancelled with its connection
    await fleet.start(2)
    thread = await fleet.mention()
    await fleet.until(lambda: fleet.answers(thread) and "Piece 3" in fleet.answers(thread)[0].text)
    (begun,) = fleet.answers(thread)
    holder = fleet.holder()
    assert holder is not None
    await holder.kill()
    await fleet.until(lambda: fleet.statuses() == ["completed"])
    (answer,) = fleet.answers(thread)
    assert (answer.ts, answer.text, answer.streaming) == (begun.ts, whole, False)
    assert fleet.slack.working() == []
    assert fleet.rows("SELECT attempt, lapses FROM runs") == [(2, 1)]


async def test_what_is_cut_by_a_shutdown_another_takes_over_at_once(fleet: Fleet) -> None:
    fleet.environment["LEASE_SECONDS"] = "600"
    fleet.environment["SHUTDOWN_GRACE"] = "0"
    whole = "".join(PIECES) + END
    fleet.openai.queue(Script(Text(deltas=[*PIECES[:4], Gate(asyncio.Event())])), Script(Text(whole)))
    await fleet.start(2)
    thread = await fleet.mention()
    await fleet.until(lambda: fleet.answers(thread) and "Piece 3" in fleet.answers(thread)[0].text)
    holder = fleet.holder()
    assert holder is not None
    assert await holder.terminate() == 0
    await fleet.until(lambda: fleet.statuses() == ["completed"])
    (answer,) = fleet.answers(thread)
    assert (answer.text, answer.streaming) == (whole, False)
    assert fleet.rows("SELECT attempt, lapses FROM runs") == [(2, 0)]


@pytest.mark.timeout(400)
async def test_a_rolling_restart_under_load_loses_nothing_and_repeats_nothing(fleet: Fleet) -> None:
    fleet.openai.default = slowly
    fleet.environment["LEASE_SECONDS"] = "30"  # nobody dies here
    old = await fleet.start(3)
    talking = asyncio.create_task(_talk(fleet))
    for replica in old:
        await fleet.start(of=3)
        assert await replica.terminate() == 0
    await talking
    await fleet.until(fleet.all_done)
    fleet.each_answered_once_in_order()
    assert all(any(one.peer == replica.address for one in fleet.openai.requests) for replica in fleet.replicas)


async def _talk(fleet: Fleet) -> None:
    """People go on talking for as long as the restart takes: ten threads, three messages each."""
    for _ in range(3):
        for number in range(10):
            await fleet.mention(thread=number if number < len(fleet.threads) else None)
            await asyncio.sleep(0.25)


def slowly(turn: Turn) -> Script:
    """As `echo`, over a second and a half."""
    said = f"I have read {', '.join(marks(turn))}. "
    return Script(Text(deltas=[said, Pause(0.5), "And so ", Pause(0.5), "on. ", Pause(0.5), END]))
