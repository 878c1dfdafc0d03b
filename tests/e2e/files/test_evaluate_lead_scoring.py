"""`dealcast evaluate lead-scoring` on real leads, as RevOps runs it."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from learning.metrics import auc

ROOT = Path(__file__).resolve().parents[3]
TRAIN, TEST = 1_500, 500


def dealcast(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", "evaluate", "lead-scoring", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def files(datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    with (datasets / "education_leads" / "leads.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    order = np.random.default_rng(0).permutation(len(rows))
    folder = tmp_path_factory.mktemp("leads")
    for name, places in (("a.csv", order[:TRAIN]), ("b.csv", order[TRAIN : TRAIN + TEST])):
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([head, *(rows[place] for place in places)])
    return folder / "a.csv", folder / "b.csv"


@pytest.mark.datasets
def test_leads_are_scored_measured_and_leaks_are_warned_of(files: tuple[Path, Path]) -> None:
    train, test = files
    out = train.parent / "scores.csv"
    done = dealcast("--train", train, "--test", test, "--target", "Converted", "--id", "Prospect ID", "--out", out)
    assert done.returncode == 0, done.stderr
    guard = done.stdout[done.stdout.index("Leak guard") : done.stdout.index("On 500 test rows")]
    assert "Tags" in guard
    assert "Lead Quality" in guard
    assert "Total Time Spent on Website" not in guard
    assert "left out" not in guard.replace("leave out", "")
    for name in ("AUC", "log loss", "ECE", "top-decile lift", "logistic regression", "LightGBM", "base rate"):
        assert name in done.stdout
    with out.open(encoding="utf-8", newline="") as file:
        scores = list(csv.DictReader(file))
    with test.open(encoding="utf-8-sig", newline="") as file:
        leads = list(csv.DictReader(file))
    assert [score["id"] for score in scores] == [lead["Prospect ID"] for lead in leads]
    probability = np.array([float(score["probability"]) for score in scores])
    outcome = np.array([float(lead["Converted"]) for lead in leads])
    assert auc(outcome, probability, np.ones(len(leads))) > 0.9
    assert all(float(one["low"]) <= float(one["probability"]) <= float(one["high"]) for one in scores)
    assert {one["grade"] for one in scores} <= set("ABCD")
    assert all(one["reasons"] for one in scores)


@pytest.mark.datasets
def test_a_wrong_flag_is_told_in_two_lines_and_leaves_nothing_behind(files: tuple[Path, Path]) -> None:
    train, test = files
    out = train.parent / "none.csv"
    done = dealcast("--train", train, "--test", test, "--target", "Convertd", "--out", out)
    assert done.returncode == 1
    assert "mend: did you mean 'Converted'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
