"""`threadmate playground` as a command: one URL, nothing of the environment, everything ended."""

import asyncio
import fcntl
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.acceptance.forked import Forked, fork
from tests.acceptance.playground_rig import DEADLINE, printed_url, tab
from tests.crash.nursery import Nursery

Play = Callable[..., Awaitable[Forked]]


@pytest.fixture
def playground(nursery: Nursery, tmp_path: Path) -> Play:
    """What starts the command with those words, and with that in its environment."""
    path = {"PATH": os.environ["PATH"]}
    return lambda *words, **environ: fork(nursery, ["playground", *words], path | environ, tmp_path)


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


BROWSER = """#!/bin/sh
echo $$ > pid
printf %s "$1" > opened.new
mv opened.new opened
exec sleep 600 > /dev/null 2>&1
"""


async def test_it_prints_and_opens_one_url_runs_the_bot_and_ends_all_of_it(
    tmp_path: Path, playground: Play
) -> None:
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-real\nOPENAI_API_KEY=sk-real\nDATABASE_URL=nonsense\n")
    browser = tmp_path / "browser"
    browser.write_text(BROWSER)
    browser.chmod(0o700)
    environ = {"SLACK_BOT_TOKEN": "xoxb-other", "DATABASE_URL": "nonsense", "BROWSER": str(browser)}
    process = await playground("--port", "0", "--open", **environ)
    async with asyncio.timeout(DEADLINE):
        url = await printed_url(process)
        async with tab(url) as page:
            assert page.hello["answers_from"] == ""
            await page.ready()
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()  # which ends only when the bot has let go of it, too
    assert (process.returncode, out) == (0, b""), err
    assert len(err.decode().splitlines()) == 1
    assert (tmp_path / "opened").read_text() == url
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)  # it went on: nobody waited for it
    assert left_in(tmp_path) == {".env", "browser", "opened", "pid"}


async def test_with_a_key_it_says_who_answers_and_keeps_its_folder(tmp_path: Path, playground: Play) -> None:
    real = {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    process = await playground("--port", "0", "--data", "kept", **real)
    async with asyncio.timeout(DEADLINE):
        async with tab(await printed_url(process)) as page:
            assert page.hello["answers_from"] == "http://127.0.0.1:9/v1"
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
    assert process.returncode == 0
    assert b"http://127.0.0.1:9/v1" in err
    assert "kept" in left_in(tmp_path)


async def test_a_port_in_use_is_one_sentence_and_code_2(tmp_path: Path, playground: Play) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await playground("--port", str(port))
        async with asyncio.timeout(DEADLINE):
            out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.decode().splitlines() == [
        f"Port {port} is in use. Choose another one with --port, or --port 0 for any that is free."
    ]


async def test_a_kept_workspace_goes_on_in_old_threads_and_new_ones_and_nothing_outlives_it(
    tmp_path: Path, playground: Play
) -> None:
    words = ("--port", "0", "--data", "kept")
    process = await playground(*words)
    async with asyncio.timeout(DEADLINE):
        async with tab(await printed_url(process)) as page:
            general = await page.ready()
            file = (await page.act("sample", name="employee-handbook.md"))["file"]
            question = {"text": "@Threadmate how long is parental leave?", "files": [file]}
            old = (await page.act("post", channel=general, **question))["ts"]
            await page.sees(general, old, "Sources:", "Bad answer")
        other = await playground(*words)
        out, err = await other.communicate()
        assert (other.returncode, out) == (2, b"")
        assert err.decode().splitlines() == [
            "Another playground uses kept. End it first, or take another folder with --data."
        ]
        process.send_signal(signal.SIGINT)
        await process.communicate()

        process = await playground(*words)
        async with tab(await printed_url(process)) as page:
            assert await page.ready() == general
            await page.sees(general, old, "how long is parental leave?", "Sources:", "employee-handbook.md")
            again = {"thread": old, "text": "@Threadmate what did I ask first?"}  # its memory is gone: it reads
            later = (await page.act("post", channel=general, **again))["ts"]
            await page.sees(general, old, "what did I ask first?", "<p>@threadmate how long is parental leave?")
            another = (await page.act("sample", name="orders.csv"))["file"]
            question = {"text": "@Threadmate what is 12 * 37?", "files": [another]}
            new = (await page.act("post", channel=general, **question))["ts"]
            await page.sees(general, new, "444")
            assert old < later < new
            assert another != file
        process.kill()
        await process.wait()
        with (tmp_path / "kept" / "bot" / "offline.db.lock").open() as lock:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)  # the bot has it as long as it lives
