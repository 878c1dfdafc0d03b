"""What a column is, where words stand among its numbers and days, and spellings differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from learning.columns import Texts
from learning.tabular import Cells, Kind, Raw, Reading, encode, read_cells
from learning.tabular_kinds import learn_reading, settle_days, settle_marks

GENERATOR = np.random.default_rng(0)
AMOUNTS = [f"{one:,.0f}" for one in GENERATOR.lognormal(9, 1, 300)]
DAYS = [date.fromordinal(738_000 + day).isoformat() for day in range(300)]


def raw(cells: Sequence[str]) -> Raw:
    return Raw.of([encode(cells)])


def read(cells: Sequence[str]) -> tuple[Reading, Cells]:
    reading = learn_reading(raw(cells))
    return reading, read_cells(raw(cells), reading)


@pytest.mark.parametrize("word", ["unknown", "N/K", "ND", "미상"])
@pytest.mark.parametrize("share", [0.06, 0.2, 0.6])
def test_numbers_stay_numbers_however_many_cells_say_that_nobody_knows(word: str, share: float) -> None:
    count = int(300 * share)
    reading, cells = read([*AMOUNTS[count:], *[word] * count])
    assert reading.kind is Kind.NUMBER
    assert isinstance(cells.column, np.ndarray)
    assert np.isnan(cells.column).sum() == count
    assert cells.garbage == {word: count}
    assert reading.strays == (), "to be missing says it all"


def test_a_word_of_its_own_among_numbers_is_a_column_of_its_own_where_others_are_missing() -> None:
    reading, cells = read([*AMOUNTS, *["self-employed"] * 90, *["Unknown"] * 5, *["unknown"] * 20, *[""] * 30])
    assert (reading.kind, reading.strays) == (Kind.NUMBER, ("self-employed", "unknown"))
    told = cells.strays["unknown"]
    assert told.dictionary == ["no", "yes"]
    assert told.codes.sum() == 25
    assert cells.strays["self-employed"].codes.tolist() == [0] * 300 + [1] * 90 + [0] * 55
    _, other = read_cells(raw(["5", " UNKNOWN", ""]), reading).column, read_cells(raw(["5", " UNKNOWN", ""]), reading)
    assert other.strays["unknown"].codes.tolist() == [0, 1, 0]


def test_days_with_words_among_them_stay_days() -> None:
    reading, cells = read([*DAYS, *["not yet"] * 100, *[""] * 40])
    assert (reading.kind, reading.strays) == (Kind.DATE, ("not yet",))
    assert cells.garbage.total() == 100


def test_codes_of_letters_and_digits_and_few_values_stay_choices() -> None:
    mixed = [f"A{n}" if n % 3 == 0 else str(n) for n in range(200)]
    few = ["0", "1", "2", "3+"] * 50
    sizes = ["1-10", "11-50", "51-200", "1000+"] * 50
    for cells in (mixed, few, sizes, ["1A", "2B", "3C"] * 50, ["1st", "2nd", "3rd"] * 40):
        assert read(cells)[0].kind is Kind.TEXT, cells[:4]


def test_bounds_and_units_are_numbers_where_values_are_many() -> None:
    years = ["< 1 year", "1 year", *(f"{n} years" for n in range(2, 10)), "10+ years", "n/a"] * 20
    reading, cells = read(years)
    assert reading.kind is Kind.NUMBER
    assert isinstance(cells.column, np.ndarray)
    assert cells.column[:12].tolist()[:11] == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    views = [f"{n / 10:.1f}k" if n % 2 else f"{n / 100:.2f}M" for n in range(10, 100)]
    column = read(views)[1].column
    assert isinstance(column, np.ndarray)
    assert column[:2].tolist() == pytest.approx([100_000, 1_100])


def test_spellings_of_a_choice_are_one_level_written_as_mostly_and_short_codes_stay() -> None:
    reading, cells = read(["Google"] * 5 + ["google", "GOOGLE ", "Direct  Traffic", "direct traffic", "aA", "AA"])
    assert isinstance(cells.column, Texts)
    assert sorted(cells.column.dictionary) == ["AA", "Direct Traffic", "Google", "aA"]
    later = read_cells(raw(["gOOgle"]), reading).column
    assert isinstance(later, Texts)
    assert later.dictionary == ["Google"]


def test_a_file_decides_what_a_column_does_not_say() -> None:
    readings = {name: learn_reading(raw(cells)) for name, cells in {
        "clear": ["1.234,5", "7,25"] * 9, "unclear": ["1.234", "2.500"] * 9, "whole": ["1", "2"] * 9,
    }.items()}  # fmt: skip
    settled = settle_marks(readings)
    assert {name: one.decimal for name, one in settled.items()} == {"clear": ",", "unclear": ",", "whole": "."}
    unclear = {"day": learn_reading(raw(["01/02/2026", "03/02/2026"] * 9))}
    assert settle_days(unclear, {"day": raw(["25/02/2026"])})["day"].day_first
    assert not settle_days(unclear, {"day": raw(["02/25/2026"])})["day"].day_first
