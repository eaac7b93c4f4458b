"""docs/emulators.md names what the emulators have: their modules, methods, errors, addresses, limits, tests."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.playground.openai.routes import ROUTES
from bot.playground.slack import methods_chat, methods_files, methods_other, methods_stream, methods_views
from bot.playground.slack.rates import PER_MINUTE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/emulators.md").read_text(encoding="utf-8")
SLACK, OPENAI = TEXT.split("\n# OpenAI\n")
PARTS = {"slack": SLACK, "openai": OPENAI}
SECTIONS = [(name, section) for name, part in PARTS.items() for section in re.split(r"\n## ", part)[1:]]
CONSTANT = re.compile(r"`([A-Z][A-Z_\d]{3,})`")
SOURCED = re.compile(r"#.*(docs\.slack\.dev|slack-platform|openai-platform|openai 3\.|slackapi/)")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
BOTH_WAYS = re.compile(r"\[([^\]\n`]+)\](?![(:\]])")


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / "bot/playground" / package).glob("*.py"))
    return [path for path in found if path.stem != "__init__"]


def numbers(value: object) -> set[float]:
    """The value, if it is a number or several; nothing otherwise."""
    several = value if isinstance(value, tuple) else (value,)
    return {float(one) for one in several} if all(isinstance(one, int | float) for one in several) else set()


def constants(path: Path) -> Iterator[tuple[str, str]]:
    """The public constants of a module, each with the line that it stands in."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        for each in targets:
            names = each.elts if isinstance(each, ast.Tuple) else [each]
            yield from ((one.id, lines[node.lineno - 1]) for one in names if isinstance(one, ast.Name))


def values(package: str, module: str, name: str) -> set[float]:
    """The numbers under that name; nothing where they are none, or no such module is there."""
    path = ROOT / f"bot/playground/{package}/{module}.py"
    found: Any = importlib.import_module(f"bot.playground.{package}.{module}") if path.exists() else None
    return numbers(getattr(found, name, None))


@pytest.mark.parametrize("package", PARTS)
def test_every_module_of_an_emulator_is_named(package: str) -> None:
    assert [path.name for path in modules(package) if f"`{path.name}`" not in PARTS[package]] == []


def test_every_test_of_the_emulators_is_named_and_there() -> None:
    there = {path.name for path in (ROOT / "tests/emulators").glob("test_*.py")}
    assert set(re.findall(r"`tests/emulators/(\w+\.py)`", TEXT)) == there


def test_a_number_that_names_its_constant_is_the_value_of_it() -> None:
    wrong = []
    for package, section in SECTIONS:
        here = re.findall(r"`(\w+)\.py`", section.split("\n|")[0])
        for line in section.splitlines():
            said = {float(one.replace(",", "")) for one in NUMBER.findall(line)}
            for name in CONSTANT.findall(line):
                known = [found for module in here if (found := values(package, module, name))]
                if not any(found <= said for found in known):
                    wrong.append((line, name, known))
    assert wrong == []


@pytest.mark.parametrize("package", PARTS)
def test_every_limit_with_a_source_stands_in_the_document(package: str) -> None:
    told = set(CONSTANT.findall(PARTS[package]))
    missing = [
        f"{path.stem}.{name}"
        for path in modules(package)
        for name, line in constants(path)
        if SOURCED.search(line) and name.isupper() and not name.startswith("_")
        if values(package, path.stem, name) and name not in told
    ]
    assert missing == []


def test_every_method_stands_there_with_its_rate_and_scope() -> None:
    rows = {row[0]: row for row in re.findall(r"^\| `([\w.]+)` \| (\d+) \|(.*)\|$", SLACK, re.MULTILINE)}
    assert {name: int(row[1]) for name, row in rows.items()} == PER_MINUTE
    for each in (methods_chat, methods_files, methods_other, methods_stream, methods_views):
        for name, method in each.METHODS.items():
            assert method.scope is None or f"`{method.scope}`" in rows[name][2], name


def test_every_address_stands_there_and_no_other() -> None:
    assert set(re.findall(r"`((?:GET|POST|DELETE) /[^`]*)`", OPENAI)) == set(ROUTES)


def refusals() -> Iterator[str]:
    """The errors with which calls to Slack are refused, as far as they are written out."""
    for path in modules("slack"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id == "CallRefusedError" and isinstance(first, ast.Constant):
                    yield str(first.value)


def test_every_error_of_slack_stands_there() -> None:
    assert sorted({error for error in refusals() if f"`{error}`" not in SLACK}) == []


def test_every_source_in_brackets_leads_somewhere() -> None:
    defined = set(re.findall(r"^\[([^\]]+)\]: https://", TEXT, re.MULTILINE))
    assert set(BOTH_WAYS.findall(TEXT)) == defined
