"""Words, bounds and units that stand among numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from learning.cell_words import factors, measured_number, says_unknown, unit_of
from learning.tabular import Kind, Raw, encode, read_column
from learning.tabular_kinds import learn_reading


@pytest.mark.parametrize("text", ["unknown", " N/K ", "ND", "n.d.", "not available", "#DIV/0!", "TBD", "미상", "모름"])
def test_words_for_not_knowing(text: str) -> None:
    assert says_unknown(text)


@pytest.mark.parametrize("text", ["self-employed", "12", "none of the above and so on", "retired"])
def test_other_words_say_something(text: str) -> None:
    assert not says_unknown(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10+", 10), ("<5", 5), (">= 1,200", 1200), ("~3.5", 3.5), ("at least 4", 4), ("7 or more", 7),
        ("65세 이상", 65), ("약 20", 20), ("2,5", 2.5), ("12 months", 12), ("1 month", 1),
        ("< 1 month", 1), ("about 3 months", 3),
    ],
)  # fmt: skip
def test_bounds_and_units_are_taken_off(text: str, number: float) -> None:
    assert measured_number(text, ".", {"month": 1.0, "세": 1.0}) == pytest.approx(number)


def test_ranges_and_words_are_no_numbers() -> None:
    for text in ("5-10", "ask Kim", "months", "3 weeks", "+", "<", "12 Main St"):
        assert math.isnan(measured_number(text, ".", {"month": 1.0})), text


def test_units_of_one_sort_are_understood() -> None:
    assert factors({"12 months": 5, "1 Month": 3, "n/a": 2}) == {"month": 1.0}
    assert factors({"12 km": 50, "7": 40, "12 oranges": 1}) == {"km": 1.0}
    assert factors({"1.2k": 5, "3M": 1, "950": 2}) == {"k": 1e3, "m": 1e6}
    assert factors({"5m": 5, "10m": 5}) == {"m": 1.0}, "metres as well as millions"
    assert factors({"5m": 5, "400": 5}) == {"m": 1e6}
    assert factors({"12A": 5, "13B": 5, "14C": 5}) == {}
    assert factors({"7": 5, "ask Kim": 1}) == {}
    assert unit_of("1,200.50 sq. ft.") == ("1,200.50", "sq ft")


def test_durations_are_seconds_and_a_minus_may_stand_behind() -> None:
    cells = [f"{one // 60:02d}:{one % 60:02d}" for one in range(100, 4_000, 90)] + ["2:12:12"]
    durations = Raw.of([encode(cells)])
    reading = learn_reading(durations)
    assert reading.kind is Kind.NUMBER
    assert np.asarray(read_column(durations, reading)[0]).tolist() == [*range(100, 4_000, 90), 7_932]
    assert learn_reading(Raw.of([encode(["16:9", "4:3", "21:9"] * 30)])).kind is Kind.TEXT
    amounts = Raw.of([encode([f"{one:,}.50{'-' * (one % 2)}" for one in range(900, 1_100)])])
    expected = [(one + 0.5) * (-1) ** one for one in range(900, 1_100)]
    assert np.asarray(read_column(amounts, learn_reading(amounts))[0]).tolist() == expected
