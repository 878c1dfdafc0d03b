"""Errors over gRPC: status code, message, and google.rpc details that name field, value and mend."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import structlog
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from opentelemetry import trace

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
    Unavailable,
)
from kit.metrics import GRPC_CALLS, GRPC_SECONDS

log = structlog.get_logger(__name__)

DETAILS = "grpc-status-details-bin"
_KINDS: dict[str, type[DealcastError]] = {
    kind.problem: kind
    for kind in (InvalidInput, NotFound, Conflict, Forbidden, TooLarge, Unavailable, Poisoned, Internal)
}


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


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Counts and times every call, continues its trace, and turns errors into statuses."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith("/grpc."):
            return handler
        pairs = handler_call_details.invocation_metadata or () if telemetry.recording() else ()
        metadata = {str(key): value for key, value in pairs if isinstance(value, str)}
        if handler.request_streaming and handler.response_streaming:
            wrapped = grpc.stream_stream_rpc_method_handler
            behaviour = _streaming(handler.stream_stream, method, metadata)
        elif handler.response_streaming:
            wrapped = grpc.unary_stream_rpc_method_handler
            behaviour = _streaming(handler.unary_stream, method, metadata)
        elif handler.request_streaming:
            wrapped = grpc.stream_unary_rpc_method_handler
            behaviour = _unary(handler.stream_unary, method, metadata)
        else:
            wrapped = grpc.unary_unary_rpc_method_handler
            behaviour = _unary(handler.unary_unary, method, metadata)
        return wrapped(behaviour, handler.request_deserializer, handler.response_serializer)


def _unary(inner: Any, method: str, metadata: dict[str, str]) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        with _Call(method, metadata) as tally:
            try:
                return await inner(request, context)
            except Exception as error:
                await tally.abort(context, error)

    return call


def _streaming(inner: Any, method: str, metadata: dict[str, str]) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        with _Call(method, metadata) as tally:
            try:
                async for answer in inner(request, context):
                    yield answer
            except Exception as error:
                await tally.abort(context, error)

    return call


class _Call:
    """One call's span, time and outcome."""

    def __init__(self, method: str, metadata: dict[str, str]) -> None:
        self._method = method
        self._metadata = metadata
        self._code = "OK"
        self._span: trace.Span | None = None

    def __enter__(self) -> _Call:
        self._started = time.perf_counter()
        if telemetry.recording():
            context = telemetry.extract(self._metadata)
            self._span = telemetry.tracer().start_span(self._method, context=context, kind=trace.SpanKind.SERVER)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._code == "OK":
            self._code = "CANCELLED"
        if self._span is not None:
            self._span.end()
        GRPC_CALLS.labels(self._method, self._code).inc()
        GRPC_SECONDS.labels(self._method).observe(time.perf_counter() - self._started)

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
