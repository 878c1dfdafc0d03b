"""The rows of a table, page by page, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from learning.fiscal import FiscalPeriod
from learning.records import Outcome
from services.gateway.domain import Principal
from services.gateway.exports.columns import Row, Table, row_of
from services.gateway.exports.tables import DEAL_PERIODS, DEALS, FORECAST, REASONS, SUGGESTIONS, TABLES, deals_table
from services.gateway.quarter_totals import HORIZON
from services.gateway.rollup import COMPANY, committed
from services.gateway.service import Gateway
from services.gateway.store.interface import Query

PAGE = 500
TOP_REASONS = 3
WHOLE = "전체"

Source = Mapping[str, Any]


async def table_of(gateway: Gateway, name: str) -> Table:
    """The table with its columns as they are today. KeyError for a name that is not in TABLES."""
    if name == DEALS.name:
        return deals_table(quarters_of(gateway), await gateway.store.list_fields())
    return TABLES[name]


def quarters_of(gateway: Gateway) -> list[FiscalPeriod]:
    """The quarters that deals are forecast for, the current one first."""
    current = gateway.workspace.calendar.current(gateway.workspace.business_day)
    return [current.next(ahead) for ahead in range(HORIZON)]


async def rows_of(
    gateway: Gateway, principal: Principal, table: Table, query: Query, language: str
) -> AsyncIterator[list[Row]]:
    """Pages of rows, none empty. Deals come by id, so each comes once however many change meanwhile."""
    if table.name == FORECAST.name:
        pages = _forecast_pages(gateway, principal, language)
    else:
        pages = _deal_pages(gateway, principal, table.name, query, language)
    async for sources in pages:
        yield [row_of(table.columns, each) for each in sources]


async def _deal_pages(
    gateway: Gateway, principal: Principal, name: str, query: Query, language: str
) -> AsyncIterator[list[Source]]:
    quarters, cursor = quarters_of(gateway), ""
    while True:
        records, cursor = await gateway.records(principal, query, cursor, PAGE, language)
        found = [source for record in records for source in sources_of(name, record, quarters)]
        if found:
            yield found
        if not cursor:
            return


def sources_of(name: str, record: Source, quarters: Sequence[FiscalPeriod]) -> Iterator[Source]:
    """What the rows of a table are read from, for one merged record."""
    if name == DEALS.name:
        yield deal_source(record, quarters)
        return
    parts = {DEAL_PERIODS.name: periods_of, REASONS.name: reasons_of, SUGGESTIONS.name: suggestions_of}[name]
    for part in parts(record):
        yield {**record, "part": part}


def deal_source(record: Source, quarters: Sequence[FiscalPeriod]) -> Source:
    """The record with what its row puts together."""
    score, forecast = record["lead_score"], record["forecast"]
    expected = {each["period"]: each["expected"] for each in (forecast["periods"] if forecast else ())}
    amounts = [expected.get(str(each)) for each in quarters]
    told = [each for each in amounts if each]
    return {
        **record,
        "probability_basis": basis_of(score) if score and record["outcome"] == Outcome.OPEN else None,
        "top_reasons": reasons_text(score["reasons"]) if score else None,
        "quarter": str(quarters[0]),
        "expected_currency": told[0]["currency"] if told else None,
        **{f"expected_quarter_{at}": each["value"] if each else None for at, each in enumerate(amounts, 1)},
        "suggestion": next(suggestions_of(record), None),
    }


def basis_of(score: Source) -> str:
    """Whether a probability is a prediction, or what stands where there is none."""
    if score.get("prior"):
        return "default"
    return "company_rate" if score.get("nothing_predicts") else "prediction"


def reasons_text(reasons: Sequence[Source]) -> str:
    """The strongest reasons in one text."""
    return "; ".join(each["text"] for each in reasons[:TOP_REASONS] if each["text"])


def periods_of(record: Source) -> Iterator[Source]:
    """The periods of its forecast: quarters, then months."""
    forecast = record["forecast"] or {}
    for grain in ("periods", "months"):
        for each in forecast.get(grain, ()):
            yield {**each, "grain": "quarter" if grain == "periods" else "month"}


def reasons_of(record: Source) -> Iterator[Source]:
    """All reasons of its score, its forecast and its suggestions, the strongest of each first."""
    for kind in ("lead_score", "forecast"):
        for rank, each in enumerate((record[kind] or {}).get("reasons", ()), 1):
            yield {**each, "reason_of": kind, "rank": rank}
    for action in (record["next_actions"] or {}).get("actions", ()):
        for rank, each in enumerate(action["reasons"], 1):
            yield {**each, "reason_of": "next_actions", "suggestion_id": action["id"], "rank": rank}


def suggestions_of(record: Source) -> Iterator[Source]:
    """What may be suggested now, the best first."""
    for rank, each in enumerate((record["next_actions"] or {}).get("actions", ()), 1):
        yield {**each, "rank": rank, "reason": reasons_text(each["reasons"])}


async def _forecast_pages(gateway: Gateway, principal: Principal, language: str) -> AsyncIterator[list[Source]]:
    """The totals of each quarter in each currency there is; nodes above what the reader sees are not there."""
    for period in quarters_of(gateway):
        own = await gateway.forecast(principal, str(period))
        for currency in sorted({own["currency"], *own["currencies"]}):
            same = currency == own["currency"]
            totals = own if same else await gateway.forecast(principal, str(period), currency=currency)
            seen = [node for node in totals["nodes"] if node["booked"] is not None]
            found: list[Source] = [{**totals, "part": node_source(node, language)} for node in seen]
            if found:
                yield found


def node_source(node: Source, language: str) -> Source:
    """A node with what its row puts together; the company, which has no name of its own, is called as pages call it."""
    named = WHOLE if language == "ko" and node["level"] == COMPANY else node["name"]
    return {**node, "name": named, "commit_total": committed(node)}
