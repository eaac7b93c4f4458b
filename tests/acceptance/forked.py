"""The command in a process out of the nursery, which need not import the program: that takes 1.5 seconds."""

import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from tests.crash.nursery import Child, Nursery


class Forked:
    """Of `asyncio.subprocess.Process` what is used here."""

    def __init__(self, child: Child, log: IO[bytes]) -> None:
        self.stdout = child.stdout
        self.returncode: int | None = None
        self._child, self._log = child, log

    def send_signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        self._log.close()
        self.returncode = await self._child.wait()
        return self.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        out = await self.stdout.read()
        self.returncode = await self._child.wait()
        with self._log as log:
            log.seek(0)
            return out, log.read()


async def fork(nursery: Nursery, words: list[str], environ: Mapping[str, str], folder: Path) -> Forked:
    """The command with those words, in that folder and with that environment alone."""
    log = tempfile.TemporaryFile()  # noqa: SIM115 - for as long as the process
    return Forked(await nursery.start(words, folder, {**environ}, log.fileno()), log)
