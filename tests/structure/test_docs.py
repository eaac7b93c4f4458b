"""The documents say what is there, and nothing that belongs to one machine."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = {"", ".cfg", ".example", ".ini", ".json", ".mako", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}
SKIPPED = {".git", ".hypothesis", ".venv", "build", "dist", "__pycache__"}
ONE_MACHINE = re.compile(
    "|".join(
        (
            r"https?://[^\s\"']*/simple\b",
            "pypi" + r"\.org/(?!project)",
            "files." + "pythonhosted",
            *(rf"(?<![\w.:/-])/{top}/[a-z]\w*/" for top in ("work", "tmp", "home", "root", "Users")),
        )
    )
)


def files() -> Iterator[Path]:
    for folder, inside, names in os.walk(ROOT):
        inside[:] = [name for name in inside if name not in SKIPPED and "_cache" not in name]
        for path in (Path(folder, name) for name in sorted(names)):
            if path.is_file() and path.suffix in TEXT and path.name not in SKIPPED:
                yield path


def test_no_path_of_one_machine_and_no_registry_is_written_down() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if path.name != ".env" and ONE_MACHINE.search(line)
    ]
    assert found == []


def test_the_map_in_the_architecture_document_is_that_of_the_tree() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/map", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_link_within_the_documents_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)} -> {target}"
        for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if not re.match(r"https?:|mailto:", target) and not (path.parent / target).exists()
    ]
    assert broken == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = "pip install -e '.[dev]' && scripts/check"
    assert command in (ROOT / "README.md").read_text()
    script = (ROOT / ".ci/run").read_text()
    install, test = command.split(" && ")
    assert install.removeprefix("pip install ") in script
    assert script.rstrip().endswith(test)


def test_scripts_can_be_run() -> None:
    for script in ("scripts/check", "scripts/map", ".ci/run"):
        assert (ROOT / script).stat().st_mode & 0o111, script
