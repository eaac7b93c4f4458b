"""`threadmate run` for as long as somebody minds it: it ends when its standard input does.

The playground starts the bot so, with a pipe that it never writes to. However the playground ends, by SIGKILL
too, the pipe is closed by that, and nothing is left behind. What it names is a folder of modules for `run`.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from bot.cli import main
from bot.functions.declared import importable_from

GRACE = 3.0  # seconds from SIGTERM until the process ends whatever it does
STDIN = 0


def mind() -> None:
    """Return when the input has ended, having told this process to end; then make sure that it does."""
    while os.read(STDIN, 1):
        pass
    killer = threading.Timer(GRACE, os._exit, [1])
    killer.daemon = True
    killer.start()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=mind, daemon=True).start()
    for modules in sys.argv[1:]:
        importable_from(Path(modules))
    main(["run"], prog_name="threadmate")
