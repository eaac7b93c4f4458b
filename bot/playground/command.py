"""`threadmate playground`: everything up, one URL printed, everything down again."""

import asyncio
import signal
import sys
import threading
import webbrowser
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from bot.clock import SystemClock
from bot.errors import SettingsError
from bot.playground.keeping import FILE
from bot.playground.model import MODEL
from bot.playground.own import OwnAssistants
from bot.playground.page.server import PageServer, PortTakenError
from bot.playground.world import World
from storage.errors import DatabaseInUse, DatabaseUnavailable
from storage.sqlite_file import FileLock

DONE, NOT_STARTED = 0, 2
HOST = "127.0.0.1"


def play(
    port: int,
    *,
    open_page: bool,
    data: Path | None,
    openai_environ: Mapping[str, str],
    assistants: Path | None = None,
) -> int:
    """Serve the playground until SIGINT or SIGTERM; the exit code. `data` keeps its files, else they go.

    `assistants` is a file of assistants that answer instead of ours; their functions are found in the working
    directory.
    """
    try:
        own = _own(assistants, openai_environ) if assistants is not None else None
    except SettingsError as error:
        return _refused("\n".join(error.faults))
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
            world = World.open(SystemClock(), inside, openai_environ, keep=data is not None, own=own)
            asyncio.run(_serve(port, world, open_page=open_page))
        except PortTakenError as error:
            return _refused(str(error))
        except ValidationError:
            return _refused(f"{folder / FILE} is no workspace that this version of the playground has kept.")
    return DONE


def _refused(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return NOT_STARTED


def _own(file: Path, openai_environ: Mapping[str, str]) -> OwnAssistants:
    return OwnAssistants.read(file, Path.cwd(), openai_environ.get("OPENAI_MODEL") or MODEL)


async def _serve(port: int, opening: AbstractAsyncContextManager[World], *, open_page: bool) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, told_to_stop.set)
    async with (
        opening as world,
        PageServer(world).serving(HOST, port) as url,
    ):
        await world.bot.start()
        _say(url, world.answers_from, world.assistants_from)
        if open_page:
            threading.Thread(
                target=webbrowser.open, args=(url,), daemon=True
            ).start()  # some return when it is closed
        await told_to_stop.wait()


def _say(url: str, answers_from: str, assistants_from: str) -> None:
    answering = (
        f"Answers come from {answers_from}." if answers_from else "Answers come from a script, not a model."
    )
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    if assistants_from:
        answering += f" The assistants are those of {assistants_from}."
    sys.stderr.write(f"{answering} Of the environment only OPENAI_* is used, and no .env. Ctrl-C ends it.\n")
    sys.stderr.flush()
