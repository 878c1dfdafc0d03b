"""Whatever dies, every deal ends with its three insights at its last revision, none applied twice."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import nats
import pytest

from tests.e2e.system.harness import System, incomplete, wait_for

DEALS = 1_000
CHANGES = 5_000
BATCH = 50
KINDS = ("lead_score", "forecast", "next_actions")
PARTS = ("lead_scoring", "forecast", "next_best_action", "gateway", "nats")


def create_deals(system: System) -> None:
    """A thousand open deals of one owner."""
    system.post_lines("/v1/users:batch", [{"id": "u1", "name": "Owner"}])
    rows = [
        {"id": f"d{n}", "stage": "Engaging", "owner_id": "u1", "amount": {"currency": "USD", "value": "1.00"}}
        for n in range(DEALS)
    ]
    results = system.post_lines("/v1/deals:batch", rows)
    assert [line["status"] for line in results] == ["created"] * DEALS


def changes() -> list[dict[str, Any]]:
    """Five changes of each deal, every amount different, in an order fixed by seed."""
    rows = [
        {"id": f"d{n}", "amount": {"currency": "USD", "value": f"{step + 2}.{n % 100:02d}"}}
        for step in range(CHANGES // DEALS)
        for n in random.Random(step).sample(range(DEALS), DEALS)
    ]
    assert len(rows) == CHANGES
    return rows


class Stream(threading.Thread):
    """Sends the changes batch by batch; a batch whose answer was lost is sent again, which must change nothing."""

    def __init__(self, system: System) -> None:
        super().__init__(daemon=True)
        self.system = system
        self.sent = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        rows = changes()
        try:
            while self.sent < CHANGES:
                self.send(rows[self.sent : self.sent + BATCH])
                self.sent += BATCH
                time.sleep(0.15)
        except BaseException as error:
            self.failure = error

    def send(self, rows: list[dict[str, Any]]) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                results = self.system.post_lines("/v1/deals:batch", rows)
                assert {line["status"] for line in results} <= {"changed", "unchanged"}, results
                return
            except (httpx.TransportError, AssertionError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)


def check_all(system: System) -> None:
    """Complete, current, and nothing twice."""
    wait_for(lambda: not incomplete(system.all_deals()), 120, "three insights on every deal")
    revisions = {deal["id"]: deal["revision"] for deal in system.all_deals()}
    assert revisions == {f"d{n}": 1 + CHANGES // DEALS for n in range(DEALS)}
    store = sqlite3.connect(f"file:{system.folder / 'gateway.db'}?mode=ro", uri=True)
    twice = store.execute(
        "SELECT deal_id, key, COUNT(*) FROM score_history GROUP BY deal_id, key HAVING COUNT(*) > 1"
    ).fetchall()
    # Scores alone have a history. Of every kind there is one event a replacement, which each revision has but one of:
    # no model is trained and no day passes meanwhile.
    told = store.execute(
        "SELECT kind, deal_id, json_extract(data, '$.deal_revision') AS revision, COUNT(*) FROM events "
        "WHERE kind IN ('lead_score', 'forecast', 'next_actions') GROUP BY kind, deal_id, revision"
    ).fetchall()
    repeated = store.execute(
        "SELECT deal_id, value, COUNT(*) FROM changes WHERE field = 'amount' "
        "GROUP BY deal_id, value HAVING COUNT(*) > 1"
    ).fetchall()
    store.close()
    assert twice == []
    assert [one for one in told if one[3] > 1] == []
    last = 1 + CHANGES // DEALS
    assert Counter(kind for kind, _, revision, _ in told if revision == last) == dict.fromkeys(KINDS, DEALS)
    assert repeated == []


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
