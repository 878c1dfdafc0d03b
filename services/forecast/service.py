"""The use cases: forecast deals, keep the team's totals, try what would be."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from kit.clock import Clock, as_of
from kit.errors import Unavailable
from kit.models import Pointer
from kit.subjects import insight_id
from learning.records import Placement
from learning.tree import COMPANY
from services.forecast.by_field import MOST_BYTES, FieldTotals, check_field, empty_totals
from services.forecast.domain import CategoryBounds, DealForecast, ModelInfo, Numbers, RollupRow, Status
from services.forecast.draws import Drawer
from services.forecast.exchange import BesideDeals, CountingDrawer, Exchange
from services.forecast.frozen import within
from services.forecast.grid import Grid, Quarters
from services.forecast.leaves import Key, Path, Update, Won
from services.forecast.model import Ask, ForecastModel, extras_of
from services.forecast.months import allotments
from services.forecast.rollup import Rollup

KIND = "forecast"
PRIOR_VERSION = "prior"
MOST_FIELDS = 3  # whose totals are held


class CurrentModel(Protocol):
    """Tells the model in use; without a pointer it is the built-in prior."""

    @property
    def current(self) -> tuple[ForecastModel, Pointer | None]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """The question an event asks. ask is None for what is not open; upstream is the score's flat key and id."""

    deal_id: str
    revision: int
    day: date
    status: Status
    path: Path
    upstream: Key
    upstream_id: str
    ask: Ask | None = None
    placements: tuple[Placement, ...] = ()
    numbers: Numbers | None = None
    won: Won | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The forecast of a deal with what names and orders it."""

    forecast: DealForecast
    revision: int
    day: date
    generation: int
    insight_id: str
    model_version: str
    as_of: datetime

    def order(self, upstream: Key) -> Key:
        """What the merge rule compares."""
        return (self.revision, self.generation, self.day.isoformat(), upstream, self.insight_id)


@dataclass(frozen=True, slots=True, eq=False)
class Extras:
    """What stands at the leaves beside the deals, for one model and day."""

    model: ForecastModel
    day: date
    grid: Grid
    exchange: Exchange
    beside: BesideDeals


class Sent:
    """What this process published lately: its replica reads the same bytes back and need not decode them.

    Messages are known by their digest; what they say is kept up to `most_bytes` in all.
    """

    def __init__(self, most_bytes: int = 16 * 2**20) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[bytes, Update] = OrderedDict()
        self.bytes = 0

    def keep(self, data: bytes, update: Update) -> None:
        """Remember what a message says; the oldest are forgotten."""
        self.take(data)
        self._kept[_digest(data)] = update
        self.bytes += update.bytes
        while self.bytes > self._most_bytes:
            self.bytes -= self._kept.popitem(last=False)[1].bytes

    def take(self, data: bytes) -> Update | None:
        """What exactly these bytes say, where they are known; once."""
        update = self._kept.pop(_digest(data), None)
        if update is not None:
            self.bytes -= update.bytes
        return update


class Forecasts:
    """Forecasts with the model in use, and the totals of all that was forecast."""

    def __init__(self, models: CurrentModel, clock: Clock, bounds: CategoryBounds | None = None) -> None:
        self.models = models
        self._clock = clock
        self._bounds = bounds or CategoryBounds()
        self._editions = 0  # of the fiscal year
        self._drawer = Drawer(grid=Quarters())
        self._exchange, self._exchange_edition = Exchange(), 0
        self._extras: Extras | None = None
        self.sent = Sent()
        self.rollup = self._empty()

    def _empty(self) -> Rollup:
        self._of_fields: OrderedDict[str, FieldTotals] = OrderedDict()
        return Rollup(CountingDrawer(self._drawer, self._exchange))

    def adopt(self, grid: Grid, editions: int) -> None:
        """Quarters begin elsewhere: totals begin anew, to be filled from the stream; forecasts count as newer."""
        self._editions = editions
        if grid != self._drawer.grid:
            self._drawer, self._extras = Drawer(grid=grid), None
            self.rollup = self._empty()

    def begin_anew(self) -> None:
        """The model was taken away, and the records it learned from are gone: totals begin anew, to be filled from the
        stream."""
        self._extras = None
        self.rollup = self._empty()

    def adopt_exchange(self, exchange: Exchange, edition: int) -> None:
        """Other exchange rates: totals begin anew, to be filled from the stream; forecasts stay as they are."""
        if exchange != self._exchange:
            self._exchange, self._extras = exchange, None
            self.rollup = self._empty()
        elif edition != self._exchange_edition:
            self.rollup.mark_all()
        self._exchange_edition = edition

    @property
    def info(self) -> ModelInfo:
        """Which model answers."""
        model, pointer = self.models.current
        if pointer is None:
            pointer = Pointer(PRIOR_VERSION, 0, "")
        named = (pointer.version, pointer.generation, pointer.digest, model.evaluation)
        return ModelInfo(*named, self._editions, self._exchange_edition)

    def answer(self, deals: Sequence[Asked], *, reasons: bool = True) -> list[Answer]:
        """One answer a deal, all by the same model."""
        model, _ = self.models.current
        info = self.info
        asks = [deal.ask for deal in deals if deal.ask is not None]
        found = iter(model.forecast(asks, self._drawer, self._bounds, reasons=reasons))
        now = self._clock.now()
        return [
            self._answer(deal, next(found) if deal.ask is not None else DealForecast(deal.status), info, now)
            for deal in deals
        ]

    @staticmethod
    def _answer(deal: Asked, forecast: DealForecast, info: ModelInfo, now: datetime) -> Answer:
        name = insight_id(
            KIND, deal.deal_id, deal.revision, info.order, deal.day.isoformat(), deal.upstream_id, info.version
        )
        moment = as_of(now, deal.day)
        return Answer(forecast, deal.revision, deal.day, info.order, name, info.version, moment)

    def superseded(self, deal: Asked, answer: Answer) -> bool:
        """Whether a newer forecast of the deal is in the stream already."""
        held = self.rollup.key_of(deal.deal_id)
        return held is not None and held > answer.order(deal.upstream)

    def extras_wanted(self) -> tuple[ForecastModel, date, Grid, Exchange] | None:
        """The model, day, grid and exchange rates that the leaves' extras are to be drawn for; None while they are
        right."""
        model, _ = self.models.current
        day, grid = self.rollup.business_day, self.rollup.grid
        if day is None or (self._extras and (self._extras.model, self._extras.day) == (model, day)):
            return None
        return model, day, grid, self._exchange

    @staticmethod
    def draw_extras(model: ForecastModel, day: date, grid: Grid, exchange: Exchange) -> Extras:
        """Business not yet created, for each owner; touches no state, so that a thread can do it."""
        new, correction = extras_of(model, day, grid.wholes)
        beside = BesideDeals(new, correction, allotments(model, day, grid, new, correction))
        return Extras(model, day, grid, exchange, beside.counted(exchange))

    def take_extras(self, extras: Extras) -> None:
        """Put the extras at the leaves; every total is published anew, with its model and day."""
        if (extras.grid, extras.exchange) == (self.rollup.grid, self._exchange):  # else others are drawn
            self._extras, beside = extras, extras.beside
            self.rollup.set_extras(beside.new, beside.correction, beside.allotted)
            self.rollup.mark_all()

    def simulate(self, deals: Sequence[Asked], period: str) -> tuple[list[RollupRow], list[RollupRow]]:
        """The totals of the nodes concerned, as they are and as they would be with the deals as given."""
        current, simulated = self.rollup.simulate(self._supposed(deals))
        return within(current, period), within(simulated, period)

    def _supposed(self, deals: Sequence[Asked]) -> list[Update]:
        answers = self.answer(deals, reasons=False)
        return [
            Update(
                deal.deal_id, answer.order(deal.upstream), deal.day, deal.path, answer.forecast.parameters,
                deal.placements, deal.numbers, deal.won, answer.generation,
            )
            for deal, answer in zip(deals, answers, strict=True)
        ]  # fmt: skip

    async def simulate_field(
        self, deals: Sequence[Asked], period: str, field: str
    ) -> tuple[list[RollupRow], list[RollupRow]]:
        """As `simulate`, of a number in a custom field in the place of the amount. Raises InvalidInput, Unavailable."""
        totals, _ = await self._of_field(field, COMPANY.id)
        current, simulated = totals.simulate(self._supposed(deals))
        return within(current, period), within(simulated, period)

    async def totals_of_field(self, node: str, period: str, field: str) -> list[RollupRow]:
        """As `totals`, of a number in a custom field in the place of the amount. Raises InvalidInput, Unavailable."""
        _, rows = await self._of_field(field, node)
        return within(rows, period)

    async def _of_field(self, field: str, node: str) -> tuple[FieldTotals, list[RollupRow]]:
        """A field's totals with all that is held now, and a node's rows of them; see by_field."""
        check_field(self.rollup.held, field)
        if field not in self._of_fields:
            drawer = CountingDrawer(Drawer(MOST_BYTES, self._drawer.grid), self._exchange)
            self._of_fields[field] = empty_totals(field, drawer)
        self._of_fields.move_to_end(field)
        while len(self._of_fields) > MOST_FIELDS:
            self._of_fields.popitem(last=False)
        totals = self._of_fields[field]
        beside = self._extras.beside if self._extras else None
        rows = await totals.rows(dict(self.rollup.held), node, beside, self._exchange)
        if self._of_fields.get(field) is not totals:
            raise Unavailable("totals began anew meanwhile", mend="Ask again in a moment")
        return totals, rows

    def totals(self, node: str, period: str) -> list[RollupRow]:
        """The totals of a node or of all, in a period or in all quarters."""
        return within(self.rollup.rows(node), period)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
