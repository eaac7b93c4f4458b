"""A process that has the program imported, and becomes the bot's process as often as it is asked.

Importing takes a second of the processor, which a test that starts the bot three times does not need to pay:
what is killed is the process, and every process here is one of its own, made by fork with nothing running in it.
"""

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Self, get_args

ROOT = Path(__file__).parents[2]
PROGRAM = (
    "import sys, bot.playground.command; from tests.crash.nursery import serve; "
    "from tests.crash.rehearsal import rehearse; rehearse(); serve(int(sys.argv[1]))"
)
PUT_OFF = (
    "bot.app",
    "bot.check",
    "anyio._backends._asyncio",
    "httpcore2",
    "openai.resources.conversations.conversations",
    "openai.resources.models",
    "openai.resources.responses.responses",
    "truststore",
)
"""What the command imports to run, and the SDK at its first call."""


class Nursery:
    """Our end of that process; it ends when this end is closed."""

    def __init__(self, program: str = PROGRAM) -> None:
        """`program`: what that process runs, with the number of its end as its argument."""
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program, str(theirs.fileno())],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                pass_fds=[theirs.fileno()],
            )

    def close(self) -> None:
        """Let it end."""
        self._door.close()
        self._process.wait()

    async def start(
        self, arguments: list[str], folder: Path, environment: dict[str, str], log: int, live: str = ""
    ) -> "Child":
        """Run the command with those arguments in a process of its own, its stderr going to that descriptor.

        Where a module is named, its `live` is run instead.
        """
        said, its_stdout = os.pipe()
        news, its_status = os.pipe()
        request = {"arguments": arguments, "folder": str(folder), "environment": environment, "live": live}
        try:
            socket.send_fds(self._door, [json.dumps(request).encode()], [its_stdout, log, its_status])
        finally:
            os.close(its_stdout)
            os.close(its_status)
        return await Child.born(said, news)


class Child:
    """A process of the program: what `asyncio.subprocess.Process` is for a child of our own."""

    def __init__(self, stdout: asyncio.StreamReader, news: asyncio.StreamReader, pid: int) -> None:
        self.stdout = stdout
        self.pid = pid
        self._news = news
        self._transports: list[asyncio.BaseTransport] = []

    @classmethod
    async def born(cls, said: int, news: int) -> Self:
        """The process whose stdout and whose news (its number, then its exit code) come out of those pipes."""
        (stdout, one), (told, other) = await _reader(said), await _reader(news)
        child = cls(stdout, told, int(await told.readline()))
        child._transports = [one, other]
        return child

    def send_signal(self, number: signal.Signals) -> None:
        """Send it that signal; it may have ended already."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """Its exit code, or the signal's number below zero, once it has ended."""
        code = int(await self._news.readline())
        for transport in self._transports:
            transport.close()
        return code


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader, transport


def serve(descriptor: int) -> None:
    """Import the program, then fork for each request; in the fork, become the program, or what is to live."""
    from bot.cli import main

    _warm()
    gc.freeze()
    door = socket.socket(fileno=descriptor)
    while True:
        told, descriptors, _, _ = socket.recv_fds(door, 1 << 16, 3)
        if not told:
            return
        if os.fork() == 0:
            door.close()
            _keep(*descriptors)
            request = json.loads(told)
            _become(request, descriptors)
            import_module(request["live"]).live() if request["live"] else main(prog_name="threadmate")
            return
        for one in descriptors:
            os.close(one)
        _bury()


def _warm() -> None:
    """Do what is put off until the first use of each thing: more imports, and the schemas of the SDK's models."""
    for name in PUT_OFF:
        import_module(name)
    from openai.types.conversations import ConversationItem
    from openai.types.responses import Response, ResponseStreamEvent

    for union in (ResponseStreamEvent, ConversationItem):
        for model in get_args(get_args(union)[0]):
            model.model_rebuild()
    Response.model_rebuild()


def _bury() -> None:
    """Take note of the keepers that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


def _keep(stdout: int, log: int, status: int) -> None:
    """Fork once more: the parent tells how the child ends, and holds nothing else; only the child returns."""
    pid = os.fork()
    if pid == 0:
        return
    os.close(stdout)
    os.close(log)
    os.write(status, f"{pid}\n".encode())
    _, ended = os.waitpid(pid, 0)
    os.write(status, f"{os.waitstatus_to_exitcode(ended)}\n".encode())
    os._exit(0)


def _become(request: dict[str, Any], descriptors: list[int]) -> None:
    stdout, log, status = descriptors
    os.dup2(stdout, 1)
    os.dup2(log, 2)
    for one in (stdout, log, status):
        os.close(one)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None  # found anew: TMPDIR may be another one
    sys.argv = ["threadmate", *request["arguments"]]
