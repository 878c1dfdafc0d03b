"""Boosted trees: what they read of an encoded table, and how they are grown (LightGBM)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from learning.columns import Codes, Floats, Table
from learning.encoder import ChoiceColumn, Column, Encoder, NumberColumn, Outcomes
from learning.reading import Read, Reader
from learning.texts import TextColumn

# How many rounds a model may have; validation chooses.
ROUNDS = (8, 15, 25, 40, 60, 90, 130)
PARAMETERS = {
    "objective": "binary", "num_leaves": 12, "max_depth": 5, "learning_rate": 0.1, "feature_fraction": 0.5,
    "lambda_l2": 5.0, "min_data_in_leaf": 20, "min_sum_hessian_in_leaf": 2.0, "max_bin": 127, "verbose": -1,
    "num_threads": 1, "deterministic": True, "force_row_wise": True, "feature_pre_filter": False,
}  # fmt: skip
# Where records are few: trees of two splits in a row at most, whose leaves need fewer records.
SHALLOW = {"num_leaves": 4, "max_depth": 2, "min_data_in_leaf": 5, "min_sum_hessian_in_leaf": 0.5}


class TreeReader:
    """What trees read. `origin`: each feature's column."""

    def __init__(self, encoder: Encoder) -> None:
        sizes = [_width(column) for column in encoder.columns]
        starts = np.cumsum([0, *sizes])
        self.origin: Codes = np.repeat(np.arange(len(sizes)), sizes)
        self._numbers = [int(starts[i]) for i, one in enumerate(encoder.columns) if isinstance(one, NumberColumn)]
        self._choices = [
            (slice(starts[index], starts[index + 1]), _by_bin(column))
            for index, column in enumerate(encoder.columns) if isinstance(column, ChoiceColumn)
        ]  # fmt: skip
        self._texts = [
            slice(starts[index], starts[index + 1])
            for index, column in enumerate(encoder.columns) if isinstance(column, TextColumn)
        ]  # fmt: skip

    def features(self, read: Read) -> Floats:
        """Rows × features, nan where missing."""
        out = np.empty((read.rows, len(self.origin)))
        out[:, self._numbers] = read.numbers
        for (place, table), bins in zip(self._choices, read.bins, strict=True):
            out[:, place] = table[bins]
        for place, features in zip(self._texts, read.texts, strict=True):
            out[:, place] = features[:, :-1]
        return out


def tree_features(encoder: Encoder, table: Table) -> tuple[Floats, Codes]:
    """Rows × features, nan where missing, and each feature's column.

    Numbers as they are; choices as the rank of their level by frequency, with the statistic where there is one;
    texts as their coordinates.
    """
    reader = TreeReader(encoder)
    return reader.features(Reader(encoder).read(table)), reader.origin


def _width(column: Column) -> int:
    if isinstance(column, NumberColumn):
        return 1
    return 1 + bool(column.statistics) if isinstance(column, ChoiceColumn) else column.width - 1


def _by_bin(column: ChoiceColumn) -> Floats:
    """Bins × features."""
    ranks = np.minimum(np.arange(column.places), column.shown).astype(np.float64)
    ranks[-1] = np.nan
    return np.column_stack([ranks, column.statistics]) if column.statistics else ranks[:, None]


def training_tree_features(encoder: Encoder, table: Table, encoded: Floats) -> Floats:
    """The same for the rows the encoder was fitted on, with the cross-fitted statistics that `encoded` (of
    `Encoder.transform_training`) holds."""
    features, origin = tree_features(encoder, table)
    ends = np.cumsum([column.width for column in encoder.columns])
    for index, column in enumerate(encoder.columns):
        if isinstance(column, ChoiceColumn) and column.statistics:
            features[:, np.flatnonzero(origin == index)[-1]] = encoded[:, ends[index] - 1]
    return features


@dataclass(frozen=True, slots=True)
class Grown:
    """A model's text, and the log-odds of validation rows after each of `ROUNDS` (at most `rounds`)."""

    text: str
    path: Floats


def grow(
    features: Floats, outcomes: Outcomes, seed: int, rounds: int, validation: Floats, *, shallow: bool = False
) -> Grown:  # fmt: skip
    """Grow `rounds` trees, or `SHALLOW` ones, on rows whose weight is above 0. Both outcomes must occur."""
    import lightgbm

    parameters = PARAMETERS | (SHALLOW if shallow else {}) | {"seed": seed}
    names = [f"f{index}" for index in range(features.shape[1])]
    data = lightgbm.Dataset(features, outcomes.won, weight=outcomes.weight, feature_name=names, params=parameters)
    booster = lightgbm.train(parameters, data, rounds)
    steps = [0, *(one for one in ROUNDS if one <= rounds)]
    path = np.zeros((len(steps) - 1, len(validation)))
    total = np.zeros(len(validation))
    for place, (start, end) in enumerate(pairwise(steps)):
        if len(validation):
            total += booster.predict(validation, raw_score=True, start_iteration=start, num_iteration=end - start)
        path[place] = total
    return Grown(booster.model_to_string(), path)
