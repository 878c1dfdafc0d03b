"""What competes for the score: fits on some rows, their log-odds on others. Runs in processes of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from learning.boosting import ROUNDS, grow, training_tree_features, tree_features
from learning.calibration import logit
from learning.columns import Codes, Floats
from learning.encoder import Encoder, Outcomes
from learning.linear import Fit, fit_logistic
from services.lead_scoring.dataset import Dataset

PENALTIES = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0)  # strong to weak, so that each fit starts near the next
DEFAULT_PENALTY, DEFAULT_FORWARD = 4, 2  # indices; forward in time the world moves, which asks for more
LINEAR_ROWS = 20_000  # beyond these, a linear fit takes a random part of the rows
TREE_ROWS = 60_000


@dataclass(frozen=True, slots=True)
class Task:
    """Rows to learn from with their weights, and rows to score; with `rounds` of trees, or 0 for none."""

    train: Codes
    weight: Floats  # of the rows to learn from
    test: Codes
    penalties: tuple[float, ...] = PENALTIES
    rounds: int = 0
    seed: int = 0
    shallow: bool = False  # the trees


@dataclass(frozen=True, slots=True)
class Found:
    """The test rows' log-odds: per penalty, and after each of ROUNDS."""

    linear: Floats
    trees: Floats


def base_log_odds(won: Floats, weight: Floats) -> float:
    """The rate in log-odds, kept away from 0 and 1 by half a record of each."""
    return logit((float(weight @ won) + 0.5) / (float(weight.sum()) + 1.0))


def thin(rows: Codes, most: int, seed: int) -> Codes:
    """At most so many of the rows (indices), drawn at random."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def learn(data: Dataset, task: Task) -> Found:
    """Fit on the task's rows and score its test rows."""
    steps = sum(one <= task.rounds for one in ROUNDS)
    if len(np.unique(data.won[task.train])) < 2 or not Encoder.fit(data.lesson(task.train), task.weight).columns:
        base = base_log_odds(data.won[task.train], task.weight)
        return Found(np.full((len(task.penalties), len(task.test)), base), np.full((steps, len(task.test)), base))
    linear = learn_linear(data, task)
    if not task.rounds:
        return Found(linear, np.zeros((0, len(task.test))))
    rows, outcomes = sample(data, task, TREE_ROWS)
    table = data.lesson(rows)
    encoder = Encoder.fit(table, data.weight[rows], outcomes)
    features = training_tree_features(encoder, table, encoder.transform_training(table, outcomes))
    validation, _ = tree_features(encoder, data.table.take(task.test))
    grown = grow(features, outcomes, task.seed, task.rounds, validation, shallow=task.shallow)
    return Found(linear, grown.path)


def sample(data: Dataset, task: Task, most: int) -> tuple[Codes, Outcomes]:
    """The task's rows, or a random part of them with weights that make up for it."""
    place = thin(np.arange(len(task.train)), most, task.seed)
    rows = task.train[place]
    weight = task.weight[place] * (len(task.train) / max(len(place), 1))
    return rows, Outcomes(data.won[rows], weight, data.record[rows])


def learn_linear(data: Dataset, task: Task) -> Floats:
    """Penalties × test rows."""
    rows, outcomes = sample(data, task, LINEAR_ROWS)
    table = data.lesson(rows)
    encoder = Encoder.fit(table, data.weight[rows], outcomes)
    features = encoder.transform_training(table, outcomes)
    tested = encoder.transform(data.table.take(task.test))
    found: list[Floats] = []
    fit: Fit | None = None
    for penalty in task.penalties:
        fit = fit_logistic(features, outcomes.won, outcomes.weight, penalty, fit)
        found.append(fit.intercept + tested @ fit.weights)
    return np.array(found)
