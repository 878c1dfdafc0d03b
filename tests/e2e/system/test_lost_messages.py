"""Whatever the broker loses, every deal ends with its three insights at its last revision."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from collections.abc import Callable

import nats
import pytest

from tests.e2e.system.harness import System, incomplete, wait_for
from tests.e2e.system.streaming import Stream, check_all, create_deals


@pytest.mark.timeout(420)
def test_the_brokers_data_deleted_while_changes_stream_in(start_system: Callable[..., System]) -> None:
    system = start_system()
    create_deals(system)
    stream = Stream(system)
    stream.start()
    wait_for(lambda: stream.sent >= 2_000 or stream.failure, 120, "changes streaming in")
    system.kill("nats", signal.SIGSTOP)
    shutil.rmtree(system.folder / "nats")
    system.kill("nats")
    stream.join(180)
    assert stream.failure is None
    check_all(system)


async def lose_message(url: str, deal_id: str) -> int:
    """Delete the deal's message from the stream, as a broker that lost it would; returns its sequence."""
    client = await nats.connect(url)
    stream = client.jetstream()
    for _ in range(200):
        try:
            message = await stream.get_last_msg("DEALS", f"DEALS.changed.{deal_id}")
            break
        except nats.js.errors.NotFoundError:
            await asyncio.sleep(0.05)
    assert message.seq is not None
    await stream.delete_msg("DEALS", message.seq)
    await client.close()
    return int(message.seq)


def test_a_message_lost_inside_the_dedup_window_comes_back(start_system: Callable[..., System]) -> None:
    """The service that would have read it is stopped, so that nothing but the stream held the message."""
    system = start_system()
    system.post_lines("/v1/users:batch", [{"id": "u1", "name": "Owner"}])
    system.kill("lead_scoring", signal.SIGSTOP)
    [created] = system.post_lines("/v1/deals:batch", [{"id": "lost", "stage": "Engaging", "owner_id": "u1"}])
    assert created["status"] == "created"
    state = json.loads((system.folder / "run" / "state.json").read_text())
    assert asyncio.run(lose_message(f"nats://127.0.0.1:{state['ports']['nats']}", "lost")) > 0
    system.kill("lead_scoring")  # with whatever the broker had already sent to it
    wait_for(lambda: not incomplete(system.all_deals()), 60, "the lost deal's insights")
    log = (system.folder / "logs" / "gateway.log").read_text()
    assert "published_again" in log, "the reconciler must have brought it back"
