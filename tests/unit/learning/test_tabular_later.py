"""A later file that writes days and numbers in another way than the first."""

from __future__ import annotations

import numpy as np
import pytest

from learning.columns import Floats
from learning.tabular import Raw, Reading, encode, read_column
from learning.tabular_kinds import learn_reading, settle_days, settle_marks
from learning.tabular_later import Way, later_readings

DAYS = [f"2024-{month:02d}-{day:02d}" for month in range(1, 13) for day in (1, 5, 9, 12, 17, 28)]
EARLY = [day for day in DAYS if int(day[8:]) <= 12]  # their days and months can be told apart by nothing
NUMBERS = [13.5, 1234.25, 75.125, 88.5, 9876.5, 401.25, 312.5, 16.25, 5001.5, 17.5]


def raw(cells: list[str]) -> Raw:
    return Raw.of([encode(cells)])


def written(days: list[str], form: str) -> Raw:
    return raw([form.replace("Y", day[:4]).replace("M", day[5:7]).replace("D", day[8:]) for day in days])


def read(first: dict[str, Raw], later: dict[str, Raw]) -> tuple[dict[str, Floats], list[tuple[str, Way]]]:
    readings: dict[str, Reading] = settle_marks({name: learn_reading(one) for name, one in first.items()})
    readings = settle_days(readings, later)
    found, changes = later_readings(readings, first, later)
    columns = {name: read_column(one, found.get(name, readings[name]))[0] for name, one in later.items()}
    assert all(isinstance(column, np.ndarray) for column in columns.values())
    return (
        {name: column for name, column in columns.items() if isinstance(column, np.ndarray)},
        [(one.column, one.way) for one in changes],
    )


def ordinals(days: list[str]) -> Floats:
    return np.array(days, dtype="datetime64[D]").astype(np.float64) + 719_163


@pytest.mark.parametrize("first", ["Y-M-D", "M/D/Y", "D/M/Y"])
@pytest.mark.parametrize("later", ["Y-M-D", "M/D/Y", "D/M/Y"])
def test_each_file_says_for_itself_which_is_the_day(first: str, later: str) -> None:
    columns, changes = read(
        {"made": written(DAYS, first), "asked": written(DAYS, first)},
        {"made": written(EARLY, later), "asked": written(DAYS, later)},
    )
    assert columns["made"].tolist() == ordinals(EARLY).tolist()
    assert columns["asked"].tolist() == ordinals(DAYS).tolist()
    assert bool(changes) == (later != "Y-M-D" and (first[0] == "D") != (later[0] == "D"))


def test_an_unclear_column_is_read_as_in_the_first_file_unless_all_others_turned() -> None:
    first = {"us": written(DAYS, "M/D/Y"), "eu": written(DAYS, "D/M/Y")}
    columns, changes = read(first, {"us": written(DAYS, "M/D/Y"), "eu": written(EARLY, "D/M/Y")})
    assert columns["eu"].tolist() == ordinals(EARLY).tolist()
    assert changes == []


def numbers(form: str) -> Raw:
    return raw([form.format(one).replace("_", ".") for one in NUMBERS] * 9)


@pytest.mark.parametrize(
    ("first", "later", "worth"),
    [
        ("{:.2f}", "{:.2f} employees", 1), ("${:,.0f}", "{:.1f}k", 1_000), ("{:.1f}k", "{:.1f}M", 1_000),
        ("{:.2f}", "{:.2f}", 1), ("{:.1f} km", "{:.1f} km", 1),
    ],
)  # fmt: skip
def test_units_of_the_later_file_alone_are_understood(first: str, later: str, worth: float) -> None:
    columns, changes = read({"n": numbers(first)}, {"n": numbers(later)})
    expected = [float(("{:.1f}" if ".1f" in later else "{:.2f}").format(one)) * worth for one in NUMBERS] * 9
    assert columns["n"].tolist() == pytest.approx(expected)
    assert changes == ([("n", Way.UNITS)] if first[-1:] != later[-1:] else [])


def test_a_later_file_may_have_another_decimal_mark() -> None:
    later = [f"{one:,.1f}".translate(str.maketrans(",.", ".,")) for one in NUMBERS]
    first = {"n": raw([f"{one:,.1f}" for one in NUMBERS] * 3), "whole": raw(["1,500", "2,500.5"] * 15)}
    columns, changes = read(first, {"n": raw(later), "whole": raw(["1.500"] * 10)})
    assert columns["n"].tolist() == [float(f"{one:.1f}") for one in NUMBERS]
    assert columns["whole"].tolist() == [1500] * 10
    assert changes == [("n", Way.MARKS), ("whole", Way.MARKS)]


def test_whole_numbers_stay_whole_whatever_the_mark_of_the_others() -> None:
    first = {"n": raw([f"{one:.2f}" for one in NUMBERS] * 3), "people": raw([str(one) for one in range(5, 3005, 100)])}
    for people in ("2,787 employees", "2.787", "2,787"):
        later = {"n": raw([f"{one:.2f}".replace(".", ",") for one in NUMBERS]), "people": raw([people] * 10)}
        columns, changes = read(first, later)
        assert columns["people"].tolist() == [2787] * 10
        assert ("n", Way.MARKS) in changes


def test_percentages_and_parts_of_one_agree() -> None:
    percent, parts = raw([f"{one} %" for one in range(1, 99)]), raw([f"{one / 100:.2f}" for one in range(1, 99)])
    columns, changes = read({"n": percent}, {"n": parts})
    assert columns["n"].tolist() == pytest.approx(list(range(1, 99)))
    assert changes == [("n", Way.PERCENT)]
    columns, changes = read({"n": parts}, {"n": percent})
    assert columns["n"].tolist() == pytest.approx([one / 100 for one in range(1, 99)])
    assert read({"n": percent}, {"n": raw([str(one) for one in range(1, 99)])})[1] == []
