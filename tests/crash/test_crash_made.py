"""Killed while what an answer made is on its way to Slack, and started again: each file once, below its answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import CodeInterpreter, Script, Text
from tests.crash.nursery import Nursery
from tests.crash.process import Rig, served
from tests.databases import BotDatabase

MADE = CodeInterpreter("make()", files={"/mnt/data/a.csv": b"1,2", "/mnt/data/b.csv": b"3,4"})


class CodeRig(Rig):
    """A rig whose assistant runs code."""

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"ASSISTANT_TOOLS": "code_interpreter"}


@pytest.fixture
async def rig(tmp_path: Path, nursery: Nursery, new_database: Callable[[], BotDatabase]) -> AsyncIterator[CodeRig]:
    async with served(CodeRig(tmp_path, nursery, new_database())) as made:
        yield made


@pytest.mark.parametrize("call", ["upload", "files.completeUploadExternal"])
async def test_killed_on_the_way_to_slack(rig: CodeRig, call: str) -> None:
    held = rig.slack.faults.add(call, Fault(FaultKind.HOLD))
    rig.openai.queue(Script(MADE, Text("Done.")))
    await rig.start()
    ts = await rig.mention("make it")
    async with asyncio.timeout(20):
        await held.reached.wait()
    await rig.kill()
    await rig.start()
    await rig.until(lambda: rig.statuses() == ["completed"])
    answer, *below = rig.slack.replies(rig.general, ts)
    assert answer.text == "Done."
    assert [file["name"] for message in below for file in message.files] == ["a.csv", "b.csv"]
    assert rig.rows("SELECT state FROM made_files") == [("shared",), ("shared",)]
