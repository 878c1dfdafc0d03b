"""Sales figures as they are asked for: which, of which periods, of whom."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from kit.clock import day_end
from kit.errors import InvalidInput
from learning.records import Node
from services.gateway.domain import Principal
from services.gateway.figures import effectiveness, outcomes, revenue, stages
from services.gateway.figures.book import Book, Books
from services.gateway.figures.counting import Asked, Group, Line
from services.gateway.figures.facts import Facts
from services.gateway.figures.groups import OWNER, TEAM, groups_of
from services.gateway.figures.lines import row_json
from services.gateway.figures.spans import Span, spans_of
from services.gateway.rollup import with_unplaced
from services.gateway.service import Gateway
from services.gateway.store.figures_interface import Done

Define = Callable[[Group, Span, Asked], list[Line]]
DEFINITIONS: Mapping[str, Define] = {
    "win_rate": outcomes.win_rate,
    "win_rate_created": outcomes.win_rate_created,
    "cycle_length": outcomes.cycle_length,
    "time_in_stage": stages.time_in_stage,
    "stage_conversion": stages.stage_conversion,
    "slip_rate": outcomes.slip_rate,
    "pipeline_created": revenue.pipeline_created,
    "average_deal": revenue.average_deal,
    "net_new_revenue": revenue.net_new_revenue,
    "retention": revenue.retention,
}
FIGURES = (*DEFINITIONS, effectiveness.FIGURE)
MOST_PERIODS, MOST_GROUPS, MOST_COMPARED = 60, 6_000, 12
KEPT, LARGEST_KEPT = 32, 10_000  # answers, and rows of one
Rows = list[dict[str, Any]]


class FiguresDesk:
    """Answers, kept until a record changes or a day is over."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._books = Books(gateway.store)
        self._kept: OrderedDict[tuple[Any, ...], Rows] = OrderedDict()
        self._weighing = asyncio.Lock()  # activities: seconds of work, for one reader at a time

    async def figures(
        self, principal: Principal, names: Sequence[str], by: str, period: str, last: int
    ) -> dict[str, Any]:
        """Some figures, all but activity effectiveness where none is named, of the `last` periods up to one, each of
        every group. Raises InvalidInput."""
        workspace = self._gateway.workspace
        today = workspace.business_day
        chosen = list(dict.fromkeys(names)) or list(DEFINITIONS)
        if unknown := [one for one in chosen if one not in FIGURES]:
            mend = "Use " + ", ".join(FIGURES)
            raise InvalidInput("there is no such figure", field="figure", value=unknown[0][:60], mend=mend)
        if not 1 <= last <= MOST_PERIODS:
            raise InvalidInput("so many periods are not told", field="last", value=str(last)[:20],
                               mend=f"Ask for 1 to {MOST_PERIODS}")  # fmt: skip
        spans = spans_of(workspace.calendar, period, last, today)
        book = await self._books.open(principal, today)
        asked = await self._asked(book, today)
        rows: Rows = []
        for span in spans:
            groups = await self._groups(principal, book, by, span, today)
            if len(groups) * len(spans) > MOST_GROUPS:
                raise InvalidInput("so many groups in so many periods are not told at once", field="last",
                                   value=str(last), mend="Ask for fewer periods")  # fmt: skip
            for name in chosen:
                rows += await self._told(principal, book, asked, name, by, span, groups)
        return {
            "business_day": today.isoformat(), "by": by, "currency": workspace.currency, "figures": chosen,
            "periods": [_period(span) for span in spans], "rows": rows,
        }  # fmt: skip

    async def _asked(self, book: Book, today: date) -> Asked:
        return await asyncio.to_thread(asked_of, book, today, self._gateway.workspace.currency)

    async def _groups(self, principal: Principal, book: Book, by: str, span: Span, today: date) -> list[Group]:
        tree: Sequence[Node] = ()
        seen: frozenset[str] | None = None
        if by in (OWNER, TEAM):
            day = min(date.fromordinal(span.end), today)
            owners = {one for deal in book.deals for one, _ in deal.holders} | {deal.owner for deal in book.deals}
            tree = with_unplaced(await self._gateway.store.tree(principal, day), dict.fromkeys(owners))
            seen = await self._gateway.store.nodes_within(principal, day)
        return await asyncio.to_thread(groups_of, book, by, tree, seen)

    async def _told(
        self, principal: Principal, book: Book, asked: Asked, name: str, by: str, span: Span, groups: Sequence[Group]
    ) -> Rows:
        key = (principal.scope, principal.user_id, book.version, asked.today, name, by, span.id, asked.currency)
        known = self._kept.get(key)
        if known is None:
            if name == effectiveness.FIGURE:
                async with self._weighing:
                    found = await self._effects(principal, groups, span, asked)
            else:
                found = await asyncio.to_thread(_defined, DEFINITIONS[name], groups, span, asked)
            known = [row_json(span, group, line) for group, line in found]
            if len(known) <= LARGEST_KEPT:
                self._kept[key] = known
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return known

    async def _effects(
        self, principal: Principal, groups: Sequence[Group], span: Span, asked: Asked
    ) -> list[tuple[Group, Line]]:
        if len(groups) > MOST_COMPARED:
            raise InvalidInput(f"activities are weighed for up to {MOST_COMPARED} groups at once", field="by",
                               value=str(len(groups)), mend="Use by=all, pipeline, motion or a segment")  # fmt: skip
        lines = []
        for group in groups:
            deals = effectiveness.chosen(group, span, asked)
            done = await self._done(principal, deals, span)
            found = await asyncio.to_thread(effectiveness.activity_effectiveness, deals, span, asked, done)
            lines += [(group, line) for line in found]
        return lines

    async def _done(self, principal: Principal, deals: Sequence[Facts], span: Span) -> Mapping[str, Sequence[Done]]:
        begin = date.fromordinal(span.start) - timedelta(days=effectiveness.BEFORE + 1)
        ids = [deal.id for deal in deals]
        end = day_end(date.fromordinal(span.end))
        found: dict[str, list[Done]] = {}
        for one in await self._gateway.store.activities_between(principal, ids, day_end(begin), end):
            found.setdefault(one.deal_id, []).append(one)
        return found


def asked_of(book: Book, today: date, currency: str) -> Asked:
    """What holds for every group."""
    renewed: dict[str, list[Facts]] = {}
    for deal in book.deals:
        if deal.renews:
            renewed.setdefault(deal.renews, []).append(deal)
    won = [deal.closed for deal in book.deals if deal.outcome == "WON"]
    contracts = any(deal.contract is not None for deal in book.deals)
    ranks = stages.ranks_of(book.deals, book.orders)
    return Asked(today.toordinal(), book.rates, currency, ranks, renewed, contracts, min(won, default=0))


def _defined(define: Define, groups: Sequence[Group], span: Span, asked: Asked) -> list[tuple[Group, Line]]:
    return [(group, line) for group in groups for line in define(group, span, asked)]


def _period(span: Span) -> dict[str, str]:
    start, end = (date.fromordinal(day).isoformat() for day in (span.start, span.end))
    return {"period": span.id, "start_date": start, "end_date": end}
