"""Whatever the broker loses and whichever part dies, every deal ends with its three insights at its last revision, none
applied twice. One system for all of it: what was mended once must bear the next fault."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal

import nats
import pytest

from tests.e2e.system.harness import System, incomplete, wait_for
from tests.e2e.system.streaming import CHANGES, OTHER, Stream, check_all, create_deals

PARTS = ("lead_scoring", "forecast", "next_best_action", "gateway", "nats")
BETWEEN = 650  # changes from one fault to the next


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


def test_a_message_lost_inside_the_dedup_window_comes_back(system: System) -> None:
    """The service that would have read it is stopped, so that nothing but the stream held the message."""
    system.post_lines("/v1/users:batch", [{"id": "u1", "name": "Owner"}])
    system.kill("lead_scoring", signal.SIGSTOP)
    [created] = system.post_lines("/v1/deals:batch", [{"id": OTHER, "stage": "Engaging", "owner_id": "u1"}])
    assert created["status"] == "created"
    state = json.loads((system.folder / "run" / "state.json").read_text())
    assert asyncio.run(lose_message(f"nats://127.0.0.1:{state['ports']['nats']}", OTHER)) > 0
    system.kill("lead_scoring")  # with whatever the broker had already sent to it
    wait_for(lambda: not incomplete(system.all_deals()), 60, "the lost deal's insights")
    log = (system.folder / "logs" / "gateway.log").read_text()
    assert "published_again" in log, "the reconciler must have brought it back"


def kill_when(system: System, stream: Stream, part: str, sent: int) -> None:
    """Once so many changes are sent, kill the part and wait until the supervisor has started it again."""
    wait_for(lambda: stream.sent >= sent or stream.failure, 120, "changes streaming in")
    before = system.pids[part]
    system.kill(part)
    wait_for(lambda: system.pids.get(part, before) != before, 60, f"{part} restarted")


def delete_the_brokers_data(system: System) -> None:
    """Its folder goes while it stands still; it starts with nothing."""
    system.kill("nats", signal.SIGSTOP)
    shutil.rmtree(system.folder / "nats")
    system.kill("nats")


@pytest.mark.timeout(420)
def test_parts_killed_in_turn_and_the_brokers_data_deleted_while_changes_stream_in(system: System) -> None:
    create_deals(system)
    stream = Stream(system)
    stream.start()
    for number, part in enumerate(PARTS, 1):
        kill_when(system, stream, part, number * BETWEEN)
    last = (len(PARTS) + 1) * BETWEEN
    wait_for(lambda: stream.sent >= last or stream.failure, 120, "changes streaming in")
    assert stream.sent < CHANGES, "nothing would be under way"
    delete_the_brokers_data(system)
    stream.join(180)
    assert stream.failure is None
    assert stream.sent == CHANGES
    check_all(system)
