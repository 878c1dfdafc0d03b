"""Files beyond the bounds of memory: training rows are drawn and that is said; every row of a test file is scored."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from learning import csv_file
from services.lead_scoring import file_reading
from services.lead_scoring.file_flags import FileOptions
from services.lead_scoring.file_run import Output, run
from services.lead_scoring.files import read_files

HEAD = ["id", "day", "amount", "won"]


def rows(count: int, prefix: str, month: int) -> list[list[str]]:
    generator = np.random.default_rng(month)
    amounts = generator.normal(size=count)
    won = generator.random(count) < 1 / (1 + np.exp(-amounts))
    return [
        [f"{prefix}{row}", f"2024-{month:02d}-{1 + row % 28:02d}", f"{amounts[row]:.3f}", str(int(won[row]))]
        for row in range(count)
    ]


def files(folder: Path, train: Sequence[Sequence[str]], test: Sequence[Sequence[str]]) -> FileOptions:
    paths = folder / "a.csv", folder / "b.csv"
    for path, kept in zip(paths, (train, test), strict=True):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEAD, *kept])
    return FileOptions(*paths, "won", id="id", drop="day")


def by_bytes(patch: pytest.MonkeyPatch, options: FileOptions) -> None:
    """Half of the larger file fits."""
    patch.setattr(file_reading, "MAX_BYTES", max(one.stat().st_size for one in (options.train, options.test)) // 2)


def by_cells(patch: pytest.MonkeyPatch, options: FileOptions) -> None:
    patch.setattr(file_reading, "MAX_CELLS", 600)
    patch.setattr(csv_file, "PLAIN_FILE", 0)


@pytest.mark.parametrize("bound", [by_bytes, by_cells])
def test_a_large_training_file_is_drawn_from_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: object
) -> None:
    options = files(tmp_path, rows(800, "a", 1), rows(20, "b", 2))
    assert callable(bound)
    bound(monkeypatch, options)
    training, _ = read_files(options, lambda *_: None)
    taken = len(training.won)
    assert 100 < taken < 500
    assert [note.en for note in training.notes if "drawn at random" in note.en] == [
        f"The training file is very large: {taken:,} of its 800 rows, drawn at random, are used."
    ]
    assert set(training.ids) < {f"a{row}" for row in range(800)}
    assert len(set(training.ids)) == taken


@pytest.mark.parametrize("bound", [by_bytes, by_cells])
def test_every_row_of_a_large_test_file_is_scored_and_known_ones_are_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: object
) -> None:
    learned = rows(120, "a", 1)
    options = files(tmp_path, learned, [*rows(900, "b", 2), *learned[:7], *rows(50, "c", 3)])
    assert callable(bound)
    bound(monkeypatch, options)
    if bound is by_cells:
        monkeypatch.setattr(file_reading, "MAX_CELLS", 500)  # the 120 rows to learn from fit whole
    report = run(options, Output(tmp_path / "s.csv", lambda p: "A", 0), lambda *_: None)
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        scored = list(csv.DictReader(file))
    assert [row["id"] for row in scored] == [row[0] for row in list(csv.reader(options.test.open()))[1:]]
    assert report.test_rows == 957
    assert report.figures is not None
    assert report.figures.rows == 950
    assert any(note.en.startswith("7 rows of the test file have ids") for note in report.notes)


def test_the_outcomes_of_a_large_test_file_are_all_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = [*rows(900, "b", 2), ["z", "2024-02-01", "0.1", "0"]]
    test = [[*row[:3], "2" if row[3] == "1" else row[3]] for row in test]
    options = files(tmp_path, [[*row[:3], "0"] for row in rows(10, "a", 1)], test)
    monkeypatch.setattr(file_reading, "MAX_BYTES", 1)
    _, looked = read_files(options, lambda *_: None)
    assert len(looked.columns["won"].codes) == 901
    assert looked.rows == 901
