"""The contracts: generated code is current, the protos are clean, and nothing released is broken.

protos/baseline.binpb is the released contract. It is moved on purpose alone, by `make proto-baseline`, when a release
is made or while nothing was released yet; so the check needs no git history.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROTOS = ROOT / "protos"
BASELINE = PROTOS / "baseline.binpb"


def buf(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("buf", path=str(Path(sys.executable).parent)) or shutil.which("buf")
    assert program, "buf is missing: make setup"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)


def breaking(protos: Path) -> subprocess.CompletedProcess[str]:
    return buf("breaking", str(protos), "--against", str(BASELINE))


def test_generated_code_is_current(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "gen" / "generate.py"), str(tmp_path)], check=True, timeout=60)
    fresh = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.py*")}
    kept = {
        path.relative_to(ROOT / "gen"): path.read_bytes()
        for path in (ROOT / "gen" / "dealcast").rglob("*.py*")
        if "__pycache__" not in path.parts
    }
    assert len(fresh) >= 3 * len(list(PROTOS.rglob("*.proto")))
    assert fresh.keys() == kept.keys(), "run make proto"
    assert [name for name in fresh if fresh[name] != kept[name]] == [], "run make proto"


def test_the_protos_pass_lint() -> None:
    found = buf("lint", str(PROTOS))
    assert found.returncode == 0, found.stdout + found.stderr


def test_nothing_released_is_broken() -> None:
    found = breaking(PROTOS)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("common/v1/insights.proto", "  double propensity = 12;\n", ""),
        ("common/v1/insights.proto", "double propensity = 12;", "float propensity = 12;"),
        ("common/v1/insights.proto", "double propensity = 12;", "double propensity = 13;"),
        ("common/v1/records.proto", "OUTCOME_WON = 2", "OUTCOME_WON = 4"),
        ("forecast/v1/forecast.proto", "  rpc GetModel(GetModelRequest) returns (GetModelResponse);\n", ""),
    ],
)
def test_a_breaking_change_is_caught(tmp_path: Path, file: str, old: str, new: str) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    changed = copy / "dealcast" / file
    text = changed.read_text(encoding="utf-8")
    assert old in text
    changed.write_text(text.replace(old, new), encoding="utf-8")
    assert breaking(copy).returncode != 0


def test_an_added_field_is_no_break(tmp_path: Path) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    changed = copy / "dealcast" / "common/v1/insights.proto"
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace("double propensity = 12;", "double propensity = 12;\n  string note = 99;"), "utf-8")
    assert breaking(copy).returncode == 0
