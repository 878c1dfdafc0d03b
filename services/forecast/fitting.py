"""Fits everything that a forecast of a kind of period needs, as of one day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.forecast.cautions import cautions
from services.forecast.dataset import Company, Scores
from services.forecast.grid import spans_from
from services.forecast.learn import estimate_loadings, fit_blend
from services.forecast.model import ForecastModel
from services.forecast.replay import (
    LEAST_DAYS,
    Replay,
    ask_of,
    expected,
    fit_model,
    open_cases,
    replay,
    replay_days,
    with_new_level,
)
from services.forecast.spans import Span

Progress = Callable[[str, float], None]  # step, share of it done


def fit(
    company: Company, scores: Scores, kind: str, horizon: int, *, seed: int, progress: Progress = lambda *_: None
) -> ForecastModel:
    """The model as of the end of the company's day, for the period of the day after and those that follow."""
    progress("fitting", 0.0)
    spans = spans_from(kind, horizon, company.first_month)(company.business_day + timedelta(days=1))
    model = with_new_level(fit_model(company, scores, kind, seed=seed), company, kind, spans[0].end)
    replays = _replays(company, scores, kind, spans, seed, progress)
    loadings, shocks = estimate_loadings(replays, company.known_days)
    asks = [ask_of(company, scores, case) for case in open_cases(company)]
    eves = [max(company.business_day, span.start - timedelta(days=1)) for span in spans]
    ahead = [expected(model, company, asks, eve, span.end) for eve, span in zip(eves, spans, strict=True)]
    blend = fit_blend(company, model.blend.bookings, replays, ahead, loadings)
    evaluation = {
        "shocks": shocks | {"loadings": [loadings.company, loadings.region, loadings.quarter]},
        "correction": {"factor": blend.level(0).factor, "share": blend.level(0).share(), "why": blend.note},
        "cautions": cautions(company),
        "replays": [_told(each) for each in replays],
    }
    return replace(model, loadings=loadings, blend=blend, evaluation=evaluation)


def _replays(
    company: Company, scores: Scores, kind: str, spans: Sequence[Span], seed: int, progress: Progress
) -> list[Replay]:
    """As of some days back, each as far ahead as the periods are from today."""
    today = company.business_day
    windows = [(max((span.start - today).days - 1, 0), (span.end - today).days) for span in spans]
    windows[0] = (0, max(windows[0][1], LEAST_DAYS[kind]))
    found = []
    days = replay_days(kind, today)
    for number, day in enumerate(days):
        each = replay(company, scores, day, windows, kind, seed=seed)
        if each is not None:
            found.append(each)
        progress("replaying past forecasts", (number + 1) / len(days))
    return found


def _told(each: Replay) -> dict[str, Any]:
    first = each.windows[0]
    parts = {
        "deals": first.expected.deals, "not_yet_created": first.expected.new, "pace": first.expected.pace,
        "mean": first.expected.mean, "booked": first.actual,
    }  # fmt: skip
    return {"as_of": each.day.isoformat(), "until": first.expected.last.isoformat()} | {
        name: round(sum(amounts.values()), 2) for name, amounts in parts.items() if amounts is not None
    }
