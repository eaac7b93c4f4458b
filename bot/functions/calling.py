"""Calling a function: arguments checked, time limited, whatever comes of it put into words for the model."""

import asyncio
import contextvars
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import ValidationError

from bot.clock import Clock
from bot.functions.declared import Function
from bot.functions.records import CallResult, CallStatus, FunctionFailed, RunContext
from bot.functions.results import written
from bot.functions.threads import Threads

log = logging.getLogger(__name__)

THREADS = 16  # synchronous functions at work at one time, all answers together
ENDS = (SystemExit, KeyboardInterrupt, StopIteration)  # would end the program; or cannot be told by a future
MAX_FAULTS = 10  # of the arguments that the model is told at once

UNFIT = "The arguments do not fit, so the function was not called. {faults}"
FAILED = "The function failed ({kind}), and may have had an effect. Do not just call it again."
TIMED_OUT = "The function took longer than {seconds:g} seconds. Whether it had an effect is not known."
UNWRITABLE = "The function was called, but what it returned cannot be passed on ({reason})."


class Caller:
    """Calls functions; synchronous ones in threads of its own, so that one that hangs holds nobody else up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._threads = Threads(THREADS)
        self._late = set[asyncio.Future[Any]]()

    def close(self) -> None:
        """Call nothing more. What is still at work in a thread is not waited for: nobody can end it."""
        for late in self._late:
            late.cancel()
        self._threads.close()

    async def call(self, function: Function, arguments: str, context: RunContext) -> CallResult:
        """Call it once. Whatever goes wrong is a result; cancelled, what runs in a thread runs on."""
        try:
            given = function.read(arguments, context)
        except ValidationError as error:
            return CallResult(CallStatus.FAILED, _unfit(error))
        work = self._begin(function, given)
        try:
            in_time = await self._in_time(work, function.timeout)
        except asyncio.CancelledError:
            self._discard(work, function)
            raise
        if not in_time:
            self._discard(work, function)
            return CallResult(CallStatus.TIMED_OUT, TIMED_OUT.format(seconds=function.timeout))
        return _result(work, function)

    def _begin(self, function: Function, given: dict[str, Any]) -> "asyncio.Future[Any]":
        call: Callable[[], Any] = partial(function.call, **given)
        if function.is_async:
            task: asyncio.Future[Any] = asyncio.ensure_future(_awaited(call))
            return task
        return self._threads.run(partial(contextvars.copy_context().run, _called, call))

    async def _in_time(self, work: "asyncio.Future[Any]", seconds: float) -> bool:
        """Whether it ended in time. It is not cancelled first, for it may not let itself be."""
        try:
            async with self._clock.timeout(seconds):
                await asyncio.wait((work,))
        except TimeoutError:
            return work.done()
        return True

    def _discard(self, work: "asyncio.Future[Any]", function: Function) -> None:
        self._late.add(work)
        work.add_done_callback(partial(self._came_late, function.name))
        if function.is_async:
            work.cancel()  # a thread cannot be ended

    def _came_late(self, name: str, work: "asyncio.Future[Any]") -> None:
        self._late.discard(work)
        failed = not work.cancelled() and work.exception() is not None
        log.warning(
            "a function ended after its time; its result is discarded", extra={"function": name, "failed": failed}
        )


def misfit(function: Function, arguments: str, context: RunContext) -> str | None:
    """What the model is told where the arguments do not fit; None where they do."""
    try:
        function.read(arguments, context)
    except ValidationError as error:
        return _unfit(error)
    return None


def _called(call: Callable[[], Any]) -> Any:
    """Call it; what would end more than the call is an error like any other."""
    try:
        return call()
    except ENDS as error:
        raise RuntimeError(type(error).__name__) from error


async def _awaited(call: Callable[[], Any]) -> Any:
    """The same for a coroutine function."""
    try:
        return await call()
    except ENDS as error:
        raise RuntimeError(type(error).__name__) from error


def _result(work: "asyncio.Future[Any]", function: Function) -> CallResult:
    if work.cancelled():
        return CallResult(CallStatus.FAILED, FAILED.format(kind="CancelledError"))
    error = work.exception()
    if isinstance(error, FunctionFailed):
        return CallResult(CallStatus.FAILED, str(error) or FAILED.format(kind="FunctionFailed"))
    if error is not None:
        log.warning("a function failed", extra={"function": function.name, "error": type(error).__name__})
        return CallResult(CallStatus.FAILED, FAILED.format(kind=type(error).__name__))
    try:
        output, products = written(work.result(), function.name)
    except TypeError as unwritable:
        return CallResult(CallStatus.FAILED, UNWRITABLE.format(reason=unwritable))
    return CallResult(CallStatus.COMPLETED, output, products)


def _unfit(error: ValidationError) -> str:
    return UNFIT.format(faults=_faults(error))


def _faults(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)[:MAX_FAULTS]
    return " ".join(f"{'.'.join(map(str, one['loc'])) or 'JSON'}: {one['msg']}." for one in found)
