"""Traces for OpenTelemetry: the one module that knows it, imported only where OTEL_* asks for it.

All spans of a run are in one trace, although its message is accepted in another task, maybe another process, than
the run, and nobody stores a trace: the ids of the first span are a hash of the message's place, so that whoever
takes the run knows them. A run of several messages is in the trace of the oldest, and linked to the others.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from bot.tracing import Hop, Origin, Value

ACCEPT, RUN = "accept", "run"
SEND_WITHIN = 5.0  # seconds at the end, for what was not sent yet


class Tracer:
    """Begins traces, as `bot.tracing.Tracer` says. It is given what becomes of the spans that have ended."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._ids = _Ids()
        resource = Resource.create({"service.version": version("threadmate")})
        if str(resource.attributes["service.name"]).startswith("unknown_service"):  # OTEL_SERVICE_NAME is not set
            resource = resource.merge(Resource({"service.name": "threadmate"}))
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("threadmate")

    def accepted(self, origin: Origin, began: int) -> None:
        """A message was accepted, now: the first span of its trace."""
        with self._ids.given(_context_of(origin, sampled=True)):
            span = self._tracer.start_span(ACCEPT, Context(), start_time=began, attributes=_place(origin))
        span.end()

    def run(self, origins: Sequence[Origin], began: int, attributes: Mapping[str, Value]) -> Hop:
        """A run, below the oldest of its messages; one without messages has a trace of its own."""
        contexts = [self._context(origin) for origin in origins]
        around = trace.set_span_in_context(NonRecordingSpan(contexts[0]), Context()) if contexts else Context()
        links = [Link(context) for context in contexts[1:]]
        begun = self._tracer.start_span(RUN, around, start_time=began, attributes=dict(attributes), links=links)
        return _hop(self._tracer, begun)

    def _context(self, origin: Origin) -> SpanContext:
        """The first span of a message's trace: it was sampled if we would sample it now."""
        trace_id = _context_of(origin, sampled=True).trace_id
        decision = self._provider.sampler.should_sample(None, trace_id, ACCEPT).decision
        return _context_of(origin, sampled=decision is Decision.RECORD_AND_SAMPLE)

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()


@asynccontextmanager
async def exporting() -> AsyncIterator[Tracer]:
    """Send every span that has ended by OTLP over HTTP, from a thread, to where OTEL_EXPORTER_OTLP_* says."""
    exporter = OTLPSpanExporter()
    tracer = Tracer(BatchSpanProcessor(exporter))
    try:
        yield tracer
    finally:
        closing = asyncio.create_task(asyncio.to_thread(tracer.close))
        await asyncio.wait({closing}, timeout=SEND_WITHIN)
        if not closing.done():
            exporter.shutdown()  # type: ignore[no-untyped-call]  # else it would go on trying
        await closing


class _Span:
    """One hop."""

    def __init__(self, tracer: trace.Tracer, span: trace.Span) -> None:
        self._tracer = tracer
        self._span = span

    def child(self, name: str, attributes: Mapping[str, Value], began: int | None = None) -> Hop:
        """A hop within this one."""
        around = trace.set_span_in_context(self._span, Context())
        begun = self._tracer.start_span(name, around, start_time=began, attributes=dict(attributes))
        return _hop(self._tracer, begun)

    def note(self, **attributes: Value) -> None:
        """Say more of this hop."""
        self._span.set_attributes(attributes)


@contextmanager
def _hop(tracer: trace.Tracer, span: trace.Span) -> Iterator[_Span]:
    """The span until the block ends; how it fails is told by the error's kind: its text may quote people."""
    try:
        yield _Span(tracer, span)
    except BaseException as error:
        span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        span.end()


class _Ids(RandomIdGenerator):
    """Random ids, but for the span that begins a trace."""

    def __init__(self) -> None:
        self._given: SpanContext | None = None

    @contextmanager
    def given(self, context: SpanContext) -> Iterator[None]:
        """Let the one span that is begun in the block have these ids."""
        self._given = context
        try:
            yield
        finally:
            self._given = None

    def generate_trace_id(self) -> int:
        """The trace's id."""
        return self._given.trace_id if self._given else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """The span's id."""
        return self._given.span_id if self._given else super().generate_span_id()


def _context_of(origin: Origin, *, sampled: bool) -> SpanContext:
    digest = hashlib.sha256(f"{origin.team}/{origin.channel}/{origin.ts}".encode()).digest()
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    trace_id, span_id = int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)


def _place(origin: Origin) -> dict[str, Value]:
    return {"team": origin.team, "channel": origin.channel, "ts": origin.ts}
