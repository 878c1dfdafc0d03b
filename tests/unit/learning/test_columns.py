"""Columns: numbers, choices, missing and the never seen."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.columns import Table, Texts, as_numbers, as_texts, table_from_rows
from learning.encoder import ChoiceColumn, Encoder, NumberColumn
from learning.timeline import Cell

DAY = date(2020, 1, 10)


def test_rows_become_columns_by_type() -> None:
    rows: list[dict[str, Cell]] = [
        {"n": 1.0, "t": "a", "y": True, "d": date(2020, 1, 12)}, {"t": None, "y": False}, {"n": 3.0, "t": "b"}
    ]  # fmt: skip
    table = table_from_rows(rows, [DAY] * 3)
    numbers, texts, flags, days = (table.columns[name] for name in "ntyd")
    np.testing.assert_array_equal(numbers, [1.0, np.nan, 3.0])
    assert isinstance(texts, Texts)
    assert (list(texts.dictionary), texts.codes.tolist()) == (["a", "b"], [0, -1, 1])
    assert isinstance(flags, Texts)
    assert (list(flags.dictionary), flags.codes.tolist()) == (["yes", "no"], [0, 1, -1])
    np.testing.assert_array_equal(days, [2.0, np.nan, np.nan])


def test_columns_are_read_as_the_model_wants_them() -> None:
    np.testing.assert_array_equal(as_numbers(Texts(["1.5", "x"], np.array([0, 1, -1])), 3), [1.5, np.nan, np.nan])
    np.testing.assert_array_equal(as_numbers(None, 2), [np.nan, np.nan])
    np.testing.assert_array_equal(as_numbers(np.array([np.inf, 1.0]), 2), [np.nan, 1.0])
    texts = as_texts(np.array([2.0, np.nan, 1.5]), 3)
    assert [texts.dictionary[code] if code >= 0 else None for code in texts.codes] == ["2", None, "1.5"]
    yes = ChoiceColumn("y", ("no", "yes"), yes_no=True)
    assert yes.bins(np.array([1.0, 0.0, np.nan]), 3).tolist() == [1, 0, 3]


def fitted() -> Encoder:
    generator = np.random.default_rng(0)
    levels = Texts([f"v{n}" for n in range(300)], np.minimum(generator.geometric(0.05, 2000) - 1, 299))
    amounts = np.where(generator.random(2000) < 0.1, np.nan, generator.lognormal(8, 2, 2000))
    constant = Texts(["same"], np.zeros(2000, np.int64))
    names = Texts([f"id{n}" for n in range(2000)], np.arange(2000))
    table = Table(2000, {"level": levels, "amount": amounts, "constant": constant, "id": names})
    return Encoder.fit(table, np.ones(2000))


def test_what_never_varies_and_identifiers_are_left_out() -> None:
    assert [column.name for column in fitted().columns] == ["amount", "level"]


def test_rare_and_unseen_values_are_pooled_and_missing_stands_alone() -> None:
    (level,) = (column for column in fitted().columns if isinstance(column, ChoiceColumn))
    assert 20 < len(level.levels) < 120
    bins = level.bins(Texts(["v0", "v299", "never seen"], np.array([0, 1, 2, -1])), 4).tolist()
    other = len(level.levels)
    assert bins == [level.levels.index("v0"), other, other, other + 1]


def test_wide_numbers_are_taken_by_their_logarithm_and_clipped() -> None:
    (amount,) = (column for column in fitted().columns if isinstance(column, NumberColumn))
    assert amount.log
    standard, missing = amount.standardise(np.array([1e300, -5.0, np.nan]), 3)
    assert np.isfinite(standard).all()
    assert missing.tolist() == [False, False, True]
    assert standard[2] == 0.0


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=3), st.booleans()),
                                           min_size=30, max_size=30), max_size=4))  # fmt: skip
def test_any_table_is_encoded_and_survives_json(cells: dict[str, list[Cell]]) -> None:
    rows = [{name: column[row] for name, column in cells.items()} for row in range(30)]
    table = table_from_rows(rows, [DAY] * 30)
    encoder = Encoder.fit(table, np.ones(30))
    matrix = encoder.transform(table)
    assert matrix.shape == (30, encoder.width)
    assert np.isfinite(matrix).all()
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json())))
    np.testing.assert_array_equal(again.transform(table), matrix)
    assert np.isfinite(encoder.transform(Table(2, {}))).all()
    # A column that comes as another type than it was learned as is read as far as it goes.
    swapped = {name: np.ones(2) if isinstance(column, Texts) else Texts(["a"], np.zeros(2, np.int64))
               for name, column in table.columns.items()}  # fmt: skip
    assert np.isfinite(encoder.transform(Table(2, swapped))).all()
