"""Where a model is weak: its figures for each value of the choices that matter most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from learning.columns import MISSING, Table, Texts
from learning.curves import Gap, Judged, gap
from learning.metrics import Array, log_loss

LEAST = 50  # outcomes of a value
MOST_COLUMNS, MOST_VALUES, LONGEST = 8, 12, 120
LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Segment:
    """One value's rows, with each row's log loss beyond the base rate's."""

    column: str
    value: str
    seen: Gap
    ratio: float
    worse: float  # mean log loss minus the base rate's
    worse_error: float


def segments(table: Table, ranked: Sequence[str], rows: Judged, base: Array) -> list[dict[str, Any]]:
    """Values with at least 50 outcomes, of the choices that come first in `ranked`.

    `gap_low` and `gap_high` hold for all values together (Bonferroni): with a level of 90 %, one report in ten has
    any interval that misses. `weak` names what that proves: calibration, or a loss above the base rate's.
    """
    found = list(_found(table, ranked, rows, base))
    level = 1 - (1 - LEVEL) / max(len(found), 1)
    told = []
    for one in found:
        low, high = one.seen.interval(level)
        reach = replace(one.seen, mean=0.0, rate=one.worse, error=one.worse_error).interval(level)[0]
        weak = [name for name, is_weak in (("calibration", low > 0 or high < 0), ("log_loss", reach > 0)) if is_weak]
        told.append({
            "column": one.column, "value": one.value, "records": one.seen.records, "rate": one.seen.rate,
            "mean": one.seen.mean, "gap_low": low, "gap_high": high, "log_loss_ratio": one.ratio, "weak": weak,
        })  # fmt: skip
    return told


def _found(table: Table, ranked: Sequence[str], rows: Judged, base: Array) -> Iterator[Segment]:
    looked_at = 0
    for name in ranked:
        column = table.columns[name]
        if not isinstance(column, Texts) or looked_at == MOST_COLUMNS:
            continue
        parts = _values(column, rows)
        looked_at += bool(parts)
        for value, inside in parts:
            yield _segment(name, value, rows.take(inside), base[inside])


def _values(column: Texts, rows: Judged) -> list[tuple[str, np.ndarray]]:
    """The most frequent values with enough outcomes, "" for missing, and their rows."""
    pairs = np.unique(np.column_stack([column.codes, rows.groups]), axis=0)[:, 0]
    codes, counts = np.unique(pairs, return_counts=True)
    if len(codes) < 2:  # all rows are no segment
        return []
    order = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    return [
        ("" if code == MISSING else column.dictionary[code][:LONGEST], column.codes == code)
        for code, count in zip(codes[order].tolist(), counts[order].tolist(), strict=True)
        if count >= LEAST
    ]


def _segment(name: str, value: str, rows: Judged, base: Array) -> Segment:
    ours, theirs = log_loss(rows.won, rows.probability, rows.weight), log_loss(rows.won, base, rows.weight)
    p, b = (np.clip(one, 1e-12, 1 - 1e-12) for one in (rows.probability, base))
    worse = rows.won * np.log(b / p) + (1 - rows.won) * np.log((1 - b) / (1 - p))
    away = np.bincount(rows.groups, rows.weight * (worse - (ours - theirs)))
    error = float(np.sqrt(np.square(away).sum()) / rows.weight.sum())
    return Segment(name, value, gap(rows), ours / theirs if theirs > 0 else 1.0, ours - theirs, error)
