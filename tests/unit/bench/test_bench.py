"""The benchmarks read what the gateway sends, and write what was measured."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bench import report
from bench.flow import KINDS, Listener, memory
from bench.learner import generated
from bench.report import Figure
from learning.columns import MISSING, Texts
from services.gateway.rest.events import event_text
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


def test_generated_records_are_of_every_type_and_tell_something_of_the_outcome() -> None:
    data = generated(2_000)
    assert len(data.table.columns) == 40
    numbers = [column for column in data.table.columns.values() if not isinstance(column, Texts)]
    texts = [column for column in data.table.columns.values() if isinstance(column, Texts)]
    assert (len(numbers), len(texts), len(data.table.dates)) == (24, 16, 6)
    assert all(0.04 < np.isnan(column).mean() < 0.12 for column in numbers)
    assert all((column.codes == MISSING).any() and column.codes.max() < len(column.dictionary) for column in texts)
    won, lost = data.outcomes
    assert min(won, lost) > 300
    assert (np.diff(data.taken) >= 0).all()
    assert (data.won[data.closed == 0] == 0).all()


def test_a_section_measured_anew_leaves_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(report, "TARGET", tmp_path / "benchmarks.md")
    for name, value in (("one", 1.0), ("two", 2.0), ("one", 3.0)):
        text = report.section(name.title(), "How.", [Figure("speed", value, "ms")])
        report.write(name, text, ["one", "two"])
    page = report.TARGET.read_text("utf-8")
    assert page.index("| speed | 3.0 ms |") < page.index("| speed | 2.0 ms |")
    assert "1.0 ms" not in page
    assert page.count("*Commit ") == 2
