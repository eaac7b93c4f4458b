"""`python -m tests.soak --seed N --messages M`: the soak at whatever length."""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.crash.nursery import Nursery
from tests.soak.soak import soak

SHOWN = 40  # violations


def main() -> int:
    """Run it, say how it went, and how it can be had again."""
    told = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    told.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    told.add_argument("--messages", type=int, default=2000)
    told.add_argument("--keep", action="store_true", help="keep the folder with the log and the database")
    given = told.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    for name in ("asyncio", "aiohttp.server"):  # they tell of every line that breaks
        logging.getLogger(name).setLevel(logging.CRITICAL)
    say = sys.stdout.write
    say(f"seed {given.seed}, {given.messages} messages, in {folder}\n")
    sys.stdout.flush()
    with closing(Nursery()) as nursery:
        verdict = asyncio.run(soak(given.seed, given.messages, folder, nursery))
    for name, value in verdict.summary.items():
        say(f"{name:>28}: {value}\n")
    for violation in verdict.violations[:SHOWN]:
        say(f"VIOLATED {violation}\n")
    if verdict.violations:
        say(f"{len(verdict.violations)} violations. Again: scripts/soak --seed {given.seed} ")
        say(f"--messages {given.messages}; log and database are in {folder}\n")
        return 1
    say("nothing is violated\n")
    if not given.keep:
        for file in sorted(folder.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        folder.rmdir()
    return 0


if __name__ == "__main__":
    sys.exit(main())
