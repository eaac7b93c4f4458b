"""What is counted and measured, in our words: kept in memory, and told as Prometheus reads it.

No label has unbounded values: no channel, person or thread is in any of them. What each metric means stands in
docs/operations.md, and a test compares that with this.
"""

import platform
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from bot.errors import AssistantError
from bot.reply.shown import FirstText
from storage.records import Backlog, RunStatus, Usage

__all__ = ["CONTENT_TYPE", "Metrics", "Vitals"]

CONTENT_TYPE = CONTENT_TYPE_LATEST

CALL = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)  # seconds; a call is given up after thirty
LAG = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 30)
FIRST_TEXT = (0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300)
RUN = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900)
ACKNOWLEDGED = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 10)  # Slack gives three seconds

OTHER = "other"
"""The type of whatever Slack sends and nobody subscribed to."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is looked up whenever somebody asks. `backlog` is None where the database does not answer."""

    connected: bool
    draining: bool
    busy: int
    backlog: Backlog | None
    budget_left: Mapping[str, int]  # by Slack's method
    transactions: int
    collisions: int
    unavailable: int


class Metrics:
    """The numbers of one running program. `event_types`: what Slack is asked to send; the rest counts as other."""

    def __init__(self, event_types: Collection[str] = ()) -> None:
        self._event_types = frozenset(event_types)
        self._vitals: Vitals | None = None
        self.registry = CollectorRegistry()
        self._count_runs()
        self._count_events()
        self._count_calls()
        self.registry.register(_AtScrape(self))
        ProcessCollector(registry=self.registry)

    def _count_runs(self) -> None:
        self._runs = self._counter("runs", "Runs that have ended, by how.", "status")
        for status in (RunStatus.COMPLETED, RunStatus.INCOMPLETE, RunStatus.FAILED, RunStatus.CANCELLED):
            self._runs.labels(status.value)  # there from the start, so that a first failure is an increase
        self._failures = self._counter("run_failures", "Runs that failed, by our code for why.", "error")
        self._run_seconds = self._histogram("run_seconds", "From taking a run to its end.", RUN)
        self._first_text = self._histogram(
            "first_text_seconds", "From taking a run to the first words of its answer in Slack.", FIRST_TEXT
        )
        self._text_lag = self._histogram(
            "text_lag_seconds", "From the model's first words to the first words in Slack.", LAG
        )
        self._tokens = self._counter("tokens", "Tokens that the model's turns took, by kind.", "kind")
        self._leases_lost = self._counter("leases_lost", "Runs given up because their lease was lost.")
        self._left = self._counter("runs_left", "Runs left to their lease, to be taken again.")

    def _count_events(self) -> None:
        names = "What Slack sent, by type, and whether it was acknowledged."
        self._events = self._counter("events", names, "type", "outcome")
        self._acknowledged = self._histogram(
            "acknowledgement_seconds", "From the arrival of what Slack sent to its acknowledgement.", ACKNOWLEDGED
        )

    def _count_calls(self) -> None:
        self._calls = self._counter("slack_calls", "Calls of Slack's methods, by outcome.", "method", "outcome")
        self._call_seconds = self._histogram(
            "slack_call_seconds", "How long Slack took to answer a call.", CALL, "method"
        )
        self._openai_errors = self._counter("openai_errors", "Errors of OpenAI's calls, by our code.", "kind")

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(name, help_, labels, namespace="threadmate", registry=self.registry)

    def _histogram(self, name: str, help_: str, buckets: Collection[float], *labels: str) -> Histogram:
        return Histogram(
            name, help_, labels, namespace="threadmate", buckets=tuple(buckets), registry=self.registry
        )

    # -- what happened

    def run_ended(
        self, status: RunStatus, error: str | None, began: float, ended: float, first: FirstText | None
    ) -> None:
        """A run has ended. `error` is our code, of a failed one; times are the monotonic clock's."""
        self._runs.labels(status.value).inc()
        self._run_seconds.observe(ended - began)
        if status is RunStatus.FAILED:
            self._failures.labels(error or "unexpected").inc()
        if first is not None:
            self._first_text.observe(first.at - began)
        if first is not None and first.lag is not None:
            self._text_lag.observe(max(0.0, first.lag))

    def used(self, usage: Usage) -> None:
        """A turn of the model has ended. Cached tokens are input, too, and reasoning is output, too."""
        self._tokens.labels("input").inc(usage.input_tokens)
        self._tokens.labels("cached").inc(usage.cached_tokens)
        self._tokens.labels("output").inc(usage.output_tokens)
        self._tokens.labels("reasoning").inc(usage.reasoning_tokens)

    def lease_lost(self) -> None:
        """A run of ours belongs to somebody else now."""
        self._leases_lost.inc()

    def run_left(self) -> None:
        """A run could not be brought to its end now."""
        self._left.inc()

    def event(self, kind: str, acknowledged: bool, seconds: float) -> None:
        """Slack has sent something; unacknowledged it comes again."""
        known = kind if kind in self._event_types else OTHER
        self._events.labels(known, "acknowledged" if acknowledged else "not_acknowledged").inc()
        if acknowledged:
            self._acknowledged.observe(seconds)

    def slack_call(self, method: str, outcome: str, seconds: float) -> None:
        """A call has ended: ok, refused, rate_limited, unknown, unreachable or cancelled."""
        self._calls.labels(method, outcome).inc()
        self._call_seconds.labels(method).observe(seconds)

    def openai_error(self, error: AssistantError) -> None:
        """A call of OpenAI has failed."""
        self._openai_errors.labels(error.code).inc()

    # -- telling it

    def text(self, vitals: Vitals | None) -> bytes:
        """Everything, as Prometheus reads it."""
        self._vitals = vitals
        return generate_latest(_Told(self.registry))

    @property
    def vitals(self) -> Vitals | None:
        """What was looked up last; None before there is anything to look at."""
        return self._vitals


class _Told(Collector):
    """The registry without the times at which series were made, which nobody asks for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[object]:  # type: ignore[override]
        for family in self._registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family


Family = GaugeMetricFamily | CounterMetricFamily | InfoMetricFamily


class _AtScrape(Collector):
    """What has its value only when somebody asks."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Family]:
        build = {"version": version("threadmate"), "python": platform.python_version()}
        yield InfoMetricFamily("threadmate_build", "The version that runs.", value=build)
        if vitals := self._metrics.vitals:
            yield from _states(vitals)
            yield from _queue(vitals.backlog)
            yield _budget(vitals.budget_left)
            yield from _database(vitals)


def _states(vitals: Vitals) -> Iterator[Family]:
    yield _gauge("slack_connected", "1 while the socket to Slack is open.", vitals.connected)
    yield _gauge("database_up", "1 while the database answers.", vitals.backlog is not None)
    yield _gauge("draining", "1 from the signal to stop on.", vitals.draining)
    yield _gauge("runs_in_progress", "Runs that this process is answering.", vitals.busy)


def _queue(backlog: Backlog | None) -> Iterator[Family]:
    """Of all processes on this database; no samples where it does not answer."""
    names = {
        "queue_messages": "Messages that wait to be answered, in the whole database.",
        "queue_runs": "Runs that nobody works on, in the whole database.",
        "queue_age_seconds": "How long the oldest of what could be taken now has waited.",
    }
    values = (backlog.messages, backlog.runs, backlog.age) if backlog else (None, None, None)
    for (name, help_), value in zip(names.items(), values, strict=True):
        yield _gauge(name, help_, value)


def _budget(left: Mapping[str, int]) -> Family:
    help_ = "Calls of Slack's method that may be made now without waiting."
    family = GaugeMetricFamily("threadmate_slack_budget_left", help_, labels=("method",))
    for method, calls in sorted(left.items()):
        family.add_metric((method,), calls)
    return family


def _database(vitals: Vitals) -> Iterator[Family]:
    for name, help_, value in (
        ("transactions", "Write transactions that were asked for.", vitals.transactions),
        ("collisions", "Transactions begun again because they met another one.", vitals.collisions),
        ("unavailable", "Transactions that the database refused or did not answer.", vitals.unavailable),
    ):
        yield CounterMetricFamily(f"threadmate_database_{name}", help_, value=value)


def _gauge(name: str, help_: str, value: float | None) -> Family:
    return GaugeMetricFamily(f"threadmate_{name}", help_, value=None if value is None else float(value))
