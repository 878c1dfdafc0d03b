"""How good forecasts would have been at the starts of past quarters, beside what one does without a model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from learning.records import Node
from services.forecast.bookings import won_cases
from services.forecast.dataset import Company, Scores
from services.forecast.evaluation import LEVELS, METHODS, NodeForecast, node_forecasts, nowhere
from services.forecast.features import asked
from services.forecast.fitting import Progress, fit
from services.forecast.grid import quarter_of
from services.forecast.model import ForecastModel
from services.forecast.replay import LEAST_WINS, open_cases, replay_days
from services.forecast.report import HIGH, LOW, MIDDLE, averaged, scored
from services.forecast.spans import Span

KIND = "quarter"
MOST = 4  # quarters
SHARES = (1 / 3, 2 / 3)  # of a quarter, where its forecast is looked at again
MOST_NODES = 20  # whose path is kept
COMMIT = "commit"  # the category of what people promise
COLUMNS = (
    "as_of",
    "end",
    "node",
    "booked",
    "mean",
    "p10",
    "p50",
    "p90",
    "actual",
    *METHODS,
    COMMIT,
)  # of a path's rows


def backtest_eves(business_day: date, first_month: int = 1) -> list[date]:
    """The last days before the latest quarters that are over; quarters begin with `first_month`."""
    current = quarter_of(business_day + timedelta(days=1), first_month)
    return [current.next(-back).start - timedelta(days=1) for back in range(MOST, 0, -1)]


def looks(eve: date, first_month: int = 1) -> list[date]:
    """The days within the quarter after an eve on which its forecast is looked at again."""
    length = (quarter_of(eve + timedelta(days=1), first_month).end - eve).days
    return [eve + timedelta(days=round(share * length)) for share in SHARES]


def backtest_days(business_day: date, first_month: int = 1) -> set[date]:
    """The days on which the deals' rows are wanted."""
    eves = backtest_eves(business_day, first_month)
    within = {day for eve in eves for day in looks(eve, first_month)}
    return {*eves, *within, *(day for eve in eves for day in replay_days(KIND, eve))}


def backtest(company: Company, scores: Scores, *, seed: int, progress: Progress = lambda *_: None) -> dict[str, Any]:
    """Past quarters, each forecast of what was known on the eve; and how its number would have moved since, by the
    model of the eve."""
    rows: list[NodeForecast] = []
    path: list[list[Any]] = []
    quarters = []
    for number, eve in enumerate(backtest_eves(company.business_day, company.first_month)):

        def told(_: str, share: float, done: int = number) -> None:
            progress("backtesting", (done + share) / MOST)

        then = company.at(eve)
        if len(won_cases(then.cases)) < LEAST_WINS:
            continue
        model = fit(then, scores, KIND, 1, seed=seed, progress=told)
        found = node_forecasts(then, company, model, scores, KIND, 1)
        path += _path(company, model, scores, eve, found)
        rows += found
        quarters.append(str(quarter_of(eve + timedelta(days=1), company.first_month)))
    if not quarters:
        return {"quarters": [], "why": "no quarter that is over began with enough won deals before it"}
    report: dict[str, Any] = {"quarters": quarters, "path": {"columns": list(COLUMNS), "rows": path}}
    for level, score in averaged(scored(rows)).items():
        methods = {name: {"wape": _rounded(value)} for name, value in score.wape.items()}
        coverage = {"p10_p90": _rounded(score.coverage)}
        report[level] = {"nodes": score.nodes, "coverage": coverage, "crps": _rounded(score.crps)} | methods
    return report


def _path(
    company: Company, model: ForecastModel, scores: Scores, eve: date, found: Sequence[NodeForecast]
) -> list[list[Any]]:
    """What was said on the eve (`found`) and later in the quarter of the first nodes from above, in major units."""
    nodes = sorted((row.node for row in found), key=lambda node: (LEVELS.index(node.level), node.id))
    kept = {node.id for node in nodes[:MOST_NODES]}
    said = []
    for day in (eve, *looks(eve, company.first_month)):
        then = company.at(day)
        rows = found if day == eve else node_forecasts(then, company, model, scores, KIND, 1)
        promised = committed(then, rows[0].period) if rows else None
        said += [_point(row, promised) for row in rows if row.node.id in kept]
    return said


def _point(row: NodeForecast, promised: Mapping[Node, float] | None) -> list[Any]:
    commit = None if promised is None else row.booked + promised.get(row.node, 0.0)
    amounts = (
        row.booked, row.mean, row.quantile(LOW), row.quantile(MIDDLE), row.quantile(HIGH), row.actual,
        *(row.baselines.get(name) for name in METHODS), commit,
    )  # fmt: skip
    facts = (row.as_of.isoformat(), row.period.end.isoformat(), row.node.id)
    return [*facts, *(None if value is None else round(value, 2) for value in amounts)]


def committed(company: Company, period: Span) -> dict[Node, float] | None:
    """Open amounts that people had promised by category, to close within the period; None where no deal has one."""
    day = company.business_day
    found: dict[Node, float] = defaultdict(float)
    told = False
    for case in open_cases(company):
        row = case.rows[day]
        told = told or bool(row.get("category"))
        left, owner = row.get("days_to_close_date"), str(row.get("owner_id") or "")
        promised = day + timedelta(days=int(left)) if isinstance(left, float | int) else None
        if row.get("category") != COMMIT or promised is None or not period.start <= promised <= period.end:
            continue
        amount = asked(row, company.currency)
        if amount.currency == company.currency:
            for node in company.paths.get(owner) or nowhere(owner):
                found[node] += amount.amount or 0.0
    return found if told else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
