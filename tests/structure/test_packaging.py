"""What is declared about the package."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_distribution_holds_three_packages_and_the_manifest() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["bot", "handlers", "storage"]
    assert wheel["force-include"] == {"manifest.yml": "bot/manifest.yml"}


def test_the_sources_hold_the_examples_of_its_files() -> None:
    sources = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {".env.example", "assistants.example.toml"} <= {*sources}


def test_no_registry_accepts_it_by_accident() -> None:
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]


def test_every_requirement_has_an_upper_bound_or_a_pin() -> None:
    requirements = PROJECT["project"]["dependencies"]
    assert [line for line in requirements if "<" not in line and "==" not in line] == []


def test_the_changelog_speaks_of_what_comes_next() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


def test_test_folders_never_shadow_the_packages() -> None:
    folders = [folder for folder in (ROOT / "tests").iterdir() if folder.is_dir() and folder.name != "__pycache__"]
    assert not {folder.name for folder in folders} & {"bot", "handlers", "storage"}
    assert all((folder / "__init__.py").exists() for folder in folders)
