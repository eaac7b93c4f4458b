"""The Helm chart, read without Helm: values, templates and the schema belong together."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/threadmate"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
TEMPLATES = {path.name: path.read_text() for path in sorted((CHART / "templates").iterdir())}
OPENS = {"if", "range", "with", "define"}


def leaves(values: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def used() -> set[str]:
    return {path for text in TEMPLATES.values() for path in re.findall(r"\.Values\.([\w.]+)", text)}


def test_every_value_that_a_template_uses_is_there() -> None:
    missing = {path for path in used() if not any(f"{leaf}.".startswith(f"{path}.") for leaf in leaves(VALUES))}
    assert missing == set()


def test_every_value_that_is_there_is_used_by_a_template() -> None:
    idle = {leaf for leaf in leaves(VALUES) if not any(f"{leaf}.".startswith(f"{path}.") for path in used())}
    assert idle == set()


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_template_opens_it_closes(name: str) -> None:
    depth = 0
    for word in re.findall(r"{{-?\s*(\w+)", TEMPLATES[name]):
        depth += (word in OPENS) - (word == "end")
        assert depth >= 0
    assert depth == 0
    assert TEMPLATES[name].count("{{") == TEMPLATES[name].count("}}")


def test_what_a_template_includes_is_defined() -> None:
    defined = set(re.findall(r'define "([\w.]+)"', TEMPLATES["_helpers.tpl"]))
    assert {name for text in TEMPLATES.values() for name in re.findall(r'include "([\w.]+)"', text)} == defined


def test_the_schema_knows_every_value_and_takes_the_defaults() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(VALUES, SCHEMA)
    known = SCHEMA["properties"].keys() - {"global"}
    assert known == VALUES.keys()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("replica", 2),  # a typo
        ("replicas", 0),
        ("replicas", "2"),
        ("sqlite.enable", True),
        ("image.pullPolicy", "always"),
        ("settings.SLACK_BOT_TOKEN", "xoxb-1"),  # a secret
        ("settings.SHUTDOWN_GRACE", 60),  # shutdownGrace, which the pod's patience follows
        ("settings.openai_model", "x"),
        ("secret.values.OPENAI_API_KEY", None),
        ("temporary.sizeLimit", "a lot"),
    ],
)
def test_the_schema_refuses_what_would_go_wrong_later(path: str, value: object) -> None:
    values = deepcopy(VALUES)
    *above, name = path.split(".")
    place = values
    for part in above:
        place = place[part]
    place[name] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, SCHEMA)


def test_nobody_calls_it() -> None:
    kinds = {kind for text in TEMPLATES.values() for kind in re.findall(r"^kind: (\w+)", text, re.MULTILINE)}
    assert kinds == {"Deployment", "PersistentVolumeClaim", "PodDisruptionBudget", "PodMonitor", "Secret"}
