"""What the whole program logs: ids on every line, and nothing that people, files or secrets say."""

import asyncio
import json
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot import logs
from bot.connection import _LazyRunner
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Error, Script, Text
from tests.scenario.conftest import MakeWorld

SECRET = "Zanzibar"


@pytest.mark.usefixtures("no_other_handlers")
async def test_lines_have_ids_and_no_words(
    make_world: MakeWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-which-bolt-finds-by-itself")
    logs.configure("DEBUG", "json")
    world = await make_world(health_port=0)
    async with world.running():
        world.openai.queue(
            Script(Text(f"I know {SECRET}.")),
            Script(Error("server_error", f"about {SECRET}")),
        )
        ts = await world.drop(f"{SECRET}.txt", f"All about {SECRET}", f"What of {SECRET}?")
        await world.until(world.answered(ts))
        await world.slack.edit(world.general, ts, f"{world.at_bot} What else of {SECRET}?")
        await world.mention(f"fail with {SECRET}")
        await world.settle()
        refusal = {"error": {"message": f"{SECRET} is too much", "type": "invalid_request_error"}}
        world.openai.faults.add("POST /responses", Fault(FaultKind.REFUSE, 400, refusal))
        failing = await world.mention(f"again {SECRET}")
        await world.until(world.answered(failing))
        await world.slack.press(world.general, world.answers(ts)[-1].ts, world.ann, "feedback", "up")
        await world.settle()
    err = capsys.readouterr().err
    for word in (SECRET, world.slack.bot_token, world.slack.app_token, world.openai.api_key, "wss://", "ws://"):
        assert word not in err
    lines: list[dict[str, Any]] = [json.loads(line) for line in err.splitlines()]

    taken = next(line for line in lines if line["message"] == "a run was taken")
    ended = next(line for line in lines if line["message"] == "the run ended")
    heard = next(line for line in lines if line["message"] == "heard a message")
    for name in ("run", "thread_id", "team", "channel", "thread_ts"):
        assert taken[name] == ended[name] != ""
    assert (heard["event"][:2], heard["thread_ts"], heard["ts"]) == (
        "Ev",
        taken["thread_ts"],
        taken["messages"][0],
    )
    assert heard["envelope"]
    assert "run" not in heard
    assert "event" not in taken
    of_calls = [line for line in lines if line["logger"] in ("bot.work", "bot.turn", "bot.reply.calls")]
    assert of_calls
    assert [line for line in lines if line["logger"] == "slack_bolt.AsyncApp"] == []
    assert all(line["run"] for line in of_calls)


@pytest.mark.usefixtures("no_other_handlers")
async def test_a_listener_that_fails_is_logged_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("DEBUG", "json")
    in_flight = set[asyncio.Future[None]]()

    async def fail() -> None:
        raise ValueError(SECRET)

    _LazyRunner(in_flight).start(fail, AsyncBoltRequest(mode="socket_mode", body={}))
    await asyncio.wait(in_flight)
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "a listener failed"
    assert "builtins.ValueError" in line
    assert SECRET not in line
