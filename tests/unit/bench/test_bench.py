"""The benchmarks read what the gateway sends, and write what was measured."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.flow import KINDS, Listener, memory
from bench.report import Figure
from services.gateway.rest.views import event_text
from services.gateway.store.interface import StoredEvent


def test_a_revision_is_merged_when_all_three_kinds_have_come() -> None:
    listener = Listener("http://127.0.0.1:1")
    now = datetime(2026, 1, 2, tzinfo=UTC)
    events = [StoredEvent(n, "d1", kind, now, {"deal_revision": 4}) for n, kind in enumerate(("deal", *KINDS[:2]))]
    listener.follow(b"".join(map(event_text, events)).decode().splitlines())
    assert not listener.merged
    last = [StoredEvent(9, "d1", KINDS[2], now, {"deal_revision": 4})]
    listener.follow(b"".join(map(event_text, last)).decode().splitlines())
    assert listener.merged.keys() == {("d1", 4)}


def test_a_row_says_its_share_of_the_ceiling_and_whether_the_aim_is_met() -> None:
    row = Figure("bulk", 300.0, "rows/s", 400.0, "≥ 60 %", met=True).row
    assert row == "| bulk | 300.0 rows/s | 400.0 rows/s | 75% | ≥ 60 % | yes |"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_peak_memory_is_told_of_each_running_process() -> None:
    figures = memory({"bench": os.getpid(), "gone": 2**22 + 1})
    assert [figure.name for figure in figures] == ["peak memory, bench"]
    assert figures[0].value > 1
