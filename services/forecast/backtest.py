"""How good forecasts would have been at the starts of past quarters, beside what one does without a model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np

from kit.money import format_minor
from learning.periods import Period, period_of
from learning.records import Outcome
from services.forecast.dataset import Case, Company
from services.forecast.draws import Drawer
from services.forecast.features import asked, timing_columns
from services.forecast.leaves import Update
from services.forecast.newbusiness import draw_all
from services.forecast.replay import Replay, estimate_correction, estimate_loadings
from services.forecast.rollup import QUANTILES, Rollup

METHODS = ("dealcast", "stage_weighted", "last_period_again")
RESAMPLES = 400
_P10, _P50, _P90 = (round(level * (QUANTILES - 1)) for level in (0.1, 0.5, 0.9))


@dataclass(slots=True)
class Level:
    """Actual and forecast of every node of a level, in every quarter."""

    actual: list[float] = field(default_factory=list)
    forecast: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in METHODS})
    covered: list[bool] = field(default_factory=list)


def backtest(company: Company, replays: Sequence[Replay]) -> dict[str, Any]:
    """Replays that start a calendar quarter, each with shocks and correction from replays that were over by then."""
    levels = {"company": Level(), "owner": Level()}
    quarters = []
    for each in replays:
        period = period_of(each.day + timedelta(days=1))
        if period.start != each.day + timedelta(days=1):
            continue
        before = [other for other in replays if other.last <= each.day]
        model = replace(each.model, loadings=estimate_loadings(before)[0], correction=estimate_correction(before)[0])
        _add(company, replace(each, model=model), period, levels)
        quarters.append(str(period))
    if not quarters:
        return {"quarters": [], "why": "no quarter that is over began with enough won deals before it"}
    return {"quarters": quarters} | {name: _report(level) for name, level in levels.items()}


def _add(company: Company, each: Replay, period: Period, levels: Mapping[str, Level]) -> None:
    booked = _booked(company.cases, period)
    again = _booked(company.cases, period.next(-1))
    weighted = _stage_weighted(company, each)
    rows = _totals(company, each, period)
    owners = {owner for table in (booked, again, weighted, rows) for owner in table if owner != "company"}
    nodes = [("company", "company"), *(("owner", owner) for owner in sorted(owners))]
    for level, node in nodes:
        low, middle, high = rows.get(node, (0.0, 0.0, 0.0))
        target = levels[level]
        target.actual.append(booked.get(node, 0.0))
        target.covered.append(low <= booked.get(node, 0.0) <= high)
        values = (middle, weighted.get(node, 0.0), again.get(node, 0.0))
        for name, value in zip(METHODS, values, strict=True):
            target.forecast[name].append(value)


def _booked(cases: Iterable[Case], period: Period) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for case in cases:
        if case.won_within(period.start, period.end):
            for node in ("company", case.owner_id):
                found[node] += case.booked or 0.0
    return found


def _stage_weighted(company: Company, each: Replay) -> dict[str, float]:
    """Open amounts, each times the share of deals won that were ever seen in its stage."""
    won: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for case in company.cases:
        if case.closed is not None and case.closed <= each.day:
            for stage in {str(case.rows[day].get("stage") or "") for day in case.rows}:
                seen[stage] += 1
                won[stage] += case.outcome is Outcome.WON
    found: dict[str, float] = defaultdict(float)
    for ask, owner in zip(each.asks, each.owners, strict=True):
        stage, amount = str(ask.row.get("stage") or ""), asked(ask.row, company.currency).amount or 0.0
        for node in ("company", owner):
            found[node] += amount * won[stage] / max(seen[stage], 1)
    return found


def _totals(company: Company, each: Replay, period: Period) -> dict[str, tuple[float, float, float]]:
    """p10, p50 and p90 by node, in major units of the company's currency, from the production roll-up."""
    model, start = each.model, each.day + timedelta(days=1)
    rollup = Rollup(Drawer(0))
    if each.asks:
        weights = model.weights(timing_columns([ask.row for ask in each.asks], [ask.day for ask in each.asks]))
        rollup.apply(
            [
                Update(ask.deal_id, (), each.day, company.paths.get(owner, ()), model.parameters(ask, own))
                for ask, own, owner in zip(each.asks, weights, each.owners, strict=True)
            ]
        )
    exposures = model.new_business.exposures(start)
    drawn = draw_all(model.new_business.owners, exposures, seed=model.seed, loadings=model.loadings)
    owners = {(owner.owner_id, owner.currency): owner for owner in model.new_business.owners}
    rollup.set_extras({key: (owner, drawn[key]) for key, owner in owners.items()}, model.correction)
    found = {}
    for row in rollup.rows(period=period):
        if row.currency == company.currency and row.node.level in ("company", "owner"):
            low, middle, high = (
                float(format_minor(row.currency, row.quantiles[index])) for index in (_P10, _P50, _P90)
            )
            found[row.node.id.removeprefix("owner:")] = (low, middle, high)
    return found


def _report(level: Level) -> dict[str, Any]:
    """WAPE of each method and coverage of p10 - p90, with 90 % bootstrap intervals over nodes where there are some."""
    actual = np.array(level.actual)
    report: dict[str, Any] = {"nodes": len(actual)}
    generator = np.random.default_rng(0)
    draws = generator.integers(0, len(actual), (RESAMPLES, len(actual)))
    for name in METHODS:
        missed = np.abs(np.array(level.forecast[name]) - actual)
        report[name] = {"wape": _share(missed.sum(), actual.sum())}
        if len(actual) >= 10:
            resampled = missed[draws].sum(axis=1) / np.maximum(actual[draws].sum(axis=1), 1e-9)
            report[name]["interval"] = [round(float(value), 4) for value in np.quantile(resampled, (0.05, 0.95))]
    covered = np.array(level.covered)
    report["coverage"] = {"p10_p90": round(float(covered.mean()), 4)}
    if len(actual) >= 10:
        interval = np.quantile(covered[draws].mean(axis=1), (0.05, 0.95))
        report["coverage"]["interval"] = [round(float(value), 4) for value in interval]
    return report


def _share(part: float, whole: float) -> float | None:
    return round(float(part / whole), 4) if whole > 0 else None
