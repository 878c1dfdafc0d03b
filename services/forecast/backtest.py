"""How good forecasts would have been at the starts of past quarters, beside what one does without a model."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from services.forecast.bookings import won_cases
from services.forecast.dataset import Company, Scores
from services.forecast.evaluation import NodeForecast, node_forecasts
from services.forecast.fitting import Progress, fit
from services.forecast.grid import quarter_of
from services.forecast.replay import LEAST_WINS, replay_days
from services.forecast.report import averaged, scored

KIND = "quarter"
MOST = 2  # quarters


def backtest_eves(business_day: date, first_month: int = 1) -> list[date]:
    """The last days before the latest quarters that are over; quarters begin with `first_month`."""
    current = quarter_of(business_day + timedelta(days=1), first_month)
    return [current.next(-back).start - timedelta(days=1) for back in range(MOST, 0, -1)]


def backtest_days(business_day: date, first_month: int = 1) -> set[date]:
    """The days on which the deals' rows are wanted."""
    eves = backtest_eves(business_day, first_month)
    return {*eves, *(day for eve in eves for day in replay_days(KIND, eve))}


def backtest(company: Company, scores: Scores, *, seed: int, progress: Progress = lambda *_: None) -> dict[str, Any]:
    """Past quarters, each forecast of what was known on the eve."""
    rows: list[NodeForecast] = []
    quarters = []
    for number, eve in enumerate(backtest_eves(company.business_day, company.first_month)):

        def told(_: str, share: float, done: int = number) -> None:
            progress("backtesting", (done + share) / MOST)

        then = company.at(eve)
        if len(won_cases(then.cases)) < LEAST_WINS:
            continue
        model = fit(then, scores, KIND, 1, seed=seed, progress=told)
        rows += node_forecasts(then, company, model, scores, KIND, 1)
        quarters.append(str(quarter_of(eve + timedelta(days=1), company.first_month)))
    if not quarters:
        return {"quarters": [], "why": "no quarter that is over began with enough won deals before it"}
    report: dict[str, Any] = {"quarters": quarters}
    for level, score in averaged(scored(rows)).items():
        methods = {name: {"wape": _rounded(value)} for name, value in score.wape.items()}
        coverage = {"p10_p90": _rounded(score.coverage)}
        report[level] = {"nodes": score.nodes, "coverage": coverage, "crps": _rounded(score.crps)} | methods
    return report


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
