"""Scoring over gRPC beside an echo of the same size and a bare Booster.predict of as many rows and columns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import grpc
import lightgbm
import numpy as np
import uvloop

from bench.report import Figure
from dealcast.common.v1 import columns_pb2
from dealcast.events.v1 import events_pb2
from dealcast.lead_scoring.v1 import lead_scoring_pb2, lead_scoring_pb2_grpc

ROWS = 10_000
IN_FLIGHT = 64
CALLS = 5_000
ROUNDS = 4
SCORE_DEAL = "/dealcast.lead_scoring.v1.LeadScoringService/ScoreDeal"
OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]


def bare_predict(columns: int) -> float:
    """Rows a second of a 300 × 31 model on one thread."""
    random = np.random.default_rng(0)
    matrix = random.normal(size=(ROWS, columns))
    target = (matrix[:, 0] + random.normal(size=ROWS) > 0).astype(int)
    parameters = {"objective": "binary", "num_leaves": 31, "num_threads": 1, "verbose": -1, "min_data_in_leaf": 5}
    booster = lightgbm.train(parameters, lightgbm.Dataset(matrix, target), 300)
    booster.predict(matrix[:100], num_threads=1)
    began = time.perf_counter()
    for _ in range(3):
        booster.predict(matrix, num_threads=1)
    return 3 * ROWS / (time.perf_counter() - began)


async def echo_server(size: int) -> tuple[grpc.aio.Server, str]:
    """Answers any request with `size` bytes and no logic; returns the server and its address."""
    payload = b"x" * size

    async def echo(_: bytes, __: object) -> bytes:
        return payload

    handler: Any = grpc.unary_unary_rpc_method_handler(echo)
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", {"Echo": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, f"127.0.0.1:{port}"


async def seconds(call: Callable[[int], Awaitable[object]], calls: int) -> float:
    """How long so many calls take with IN_FLIGHT under way."""
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            await call(number)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return time.perf_counter() - began


async def single(address: str, events: list[events_pb2.DealEvent], echo_address: str) -> Figure:
    """One deal a call, without reasons, and the same bytes to the echo in a process of its own, in turns."""
    raw = [lead_scoring_pb2.ScoreDealRequest(deal=event).SerializeToString() for event in events]
    async with (
        grpc.aio.insecure_channel(address, options=OPTIONS) as channel,
        grpc.aio.insecure_channel(echo_address, options=OPTIONS) as echo_channel,
    ):
        score: Any = channel.unary_unary(SCORE_DEAL)
        echo: Any = echo_channel.unary_unary("/bench.Echo/Echo")
        answer = lead_scoring_pb2.ScoreDealResponse.FromString(await score(raw[0]))
        assert answer.deal_id == events[0].deal.id
        await echo(raw[0])
        spent = {score: 0.0, echo: 0.0}
        for call in (score, echo) * ROUNDS:
            spent[call] += await seconds(partial(_send, call, raw), CALLS // ROUNDS)
    scored, echoed = CALLS / spent[score], CALLS / spent[echo]
    return Figure("ScoreDeal, 64 in flight", scored, "calls/s", echoed, "≥ 50 % of the echo", scored >= 0.5 * echoed)


async def _send(call: Any, raw: list[bytes], number: int) -> None:
    await call(raw[number % len(raw)])


async def bulk(address: str, columns: list[columns_pb2.Column], rows: int) -> Figure:
    """Many rows a call as columns."""
    request = lead_scoring_pb2.ScoreDealsRequest(rows=rows, columns=columns)
    async with grpc.aio.insecure_channel(address, options=OPTIONS) as channel:
        stub = lead_scoring_pb2_grpc.LeadScoringServiceStub(channel)
        await stub.ScoreDeals(request)
        began = time.perf_counter()
        for _ in range(5):
            answer = await stub.ScoreDeals(request)
            assert len(answer.probability) == rows
        scored = 5 * rows / (time.perf_counter() - began)
    bare = bare_predict(len(columns))
    return Figure(
        f"ScoreDeals, {rows:,} rows × {len(columns)} columns", scored, "rows/s", bare, "≥ 60 % of Booster.predict",
        scored >= 0.6 * bare,
    )  # fmt: skip


if __name__ == "__main__":
    import sys

    async def _main() -> None:
        server, address = await echo_server(int(sys.argv[1]))
        print(address, flush=True)
        await server.wait_for_termination()

    uvloop.run(_main())  # as the services do
