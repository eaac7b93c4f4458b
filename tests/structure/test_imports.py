"""Who may import whom, and who may read the environment."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


def sources() -> Iterator[Path]:
    for house in ("bot", "handlers", "storage"):
        yield from (path for path in (ROOT / house).rglob("*.py") if "versions" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_the_import_contracts_are_kept() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_only_settings_reads_the_environment() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers == {"bot/settings.py"}


def test_what_calls_itself_pure_is_held_to_it() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [held] = [
        contract["source_modules"] for contract in contracts if contract["name"] == "What is pure calls nobody"
    ]
    claims = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for path in sources()
        if "playground" not in path.parts
        and re.search(r"\bpure\b", (ast.get_docstring(tree(path)) or "").split("\n")[0], re.IGNORECASE)
    }
    assert claims <= set(held)


def test_only_the_edges_swallow_what_they_do_not_know() -> None:
    swallowing = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))
        )
        and not any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
    }
    # one run's accident must not stop the others; and a team's function may raise what it wants
    assert swallowing <= {"bot/worker.py", "bot/functions/threads.py"}


def test_modules_and_functions_stay_short() -> None:
    long = []
    for path in sources():
        text = path.read_text()
        if text.count("\n") > 400:
            long.append(path.name)
        long += [
            f"{path.name} {node.name}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (node.end_lineno or 0) - node.lineno >= 60
        ]
    assert long == []
