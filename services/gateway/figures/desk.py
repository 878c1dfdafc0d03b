"""Sales figures as they are asked for: which, of which periods, of whom."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kit.clock import day_end
from kit.errors import InvalidInput
from learning.exchange import Rates
from learning.records import Node
from services.gateway.domain import Principal
from services.gateway.figures import effectiveness, outcomes, revenue, stages
from services.gateway.figures.book import Book, Books, Reader, let_go, reader_of
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
KEPT = 100_000  # rows of the latest answers
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Held:
    book: Book
    asked: Asked
    edition: int


class FiguresDesk:
    """Answers, kept until a record changes or a day is over."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._books = Books(gateway.store)
        self._kept: OrderedDict[tuple[Any, ...], Rows] = OrderedDict()
        self._size = 0  # of what is kept: its rows, and one for each answer
        self._asked: OrderedDict[Reader, _Held] = OrderedDict()
        self._editions = 0
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
        rows: Rows = []
        for span in spans:
            rows += await self._of_span(principal, book, chosen, by, span, len(spans))
        return {
            "business_day": today.isoformat(), "by": by, "currency": workspace.currency, "figures": chosen,
            "periods": [_period(span) for span in spans], "rows": rows,
        }  # fmt: skip

    async def _of_span(
        self, principal: Principal, book: Book, names: Sequence[str], by: str, span: Span, spans: int
    ) -> Rows:
        """The figures of a period, in their order; what was told already is not reckoned again."""
        edition, asked = await self._asked_of(principal, book)
        shared = (edition, by, span.id, span.start)
        known = {name: self._kept.get((*shared, name)) for name in names}
        groups: list[Group] = []
        if None in known.values():
            groups = await self._groups(principal, book, by, span, book.version[1])
            if len(groups) * spans > MOST_GROUPS:
                raise InvalidInput("so many groups in so many periods are not told at once", field="last",
                                   value=str(spans), mend="Ask for fewer periods")  # fmt: skip
        rows: Rows = []
        for name, kept in known.items():
            found = kept
            if found is None:
                lines = await self._told(principal, name, span, groups, asked)
                found = self._keep((*shared, name), [row_json(span, group, line) for group, line in lines])
            rows += found
        return rows

    async def _asked_of(self, principal: Principal, book: Book) -> tuple[int, Asked]:
        """What holds for every group, under a number that grows with every change of it."""
        currency, rates = self._gateway.workspace.currency, await self._gateway.store.rates()
        key = reader_of(principal)
        held = self._asked.get(key)
        if held is None or held.book is not book or (held.asked.currency, held.asked.rates) != (currency, rates):
            made = await asyncio.to_thread(asked_of, book, rates, currency)
            self._editions += 1
            held = self._asked[key] = _Held(book, made, self._editions)
        self._asked.move_to_end(key)
        let_go(self._asked)
        return held.edition, held.asked

    def _keep(self, key: tuple[Any, ...], rows: Rows) -> Rows:
        if key not in self._kept:
            self._kept[key] = rows
            self._size += len(rows) + 1
        while self._size > KEPT:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone) + 1
        return rows

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
        self, principal: Principal, name: str, span: Span, groups: Sequence[Group], asked: Asked
    ) -> list[tuple[Group, Line]]:
        if name in DEFINITIONS:
            return await asyncio.to_thread(_defined, DEFINITIONS[name], groups, span, asked)
        async with self._weighing:
            return await self._effects(principal, groups, span, asked)

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


def asked_of(book: Book, rates: Rates, currency: str) -> Asked:
    """What holds for every group."""
    renewed: dict[str, list[Facts]] = {}
    for deal in book.deals:
        if deal.renews:
            renewed.setdefault(deal.renews, []).append(deal)
    won = [deal.closed for deal in book.deals if deal.outcome == "WON"]
    contracts = any(deal.contract is not None for deal in book.deals)
    ranks = stages.ranks_of(book.deals, book.orders)
    return Asked(book.version[1].toordinal(), rates, currency, ranks, renewed, contracts, min(won, default=0))


def _defined(define: Define, groups: Sequence[Group], span: Span, asked: Asked) -> list[tuple[Group, Line]]:
    return [(group, line) for group in groups for line in define(group, span, asked)]


def _period(span: Span) -> dict[str, str]:
    start, end = (date.fromordinal(day).isoformat() for day in (span.start, span.end))
    return {"period": span.id, "start_date": start, "end_date": end}
