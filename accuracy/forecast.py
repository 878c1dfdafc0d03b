"""Forecasts on real data as of past days: WAPE, coverage and CRPS by level, beside what one does without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from accuracy.forecast_luck import told
from accuracy.histories import history_of
from learning.history import read_history
from services.forecast.evaluation import NodeForecast, Source, forecasts
from services.forecast.report import Score, averaged, scored

DAYS = (0, 15, 30, 45, 60, 75)
QUARTERS = (date(2017, 7, 1), date(2017, 4, 1))
WEEKS = tuple(date(2011, 11, 13) + timedelta(weeks=2 * step) for step in range(3))
METHODS = ("dealcast", "stage_weighted", "last_period_again", "pace")
COVERAGE = (0.68, 0.92)
OWNER_SHARE, COMPANY_WAPE = 0.9, 0.05

_INTRODUCTION = """## Forecast

Each preset is imported and exported as a company's data are, and forecast by the service's own model, draws and
roll-up, as of the end of past days: each time trained on what was known by then alone. WAPE is of p50; baselines are
the stage-weighted pipeline, the last period again, and pace (booked so far, and the last period from the same day on).
Day 0 is the eve of a quarter. Coverage is the share of nodes between p10 and p90; CRPS is a share of what was booked.
"""
_HEAD = "| as of | level | Dealcast | stage-weighted | last again | pace | p10–p90 | CRPS |\n" + "|---" * 8 + "|"


@dataclass(frozen=True, slots=True)
class Task:
    """One table: a preset's periods as of some days."""

    title: str
    preset: str
    kind: str
    days: Sequence[date]
    horizon: int = 1
    counts: bool = False
    levels: Sequence[str] = ("company", "region", "manager", "owner")


def tasks() -> list[Task]:
    """What is measured."""
    found = []
    for first in QUARTERS:
        days = [first + timedelta(days=day - 1) for day in DAYS]
        found.append(Task(f"crm_sales_opportunities, quarter from {first}", "crm_sales_opportunities", "quarter", days))
    for counts, what in ((True, "approvals"), (False, "approved amount")):
        title = f"loan_offers, weekly {what}, four weeks ahead"
        found.append(Task(title, "loan_offers", "week", WEEKS, 4, counts, ("company",)))
    return found


def section() -> str:
    """The section of docs/accuracy.md."""
    parts = [_INTRODUCTION]
    for task in tasks():
        source = source_of(task)
        forecast = measured(task, source)
        scores = scored(forecast)
        parts += [f"### {task.title}\n", _HEAD, *_rows(scores), ""]
        if task.kind == "quarter":
            means = averaged(scores)
            came = source.company(source.folder.manifest.business_day, ())
            parts += [_verdict(means) + "\n", told(came, forecast, _aims(means))]
    return "\n".join(parts)


def source_of(task: Task) -> Source:
    """The history of a task's preset."""
    history = read_history(history_of(task.preset))
    return Source(history, list(history.deals()), task.counts)


def measured(task: Task, source: Source) -> list[NodeForecast]:
    """Every forecast of a task."""
    rows: list[NodeForecast] = []
    for day in task.days:
        found, _ = forecasts(source, task.kind, day, task.horizon)
        rows += [row for row in found if row.node.level in task.levels]
    return rows


def _rows(scores: Mapping[tuple[date, str], Score]) -> list[str]:
    lines = [(str(day), level, score) for (day, level), score in scores.items()]
    lines += [("**all days**", level, score) for level, score in averaged(scores).items()]
    return [
        "| " + " | ".join((
            day, level, *(_figure(score.wape.get(name)) for name in METHODS), _figure(score.coverage),
            _figure(score.crps),
        )) + " |"
        for day, level, score in lines
    ]  # fmt: skip


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _verdict(scores: Mapping[str, Score]) -> str:
    """Each aim, and whether it is met."""
    said, aims = [], _aims(scores)
    for level, score in scores.items():
        ours, aim = score.wape.get("dealcast"), aims.get(level)
        if ours is not None and aim is not None:
            said.append(f"{level} {ours:.3f} (aim ≤ {aim:.3f}: {'met' if ours <= aim else 'not met'})")
    covered = scores["owner"].coverage if "owner" in scores else None
    if covered is not None:
        met = COVERAGE[0] <= covered <= COVERAGE[1]
        said.append(f"owners covered {covered:.0%} (aim 68–92 %: {'met' if met else 'not met'})")
    return "WAPE averaged over the days: " + "; ".join(said) + "."


def _aims(scores: Mapping[str, Score]) -> dict[str, float]:
    """The WAPE that each level is to have at most, where a baseline is known."""
    found = {}
    for level, score in scores.items():
        others = [value for name in METHODS[1:] if (value := score.wape.get(name)) is not None]
        if others:
            found[level] = {"company": COMPANY_WAPE, "owner": OWNER_SHARE * min(others)}.get(level, min(others))
    return found
