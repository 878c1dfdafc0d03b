"""Files and flags as people get them wrong, and what they are told."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.errors import InvalidInput
from services.lead_scoring.file_columns import kinds_read
from services.lead_scoring.file_flags import FileOptions, counted, find_column, matched_names
from services.lead_scoring.file_run import Output, Report, run
from services.lead_scoring.file_time import Order, told
from services.lead_scoring.files import read_files

GENERATOR = np.random.default_rng(3)
HEAD = ["size", "income", "country", "won"]


def write(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def rows(count: int) -> list[list[str]]:
    x = GENERATOR.normal(size=count)
    won = GENERATOR.random(count) < 1 / (1 + np.exp(-2 * x))
    income = [f"{50_000 + 9_000 * one:,.0f}" if one < 0.9 else "unknown" for one in x]
    return [[f"{one:.3f}", income[row], "KR", str(int(won[row]))] for row, one in enumerate(x)]


def options(folder: Path, train: int = 90, test: int = 30, **flags: Any) -> FileOptions:
    paths = write(folder / "a.csv", [HEAD, *rows(train)]), write(folder / "b.csv", [HEAD, *rows(test)])
    return FileOptions(*paths, "won", **flags)


def score(given: FileOptions, out: Path, reasons: int = 9) -> Report:
    return run(given, Output(out, lambda _: "A", reasons), lambda *_: None)


def test_scores_never_take_the_place_of_what_they_are_made_from(tmp_path: Path) -> None:
    given = options(tmp_path)
    (tmp_path / "link.csv").symlink_to(given.train)
    (tmp_path / "hard.csv").hardlink_to(given.test)
    (tmp_path / "way").symlink_to(tmp_path)
    before = given.train.read_bytes(), given.test.read_bytes()
    for out in (given.train, given.test, tmp_path / "link.csv", tmp_path / "hard.csv", tmp_path / "way" / "b.csv",
                tmp_path / "way", Path("/dev/null"), tmp_path / "none" / "s.csv"):  # fmt: skip
        with pytest.raises(InvalidInput) as error:
            score(given, out)
        assert (error.value.field, bool(error.value.mend)) == ("--out", True)
    assert (given.train.read_bytes(), given.test.read_bytes()) == before
    assert (tmp_path / "link.csv").is_symlink()


def test_each_column_is_told_with_what_it_was_read_as_and_what_was_taken_as_missing(tmp_path: Path) -> None:
    training, _ = read_files(options(tmp_path), lambda *_: None)
    assert kinds_read(training.table, training.layout.readings) == {"number": ["size", "income"]}
    told = [note.en for note in training.notes if "no number" in note.en]
    assert told[0].startswith("“income” in the training file: ")
    assert "(“unknown” " in told[0]


def test_columns_of_the_test_file_may_be_spelled_otherwise(tmp_path: Path) -> None:
    given = options(tmp_path)
    write(
        given.test,
        [["WON", "Size ", "country", "INCOME", "income "], *([row[3], *row[:1], "KR", "1", "2"] for row in rows(9))],
    )
    training, test = read_files(given, lambda *_: None)
    assert test.names == ("won", "size", "country", "INCOME", "income")
    pieces = list(test.pieces(training.layout, lambda *_: None))
    assert np.isfinite(pieces[0].won).all()
    assert np.isfinite(np.asarray(pieces[0].table.columns["size"])).all()
    told = [note.en for note in test.notes if "spells otherwise" in note.en]
    assert len(told) == 1
    assert told[0].endswith("spells otherwise: “WON” = “won”, “Size” = “size”.")
    assert matched_names(["Lead ID", "a-b", "A B", "#", "x"], ["lead_id", "ab", "%", "X", "x"]) == {
        "Lead ID": "lead_id"
    }


def test_the_end_of_a_report_is_no_record_to_learn_from(tmp_path: Path) -> None:
    given = options(tmp_path)
    footer = '\n\n"Lead Report"\n"Copyright (c) 2026, all rights reserved"\n'
    total = ",,,\nGrand Totals (90 records),512,,27\n"
    for path, end in ((given.train, total + footer), (given.test, footer)):
        path.write_text(path.read_text(encoding="utf-8") + end, encoding="utf-8")
    training, test = read_files(given, lambda *_: None)
    assert (training.table.rows, training.opened, test.rows) == (90, None, 32)
    told = [note.en for note in training.notes if "end of a report" in note.en]
    assert len(told) == 1
    assert told[0].startswith("The training file: the last 4 lines look like the end of a report: left out (")
    assert "(“Grand Totals (90 records)”, “Lead Report”, “Copyright" in told[0]
    pieces = list(test.pieces(training.layout, lambda *_: None))
    assert [piece.table.rows for piece in pieces] == [32]


def test_numbers_too_large_to_compute_with_are_missing_and_told(tmp_path: Path) -> None:
    given, large = options(tmp_path, train=220), ["1e308", "1E200 %", "-1e200", "9" * 120]
    for path in (given.train, given.test):
        lines = path.read_text("utf-8").splitlines()
        lines[7:11] = [f"{cell},9e99,KR,{row % 2}" for row, cell in enumerate(large)]
        path.write_text("\n".join(lines), "utf-8")
    report = score(given, tmp_path / "s.csv")
    assert report.predicts
    told = [note.en for note in report.notes if "“size”" in note.en]
    assert [note.partition(" (")[0] for note in told] == [
        f"“size” in the {name} file: 4 cells are no number and count as missing" for name in ("training", "test")
    ]
    assert len((tmp_path / "s.csv").read_text("utf-8").splitlines()) == 31


def test_columns_that_are_not_used_are_neither_missed_nor_drifting(tmp_path: Path) -> None:
    train = write(tmp_path / "a.csv", [[*HEAD, "left"], *([*row, row[0]] for row in rows(200))])
    moved = [[row[0], ("US", "JP")[place % 2], row[3]] for place, row in enumerate(rows(400))]
    test = write(tmp_path / "b.csv", [["size", "country", "won"], *moved])
    report = score(FileOptions(train, test, "won", drop=("left",)), tmp_path / "s.csv", reasons=0)
    assert report.moved == (), "country never varied in training, and income is missing"
    (lacking,) = [note.en for note in report.notes if note.en.startswith("Missing in the test file")]
    assert lacking == "Missing in the test file, of what models learned from: 1 column, “income”."


def test_rows_without_a_model_are_marked_as_such(tmp_path: Path) -> None:
    prior = score(options(tmp_path, train=20), tmp_path / "s.csv", reasons=4)
    assert prior.model.kind == "prior"
    with (tmp_path / "s.csv").open(encoding="utf-8") as file:
        reasons = [row["reasons"] for row in csv.DictReader(file)]
    assert reasons[3].startswith("no trained model: a prior")
    assert reasons[4] == ""


def test_next_to_no_rows_prove_nothing(tmp_path: Path) -> None:
    noise = [[f"{GENERATOR.normal():.3f}", "", "KR", str(row % 2)] for row in range(700)]
    few = write(tmp_path / "a.csv", [HEAD, *noise[:60]]), write(tmp_path / "b.csv", [HEAD, *noise[600:]])
    report = score(FileOptions(*few, "won"), tmp_path / "s.csv")
    assert (report.model.kind, report.too_few) == ("base_rate", True)
    assert "too few outcomes to tell" in report.model.evaluation["why"]
    assert "base rate" in (tmp_path / "s.csv").read_text("utf-8")
    many = write(tmp_path / "a.csv", [HEAD, *noise[:600]])
    report = score(FileOptions(many, few[1], "won"), tmp_path / "s.csv")
    assert (report.model.kind, report.too_few) == ("base_rate", False)
    assert "do not predict" in report.model.evaluation["why"]


def test_a_file_with_nothing_under_its_header_is_told(tmp_path: Path) -> None:
    report = score(options(tmp_path, train=0, test=0), tmp_path / "s.csv")
    told = [note.en for note in report.notes]
    assert "The training file has no rows under its first line, which names the columns." in told
    assert "The test file has no rows under its first line, which names the columns." in told


def test_names_are_found_in_spite_of_slips_and_near_ones_offered() -> None:
    names = ("Loss Reason", "lead_score", "Net Amount", "net_amount")
    assert find_column(names, "loss_reason", "--drop") == "Loss Reason"
    assert find_column(names, "Lead Score", "--drop") == "lead_score"
    for wanted, near in (("los reason", "'Loss Reason'"), ("net-amount", "'Net Amount' or 'net_amount'")):
        with pytest.raises(InvalidInput) as error:
            find_column(names, wanted, "--drop")
        assert error.value.mend == f"did you mean {near}?"
    assert (counted(1, "row"), counted(1_200, "row")) == ("1 row", "1,200 rows")


def test_a_numbering_is_left_out_however_many_rows_there_are(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    numbers = 579_000 + generator.choice(81_000, 2_000, replace=False)
    for count in (250, 450, 1_500):
        drawn = generator.permutation(numbers)[:count]
        body = [[str(one), *row] for one, row in zip(drawn, rows(count), strict=True)]
        train = write(tmp_path / "a.csv", [["nr", *HEAD], *body])
        test = write(tmp_path / "b.csv", [["nr", *HEAD], *body[:9]])
        assert read_files(FileOptions(train, test, "won"), lambda *_: None)[0].identifiers == ("nr",), count


def test_an_order_is_not_said_to_overlap_with_a_test_file_that_has_no_days() -> None:
    order = Order("created", ordered=False, dates=True)
    (said,) = told(order, named=False, candidates=["created"], compared=False)
    assert "no test row has it" in said.en
    assert "random folds" in said.en
    (said,) = told(order, named=False, candidates=["created"])
    assert "lie among" in said.en
