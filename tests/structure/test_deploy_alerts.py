"""The page about operations and the alarms: of numbers that there are, and each alarm with what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())["groups"][0]["rules"]
PAGE = (ROOT / "docs/operations.md").read_text()


def table(heading: str) -> dict[str, str]:
    """The rows under that heading, by the name in their first column."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \|(.*)$", section, re.MULTILINE))


def selectors(expression: str) -> list[tuple[str, str]]:
    """The metrics of an expression, each with its matchers."""
    return re.findall(r"\b((?:threadmate|process)_\w+)(?:{([^}]*)})?", expression)


def test_every_alarm_says_what_to_do() -> None:
    assert sorted(table("When an alarm rings")) == sorted(rule["alert"] for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alarm_is_about_numbers_that_there_are(rule: dict[str, Any]) -> None:
    metrics = table("What each metric means")
    assert selectors(rule["expr"])
    for name, matchers in selectors(rule["expr"]):
        row = metrics[name.removesuffix("_bucket")]
        for label, values in re.findall(r'(\w+)[=!]~?"([^"]*)"', matchers):
            assert f"`{label}`" in row
            assert [value for value in values.split("|") if f"`{value}`" not in row] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alarm_says_how_bad_it_is_and_what_it_is(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"]


def test_what_the_page_says_of_metrics_is_about_some_that_there_are() -> None:
    named = set(re.findall(r"`(threadmate_\w+[a-z])`", PAGE))
    assert named <= table("What each metric means").keys()


def test_sizing_repeats_the_figures_that_were_measured() -> None:
    sizing = PAGE.partition("\n## Sizing\n")[2].partition("<!-- load -->")[0]
    figures = re.findall(r"\d+ (?:MiB|ms)", sizing)
    assert figures
    assert [figure for figure in figures if figure not in (ROOT / "README.md").read_text()] == []


def test_every_alarm_is_tried_out() -> None:
    tried = (ROOT / "tests/structure/alerts.test.yaml").read_text()
    assert [rule["alert"] for rule in RULES if f"alertname: {rule['alert']}" not in tried] == []
