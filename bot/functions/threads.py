"""Threads for a team's synchronous functions: a few, and none that the end of the program would wait for."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

Job = tuple["Future[Any]", Callable[[], Any]]


class Threads:
    """At most so many threads; what is more than that waits for one of them.

    A ThreadPoolExecutor would do, but for this: the program does not end before all of its threads have.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._begun = self._busy = 0

    def run(self, call: Callable[[], Any]) -> "asyncio.Future[Any]":
        """What comes of the call, for the loop that asks."""
        future: Future[Any] = Future()
        self._busy += 1
        if self._busy > self._begun and self._begun < self._most:
            self._begun += 1
            threading.Thread(target=self._work, name=f"function-{self._begun}", daemon=True).start()
        self._jobs.put((future, call))
        asked = asyncio.wrap_future(future)
        asked.add_done_callback(self._done)
        return asked

    def close(self) -> None:
        """Let each thread end when it has nothing to do any more."""
        for _ in range(self._begun):
            self._jobs.put(None)

    def _done(self, _: "asyncio.Future[Any]") -> None:
        self._busy -= 1

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, call = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - the outer edge: it is told to whoever asked
                future.set_exception(error)
            else:
                future.set_result(result)
