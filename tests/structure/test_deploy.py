"""The image, the compose file and the unit: what they promise, read from them without an engine."""

import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from bot.cli import BAD_SETTINGS, main
from bot.settings import Settings
from bot.worker import LET_GO_WITHIN

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
VERSION = PROJECT["project"]["version"]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
CHART = ROOT / "deploy/helm/threadmate"
UNIT = ROOT / "deploy/threadmate.service"
UID = "10001"
PORT = "8080"
GRACE = Settings.model_fields["shutdown_grace"].default
NEEDED = GRACE + LET_GO_WITHIN + 10  # and what is still to be closed then
FOREIGN = re.compile(r"PYTHON\w+|PIP_\w+|PATH|PGPASSWORD|POSTGRES_\w+")
PINNED = re.compile(r"[a-z]+(/[a-z]+)?:\d+(\.\d+)*(-[a-z]+)*")  # no host, and a tag that says which


class Step(NamedTuple):
    word: str
    rest: str


def steps() -> list[Step]:
    """The instructions of the Dockerfile, each on one line."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    found = [line.split(None, 1) for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]
    return [Step(word, rest) for word, rest in found]


def of(word: str) -> list[str]:
    return [step.rest for step in steps() if step.word == word]


def variables(word: str = "ENV") -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in of(word) for pair in re.findall(r"\S+=(?:\"[^\"]*\"|\S+)", rest))


def unit() -> list[tuple[str, str]]:
    lines = [line for line in UNIT.read_text().splitlines() if line and line[0] not in "#["]
    return [(key, value) for key, _, value in (line.partition("=") for line in lines)]


def of_unit(key: str) -> str:
    return "\n".join(value for name, value in unit() if name == key)


def copied() -> set[str]:
    """What the build takes from this folder."""
    return {name for rest in of("COPY") if not rest.startswith("--from") for name in rest.split()[:-1]}


# -- the image


def test_every_image_is_pinned_by_a_tag() -> None:
    images = [rest.split()[0] for rest in of("FROM")]
    images += [service["image"] for service in COMPOSE["services"].values() if "build" not in service]
    assert [image for image in images if not PINNED.fullmatch(image)] == []
    assert len({rest.split()[0] for rest in of("FROM")}) == 1, "what is compiled for one Python is run by it"


def test_the_image_runs_as_nobody_of_importance() -> None:
    assert of("USER") == [f"{UID}:{UID}"]
    order = [step.word for step in steps()]
    assert max(index for index, word in enumerate(order) if word == "RUN") < order.index("USER")


def test_the_image_takes_what_the_wheel_is_made_of_and_nothing_else() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    assert copied() == needed | set(wheel["packages"]) | set(wheel["force-include"])
    assert all((ROOT / name).exists() for name in copied())
    assert of("ADD") == []


def test_nothing_else_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied()


def test_the_image_installs_extras_that_there_are() -> None:
    assert set(variables("ARG")["EXTRAS"].split(",")) <= set(PROJECT["project"]["optional-dependencies"])


def test_the_image_says_its_version() -> None:
    assert variables("LABEL")["org.opencontainers.image.version"] == f'"{VERSION}"'
    assert COMPOSE["services"]["threadmate"]["image"] == f"threadmate:{VERSION}"
    assert f"threadmate:{VERSION}" in (ROOT / "Dockerfile").read_text().partition("FROM")[0]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == VERSION


def test_the_command_takes_what_it_is_given() -> None:
    [entry], [command] = of("ENTRYPOINT"), of("CMD")
    assert yaml.safe_load(entry) == ["threadmate"]
    name, option, port = yaml.safe_load(command)
    assert option in [text for parameter in main.commands[name].params for text in parameter.opts]
    assert port == PORT
    assert of_unit("ExecStart").endswith(f"/threadmate {name} {option} {port}")
    assert yaml.safe_load(of("STOPSIGNAL")[0]) == of_unit("KillSignal") == "SIGTERM"


def test_one_port_is_meant_everywhere() -> None:
    assert of("EXPOSE") == [PORT]
    assert f"'127.0.0.1', {PORT}," in of("HEALTHCHECK")[0]
    deployment = (CHART / "templates/deployment.yaml").read_text()
    assert f'args: ["run", "--health-port", "{PORT}"]' in deployment
    assert f"containerPort: {PORT}" in deployment
    assert f'prometheus.io/port: "{PORT}"' in deployment


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_health_check_of_the_image_works(status: int | None, code: int) -> None:
    words = yaml.safe_load(of("HEALTHCHECK")[0].partition(" CMD ")[2])
    with answering(status) as port:
        command = [sys.executable, *words[1:-1], words[-1].replace(PORT, str(port))]
        assert subprocess.run(command, capture_output=True, check=False).returncode == code


@contextmanager
def answering(status: int | None) -> Iterator[int]:
    """A server whose /healthz has that status; none: the port is closed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if status and self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if status is None:
        server.server_close()
        yield server.server_port
        return
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_in_a_container_probes_come_from_outside() -> None:
    assert variables()["HEALTH_HOST"] == "0.0.0.0"
    assert COMPOSE["services"]["threadmate"]["environment"]["HEALTH_HOST"] == "0.0.0.0"
    assert '"HEALTH_HOST" "0.0.0.0"' in (CHART / "templates/deployment.yaml").read_text()
    assert "HEALTH_HOST" not in of_unit("Environment"), "beside other programs nobody else needs to see it"


# -- settings


def given() -> dict[str, dict[str, str]]:
    """The environment that each way of running gives, where it is written down."""
    lines = (line.split("=", 1) for line in of_unit("Environment").replace(" ", "\n").splitlines())
    [ours] = re.findall(r"\$ours := dict (.*) }}", (CHART / "templates/deployment.yaml").read_text())
    chart = re.findall(r'set \$ours "(\w+)"', (CHART / "templates/deployment.yaml").read_text())
    return {
        "Dockerfile": variables(),
        "compose.yaml": COMPOSE["services"]["threadmate"]["environment"],
        "the unit": dict(lines),
        "the chart": dict.fromkeys([*re.findall(r'"([A-Z_]+)"', ours), *chart], ""),
    }


def test_every_setting_that_is_given_is_one() -> None:
    unknown = {
        (place, name)
        for place, environ in given().items()
        for name in environ
        if name.lower() not in Settings.model_fields and not FOREIGN.fullmatch(name)
    }
    assert unknown == set()


@pytest.mark.parametrize("place", ["Dockerfile", "compose.yaml", "the unit"])
def test_the_settings_that_are_given_are_valid(place: str) -> None:
    environ = {name: "" if value.startswith("$") else value for name, value in given()[place].items()}
    secrets = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "key"}
    Settings.read(environ | secrets, env_file=None)


def test_every_supervisor_has_more_patience_than_the_grace() -> None:
    service = COMPOSE["services"]["threadmate"]
    assert int(service["stop_grace_period"].removesuffix("s")) >= NEEDED
    assert int(of_unit("TimeoutStopSec")) >= NEEDED
    [more] = re.findall(
        r"terminationGracePeriodSeconds: {{ add \(ceil .Values.shutdownGrace\) (\d+) }}",
        (CHART / "templates/deployment.yaml").read_text(),
    )
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert values["shutdownGrace"] == GRACE
    assert GRACE + int(more) >= NEEDED


# -- compose


@pytest.mark.parametrize("name", ["threadmate", "postgres"])
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service: dict[str, Any] = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in service, "nobody calls it"
    assert not {"privileged", "network_mode", "pid", "devices"} & set(service)


def test_there_is_no_password_by_default() -> None:
    used = {name: service["environment"] for name, service in COMPOSE["services"].items()}
    assert used["postgres"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert used["threadmate"]["PGPASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert ":" not in used["threadmate"]["DATABASE_URL"].partition("://")[2], "the password is not in the URL"


def test_the_bot_waits_for_its_database_and_finds_it() -> None:
    bot, database = COMPOSE["services"]["threadmate"], COMPOSE["services"]["postgres"]
    assert bot["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert f"uid={UID}" in bot["tmpfs"][0]
    names = database["environment"]
    assert bot["environment"]["DATABASE_URL"].endswith(
        f"//{names['POSTGRES_USER']}@postgres/{names['POSTGRES_DB']}"
    )
    assert set(bot["networks"]) >= set(database["networks"]) == {"database"}
    assert COMPOSE["networks"]["database"] == {"internal": True}
    assert [volume.partition(":")[0] for volume in database["volumes"]] == list(COMPOSE["volumes"])


def test_several_can_run_beside_each_other() -> None:
    assert "container_name" not in COMPOSE["services"]["threadmate"]
    assert "SLACK_BUDGET_SHARE" in COMPOSE["services"]["threadmate"]["environment"]


# -- systemd


@pytest.mark.parametrize(
    "right",
    [
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "RestrictSUIDSGID=yes",
        "SystemCallFilter=@system-service",
        "UMask=0077",
    ],
)
def test_the_unit_gives_up_rights(right: str) -> None:
    assert tuple(right.split("=", 1)) in unit()


def test_the_unit_keeps_secrets_out_of_itself() -> None:
    assert of_unit("EnvironmentFile") == "/etc/threadmate/threadmate.env"
    assert not re.search(r"TOKEN|KEY=|PASSWORD", of_unit("Environment"))


def test_the_unit_writes_to_its_own_folder() -> None:
    assert of_unit("WorkingDirectory") == f"%S/{of_unit('StateDirectory')}"


def test_the_unit_does_not_start_again_what_only_people_can_put_right() -> None:
    assert of_unit("Restart") == "on-failure"
    assert of_unit("RestartPreventExitStatus") == str(BAD_SETTINGS)
