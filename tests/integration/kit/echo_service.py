"""A whole service in miniature, run as a process by test_process: forwards changes as scores."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from nats.aio.client import Client as NATS  # noqa: N814

from kit import telemetry
from kit.messaging import Consumer, Message, Outgoing, Publisher
from kit.models import Follower
from kit.process import Parts, run_service
from kit.settings import ServiceSettings


async def build(nc: NATS) -> Parts:
    publisher = Publisher(nc)

    async def forward(messages: Sequence[Message]) -> Sequence[Exception | None]:
        await asyncio.sleep(0.2)
        return await publisher.publish(
            [
                Outgoing(
                    "INSIGHTS.lead_score." + m.subject.rsplit(".", 1)[1], m.data, telemetry.trace_headers(m.headers)
                )
                for m in messages
            ]
        )

    consumer = Consumer(nc, stream="DEALS", durable="echo", subject="DEALS.changed.*", handler=forward, batch=10)
    follower = Follower(nc, "echo", lambda folder, _: (folder / "model.json").read_text(), prior="prior")
    return Parts(runners=[consumer, follower], grpc=lambda _: None, grpc_services=["dealcast.test.v1.EchoService"])


if __name__ == "__main__":
    sys.exit(run_service("echo", ServiceSettings(), build))
