"""A service's training that fails takes no other along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.gateway import training_job

FAILS = "import sys, pathlib; pathlib.Path(sys.argv[1], 'scores.parquet').write_bytes(b'half'); sys.exit('no outcomes')"


def test_half_a_file_of_scores_is_not_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands: list[list[str]] = []
    start = subprocess.Popen

    def played(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        commands.append(command)
        return start([sys.executable, "-c", FAILS, command[command.index("--out") + 1]], **options)

    monkeypatch.setattr(subprocess, "Popen", played)
    for name in ("_open", "_end_with_parent"):
        monkeypatch.setattr(training_job, name, lambda *_: None)
    niceness: list[int] = []
    monkeypatch.setattr("os.nice", niceness.append)
    options = ["--history", str(tmp_path), "--out", str(tmp_path), "--registry", "none", "--artifacts", str(tmp_path)]
    assert training_job.main([*options, "--services", "lead_scoring,forecast", "--niceness", "7"]) == 1
    assert niceness == [7]
    assert not (tmp_path / "lead_scoring" / "scores.parquet").exists()
    assert not any("--scores" in command for command in commands)
    assert "no outcomes" in capsys.readouterr().out.splitlines()[0]
