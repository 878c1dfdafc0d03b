"""How much older records count: weights that halve with age, where validation forward in time says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from learning.censoring import known_weights
from learning.columns import Codes, Floats
from learning.folds import Fold
from learning.parallel import Workers
from services.lead_scoring.candidates import DEFAULT_FORWARD, PENALTIES, Task, learn
from services.lead_scoring.dataset import Dataset

PARTS = (2.0, 5.0, 12.0)  # half-lives tried beside none: the data's span over these
SURE = 2.0
FEW = 200  # labelled records from which on it is worth asking

Weigh = Callable[[Dataset, Fold, float | None], Floats]


def age_weights(taken: Codes, now: int, half_life: float | None) -> Floats:
    """1 for rows of today, a half for those a half-life old; 1 for all without one."""
    if half_life is None:
        return np.ones(len(taken))
    return np.asarray(np.exp2(-np.maximum(now - taken, 0) / half_life))


def choose_half_life(data: Dataset, folds: Sequence[Fold], seed: int, run: Workers, weigh: Weigh) -> float | None:
    """The half-life (in the data's days) under which linear fits scored later records best.

    None (all count alike) unless one is better by more than two standard errors over records.
    """
    span = float(data.taken.max() - data.taken.min()) if len(data.taken) else 0.0
    if sum(data.outcomes) < FEW or span <= 0 or not folds:
        return None
    lives: list[float | None] = [None, *(span / part for part in PARTS)]
    tasks = []
    for life in lives:
        for fold in folds:
            weights = weigh(data, fold, life)
            train = np.flatnonzero(weights > 1e-3 * weights.max())
            test = np.flatnonzero(fold.test & data.labelled)
            tasks.append(Task(train, weights[train], test, (PENALTIES[DEFAULT_FORWARD],), 0, seed))
    found = [one.linear[0] for one in run(learn, tasks)]
    total = np.zeros((len(lives), len(data.deal_ids)))
    pool = np.any([fold.test for fold in folds], axis=0)
    judged = known_weights(data.taken, data.closed, data.weight, pool, int(max(data.taken.max(), data.closed.max())))
    for place, (task, log_odds) in enumerate(zip(tasks, found, strict=True)):
        won, weight = data.won[task.test], judged[task.test]
        loss = np.logaddexp(0.0, log_odds) - won * log_odds
        total[place // len(folds)] += np.bincount(data.record[task.test], weight * loss, len(data.deal_ids))
    gains = total[0] - total[1:]
    sums = gains.sum(axis=1)
    best = int(np.argmax(sums))
    seen = gains[best][np.any(total > 0, axis=0)]
    error = float(seen.std() * np.sqrt(len(seen)))
    return lives[best + 1] if sums[best] > SURE * error else None
