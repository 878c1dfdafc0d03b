"""What the gateway can do, over the store: the use cases behind REST, gRPC and pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kit.errors import Unavailable
from kit.telemetry import TRACEPARENT, inject
from learning.fiscal import FiscalPeriod
from learning.placements import Tree
from learning.records import Node
from services.gateway.amount_types import AmountType
from services.gateway.contact_limits import ContactLog
from services.gateway.domain import (
    DealWrite,
    InsightKind,
    Principal,
    Record,
    Scope,
    WriteResult,
    WriteStatus,
)
from services.gateway.forecast_source import OfField, Source
from services.gateway.forecast_totals import AMOUNTS, forecast_totals, totals_of_node
from services.gateway.json_values import time_text
from services.gateway.kept_totals import KeptTotals
from services.gateway.live import Signal
from services.gateway.merged import View, actions_behind, merged
from services.gateway.own_record import OwnRecord, own_record, record_key, without_people
from services.gateway.quarter_totals import View as PeriodView
from services.gateway.rollup import COMPANY, OWNER
from services.gateway.store.interface import Query, Store, StoredRollup
from services.gateway.tree_totals import tree_totals
from services.gateway.trends import TREND_DAYS
from services.gateway.workspace import SERVICES, Workspace

SCORES = 30  # the newest of a deal, for its trend

Readiness = Callable[[], Awaitable[Mapping[str, bool]]]
FieldTotals = Callable[[str, str], Awaitable[list[StoredRollup]]]


async def _none() -> Mapping[str, bool]:
    return {}


async def _nobody(_period: str, _field: str) -> list[StoredRollup]:
    raise Unavailable("the forecast service is not there", field="forecast", mend="Try again when it runs")


@dataclass(slots=True)
class Gateway:
    """The records with all that is computed on them, for one principal at a time."""

    store: Store
    workspace: Workspace
    outbox: Signal = field(default_factory=Signal)  # something is to be published
    news: Signal = field(default_factory=Signal)  # something is to be told to readers of live events
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    readiness: Readiness = _none
    field_totals: FieldTotals = _nobody  # of a period, as the forecast service names it, and a field
    kept_totals: KeptTotals = field(default_factory=KeptTotals)
    last_write: float = -1e9  # monotonic
    in_hand: set[str] = field(default_factory=set)  # idempotency keys of requests under way

    # records in

    async def apply_deals(
        self, principal: Principal, writes: Sequence[DealWrite], source: str = "rest"
    ) -> list[WriteResult]:
        """Create or change deals; what changed is published at once."""
        trace = inject().get(TRACEPARENT, "")
        results = await self.store.apply_deals(principal, writes, trace=trace, source=source)
        self.written(results)
        return results

    def written(self, results: Sequence[WriteResult]) -> None:
        """Something was written: wake whoever passes it on."""
        if any(result.status in {WriteStatus.CREATED, WriteStatus.CHANGED} for result in results):
            self.last_write = time.monotonic()
            self.outbox.wake()
            self.news.wake()

    # records out

    async def record(self, principal: Principal, deal_id: str, language: str = "en") -> dict[str, Any]:
        """The merged record of a deal. Raises NotFound."""
        record = await self.store.get_record(principal, deal_id)
        return merged(record, await self.view(principal, [record], language))

    async def records(
        self, principal: Principal, query: Query, cursor: str, limit: int, language: str = "en", *, brief: bool = False
    ) -> tuple[list[dict[str, Any]], str]:
        """A page of merged records, brief ones without trends too, and the cursor of the next."""
        page = await self.store.list_records(principal, query, cursor, limit)
        view = await self.view(principal, page.records, language, brief=brief)
        return [merged(record, view) for record in page.records], page.next_cursor

    async def view(
        self, principal: Principal, records: Sequence[Record], language: str, *, brief: bool = False
    ) -> View:
        """What the moment adds to these records."""
        known = () if brief else records
        scored = [record.history.deal.id for record in known if InsightKind.LEAD_SCORE in record.insights]
        suggested = [record.history.deal.id for record in records if InsightKind.NEXT_ACTIONS in record.insights]
        behind = [record.history.deal.id for record in records if actions_behind(record)]
        return View(
            self.workspace.business_day.isoformat(),
            self.workspace.generations,
            self.workspace.grade_bounds,
            language,
            await self.store.score_points(principal, scored, SCORES, TREND_DAYS) if scored else {},
            ContactLog(self.workspace.now(), await self.store.touches(principal, behind)) if behind else ContactLog(),
            await self.store.list_feedback(principal, suggested) if suggested else {},
            self.workspace.now(),
            self.workspace.calendar,
            brief,
        )

    # forecast

    async def forecast(
        self, principal: Principal, period: str, node: str = "", currency: str = "", tree: Tree | None = None,
        kind: AmountType | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The totals of a period, else the current quarter, over the reporting line or a tree beside it, of amounts or
        of another type. Raises InvalidInput, also beyond the horizon; NotFound; Forbidden for a tree to who does not
        see all; Unavailable for another type while the forecast service is away. Of a period that is over, what people
        said of it is left out of nodes that are others'."""
        calendar, today = self.workspace.calendar, self.workspace.business_day
        chosen = calendar.parse(period) if period else calendar.current(today)
        found = await self._totals(principal, chosen, node, currency, tree, kind)
        if chosen.end <= today:
            return without_people(found, await self.own_record(principal))
        return {**found, "people_withheld": None}

    async def _totals(
        self, principal: Principal, chosen: FiscalPeriod, node: str, currency: str, tree: Tree | None,
        kind: AmountType | None,
    ) -> dict[str, Any]:  # fmt: skip
        if kind is None and tree is None:
            space, edition = self.workspace, await self.edition()
            who = "" if principal.scope is Scope.ALL else principal.user_id  # all who see all see the same
            make = partial(forecast_totals, self.store, space, principal, chosen, "", currency)
            whole = await self.kept_totals.of(edition, (principal.scope, who, str(chosen), currency), make)
            return totals_of_node(whole, node) if node else whole
        source = await self.source(kind, chosen)
        if tree is not None:
            return await tree_totals(self.store, self.workspace, principal, chosen, tree, node, currency, source)
        return await forecast_totals(self.store, self.workspace, principal, chosen, node, currency, source)

    async def own_record(self, principal: Principal) -> OwnRecord:
        """Whose numbers the principal may see beside what came."""

        async def make() -> dict[str, Any]:
            return {"found": await own_record(self.store, self.workspace, principal)}

        found: OwnRecord = (await self.kept_totals.of(await self.edition(), record_key(principal), make))["found"]
        return found

    async def edition(self) -> tuple[Any, ...]:
        """What totals are of: as long as it is the same, so are they."""
        space = self.workspace
        serving = space.generations[InsightKind.FORECAST]
        held = (space.business_day, space.calendar, space.currency, space.exchange_edition, serving)
        return (await self.store.edition(), *held)

    async def own_node(self, principal: Principal) -> str:
        """The topmost node of today's tree whose totals the principal sees: where pages begin that name none."""
        nodes = await self.own_nodes(principal)
        return nodes[0].id if nodes else OWNER + principal.user_id

    async def own_nodes(self, principal: Principal) -> list[Node]:
        """All topmost nodes of today's tree whose totals the principal sees. Several where whoever leads people of
        several regions is no node: then no total is of all of them."""
        day = self.workspace.business_day
        seen, tree = await self.store.nodes_within(principal, day), await self.store.tree(principal, day)
        if seen is None:
            return [node for node in tree if node.id == COMPANY] or [Node(COMPANY, COMPANY, "")]
        return [node for node in tree if node.id in seen and node.parent not in seen]

    async def source(self, kind: AmountType | None, period: FiscalPeriod) -> Source:
        """What totals of a type are made of, as things stand now. Raises InvalidInput, Unavailable."""
        if kind is None:
            return AMOUNTS
        view = PeriodView.of(period, self.workspace)
        totals = await self.field_totals(view.asked, kind.field) if view.quarters else []
        return OfField(kind, totals, self.workspace.business_day)

    # next actions

    async def actions(
        self, principal: Principal, owner: str, cursor: str, limit: int, language: str = "en"
    ) -> tuple[list[dict[str, Any]], str]:
        """Suggestions on an owner's open deals (everybody's without an owner), best first within a page of deals."""
        query = Query(owner_id=owner, outcome="OPEN", sort="-gain")
        records, following = await self.records(principal, query, cursor, limit, language)
        found = [
            {"deal": deal_summary(record), **action, "as_of": part["as_of"], "stale": part["stale"]}
            for record in records
            if (part := record["next_actions"])
            for action in part["actions"]
        ]
        found.sort(key=_gain, reverse=True)
        return found, following  # also where nothing of this page may be shown: the next may hold more

    # the workspace

    async def about(self, principal: Principal) -> dict[str, Any]:
        """The workspace: clock, currency, counts, serving models, readiness of the parts."""
        workspace = self.workspace
        return {
            "id": workspace.id,
            "sample": workspace.sample,
            "clock": {
                "business_day": workspace.business_day.isoformat(),
                "pinned": workspace.pinned is not None,
                "now": time_text(workspace.now()),
            },
            "currency": workspace.currency,
            "grade_bounds": dict(zip("ABC", workspace.grade_bounds, strict=True)),
            "training_columns": workspace.training_columns.to_json(),
            "lead_horizon_days": workspace.lead_horizon_days,
            "fiscal_year": workspace.fiscal_year,
            "holiday_country": workspace.holiday_country,
            "time_zone": workspace.time_zone,
            "crm_link": workspace.crm_link,
            "counts": {str(name): count for name, count in (await self.store.counts(principal)).items()},
            "models": {
                name: {"version": workspace.serving[name].version, "generation": workspace.serving[name].generation}
                for name in SERVICES
            },
            "parts": dict(await self.readiness()),
        }


def deal_summary(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a suggestion tells of its deal."""
    score = record["lead_score"]
    return {
        **{key: record[key] for key in ("id", "name", "stage", "amount", "owner", "account", "close_date")},
        "probability": score["probability"] if score else None,
    }


def _gain(action: Mapping[str, Any]) -> float:
    return float(action["gain"]["value"]) if action["gain"] else 0.0
