"""`threadmate playground` as a command: one URL, nothing of the environment, everything ended."""

import asyncio
import fcntl
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "bot", "playground")
DEADLINE = 30.0  # real seconds, for a command that hangs


async def started(folder: Path, *words: str, **environ: str) -> Process:
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ}
    return await asyncio.create_subprocess_exec(*COMMAND, *words, cwd=folder, env=given, stdout=PIPE, stderr=PIPE)


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@asynccontextmanager
async def page(url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """What a tab hears."""
    here = url.partition("/?")[0]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(url) as answer:
            assert answer.status == 200
        async with session.ws_connect(f"{here}/live", headers={"Origin": here}) as live:
            yield live


async def heard(live: aiohttp.ClientWebSocketResponse, state: str) -> None:
    """Return when the bot is in that state."""
    while (await live.receive_json()).get("parts", {}).get("bot", {}).get("state") != state:
        pass


async def test_it_prints_one_url_runs_the_bot_and_ends_all_of_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-real\nOPENAI_API_KEY=sk-real\nDATABASE_URL=nonsense\n")
    process = await started(tmp_path, "--port", "0", SLACK_BOT_TOKEN="xoxb-other", DATABASE_URL="nonsense")
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        url = (await process.stdout.readline()).decode().strip()
        async with page(url) as live:
            assert (await live.receive_json())["hello"]["answers_from"] == ""
            await heard(live, "ready")
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()  # which ends only when the bot has let go of it, too
    assert (process.returncode, out) == (0, b""), err
    assert len(err.decode().splitlines()) == 1
    assert left_in(tmp_path) == [".env"]


async def test_with_a_key_it_says_who_answers_and_keeps_its_folder(tmp_path: Path) -> None:
    real = {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    process = await started(tmp_path, "--port", "0", "--data", "kept", **real)
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        url = (await process.stdout.readline()).decode().strip()
        async with page(url) as live:
            assert (await live.receive_json())["hello"]["answers_from"] == "http://127.0.0.1:9/v1"
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
    assert process.returncode == 0
    assert b"http://127.0.0.1:9/v1" in err
    assert "kept" in left_in(tmp_path)


async def test_a_port_in_use_is_one_sentence_and_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await started(tmp_path, "--port", str(port))
        async with asyncio.timeout(DEADLINE):
            out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.decode().splitlines() == [
        f"Port {port} is in use. Choose another one with --port, or --port 0 for any that is free."
    ]


async def test_a_folder_serves_one_playground_and_nothing_outlives_it(tmp_path: Path) -> None:
    process = await started(tmp_path, "--port", "0", "--data", "kept")
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        url = (await process.stdout.readline()).decode().strip()
        async with page(url) as live:
            await heard(live, "ready")
        other = await started(tmp_path, "--port", "0", "--data", "kept")
        out, err = await other.communicate()
        assert (other.returncode, out) == (2, b"")
        assert err.decode().splitlines() == [
            "Another playground uses kept. End it first, or take another folder with --data."
        ]
        process.kill()
        await process.wait()
        with (tmp_path / "kept" / "bot" / "offline.db.lock").open() as lock:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)  # the bot has it as long as it lives
