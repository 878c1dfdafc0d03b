"""The gRPC server: honest health, reflection, errors with field, value and mend, graceful end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from kit.errors import InvalidInput, Unavailable
from kit.server import GrpcServer, error_of
from kit.testing import free_port

SERVICE = "dealcast.test.v1.EchoService"


async def _echo(request: bytes, _: Any) -> bytes:
    if request == b"bad":
        raise InvalidInput("금액이 음수입니다", field="amount", value="-5 원", mend="양수를 입력하세요")
    if request == b"bug":
        raise ZeroDivisionError("secret text")
    if request == b"slow":
        await asyncio.sleep(0.5)
    return request


async def _count(request: bytes, _: Any) -> AsyncIterator[bytes]:
    for i in range(3):
        yield b"%d" % i
    if request == b"bad":
        raise InvalidInput("no more")


def add(server: grpc.aio.Server) -> None:
    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "Echo": grpc.unary_unary_rpc_method_handler(_echo),
        "Count": grpc.unary_stream_rpc_method_handler(_count),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))


@pytest.fixture
async def server() -> AsyncIterator[GrpcServer]:
    # Reflection serves registered descriptors; this one is described by the health service's.
    listening = GrpcServer("127.0.0.1:0", add, ["grpc.health.v1.Health", SERVICE])
    await listening.start()
    yield listening
    await listening.stop(0)


@pytest.fixture
async def channel(server: GrpcServer) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(server.address) as opened:
        yield opened


def echo_call(channel: grpc.aio.Channel) -> grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]:
    return channel.unary_unary(f"/{SERVICE}/Echo")


async def _health(channel: grpc.aio.Channel, service: str = "") -> int:
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


async def test_health_follows_readiness(server: GrpcServer, channel: grpc.aio.Channel) -> None:
    serving, not_serving = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
    assert await _health(channel) == not_serving
    await server.set_ready(ready=True)
    assert (await _health(channel), await _health(channel, SERVICE)) == (serving, serving)
    await server.set_ready(ready=False)
    assert await _health(channel, SERVICE) == not_serving


async def test_reflection_lists_the_services(channel: grpc.aio.Channel) -> None:
    request = reflection_pb2.ServerReflectionRequest(list_services="*")
    answers = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([request]))
    names = [service.name async for answer in answers for service in answer.list_services_response.service]
    assert SERVICE in names
    assert "grpc.health.v1.Health" in names


async def test_errors_keep_their_parts_across_the_wire(channel: grpc.aio.Channel) -> None:
    call = echo_call(channel)
    assert await call(b"hello") == b"hello"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(b"bad")
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    error = error_of(caught.value)
    assert isinstance(error, InvalidInput)
    assert (error.message, error.field, error.value, error.mend) == (
        "금액이 음수입니다",
        "amount",
        "-5 원",
        "양수를 입력하세요",
    )


async def test_a_bug_tells_the_caller_nothing_of_its_inside(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await echo_call(channel)(b"bug")
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    assert "secret" not in str(caught.value)


async def test_streams_are_mapped_too(channel: grpc.aio.Channel) -> None:
    call: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(f"/{SERVICE}/Count")
    assert [answer async for answer in call(b"good")] == [b"0", b"1", b"2"]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        [answer async for answer in call(b"bad")]
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_call_in_hand_ends_well_while_new_ones_are_refused(
    server: GrpcServer, channel: grpc.aio.Channel
) -> None:
    await echo_call(channel)(b"warm")
    slow = asyncio.ensure_future(_call(channel, b"slow"))
    await asyncio.sleep(0.1)
    stopping = asyncio.create_task(server.stop(5))
    await asyncio.sleep(0.1)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await echo_call(channel)(b"late", timeout=2)
    assert isinstance(error_of(caught.value), Unavailable)
    assert await slow == b"slow"
    await stopping


async def _call(channel: grpc.aio.Channel, data: bytes) -> bytes:
    return bytes(await echo_call(channel)(data))


async def test_large_messages_pass(channel: grpc.aio.Channel) -> None:
    data = b"x" * (8 * 1024 * 1024)
    # The server takes 64 MB; a client's own limit applies to what comes back.
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await echo_call(channel)(data)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "8388608 vs. 4194304" in str(caught.value.details())


async def test_a_taken_port_is_named(server: GrpcServer) -> None:
    with pytest.raises(Unavailable) as caught:
        await GrpcServer(server.address, add, []).start()
    assert caught.value.value == server.address
    spare = GrpcServer(f"127.0.0.1:{free_port()}", add, [])
    await spare.start()
    await spare.stop(0)
