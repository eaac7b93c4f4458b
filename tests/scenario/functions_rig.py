"""A world whose assistant has functions of a team, and what these did."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.playground.openai.script import FunctionCall, Part, Script, Text, Turn
from storage.call_records import Decision
from tests import acme
from tests.scenario.world import World

ASKS = {"function": "refund", "approval": "always"}


class Shop:
    """A world whose assistant has functions of `tests.acme`, and what these did."""

    def __init__(self, make_world: Callable[..., Any], folder: Path) -> None:
        self._make_world = make_world
        self._folder = folder
        self.world: World

    @asynccontextmanager
    async def open(self, *functions: str | Mapping[str, Any], more: str = "", **settings: Any) -> Any:
        """The world, running, with those functions: names, or tables of the assistants' file."""
        chosen = [{"function": one} if isinstance(one, str) else dict(one) for one in functions]
        listed = ", ".join(
            "{"
            + ", ".join(
                f"{key} = {json.dumps(f'tests.acme:{value}' if key == 'function' else value)}"
                for key, value in one.items()
            )
            + "}"
            for one in chosen
        )
        file = self._folder / "assistants.toml"
        file.write_text(f"[assistants.default]\nfunctions = [{listed}]\n{more}\n")
        self.world = await self._make_world(assistants_file=file, **settings)
        async with self.world.running():
            yield self.world

    @property
    def effects(self) -> list[str]:
        """What was done, in order."""
        file = self._folder / acme.EFFECTS
        return file.read_text().splitlines() if file.exists() else []

    async def ask(self, *scripts: Script | Callable[[Turn], Script]) -> str:
        """Let Ann ask, and wait for the answer that these scripts give; the thread."""
        self.world.openai.queue(*scripts)
        ts = await self.world.mention("help me")
        await self.world.until(self.world.answered(ts))
        return ts

    def outputs(self, at: int = -1) -> dict[str, str]:
        """What a request brought of calls, and that it brought nothing else."""
        items = self.world.openai.creates[at]["input"]
        assert {item["type"] for item in items} == {"function_call_output"}
        return {item["call_id"]: item["output"] for item in items}

    def calls(self) -> list[tuple[Any, ...]]:
        return self.world.database.rows("SELECT call_id, state, output FROM function_calls ORDER BY position")

    async def decide(self, call_id: str, *, approve: bool, user: str = "") -> Decision:
        """Somebody (Ann) decides, as a button of ours would let them."""
        assert self.world.bot is not None
        [(run,)] = self.world.database.rows("SELECT run_id FROM function_calls WHERE call_id = ?", call_id)
        decision = await self.world.bot.store.calls.decide(run, call_id, user or self.world.ann, approve=approve)
        self.world.bot.worker.wake()
        return decision

    def statuses(self) -> list[str]:
        return [
            str(status) for (status,) in self.world.database.rows("SELECT status FROM runs ORDER BY created_at")
        ]

    async def waits(self, ts: str) -> None:
        """Return when the run waits for people."""
        await self.world.until(lambda: self.statuses()[-1:] == ["requires_action"] and self.world.answered(ts)())

    def folded(self, ts: str) -> str:
        """All that stands in the folded steps."""
        blocks = [block for block in self.world.answers(ts)[-1].blocks if block["type"] == "container"]
        return json.dumps(blocks, ensure_ascii=False)

    def session(self, ts: str) -> str:
        return str(self.world.slack.sessions[(self.world.general, ts)].status)


@pytest.fixture
def shop(make_world: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    acme.scene.__init__()  # type: ignore[misc]
    return Shop(make_world, tmp_path)


def wants(name: str, call_id: str = "call_1", **arguments: Any) -> FunctionCall:
    return FunctionCall(name, arguments, call_id=call_id)


async def waiting(shop: Shop, *calls: FunctionCall, parts: Sequence[Part] = (Text("I would."),)) -> str:
    """A thread that waits for somebody to decide about those calls."""
    shop.world.openai.queue(Script(*parts, *calls))
    ts = await shop.world.mention("refund 7")
    await shop.waits(ts)
    return ts


async def press(world: World, ts: str, action: str, call_id: str | None = None, user: str | None = None) -> None:
    """Somebody (Ann) presses a button of a message."""
    assert await world.slack.press(world.general, ts, user or world.ann, action, call_id)
    await world.settle()


def told(world: World, user: str) -> list[str]:
    """What one person was told alone."""
    return [one.text for one in world.slack.ephemerals if one.user == user]
