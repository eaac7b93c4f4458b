"""`threadmate playground`: everything up, one URL printed, everything down again."""

import asyncio
import signal
import sys
import threading
import webbrowser
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from bot.clock import SystemClock
from bot.playground.keeping import FILE
from bot.playground.page.server import PageServer, PortTakenError
from bot.playground.world import World
from storage.errors import DatabaseInUse, DatabaseUnavailable
from storage.sqlite_file import FileLock

DONE, NOT_STARTED = 0, 2
HOST = "127.0.0.1"


def play(port: int, *, open_page: bool, data: Path | None, openai_environ: Mapping[str, str]) -> int:
    """Serve the playground until SIGINT or SIGTERM; the exit code. `data` keeps its files, else they go."""
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(TemporaryDirectory(prefix="threadmate-playground-")))
        try:
            inside = folder / "bot"  # of its own, so that no .env is there
            inside.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return _refused(f"{folder} cannot be used as a folder: {error.strerror}.")
        try:
            lock = FileLock.take(folder / "playground")
        except DatabaseInUse:
            return _refused(f"Another playground uses {folder}. End it first, or take another folder with --data.")
        except DatabaseUnavailable as error:
            return _refused(str(error))
        stack.callback(lock.release)
        try:
            asyncio.run(_serve(port, inside, openai_environ, open_page=open_page, keep=data is not None))
        except PortTakenError as error:
            return _refused(str(error))
        except ValidationError:
            return _refused(f"{folder / FILE} is no workspace that this version of the playground has kept.")
    return DONE


def _refused(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return NOT_STARTED


async def _serve(
    port: int, folder: Path, openai_environ: Mapping[str, str], *, open_page: bool, keep: bool
) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, told_to_stop.set)
    async with (
        World.open(SystemClock(), folder, openai_environ, keep=keep) as world,
        PageServer(world).serving(HOST, port) as url,
    ):
        await world.bot.start()
        _say(url, world.answers_from)
        if open_page:
            threading.Thread(
                target=webbrowser.open, args=(url,), daemon=True
            ).start()  # some return when it is closed
        await told_to_stop.wait()


def _say(url: str, answers_from: str) -> None:
    answering = (
        f"Answers come from {answers_from}." if answers_from else "Answers come from a script, not a model."
    )
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    sys.stderr.write(f"{answering} Of the environment only OPENAI_* is used, and no .env. Ctrl-C ends it.\n")
    sys.stderr.flush()
