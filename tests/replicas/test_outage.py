"""The database goes away under load: nothing is acknowledged that was not saved, nothing lost, nobody restarts.

With TEST_REPLICAS=long it is away for a real minute.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.playground.openai.script import Pause, Script, Text
from tests.postgres import Server
from tests.replicas.fleet import END, LONG, Fleet, echo, marks

pytestmark = [pytest.mark.races, pytest.mark.timeout(500)]

AWAY = 60.0 if LONG else 5.0  # real seconds
GRACE = 0.3  # seconds: what was saved just before is acknowledged just after
PIECES = int(AWAY) + 4  # one a second: an answer that is being written all the while


def slow_answer() -> Script:
    pieces = [part for number in range(PIECES) for part in (f"Piece {number}. ", Pause(1.0))]
    return Script(Text(deltas=["I have read q0.0. ", *pieces, END]))


async def talk(fleet: Fleet, until: asyncio.Event) -> None:
    """Mentions go on arriving, some of them in threads that there are."""
    for number in range(10_000):
        if until.is_set():
            return
        await fleet.mention(thread=1 + number % 8 if len(fleet.threads) > 8 else None)
        await asyncio.sleep(0.4 if not LONG else 2.0)


@pytest.mark.parametrize("how", ["stopped", "crashed", "silent"])
async def test_the_database_is_away_while_people_go_on_talking(fleet: Fleet, server: Server, how: str) -> None:
    await fleet.start(2)
    fleet.openai.default = lambda turn: slow_answer() if "q0.0" in marks(turn) else echo(turn)
    await fleet.mention()
    await fleet.until(lambda: fleet.answers(0))
    back = asyncio.Event()
    talking = asyncio.create_task(talk(fleet, back))
    async with away(server, how):
        gone_from = fleet.clock.time()
        await asyncio.sleep(AWAY)
        gone_until = fleet.clock.time()
    await asyncio.sleep(1.0)
    back.set()
    await talking
    said = [one for one in fleet.slack.envelopes if one.payload["event"]["type"] == "app_mention"]
    assert len([one for one in said if gone_from < one.at < gone_until]) > 5
    assert not [one for one in said if gone_from + GRACE < one.acked_at < gone_until]
    fleet.clock.put_forward(60)  # Slack sends what was not acknowledged again after a minute
    await fleet.until(fleet.all_done)
    fleet.each_answered_once_in_order()
    (answer,) = fleet.answers(0)
    assert answer.text == "I have read q0.0. " + "".join(f"Piece {number}. " for number in range(PIECES)) + END
    assert all(replica.process is not None for replica in fleet.replicas)


@asynccontextmanager
async def away(server: Server, how: str) -> AsyncIterator[None]:
    """Let the database be away for the length of the block."""
    if how == "silent":
        with server.silent():
            yield
        return
    await asyncio.to_thread(server.stop, signal.SIGINT if how == "stopped" else signal.SIGQUIT)
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)
