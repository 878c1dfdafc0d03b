"""Turns any columns of a log into numbers that policies can be linear or boosted in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from learning.columns import Floats, Texts

MOST_LEVELS = 12  # of a choice; the rarer ones are one
LEAST_ROWS = 10
LEAST_SHARE = 0.005  # of the rows, for a level of its own
MOST_WIDTH = 80
ID_SHARE = 0.5  # distinct values among the rows that make a text an identifier
BOUND = 8.0  # standard deviations
SKEWED = 20.0  # largest over median


@dataclass(frozen=True, slots=True)
class _Feature:
    """One number per row: a level's yes or no, a column's absence, or its value."""

    column: str
    level: str | None = None
    absent: bool = False
    logarithm: bool = False
    fill: float = 0.0
    centre: float = 0.0
    scale: float = 1.0


class Encoder:
    """Learns on one file what each column (numbers, nan where missing; or texts) becomes; other values are fine."""

    def __init__(self, columns: Mapping[str, Floats | Texts]) -> None:
        self.dropped: dict[str, str] = {}  # column → why it says nothing
        found: list[tuple[float, _Feature]] = []
        for name, column in columns.items():
            features = self._choice(name, column) if isinstance(column, Texts) else _numeric(name, column)
            if not features and name not in self.dropped:
                self.dropped[name] = "the same everywhere"
            for feature in features:
                raw = _raw(feature, column)
                deviation = float(raw.std())
                if deviation > 1e-9:
                    scaled = replace(feature, centre=float(raw.mean()), scale=deviation)
                    found.append((float("inf") if feature.level is None else deviation, scaled))
        found.sort(key=lambda each: -each[0])
        self.features = tuple(feature for _, feature in found[:MOST_WIDTH])

    def transform(self, columns: Mapping[str, Floats | Texts], rows: int) -> Floats:
        """(rows, width) centred and scaled. A column that lacks counts as missing throughout."""
        matrix = np.zeros((rows, len(self.features)))
        for place, feature in enumerate(self.features):
            raw = _raw(feature, columns.get(feature.column, np.full(rows, np.nan)))
            matrix[:, place] = np.clip((raw - feature.centre) / feature.scale, -BOUND, BOUND)
        return matrix

    def _choice(self, name: str, column: Texts) -> list[_Feature]:
        rows = len(column.codes)
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.dictionary))
        if rows >= 2 * LEAST_ROWS and np.count_nonzero(counts) > ID_SHARE * rows:
            self.dropped[name] = "an identifier: hardly any value comes twice"
            return []
        least = max(LEAST_ROWS, LEAST_SHARE * rows)
        common = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
        levels = [column.dictionary[code] for code in common.tolist() if counts[code] >= least]
        if not levels:
            self.dropped[name] = "no value is frequent enough to learn from"
        missing = [_Feature(name, absent=True)] if levels and rows - counts.sum() >= least else []
        return [_Feature(name, level=level) for level in sorted(levels)] + missing


def _numeric(name: str, column: Floats) -> list[_Feature]:
    known = column[np.isfinite(column)]
    if len(known) == 0 or float(known.min()) == float(known.max()):
        return [_Feature(name, absent=True)] if 0 < len(known) < len(column) else []
    low, middle, high = float(known.min()), float(np.median(known)), float(known.max())
    logarithm = low >= 0 and high > SKEWED * max(middle, 1e-12) and high > 1
    fill = float(np.median(np.log1p(known))) if logarithm else middle
    value = _Feature(name, logarithm=logarithm, fill=fill)
    return [value, _Feature(name, absent=True)] if len(known) < len(column) else [value]


def _raw(feature: _Feature, column: Floats | Texts) -> Floats:
    missing = column.codes < 0 if isinstance(column, Texts) else ~np.isfinite(column)
    if feature.absent:
        return np.asarray(missing, dtype=np.float64)
    if isinstance(column, Texts):
        found = [code for code, text in enumerate(column.dictionary) if text == feature.level]
        same = np.isin(column.codes, found) if feature.level is not None else np.zeros(len(missing), dtype=bool)
        return same.astype(np.float64) if feature.level is not None else np.full(len(missing), feature.fill)
    if feature.level is not None:
        return np.zeros(len(missing))
    values = np.log1p(np.maximum(column, 0.0)) if feature.logarithm else column
    return np.where(missing, feature.fill, values)
