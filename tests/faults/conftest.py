"""A world whose lines can break; it ends as every scenario does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import pytest

from bot.playground.openai.script import Pause, Reasoning, Script, Text
from tests.faults.lines import Lines, led_through
from tests.faults.proxy import Proxy
from tests.scenario.conftest import MakeWorld
from tests.scenario.conftest import make_world as make_world
from tests.scenario.world import World, actions, said_below

PIECES = ("Één. ", "Two. ", "三つ。 ", "Four.")
WHOLE = "".join(PIECES)
SLOWLY = Script(Reasoning(), Text(deltas=[part for piece in PIECES for part in (piece, Pause(2.0))]))
AT_ONCE = Script(Text(WHOLE))


MOST = 30.0  # seconds that the loop's own clock is put forward at most


def let_the_loop_see_time_pass(world: World) -> None:
    """From now on the loop's own clock goes with the world's.

    By it the SDK finds out that a line is dead: it pings every 10 seconds, and waits 5 for the pong.
    """
    loop = cast("Any", asyncio.get_running_loop())
    real, start = loop.time, world.clock.time()
    loop.time = lambda: real() + min(MOST, world.clock.time() - start)


@dataclass(frozen=True, slots=True)
class Scene:
    """A world, the lines to it, and what Ann asks in it."""

    world: World
    lines: Lines

    async def ask(self, *answers: Script) -> str:
        """Let Ann ask; the model answers with these, one a request. The thread."""
        self.world.openai.queue(*(answers or (SLOWLY,)))
        return await self.world.mention("count")

    async def gone(self, *proxies: Proxy) -> None:
        """Let services be out of reach: what is connected is cut, what comes is refused."""
        for proxy in proxies:
            await proxy.refuse()
            proxy.kill()

    async def later(self, seconds: float) -> None:
        """Let so much time pass, everybody doing meanwhile what they do."""
        due = self.world.clock.time() + seconds
        await self.world.until(lambda: self.world.clock.time() >= due)

    async def is_answered_whole(self, ts: str, text: str = WHOLE, *, requests: int | None = 1) -> None:
        """Wait for the end, and look: one whole answer with its buttons, nothing twice, nothing working."""
        world = self.world
        await world.until(lambda: world.answered(ts)() and not world.slack.unacknowledged)
        await world.settle()
        answer = world.only_answer(ts)
        assert (answer.text, answer.streaming, answer.error_pill) == (text, False, False)
        assert actions(answer) >= {"feedback", "regenerate"}
        assert world.slack.working() == []
        assert world.slack.lost == []
        if requests is not None:
            assert len(world.openai.creates) == requests

    async def has_failed_in_words(self, ts: str, sentence: str, text: str = "") -> str:
        """Wait for the end, and look: what there was, one sentence, the button; the message's ts."""
        world = self.world
        await world.until(world.answered(ts))
        answer = world.answers(ts)[-1]
        assert (answer.text, answer.streaming) == (text or sentence, False)
        assert said_below(answer)[-1:] == [sentence]
        assert "try_again" in actions(answer)
        assert world.slack.working() == []
        return answer.ts


@pytest.fixture
async def scene(make_world: MakeWorld) -> AsyncIterator[Scene]:
    """A world and the bot running in it, behind three proxies; it may run code."""
    world: World = await make_world(assistant_tools="code_interpreter")
    async with led_through(world.clock, world.slack, world.openai) as lines, world.running():
        yield Scene(world, lines)
