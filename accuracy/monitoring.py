"""Alarms that inputs have moved, on real records: how often without cause, and how often with one, by its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np

from accuracy.histories import history_of
from accuracy.shares import wilson
from accuracy.told import told as say
from learning.columns import Floats, Table, Texts
from learning.history import read_history
from learning.records import DealHistory
from learning.shift import Reference
from learning.snapshots import row_at
from services.lead_scoring.inputs import PASSING, looked_at

PRESETS = ("crm_sales_opportunities", "loan_offers")
DRAWS, SEED = 400, 0
FALSE, NAMED = 0.05, 0.95  # alarms without a cause, and with one
ROWS = (100, 400)  # on either side
Harm = Callable[[Floats | Texts, np.random.Generator], Floats | Texts]
FILLED = 0.8  # of the records, for a change of a field to be a change of records


def tenfold(column: Floats | Texts, _: np.random.Generator) -> Floats | Texts:
    """A number in another unit."""
    assert isinstance(column, np.ndarray)
    return column * 10


def emptied(column: Floats | Texts, chance: np.random.Generator) -> Floats | Texts:
    """Four in ten are not filled any more."""
    gone = chance.random(len(column) if isinstance(column, np.ndarray) else len(column.codes)) < 0.4
    if isinstance(column, Texts):
        return Texts(column.dictionary, np.where(gone, -1, column.codes))
    return np.where(gone, np.nan, column)


def renamed(column: Floats | Texts, chance: np.random.Generator) -> Floats | Texts:
    """Four in ten have a value that there was not."""
    assert isinstance(column, Texts)
    new = chance.random(len(column.codes)) < 0.4
    return Texts([*column.dictionary, "a new value"], np.where(new, len(column.dictionary), column.codes))


def section() -> str:
    """The part of docs/accuracy.md."""
    lines = [
        "## Alarms on inputs that moved",
        "",
        (
            f"Records of one time, split at random into those of then and those of now, {DRAWS} times: what is told of "
            "them is a false alarm, for nothing moved. In the same draws one column at a time is spoiled: a number ten "
            "times as large, 40 % of a field not filled, 40 % with a value that there was not. Named: the alarm "
            "names that column. Intervals are Wilson's, of 95 %."
        ),
        "",
        "| records | then and now | columns | false alarms | spoiled | named |",
        "|---|---|---|---|---|---|",
    ]
    bars: list[bool] = []
    for preset in PRESETS:
        table = records(preset)
        say(f"{preset}: {table.rows} records")
        lines += [_row(preset, table, rows, bars) for rows in ROWS]
    met = "met" if all(bars) else "not met"
    told = f"False alarms ≤ {FALSE:.0%} of draws, named ≥ {NAMED:.0%} from {ROWS[-1]} records on: {met}."
    return "\n".join([*lines, "", told])


def records(preset: str) -> Table:
    """One row a record, of the last quarter of a year, with every column that varies but those that pass."""
    folder = read_history(history_of(preset))
    histories: list[DealHistory] = list(folder.deals())
    day: date = folder.manifest.business_day
    names = sorted({name for one in histories for name in row_at(one, day)} - PASSING)
    table = looked_at(histories, day, names).table
    return table.without([name for name in names if not _varies(table.columns[name])])


def _varies(column: Floats | Texts) -> bool:
    values = column.codes if isinstance(column, Texts) else column[np.isfinite(column)]
    return len(np.unique(values)) > 1


def _row(preset: str, table: Table, rows: int, bars: list[bool]) -> str:
    chance = np.random.default_rng(SEED)
    names, alarms, spoiled, named = sorted(table.columns), 0, 0, 0
    for draw in range(DRAWS):
        order = chance.permutation(table.rows)[: 2 * rows]
        reference, now = Reference.of(table.take(order[:rows]), names), table.take(order[rows:])
        alarms += any(one.moved for one in reference.compare(now))
        name = names[draw % len(names)]
        for harm in harms(table.columns[name]):
            spoilt = Table(now.rows, {**now.columns, name: harm(now.columns[name], chance)}, now.dates)
            spoiled += 1
            named += any(one.moved and one.column == name for one in reference.compare(spoilt))
    low, high = wilson(alarms, DRAWS)
    bars.append(alarms <= FALSE * DRAWS)
    bars.append(rows < ROWS[-1] or named >= NAMED * spoiled)
    return (
        f"| {preset} | {rows} and {rows} of {table.rows} | {len(names)} | {alarms} of {DRAWS} "
        f"({low:.1%} to {high:.1%}) | {spoiled} | {named / spoiled:.1%} |"
    )


def harms(column: Floats | Texts) -> list[Harm]:
    """What may befall a column, as far as it would change its values for most records."""
    found: list[Harm] = [emptied] if _filled(column) >= FILLED else []
    if isinstance(column, Texts):
        return [*found, renamed]
    return [*found, tenfold] if np.mean(np.nan_to_num(column) != 0) >= FILLED else found


def _filled(column: Floats | Texts) -> float:
    known = column.codes >= 0 if isinstance(column, Texts) else np.isfinite(column)
    return float(np.mean(known))


if __name__ == "__main__":
    print(section())
