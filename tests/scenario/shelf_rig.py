"""The shelf and the engine with the real SDK, against the emulated API, on one clock that nobody waits for."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.assistant.engine import Engine, Turn
from bot.assistant.events import Event, Passage, StepFinished
from bot.assistant.files import FileShelf
from bot.assistant.scope import Scope
from bot.assistants import Assistant
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai import EmulatedOpenAI
from bot.playground.openai.script import FileSearch, Script, Text
from tests.scenario.test_engine import HurriedClock

TEAM, CHANNEL, OTHER_CHANNEL = "T1", "C1", "C2"
THREAD, OTHER_THREAD = "1700000000.000100", "1700000000.000200"
READER = Assistant(model="gpt-6.2-sol", tools=("file_search", "code_interpreter"))
LOST = FaultKind.RESET_AFTER


@dataclass
class Rig:
    """Both ends of the line."""

    api: EmulatedOpenAI
    clock: HurriedClock
    engine: Engine
    shelf: FileShelf
    folder: Path

    def file(self, name: str, data: bytes | str) -> Path:
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    async def upload(self, name: str, data: bytes | str = "Nothing.", **more: Any) -> str:
        return await self.shelf.upload(self.file(name, data), name, "text/plain", **more)

    async def keep(self, store: str, scope: str, text: str, name: str = "handbook.md") -> str:
        """The id of a File with that text, which the store has indexed."""
        file = await self.upload(name, text)
        await self.shelf.attach(store, file, {"scope": scope})
        self.api.index(store, file)
        return file

    def lose(self, call: str, kind: FaultKind = LOST, **more: Any) -> Fault:
        """Let the next such call go wrong."""
        return self.api.faults.add(call, Fault(kind, **more))

    def calls(self, method: str, path: str) -> int:
        """How many such calls arrived; the path may go on."""
        return sum((one.method, one.path.startswith(path)) == (method, True) for one in self.api.requests)

    async def ask(self, memory: str, scope: Scope, *scripts: Any, text: str = "Well?", **more: Any) -> list[Event]:
        """What happens in a turn of that scope."""
        self.api.queue(Script(*scripts))
        turn = Turn("run-1", memory, more.pop("assistant", READER), TEAM, "U1", (text,), scope, **more)
        return [event async for event in self.engine.stream(turn)]

    async def search(self, scope: Scope, query: str) -> list[str]:
        """The passages that the model's search finds, in a memory of its own."""
        events = await self.ask(await self.engine.open(), scope, FileSearch([query]), Text("So it is."))
        return texts(
            passage for event in events if isinstance(event, StepFinished) for passage in event.step.passages
        )


def texts(passages: Iterable[Passage]) -> list[str]:
    return [passage.text.strip() for passage in passages]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Rig]:
    """A shelf at an emulated API."""
    clock = HurriedClock()
    api = EmulatedOpenAI(clock)
    async with api.serve():
        engine = Engine.connect(api.api_key, api.base_url, clock)
        try:
            yield Rig(api, clock, engine, FileShelf(engine), folder)
        finally:
            await engine.close()
