"""An environment with a wheel in it and what the wheel declares that it needs: nothing else, nothing fetched."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def install(wheel: Path, home: Path) -> None:
    """Install that wheel alone, as pip does; link what it needs, and what that needs, from where we run ourselves.

    A requirement that is not declared is missing there. One that is not met here fails, as pip would.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, capture_output=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    [site] = home.glob("lib/python*/site-packages")
    [installed] = map(PathDistribution, site.glob("threadmate-*.dist-info"))
    linked: set[tuple[str, str]] = set()
    for one in _needed(installed, "", linked):
        for top in {file.parts[0] for file in one.files or ()} - {"..", "__pycache__"}:
            (site / top).symlink_to(str(one.locate_file(top)))


def _needed(one: Distribution, extra: str, known: set[tuple[str, str]]) -> Iterator[Distribution]:
    """What is needed for that extra of a distribution, each once."""
    for line in one.requires or ():
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        found = distribution(wanted.name)
        assert wanted.specifier.contains(found.version, prereleases=True), f"{line}, but {found.version} is here"
        for of in ("", *wanted.extras):
            if (found.name, of) not in known:
                known.add((found.name, of))
                if not of:
                    yield found
                yield from _needed(found, of, known)
