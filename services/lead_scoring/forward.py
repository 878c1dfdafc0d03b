"""Validation: out-of-fold scores, forward in time where there is an order, what they choose, whether they predict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from learning.blend import Stack, fit_stack
from learning.boosting import ROUNDS
from learning.calibration import Calibrator, fit_calibrator
from learning.censoring import known_share, known_weights
from learning.columns import Codes, Floats
from learning.folds import Fold, forward_folds, random_folds
from learning.parallel import Workers
from services.lead_scoring.candidates import (
    DEFAULT_FORWARD,
    DEFAULT_PENALTY,
    PENALTIES,
    Found,
    Task,
    base_log_odds,
    learn,
)
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.recency import age_weights, choose_half_life
from services.lead_scoring.verdict import losses, paired, predicts

FEW_RECORDS = 30.0
MATURE = 0.8  # a fold teaches the calibration once this share of its outcomes is known
TREES_FROM, TREES_EACH = 200, 40  # records, and of each outcome, from which on trees compete
# With fewer, from so many of each outcome on, shallow trees take half: nothing tells how much they know.
# The slope of both together is pulled towards 1 as by so many records.
FEWEST_EACH, FEW_ROUNDS, EVEN_RECORDS = 10, ROUNDS[3], 16.0
SMALL, REPEATS = 600, 3  # with fewer records, folds are drawn several times

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """A penalty, a number of rounds (none: no trees) of deep or `shallow` trees, and how both are stacked."""

    penalty: int = DEFAULT_PENALTY
    rounds: int | None = None
    stack: Stack = field(default_factory=Stack)
    shallow: bool = False


@dataclass(frozen=True, slots=True)
class Forward:
    """What was learned out of fold.

    linear, trees: log-odds under the chosen penalty and rounds, nan where a row was in no fold's test; `base` those of
    the rate alone. `scores`, `base_scores` and `alone` (each candidate by itself, calibrated) are fitted on what was
    known at each fold's cut; the half-life and the columns left out by the guard are chosen on all folds together.
    """

    linear: Floats
    trees: Floats | None
    base: Floats
    scores: Floats
    base_scores: Floats
    alone: dict[str, Floats]
    choice: Choice
    half_life: float | None
    mature: Floats  # weights of the rows that the calibration has learned from
    tested: Floats  # weights of the rows that the scores are judged on
    predicts: bool

    @property
    def penalty(self) -> float:
        return PENALTIES[self.choice.penalty]

    @property
    def rounds(self) -> int:
        """Rounds of trees; 0 for none."""
        used = self.choice.rounds is not None and self.choice.stack.trees > 0
        return ROUNDS[self.choice.rounds or 0] if used else 0


def known_now(data: Dataset, pool: np.ndarray, cut: int | None) -> Floats:
    """Weights of the pool's rows whose outcome is known by the cut (None: at all); 0 for all others."""
    if not data.ordered or cut is None:
        return np.where(pool & data.labelled, data.weight, 0.0)
    return known_weights(data.taken, data.closed, data.weight, pool, cut)


def last_day(data: Dataset) -> int:
    """The last day that the data know of."""
    return int(max(data.taken.max(), data.closed.max()))


def fold_weights(data: Dataset, fold: Fold, half_life: float | None) -> Floats:
    """Weights of the rows a fold's model learns from, older ones less."""
    weights = np.where(fold.train, known_now(data, np.ones(len(data.taken), dtype=np.bool_), fold.cut), 0.0)
    return weights * age_weights(data.taken, fold.cut, half_life)


def has_few(data: Dataset) -> bool:
    """Whether records are too few to choose by, and enough for shallow trees."""
    return sum(data.outcomes) < TREES_FROM and min(data.outcomes) >= FEWEST_EACH


def tree_rounds(data: Dataset) -> int:
    """How many rounds of trees compete; 0 where records are too few for any."""
    enough = sum(data.outcomes) >= TREES_FROM and min(data.outcomes) >= TREES_EACH
    return FEW_ROUNDS if has_few(data) else ROUNDS[-1] if enough else 0


@dataclass(slots=True)
class _Paths:
    """Out-of-fold log-odds of every candidate: penalties × rows, rounds × rows, and the rate's: plain, and `aged` as
    the candidates' rows are."""

    linear: Floats
    trees: Floats
    base: Floats
    aged: Floats

    @classmethod
    def empty(cls, rows: int, rounds: int) -> _Paths:
        steps = sum(one <= rounds for one in ROUNDS)
        return cls(*(np.full(shape, np.nan) for shape in ((len(PENALTIES), rows), (steps, rows), (rows,), (rows,))))

    def fill(self, fold: Fold, found: Found, base: float, aged: float) -> None:
        self.linear[:, fold.test], self.trees[:, fold.test] = found.linear, found.trees
        self.base[fold.test], self.aged[fold.test] = base, aged

    def chosen(self, choice: Choice) -> tuple[Floats, Floats | None]:
        return self.linear[choice.penalty], None if choice.rounds is None else self.trees[choice.rounds]


def validate(
    data: Dataset, seed: int, progress: Progress, run: Workers, folds: Sequence[Fold] | None = None
) -> Forward:
    """Run the folds (those given, forward in time, else `folds_of`) and choose."""
    tell = partial(progress, "validating forward in time" if data.ordered else "validating out of fold")
    if data.ordered:
        return _validate_forward(data, folds_of(data, seed) if folds is None else folds, seed, tell, run)
    return _validate_at_random(data, seed, tell, run)


def _paths(
    data: Dataset, folds: Sequence[Fold], half_life: float | None, seed: int, tell: Callable[[float], None],
    run: Workers,
) -> _Paths:  # fmt: skip
    rounds, shallow = tree_rounds(data), has_few(data)
    paths = _Paths.empty(len(data.taken), rounds)
    tasks, bases = [], []
    for fold in folds:
        weights = fold_weights(data, fold, half_life)
        train = np.flatnonzero(weights > 0)
        tasks.append(Task(train, weights[train], np.flatnonzero(fold.test), PENALTIES, rounds, seed, shallow))
        bases.append((base_log_odds(data.won, fold_weights(data, fold, None)), base_log_odds(data.won, weights)))
    for number, found in enumerate(run(learn, tasks)):
        paths.fill(folds[number], found, *bases[number])
        tell((number + 1) / len(folds))
    return paths


def _validate_forward(
    data: Dataset, folds: Sequence[Fold], seed: int, tell: Callable[[float], None], run: Workers
) -> Forward:
    """Every choice for a fold (penalty, rounds, stack) is made from earlier folds' outcomes alone; the half-life of
    all is the one that did best over all folds."""
    half_life = choose_half_life(data, folds, seed, run, fold_weights)
    tell(0.3)
    paths = _paths(data, folds, half_life, seed, lambda share: tell(0.3 + 0.7 * share), run)
    scored = _Scored(data, paths)
    for number, fold in enumerate(folds):
        scored.fold(fold, mature_weights(data, folds[:number], fold.cut) * age_weights(data.taken, fold.cut, half_life))
    last = last_day(data)
    mature = mature_weights(data, folds, last) * age_weights(data.taken, last, half_life)
    tested = known_weights(data.taken, data.closed, data.weight, ~np.isnan(paths.base), last)
    return scored.finished(mature, tested, half_life)


def _validate_at_random(data: Dataset, seed: int, tell: Callable[[float], None], run: Workers) -> Forward:
    """Penalty and rounds are those of all folds; the stack of a fold is learned from the others."""
    repeats = REPEATS if len(np.unique(data.record[data.labelled])) < SMALL else 1
    every: list[_Paths] = []
    drawn = [folds_of(data, seed + one) for one in range(repeats)]
    for folds in drawn:
        every.append(_paths(data, folds, None, seed, lambda share: tell((len(every) + share) / repeats), run))
    names = ("linear", "trees", "base", "aged")
    mean = _Paths(*(np.mean([getattr(one, name) for one in every], axis=0) for name in names))
    scored = _Scored(data, mean)
    known = known_now(data, ~np.isnan(mean.base), None)
    for fold in drawn[0]:
        scored.fold(fold, np.where(fold.test, 0.0, known))
    return scored.finished(known, known, None)


def folds_of(data: Dataset, seed: int) -> list[Fold]:
    """The folds that scores are made in: forward in time, or at random by record where nothing orders the rows."""
    if data.ordered:
        return forward_folds(data.taken, data.closed, data.record.tolist())
    records = len(np.unique(data.record[data.labelled]))
    count = 10 if records < 3_000 else 8 if records < 15_000 else 5
    return random_folds(data.record, data.labelled, count, seed)


class _Scored:
    """Gathers the honest scores fold by fold."""

    def __init__(self, data: Dataset, paths: _Paths) -> None:
        self._data, self._paths = data, paths
        rows = len(data.taken)
        self._names = ("linear", "trees") if len(paths.trees) else ("linear",)
        self._scores, self._base, self._aged = (np.full(rows, np.nan) for _ in range(3))
        self._alone = {name: np.full(rows, np.nan) for name in self._names}

    def fold(self, fold: Fold, weights: Floats) -> None:
        """Score a fold's test rows with what the weighted rows teach."""
        data, test = self._data, fold.test
        choice = choose(data, self._paths, weights)
        linear, trees = self._paths.chosen(choice)
        self._scores[test] = choice.stack.apply(linear, trees)[test]
        for into, rate in ((self._base, self._paths.base), (self._aged, self._paths.aged)):
            into[test] = calibrate(data, rate, weights).apply(rate[test])
        for name, found in zip(self._names, (linear, trees), strict=False):
            found = self._paths.trees[len(self._paths.trees) // 2] if found is None else found
            self._alone[name][test] = calibrate(data, found, weights).apply(found[test])

    def finished(self, mature: Floats, tested: Floats, half_life: float | None) -> Forward:
        """The final choice beside the scores."""
        data, paths = self._data, self._paths
        choice = choose(data, paths, mature)
        linear, trees = paths.chosen(choice)
        return Forward(
            linear, trees, paths.base, self._scores, self._base, self._alone, choice,
            half_life, mature, tested,
            predicts(data, choice.stack, self._scores, (self._base, self._aged), tested),
        )  # fmt: skip


def mature_weights(data: Dataset, folds: Sequence[Fold], cut: int) -> Floats:
    """Weights of the test rows of folds most of whose outcomes are known by the cut; 0 elsewhere."""
    pool = np.zeros(len(data.taken), dtype=np.bool_)
    for fold in folds:
        if known_share(data.taken, data.closed, data.weight, fold.test, cut) >= MATURE:
            pool |= fold.test
    return known_weights(data.taken, data.closed, data.weight, pool, cut)


def calibrate(data: Dataset, log_odds: Floats, weights: Floats, strength: float = 4.0) -> Calibrator:
    """A calibrator of weighted rows; one that changes nothing where they are few."""
    if weights.sum() < FEW_RECORDS:
        return Calibrator()
    rows = weights > 0
    return fit_calibrator(log_odds[rows], data.won[rows], weights[rows], strength)


def choose(data: Dataset, paths: _Paths, weights: Floats) -> Choice:
    """Penalty and rounds with the least log loss on weighted rows, each after its own calibration, and the stack."""
    default = DEFAULT_FORWARD if data.ordered else DEFAULT_PENALTY
    if has_few(data):
        stack = even_stack(data, paths.linear[default], paths.trees[-1], weights)
        return Choice(default, len(paths.trees) - 1, stack, shallow=True)
    if weights.sum() < FEW_RECORDS:
        return Choice(default)
    rows = np.flatnonzero(weights > 0)
    penalty = _best(data, paths.linear, rows, weights, default)
    rounds = _best(data, paths.trees, rows, weights) if len(paths.trees) else None
    trees = None if rounds is None else paths.trees[rounds, rows]
    return Choice(penalty, rounds, fit_stack(paths.linear[penalty, rows], trees, data.won[rows], weights[rows]))


def even_stack(data: Dataset, linear: Floats, trees: Floats, weights: Floats) -> Stack:
    """Half of each, and how far both together are to be trusted."""
    joined = calibrate(data, (linear + trees) / 2, weights, EVEN_RECORDS)
    return Stack(joined.intercept, joined.slope / 2, joined.slope / 2)


def _best(data: Dataset, candidates: Floats, rows: Codes, weights: Floats, default: int | None = None) -> int:
    """The candidate with the least loss; the default unless that is better by more than a standard error."""
    won, weight = data.won[rows], weights[rows]
    found = [losses(won, fit_calibrator(one, won, weight).apply(one)) for one in candidates[:, rows]]
    best = int(np.argmin([float(weight @ one) for one in found]))
    if default is None or best == default:
        return best
    gain, error = paired(data.record[rows], weight * (found[default] - found[best]))
    return best if gain > error else default
