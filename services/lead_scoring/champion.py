"""A new model beside the one that serves, on the same rows, which neither has learned from.

The rows are snapshots whose answer came after the champion's data end. The challenger is fitted and stacked anew for
each stretch of them with what was known before it. Its settings (penalty, rounds, half-life, whether anything predicts
and which columns the leak guard leaves out) are those that its validation chose on all rows, also on those it is judged
on. Pipelines' own parts are left out of both. Where such records are too few, both are compared on the challenger's own
time-forward rows: on those of deals that the champion did not have, though they had ended by then, or where these are
too few, too, on all. Of those the champion has learned a part: that flatters it, and the part is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from kit.errors import Poisoned
from learning.baselines import BASE_RATE
from learning.blend import Stack, fit_stack
from learning.calibration import sigmoid
from learning.columns import Floats
from learning.curves import SLACK, Judged, chance_ece, gap
from learning.drift import Drift, rate_moved
from learning.folds import Fold, Mask
from learning.metrics import METRICS, bootstrap
from learning.parallel import Workers
from learning.records import DealKind
from services.lead_scoring.candidates import Task, base_log_odds, learn
from services.lead_scoring.card import PLAIN, compare, difference, plain_of
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.forward import FEW_RECORDS, Forward, even_stack, fold_weights, folds_of, mature_weights
from services.lead_scoring.learned_from import kept, knew, unlearned
from services.lead_scoring.model import ScoreModel, load
from services.lead_scoring.parts import Study
from services.lead_scoring.pooled import Pooled
from services.lead_scoring.recency import age_weights

CHALLENGER, CHAMPION = "challenger", "champion"
UNSEEN, BROUGHT_IN, PARTLY_SEEN, NONE = "unseen", "brought_in", "partly_seen", "none"
LEAST, LEAST_EACH = 40, 5  # records to compare on, and of each outcome
STRETCHES, STRETCH = 3, 40  # at most so many stretches, of so many records at least
JUDGED = ("auc", "log_loss", "ece")
DIGITS = 6
MOST_MOVED = 10
RESAMPLES = 400  # of differences: a decision hangs on their intervals
LEVEL = 0.99  # a false alarm would loosen the rule of promotion


@dataclass(frozen=True, slots=True)
class Champion:
    """What serves. `model` is None where its artifact cannot be read, `learned` where it does not keep the deals that
    it learned from."""

    version: str
    model: ScoreModel | None
    learned: frozenset[str] | None = None

    @classmethod
    def of(cls, folder: Path, version: str) -> Champion:
        """Read from its artifact."""
        try:
            return cls(version, load(folder), kept(folder))
        except Poisoned:
            return cls(version, None)

    @property
    def last_day(self) -> date | None:
        """The last day that its data knew of."""
        told = self.model.evaluation.get("last_day") if self.model else None
        return date.fromisoformat(told) if told else None


@dataclass(frozen=True, slots=True)
class Told:
    """Rows (a mask), and by model the probabilities of all rows; nan outside."""

    rows: Mask
    by: Mapping[str, Floats]
    weight: Floats


def beside(data: Dataset, forward: Forward, champion: Champion, study: Study, run: Workers) -> dict[str, Any]:
    """The comparison as evaluation.json keeps it. study: what `forward` was validated in.

    basis: `unseen`, `brought_in` (deals that the champion did not have, by time-forward scores of the challenger),
    `partly_seen` (`seen`: the share of the weight whose outcomes the champion has learned; `unlearned`: the rows of
    those that it has not, by themselves) or `none` with `why`. knew: see `learned_from.knew`. difference: challenger −
    champion by metric, paired, with intervals over records.
    """
    day = champion.last_day
    facts: dict[str, Any] = {"version": champion.version, "last_day": day.isoformat() if day else None}
    if champion.model is None:
        return facts | {"basis": NONE, "why": "unreadable"}
    if has_leads(data) and champion.model.horizon_days != data.horizon_days:
        return facts | {"basis": NONE, "why": "other_horizon"}
    late = data.labelled & (data.closed > day.toordinal()) if day else np.zeros(len(data.taken), np.bool_)
    unseen = unlearned(data, champion.learned, late)
    found = knew(data, unseen, late, champion.model.evaluation if champion.learned is None else None)
    facts |= {"knew": found, "fresh_records": _records(data, unseen)}
    if enough(data, late):
        return facts | _fresh(data, forward, champion.model, late, study, run)
    known = forward.tested > 0
    if not enough(data, known):
        return facts | {"basis": NONE, "why": "few_outcomes"}
    by = {
        CHALLENGER: sigmoid(forward.scores if forward.predicts else forward.base_scores),
        CHAMPION: _probability(champion.model, data, known),
        BASE_RATE: sigmoid(forward.base_scores),
    }
    new = known & unseen
    if enough(data, new):
        return facts | {"basis": BROUGHT_IN, "seen": 0.0} | _judged(data, Told(new, by, forward.tested), study.seed)
    told = Told(known, by, forward.tested)
    kept_share = found["learned"] / max(1, _records(data, data.labelled & ~unseen))  # below 1: it is not known which
    seen = kept_share * (1.0 - float(told.weight[new].sum() / told.weight[known].sum()))
    facts |= {"basis": PARTLY_SEEN, "seen": round(seen, DIGITS)}
    if enough(data, new, 2 * LEAST_EACH):
        facts["unlearned"] = _losses(data, Told(new, by, forward.tested), study.seed)
    return facts | _judged(data, told, study.seed)


def enough(data: Dataset, rows: Mask, least: int = LEAST) -> bool:
    """Whether the rows are of enough records, and of enough with each outcome."""
    won, lost = (_records(data, rows & (data.won == one)) for one in (1.0, 0.0))
    return won + lost >= least and min(won, lost) >= LEAST_EACH


def has_leads(data: Dataset) -> bool:
    """Whether there are rows of leads."""
    return data.kinds is not None and any(
        data.kinds.dictionary[code] == DealKind.LEAD for code in set(data.kinds.codes)
    )


def _records(data: Dataset, rows: Mask) -> int:
    return len(np.unique(data.record[rows]))


def _fresh(
    data: Dataset, forward: Forward, champion: ScoreModel, fresh: Mask, study: Study, run: Workers
) -> dict[str, Any]:
    seed, known = study.seed, folds_of(data, study.seed) if study.folds is None else study.folds
    by = {CHALLENGER: np.full(len(data.taken), np.nan)}
    by |= {name: by[CHALLENGER].copy() for name in (*PLAIN, BASE_RATE)}
    by[CHAMPION] = _probability(_together(champion), data, fresh)
    folds = _stretches(data, fresh)
    for fold in folds:
        rate = float(sigmoid(np.array(base_log_odds(data.won, fold_weights(data, fold, None)))))
        for name in (CHALLENGER, *PLAIN, BASE_RATE):
            by[name][fold.test] = rate
    if forward.predicts:
        for fold, one in zip(folds, run(learn, [_task(data, forward, fold, seed) for fold in folds]), strict=True):
            trees = one.trees[-1] if len(one.trees) else None
            by[CHALLENGER][fold.test] = sigmoid(_stack(data, forward, known, fold.cut).apply(one.linear[0], trees))
    for fold, plain in zip(folds, run(compare, [plain_of(data, fold, seed) for fold in folds]), strict=True):
        for name, values in plain.items():
            by[name][fold.test] = values
    facts = {"basis": UNSEEN, "seen": 0.0}
    served = _probability(champion, data, fresh)
    return facts | _judged(data, Told(fresh, by, data.weight), seed) | {"drift": _drift(data, fresh, served, seed)}


def _together(model: ScoreModel) -> ScoreModel:
    """The model without what pipelines teach alone, as the challenger's refits are."""
    return replace(model, parts={kind: Pooled(part.together) for kind, part in model.parts.items()})


def _stretches(data: Dataset, fresh: Mask) -> list[Fold]:
    """The fresh rows by the day their answer came, in stretches of about as many records; each is a fold's test.

    A lead's rows each have an answer of their own, so that a record may end in several stretches; its first counts.
    """
    every = data.closed[fresh]
    _, groups = np.unique(data.record[fresh], return_inverse=True)
    days = np.full(int(groups.max()) + 1, every.max())
    np.minimum.at(days, groups, every)
    days.sort()
    count = max(1, min(STRETCHES, len(days) // STRETCH))
    cuts = sorted({int(days[len(days) * part // count]) - 1 for part in range(count)})
    ends = [*cuts[1:], int(every.max())]
    return [
        Fold(cut, (data.closed > 0) & (data.closed <= cut), fresh & (data.closed > cut) & (data.closed <= end))
        for cut, end in zip(cuts, ends, strict=True)
    ]


def _task(data: Dataset, forward: Forward, fold: Fold, seed: int) -> Task:
    weights = fold_weights(data, fold, forward.half_life)
    rows = np.flatnonzero(weights > 0)
    return Task(
        rows, weights[rows], np.flatnonzero(fold.test), (forward.penalty,), forward.rounds, seed,
        forward.choice.shallow,
    )  # fmt: skip


def _stack(data: Dataset, forward: Forward, folds: Sequence[Fold], cut: int) -> Stack:
    """What the out-of-fold rows teach by the cut: of folds most of whose outcomes were known by then, weighed for the
    others, as in validation."""
    weights = mature_weights(data, folds, cut) * age_weights(data.taken, cut, forward.half_life)
    trees = forward.trees if forward.choice.shallow or forward.rounds else None
    if forward.choice.shallow and trees is not None:
        return even_stack(data, forward.linear, trees, weights)
    if weights.sum() < FEW_RECORDS:
        return Stack()
    rows = np.flatnonzero(weights > 0)
    return fit_stack(forward.linear[rows], None if trees is None else trees[rows], data.won[rows], weights[rows])


def _probability(model: ScoreModel, data: Dataset, rows: Mask) -> Floats:
    """What the champion says of the rows, its columns as they were before any leak guard; nan elsewhere."""
    found = np.full(len(rows), np.nan)
    found[rows] = model.score(data.whole(model.columns).take(rows)).probability
    return found


def _judged(data: Dataset, told: Told, seed: int) -> dict[str, Any]:
    rows = told.rows
    _, groups = np.unique(data.record[rows], return_inverse=True)
    of = {
        name: Judged(data.won[rows], probability[rows], told.weight[rows], groups.astype(np.int64))
        for name, probability in told.by.items()
    }
    ours, theirs = of[CHALLENGER], of[CHAMPION]
    won = data.won[rows]
    days = [date.fromordinal(int(day)).isoformat() for day in (data.closed[rows].min(), data.closed[rows].max())]
    return {
        "rows": int(rows.sum()), "records": ours.records, "won": len(np.unique(groups[won > 0])), "closed": days,
        "models": {name: _figures(one, seed) for name, one in of.items()},
        "difference": {
            name: difference(METRICS[name], ours, theirs, seed, resamples=RESAMPLES) for name in JUDGED
        },
        "calibration": calibration(ours, seed),
    }  # fmt: skip


def _losses(data: Dataset, told: Told, seed: int) -> dict[str, Any]:
    """The difference in log loss on some rows."""
    _, groups = np.unique(data.record[told.rows], return_inverse=True)
    ours, theirs = (
        Judged(data.won[told.rows], told.by[name][told.rows], told.weight[told.rows], groups.astype(np.int64))
        for name in (CHALLENGER, CHAMPION)
    )
    apart = difference(METRICS["log_loss"], ours, theirs, seed, resamples=RESAMPLES)
    return {"records": ours.records, "log_loss": apart}


def _figures(rows: Judged, seed: int) -> dict[str, dict[str, float | None]]:
    return {
        name: bootstrap(METRICS[name], rows.won, rows.probability, rows.weight, rows.groups, seed=seed).to_json()
        for name in JUDGED
    }


def _drift(data: Dataset, fresh: Mask, champion: Floats, seed: int) -> dict[str, Any]:
    """How far the world has moved since the champion's data ended: whether its probabilities are off beyond chance,
    the rate of wins, and the columns whose values are spread differently."""
    _, groups = np.unique(data.record[fresh], return_inverse=True)
    rows = Judged(data.won[fresh], champion[fresh], data.weight[fresh], groups.astype(np.int64))
    before = data.labelled & ~fresh
    drift = Drift.fit(data.table.take(before))
    drift.add(data.table.take(fresh))
    rates = [(float(data.weight[part] @ data.won[part]), float(data.weight[part].sum())) for part in (before, fresh)]
    return {
        **calibration(rows, seed), "rate_moved": rate_moved(rates[0], rates[1]),
        "columns": [{"column": one.column, "share": round(one.share, 4)} for one in drift.moved()[:MOST_MOVED]],
    }  # fmt: skip


def calibration(rows: Judged, seed: int) -> dict[str, Any]:
    """Whether probabilities are off beyond chance: their ECE beside a true score's, their mean beside the rate."""
    error = METRICS["ece"](rows.won, rows.probability, rows.weight)
    bound, seen = chance_ece(rows, seed) + SLACK, gap(rows)
    low, high = seen.interval(LEVEL)
    return {
        "ece": round(error, DIGITS), "ece_bound": round(bound, DIGITS),
        "mean": round(seen.mean, DIGITS), "rate": round(seen.rate, DIGITS),
        "miscalibrated": bool(error > bound or low > SLACK or high < -SLACK),
    }  # fmt: skip
