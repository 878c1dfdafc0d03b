"""How wide intervals must be: the whole way of learning, tried on outcomes whose chances are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from learning.calibration import sigmoid
from learning.columns import Floats
from learning.parallel import Workers
from services.lead_scoring.candidates import Found, Task, learn, thin
from services.lead_scoring.dataset import Dataset, Ints
from services.lead_scoring.forward import Forward
from services.lead_scoring.part_model import PartModel

PARTS = 4
LARGE, PARTS_OF_LARGE = 10_000, 1  # rows from which on a part of them tells enough
JUDGED = 2_000  # rows that the model's own deviations are averaged over
LEAST = 0.3  # correlation: below, chance says more than the figure


@dataclass(frozen=True, slots=True)
class Imagined:
    """Outcomes of the rows that a task learns from, in place of theirs."""

    won: Floats
    task: Task


def imagine(data: Dataset, imagined: Imagined) -> Found:
    """Learn from imagined outcomes."""
    won = data.won.copy()
    won[imagined.task.train] = imagined.won
    return learn(replace(data, won=won), imagined.task)


def widening(data: Dataset, forward: Forward, model: PartModel, seed: int, run: Workers) -> float:
    """The factor, at least 1, that the model's deviations need to be as large as its errors are.

    Refits tell how far chance moves a score, not how far shrinking and too simple a model keep it from the truth. So
    outcomes are drawn from the out-of-fold scores and all is learned anew. If the true log-odds T are recovered as
    well as those scores were (correlation r), and the scores S are calibrated, then var(S) = r² var(T), and the mean
    squared error is var(S) (1 / r² − 1): the reliability ratio of measurement error (Fuller 1987), with r by the
    parametric bootstrap.
    """
    rows = np.flatnonzero((forward.tested > 0) & np.isfinite(forward.scores))
    weight = forward.tested[rows]
    found, tested = _relearned(data, forward, rows, weight, seed, run)
    own = thin(rows, JUDGED, seed)
    deviation = model.score(data.table.take(own)).deviation
    mean_square = float(np.average(np.square(deviation), weights=forward.tested[own]))
    if not len(tested) or mean_square <= 0:
        return 1.0
    spread, r = recovered(forward.scores[tested], found, forward.tested[tested])
    error = spread * (1 / max(r, LEAST) ** 2 - 1)
    return max(1.0, round(float(np.sqrt(error / mean_square)), 6))


def _relearned(
    data: Dataset, forward: Forward, rows: Ints, weight: Floats, seed: int, run: Workers
) -> tuple[Floats, Ints]:  # fmt: skip
    """What is learned of drawn outcomes says of rows it was not learned from, and which rows those are."""
    generator = np.random.default_rng([seed, 2])
    count = len(data.deal_ids)
    drawn, part = generator.random(count), generator.permutation(count) % PARTS
    won = data.won.copy()
    won[rows] = drawn[data.record[rows]] < sigmoid(forward.scores[rows])
    parts = range(PARTS if len(rows) < LARGE else PARTS_OF_LARGE)
    inside = [part[data.record[rows]] == number for number in parts]
    tasks = [
        Imagined(won[rows[~one]], Task(rows[~one], weight[~one], rows[one], (forward.penalty,), forward.rounds, seed,
                                      forward.choice.shallow))
        for one in inside if one.any() and not one.all()
    ]  # fmt: skip
    found = [np.zeros(0)]
    for answer in run(imagine, tasks):
        trees = answer.trees[forward.choice.rounds or 0] if forward.rounds else None
        found.append(forward.choice.stack.apply(answer.linear[0], trees))
    return np.concatenate(found), np.concatenate([rows[:0], *(task.task.test for task in tasks)])


def recovered(truth: Floats, found: Floats, weight: Floats) -> tuple[float, float]:
    """The variance of the truth, and its correlation with what was found of it."""
    away, off = truth - np.average(truth, weights=weight), found - np.average(found, weights=weight)
    variance, other = (float(np.average(np.square(one), weights=weight)) for one in (away, off))
    both = float(np.average(away * off, weights=weight))
    return variance, both / np.sqrt(variance * other) if variance > 0 and other > 0 else 1.0
