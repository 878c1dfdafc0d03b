"""Had you used it: past quarters of a node as of days into each, AI beside simple methods and people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.exports.columns import Kind, Table, column
from services.gateway.hindsight.desk import Hindsight, hindsight
from services.gateway.hindsight.quarters import verdict
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import currency_of, text_of
from services.gateway.service import Gateway
from services.gateway.web.call_views import node_name
from services.gateway.web.forms import addresses_by, page_address
from services.gateway.web.history_views import (
    LINES,
    TOLD,
    chart_view,
    row_views,
    sentences,
    sources,
    withheld_said,
)
from services.gateway.web.rendering import answer, render
from services.gateway.web.words import Words
from services.gateway.web.workbooks import workbook_of

PATH = "/history"
MONEYS = (
    ("mean", "AI, expected", "AI 기대값"), ("p10", "AI p10", "AI p10"), ("p50", "AI p50", "AI p50"),
    ("p90", "AI p90", "AI p90"), ("booked", "Booked by then", "당시 수주 확정"),
    ("stage_weighted", "Stage-weighted", "단계 가중"), ("pace", "Pace", "진행 속도"), ("commit", "Commit", "확정"),
    ("submitted", "Submitted", "제출"), ("came", "Result", "결과"),
)  # fmt: skip
COLUMNS = (
    column("period", Kind.TEXT, "Quarter", "분기"), column("day", Kind.DAY, "As of", "기준일"),
    column("days", Kind.INTEGER, "Days into the quarter", "분기 경과일"),
    *(column(name, Kind.MONEY, en, ko, currency="currency") for name, en, ko in MONEYS),
    column("currency", Kind.TEXT, "Currency", "통화"), column("held", Kind.FLAG, "Within the range", "범위 적중"),
    column("served", Kind.FLAG, "Said in earnest", "실제로 표시됨"),
)  # fmt: skip
TABLE = Table("history", {"en": "Past quarters", "ko": "지난 분기"}, COLUMNS)

Evaluations = Callable[[], Sequence[Mapping[str, Any]]]  # of the forecast's versions, newest first


def router(gateway: Gateway, evaluations: Evaluations, scratch: Path | None) -> APIRouter:
    """The routes; without a folder for files no xlsx is offered."""
    routes = APIRouter(include_in_schema=False)

    async def found(request: Request) -> Hindsight:
        asked = text_of(request, "node"), currency_of(request)
        return await hindsight(gateway, principal_of(request), evaluations(), *asked)

    @routes.get(PATH)
    async def history(request: Request) -> Response:
        async def page(words: Words) -> str:
            since = await gateway.store.last_event_id()
            values = _values(await found(request), request, words, offered=scratch is not None)
            day = words.day(gateway.workspace.business_day)
            return render(
                "history.html", request, words, **values, since=since, business_day=day,
                sample=gateway.workspace.sample,
            )  # fmt: skip

        return await answer(gateway, request, page)

    if scratch is not None:

        @routes.get(PATH + ".xlsx")
        async def workbook(request: Request) -> Response:
            return await answer(gateway, request, lambda words: _workbook(request, words))

        async def _workbook(request: Request, words: Words) -> Response:
            past = await found(request)
            table = replace(TABLE, columns=tuple(one for one in COLUMNS if one.name not in past.hidden))
            return await workbook_of(
                table, sources(past.quarters, past.currency), words.language, scratch, "past-quarters.xlsx"
            )

    return routes


def _values(found: Hindsight, request: Request, words: Words, *, offered: bool) -> dict[str, Any]:
    address = addresses_by(request, PATH, "node")
    charts = [chart_view(one.period, one.looks, one.came, found.currency, words) for one in reversed(found.quarters)]
    so_far = chart_view(found.current, found.so_far, None, found.currency, words) if len(found.so_far) > 1 else None
    shown = {line.name for chart in [*charts, *([so_far] if so_far else [])] for line in chart.lines}
    row = next(one for one in found.nodes if one["node"] == found.node)
    lines = tuple(name for name in LINES if name not in found.hidden)
    return {
        "title": node_name(row, words), "quarters": charts, "so_far": so_far,
        "keys": [name for name in TOLD if name in shown], "lines": lines,
        "medians": any(look.median for one in found.quarters for look in one.looks),
        "rows": row_views(found.quarters, found.currency, words, lines),
        "told": sentences(verdict(found.quarters), words),
        "lacking": words(f"history.{found.lacking}") if found.lacking else "",
        "recorded": words("history.recorded", day=words.day(found.recorded_since)) if found.recorded_since
        else words("history.no_record"),
        "nodes": [(address(one["node"]), node_name(one, words), one["node"] == found.node) for one in found.nodes],
        "call": page_address(request, "/forecast", node=found.node), "withheld": withheld_said(found.hidden, words),
        "workbook": page_address(request, PATH + ".xlsx", lang=words.language) if offered and found.quarters else "",
    }  # fmt: skip
