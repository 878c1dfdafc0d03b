"""Learning kind by kind, and within a kind all pipelines together with what some of them teach alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

import numpy as np

from learning.calibration import sigmoid
from learning.columns import Floats
from learning.folds import Fold
from learning.minimums import MIN_OUTCOMES
from learning.parallel import Workers
from learning.records import DealKind
from services.lead_scoring.at_risk import counts as at_risk_counts
from services.lead_scoring.at_risk import one_sided
from services.lead_scoring.dataset import Dataset, Ints
from services.lead_scoring.final import fit_final
from services.lead_scoring.forward import Forward, Progress, folds_of, mature_weights, validate
from services.lead_scoring.model import ANY
from services.lead_scoring.part_model import PartModel, prior_part
from services.lead_scoring.pooled import Own, Pooled
from services.lead_scoring.width import widening

# A pipeline learns apart from so many records with an outcome on, so many of each; at most so many of a kind do.
OWN_FROM, OWN_EACH, MOST_OWN = 100, 20, 8
TOGETHER = 20.0  # records that speak for what all pipelines teach together
LEAST_SHARE = 0.05  # of a score; less is not worth its cost
TOGETHER_PART = 0.6  # of a kind's progress

Team = Callable[[Dataset], AbstractContextManager[Workers]]


@dataclass(frozen=True, slots=True)
class Learned:
    """A kind's rows (indices into the whole), what was validated on them, and the model.

    forward: None where outcomes are too few for more than a prior. Its scores are of the model as it serves.
    """

    kind: str
    rows: Ints
    data: Dataset
    forward: Forward | None
    model: Pooled


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model with the scores, out of fold, that it stands on."""

    forward: Forward
    model: PartModel

    @property
    def scores(self) -> Floats:
        """Log-odds by the final choice of stack, out of fold."""
        forward = self.forward
        if not forward.predicts:
            return forward.base_scores
        return forward.choice.stack.apply(forward.linear, forward.trees if forward.rounds else None)

    @property
    def honest(self) -> Floats:
        """Log-odds by what was known at each fold's cut."""
        return self.forward.scores if self.forward.predicts else self.forward.base_scores


@dataclass(frozen=True, slots=True)
class Study:
    """How a part is learned: with which seed, on which folds (None: its own), telling whom."""

    seed: int
    folds: Sequence[Fold] | None = None
    progress: Progress = field(default=lambda *_: None)

    def of(self, rows: Ints, start: float, end: float) -> Study:
        """The same for some rows, as a part of the progress."""
        told = self.progress
        return replace(
            self, folds=None if self.folds is None else taken(self.folds, rows),
            progress=lambda stage, share: told(stage, start + (end - start) * min(max(share, 0.0), 1.0)),
        )  # fmt: skip


def kinds_of(data: Dataset) -> list[tuple[str, Ints]]:
    """The kinds there are rows of, most outcomes first, each with its rows."""
    every = np.arange(len(data.taken))
    if data.kinds is None:
        return [(ANY, every)]
    found = [(kind, every[data.kinds.codes == code]) for code, kind in enumerate(data.kinds.dictionary)]
    counts = {kind: len(np.unique(data.record[rows[data.labelled[rows]]])) for kind, rows in found}
    return sorted(((kind, rows) for kind, rows in found if len(rows)), key=lambda one: -counts[one[0]])


def shared_folds(data: Dataset, seed: int) -> Sequence[Fold] | None:
    """The same days cut all kinds and pipelines, so that all is judged on the same rows; None for folds at random."""
    return folds_of(data, seed) if data.ordered else None


def taken(folds: Sequence[Fold], rows: Ints) -> list[Fold]:
    """The folds of some rows; those that have nothing to learn from or to test are left out."""
    found = [Fold(fold.cut, fold.train[rows], fold.test[rows]) for fold in folds]
    return [fold for fold in found if fold.train.any() and fold.test.any()]


def learn(data: Dataset, study: Study, run: Workers, team: Team) -> list[Learned]:
    """Learn every kind, the one with most outcomes first. `run` works on the data, `team` gives workers on others."""
    found: list[Learned] = []
    kinds, done = kinds_of(data), 0
    for kind, rows in kinds:
        if len(kinds) == 1:
            return [learn_kind(kind, rows, data, study, run, team)]
        ends = done / len(data.taken), (done + len(rows)) / len(data.taken)
        members = data.take(rows)
        with team(members) as workers:
            found.append(learn_kind(kind, rows, members, study.of(rows, *ends), workers, team))
        done += len(rows)
    return found


def learn_kind(kind: str, rows: Ints, data: Dataset, study: Study, run: Workers, team: Team) -> Learned:
    """Learn one kind; `data` are its rows alone. `team` gives workers on other data."""
    won, lost = data.outcomes
    biased = one_sided(data)
    if biased or won + lost < MIN_OUTCOMES or not won or not lost:
        known = at_risk_counts(data) if biased else (won, lost)
        return Learned(kind, rows, data, None, Pooled(prior_part(*known)))
    apart = own_pipelines(data)
    every = np.arange(len(data.taken))
    together = fit(data, study.of(every, 0.0, TOGETHER_PART if apart else 1.0), run)
    honest, own, predicts = together.honest, dict[str, Own](), together.forward.predicts
    for number, (name, inside) in enumerate(apart):
        ends = [TOGETHER_PART + (1 - TOGETHER_PART) * one / len(apart) for one in (number, number + 1)]
        members = data.take(inside)
        with team(members) as workers:
            alone = fit(members, study.of(inside, *ends), workers)
        share = share_of(data, inside, together, alone)
        if share >= LEAST_SHARE:
            own[name] = Own(round(share, 6), alone.model)
            predicts |= alone.forward.predicts
            honest = mixed(data, study.folds or (), inside, honest, alone)
    forward = replace(together.forward, scores=honest, predicts=predicts) if own else together.forward
    return Learned(kind, rows, data, forward, Pooled(together.model, own))


def fit(data: Dataset, study: Study, run: Workers) -> Fitted:
    """Validate, fit and find out how wide intervals must be."""
    every = np.arange(len(data.taken))
    steps = [study.of(every, *ends).progress for ends in ((0.0, 0.65), (0.65, 1.0))]
    forward = validate(data, study.seed, steps[0], run, study.folds)
    model = fit_final(data, forward, study.seed, steps[1], run)
    if forward.predicts:
        model = replace(model, widening=widening(data, forward, model, study.seed, run))
    return Fitted(forward, model)


def own_pipelines(data: Dataset) -> list[tuple[str, Ints]]:
    """The pipelines with outcomes enough to learn from alone, most first, each with its rows; none where there is one
    pipeline only."""
    if data.pipelines is None or not data.ordered:
        return []
    codes = data.pipelines.codes
    if len(np.unique(codes)) < 2:
        return []
    known, found = data.labelled, []
    for code in np.unique(codes[codes >= 0]).tolist():
        inside = codes == code
        won = len(np.unique(data.record[inside & known & (data.won > 0)]))
        lost = len(np.unique(data.record[inside & known & (data.won == 0)]))
        if won + lost >= OWN_FROM and min(won, lost) >= OWN_EACH:
            found.append((-won - lost, data.pipelines.dictionary[code], np.flatnonzero(inside)))
    found.sort(key=lambda one: one[:2])
    return [(name, rows) for _, name, rows in found[:MOST_OWN]]


def share_of(data: Dataset, inside: Ints, together: Fitted, alone: Fitted) -> float:
    """The share that the pipeline's own model has earned, on rows that neither has learned from."""
    return best_share(together.scores[inside], alone.scores, data.won[inside], together.forward.mature[inside])


def mixed(data: Dataset, folds: Sequence[Fold], inside: Ints, honest: Floats, alone: Fitted) -> Floats:
    """The scores of both, each fold's with the share that was known at its cut."""
    found, own = honest.copy(), alone.honest
    for number, fold in enumerate(folds):
        weights = mature_weights(data, folds[:number], fold.cut)[inside]
        share = best_share(honest[inside], own, data.won[inside], weights)
        rows = fold.test[inside] & np.isfinite(own) & np.isfinite(honest[inside])
        place = inside[rows]
        found[place] += share * (own[rows] - honest[place])
    return found


def best_share(together: Floats, alone: Floats, won: Floats, weight: Floats) -> float:
    """Between 0 and 1, the share with the least log loss, pulled towards 0 as by TOGETHER records.

    The loss is convex in the share, so that its slope is halved in on. Log-odds that are nan do not count.
    """
    rows = np.flatnonzero((weight > 0) & np.isfinite(together) & np.isfinite(alone))
    start, step, won, weight = together[rows], alone[rows] - together[rows], won[rows], weight[rows]

    def slope(share: float) -> float:
        return float(weight @ ((sigmoid(start + share * step) - won) * step)) + TOGETHER / 4 * share

    low, high = 0.0, 1.0
    if slope(high) <= 0:
        return 1.0 if len(rows) else 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return low


def joined(data: Dataset, parts: Sequence[Learned]) -> Forward | None:
    """What all kinds were validated on as one; choices are those of the kind with most outcomes. None without any."""
    known = [one for one in parts if one.forward is not None]
    if len(parts) == 1 or not known:
        return known[0].forward if known else None
    trees = any(one.forward.trees is not None for one in known if one.forward)
    names = dict.fromkeys(name for one in known if one.forward for name in one.forward.alone)
    nothing = np.full(len(data.taken), np.nan)
    found = {name: nothing.copy() for name in ("linear", "trees", "base", "scores", "base_scores")}
    found |= {name: np.zeros(len(nothing)) for name in ("mature", "tested")}
    alone = {name: nothing.copy() for name in names}
    for one in known:
        forward = one.forward
        assert forward is not None
        of = {name: getattr(forward, name) for name in found}
        of["scores"] = forward.scores if forward.predicts else forward.base_scores
        for name, values in of.items():
            if values is not None:
                found[name][one.rows] = values
        for name, values in forward.alone.items():
            alone[name][one.rows] = values
    main = known[0].forward
    assert main is not None
    return replace(
        main, linear=found["linear"], trees=found["trees"] if trees else None, base=found["base"],
        scores=found["scores"], base_scores=found["base_scores"], alone=alone, mature=found["mature"],
        tested=found["tested"], predicts=any(one.forward.predicts for one in known if one.forward),
    )  # fmt: skip


def served(parts: Sequence[Learned]) -> dict[str, Pooled]:
    """The parts as the model holds them: of a kind that there were no rows of, a prior."""
    found = {one.kind: one.model for one in parts}
    return found if ANY in found else found | {kind: Pooled(prior_part()) for kind in DealKind if kind not in found}
