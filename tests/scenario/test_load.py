"""Many mentions at once: every answer whole, nothing left working, and not one call too many (decision 12)."""

import asyncio
import os
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.pacing import Budget
from bot.playground.clock import SteppedClock
from bot.playground.openai.script import Pause, Script, Text
from bot.playground.slack.workspace import EmulatedSlack
from bot.slack import Slack
from tests.scenario.world import World, actions

MENTIONS = int(os.environ.get("TEST_LOAD", "36"))  # more than are answered at a time, streamed, shown as working
CHANNELS, PEOPLE = 10, 10
PIECES = ("One. ", "Two. ", "Three.")
WHOLE = "".join(PIECES)


def told(_turn: object) -> Script:
    """The answer, a piece every two seconds."""
    return Script(Text(deltas=[part for piece in PIECES for part in (piece, Pause(2.0))]))


async def mentioned(world: World) -> list[tuple[str, str]]:
    """Let ten people mention the bot in ten channels at once; channel and ts of each mention."""
    people = [world.slack.add_person(f"Person {number}") for number in range(PEOPLE)]
    channels = [world.slack.add_channel(f"channel-{number}", members=people) for number in range(CHANNELS)]
    where = [channels[number % CHANNELS] for number in range(MENTIONS)]
    posts = [
        world.slack.post(channel, people[number // CHANNELS % PEOPLE], f"{world.at_bot} question {number}")
        for number, channel in enumerate(where)
    ]
    return list(zip(where, await asyncio.gather(*posts), strict=True))


async def test_many_mentions_within_a_second(make_world: Any) -> None:
    world: World = await make_world()
    world.openai.default = told
    async with world.running():
        asked = await mentioned(world)
        await world.until(lambda: world.openai.creates[MENTIONS - 1 :])
        await world.settle()
        assert world.budget.all_kept == {}
    assert not [call for call in world.slack.calls if call.status == 429]
    answers = [world.only_answer(ts, channel) for channel, ts in asked]
    assert [answer.text for answer in answers] == [WHOLE] * MENTIONS
    assert all(actions(answer) == {"feedback", "regenerate"} for answer in answers)
    assert world.slack.working() == []
    assert not [ts for channel, ts in asked if world.slack.thread(channel, ts)[0].reactions.get("eyes")]
    assert len(world.slack.notifications) == MENTIONS
    assert len(world.slack.executed("chat.startStream")) >= 20
    assert len(world.slack.executed("chat.postMessage")) == MENTIONS - len(
        world.slack.executed("chat.startStream")
    )


async def test_two_processes_with_half_of_the_budget_each_meet_no_429() -> None:
    clock = SteppedClock()
    slack = EmulatedSlack(clock)
    ann = slack.add_person("Ann Lee")
    channels = [slack.add_channel(f"channel-{number}", members=(ann,)) for number in range(2)]
    threads = [await slack.post(channel, ann, "go") for channel in channels]

    async def talk(process: Slack) -> None:
        """One process's calls, more than there is room for at once, and in one channel."""
        for number in range(30):
            channel = channels[number % 2]
            status: dict[str, Any] = {"channel_id": channel, "thread_ts": threads[number % 2], "status": "active"}
            work.append(asyncio.create_task(process.call("agents.sessions.setStatus", **status)))
        for number in range(6):
            what: dict[str, Any] = {
                "channel": channels[0],
                "text": str(number),
                "unfurl_links": False,
                "unfurl_media": False,
            }
            work.append(asyncio.create_task(process.call("chat.postMessage", **what)))

    work: list[asyncio.Task[Any]] = []
    async with slack.serve(), aiohttp.ClientSession() as session:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        for _ in range(2):
            await talk(Slack(client, clock, Budget(clock, 0.5)))
        while not all(task.done() for task in work):
            _, pending = await asyncio.wait(work, timeout=0.01)
            if pending:
                await clock.advance(1)
        await asyncio.gather(*work)
    assert not [call for call in slack.calls if call.status == 429]
    assert len(slack.calls) == len(work)
