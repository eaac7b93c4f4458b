"""The bot as a process of its own: started, watched, killed, started again; what it logs is kept."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

import bot

COMMAND = (sys.executable, "-P", "-m", "bot.playground.minding")
KEPT_LINES = 2000
LONGEST_LINE = 1 << 20  # bytes; a longer one would end the reading
PATIENCE = 5.0  # real seconds that the bot gets to end after SIGTERM


class State(StrEnum):
    """What the process is doing."""

    STARTING = "starting"
    READY = "ready"
    ENDED = "ended"


class Child:
    """`threadmate run` beside us, with that environment and nothing else, in that folder.

    Modules that assistants name are found in `modules`, after everything that is installed. `changed` is called
    whenever its state or its log changes.
    """

    def __init__(
        self, environ: Mapping[str, str], folder: Path, changed: Callable[[], None], modules: Path | None = None
    ) -> None:
        self.state = State.ENDED
        self.code: int | None = None  # of its last end; negative: the signal that killed it
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.logged = 0  # lines ever, the forgotten ones too
        self._environ = {**environ, "PYTHONPATH": str(Path(bot.__file__).parents[1]), "PYTHONUTF8": "1"}
        self._folder = folder
        self._command = (*COMMAND, str(modules)) if modules else COMMAND
        self._changed = changed
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, unless it runs."""
        if self._process is not None:
            return
        self._become(State.STARTING)
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._folder,
            env=self._environ,
            stdin=PIPE,  # open as long as we live: see `minding`
            stdout=PIPE,
            stderr=PIPE,
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for us; we end it in good order
        )
        self._watch = asyncio.create_task(self._follow(self._process))

    async def kill(self) -> None:
        """End it at once, as an accident would."""
        if self._process is not None:
            self._process.kill()
            await self._ended()

    async def stop(self) -> None:
        """End it as SIGTERM does; killed when that takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ended()
        except TimeoutError:
            await self.kill()

    async def _ended(self) -> None:
        if self._watch is not None:
            await asyncio.shield(self._watch)

    async def _follow(self, process: Process) -> None:
        await asyncio.gather(self._read_out(process), self._read_log(process))
        self.code = await process.wait()
        self._process = None
        self.note(f"(the bot has ended with code {self.code})")
        self._become(State.ENDED)

    async def _read_out(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was started with a pipe
        async for line in process.stdout:
            if line.strip() == b"ready":
                self._become(State.READY)

    async def _read_log(self, process: Process) -> None:
        assert process.stderr is not None  # noqa: S101 - it was started with a pipe
        async for line in process.stderr:
            self.note(line.decode("utf-8", "replace").rstrip("\n"))

    def note(self, line: str) -> None:
        """Keep a line of the log."""
        self.lines.append(line)
        self.logged += 1
        self._changed()

    def _become(self, state: State) -> None:
        self.state = state
        self._changed()
