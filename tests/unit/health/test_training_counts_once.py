"""A training learns from duplicates once, and tells how many it left out."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from learning import history_rows as rows
from learning.history import HistoryWriter, Manifest
from learning.records import Account, Deal
from services.gateway import training_job
from tests.unit.health.test_data_findings import deal

COUNTS = "import sys, pyarrow.parquet as pq; sys.exit(f'{len(pq.read_table(sys.argv[1]))} deals')"


def history(folder: Path, deals: list[Deal]) -> Path:
    with HistoryWriter(folder, Manifest(datetime(2026, 11, 22, tzinfo=UTC), date(2026, 11, 22), "KRW")) as writer:
        writer.append("accounts", [rows.account_row(Account("a1", "한빛정밀"))])
        writer.append("deals", [rows.deal_row(one) for one in deals])
    return folder


@pytest.mark.parametrize(("ignored", "counted"), [({}, 2), ({"deals": [["d1", "d2"]]}, 3)])
def test_services_train_on_what_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ignored: Any, counted: int
) -> None:
    folder = history(tmp_path / "history", [deal("d1", "Press"), deal("d2", "PRESS (2)", 8), deal("d3", "Furnace")])
    start = subprocess.Popen

    def played(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        deals = Path(command[command.index("--history") + 1]) / "deals.parquet"
        return start([sys.executable, "-c", COUNTS, str(deals)], **options)

    monkeypatch.setattr(subprocess, "Popen", played)
    for name in ("_open", "_end_with_parent"):
        monkeypatch.setattr(training_job, name, lambda *_: None)
    monkeypatch.setattr("os.nice", lambda _: 0)
    said = tmp_path / "ignored.json"
    said.write_text(json.dumps(ignored), encoding="utf-8")
    options = ["--history", str(folder), "--out", str(tmp_path), "--registry", "none", "--artifacts", str(tmp_path)]
    assert training_job.main([*options, "--services", "lead_scoring", "--ignored", str(said)]) == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[0] == {"counted_once": 3 - counted}
    assert f"{counted} deals" in told[1]["error"]
