"""The processes that are measured: started with an environment of their own, and read from outside (Linux)."""

import asyncio
import os
import re
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEADLINE = 30.0  # seconds for a line


class Child:
    """A Python process that answers in lines."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def cpu_ms(self) -> float:
        """Milliseconds of CPU that all its threads have spent: its own clock (clock_getcpuclockid(3))."""
        return time.clock_gettime((~self._process.pid << 3) | 2) * 1000

    def memory_mib(self) -> tuple[float, float]:
        """MiB resident now, and at most so far (proc_pid_status(5): VmRSS, VmHWM)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        kib = dict(re.findall(r"^(\w+):\s+(\d+) kB$", status, re.MULTILINE))
        return int(kib["VmRSS"]) / 1024, int(kib["VmHWM"]) / 1024

    def forget_peak(self) -> None:
        """Let the peak begin at what is resident now (proc(5): writing 5 to clear_refs)."""
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5", encoding="ascii")

    async def ask(self, line: str, seconds: float = 0.0) -> str:
        """Send it a line, if any; answers with its next line. EOFError when it has ended instead.

        `seconds` is what the work takes by itself; after DEADLINE more, TimeoutError.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n".encode() if line else b"")
        async with asyncio.timeout(seconds + DEADLINE):
            answer = await self._process.stdout.readline()
        if not answer:
            await self._process.wait()
            raise EOFError
        return answer.decode().strip()


@asynccontextmanager
async def python(*arguments: str, folder: Path, **environ: str) -> AsyncIterator[Child]:
    """Run Python in that folder with these variables alone; ended by SIGTERM.

    When it ends or falls silent too early, SystemExit with what it has logged.
    """
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ}
    log = folder / "stderr.txt"
    with log.open("a") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=folder, env=env, stdin=PIPE, stdout=PIPE, stderr=stderr
        )
    try:
        yield Child(process)
    except (EOFError, TimeoutError) as error:
        what = type(error).__name__
        raise SystemExit(f"no answer from a measured process ({what}):\n{log.read_text()}") from None
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
