"""Whichever part dies, every deal ends with its three insights at its last revision, none applied twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.system.harness import System, wait_for
from tests.e2e.system.streaming import CHANGES, Stream, check_all, create_deals

PARTS = ("lead_scoring", "forecast", "next_best_action", "gateway", "nats")


def kill_when(system: System, stream: Stream, part: str, sent: int) -> None:
    """Once so many changes are sent, kill the part and wait until the supervisor has started it again."""
    wait_for(lambda: stream.sent >= sent or stream.failure, 120, "changes streaming in")
    before = system.pids[part]
    system.kill(part)
    wait_for(lambda: system.pids.get(part, before) != before, 60, f"{part} restarted")


@pytest.mark.timeout(420)
def test_every_part_killed_in_turn_while_changes_stream_in(start_system: Callable[..., System]) -> None:
    system = start_system()
    create_deals(system)
    stream = Stream(system)
    stream.start()
    for number, part in enumerate(PARTS):
        kill_when(system, stream, part, (number + 1) * 800)
    stream.join(180)
    assert stream.failure is None
    assert stream.sent == CHANGES
    check_all(system)
