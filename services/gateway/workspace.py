"""What holds for the whole company: clock, currency, grade bounds, columns to train on, and which models serve."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from kit.clock import Clock, WallClock, day_end, parse_day, utc_day
from kit.errors import Conflict, InvalidInput
from learning.fiscal import FiscalCalendar
from learning.horizon import DEFAULT_HORIZON, checked_horizon
from learning.overrules import Overrules
from learning.placements import Tree, trees_from
from services.gateway.amount_types import AmountType, types_from, types_json
from services.gateway.crm_link import CRM_LINK, checked_link
from services.gateway.domain import LOCAL, InsightKind, Principal
from services.gateway.settings_checks import (
    FISCAL_YEAR,
    HOLIDAY_COUNTRY,
    TIME_ZONE,
    TRAINING_COLUMNS,
    checked_bounds,
    checked_columns,
    checked_country,
    checked_currency,
    checked_zone,
    fiscal_calendar,
)

SERVICES: Mapping[str, InsightKind] = {
    "lead_scoring": InsightKind.LEAD_SCORE,
    "forecast": InsightKind.FORECAST,
    "next_best_action": InsightKind.NEXT_ACTIONS,
}
CLOCK, CURRENCY, GRADES, POINTERS, WORKSPACE_ID = "clock", "currency", "grade_bounds", "pointers", "workspace_id"
SAMPLE, SAMPLE_REMOVED = "sample", "sample_removed"
UNTRAINED = "prior"  # the version that a service names before any training
CATALOGUE = "action_catalogue"
LEAD_HORIZON = "lead_horizon_days"
TREES = "forecast_trees"
EXCHANGE = "exchange"
FORECAST_TYPES = "forecast_types"
DEFAULT_BOUNDS = (0.75, 0.5, 0.25)
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)


class SettingsStore(Protocol):
    """The part of the store this needs."""

    async def get_setting(self, key: str) -> Any | None: ...

    async def put_setting(self, key: str, value: Any) -> None: ...


class RecordStore(SettingsStore, Protocol):
    """And the part that tells whether there are records."""

    async def counts(self, principal: Principal) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class Serving:
    """The version of a service's model that serves, and how many promotions and rollbacks led to it."""

    version: str = UNTRAINED
    generation: int = 0
    digest: str = ""


class Workspace:
    """A cached, written-through view on the store's settings; also the business clock."""

    def __init__(self, store: RecordStore, wall: Clock | None = None) -> None:
        self._store = store
        self._wall = wall or WallClock()
        self.id = ""
        self.currency = "USD"
        self.currency_set = False
        self.grade_bounds = DEFAULT_BOUNDS
        self.training_columns = Overrules()
        self.calendar = FiscalCalendar()
        self.holiday_country = ""
        self.time_zone = ""  # that times are shown in; none: UTC
        self.crm_link = ""
        self.fiscal_editions = 0  # how often quarters came to begin with other months
        self.exchange_edition, self.exchange_digest = 0, ""  # how often other exchange rates came to hold, and which
        self.lead_horizon_days: int | None = DEFAULT_HORIZON
        self.pinned: date | None = None
        self.sample = False  # whether these are the made-up records of the sample company
        self.sample_removed: Mapping[str, Any] = {}  # when it was, by whom, and whether leftovers are being cleared
        self.serving: dict[str, Serving] = {name: Serving() for name in SERVICES}
        self.trees: tuple[Tree, ...] = ()  # that totals are taken over, beside the reporting line
        self.trees_edition = 0  # how often they were set
        self.forecast_types: tuple[AmountType, ...] = ()  # that totals are taken of, beside amounts
        self.catalogue_generation = 0  # edits of the action catalogue
        self.changing = asyncio.Lock()  # of whoever tells how settings stood before and after a change

    async def load(self, today: date | None = None) -> None:
        """Read everything; a new workspace gets an id and, with `today`, a pinned clock."""
        stored = await self._store.get_setting(WORKSPACE_ID)
        self.id = str(stored or uuid.uuid4().hex[:12])
        if stored is None:
            await self._store.put_setting(WORKSPACE_ID, self.id)
        currency = await self._store.get_setting(CURRENCY)
        self.currency_set = currency is not None
        self.currency = str(currency or "USD")
        bounds = await self._store.get_setting(GRADES)
        self.grade_bounds = (
            (float(bounds[0]), float(bounds[1]), float(bounds[2])) if bounds is not None else DEFAULT_BOUNDS
        )
        columns = await self._store.get_setting(TRAINING_COLUMNS) or {}
        self.training_columns = Overrules.of(columns.get("keep", ()), columns.get("drop", ()))
        self.sample = bool(await self._store.get_setting(SAMPLE))
        self.sample_removed = await self._store.get_setting(SAMPLE_REMOVED) or {}
        self.holiday_country = str(await self._store.get_setting(HOLIDAY_COUNTRY) or "")
        self.time_zone = str(await self._store.get_setting(TIME_ZONE) or "")
        self.crm_link = str(await self._store.get_setting(CRM_LINK) or "")
        fiscal = await self._store.get_setting(FISCAL_YEAR) or {}
        self.calendar, self.fiscal_editions = FiscalCalendar.from_json(fiscal), int(fiscal.get("editions", 0))
        exchange = await self._store.get_setting(EXCHANGE) or {}
        self.exchange_edition, self.exchange_digest = int(exchange.get("edition", 0)), str(exchange.get("digest", ""))
        trees = await self._store.get_setting(TREES) or {}
        self.trees, self.trees_edition = trees_from(trees), int(trees.get("edition", 0))
        self.forecast_types = types_from(await self._store.get_setting(FORECAST_TYPES) or {})
        horizon = await self._store.get_setting(LEAD_HORIZON)
        self.lead_horizon_days = horizon["days"] if horizon is not None else DEFAULT_HORIZON
        clock = await self._store.get_setting(CLOCK)
        self.pinned = date.fromisoformat(clock["pinned"]) if clock and clock.get("pinned") else None
        if clock is None and today is not None:
            await self.pin(today)
        self.catalogue_generation = int((await self._store.get_setting(CATALOGUE) or {}).get("generation", 0))
        for name, pointer in (await self._store.get_setting(POINTERS) or {}).items():
            self.serving[name] = Serving(**pointer)

    def now(self) -> datetime:
        """The time on the business clock, UTC: the end of the pinned day, else wall time."""
        return day_end(self.pinned) if self.pinned else self._wall.now()

    def wall_time(self) -> datetime:
        """Now by the wall, whatever the business clock says: when somebody set something."""
        return self._wall.now()

    @property
    def business_day(self) -> date:
        """The company's day."""
        return self.pinned or utc_day(self._wall.now())

    async def pin(self, day: date | None) -> None:
        """Pin the clock to a day, or let it run (None). Raises InvalidInput for absurd days."""
        if day is not None and not EARLIEST <= day <= LATEST:
            raise InvalidInput(
                "the day is out of range", field="today", value=day.isoformat(), mend=f"Use {EARLIEST} to {LATEST}"
            )
        await self._store.put_setting(CLOCK, {"pinned": day.isoformat() if day else None})
        self.pinned = day

    async def move_forward(self, as_of: str) -> None:
        """Pin to the day an import is as of; never backwards."""
        day = parse_day(as_of[:10], "as_of")
        if self.pinned is None or day > self.pinned:
            await self.pin(day)

    async def keep_apart(self, *, sample: bool) -> None:
        """Before records come in: a workspace holds the sample company or real records. Raises Conflict for both, and
        while what the sample company has left is being cleared."""
        if self.sample_removed.get("clearing"):
            mend = "Try again in a few seconds; it takes longer only while NATS does not answer"
            raise Conflict("the sample company is still being removed", field="sample", mend=mend)
        kept = await self._store.get_setting(SAMPLE)
        if kept is None:
            kept = sample if (await self._store.counts(LOCAL))["deals"] == 0 else False
            await self._store.put_setting(SAMPLE, kept)
        self.sample = bool(kept)
        if kept == sample:
            return
        holds, comes = ("the sample company", "real records") if kept else ("real records", "the sample company")
        mend = "Start another one: dealcast up --data-dir ANOTHER"
        if kept:
            mend = "Remove the sample company on the settings page, or use another one: dealcast up --data-dir ANOTHER"
        raise Conflict(f"this workspace holds {holds} and takes no {comes}", field="--data-dir", mend=mend)

    async def set_currency(self, currency: str) -> None:
        """The company's currency: what forecasts add up by default."""
        code = checked_currency(currency)
        await self._store.put_setting(CURRENCY, code)
        self.currency, self.currency_set = code, True

    async def set_grade_bounds(self, bounds: Any) -> None:
        """The lower bounds of A, B and C, falling. Raises InvalidInput."""
        checked = checked_bounds(bounds)
        await self._store.put_setting(GRADES, list(checked))
        self.grade_bounds = checked

    async def set_training_columns(self, columns: Any) -> None:
        """Which columns lead scoring keeps and leaves out, whatever its leak guard says, from the next training on.

        The lists take the place of those there are; one that is left out is empty. Raises InvalidInput.
        """
        made = checked_columns(columns)
        await self._store.put_setting(TRAINING_COLUMNS, made.to_json())
        self.training_columns = made

    async def set_lead_horizon(self, days: Any) -> None:
        """Within how many days a lead is to convert for the next trainings to call it a success; None: at all.

        Raises InvalidInput.
        """
        checked = checked_horizon(days, LEAD_HORIZON)
        await self._store.put_setting(LEAD_HORIZON, {"days": checked})
        self.lead_horizon_days = checked

    @property
    def fiscal_year(self) -> dict[str, Any]:
        """Where the fiscal year begins, and whether it bears the number of the year in which it ends or begins."""
        return self.calendar.to_json()

    async def set_fiscal_year(self, given: Any) -> None:
        """Where the fiscal year begins. Quotas and what people said stay with the ids they were given for.

        Raises InvalidInput.
        """
        calendar = fiscal_calendar(given)
        moved = (calendar.start_month - self.calendar.start_month) % 3 != 0
        self.calendar = calendar
        await self.set_fiscal_editions(self.fiscal_editions + int(moved))

    async def set_fiscal_editions(self, editions: int) -> None:
        """Keep the fiscal year under a number: forecasts of quarters that begin elsewhere are behind one that grows."""
        self.fiscal_editions = editions
        await self._store.put_setting(FISCAL_YEAR, self.fiscal_year | {"editions": editions})

    async def set_exchange(self, edition: int, digest: str) -> None:
        """Keep which exchange rates hold under a number: totals reckoned with others are behind one that grows."""
        self.exchange_edition, self.exchange_digest = edition, digest
        await self._store.put_setting(EXCHANGE, {"edition": edition, "digest": digest})

    async def set_trees(self, trees: Sequence[Tree]) -> None:
        """Trees beside the reporting line; the reconciler publishes open deals with their new places."""
        named = [{"name": tree.name, "levels": list(tree.levels)} for tree in trees]
        await self._store.put_setting(TREES, {"edition": self.trees_edition + 1, "trees": named})
        self.trees, self.trees_edition = tuple(trees), self.trees_edition + 1

    async def set_forecast_types(self, types: Sequence[AmountType]) -> None:
        """Amounts that totals are taken of on request, beside deals' own."""
        await self._store.put_setting(FORECAST_TYPES, types_json(types))
        self.forecast_types = tuple(types)

    async def set_holiday_country(self, country: Any) -> None:
        """The country whose public holidays are kept, by its code; empty for none. Raises InvalidInput."""
        code = checked_country(country)
        await self._store.put_setting(HOLIDAY_COUNTRY, code)
        self.holiday_country = code

    async def set_time_zone(self, name: Any) -> None:
        """In which people see times, by its IANA name; empty for UTC. Raises InvalidInput."""
        checked = checked_zone(name)
        await self._store.put_setting(TIME_ZONE, checked)
        self.time_zone = checked

    async def set_crm_link(self, address: Any) -> None:
        """Where a deal stands in the CRM; empty for nowhere. Raises InvalidInput."""
        self.crm_link = checked_link(address)
        await self._store.put_setting(CRM_LINK, self.crm_link)

    async def serve(self, service: str, serving: Serving) -> None:
        """Remember which version serves."""
        self.serving[service] = serving
        await self._store.put_setting(
            POINTERS,
            {
                name: {"version": each.version, "generation": each.generation, "digest": each.digest}
                for name, each in self.serving.items()
                if each.generation
            },
        )

    async def forget_serving(self) -> None:
        """No trained version serves any more."""
        self.serving = {name: Serving() for name in SERVICES}
        await self._store.put_setting(POINTERS, None)

    @property
    def generations(self) -> dict[InsightKind, int]:
        """The generation each kind of insight should have: of the model, and for next actions of the catalogue too."""
        found = {kind: self.serving[name].generation for name, kind in SERVICES.items()}
        found[InsightKind.FORECAST] += self.fiscal_editions
        found[InsightKind.NEXT_ACTIONS] += self.catalogue_generation
        return found
