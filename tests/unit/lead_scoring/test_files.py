"""Two CSV files as the model's data: which rows were won, in which order they came, which columns are read how."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.errors import InvalidInput
from learning.columns import Texts
from learning.titles import title
from services.lead_scoring.file_columns import varies
from services.lead_scoring.file_flags import FileOptions, find_columns
from services.lead_scoring.file_run import HEADER, OURS, Output, Report, run
from services.lead_scoring.file_scored import TestFile
from services.lead_scoring.files import Training, read_files

GENERATOR = np.random.default_rng(0)
Rows = list[list[str]]


def write(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def leads(count: int, prefix: str, start: date = date(2024, 1, 1)) -> Rows:
    """id, created, amount, city, won"""
    strength = GENERATOR.normal(size=count)
    won = GENERATOR.random(count) < 1 / (1 + np.exp(0.5 - 1.5 * strength))
    return [
        [f"{prefix}-{row:04d}", (start + timedelta(days=row // 2)).strftime("%d/%m/%Y"),
         f"${1000 + 400 * strength[row]:,.2f}", ("서울", "부산", "Select")[row % 3], "Won" if won[row] else "Lost"]
        for row in range(count)
    ]  # fmt: skip


HEAD = ["id", "created", "amount", "city", "stage"]


def both(
    folder: Path, train: Sequence[Sequence[object]], test: Sequence[Sequence[object]], **flags: Any
) -> FileOptions:
    paths = write(folder / "a.csv", train), write(folder / "b.csv", test)
    return FileOptions(*paths, flags.pop("target", "stage"), **flags)


def read(options: FileOptions) -> tuple[Training, TestFile]:
    return read_files(options, lambda *_: None)


def told(training: Training) -> str:
    return "\n".join(note.en for note in training.notes)


def test_the_records_own_day_orders_the_rows_and_is_said(tmp_path: Path) -> None:
    later = leads(100, "b", date(2025, 1, 1))
    training, test = read(both(tmp_path, [HEAD, *leads(300, "a")], [HEAD, *later], id="id"))
    data = training.dataset()
    assert data.ordered
    assert data.taken[0] == date(2024, 1, 1).toordinal()
    assert (np.diff(data.taken) >= 0).all()
    assert "created" in told(training)
    assert sorted(training.table.columns) == ["amount", "city"]
    assert test.rows == 100


def test_rows_mixed_in_time_are_not_ordered_unless_told_so(tmp_path: Path) -> None:
    rows = leads(300, "a")
    options = both(tmp_path, [HEAD, *rows[::2]], [HEAD, *rows[1::2]])
    assert not read(options)[0].dataset().ordered
    options = both(tmp_path, [HEAD, *rows[::2]], [HEAD, *rows[1::2]], time="created")
    assert read(options)[0].dataset().ordered
    options = both(tmp_path, [HEAD, *rows[::2]], [HEAD, *rows[1::2]], time="row-order")
    assert read(options)[0].dataset().taken.tolist() == list(range(1, 151))


def test_open_rows_feed_the_guard_alone(tmp_path: Path) -> None:
    closed = [[*row, "by phone"] for row in leads(200, "a")]
    opened = [[*row[:4], "", ""] for row in leads(50, "o")]
    head = [*HEAD, "how closed"]
    training, _ = read(both(tmp_path, [head, *closed[:150], *opened, *closed[150:]], [head, *closed[:1]], id="id"))
    assert training.opened is not None
    assert (training.table.rows, training.opened.rows) == (200, 50)
    found = training.guard()
    assert [(one.column, one.drop) for one in found] == [("how closed", True)]
    data = training.dataset(found)
    assert "how closed" not in data.table.columns
    assert data.guard.dropped[0].column == "how closed"
    assert len(data.deal_ids) == 200


def test_rows_that_share_an_id_are_of_one_record(tmp_path: Path) -> None:
    rows = [[f"a-{row % 40}", *cells[1:]] for row, cells in enumerate(leads(120, "a"))]
    training, _ = read(both(tmp_path, [HEAD, *rows], [HEAD, *leads(5, "b")], id="id"))
    assert len(training.ids) == 40
    assert training.record.tolist()[:3] == training.record.tolist()[40:43]
    assert [training.ids[record] for record in training.record.tolist()] == [row[0] for row in rows]


@pytest.mark.parametrize(
    ("values", "positive", "won"),
    [
        (["Won", "Lost"], None, "won"), (["1", "0"], None, "1"), (["1.0", "0.0"], "1", "1"),
        (["예", "아니오"], None, "예"), (["TRUE", "FALSE"], None, "true"), (["a", "b", "c"], "b", "b"),
        (["1", "2"], None, "2"),
        (["None", "Some"], "Some", "some"), (["churned", "Lost"], None, "churned"),
    ],
)  # fmt: skip
def test_what_counts_as_won(tmp_path: Path, values: list[str], positive: str | None, won: str) -> None:
    rows = [["x", "stage"], *([str(row), values[row % len(values)]] for row in range(60))]
    options = both(tmp_path, rows, rows[:3], **({"positive": positive} if positive else {}))
    training, _ = read(options)
    assert training.target.positive == won
    assert training.won.sum() == 60 / len(values)
    assert len(training.won) == 60


def test_flags_that_fit_no_column_name_the_mend(tmp_path: Path) -> None:
    rows = [HEAD, *leads(60, "a")]
    other = [HEAD, *leads(30, "b")]
    for flags, field in (
        ({"target": "Stagee"}, "--target"), ({"id": "nr"}, "--id"), ({"time": "city"}, "--time"),
        ({"drop": "city,nr"}, "--drop"), ({"keep": "nr"}, "--keep"), ({"positive": "yes"}, "--positive"),
        ({"time": "stage"}, "--time"), ({"target": "city", "drop": "x"}, "--drop"), ({"drop": "stage"}, "--drop"),
        ({"drop": ("city", "amount"), "keep": "Amount"}, "--drop"), ({"id": "id", "keep": "id"}, "--keep"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as error:
            read(both(tmp_path, rows, other, **flags))
        assert error.value.field == field
        assert error.value.mend
    with pytest.raises(InvalidInput, match="more than two values"):
        read(both(tmp_path, rows, other, target="amount"))
    with pytest.raises(InvalidInput, match="all 60 outcomes"):
        read(both(tmp_path, [[*row[:4], "Lost"] if row != HEAD else row for row in rows], other))
    with pytest.raises(InvalidInput, match="also in the training file"):
        read(both(tmp_path, rows, rows, id="id"))


def test_names_with_commas_are_found_in_lists() -> None:
    names = ("a", "b, c", "d,e", 'say "x"')
    assert find_columns(names, "a,b, c", "--drop") == {"a", "b, c"}
    assert find_columns(names, "d,e,A", "--drop") == {"d,e", "a"}
    assert find_columns(names, '"b, c"', "--drop") == {"b, c"}
    assert find_columns(names, "", "--drop") == frozenset()
    assert find_columns(names, ["a,d,e", "b, c"], "--drop") == {"a", "b, c", "d,e"}


def score(folder: Path, options: FileOptions, reasons: int = 10) -> tuple[Report, list[dict[str, str]]]:
    report = run(options, Output(folder / "s.csv", lambda p: "A" if p > 0.5 else "B", reasons), lambda *_: None)
    with (folder / "s.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        assert tuple(reader.fieldnames or ()) == HEADER
    assert [path.name for path in folder.glob(".*")] == []
    return report, rows


def test_every_row_is_scored_in_order_whatever_the_test_file_holds(tmp_path: Path) -> None:
    test = [["stage", "id", "city", "amount", "new"], ["Won", "q", "never seen", "$900", "1"], ["", "r", "", "", ""],
            ["Lost", "s"], ["Lost", "t", "서울", "much", "", "too many"]]  # fmt: skip
    options = both(tmp_path, [HEAD, *leads(300, "a")], test, id="id", drop="created")
    report, rows = score(tmp_path, options, reasons=2)
    assert [row["id"] for row in rows] == ["q", "r", "s", "t"]
    for row in rows:
        assert 0 <= float(row["low"]) <= float(row["probability"]) <= float(row["high"]) <= 1
    assert [bool(row["reasons"]) for row in rows] == [True, True, False, False]
    assert report.figures is not None
    assert (report.figures.rows, report.figures.won) == (3, 1)
    assert any("amount" in note.en and "1 cell is no number" in note.en for note in report.notes)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_outcomes_give_a_labelled_prior(tmp_path: Path, count: int) -> None:
    options = both(tmp_path, [HEAD, *leads(count, "a")], [HEAD, *leads(20, "b")])
    report, rows = score(tmp_path, options)
    assert report.model.kind == "prior"
    assert len({row["probability"] for row in rows}) == 1
    assert float(rows[0]["high"]) - float(rows[0]["low"]) > 0.3


def test_noise_is_called_noise_and_a_signal_is_measured(tmp_path: Path) -> None:
    noise = [["x", "y"], *([f"{GENERATOR.normal():.3f}", str(int(GENERATOR.random() < 0.3))] for _ in range(400))]
    report, _ = score(tmp_path, both(tmp_path, noise[:301], [noise[0], *noise[301:]], target="y"))
    assert not report.predicts
    report, _ = score(tmp_path, both(tmp_path, [HEAD, *leads(400, "a")], [HEAD, *leads(200, "b")], drop="created"))
    assert report.predicts
    assert report.figures is not None
    assert report.figures.of[OURS]["auc"].value > 0.75
    assert set(report.figures.of) == {OURS, "base rate", "logistic regression", "LightGBM"}


def test_drift_is_told(tmp_path: Path) -> None:
    head = ["city", "x", "won"]
    before = [[("A", "B")[row % 2], f"{GENERATOR.normal():.3f}", str(int(row % 10 < 2))] for row in range(600)]
    after = [[("A", "C")[row % 2], f"{GENERATOR.normal():.3f}", str(int(row % 10 < 6))] for row in range(400)]
    report, _ = score(tmp_path, both(tmp_path, [head, *before], [head, *after], target="won"))
    assert [one.column for one in report.moved] == ["city"]
    assert report.moved[0].new == pytest.approx(0.5)
    assert report.rate_moved


def test_days_count_from_the_records_own_and_parts_of_the_calendar_are_columns(tmp_path: Path) -> None:
    rows = [
        [day.isoformat(), (day + timedelta(days=row % 9)).isoformat(), str(row % 2)]
        for row in range(1200)
        for day in [date(2023, 1, 1) + timedelta(days=row)]
    ]
    head = ["created", "promised", "won"]
    training, _ = read(both(tmp_path, [head, *rows[:1100]], [head, *rows[1100:]], target="won"))
    promised = training.table.columns["promised"]
    assert isinstance(promised, np.ndarray)
    assert promised[:10].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 0]
    assert training.table.dates == {"promised"}
    weekday = training.table.columns["created: weekday"]
    assert isinstance(weekday, Texts)
    assert weekday.dictionary[int(weekday.codes[0])] == "Sun"
    assert "created: month" in training.table.columns
    assert title("created: weekday") == ("created: weekday", "created: 요일")
    assert any("“created”" in one.en and "Other columns of days: “promised”" in one.en for one in training.notes)


def test_columns_that_never_vary_are_told(tmp_path: Path) -> None:
    rows = [["KR", str(row % 7), "", str(row % 2)] for row in range(60)]
    head = ["country", "size", "gone", "won"]
    training, _ = read(both(tmp_path, [head, *rows], [head, *rows[:10]], target="won"))
    (told,) = [one.en for one in training.notes if "same in every row" in one.en]
    assert "“country”" in told
    assert "size" not in told
    assert [varies(np.array(one)) for one in ([1.0, 1.0], [np.nan, np.nan], [1.0, np.nan], [1.0, 2.0])] == [
        False, False, True, True,
    ]  # fmt: skip


def test_a_file_without_a_column_that_varies_gets_the_base_rate(tmp_path: Path) -> None:
    rows = [["same", str(int(row % 3 == 0))] for row in range(100)]
    options = both(tmp_path, [["x", "won"], *rows], [["x", "won"], *rows[:10]], target="won")
    report, scored = score(tmp_path, options)
    assert report.model.kind == "base_rate"
    assert float(scored[0]["probability"]) == pytest.approx(0.34, abs=0.03)
    only = both(tmp_path, [["won"], *([one[1]] for one in rows)], [["won"], ["1"]], target="won")
    assert score(tmp_path, only)[0].model.kind == "base_rate"
