"""The wheel, installed in an empty environment and run from another folder."""

import asyncio
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from bot.manifest import read_manifest
from tests.acceptance.environment import install
from tests.acceptance.playground_rig import DEADLINE, printed_url, tab
from tests.acceptance.rig import STRANGERS, ended, ended_when_ready, outside, start

ROOT = Path(__file__).parents[2]


def build(out: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and its environment, made once."""
    home = tmp_path_factory.mktemp("installed")
    build(home)
    install(next(home.glob("*.whl")), home / "venv")
    return home


@pytest.fixture(scope="module")
def wheel(installed: Path) -> Path:
    [file] = installed.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def command(installed: Path) -> Path:
    return installed / "venv/bin/threadmate"


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def said(command: Path, word: str, folder: Path) -> str:
    environ = {"PATH": os.environ["PATH"]}  # nothing of ours: what it compiles it may keep
    done = subprocess.run([command, word], cwd=folder, env=environ, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_wheel_holds_the_three_packages_and_what_they_read(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"bot", "handlers", "storage"}
    assert "bot/manifest.yml" in names
    assert [name for name in names if name.startswith("storage/migrations/versions/") and name.endswith(".py")]
    assert not [name for name in names if "test" in name]


def test_the_installed_command_prints_the_manifest(command: Path, tmp_path: Path) -> None:
    out = said(command, "manifest", tmp_path)
    assert yaml.safe_load(out) == read_manifest().content
    assert read_manifest().creation_url in out.splitlines()[-1]


def test_the_installed_command_knows_its_version(command: Path, tmp_path: Path) -> None:
    assert "0.1.0" in said(command, "--version", tmp_path)


async def test_the_installed_command_checks_what_is_around_it(command: Path, tmp_path: Path) -> None:
    async with outside(tmp_path) as world:
        done = await ended(await start((command, "check"), world.environ(), tmp_path))
    assert done.code == 0, done.out + done.err
    assert [line[0] for line in done.out.splitlines()] == ["✓"] * 9


async def test_the_installed_command_runs_until_it_is_told_to_end(command: Path, tmp_path: Path) -> None:
    async with outside(tmp_path) as world:
        process = await start((command, "run"), world.environ(**STRANGERS), tmp_path)
        done = await ended_when_ready(process, signal.SIGTERM)
    assert (done.code, done.out) == (0, "ready\n"), done.err
    assert (tmp_path / "threadmate.db").exists()


async def test_the_installed_command_plays_with_all_that_its_page_needs(command: Path, tmp_path: Path) -> None:
    static = [path.name for path in (ROOT / "bot/playground/page/static").iterdir()]
    process = await start((command, "playground", "--port", "0"), {"PATH": os.environ["PATH"]}, tmp_path)
    async with asyncio.timeout(DEADLINE):
        async with tab(await printed_url(process)) as page:
            for name in ("slack.css", *static):
                assert await page.status(f"/static/{name}") == 200, name
            assert len(page.hello["samples"]) == 3
            files = [(await page.act("sample", name=name))["file"] for name in page.hello["samples"]]
            channel = await page.ready()
            ts = (await page.act("post", channel=channel, text="@Threadmate make a chart", files=files))["ts"]
            await page.sees(channel, ts, "chart.png", "Bad answer")
        process.send_signal(signal.SIGINT)
        await process.communicate()
    assert process.returncode == 0
    assert left_in(tmp_path) == []
