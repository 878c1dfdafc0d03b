"""Forecasts as of past days by the production model, each of what was known then alone, beside what came.

The same model, draws and roll-up as in the service; the history's files are read as of each day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from kit.money import format_minor
from learning.history import HistoryFolder
from learning.records import DealHistory, Node, Outcome
from learning.tree import owner_paths
from services.forecast.dataset import Case, Company, Scores, read_cases
from services.forecast.domain import Floats
from services.forecast.draws import Drawer
from services.forecast.features import asked
from services.forecast.fitting import Progress, fit
from services.forecast.grid import Single, spans_from
from services.forecast.leaves import Update
from services.forecast.model import SEED, ForecastModel, extras_of
from services.forecast.replay import ask_of, open_cases, replay_days
from services.forecast.rollup import Rollup
from services.forecast.spans import Calendar, Span, same_day

METHODS = ("stage_weighted", "last_period_again", "pace")
LEVELS = ("company", "region", "manager", "owner")


@dataclass(frozen=True, slots=True, eq=False)
class NodeForecast:
    """A node's period as of a day, in major units. scenarios: booked so far included; actual None where it is not over.

    baselines: what one does without a model, None where that is not known.
    """

    as_of: date
    period: Span
    node: Node
    booked: float
    scenarios: Floats
    actual: float | None
    baselines: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """Of the scenarios."""
        return float(self.scenarios.mean())

    def quantile(self, level: float) -> float:
        """Of the scenarios."""
        return float(np.quantile(self.scenarios, level))

    def crps(self) -> float | None:
        """Continuous ranked probability score against the actual (Gneiting and Raftery 2007); None without one."""
        if self.actual is None:
            return None
        ordered = np.sort(self.scenarios)
        size = len(ordered)
        spread = float(((2 * np.arange(size) - size + 1) * ordered).sum()) / size**2
        return float(np.abs(ordered - self.actual).mean()) - spread


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A history to forecast from. counts: deals count 1 each, whatever their amount."""

    folder: HistoryFolder
    histories: Sequence[DealHistory]
    counts: bool = False

    def company(self, as_of: date, days: Iterable[date]) -> Company:
        """As it was known at the end of a day, with the deals' rows on some days."""
        manifest = self.folder.manifest
        cases = read_cases(self.histories, as_of, manifest.currency, sorted({*days, as_of}))
        inactive = frozenset(user.id for user in self.folder.users if not user.active)
        paths = owner_paths(self.folder.users, self.folder.lines, as_of)
        found = [_counted(case) if self.counts else case for case in cases]
        first, country = manifest.calendar.start_month, manifest.holiday_country
        return Company(as_of, manifest.currency, found, paths, inactive, first, country)


def _counted(case: Case) -> Case:
    rows = {day: dict(row) | {"amount": 1.0} for day, row in case.rows.items()}
    return replace(case, rows=rows, booked=None if case.booked is None else 1.0)


def forecasts(
    source: Source, kind: str, as_of: date, horizon: int = 1, *, seed: int = 0, progress: Progress = lambda *_: None
) -> tuple[list[NodeForecast], ForecastModel]:
    """Every node's forecast of the period that contains the day after `as_of` and the `horizon` - 1 after it."""
    final = source.company(source.folder.manifest.business_day, ())
    company = source.company(as_of, replay_days(kind, as_of))
    model = fit(company, Scores(), kind, horizon, seed=SEED + seed, progress=progress)
    return node_forecasts(company, final, model, Scores(), kind, horizon), model


def node_forecasts(
    company: Company, final: Company, model: ForecastModel, scores: Scores, kind: str, horizon: int
) -> list[NodeForecast]:
    """What the model says of every node as of the company's day; `final` knows what came."""
    spans = spans_from(kind, horizon, company.first_month)
    rollup = _rolled_up(company, model, scores, spans)
    found = []
    for period in spans(company.business_day + timedelta(days=1)):
        found += _of_period(company, final, rollup, kind, period)
    return found


def _rolled_up(company: Company, model: ForecastModel, scores: Scores, spans: Calendar) -> Rollup:
    rollup = Rollup(Drawer(0, Single(spans)))
    asks = [ask_of(company, scores, case) for case in open_cases(company)]
    if asks:
        probabilities, weights = model.chances(asks)
        rollup.apply(
            [
                Update(
                    ask.deal_id, (), company.business_day,
                    company.paths.get(str(ask.row.get("owner_id") or ""), ()),
                    model.parameters(ask, float(probability), own),
                )
                for ask, probability, own in zip(asks, probabilities, weights, strict=True)
            ]
        )  # fmt: skip
    rollup.set_extras(*extras_of(model, company.business_day, spans))
    return rollup


def _of_period(company: Company, final: Company, rollup: Rollup, kind: str, period: Span) -> list[NodeForecast]:
    day, currency = company.business_day, company.currency
    booked = _by_node(company, _won(company.cases, period.start, day, currency))
    over = final.business_day >= period.end
    actual = _by_node(company, _won(final.cases, period.start, period.end, currency)) if over else {}
    to_come = {
        node.id: (node, vector) for node, span, unit, vector in rollup.vectors() if (span, unit) == (period, currency)
    }
    baselines = {name: _baseline(name, company, kind, period) for name in METHODS}
    nodes = {node.id: node for table in (booked, actual) for node in table} | {
        key: node for key, (node, _) in to_come.items()
    }
    scale = float(format_minor(currency, 10**6)) / 10**6
    found = []
    for key, node in sorted(nodes.items(), key=lambda each: (LEVELS.index(each[1].level), each[0])):
        vector = to_come[key][1].astype(np.float64) * scale if key in to_come else np.zeros(1, dtype=np.float64)
        before = booked.get(node, 0.0)
        methods = {name: None if table is None else table.get(node, 0.0) for name, table in baselines.items()}
        came = actual.get(node, 0.0) if over else None
        found.append(NodeForecast(day, period, node, before, before + vector, came, methods))
    return found


def _won(cases: Iterable[Case], first: date, last: date, currency: str) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for case in cases:
        if case.currency == currency and case.won_within(first, last):
            found[case.owner_id] += case.booked or 0.0
    return found


def _by_node(company: Company, owners: Mapping[str, float]) -> dict[Node, float]:
    found: dict[Node, float] = defaultdict(float)
    for owner, amount in owners.items():
        for node in company.paths.get(owner) or nowhere(owner):
            found[node] += amount
    return found


def nowhere(owner: str) -> tuple[Node, ...]:
    """Where the tree has an owner it does not know."""
    company = Node("company", "company", "Company")
    return company, Node(f"owner:{owner}", "owner", owner, company.id)


def _baseline(name: str, company: Company, kind: str, period: Span) -> dict[Node, float] | None:
    day, currency = company.business_day, company.currency
    if name == "stage_weighted":
        owners = _stage_weighted(company)
        first = period.start
    else:
        back = 1
        while period.next(-back).end > day:
            back += 1
        last = period.next(-back)
        first = period.start
        after = same_day(kind, max(day, first - timedelta(days=1)), back) if name == "pace" else last.start
        begin = after + timedelta(days=1) if name == "pace" else last.start
        owners = _won(company.cases, begin, last.end, currency)
    found = Counter(owners)
    if name != "last_period_again":
        found.update(_won(company.cases, first, day, currency))
    return _by_node(company, found)


def _stage_weighted(company: Company) -> dict[str, float]:
    """Open amounts, each times the share of deals won that were ever seen in its stage."""
    won: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for case in company.cases:
        if case.closed is not None:
            for stage in {str(row.get("stage") or "") for row in case.rows.values()}:
                seen[stage] += 1
                won[stage] += case.outcome is Outcome.WON
    found: dict[str, float] = defaultdict(float)
    for case in open_cases(company):
        row = case.rows[company.business_day]
        stage = str(row.get("stage") or "")
        amount = asked(row, company.currency).amount or 0.0
        found[str(row.get("owner_id") or "")] += amount * won[stage] / max(seen[stage], 1)
    return found
