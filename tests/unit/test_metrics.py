"""Metrics: what Prometheus reads, and that all of it is explained."""

import re
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from bot.errors import AssistantBusy
from bot.metrics import Metrics, Vitals
from bot.reply.shown import FirstText
from storage.records import Backlog, RunStatus, Usage

DOCUMENT = Path(__file__).parents[2] / "docs/operations.md"
NAME = re.compile(r"(threadmate|process)_[a-z_]+[a-z]")
UNITS = ("_total", "_seconds", "_bytes", "_info")


def vitals(backlog: Backlog | None = None) -> Vitals:
    return Vitals(
        connected=True,
        draining=False,
        busy=3,
        backlog=backlog,
        budget_left={"chat.update": 7},
        transactions=1,
        collisions=2,
        unavailable=3,
    )


def lived() -> Metrics:
    """Every metric with a sample."""
    metrics = Metrics({"message"})
    metrics.run_ended(RunStatus.FAILED, "busy", 10.0, 12.5, FirstText(11.0, 0.25))
    metrics.used(Usage(100, 40, 20, 5))
    metrics.lease_lost()
    metrics.run_left()
    metrics.event("message", True, 0.01)
    metrics.event("something that nobody subscribed to", False, 0.01)
    metrics.slack_call("chat.update", "ok", 0.1)
    metrics.openai_error(AssistantBusy("later"))
    return metrics


def families(metrics: Metrics, looked_up: Vitals | None) -> dict[str, Metric]:
    """By the name that is written in queries."""
    told = text_string_to_metric_families(metrics.text(looked_up).decode())
    return {f"{it.name}_total" if it.type == "counter" else it.name: it for it in told}


def test_every_metric_is_explained_and_no_other() -> None:
    section = DOCUMENT.read_text().split("## What each metric means")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `([a-z_]+)` \|([^|]*)\|", section, re.MULTILINE))
    found = families(lived(), vitals(Backlog(1, 2, 3.0)))
    assert set(rows) == set(found)
    for name, family in found.items():
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert set(re.findall(r"`([a-z_]+)`", rows[name])) == labels, name


def test_names_helps_and_units_are_as_prometheus_wants_them() -> None:
    for name, family in families(lived(), vitals(Backlog(1, 2, 3.0))).items():
        assert NAME.fullmatch(name), name
        assert len(family.documentation) > 10, name
        assert family.samples, name
        if family.type in ("counter", "histogram"):
            assert name.endswith(UNITS), name
        assert not any(sample.name.endswith("_created") for sample in family.samples), name


def test_numbers_are_told_as_they_were_counted() -> None:
    told = lived().text(vitals(Backlog(1, 2, 3.5))).decode()
    for line in (
        'threadmate_runs_total{status="failed"} 1.0',
        'threadmate_runs_total{status="completed"} 0.0',
        'threadmate_run_failures_total{error="busy"} 1.0',
        "threadmate_run_seconds_sum 2.5",
        "threadmate_first_text_seconds_sum 1.0",
        "threadmate_text_lag_seconds_sum 0.25",
        'threadmate_tokens_total{kind="cached"} 40.0',
        'threadmate_events_total{outcome="not_acknowledged",type="other"} 1.0',
        'threadmate_openai_errors_total{kind="busy"} 1.0',
        'threadmate_slack_budget_left{method="chat.update"} 7.0',
        "threadmate_queue_age_seconds 3.5",
        "threadmate_database_unavailable_total 3.0",
        "threadmate_database_up 1.0",
    ):
        assert line in told.splitlines()


def test_of_a_database_that_does_not_answer_no_queue_is_told() -> None:
    told = families(lived(), vitals(None))
    assert [sample.value for sample in told["threadmate_database_up"].samples] == [0.0]
    assert told["threadmate_queue_age_seconds"].samples == []


def test_two_programs_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.lease_lost()
    assert "threadmate_leases_lost_total 1.0" in one.text(None).decode()
    assert "threadmate_leases_lost_total 0.0" in other.text(None).decode()
