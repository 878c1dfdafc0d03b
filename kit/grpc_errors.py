"""Errors over gRPC: status code, message, and google.rpc details that name field, value and mend."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import grpc
import structlog
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from opentelemetry import trace
from prometheus_client import Counter, Histogram

from kit import telemetry
from kit.errors import (
    Conflict,
    DealcastError,
    Forbidden,
    Internal,
    InvalidInput,
    NotFound,
    Poisoned,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from kit.metrics import GRPC_CALLS, GRPC_SECONDS

log = structlog.get_logger(__name__)

DETAILS = "grpc-status-details-bin"
_KINDS: dict[str, type[DealcastError]] = {
    kind.problem: kind
    for kind in (
        InvalidInput, NotFound, Conflict, Unauthenticated, Forbidden, TooLarge, Unavailable, Poisoned, Internal,
    )
}  # fmt: skip


def details_of(error: DealcastError) -> bytes:
    """A serialised google.rpc.Status with one ErrorInfo: reason is the problem, metadata the rest."""
    info = error_details_pb2.ErrorInfo(
        reason=error.problem,
        domain="dealcast",
        metadata={"field": error.field, "value": error.value, "mend": error.mend},
    )
    packed = any_pb2.Any()
    packed.Pack(info)
    code, _ = error.grpc_code.value
    status = status_pb2.Status(code=code, message=error.message, details=[packed])
    return bytes(status.SerializeToString())


def error_of(failure: grpc.RpcError) -> DealcastError:
    """The error a server sent, as it was raised there; Unavailable or Internal for any other."""
    if not isinstance(failure, grpc.aio.AioRpcError):
        return Internal(str(failure))
    for key, value in failure.trailing_metadata() or ():
        if key == DETAILS and isinstance(value, bytes):
            status = status_pb2.Status.FromString(value)
            for packed in status.details:
                info = error_details_pb2.ErrorInfo()
                if packed.Unpack(info) and info.domain == "dealcast":
                    return _KINDS.get(info.reason, Internal)(status.message, **dict(info.metadata))
    temporary = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}
    kind = Unavailable if failure.code() in temporary else Internal
    return kind(failure.details() or failure.code().name)


class MeasuredServer:
    """What a service registers with in a server's place: counts and times every call of its methods, continues its
    trace, and turns errors into statuses.

    Each method is wrapped once. An interceptor would wrap it for every call, which costs as much as the call.
    """

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """As of `grpc.aio.Server`."""
        self._server.add_generic_rpc_handlers([_Measured(one) for one in handlers])

    def add_registered_method_handlers(
        self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        """As of `grpc.aio.Server`."""
        found = {name: _measured(handler, f"/{service}/{name}") for name, handler in handlers.items()}
        self._server.add_registered_method_handlers(service, found)


class _Measured(grpc.GenericRpcHandler):
    """The handlers of another, wrapped as they are first asked for."""

    def __init__(self, inner: grpc.GenericRpcHandler) -> None:
        self._inner = inner
        self._known: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        method = handler_call_details.method
        if method not in self._known:
            handler = self._inner.service(handler_call_details)
            if handler is None:
                return None
            self._known[method] = _measured(handler, method)
        return self._known[method]


def _measured(handler: grpc.RpcMethodHandler[Any, Any], method: str) -> grpc.RpcMethodHandler[Any, Any]:
    if handler.request_streaming and handler.response_streaming:
        wrapped = grpc.stream_stream_rpc_method_handler
        behaviour = _streaming(handler.stream_stream, method)
    elif handler.response_streaming:
        wrapped = grpc.unary_stream_rpc_method_handler
        behaviour = _streaming(handler.unary_stream, method)
    elif handler.request_streaming:
        wrapped = grpc.stream_unary_rpc_method_handler
        behaviour = _unary(handler.stream_unary, method)
    else:
        wrapped = grpc.unary_unary_rpc_method_handler
        behaviour = _unary(handler.unary_unary, method)
    return wrapped(behaviour, handler.request_deserializer, handler.response_serializer)


def _unary(inner: Any, method: str) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        with _Call(method, context) as tally:
            try:
                return await inner(request, context)
            except Exception as error:
                await tally.abort(context, error)

    return call


def _streaming(inner: Any, method: str) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        with _Call(method, context) as tally:
            try:
                async for answer in inner(request, context):
                    yield answer
            except Exception as error:
                await tally.abort(context, error)

    return call


@cache
def _succeeded(method: str) -> tuple[Counter, Histogram]:
    """What counts and times a method's calls that end well; finding them by their labels costs more than they do."""
    return GRPC_CALLS.labels(method, "OK"), GRPC_SECONDS.labels(method)


class _Call:
    """One call's span, time and outcome."""

    def __init__(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        self._method = method
        self._context = context
        self._code = "OK"
        self._span: trace.Span | None = None

    def __enter__(self) -> _Call:
        self._started = time.perf_counter()
        if telemetry.recording():
            pairs = self._context.invocation_metadata() or ()
            context = telemetry.extract({str(key): value for key, value in pairs if isinstance(value, str)})
            self._span = telemetry.tracer().start_span(self._method, context=context, kind=trace.SpanKind.SERVER)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._code == "OK":
            self._code = "CANCELLED"
        if self._span is not None:
            self._span.end()
        calls, seconds = _succeeded(self._method)
        (calls if self._code == "OK" else GRPC_CALLS.labels(self._method, self._code)).inc()
        seconds.observe(time.perf_counter() - self._started)

    async def abort(self, context: grpc.aio.ServicerContext[Any, Any], error: Exception) -> None:
        """End the call with the error's status; an unforeseen error is logged and told as internal."""
        if isinstance(error, grpc.aio.AbortError | grpc.aio.BaseError):
            self._code = "ABORTED"
            raise error
        known = error if isinstance(error, DealcastError) else Internal("something went wrong on our side")
        if known is not error:
            log.error("grpc_call_failed", method=self._method, exc_info=error)
        self._code = known.grpc_code.name
        await context.abort(known.grpc_code, known.message, ((DETAILS, details_of(known)),))
