"""Whether the program says how it is: alive, ready, and its numbers, while it works, is cut off and ends."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bot
from bot.errors import SettingsError
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Error, Gate, Script, Text
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World

Numbers = dict[tuple[str, ...], float]


async def ask(bot: Bot, path: str) -> tuple[int, str]:
    """What the health port answers."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{bot.health.port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def numbers(bot: Bot) -> Numbers:
    """Every sample by its name and the values of its labels, without buckets."""
    _, text = await ask(bot, "/metrics")
    found: Numbers = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if not sample.name.endswith("_bucket"):
                found[(sample.name, *(value for _, value in sorted(sample.labels.items())))] = sample.value
    return found


async def gained(bot: Bot, before: Numbers) -> Numbers:
    """What has grown since."""
    after = await numbers(bot)
    return {key: value - before.get(key, 0) for key, value in after.items() if value > before.get(key, 0)}


@asynccontextmanager
async def watched(make_world: MakeWorld) -> AsyncIterator[tuple[World, Bot]]:
    world = await make_world(health_port=0, shutdown_grace=60)
    async with world.running() as bot:
        yield world, bot


async def test_an_answer_is_counted_where_it_happens(make_world: MakeWorld) -> None:
    async with watched(make_world) as (world, bot):
        assert await ask(bot, "/healthz") == (200, "alive\n")
        assert await ask(bot, "/readyz") == (200, "ready\n")
        before = await numbers(bot)
        world.openai.queue(Script(Text("Hello **Ann**, how can I help?", deltas=3)))
        ts = await world.mention("hi there")
        await world.until(world.answered(ts))
        await world.clock.advance(1.1)
        found = await gained(bot, before)
        assert found["threadmate_runs_total", "completed"] == 1
        assert found["threadmate_run_seconds_count",] == 1
        assert found["threadmate_first_text_seconds_count",] == found["threadmate_text_lag_seconds_count",] == 1
        assert found["threadmate_slack_calls_total", "chat.startStream", "ok"] == 1
        assert found["threadmate_slack_call_seconds_count", "chat.startStream"] == 1
        assert found["threadmate_tokens_total", "input"] > 0
        assert found["threadmate_tokens_total", "output"] > 0
        assert found["threadmate_events_total", "acknowledged", "app_mention"] == 1
        assert found["threadmate_events_total", "acknowledged", "message"] == 1
        assert found["threadmate_acknowledgement_seconds_count",] == 2
        assert found["threadmate_database_transactions_total",] > 3
        now = await numbers(bot)
        assert now["threadmate_slack_connected",] == now["threadmate_database_up",] == 1
        assert (
            now["threadmate_queue_messages",] == now["threadmate_queue_runs",] == now["threadmate_draining",] == 0
        )
        assert now["threadmate_slack_budget_left", "chat.startStream"] == 19
        _, text = await ask(bot, "/metrics")
        for secret in (world.ann, world.general, ts, world.slack.bot_token, world.openai.api_key, "Ann"):
            assert secret not in text


async def test_what_goes_wrong_is_counted_by_its_kind(make_world: MakeWorld) -> None:
    async with watched(make_world) as (world, bot):
        before = await numbers(bot)
        world.slack.faults.add("chat.stopStream", Fault(FaultKind.REFUSE, 429, headers={"Retry-After": "2"}))
        world.slack.faults.add("agents.sessions.setStatus", Fault(FaultKind.REFUSE, 500))
        ts = await world.mention("hi")
        await world.until(world.answered(ts))
        world.openai.queue(Script(Error("server_error", "the words of the error")))
        ts = await world.mention("fail")
        await world.until(world.answered(ts))
        world.openai.faults.always("POST /responses", Fault(FaultKind.REFUSE, 401, {"error": {"message": "no"}}))
        ts = await world.mention("no key")
        await world.until(world.answered(ts))
        found = await gained(bot, before)
        assert found["threadmate_slack_calls_total", "chat.stopStream", "rate_limited"] == 1
        assert found["threadmate_slack_calls_total", "agents.sessions.setStatus", "unknown"] == 1
        assert found["threadmate_runs_total", "failed"] == 2
        assert found["threadmate_run_failures_total", "key"] == 1
        assert found["threadmate_openai_errors_total", "key"] == 1


async def test_it_is_not_ready_while_slack_or_the_database_is_away(make_world: MakeWorld) -> None:
    async with watched(make_world) as (world, bot):
        world.slack.refuse_sockets = True
        await world.slack.drop_sockets()
        assert await ask(bot, "/readyz") == (503, "Slack is not connected\n")
        assert (await numbers(bot))["threadmate_slack_connected",] == 0
        world.slack.refuse_sockets = False
        await world.until(lambda: world.slack.connected)
        assert (await ask(bot, "/readyz"))[0] == 200

        go_on = asyncio.Event()

        async def read_for_long(_connection: AsyncConnection) -> None:
            await go_on.wait()

        readers = [asyncio.create_task(bot.store.database.read(read_for_long)) for _ in range(4)]
        await world.clock.advance(1.1)
        waiting = asyncio.create_task(ask(bot, "/readyz"))
        while not waiting.done():
            await asyncio.sleep(0)
            await world.clock.advance(0.5)
        assert waiting.result() == (503, "the database does not answer\n")
        go_on.set()
        await asyncio.gather(*readers)
        await world.until(lambda: not bot.store.database.busy)
        await world.clock.advance(1.1)
        assert (await ask(bot, "/readyz"))[0] == 200


async def test_it_drains_before_it_ends_and_tells_so(make_world: MakeWorld) -> None:
    world = await make_world(health_port=0, shutdown_grace=60)
    gate = Gate(asyncio.Event())
    async with world.running(gently=False) as bot:
        world.openai.queue(Script(Text(deltas=["Half of it, ", gate, "and the rest."])))
        ts = await world.mention("take your time")
        await world.until(lambda: world.answers(ts))
        assert (await numbers(bot))["threadmate_runs_in_progress",] == 1
        stopping = asyncio.create_task(bot.stop())
        await asyncio.sleep(0)
        assert await ask(bot, "/readyz") == (503, "draining\n")
        assert await ask(bot, "/healthz") == (200, "alive\n")
        assert (await numbers(bot))["threadmate_draining",] == 1
        gate.opened.set()
        await world.meanwhile(stopping)
        assert world.only_answer(ts).text == "Half of it, and the rest."
        status, reasons = await ask(bot, "/readyz")
        assert (status, reasons.splitlines()[:2]) == (503, ["draining", "Slack is not connected"])


async def test_it_tells_that_it_is_alive_before_slack_is_asked_anything(make_world: MakeWorld) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = await make_world(health_port=port)
    held = world.slack.faults.add("auth.test", Fault(FaultKind.HOLD))

    async def live() -> tuple[int, str]:
        async with world.running() as bot:
            return await ask(bot, "/readyz")

    living = asyncio.create_task(live())
    await world.slack.until(held.reached.is_set)
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
        async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
            assert (answer.status, await answer.text()) == (503, "starting\n")
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert "threadmate_build_info" in await answer.text()
    held.released.set()
    assert await world.meanwhile(living) == (200, "ready\n")


async def test_a_port_that_is_taken_is_refused_in_words(make_world: MakeWorld) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        world = await make_world(health_port=taken.getsockname()[1])
        with pytest.raises(SettingsError, match="HEALTH_PORT cannot be opened"):
            async with Bot.open(world.settings(), world.clock):
                raise AssertionError("it was opened")
