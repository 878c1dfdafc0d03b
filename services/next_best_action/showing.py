"""The effect of showing, learned from what was left to chance: apart from the effect of doing.

One row a deal: the first decision logged on it, as who decides is assigned by deal, and what is still open later may
depend on what was shown before. The reward is winning within 90 days, known once they have passed; younger decisions
wait. Probabilities come from the log, so nothing about who was shown what is estimated.

Policies are valued doubly robust on the rows that tell of them (learning.off_policy); their differences are paired by
row. An action is compared with nothing, the control group, among the deals it is shown on: what the reward model
expects is taken off, and rows of the control group are weighted by how likely the action was there. What is found is
drawn to the belief that showing brings what doing brings, as often as what is shown is then done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import numpy as np

from learning.answers import Verb
from learning.decisions import NOTHING, Decided, Said
from learning.history import HistoryFolder
from learning.off_policy.estimators import (
    Ints,
    Log,
    Overlap,
    Valued,
    difference,
    doubly_robust,
    interval,
    overlap,
    snips,
    spreads,
)
from learning.off_policy.intervals import Estimate, Floats
from learning.off_policy.rewards import FOLDS, cross_fitted, fit_expectation
from services.next_best_action.domain import Action, Effect
from services.next_best_action.model import INTERVAL, ActionModel, Shown, log_odds

HORIZON_DAYS = 90
ANSWERED_DAYS = 14  # after it was shown, for an answer to count as one to it
USUAL_UPTAKE = 0.2  # believed in before anything was answered
UPTAKE_ROWS = 20.0  # rows' worth of belief that an action is taken up as often as all are
LEAST_SD = 0.1  # of the belief about an effect of showing, in log-odds
LEAST_ROWS = 100
METHOD = (
    "first decision of each deal, won within 90 days; logged probabilities; policies doubly robust and paired, actions "
    "against the control group by weighted residuals, drawn to the effect of doing times uptake"
)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that are known: (rows,) and, by action, (rows, actions). Action 0 is nothing."""

    names: tuple[str, ...]
    log: Log
    design: Floats  # (rows, actions) probabilities of being shown first
    features: Floats  # (rows, columns) centred
    decided: tuple[Decided, ...]


def learn(
    folder: HistoryFolder, scored: Mapping[str, Mapping[date, float]], model: ActionModel, actions: Sequence[Action]
) -> tuple[dict[str, Shown], dict[str, Any]]:
    """The effect of showing by action, and what the version's evaluation says of it."""
    first = first_of_each(folder.decisions())
    until = folder.manifest.business_day - timedelta(days=HORIZON_DAYS)
    ripe = [one for one in first if one.day <= until]
    told: dict[str, Any] = {
        "method": METHOD, "horizon_days": HORIZON_DAYS, "rows": len(ripe), "waiting": len(first) - len(ripe)
    }  # fmt: skip
    if not first:
        return {}, told | {"why": "nothing was left to chance yet"}
    uptake = taken_up(first, folder.feedback(), folder.manifest.business_day)
    if len(ripe) < LEAST_ROWS:
        shown, _ = effects(None, model, actions, uptake)
        return shown, told | {"why": f"fewer than {LEAST_ROWS} decisions are {HORIZON_DAYS} days old", "uptake": uptake}
    table = gather(ripe, won_days(folder), scored)
    shown, found = effects(table, model, actions, uptake)
    values, differences = policies(table)
    return shown, told | {"policies": values, "differences": differences, "actions": found, "uptake": uptake}


def first_of_each(decisions: Iterable[Decided]) -> list[Decided]:
    """The first decision on each deal; they come oldest first."""
    found: dict[str, Decided] = {}
    for one in decisions:
        found.setdefault(one.deal_id, one)
    return list(found.values())


def won_days(folder: HistoryFolder) -> dict[str, date]:
    """When each deal was won that is."""
    columns = folder.columns("deals")
    rows = zip(columns["id"], columns["outcome"], columns["closed_date"], strict=True)
    return {deal_id: day for deal_id, outcome, day in rows if outcome == "WON" and day is not None}


def gather(decided: Sequence[Decided], won: Mapping[str, date], scored: Mapping[str, Mapping[date, float]]) -> Table:
    """The decisions as rows."""
    known = {name for one in decided for chances in one.chances.values() for name in chances}
    names = (NOTHING, *sorted(known - {NOTHING}))
    place = {name: number for number, name in enumerate(names)}
    design = np.zeros((len(decided), len(names)))
    for row, one in enumerate(decided):
        for name, chance in one.design().items():
            design[row, place[name]] += chance
    actions = np.array([place[one.shown] for one in decided], dtype=np.int64)
    rewards = np.array([float(_won_within(won.get(one.deal_id), one.day)) for one in decided])
    log = Log(actions, rewards, np.maximum(design[np.arange(len(decided)), actions], 1e-6))
    return Table(names, log, design, _features(decided, scored), tuple(decided))


def policies(table: Table) -> tuple[dict[str, Any], dict[str, Any]]:
    """The value of each policy, and by policy how much better it is than each other, on the rows that tell of both."""
    names = sorted({name for one in table.decided for name in one.chances})
    predicted = cross_fitted(table.features, table.log, len(table.names), _folds(len(table.decided)))
    chances = {name: _chances(table, name) for name in names}
    values = {name: _value(table, predicted, chances[name])[0] for name in names}
    differences: dict[str, Any] = {name: {} for name in names}
    for one, other in permutations(names, 2):
        both = (chances[one].sum(axis=1) > 0) & (chances[other].sum(axis=1) > 0)
        differences[one][other] = _difference(table, predicted, chances[one], chances[other], both)
    return values, differences


def _value(table: Table, predicted: Floats, chances: Floats) -> tuple[dict[str, Any], Valued]:
    """What the policy would have brought on the rows it is known for."""
    known = chances.sum(axis=1) > 0
    log, valued, seen = _valued(table, predicted, chances, known)
    return {"rows": int(known.sum()), **_told(interval(log, valued), seen)}, valued


def _valued(table: Table, predicted: Floats, chances: Floats, rows: Any) -> tuple[Log, Valued, Overlap]:
    log = Log(table.log.actions[rows], table.log.rewards[rows], table.log.propensities[rows])
    ones = np.arange(len(log.actions)), log.actions
    taken, own = chances[rows][ones], predicted[rows][ones]
    direct = (chances[rows] * predicted[rows]).sum(axis=1)
    lacking = float((chances[rows] * (table.design[rows] <= 0)).sum(axis=1).mean()) if len(own) else 1.0
    spread = spreads(log, log.rewards - own)
    return log, doubly_robust(log, taken, direct, own, spread), overlap(log, taken, lacking)


def _difference(table: Table, predicted: Floats, one: Floats, other: Floats, rows: Any) -> dict[str, Any]:
    if not rows.any():
        return {"rows": 0, "why": "never under way at the same time"}
    log, mine, seen = _valued(table, predicted, one, rows)
    _, theirs, also = _valued(table, predicted, other, rows)
    own = predicted[rows][np.arange(len(log.actions)), log.actions]
    found = difference(log, mine, theirs, spreads(log, log.rewards - own))
    return {"rows": int(rows.sum()), **_told(found, seen if seen.why else also)}


def effects(
    table: Table | None, model: ActionModel, actions: Sequence[Action], uptake: Mapping[str, float]
) -> tuple[dict[str, Shown], dict[str, Any]]:
    """By action the effect of showing in log-odds; and what the log says of it in points of winning."""
    shown: dict[str, Shown] = {}
    told: dict[str, Any] = {}
    residuals = residuals_of(table) if table is not None else None
    rate = min(max(float(table.log.rewards.mean()), 0.01), 0.99) if table is not None else 0.5
    for action in actions:
        share = uptake.get(action.name, uptake[NOTHING])
        doing = model.effect(action)
        mean, sd = doing.mean * share, max((doing.high - doing.low) / (2 * INTERVAL) * share, LEAST_SD)
        learned = False
        if table is not None and residuals is not None and action.name in table.names:
            found, seen = against_nothing(table, residuals, table.names.index(action.name))
            told[action.name] = _told(found, seen)
            if not seen.why and found.se > 0:
                steep = rate * (1 - rate)
                mean, sd = _combined(mean, sd, found.value / steep, found.se / steep)
                learned = True
        shown[action.name] = Shown(_effect(mean, sd, learned=learned), round(share, 6))
        if action.name in told:
            told[action.name] |= {"effect": shown[action.name].effect.mean, "learned": learned}
    return shown, told


def against_nothing(table: Table, residuals: Floats, action: int) -> tuple[Estimate, Overlap]:
    """How much more is won where the action is shown than where nothing is, on deals like those it is shown on."""
    rows = (table.design[:, action] > 0) & (table.design[:, 0] > 0)
    log = Log(table.log.actions[rows], residuals[rows], table.log.propensities[rows])
    if not rows.any():
        return Estimate(*[float("nan")] * 4), Overlap(0, 0.0, 0.0, 1.0)
    likely = table.design[rows, action] / table.design[rows, action].mean()  # so that weights average one
    spread = spreads(log, log.rewards)
    ways = [likely * (log.actions == each) for each in (action, 0)]
    seen = [overlap(log, way) for way in ways]
    values = [snips(log, way, spread) for way in ways]
    worse = next((one for one in seen if one.why), min(seen, key=lambda one: one.ess))
    return difference(log, values[0], values[1], spread), worse


def taken_up(decided: Sequence[Decided], said: Sequence[Said], today: date) -> dict[str, float]:
    """The share of each action's showings that were accepted or done in two weeks; of all under the empty name."""
    answers: dict[tuple[str, str], list[date]] = {}
    for one in said:
        if one.verb in (Verb.ACCEPT, Verb.DONE):
            answers.setdefault((one.deal_id, one.action), []).append(one.time.date())
    shown: dict[str, list[bool]] = {}
    for each in decided:
        last = each.day + timedelta(days=ANSWERED_DAYS)
        if each.shown != NOTHING and last <= today:
            days = answers.get((each.deal_id, each.shown), ())
            shown.setdefault(each.shown, []).append(any(each.day <= day <= last for day in days))
    every = [one for rows in shown.values() for one in rows]
    usual = (sum(every) + UPTAKE_ROWS * USUAL_UPTAKE) / (len(every) + UPTAKE_ROWS)
    found = {name: (sum(rows) + UPTAKE_ROWS * usual) / (len(rows) + UPTAKE_ROWS) for name, rows in shown.items()}
    return {NOTHING: round(usual, 6), **{name: round(share, 6) for name, share in sorted(found.items())}}


def residuals_of(table: Table) -> Floats:
    """(rows,) the rewards less what the context explains of them, out of fold."""
    folds, rewards = _folds(len(table.decided)), table.log.rewards
    left = np.zeros(len(folds))
    for fold in range(FOLDS):
        inside, outside = folds != fold, folds == fold
        expected = fit_expectation(table.features[inside], rewards[inside], trees=False, seed=0)
        left[outside] = rewards[outside] - expected.predict(table.features[outside])
    return left


def _chances(table: Table, policy: str) -> Floats:
    """(rows, actions) what the policy shows first; zero throughout where it is not known."""
    place = {name: number for number, name in enumerate(table.names)}
    found = np.zeros(table.design.shape)
    for row, one in enumerate(table.decided):
        for name, chance in one.chances.get(policy, {}).items():
            found[row, place[name]] = chance
    return found


def _features(decided: Sequence[Decided], scored: Mapping[str, Mapping[date, float]]) -> Floats:
    """The lead score of the day in log-odds, and whether there was one; centred."""
    odds = np.full(len(decided), np.nan)
    for row, one in enumerate(decided):
        days = [day for day in scored.get(one.deal_id, ()) if day <= one.day]
        if days:
            odds[row] = log_odds(scored[one.deal_id][max(days)])
    known = np.isfinite(odds)
    odds[~known] = odds[known].mean() if known.any() else 0.0
    matrix = np.column_stack([odds, known.astype(np.float64)])
    return np.asarray(matrix - matrix.mean(axis=0), dtype=np.float64)


def _folds(rows: int) -> Ints:
    return np.random.default_rng(0).permutation(rows).astype(np.int64) % FOLDS


def _won_within(won: date | None, day: date) -> bool:
    return won is not None and day <= won <= day + timedelta(days=HORIZON_DAYS)


def _combined(mean: float, sd: float, found: float, se: float) -> tuple[float, float]:
    """Belief and evidence, each by its precision."""
    belief, evidence = 1 / sd**2, 1 / se**2
    return (belief * mean + evidence * found) / (belief + evidence), (belief + evidence) ** -0.5


def _effect(mean: float, sd: float, *, learned: bool) -> Effect:
    low, middle, high = (round(odds, 9) for odds in (mean - INTERVAL * sd, mean, mean + INTERVAL * sd))
    return Effect(middle, low, high, learned)


def _told(found: Estimate, seen: Overlap) -> dict[str, Any]:
    numbers = {"value": found.value, "low": found.low, "high": found.high}
    return {
        **{name: round(one, 6) if np.isfinite(one) else None for name, one in numbers.items()},
        "effective_rows": round(seen.ess, 1), "why": seen.why,
    }  # fmt: skip
