"""What deploys, judged by the tools that are made for it. None needs an engine, a cluster or the network.

Those of the extra `deploy-checks` come with CI; where a tool is missing, its tests are skipped.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/threadmate"
SECRETS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "key"}
SERVER = {**SECRETS, "DATABASE_URL": "postgresql+asyncpg://threadmate:p%40ss@db/threadmate"}
EVERYTHING: dict[str, Any] = {
    "secret": {"existing": "mine"},
    "replicas": 3,
    "shutdownGrace": 45.5,
    "settings": {"OPENAI_MODEL": "a model", "MAX_FILE_BYTES": 100000000, "ALLOW_EXTERNAL": True},
    "monitoring": {"annotations": False, "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}}},
    "imagePullSecrets": [{"name": "mine"}],
    "podLabels": {"team": "tools"},
    "podAnnotations": {"note": "1"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
}
CASES: dict[str, dict[str, Any]] = {
    "a server and the chart's secret": {"secret": {"values": SERVER}},
    "everything set": EVERYTHING,
    "SQLite": {"secret": {"values": SECRETS}, "replicas": 1, "sqlite": {"enabled": True, "storageClass": "fast"}},
}
REFUSED: dict[str, dict[str, Any]] = {
    "sqlite.enabled is for one process": {"secret": {"values": SECRETS}, "sqlite": {"enabled": True}},
    "secret.values.DATABASE_URL is missing": {"secret": {"values": SECRETS}},
    "secret.values.SLACK_BOT_TOKEN is missing": {},
}


def tool(name: str) -> str:
    """Where it is: beside this Python, else on the path."""
    beside = Path(sys.executable).with_name(name)
    if found := str(beside) if beside.exists() else shutil.which(name):
        return found
    pytest.skip(f"{name} is not here (pip install -e '.[deploy-checks]' brings what a package registry has)")


def run(*command: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": "", "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


# -- the image and the compose file


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    done = run(tool("hadolint"), "--no-color", "Dockerfile")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def compose(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "compose.yaml", folder)
    env = (ROOT / ".env.example").read_text() + "".join(f"{name}='{value}'\n" for name, value in more.items())
    (folder / ".env").write_text(env)
    return run(tool("docker-compose"), "config", "--format", "json", folder=folder)


def test_compose_reads_its_file_without_a_word(tmp_path: Path) -> None:
    done = compose(tmp_path, POSTGRES_PASSWORD="p$a:s/s@")
    assert (done.stderr, done.returncode) == ("", 0)
    services = json.loads(done.stdout)["services"]
    assert services["threadmate"]["environment"]["PGPASSWORD"] == "p$$a:s/s@"  # as Compose writes a dollar
    assert services["threadmate"]["environment"]["DATABASE_URL"].startswith("postgresql+asyncpg://")


def test_compose_starts_nothing_without_a_password(tmp_path: Path) -> None:
    done = compose(tmp_path)
    assert done.returncode != 0
    assert "set it in .env" in done.stderr


# -- the unit


def test_systemd_knows_every_word_of_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "threadmate.service"
    text = (ROOT / "deploy/threadmate.service").read_text()
    unit.write_text(text.replace("/opt/threadmate/bin/threadmate", sys.executable))
    done = run(tool("systemd-analyze"), "verify", "--man=no", unit)
    if "Failed to" in done.stderr:
        pytest.skip("systemd-analyze does not work here")
    assert (done.stderr, done.returncode) == ("", 0)


# -- the chart


@pytest.fixture(scope="module")
def helm() -> Any:
    """Helm's own library."""
    return pytest.importorskip("helm_python", reason="pip install -e '.[deploy-checks]' brings Helm's library")


def rendered(helm: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """By kind, what the chart makes of these values, each as Kubernetes would take it."""
    kubernetes = pytest.importorskip("kubernetes_validate")
    with helm.Chart.load(CHART) as chart:
        chart.validate_schema(dict(values))
        texts = chart.render(dict(values), name="answers", namespace="chat")
    documents = [yaml.safe_load(text) for path, text in texts.items() if path.endswith(".yaml")]
    found = {document["kind"]: document for document in documents if document}
    for kind, document in found.items():
        if kind != "PodMonitor":  # the operator's own
            kubernetes.validate(document, "1.27", strict=True)
    return found


@pytest.mark.parametrize("case", CASES)
def test_helm_finds_nothing_in_the_chart(helm: Any, case: str) -> None:
    report = helm.lint(CHART, CASES[case], strict=True)
    assert [m for m in report["messages"] if m["severity"] > 1 or "icon" not in m["error"]] == []


@pytest.mark.parametrize("reason", REFUSED)
def test_helm_says_what_is_missing(helm: Any, reason: str) -> None:
    with pytest.raises(helm.HelmError, match=reason):
        rendered(helm, REFUSED[reason])


def test_on_a_server_pods_share_what_slack_allows(helm: Any) -> None:
    found = rendered(helm, EVERYTHING)
    deployment = found["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    [container] = pod["containers"]
    environ = {entry["name"]: entry["value"] for entry in container["env"]}
    assert found.keys() == {"Deployment", "PodDisruptionBudget", "PodMonitor"}
    assert environ["SLACK_BUDGET_SHARE"].startswith("0.3333")
    assert environ["MAX_FILE_BYTES"] == "100000000"  # and not 1e+08
    assert environ["SHUTDOWN_GRACE"] == "45.5"
    assert pod["terminationGracePeriodSeconds"] == 76
    assert container["envFrom"] == [{"secretRef": {"name": "mine"}}]
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_with_sqlite_there_is_one_pod_and_a_volume(helm: Any) -> None:
    found = rendered(helm, CASES["SQLite"])
    deployment = found["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    [container] = pod["containers"]
    environ = {entry["name"]: entry["value"] for entry in container["env"]}
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}
    assert environ["DATABASE_URL"] == "sqlite+aiosqlite:////data/threadmate.db"
    assert environ["SLACK_BUDGET_SHARE"] == "1"
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp", "/data"}
    assert found["PersistentVolumeClaim"]["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_a_pod_has_no_more_rights_than_it_needs(helm: Any) -> None:
    pod = rendered(helm, CASES["a server and the chart's secret"])["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"USER {pod['securityContext']['runAsUser']}:" in (ROOT / "Dockerfile").read_text()
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    paths = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


# -- alarms


def test_every_alarm_rings_when_it_should() -> None:
    done = run(tool("promtool"), "test", "rules", ROOT / "tests/structure/alerts.test.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
