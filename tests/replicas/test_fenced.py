"""A process that was stopped for longer than its lease is fenced off when it is woken: not one more call.

Whatever it did when it was stopped, another process does it meanwhile. With TEST_REPLICAS=long it is stopped for a
real minute, with the leases that people have.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import CodeInterpreter, Gate, Script, Text
from bot.playground.slack.records import rate_limited
from tests.postgres import connect
from tests.replicas.fleet import LEASE, LONG, Fleet, Replica

pytestmark = [pytest.mark.races, pytest.mark.timeout(500)]

AWAY = 60.0 if LONG else LEASE + 1.0  # real seconds that it is stopped at least
WATCHED = 3.0  # real seconds after it was woken
WHOLE = "The first half. The second half."
GIVEN_UP = "belongs to somebody else now"


@asynccontextmanager
async def asleep(fleet: Fleet, replica: Replica) -> AsyncIterator[None]:
    """Stop it for longer than its lease and for the block; then wake it, and see that it calls nobody."""
    replica.signal(signal.SIGSTOP)
    fleet.slack.send_only_to(fleet.others(replica)[0].address)
    try:
        await asyncio.sleep(AWAY)
        yield
        await asyncio.sleep(0.2)  # what was under way on this machine has arrived
        before = fleet.calls_of(replica)
    finally:
        replica.signal(signal.SIGCONT)
    await fleet.until(lambda: GIVEN_UP in replica.said() or "belongs to another process" in replica.said())
    await asyncio.sleep(WATCHED)
    assert fleet.calls_of(replica) == before


async def held_by(fleet: Fleet) -> Replica:
    holder = fleet.holder()
    assert holder is not None
    return holder


async def reached(fault: Fault) -> None:
    async with asyncio.timeout(20):
        await fault.reached.wait()


async def test_in_the_midst_of_a_streaming_answer(fleet: Fleet) -> None:
    go_on = asyncio.Event()
    fleet.openai.queue(Script(Text(deltas=["The first half.", Gate(go_on), " The second half."])))
    await fleet.start(2)
    thread = await fleet.mention()
    await fleet.until(lambda: fleet.answers(thread) and "first" in fleet.answers(thread)[0].text)
    (begun,) = fleet.answers(thread)
    stopped = await held_by(fleet)
    async with asleep(fleet, stopped):
        go_on.set()  # its own stream is told to the end, too
        await fleet.until(lambda: fleet.statuses() == ["completed"])
    (answer,) = fleet.answers(thread)
    assert (answer.ts, answer.text, answer.streaming) == (begun.ts, WHOLE, False)
    assert len(fleet.openai.creates) == 1


async def test_with_a_stream_that_breaks_meanwhile(fleet: Fleet) -> None:
    """It would ask what became of its turn."""
    fleet.openai.queue(Script(Text(deltas=["The first half.", Gate(asyncio.Event())])), Script(Text(WHOLE)))
    await fleet.start(2)
    thread = await fleet.mention()
    await fleet.until(lambda: fleet.answers(thread) and "first" in fleet.answers(thread)[0].text)
    stopped = await held_by(fleet)
    (first,) = fleet.openai.responses
    async with asleep(fleet, stopped):
        fleet.openai.settle(first, "cancelled")
        await fleet.until(lambda: fleet.statuses() == ["completed"])
    assert [answer.text for answer in fleet.answers(thread)] == [WHOLE]


async def test_between_its_claim_and_its_first_call(fleet: Fleet) -> None:
    fleet.openai.queue(Script(Text(WHOLE)))
    await fleet.start(2)
    connection = await connect(fleet.url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("LOCK TABLE regenerations")  # which is read before the first call
    thread = await fleet.mention()
    await fleet.until(fleet.holder)
    stopped = await held_by(fleet)
    assert fleet.calls_of(stopped) == []
    stopped.signal(signal.SIGSTOP)
    await transaction.rollback()
    await connection.close()
    async with asleep(fleet, stopped):
        await fleet.until(lambda: fleet.statuses() == ["completed"])
    assert [answer.text for answer in fleet.answers(thread)] == [WHOLE]


async def test_while_it_waits_to_repeat_a_call(fleet: Fleet) -> None:
    fleet.openai.queue(Script(Text(WHOLE)))
    for _ in range(2):
        fleet.slack.faults.add("chat.stopStream", rate_limited(1))
    await fleet.start(2)
    thread = await fleet.mention()
    await fleet.until(lambda: any(call.status == 429 for call in fleet.slack.calls))
    async with asleep(fleet, await held_by(fleet)):
        await fleet.until(lambda: fleet.statuses() == ["completed"])
    assert [answer.text for answer in fleet.answers(thread)] == [WHOLE]


async def test_while_a_call_is_held_whose_answer_leads_to_the_next(fleet: Fleet) -> None:
    fleet.openai.queue(Script(Text(WHOLE)))
    held = fleet.openai.faults.add("POST /conversations", Fault(FaultKind.HOLD))
    await fleet.start(2)
    thread = await fleet.mention()
    await reached(held)
    async with asleep(fleet, await held_by(fleet)):
        await fleet.until(lambda: fleet.statuses() == ["completed"])
        held.released.set()
    assert [answer.text for answer in fleet.answers(thread)] == [WHOLE]


async def test_while_a_file_goes_to_openai(fleet: Fleet) -> None:
    fleet.openai.queue(Script(Text(WHOLE)))
    held = fleet.openai.faults.add("POST /files", Fault(FaultKind.HOLD))
    await fleet.start(2)
    thread = await fleet.mention("look", files=[fleet.slack.add_file("rules.md", b"Be kind.", fleet.ann)])
    await reached(held)
    async with asleep(fleet, await held_by(fleet)):
        await fleet.until(lambda: fleet.statuses() == ["completed"])
        held.released.set()
    assert [answer.text for answer in fleet.answers(thread)] == [WHOLE]
    assert [file.filename for file in fleet.openai.files.values()] == ["rules.md"]


async def test_while_what_an_answer_made_goes_to_slack(fleet: Fleet) -> None:
    fleet.environment["ASSISTANT_TOOLS"] = "code_interpreter"
    fleet.openai.queue(Script(CodeInterpreter("make()", files={"/mnt/data/a.csv": b"1,2"}), Text(WHOLE)))
    held = fleet.slack.faults.add("upload", Fault(FaultKind.HOLD))
    await fleet.start(2)
    thread = await fleet.mention()
    await reached(held)
    async with asleep(fleet, await held_by(fleet)):
        await fleet.until(lambda: fleet.statuses() == ["completed"])
        held.released.set()
    answer, *below = fleet.answers(thread)
    assert answer.text == WHOLE
    assert [file["name"] for message in below for file in message.files] == ["a.csv"]


async def test_while_a_file_is_removed(fleet: Fleet) -> None:
    await fleet.start(2)
    file = fleet.slack.add_file("rules.md", b"Be kind.", fleet.ann)
    await fleet.mention("look", files=[file])
    await fleet.until(fleet.all_done)
    held = fleet.openai.faults.add("DELETE /vector_stores/{id}/files/{file_id}", Fault(FaultKind.HOLD))
    await fleet.slack.delete_file(file["id"])
    await reached(held)
    (request,) = [one for one in fleet.openai.requests if one.method == "DELETE" and "/vector_stores/" in one.path]
    (stopped,) = [one for one in fleet.replicas if one.address == request.peer]
    async with asleep(fleet, stopped):
        await fleet.until(lambda: not fleet.rows("SELECT id FROM files"))
        held.released.set()
    assert fleet.openai.files == {}
