"""The leak guard on snapshots: every check there is, and what people decided against its advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from learning.columns import Floats, Table, Texts
from learning.guard import Dropped, Mask, find_leaks
from learning.guard_rows import Finding, by_outcome
from learning.guard_single import Labelled
from learning.identifiers import is_identifier
from learning.overrules import Overrules, meant, near


@dataclass(frozen=True, slots=True)
class Seen:
    """Snapshots as the guard looks at them; arrays have an entry a row, a record's rows follow one another.

    closed marks rows of records whose outcome has come; `labelled` holds all rows, of which only those count.
    filled and records are what learning.guard.fills_with_closing found.
    """

    table: Table
    age_days: Floats
    closed: Mask
    labelled: Labelled
    filled: Mapping[str, int]
    records: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard leaves out, what it suspects only, and what people decided, each with its evidence.

    kept: columns that it would have left out and a person keeps. left_out: columns a person leaves out.
    unknown: names in the overrules that no column bears, and the columns whose names are near. closing: columns that
    people decided about and that are empty on every open record, so that nothing is learned from them anyway.
    """

    dropped: tuple[Dropped, ...] = ()
    suspected: tuple[Finding, ...] = ()
    kept: tuple[Dropped, ...] = ()
    left_out: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    similar: Mapping[str, Sequence[str]] = field(default_factory=dict)
    closing: tuple[str, ...] = ()

    @property
    def absent(self) -> frozenset[str]:
        """Columns that are not to be learned from."""
        return frozenset((*(one.column for one in self.dropped), *self.left_out))

    def to_json(self) -> dict[str, object]:
        """As evaluation.json has it."""
        return {
            "dropped": [one.to_json() for one in self.dropped],
            "suspected": [one.to_json() for one in self.suspected],
            "overrules": {
                "kept": [one.to_json() for one in self.kept],
                "left_out": list(self.left_out),
                "unknown": list(self.unknown),
                **({"similar": {name: list(names) for name, names in self.similar.items()}} if self.similar else {}),
                **({"closing": list(self.closing)} if self.closing else {}),
            },
        }


def judge_snapshots(seen: Seen, overrules: Overrules) -> Verdict:
    """Look at every column that no person leaves out; in order of name, suspicions by their strength.

    People's names for columns need not be exact: see learning.overrules.meant.
    """
    names = seen.table.columns
    every = {*names, *seen.filled}
    found = {name: meant(name, every) for name in (*overrules.keep, *overrules.drop)}
    keep, drop = ({found[name] for name in listed} & set(names) for listed in (overrules.keep, overrules.drop))
    left_out = tuple(sorted(drop - keep))
    unknown = tuple(sorted(name for name, column in found.items() if not column))
    similar = {name: alike for name in unknown if (alike := near(name, every))}
    closing = tuple(sorted({column for column in found.values() if column} - set(names)))
    looked_at = replace(seen, table=seen.table.without(left_out))
    leaks = {one.column: one for one in find_leaks(
        looked_at.table, seen.age_days, seen.closed, seen.filled, seen.records
    )}  # fmt: skip
    leaks |= {one.column: one for one in _identifiers(looked_at) if one.column not in leaks}
    suspected = []
    for one in _by_outcome(looked_at):
        if one.column not in leaks:
            if one.drop:
                leaks[one.column] = one.as_dropped()
            else:
                suspected.append(one)
    ordered = [leaks[name] for name in sorted(leaks)]
    suspected.sort(key=lambda one: (-float(one.evidence.get("explained", 0.0)), one.column))
    return Verdict(
        tuple(one for one in ordered if one.column not in keep), tuple(suspected),
        tuple(one for one in ordered if one.column in keep), left_out, unknown, similar, closing,
    )  # fmt: skip


def _by_outcome(seen: Seen) -> list[Finding]:
    rows = np.flatnonzero(seen.closed)
    labelled = seen.labelled.take(rows)
    found = (by_outcome(name, column, labelled) for name, column in seen.table.take(rows).columns.items())
    return [one for one in found if one is not None]


def _identifiers(seen: Seen) -> list[Dropped]:
    """Columns whose values name the records, looked at once a record."""
    record = seen.labelled.record
    last = np.flatnonzero(np.append(record[1:] != record[:-1], len(record) > 0))
    found = []
    for name, column in seen.table.take(last).columns.items():
        if name not in seen.table.dates and is_identifier(column):
            evidence = {"records": len(last), "values": _distinct(column)}
            english = "every record has its own value, as numbers and codes of records do"
            found.append(Dropped(name, english, "번호나 코드처럼 기록마다 값이 다릅니다", evidence))
    return found


def _distinct(column: Floats | Texts) -> int:
    values = column.codes[column.codes >= 0] if isinstance(column, Texts) else column[np.isfinite(column)]
    return len(np.unique(values))
