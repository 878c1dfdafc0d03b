"""gRPC calls: who calls is found by the `authorization` metadata, and what they may by the table of rights."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import grpc

from services.gateway.access.gate import OFF, Access, nobody
from services.gateway.access.rights import right_of
from services.gateway.domain import LOCAL, Principal

CALLING: ContextVar[Principal] = ContextVar("calling")  # of the call in hand; each call is a task of its own

Context = grpc.aio.ServicerContext[Any, Any]
Unary = Callable[[Any, Context], Awaitable[Any]]
Stream = Callable[[Any, Context], AsyncIterator[Any]]


def guarded(access: Access, route: str, call: Unary) -> Unary:
    """The method, for who may call it. Raises Unauthenticated and Forbidden."""

    async def asked(request: Any, context: Context) -> Any:
        CALLING.set(await _caller(access, route, context))
        return await call(request, context)

    return asked


def guarded_stream(access: Access, route: str, call: Stream) -> Stream:
    """The same of a method that answers with a stream."""

    async def asked(request: Any, context: Context) -> AsyncIterator[Any]:
        CALLING.set(await _caller(access, route, context))
        async for answer in call(request, context):
            yield answer

    return asked


async def _caller(access: Access, route: str, context: Context) -> Principal:
    if access.mode == OFF:
        return LOCAL
    pairs = {str(key).lower(): value for key, value in context.invocation_metadata() or ()}
    bearer = pairs.get("authorization", "")
    if not isinstance(bearer, str) or not bearer:
        raise nobody()
    caller = await access.token_caller(bearer)
    error = right_of(route).refusal(caller)
    if error is not None:
        await access.desk.refused(caller, route, error)
        raise error
    return caller.principal
