"""A worker in a process of its own: `python -m tests.conformance.share URL`. It ends when its input is closed."""

import asyncio
import os
import sys
from contextlib import suppress

from storage.records import Ending, RunStatus
from storage.store import Store

WORKERS = 2  # tasks in each process
LOOK_EVERY = 0.02  # real seconds


async def _work(store: Store, owner: str, all_there: asyncio.Event) -> None:
    while True:
        last_look = all_there.is_set()
        claim = await store.runs.claim(owner, 30)
        if claim is not None:
            await store.runs.started(claim.lease, {"model": "m"}, f"memory of {claim.thread.id}")
            await store.runs.finish(claim.lease, Ending(RunStatus.COMPLETED))
        elif last_look:
            return
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await all_there.wait()


async def _main(url: str) -> None:
    all_there = asyncio.Event()
    async with Store.open(url) as store:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        async with asyncio.TaskGroup() as tasks:
            for number in range(WORKERS):
                tasks.create_task(_work(store, f"{os.getpid()}.{number}", all_there))
            await asyncio.to_thread(sys.stdin.read)
            all_there.set()
        sys.stdout.write(f"{store.database.collisions}\n")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
