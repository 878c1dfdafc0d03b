"""The model that serves: fitted on all outcomes, with bags of trees and bootstrap refits, calibration folded in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learning.blend import Blend, Stack, fit_stack
from learning.boosting import grow, training_tree_features
from learning.columns import Floats
from learning.encoder import Encoder, Outcomes
from learning.linear import LinearScorer, fit_logistic, mean_contributions, one_step_refits
from learning.parallel import Workers
from learning.reasons import count_evidence
from learning.trees import Trees, merged
from services.lead_scoring.candidates import TREE_ROWS, Task, base_log_odds, sample
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.forward import Forward, Progress, known_now, last_day
from services.lead_scoring.part_model import REFITS, PartModel, constant_part
from services.lead_scoring.recency import age_weights

MAX_ROWS = 40_000  # beyond these, the linear fit takes a random part of the rows
BAGS, FEWEST_BAGS = 6, 4
MOST_TREES = 600  # of all bags: what a score and its explanation cost grows with them
DIGITS = 9  # of weights: below these lies rounding noise


def fit_final(data: Dataset, forward: Forward, seed: int, progress: Progress, run: Workers) -> PartModel:
    """The model of what validation chose."""
    progress("fitting", 0.0)
    weights = final_weights(data, forward.half_life if forward.predicts else None)
    draws = _draws(data, seed)
    if not forward.predicts:
        return constant_part("base_rate", _base_intercepts(data, weights, draws))
    task = Task(np.flatnonzero(weights > 0), weights[weights > 0], np.zeros(0, dtype=np.int64), seed=seed,
                shallow=forward.choice.shallow)  # fmt: skip
    rows, outcomes = sample(data, task, MAX_ROWS)
    table = data.lesson(rows)
    encoder = Encoder.fit(table, data.weight[rows], outcomes)
    features = encoder.transform_training(table, outcomes)
    fit = fit_logistic(features, outcomes.won, outcomes.weight, forward.penalty)
    refits = one_step_refits(
        features, outcomes.won, outcomes.weight, forward.penalty, fit, [times[rows] for times in draws],
        prior_draws(encoder.width, forward.penalty, seed),
    )  # fmt: skip
    progress("fitting", 0.3)
    stacks = [forward.choice.stack, *(_stack(data, forward, times) for times in draws)]
    every = list(zip([fit, *refits], stacks, strict=True))
    stacked = np.round(np.array([one.weights * stack.linear for one, stack in every]).T, DIGITS)
    intercepts = np.round([stack.intercept + stack.linear * one.intercept for one, stack in every], DIGITS)
    means = np.round(mean_contributions(encoder, features, stacked[:, 0], outcomes.weight), DIGITS)
    linear = LinearScorer(encoder, stacked, intercepts, means)
    known = data.labelled
    evidence = count_evidence(encoder, data.table.take(known), data.record[known], data.won[known])
    if not forward.rounds:
        return PartModel("logistic", linear, evidence)
    trees = _grow_bags(data, encoder, task, forward.rounds, seed, progress, run)
    return PartModel("blend", Blend(linear, trees, np.round([one.trees for one in stacks], DIGITS)), evidence)


def final_weights(data: Dataset, half_life: float | None) -> Floats:
    """Weights of all rows whose outcome is known, older ones less, 0 for the others."""
    last = last_day(data)
    every = np.ones(len(data.taken), dtype=np.bool_)
    return known_now(data, every, last) * age_weights(data.taken, last, half_life)


def _draws(data: Dataset, seed: int) -> list[Floats]:
    """Bootstrap multiplicities of each row, drawn by record."""
    generator = np.random.default_rng(seed)
    count = len(data.deal_ids)
    draws = (np.bincount(generator.integers(0, count, count), minlength=count) for _ in range(REFITS))
    return [times[data.record].astype(np.float64) for times in draws]


def prior_draws(width: int, penalty: float, seed: int) -> Floats:
    """What each refit is shrunk towards: weights drawn from the prior that the penalty stands for, N(0, 1 / penalty).

    Resampling alone shows how a shrunken fit varies but not how far shrinking moves it from the truth; with these
    draws the refits spread as the posterior does (randomised maximum a posteriori, Bardsley et al. 2014; that
    posterior intervals cover the truth on average over rows: Wahba 1983).
    """
    return np.random.default_rng([seed, 1]).normal(0.0, penalty**-0.5, (REFITS, width))


def _stack(data: Dataset, forward: Forward, times: Floats) -> Stack:
    """The stack that a resample of the out-of-fold rows teaches."""
    weights = forward.mature * times
    rows = np.flatnonzero(weights > 0)
    if forward.choice.shallow or forward.choice.stack == Stack() or not len(rows):
        return forward.choice.stack
    trees = None if forward.trees is None or not forward.rounds else forward.trees[rows]
    return fit_stack(forward.linear[rows], trees, data.won[rows], weights[rows])


@dataclass(frozen=True, slots=True)
class Bag:
    """A bag of trees to grow: the task's rows without the records of one part."""

    encoder: Encoder
    task: Task
    part: int
    parts: int
    rounds: int


def grow_bag(data: Dataset, bag: Bag) -> str:
    """The bag's trees as text."""
    rows, outcomes = sample(data, bag.task, TREE_ROWS)
    table = data.table.take(rows)
    features = training_tree_features(bag.encoder, table, bag.encoder.transform_training(table, outcomes))
    parts = np.random.default_rng(bag.task.seed).permutation(len(data.deal_ids)) % bag.parts
    kept = parts[outcomes.groups] != bag.part
    inside = Outcomes(outcomes.won[kept], outcomes.weight[kept], outcomes.groups[kept])
    return grow(
        features[kept], inside, bag.task.seed + bag.part, bag.rounds, features[:0], shallow=bag.task.shallow
    ).text


def _grow_bags(
    data: Dataset, encoder: Encoder, task: Task, rounds: int, seed: int, progress: Progress, run: Workers
) -> Trees:  # fmt: skip
    count = max(FEWEST_BAGS, min(BAGS, MOST_TREES // rounds))
    texts: list[str] = []
    for text in run(grow_bag, [Bag(encoder, task, number, count, rounds) for number in range(count)]):
        texts.append(text)
        progress("fitting", 0.3 + 0.7 * len(texts) / count)
    return Trees(merged(texts, rounds), count, rounds)


def _base_intercepts(data: Dataset, weights: Floats, draws: Sequence[Floats]) -> list[float]:
    """The rate's log-odds and those of bootstrap draws. Uncalibrated: where nothing predicts, how the rate moved says
    too little about how it will."""
    rates = [base_log_odds(data.won, weights), *(base_log_odds(data.won, weights * times) for times in draws)]
    return [round(one, DIGITS) for one in rates]
