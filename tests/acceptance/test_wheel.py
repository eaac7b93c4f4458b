"""The wheel, installed in an empty environment and run from another folder."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from bot.manifest import read_manifest
from tests.acceptance.rig import outside, run, run_until_ready

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(300)  # the dependencies are installed once


def build(out: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)


def install(wheel: Path, home: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, capture_output=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and its environment, made once for all workers, by whichever comes first."""
    mine = tmp_path_factory.getbasetemp()
    shared = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    home = shared / "installed"
    with (shared / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "whole").exists():
            shutil.rmtree(home, ignore_errors=True)
            build(home)
            install(next(home.glob("*.whl")), home / "venv")
            (home / "whole").touch()
    return home


@pytest.fixture(scope="module")
def wheel(installed: Path) -> Path:
    [file] = installed.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def command(installed: Path) -> Path:
    return installed / "venv/bin/threadmate"


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
        done = await run((command, "check"), world.environ(), tmp_path)
    assert done.code == 0, done.out + done.err
    assert [line[0] for line in done.out.splitlines()] == ["✓"] * 9


async def test_the_installed_command_runs_until_it_is_told_to_end(command: Path, tmp_path: Path) -> None:
    async with outside(tmp_path) as world:
        done = await run_until_ready((command, "run"), world.environ(), tmp_path, signal.SIGTERM)
    assert (done.code, done.out) == (0, "ready\n"), done.err
    assert (tmp_path / "threadmate.db").exists()
