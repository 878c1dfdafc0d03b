"""Boosted trees: what they read of an encoded table, and how they are grown (LightGBM)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from learning.columns import Codes, Floats, Table, as_numbers
from learning.encoder import ChoiceColumn, Encoder, NumberColumn, Outcomes

# How many rounds a model may have; validation chooses.
ROUNDS = (15, 30, 50, 75, 105, 145, 200, 270)
PARAMETERS = {
    "objective": "binary", "num_leaves": 12, "max_depth": 5, "learning_rate": 0.05, "feature_fraction": 0.5,
    "lambda_l2": 5.0, "min_data_in_leaf": 20, "min_sum_hessian_in_leaf": 2.0, "max_bin": 127, "verbose": -1,
    "num_threads": 1, "deterministic": True, "force_row_wise": True, "feature_pre_filter": False,
}  # fmt: skip


def tree_features(encoder: Encoder, table: Table) -> tuple[Floats, Codes]:
    """Rows × features, nan where missing, and each feature's column.

    Numbers as they are; choices as the rank of their level by frequency, with the statistic where there is one;
    texts as their coordinates.
    """
    features: list[Floats] = []
    origin: list[int] = []
    for index, column in enumerate(encoder.columns):
        source = table.columns.get(column.name)
        if isinstance(column, NumberColumn):
            found = [as_numbers(source, table.rows)]
        elif isinstance(column, ChoiceColumn):
            found = _choice_features(column, column.bins(source, table.rows))
        else:
            found = list(column.features(source, table.rows)[:, :-1].T)
        features += found
        origin += [index] * len(found)
    out = np.empty((table.rows, len(features)))
    for place, one in enumerate(features):
        out[:, place] = one
    return out, np.array(origin, dtype=np.int64)


def _choice_features(column: ChoiceColumn, bins: Codes) -> list[Floats]:
    ranks = np.minimum(np.arange(column.places), column.shown).astype(np.float64)
    ranks[-1] = np.nan
    found = [ranks[bins]]
    if column.statistics:
        found.append(np.array(column.statistics)[bins])
    return found


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


def grow(features: Floats, outcomes: Outcomes, seed: int, rounds: int, validation: Floats) -> Grown:
    """Grow `rounds` trees on rows whose weight is above 0. Both outcomes must occur."""
    import lightgbm

    parameters = PARAMETERS | {"seed": seed}
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
