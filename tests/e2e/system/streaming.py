"""Deals that change while something dies, and what must hold afterwards: every deal with its three insights at its last
revision, none applied twice."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from typing import Any

import httpx

from tests.e2e.system.harness import System, incomplete, wait_for

DEALS = 1_000
CHANGES = 5_000
BATCH = 50
OTHER = "other"  # a deal that does not change
KINDS = ("lead_score", "forecast", "next_actions")


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
    assert revisions.pop(OTHER, 1) == 1
    assert revisions == {f"d{n}": 1 + CHANGES // DEALS for n in range(DEALS)}
    store = sqlite3.connect(f"file:{system.folder / 'gateway.db'}?mode=ro", uri=True)
    twice = store.execute(
        "SELECT deal_id, key, COUNT(*) FROM score_history GROUP BY deal_id, key HAVING COUNT(*) > 1"
    ).fetchall()
    # Scores alone have a history. Of every kind there is one event a replacement, which each revision has but one of:
    # no model is trained and no day passes meanwhile.
    told = store.execute(
        "SELECT kind, deal_id, json_extract(data, '$.deal_revision') AS revision, COUNT(*) FROM events "
        "WHERE kind IN ('lead_score', 'forecast', 'next_actions') AND deal_id <> ? GROUP BY kind, deal_id, revision",
        (OTHER,),
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
