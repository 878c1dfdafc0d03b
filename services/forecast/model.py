"""The forecast model: timing, amounts, shocks, new business and correction, as one artifact of JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from math import exp
from pathlib import Path
from typing import Any

import numpy as np

from kit.errors import Poisoned
from kit.money import Money
from services.forecast.amounts import AmountModel
from services.forecast.blend import Blend, Correction, branch_of
from services.forecast.bookings import Owner
from services.forecast.domain import (
    CategoryBounds,
    DealForecast,
    Floats,
    Loadings,
    Parameters,
    Status,
    days_to_end,
    periods_from,
    share_within,
)
from services.forecast.draws import Drawer
from services.forecast.features import asked, timing_columns
from services.forecast.newbusiness import NewBusiness, NewWins, OwnerRate, draw_all
from services.forecast.reasons import GROUPS, log_odds, timing_reasons
from services.forecast.rows import Row
from services.forecast.shares import masses_of, shares_of
from services.forecast.spans import Calendar
from services.forecast.timing import Outlook, TimingModel, date_quantiles

FORMAT = 4
MODEL_FILE = "model.json"
EVALUATION_FILE = "evaluation.json"
SEED = 20_171
_Z90 = 1.2815515655446004
_LARGEST_LOG = 39.0  # below 10^17 minor units, the bound of money


@dataclass(frozen=True, slots=True)
class Ask:
    """One open deal to forecast. row: as of the end of `day` (rows.rows_at); region: a node id; currency: that of a
    deal without an amount; empty: that of the model."""

    deal_id: str
    day: date
    row: Row
    promised: date | None
    win_probability: float | None  # the lead score; without one the hazards' own
    region: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ForecastModel:
    """Without arguments the built-in prior. rate: the share of deals won, for deals without a score."""

    timing: TimingModel = field(default_factory=TimingModel)
    amounts: AmountModel = field(default_factory=AmountModel)
    loadings: Loadings = field(default_factory=Loadings)
    new_business: NewBusiness = field(default_factory=NewBusiness)
    blend: Blend = field(default_factory=Blend)
    rate: float = 0.5
    seed: int = SEED
    evaluation: Mapping[str, Any] = field(default_factory=dict)

    def chances(self, asks: Sequence[Ask]) -> tuple[Floats, Floats]:
        """P(won), and P(closes in week k | won) from the day after each ask's on; shapes (deals,), (deals, weeks)."""
        columns = timing_columns([ask.row for ask in asks], [ask.day for ask in asks])
        outlook = self.timing.outlook(self.timing.index(columns), self._scores(asks))
        return self._probabilities(asks, outlook), outlook.week_weights(self._probabilities(asks, outlook))

    def _scores(self, asks: Sequence[Ask]) -> Floats:
        return np.array([self.rate if ask.win_probability is None else ask.win_probability for ask in asks])

    @staticmethod
    def _probabilities(asks: Sequence[Ask], outlook: Outlook) -> Floats:
        given = np.array([np.nan if ask.win_probability is None else ask.win_probability for ask in asks])
        probabilities: Floats = np.clip(np.where(np.isnan(given), outlook.chance(), given), 0.0, 1.0)
        return probabilities

    def forecast(
        self, asks: Sequence[Ask], drawer: Drawer, bounds: CategoryBounds, *, reasons: bool = True
    ) -> list[DealForecast]:
        """The whole answer on each open deal, in the order given."""
        found: dict[int, DealForecast] = {}
        for day in sorted({ask.day for ask in asks}):
            chosen = [index for index, ask in enumerate(asks) if ask.day == day]
            answers = self._forecast_day(day, [asks[index] for index in chosen], drawer, bounds, reasons=reasons)
            found |= zip(chosen, answers, strict=True)
        return [found[index] for index in range(len(asks))]

    def _forecast_day(
        self, day: date, asks: Sequence[Ask], drawer: Drawer, bounds: CategoryBounds, *, reasons: bool
    ) -> list[DealForecast]:
        index = self.timing.index(timing_columns([ask.row for ask in asks], [day] * len(asks)))
        scores = self._scores(asks)
        outlook, others = self.timing.outlooks(index, scores, GROUPS if reasons else {})
        probabilities = self._probabilities(asks, outlook)
        weights = outlook.week_weights(probabilities)
        rows = zip(asks, probabilities.tolist(), weights, strict=True)
        parameters = [self.parameters(ask, probability, own) for ask, probability, own in rows]
        start, grid = parameters[0].start, drawer.grid
        masses, current = masses_of(grid, start, weights).tolist(), grid.wholes(start)[0]
        reach = {
            group: share_within(each.week_weights(probabilities), days_to_end(start, current))[:, 0].tolist()
            for group, each in others.items()
        }
        reached = share_within(weights, days_to_end(start, current))[:, 0].tolist()
        dates = date_quantiles(weights, start, (0.1, 0.5, 0.9))
        slips = open_after(outlook.still_open, start, [ask.promised for ask in asks])
        found = []
        for number, (ask, own, draw) in enumerate(zip(asks, parameters, drawer.draw(parameters), strict=True)):
            shares, months = shares_of(grid, start, masses[number], draw, own.win_probability)
            p10, p50, p90 = dates[number]
            without = {group: each[number] for group, each in reach.items()}
            why = timing_reasons(ask.row, day, current, ask.promised, log_odds(reached[number]), without)
            found.append(
                DealForecast(
                    Status.OPEN, shares, (p10, p50, p90), amounts_of(own), bounds.category(shares[0].probability),
                    slips[number], why,
                    own, own.win_probability, months,
                )
            )  # fmt: skip
        return found

    def parameters(self, ask: Ask, probability: float, weights: Floats) -> Parameters:
        """What the deal's scenarios depend on; from `chances`."""
        money = asked(ask.row, ask.currency or self.amounts.currency)
        mean, sd = self.amounts.lognormal(money)
        return Parameters(
            ask.deal_id, self.seed, ask.day + timedelta(days=1), money.currency,
            probability, weights, min(mean, _LARGEST_LOG), sd, self.loadings, ask.region,
        )  # fmt: skip

    def save(self, folder: Path) -> None:
        """Write model.json and evaluation.json, the same bytes for the same model."""
        data = {
            "format": FORMAT,
            "seed": self.seed,
            "rate": self.rate,
            "blend": self.blend.to_json(),
            "loadings": asdict(self.loadings),
            "timing": self.timing.to_json(),
            "amounts": self.amounts.to_json(),
            "new_business": self.new_business.to_json(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / MODEL_FILE, data)
        _write(folder / EVALUATION_FILE, self.evaluation)

    @classmethod
    def load(cls, folder: Path) -> ForecastModel:
        """Read what save wrote. Raises Poisoned where it is none of this format."""
        try:
            data = json.loads((folder / MODEL_FILE).read_text("utf-8"))
            if data["format"] != FORMAT:
                raise ValueError(f"format {data['format']} is not {FORMAT}")
            evaluation = json.loads((folder / EVALUATION_FILE).read_text("utf-8"))
            return cls(
                TimingModel.from_json(data["timing"]), AmountModel.from_json(data["amounts"]),
                Loadings(**data["loadings"]), NewBusiness.from_json(data["new_business"]),
                Blend.from_json(data["blend"]), float(data["rate"]), int(data["seed"]), evaluation,
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Poisoned(
                f"this is no forecast model: {error}", field="model", value=str(folder.name), mend="Train it again"
            ) from error


def extras_of(
    model: ForecastModel, day: date, spans: Calendar = periods_from
) -> tuple[dict[Owner, tuple[OwnerRate, NewWins]], Correction]:
    """What stands at the leaves beside the deals, as of the end of a day: new business by owner, and the correction."""
    start, owners = day + timedelta(days=1), model.new_business.owners
    exposures = model.new_business.exposures(start, spans)
    drawn = draw_all(owners, exposures, seed=model.seed, loadings=model.loadings)
    new: dict[Owner, tuple[OwnerRate, NewWins]]
    new = {(owner.owner_id, owner.currency): (owner, drawn[owner.owner_id, owner.currency]) for owner in owners}
    branches = {owner: branch_of(rate.path) for owner, (rate, _) in new.items()}
    return new, model.blend.correction(start, branches, seed=model.seed, spans=spans)


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def open_after(still_open: Floats, start: date, promised: Sequence[date | None]) -> list[float | None]:
    """By deal (rows) P(neither won nor lost by the end of its day); 1 for a day that is past, None without a day."""
    weeks = still_open.shape[1]
    reached = np.concatenate([np.ones((len(still_open), 1)), still_open], axis=1)
    found: list[float | None] = []
    for own, day in zip(reached, promised, strict=True):
        at = 0.0 if day is None else min(max(((day - start).days + 1) / 7.0, 0.0), weeks)
        whole = min(int(at), weeks - 1)
        before, after = float(own[whole]), float(own[whole + 1])
        found.append(None if day is None else before + (at - whole) * (after - before))
    return found


def amounts_of(parameters: Parameters) -> tuple[Money, Money, Money]:
    """Mean, p10 and p90 of the booked amount, given won."""
    mean, sd = parameters.log_amount_mean, parameters.log_amount_sd
    logs = (mean + sd * sd / 2, mean - _Z90 * sd, mean + _Z90 * sd)
    first, low, high = (Money(parameters.currency, round(exp(min(each, _LARGEST_LOG)))) for each in logs)
    return first, low, high


def region_of(path: Collection[Any]) -> str:
    """The id of the region in a path of nodes; empty where it has none."""
    return next((node.id for node in path if node.level == "region"), "")
