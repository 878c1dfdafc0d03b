"""Weights that undo what waiting hides: of recent rows only quick outcomes are known."""

from __future__ import annotations

import numpy as np

from learning.folds import Days, Mask
from learning.metrics import Array

LARGEST = 10.0


def known_weights(taken: Days, closed: Days, weight: Array, pool: Mask, cut: int) -> Array:
    """Weights of the pool's rows whose outcome is known by the `cut` day; 0 for all others.

    Inverse probability of censoring (Robins and Rotnitzky 1992) with the end of the data as the only censoring: an
    outcome that took L days is known only of rows taken L days before the cut or earlier, so it stands for the
    rest too: weight / share of the pool taken early enough, at most 10 times the weight.
    """
    known = pool & (closed > 0) & (closed <= cut) & (taken <= cut)
    weights = np.zeros(len(taken))
    if not known.any():
        return weights
    early = pool & (taken <= cut)
    order = np.sort(taken[early])
    cumulated = np.concatenate([[0.0], np.cumsum(weight[early][np.argsort(taken[early], kind="stable")])])
    latest = cut - (closed[known] - taken[known])
    share = cumulated[np.searchsorted(order, latest, side="right")] / cumulated[-1]
    weights[known] = weight[known] / np.maximum(share, 1 / LARGEST)
    return weights


def known_share(taken: Days, closed: Days, weight: Array, pool: Mask, cut: int) -> float:
    """The share of the pool's weight whose outcome is known by the cut."""
    total = float(weight[pool & (taken <= cut)].sum())
    known = pool & (closed > 0) & (closed <= cut) & (taken <= cut)
    return float(weight[known].sum()) / total if total > 0 else 0.0
