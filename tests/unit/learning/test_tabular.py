"""Columns read by what their values are, and read the same way in another file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from learning.columns import Floats, Texts
from learning.identifiers import is_identifier
from learning.tabular import Kind, Raw, Reading, encode, read_column
from learning.tabular_kinds import learn_reading, settle_days

GENERATOR = np.random.default_rng(0)


def raw(cells: Sequence[str], pieces: int = 2) -> Raw:
    cut = len(cells) // pieces
    return Raw.of([encode(cells[:cut]), encode(cells[cut:])])


def column(cells: Sequence[str], reading: Reading | None = None) -> tuple[Reading, Floats | Texts, int]:
    reading = reading or learn_reading(raw(cells))
    return reading, *read_column(raw(cells), reading)


def test_numbers_with_garbage_are_numbers_and_the_garbage_is_counted() -> None:
    reading, values, garbage = column(["1,000", "2", " 3 ", "+4", "N/A", "", "1e3"] * 10 + ["ask Kim"])
    assert (reading.kind, garbage) == (Kind.NUMBER, 1)
    assert isinstance(values, np.ndarray)
    assert values[:4].tolist() == [1000, 2, 3, 4]
    assert np.isnan(values[[4, 5, -1]]).all()


def test_a_reading_serves_another_file() -> None:
    reading = learn_reading(raw(["1,5", "2,25"] * 5))
    _, values, garbage = column(["3,5", "x", "4"], reading)
    assert isinstance(values, np.ndarray)
    assert (reading.decimal, values[0], values[2], garbage) == (",", 3.5, 4.0, 1)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["Yes", "No", "yes", ""], Kind.YES_NO), (["0", "1"], Kind.NUMBER), (["01234", "00210", "99999"], Kind.TEXT),
        (["2026-01-02", "2025-12-31"], Kind.DATE), (["20260102", "20251231"], Kind.DATE), (["서울", "부산"], Kind.TEXT),
        (["", "Select", "N/A"], Kind.EMPTY), ([], Kind.EMPTY), (["12345678", "99887766"], Kind.NUMBER),
        (["10-20", "20-30"], Kind.TEXT), (["2019", "2020"], Kind.NUMBER),
    ],
)  # fmt: skip
def test_a_column_is_what_its_values_are(cells: list[str], kind: Kind) -> None:
    assert learn_reading(raw(cells * 8)).kind is kind


def test_yes_and_no_become_one_pair_of_words_and_other_words_stay() -> None:
    reading = learn_reading(raw(["예", "아니오"] * 3))
    _, values, _ = column(["예", "아니오", "", "모름"], reading)
    assert isinstance(values, Texts)
    told = [values.dictionary[code] if code >= 0 else None for code in values.codes.tolist()]
    assert told == ["yes", "no", None, "모름"]


def test_texts_are_trimmed_missing_words_are_gaps_and_equal_ones_one() -> None:
    _, values, _ = column([" Seoul", "Seoul ", "Select", "", "부산"])
    assert isinstance(values, Texts)
    assert values.codes.tolist() == [0, 0, -1, -1, 1]


def test_an_unclear_column_of_days_follows_the_clear_ones() -> None:
    readings = {name: learn_reading(raw(cells)) for name, cells in {
        "clear": ["21/04/2026", "03/04/2026"], "unclear": ["01/02/2026", "03/02/2026"],
    }.items()}  # fmt: skip
    settled = settle_days(readings)
    _, values, _ = column(["01/02/2026"], settled["unclear"])
    assert isinstance(values, np.ndarray)
    assert values[0] == date(2026, 2, 1).toordinal()
    assert not settle_days({"unclear": readings["unclear"]})["unclear"].day_first


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(500.0), True), (580_000 + GENERATOR.choice(80_000, 5000, replace=False), True),
        (GENERATOR.integers(10**8, 10**9, 3000) * 1.0, True),
        (np.round(GENERATOR.lognormal(10, 1, 400)), False),
        (np.round(GENERATOR.normal(50_000, 9_000, 450)), False), (GENERATOR.normal(size=500), False),
        (np.repeat(np.arange(50.0), 10), False), (np.arange(10.0), False),
    ],
)  # fmt: skip
def test_numbers_that_name_rows_are_told_from_quantities(values: Floats, expected: bool) -> None:
    assert is_identifier(np.asarray(GENERATOR.permutation(values), dtype=np.float64)) is expected


def test_codes_name_rows_but_notes_and_choices_do_not() -> None:
    every = np.arange(300)
    assert is_identifier(Texts([f"7590-{one:05d}" for one in range(300)], every))
    assert not is_identifier(Texts([f"called {one} times, wants a quote" for one in range(300)], every))
    assert not is_identifier(Texts([f"rep-{one}" for one in range(30)], every % 30))


@pytest.mark.parametrize(
    "form",
    ["+49 151 {:07d}", "({}) 555-0123", "02-{:07d}", "+82 10 1234 {:04d}", "030 / {:06d}", "555.010.{:04d} ext. 12"],
)
def test_phone_numbers_name_rows_however_they_are_written_and_shared(form: str) -> None:
    assert is_identifier(Texts([form.format(200 + one) for one in range(300)], np.arange(330) % 300))
    assert not is_identifier(Texts([form.format(200 + one) for one in range(300)], np.arange(900) % 300))
    assert not is_identifier(Texts([f"room {one} 12 34 567" for one in range(300)], np.arange(300)))
    assert not is_identifier(Texts([f"{one} - {one + 9}" for one in range(300)], np.arange(300)))


def test_numbers_that_stand_for_things_are_choices_and_quantities_are_not() -> None:
    codes = GENERATOR.choice(300_000, 60, replace=False)[GENERATOR.integers(0, 60, 2_000)]
    reading = learn_reading(raw([str(code) for code in codes]))
    assert (reading.kind, reading.codes) == (Kind.TEXT, True)
    for amounts in (
        np.round(GENERATOR.lognormal(9, 1, 2_000)), np.round(GENERATOR.lognormal(9, 1, 2_000), -3),
        GENERATOR.integers(0, 2_500, 20_000), np.round(GENERATOR.normal(40, 12, 2_000)),
        GENERATOR.integers(0, 20, 500) * 50_001,
    ):  # fmt: skip
        assert learn_reading(raw([f"{one:.0f}" for one in amounts])).kind is Kind.NUMBER
