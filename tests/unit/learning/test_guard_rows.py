"""The leak guard on rows without a history."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from learning.columns import Floats, Table, Texts
from learning.guard_rows import Finding, find_in_rows

ROWS, OPEN = 2_000, 400
GENERATOR = np.random.default_rng(1)
SIGNAL = GENERATOR.normal(size=ROWS)
WON = (GENERATOR.random(ROWS) < 1 / (1 + np.exp(1.2 - 1.3 * SIGNAL))).astype(np.float64)


def choices(values: npt.ArrayLike, *words: str) -> Texts:
    return Texts(words, np.asarray(values).astype(np.int64))


def guard(column: Floats | Texts, opened: Floats | Texts | None = None, keep: tuple[str, ...] = ()) -> Finding | None:
    late = Table(OPEN, {"it": opened}) if opened is not None else None
    return next(iter(find_in_rows(Table(ROWS, {"it": column}), WON, late, keep)), None)


def test_honest_columns_are_left_alone_however_strong() -> None:
    assert guard(SIGNAL) is None
    assert (
        guard(choices(GENERATOR.integers(0, 3, ROWS), "a", "b", "c"), choices([0] * 200 + [1] * 200, "a", "b")) is None
    )
    assert guard(np.where(GENERATOR.random(ROWS) < 0.3, np.nan, SIGNAL)) is None
    assert guard(np.full(ROWS, np.nan)) is None


def test_a_copy_of_the_outcome_is_dropped_and_a_blurred_one_suspected() -> None:
    copy = guard(choices(WON, "cold", "hot"))
    assert copy is not None
    assert copy.drop
    assert copy.evidence["explained"] == 1.0 or float(copy.evidence["explained"]) > 0.99
    blurred = guard(choices(np.where(GENERATOR.random(ROWS) < 0.1, 1 - WON, WON), "cold", "hot"))
    assert blurred is not None
    assert not blurred.drop
    assert "AUC" in blurred.text_en
    assert "AUC" in blurred.text_ko


def test_being_filled_in_for_one_outcome_only_is_told() -> None:
    often = np.where((WON == 0) & (GENERATOR.random(ROWS) < 0.7), 0, -1)
    found = guard(choices(often, "price"))
    assert found is not None
    assert (found.kind, found.drop, found.evidence["fill_rate_won"]) == ("missing", True, 0.0)
    seldom = guard(choices(np.where((WON == 0) & (GENERATOR.random(ROWS) < 0.2), 0, -1), "price"))
    assert seldom is not None
    assert (seldom.kind, seldom.drop) == ("missing", False)


def test_what_closing_fills_in_is_dropped_and_what_it_changes_suspected() -> None:
    closed = choices(GENERATOR.integers(0, 9, ROWS), *"abcdefghi")
    filled = guard(closed, choices([-1] * OPEN, "a"))
    assert filled is not None
    assert (filled.kind, filled.drop) == ("open", True)
    changed = guard(closed, choices([0] * OPEN, "in progress"))
    assert changed is not None
    assert (changed.kind, changed.drop) == ("changed", False)


def test_a_value_that_comes_with_one_outcome_only_is_suspected() -> None:
    said = np.where((WON > 0) & (GENERATOR.random(ROWS) < 0.15), 0, 1)
    found = guard(choices(said, "contract sent", "other"))
    assert found is not None
    assert (found.kind, found.drop) == ("value", False)
    assert "contract sent" in found.text_en


def test_what_is_to_be_kept_is_suspected_at_most() -> None:
    found = guard(choices(WON, "cold", "hot"), keep=("it",))
    assert found is not None
    assert not found.drop


def test_few_outcomes_accuse_nobody() -> None:
    table = Table(30, {"it": WON[:30]})
    assert find_in_rows(table, WON[:30]) == []


def test_numbers_that_closing_changes_are_suspected() -> None:
    before, plain = GENERATOR.normal(size=OPEN), GENERATOR.normal(size=ROWS)
    partly = np.where(GENERATOR.random(ROWS) < 0.75, plain + 3, plain)
    for closed in (plain + 3, plain - 3, np.full(ROWS, 100.0), partly):
        found = guard(closed, before)
        assert found is not None
        assert (found.kind, found.drop) == ("changed", False)
        assert float(found.evidence["apart"]) >= 0.6


def test_numbers_that_differ_by_chance_or_a_little_are_left_alone() -> None:
    generator = np.random.default_rng(2)
    for size in (30, OPEN):
        for shift in (0.0, 0.3):
            few = np.full(OPEN, np.nan)
            few[:size] = generator.normal(size=size)
            closed = np.where(generator.random(ROWS) < size / OPEN, generator.normal(size=ROWS) + shift, np.nan)
            assert guard(closed, few) is None
    counted = [generator.integers(0, 3, size).astype(np.float64) for size in (ROWS, OPEN)]
    assert guard(counted[0], counted[1]) is None
