"""Structured logs and traces. Logs are JSON lines on stderr; traces travel as W3C traceparent headers."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kit.messages import Message
from kit.settings import ServiceSettings

TRACEPARENT = "traceparent"
FRAMES = 4  # lines of an error named in the logs, unless they are at debug
_propagator = TraceContextTextMapPropagator()


class _Process:
    """What configure has set up, beside the library's own global, which can be set only once."""

    provider: TracerProvider | None = None
    tracer: trace.Tracer = trace.NoOpTracer()
    recording = False
    service = ""
    log_level = logging.CRITICAL  # nothing is told of changes before configure


_process = _Process()


class _Stderr(logging.Handler):
    """Writes to whatever stderr is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=sys.stderr, flush=True)  # noqa: T201 - logs go to stderr
        except Exception:
            self.handleError(record)


def configure(service: str, settings: ServiceSettings, exporter: SpanExporter | None = None) -> None:
    """Set up logs and traces of this process. exporter, when given, takes the place of OTLP."""
    _configure_logs(service, settings.log_level)
    _process.service = service
    _process.log_level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    if exporter is None and settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint.rstrip("/") + "/v1/traces")
    root = TraceIdRatioBased(settings.trace_sample) if exporter else ALWAYS_OFF
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "dealcast"}),
        sampler=ParentBased(root) if exporter else ALWAYS_OFF,
        shutdown_on_exit=False,
    )
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
    _process.provider = provider
    _process.tracer = provider.get_tracer("dealcast")
    _process.recording = exporter is not None


def flush() -> None:
    """Send what is still to be exported, within two seconds."""
    if _process.provider is not None:
        _process.provider.force_flush(2000)
        _process.provider.shutdown()


def tracer() -> trace.Tracer:
    """The tracer of this process; one that records nothing before configure."""
    return _process.tracer


def recording() -> bool:
    """Whether spans of this process go anywhere; without, making them is wasted time."""
    return _process.recording


def inject() -> dict[str, str]:
    """Headers that carry the current trace on; empty where there is none."""
    headers: dict[str, str] = {}
    _propagator.inject(headers)
    return {TRACEPARENT: headers[TRACEPARENT]} if TRACEPARENT in headers else {}


def extract(headers: Mapping[str, str]) -> otel_context.Context:
    """The trace context the headers carry; a broken header counts as none."""
    return _propagator.extract(dict(headers))


def trace_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Only the header that carries the trace, to publish with what follows from a message."""
    return {TRACEPARENT: headers[TRACEPARENT]} if TRACEPARENT in headers else {}


def trace_id(headers: Mapping[str, str]) -> str:
    """The 32 hex digits of the trace the headers name; empty where there is none."""
    parts = headers.get(TRACEPARENT, "").split("-")
    return parts[1] if len(parts) >= 4 else ""


def current_trace_id() -> str:
    """The trace of the span we are in; empty where there is none."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else ""


class Change(NamedTuple):
    """One revision of a deal on its way, and the trace of the write it comes from; empty where there is none."""

    deal_id: str
    revision: int
    trace_id: str


def log_changes(event: str, changes: Sequence[Change]) -> None:
    """A line for each change: info for those in a trace, which follow a write; debug for the rest (rescoring).

    All are one write of plain lines: through structlog each costs some ten times as much, as busy systems would feel.
    """
    told = [change for change in changes if (logging.INFO if change.trace_id else logging.DEBUG) >= _process.log_level]
    if not told:
        return
    same = {"event": event, "service": _process.service, "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
    start = json.dumps(same)[:-1]
    lines = [
        f'{start}, "level": "{"info" if trace else "debug"}", "deal_id": {json.dumps(deal_id)}, '
        f'"revision": {revision}, "trace_id": "{trace}"}}'
        for deal_id, revision, trace in told
    ]
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201 - logs go to stderr


@contextmanager
def handling(consumer: str, messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """A span per sampled message around its handling.

    Yields the messages; the headers of those in a recorded trace name their new span, so that
    what is published with trace_headers(message.headers) continues it.
    """
    if not _process.recording or not any(_sampled(message) for message in messages):
        yield messages
        return
    with ExitStack() as spans:
        yield [_spanned(spans, consumer, message) if _sampled(message) else message for message in messages]


def _sampled(message: Message) -> bool:
    """Whether the last bit of the trace flags (two hex digits at the end) is set."""
    header = message.headers.get(TRACEPARENT, "")
    return len(header) == 55 and header[-1] in "13579bdf"


def _spanned(spans: ExitStack, consumer: str, message: Message) -> Message:
    attributes: dict[str, str | int] = {
        "messaging.system": "nats",
        "messaging.destination.name": message.subject,
        "messaging.consumer.group.name": consumer,
        "messaging.nats.deliveries": message.deliveries,
    }
    span = tracer().start_span(
        f"{consumer} process",
        context=extract(message.headers),
        kind=trace.SpanKind.CONSUMER,
        attributes=attributes,
    )
    spans.callback(span.end)
    carried: dict[str, str] = dict(message.headers)
    _propagator.inject(carried, context=trace.set_span_in_context(span))
    return replace(message, headers=carried)


def _configure_logs(service: str, level: str) -> None:
    number = logging.getLevelNamesMapping()[level.upper()]

    def add_process(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        found = current_trace_id()
        if found:
            event.setdefault("trace_id", found)
        return event

    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_process,
        _where(None if level.lower() == "debug" else FRAMES),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = _Stderr()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=max(number, logging.INFO), force=True)
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2", "authlib", "asyncio", "uvicorn.access", "nats"):
        logging.getLogger(noisy).setLevel(max(number, logging.WARNING))


def _where(frames: int | None) -> structlog.types.Processor:
    """In place of a traceback: the error's type and the last `frames` lines it came through (None: all), no text.

    Texts of unforeseen errors and local variables may hold what people wrote.
    """

    def add_place(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        info = event.pop("exc_info", None)
        if info is True:
            info = sys.exc_info()
        error = info[1] if isinstance(info, tuple) else info
        if isinstance(error, BaseException):
            passed = traceback.extract_tb(error.__traceback__)
            event["error_type"] = type(error).__name__
            event["error_at"] = [f"{frame.filename}:{frame.lineno}" for frame in passed[-(frames or len(passed)) :]]
            event["thread"] = threading.current_thread().name
        return event

    return add_place
