"""Whether columns have moved is told with a bound on false alarms, and the column that did is named."""

from __future__ import annotations

import json

import numpy as np
import pytest

from learning.columns import Floats, Table, Texts
from learning.shift import FAR, LEAST_ROWS, Reference, Shift

DRAWS = 40
NAMES = ("size", "ties", "holes", "side", "account", "constant")


def drawn(generator: np.random.Generator, rows: int) -> Table:
    """Columns of the kinds there are, with what makes tests err: ties, holes, many rare values."""
    holes = generator.normal(size=rows)
    holes[generator.random(rows) < 0.6] = np.nan
    accounts = np.minimum(generator.zipf(1.3, rows), 5_000)
    return Table(rows, {
        "size": generator.lognormal(size=rows), "ties": np.floor(generator.exponential(0.7, rows)), "holes": holes,
        "side": chosen(generator.choice(3, rows, p=[0.6, 0.35, 0.05]).astype(np.int64)),
        "account": chosen(accounts.astype(np.int64)), "constant": np.zeros(rows),
    })  # fmt: skip


def chosen(numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Texts:
    found, codes = np.unique(numbers, return_inverse=True)
    return Texts([f"v{one}" for one in found], codes.astype(np.int64))


def moved(reference: Reference, table: Table) -> list[str]:
    return [one.column for one in reference.compare(table) if one.moved]


@pytest.mark.parametrize(("then", "now"), [(60, 60), (80, 2_000), (2_000, 150)])
def test_the_same_distribution_raises_no_alarm(then: int, now: int) -> None:
    """Six columns, few rows, the least favourable shapes: at most a draw in twenty names a column."""
    generator = np.random.default_rng(then + now)
    alarms = [moved(Reference.of(drawn(generator, then), NAMES), drawn(generator, now)) for _ in range(DRAWS)]
    assert sum(map(bool, alarms)) <= DRAWS / 20, alarms


def test_p_values_are_those_of_chance() -> None:
    """About as many lie under a level as the level says: alarms are rare by right, not by luck."""
    generator = np.random.default_rng(3)
    seen: list[float] = []
    for _ in range(DRAWS * 3):
        reference = Reference.of(drawn(generator, 300), ("size", "ties", "holes", "side", "account"))
        seen += [one.p for one in reference.compare(drawn(generator, 200))]
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(seen) <= level) == pytest.approx(level, abs=0.4 * level)


def changed(table: Table, name: str, column: Floats | Texts) -> Table:
    return Table(table.rows, {**table.columns, name: column})


def test_the_column_that_moved_is_named_with_how() -> None:
    generator = np.random.default_rng(1)
    reference = Reference.of(drawn(generator, 400), NAMES)
    now = drawn(generator, 300)
    size = now.columns["size"]
    assert isinstance(size, np.ndarray)
    assert moved(reference, changed(now, "size", size * 1_000)) == ["size"], "won becomes thousands"
    gone = reference.compare(changed(now, "size", np.full(300, np.nan)))[0]
    assert (gone.column, gone.moved, gone.missing) == ("size", True, (0.0, 1.0))
    new = reference.compare(changed(now, "side", Texts(["v0", "fair"], np.arange(300) % 2)))[0]
    assert (new.column, new.moved, new.new) == ("side", True, 0.5)
    assert moved(reference, changed(now, "constant", np.ones(300))) == ["constant"]
    assert moved(reference, now) == []


def test_what_moved_a_little_is_no_alarm_however_sure() -> None:
    generator = np.random.default_rng(2)
    reference = Reference.of(Table(50_000, {"size": generator.normal(size=50_000)}), ["size"])
    one = reference.compare(Table(50_000, {"size": generator.normal(0.1, 1.0, 50_000)}))[0]
    assert one.p < 1e-6
    assert (one.moved, one.share < FAR) == (False, True)


def test_a_reference_outlives_its_file_and_few_rows_tell_nothing() -> None:
    generator = np.random.default_rng(4)
    reference = Reference.of(drawn(generator, 200), NAMES)
    read = Reference.from_json(json.loads(json.dumps(reference.to_json())))
    now = drawn(generator, 100)
    assert read.compare(now) == reference.compare(now)
    assert isinstance(read.compare(now)[0], Shift)
    assert reference.compare(drawn(generator, LEAST_ROWS - 1)) == []
    told = reference.to_json()
    told["columns"]["size"]["counts"] = [1.0]
    with pytest.raises(ValueError, match="counts"):
        Reference.from_json(told)
