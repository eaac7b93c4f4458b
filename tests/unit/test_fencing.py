"""Fencing: no call is made for work that is somebody else's, wherever its process was stopped meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import httpx2
import pytest
from aiohttp import web

from bot.fencing import fenced, kept, may_call, trace_request, traced
from bot.signals import Signals, real_time
from storage.errors import DatabaseUnavailable, LeaseLost

HOUR = 3600.0


class Guarded:
    """A right that is lost after it was asked for so often."""

    def __init__(self, times: int) -> None:
        self.left = times

    def guard(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise LeaseLost("gone")


def held(seconds: float) -> Signals:
    return Signals(real_time() + seconds)


def test_who_works_on_nothing_of_that_kind_may_call() -> None:
    may_call()


async def test_a_guard_is_asked_in_the_block_and_its_tasks_and_nowhere_else() -> None:
    lost = held(-1)
    with pytest.raises(LeaseLost), fenced(lost.guard):
        await asyncio.create_task(asyncio.to_thread(may_call))
    may_call()


def test_every_guard_around_a_call_is_asked() -> None:
    run, upload = held(HOUR), held(HOUR)
    with fenced(run.guard), fenced(upload.guard):
        may_call()
        run.lost.set()
        with pytest.raises(LeaseLost):
            may_call()
    with fenced(upload.guard):
        may_call()


async def test_what_is_renewed_is_kept_and_what_is_lost_is_fenced() -> None:
    answers = [True, False]
    asked = asyncio.Event()

    async def renew() -> bool:
        if len(answers) == 1:
            asked.set()
        return answers.pop(0)

    async with kept(renew, 0.03, real_time() + HOUR):
        await asked.wait()
        await asyncio.sleep(0)
        with pytest.raises(LeaseLost):
            may_call()
    may_call()


async def test_a_lease_that_the_database_cannot_renew_lapses_by_itself() -> None:
    asked = asyncio.Event()

    async def renew() -> bool:
        asked.set()
        raise DatabaseUnavailable("away")

    async with kept(renew, 0.003, real_time() - HOUR):
        await asked.wait()
        with pytest.raises(LeaseLost):
            may_call()


@asynccontextmanager
async def server(heard: list[str]) -> AsyncIterator[str]:
    """A server that notes what arrives whole."""

    async def answer(request: web.Request) -> web.Response:
        heard.append((await request.read()).decode())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("times", [0, 1])
async def test_nothing_is_written_to_slack_by_who_lost_the_right_while_connecting(times: int) -> None:
    """`times`: how often it was still asked in time, before the head of the request, and before its body."""
    heard: list[str] = []
    async with server(heard) as url, aiohttp.ClientSession(trace_configs=[traced()]) as session:
        with fenced(Guarded(times).guard), pytest.raises((LeaseLost, aiohttp.ClientError)):
            await session.post(url, data={"text": "hi"})
        await session.post(url, data=b"bye")
    assert heard == ["bye"]


@pytest.mark.parametrize("times", [0, 1])
async def test_nothing_is_written_to_openai_by_who_lost_the_right_while_connecting(times: int) -> None:
    heard: list[str] = []
    hooks = {"request": [trace_request]}
    async with server(heard) as url, httpx2.AsyncClient(event_hooks=hooks) as client:
        with fenced(Guarded(times).guard), pytest.raises(LeaseLost):
            await client.post(url, content=b"hi")
        await client.post(url, content=b"bye")
    assert heard == ["bye"]
