"""The page of past quarters: what it tells, of whom, and what it says where there is too little."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.domain import LOCAL, Principal
from services.gateway.domain import Scope as Sees
from services.gateway.forecast_client import ForecastService
from services.gateway.service import Gateway
from services.gateway.store.interface import ForecastDay
from services.gateway.web import forecast_page, history_page
from tests.e2e.web.site import fill, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
COLUMNS = ["as_of", "end", "node", "booked", "p10", "p50", "p90", "actual", "stage_weighted", "last_period_again",
           "pace", "commit"]  # fmt: skip
ROWS = [
    [day, "2026-09-30", node, 0.0, 2.0e8, 3.0e8, 4.0e8, came, 5.0e8, 1.0e8, 1.5e8, 2.5e8]
    for node, came in (("company", 3.21e8), ("manager:m1", 9.87e8)) for day in ("2026-06-30", "2026-07-31")
]  # fmt: skip
EVALUATION: dict[str, Any] = {"backtest": {"path": {"columns": COLUMNS, "rows": ROWS}}}


class Asking:
    """The application as asked by somebody."""

    def __init__(self, app: ASGIApp, principal: Principal) -> None:
        self.app, self.principal = app, principal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "principal": self.principal}, receive, send)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    async with serving(tmp_path_factory.mktemp("history")) as (gateway, _):
        await fill(gateway)
        yield gateway


def client(
    gateway: Gateway, folder: Path, *evaluations: dict[str, Any], principal: Principal = LOCAL
) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(history_page.router(gateway, lambda: evaluations, folder))
    transport = httpx.ASGITransport(Asking(app, principal))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def test_past_quarters_stand_as_sentences_chart_table_and_workbook(gateway: Gateway, tmp_path: Path) -> None:
    async with client(gateway, tmp_path, EVALUATION) as asking:
        page = (await asking.get("/history?lang=en")).text
        assert "1 of 1 quarters ended within the range" in page
        assert "AI 7% (1), Stage-weighted 56% (1), Pace 53% (1), Commit 22% (1)" in page
        assert page.count('class="quarter-chart"') == 1
        assert "₩321M" in page
        assert " style=" not in page
        missed = (await asking.get("/history?lang=ko&node=manager:m1")).text
        assert "1개 분기 중 0개가" in missed
        assert "−70%" in missed
        book = await asking.get("/history.xlsx?lang=ko&node=manager:m1")
    [head, first, second] = openpyxl.load_workbook(io.BytesIO(book.content)).active.iter_rows(values_only=True)
    row = dict(zip(head, first, strict=True))
    assert (row["분기"], row["AI p50"], row["결과"], row["범위 적중"]) == ("2026-Q3", 300_000_000, 987_000_000, False)
    assert second[head.index("분기 경과일")] == 31
    assert not os.listdir(tmp_path), "the file is taken away"


async def test_what_was_expected_is_shown_and_a_median_is_called_one(gateway: Gateway, tmp_path: Path) -> None:
    async with client(gateway, tmp_path, EVALUATION) as asking:
        old = (await asking.get("/history?lang=en")).text
    rows = [[*row, 3.1e8] for row in ROWS]
    report = {"backtest": {"path": {"columns": [*COLUMNS, "mean"], "rows": rows}}}
    async with client(gateway, tmp_path, report) as asking:
        new = (await asking.get("/history?lang=en")).text
    assert ("AI 7% (1)" in old, "Quarters marked median" in old, old.count(">median<")) == (True, True, 2)
    assert ("AI 3% (1)" in new, "Quarters marked median" in new, "₩310M" in new) == (True, False, True)


async def test_who_does_not_see_a_node_whole_is_told_nothing_of_it(gateway: Gateway, tmp_path: Path) -> None:
    rep = Principal("u1", Sees.OWN, "u1")
    async with client(gateway, tmp_path, EVALUATION, principal=rep) as asking:
        for node in ("company", "manager:m1", "owner:u2"):
            assert (await asking.get(f"/history?node={node}")).status_code == 404, node
            assert (await asking.get(f"/history.xlsx?node={node}")).status_code == 404, node
        own = await asking.get("/history?lang=en")
    assert own.status_code == 200
    assert "₩321M" not in own.text
    assert "no past quarters were kept with the model" in own.text


@pytest.mark.parametrize(
    ("evaluations", "said"),
    [
        ([], "No forecast was trained yet"), ([{"backtest": {"quarters": ["2026-Q3"]}}], "train anew"),
        ([{"backtest": {"quarters": [], "why": "x"}}], "at least 40 deals won"),
        ([EVALUATION | {"backtest": {"path": {"columns": COLUMNS, "rows": ROWS[2:]}}}], "no past quarters were kept"),
    ],
)  # fmt: skip
async def test_what_is_missing_is_said(
    gateway: Gateway, tmp_path: Path, evaluations: list[dict[str, Any]], said: str
) -> None:
    async with client(gateway, tmp_path, *evaluations) as asking:
        page = (await asking.get("/history?lang=en")).text
    assert "There is no past quarter to show yet." in page
    assert said in page


async def test_the_record_of_days_is_shown_as_it_grows(gateway: Gateway, tmp_path: Path) -> None:
    def written(period: str, start: date, count: int) -> list[ForecastDay]:
        body = {"p10": 1_000, "p50": 2_000, "p90": 3_000, "submitted": 2_500}
        return [ForecastDay(period, "KRW", "owner:u2", start + timedelta(days=at), body) for at in range(count)]

    await gateway.store.save_forecast_days(
        [*written("2026-Q4", date(2026, 10, 1), 51), *written("2026-Q3", date(2026, 6, 30), 92)]
    )
    async with client(gateway, tmp_path) as asking:
        page = (await asking.get("/history?lang=en&node=owner:u2")).text
    assert "This quarter so far" in page
    assert page.count("said then") == 3
    assert "0 of 1 quarters" in page, "nothing was booked in it"


def kept(node: str, *quarters: tuple[str, str, float]) -> dict[str, Any]:
    """A version that kept quarters of a node, each from 200 to 400 million, by eve, end and what came."""
    rows = [[eve, end, node, 0.0, 2.0e8, 3.0e8, 4.0e8, came, 5.0e8, 1.0e8, 1.5e8, 2.5e8] for eve, end, came in quarters]
    return {"backtest": {"path": {"columns": COLUMNS, "rows": rows}}}


async def test_the_forecast_call_says_how_often_such_a_range_has_held(gateway: Gateway, tmp_path: Path) -> None:
    quarters = [("2026-06-30", "2026-09-30", 3.2e8), ("2026-03-31", "2026-06-30", 9e8),
                ("2025-12-31", "2026-03-31", 3.9e8)]  # fmt: skip

    async def shown(*evaluations: dict[str, Any], node: str = "company", lang: str = "en") -> str:
        app = FastAPI()
        simulator = ForecastService("", tmp_path, lambda: "")
        app.include_router(forecast_page.router(gateway, simulator, None, lambda: evaluations))
        transport = httpx.ASGITransport(Asking(app, LOCAL))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as asking:
            return (await asking.get(f"/forecast?lang={lang}&node={node}")).text

    whole = kept("company", *quarters)
    told = "Of the last 3 quarters, 2 ended within the range that AI gave, or would have given, at their start (67%)."
    assert told in await shown(whole)
    assert "지난 3개 분기 중 2개 분기의 결과가" in await shown(whole, lang="ko")
    assert "Of the last" not in await shown(whole, node="owner:u1"), "of whom nothing is kept"
    assert "Of the last" not in await shown(kept("company", *quarters[:2])), "too few to tell"
