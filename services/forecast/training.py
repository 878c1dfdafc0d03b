"""Training: a history and time-forward lead scores in; the model, its evaluation and backtest out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from learning.history import HistoryFolder, read_history
from learning.records import Outcome
from learning.tree import owner_paths
from services.forecast.backtest import backtest, backtest_days
from services.forecast.dataset import Company, Scores, read_cases, scores_of
from services.forecast.domain import PERIODS
from services.forecast.fitting import Progress, fit
from services.forecast.model import EVALUATION_FILE, SEED, ForecastModel
from services.forecast.replay import replay_days

ARTIFACT_FOLDER = "artifact"
FEW_WINS = 40
KIND = "quarter"
READ, FITTED = 0.15, 0.45  # of the time: until the history is read, and until the model is fitted


def train(
    folder: HistoryFolder, scores: Scores, *, seed: int = 0, progress: Progress = lambda *_: None
) -> ForecastModel:
    """The model of a company; the same for the same inputs and seed. Few data give a wide, labelled one."""
    progress("reading the history", 0.0)
    company = read_company(folder, _part(progress, 0.0, READ))
    model = fit(company, scores, KIND, PERIODS, seed=(SEED + seed) % 2**63, progress=_part(progress, READ, FITTED))
    evaluation = _evaluation(company, model, scores) | dict(model.evaluation)
    told = _part(progress, FITTED, 1.0)
    evaluation |= {"backtest": backtest(company, scores, seed=model.seed, progress=told)}
    progress("backtesting", 1.0)
    return replace(model, evaluation=evaluation)


def _part(progress: Progress, first: float, last: float) -> Progress:
    """Progress of a part of the whole, from one share of it to another."""
    return lambda step, share: progress(step, first + share * (last - first))


def read_company(folder: HistoryFolder, progress: Progress = lambda *_: None) -> Company:
    """The opportunities of a history, with their rows on the days that will be replayed."""
    day, currency = folder.manifest.business_day, folder.manifest.currency
    days = {day, *replay_days(KIND, day), *backtest_days(day, folder.manifest.calendar.start_month)}
    deals = folder.deals(lambda share: progress("reading the history", share))
    cases = tuple(read_cases(deals, day, currency, sorted(days), folder.rates))
    inactive = frozenset(user.id for user in folder.users if not user.active)
    paths = owner_paths(folder.users, folder.lines, day)
    first, country = folder.manifest.calendar.start_month, folder.manifest.holiday_country
    return Company(day, currency, cases, paths, inactive, first, country)


def _evaluation(company: Company, model: ForecastModel, scores: Scores) -> dict[str, Any]:
    won = sum(case.outcome is Outcome.WON for case in company.cases)
    facts: dict[str, Any] = {
        "business_day": company.business_day.isoformat(),
        "opportunities": len(company.cases),
        "won": won,
        "open": sum(case.outcome is Outcome.OPEN for case in company.cases),
        "scored": sum(case.deal_id in scores.days for case in company.cases),
        "not_yet_created": model.new_business.note,
        "model": "fitted",
    }
    if won < FEW_WINS:
        facts |= {"model": "mostly prior", "why": f"{won} won deals: timing stays near the prior until there are more"}
    return facts


def train_folder(
    history: Path, scores: Path | None, out: Path, *, seed: int = 0, progress: Progress = lambda *_: None
) -> ForecastModel:
    """Train on a folder in the history format and write `out`: artifact/ and evaluation.json (its copy).

    Without scores every deal counts with the company's rate.
    """
    # The matrices are small: threads would only wait for one another, and might add up in another order.
    with threadpool_limits(1):
        known = scores_of(scores) if scores else Scores()
        model = train(read_history(history), known, seed=seed, progress=progress)
    model.save(out / ARTIFACT_FOLDER)
    text = json.dumps(model.evaluation, ensure_ascii=False, sort_keys=True, indent=2)
    (out / EVALUATION_FILE).write_text(text + "\n", encoding="utf-8")
    return model
