"""The wheel, installed in an empty environment and run from another folder."""

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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [file] = out.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, capture_output=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    return home / "bin/threadmate"


def test_the_wheel_holds_the_three_packages_and_what_they_read(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"bot", "handlers", "storage"}
    assert "bot/manifest.yml" in names
    assert [name for name in names if name.startswith("storage/migrations/versions/") and name.endswith(".py")]
    assert not [name for name in names if "test" in name]


def test_the_installed_command_prints_the_manifest(command: Path, tmp_path: Path) -> None:
    done = subprocess.run([command, "manifest"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert yaml.safe_load(done.stdout) == read_manifest().content
    assert read_manifest().creation_url in done.stdout.splitlines()[-1]


def test_the_installed_command_knows_its_version(command: Path, tmp_path: Path) -> None:
    done = subprocess.run([command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "0.1.0" in done.stdout


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
