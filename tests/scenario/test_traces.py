"""Traces: one run, one tree of spans, whatever tasks and processes took part; ids and numbers, no text."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from bot.otel import Tracer
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Pause, Script, Text
from bot.settings import traces_wanted
from bot.tracing import SILENCE, Origin, inside, now, opened, span
from tests.scenario.conftest import MakeWorld

SECRET = "Zanzibar"
TO = "OTEL_EXPORTER_OTLP_ENDPOINT"


def ids(ended: ReadableSpan) -> tuple[int, int]:
    assert ended.context is not None
    return ended.context.trace_id, ended.context.span_id


def told(ended: ReadableSpan) -> Mapping[str, Any]:
    return ended.attributes or {}


def parents(spans: tuple[ReadableSpan, ...]) -> set[tuple[str | None, str]]:
    """Each span's name behind that of the span it is in."""
    names = {ids(one)[1]: one.name for one in spans}
    return {(names[one.parent.span_id] if one.parent else None, one.name) for one in spans}


async def test_a_mention_is_one_tree_of_spans_without_a_word(make_world: MakeWorld) -> None:
    collected = InMemorySpanExporter()
    world = await make_world()
    world.tracer = Tracer(SimpleSpanProcessor(collected))
    async with world.running():
        world.openai.queue(Script(Text(deltas=["I know ", Pause(2), f"{SECRET} well."])))
        world.slack.faults.add(
            "agents.sessions.setStatus", Fault(FaultKind.REFUSE, 200, {"ok": False, "error": "no"})
        )
        ts = await world.drop(f"{SECRET}.txt", f"All about {SECRET}", f"What of {SECRET}?")
        await world.until(world.answered(ts))
    spans = collected.get_finished_spans()
    assert len({ids(one)[0] for one in spans}) == 1
    assert parents(spans) >= {
        (None, "accept"),
        ("accept", "run"),
        ("run", "claim"),
        ("run", "compose"),
        ("compose", "catch-up"),
        ("compose", "files"),
        ("run", "model"),
        ("run", "slack agents.sessions.setStatus"),
        ("run", "slack chat.startStream"),
        ("run", "slack chat.appendStream"),
        ("run", "slack chat.stopStream"),
        ("run", "finish"),
    }
    by_name = {one.name: one for one in spans}
    run = told(by_name["run"])
    assert (run["team"], run["channel"], run["thread_ts"]) == (world.slack.team, world.general, ts)
    assert (run["attempt"], len(str(run["run"]))) == (1, 32)
    assert told(by_name["accept"])["ts"] == ts
    assert told(by_name["finish"])["status"] == "completed"
    assert told(by_name["slack chat.stopStream"])["outcome"] == "ok"
    assert told(by_name["slack agents.sessions.setStatus"])["outcome"] in ("ok", "refused")
    assert not any(one.events for one in spans)
    assert SECRET not in "".join(one.to_json() for one in spans)


def tracer() -> tuple[Tracer, InMemorySpanExporter]:
    collected = InMemorySpanExporter()
    return Tracer(SimpleSpanProcessor(collected)), collected


def test_another_process_continues_the_trace_and_links_the_other_messages() -> None:
    first, second = Origin("T1", "C1", "1.0"), Origin("T1", "C1", "2.0")
    inbox, accepted = tracer()
    worker, worked = tracer()
    inbox.accepted(first, now())
    inbox.accepted(second, now())
    with inside(worker.run((first, second), now(), {"run": "r1"})), span("model"):
        pass
    (one, other), (model, run) = accepted.get_finished_spans(), worked.get_finished_spans()
    assert ids(run)[0] == ids(model)[0] == ids(one)[0] != ids(other)[0]
    assert run.parent is not None
    assert (run.parent.span_id, model.parent and model.parent.span_id) == (ids(one)[1], ids(run)[1])
    assert [(it.context.trace_id, it.context.span_id) for it in run.links] == [ids(other)]


def test_both_ends_decide_alike_whether_a_trace_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    (inbox, accepted), (worker, worked) = tracer(), tracer()
    for number in range(40):
        origin = Origin("T1", "C1", f"{number}.0")
        inbox.accepted(origin, now())
        with inside(worker.run((origin,), now(), {})):
            pass
    ends = [{ids(one)[0] for one in it.get_finished_spans()} for it in (accepted, worked)]
    assert ends[0] == ends[1]
    assert 5 < len(ends[0]) < 35


def test_an_error_is_told_by_its_kind_alone() -> None:
    traces, collected = tracer()
    with pytest.raises(ValueError, match=SECRET), inside(traces.run((), now(), {})), span("compose"):
        raise ValueError(SECRET)
    failed = collected.get_finished_spans()[0]
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "ValueError")
    assert SECRET not in failed.to_json()


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({TO: ""}, False),
        ({TO: "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({TO: "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({TO: "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_traces_are_sent_only_where_they_are_asked_for(environ: dict[str, str], wanted: bool) -> None:
    assert traces_wanted(environ) is wanted


async def test_nobody_pays_for_traces_that_nobody_wants() -> None:
    async with opened(wanted=False) as silent:
        assert silent is SILENCE


async def test_what_has_ended_is_sent_by_otlp_before_the_program_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[ExportTraceServiceRequest] = []

    async def collect(request: web.Request) -> web.Response:
        received.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/v1/traces", collect)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv(TO, f"http://127.0.0.1:{runner.addresses[0][1]}")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    async with opened(traces_wanted()) as traces:
        with inside(traces.run((), now(), {"run": "r1"})), span("model"):
            pass
    await runner.cleanup()
    [group] = [group for request in received for group in request.resource_spans]
    resource = {it.key: it.value.string_value for it in group.resource.attributes}
    assert (resource["service.name"], resource["deployment.environment"]) == ("threadmate", "test")
    assert {one.name for it in group.scope_spans for one in it.spans} == {"run", "model"}
