"""GET /v1/exports/{table}: every table says what the records say, in every format, to who may see it."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from nats.aio.client import Client as NATS  # noqa: N814
from typer.testing import CliRunner

from cli.__main__ import app
from services.gateway.domain import Principal, Scope
from services.gateway.exports import rows
from services.gateway.rest import exports
from services.gateway.store.interface import StoredRollup
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player

USERS: list[dict[str, Any]] = [
    {"id": "u1", "name": "김민수", "lines": [{"region": "East"}]},
    {"id": "u2", "name": "Ben"},
]
DEALS: list[dict[str, Any]] = [
    {
        "id": f"d{at}", "name": ("=1+1", "삼성 증설")[at % 2], "stage": "Engaging", "owner_id": f"u{1 + at % 2}",
        "account_id": "a1", "amount": {"currency": "USD", "value": f"{at}.50"}, "close_date": "2017-11-01",
        "category": "commit", "fields": {"due": {"date": "2017-10-01"}, "hot": at > 1, "size": at / 2, "=field": "-x"},
    }
    for at in range(4)
]  # fmt: skip
ROLLUP = {
    "scenarios": 100, "deals_sum": 500, "not_yet_created_sum": 0, "correction_sum": 0, "quantiles": [0, 10],
    "open_deals": 1, "as_of": "2017-09-30T12:00:00Z", "business_day": "2017-09-30", "model_version": "7",
    "model_generation": 0,
}  # fmt: skip
BEN = Principal("ben", Scope.OWN, "u2")


@pytest.fixture
async def filled(gateway: RunningGateway, nats: NATS, monkeypatch: pytest.MonkeyPatch) -> RunningGateway:
    monkeypatch.setattr(rows, "PAGE", 3)
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    await gateway.lines("/v1/users:batch", USERS)
    await gateway.lines("/v1/accounts:batch", [{"id": "a1", "name": "Samsung"}])
    async with Player(nats):
        await gateway.lines("/v1/deals:batch", DEALS)
        await until(lambda: complete(gateway))
    nodes = ("company", "region:East", "owner:u1", "owner:u2")
    await gateway.gateway.store.save_rollups([StoredRollup(node, "2017-Q4", "USD", ROLLUP) for node in nodes])
    return gateway


async def complete(gateway: RunningGateway) -> bool:
    return all(each["next_actions"] and each["forecast"] for each in await records(gateway))


def left_behind(folder: Path, pattern: str = "export-*") -> list[Path]:
    return list(folder.rglob(pattern))


async def records(gateway: RunningGateway, language: str = "en") -> list[dict[str, Any]]:
    deals: list[dict[str, Any]] = (await gateway.http.get("/v1/deals", params={"lang": language})).json()["deals"]
    return deals


async def fetched(gateway: RunningGateway, table: str, chosen: str, **more: str) -> bytes:
    answer = await gateway.http.get(f"/v1/exports/{table}", params={"format": chosen, **more})
    assert answer.status_code == 200, answer.text
    assert f'filename="{table}.{chosen}"' in answer.headers["content-disposition"]
    return answer.content


async def lines_of(gateway: RunningGateway, table: str, **more: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (await fetched(gateway, table, "ndjson", **more)).splitlines()]


async def test_the_forecast_page_exports_what_it_shows(filled: RunningGateway) -> None:
    """The period and the node of its address, and within a call the numbers that it holds."""
    asked = "period=2017-Q4&node=region%3AEast&lang=en"
    page = (await filled.http.get(f"/forecast?{asked}")).text
    [link] = re.findall(r'href="(/forecast\.xlsx[^"]*)"', page)
    shown = await totals(filled, html.unescape(link))
    assert [(row["Period"], row["Node"], row["Forecast, high (p90)"]) for row in shown] == [
        ("2017-Q4", "region:East", 0.09), ("2017-Q4", "owner:u1", 0.09),
    ]  # fmt: skip
    held = (await filled.http.post(f"/forecast/hold?{asked}")).headers["location"]
    body = {**ROLLUP, "quantiles": [0, 70], "as_of": "2017-09-30T13:00:00Z"}
    await filled.gateway.store.save_rollups([StoredRollup("region:East", "2017-Q4", "USD", body)])
    assert (await totals(filled, html.unescape(link)))[0]["Forecast, high (p90)"] == 0.63
    inside = await totals(filled, held.replace("/forecast?", "/forecast.xlsx?"))
    assert inside[0]["Forecast, high (p90)"] == 0.09
    assert (await filled.http.get("/forecast.xlsx?period=2017-Q4&node=region%3AWest")).status_code == 404


async def test_what_a_number_is_made_of_is_exported_so_that_it_adds_up(filled: RunningGateway) -> None:
    await filled.http.put("/v1/workspace/clock", json={"today": "2017-10-05"})
    won = {**DEALS[3], "outcome": "WON", "created_time": "2017-08-01T00:00:00Z", "closed_date": "2017-10-02"}
    await filled.lines("/v1/deals:batch", [won])
    page = (await filled.http.get("/forecast/parts?period=2017-Q4&lang=en")).text
    [link] = re.findall(r'href="(/forecast/parts\.xlsx[^"]*)"', page)
    first, *others = await totals(filled, html.unescape(link))
    told = [first[name] for name in ("Part", "Id", "Deal", "Account", "Owner", "Amount", "Brings", "Currency")]
    assert told == ["Won in 2017-Q4", "d3", "삼성 증설", "Samsung", "Ben", 3.5, 3.5, "USD"]
    [other] = others
    assert (other["Part"], other["Id"], other["Brings"]) == ("Open deals", None, 0.1)
    nodes_ = (await filled.http.get("/v1/forecast?period=2017-Q4")).json()["nodes"]
    [mean] = [Decimal(one["mean"]) for one in nodes_ if one["node"] == "company"]
    assert mean == Decimal(str(first["Brings"])) + Decimal(str(other["Brings"]))


async def totals(gateway: RunningGateway, address: str) -> list[dict[str, Any]]:
    answer = await gateway.http.get(address)
    assert answer.status_code == 200, answer.text
    names, *found = openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in found]


async def test_tables_say_what_the_records_say(filled: RunningGateway, tmp_path: Path) -> None:
    told = await records(filled, "ko")
    deals = await lines_of(filled, "deals", lang="ko")
    assert [row["deal_id"] for row in deals] == [each["id"] for each in told] == ["d0", "d1", "d2", "d3"]
    for row, record in zip(deals, told, strict=True):
        action = record["next_actions"]["actions"][0]
        expected = {
            "deal": record["name"], "owner": record["owner"]["name"], "amount": record["amount"]["value"],
            "currency": "USD", "close_date": "2017-11-01", "probability": record["lead_score"]["probability"],
            "grade": record["lead_score"]["grade"], "top_reasons": "초기", "score_stale": False,
            "close_p50": "2017-11-10", "suggested_category": "BEST_CASE", "quarter": "2017-Q4",
            "probability_basis": "prediction",
            "expected_quarter_1": "1000.00", "expected_quarter_2": None, "expected_currency": "USD",
            "action": "call", "action_text": "전화", "action_reason": "초기", "gain": action["gain"]["value"],
            "fields.due": "2017-10-01", "fields.hot": record["fields"]["hot"], "fields.=field": "-x",
        }  # fmt: skip
        assert {name: row[name] for name in expected} == expected
    assert [row["deal_id"] for row in await lines_of(filled, "deals", region="East")] == ["d0", "d2"]
    for asked, found in (
        ({"period": "2017-Q4"}, ["d0", "d1", "d2", "d3"]), ({"period": "2018-Q1"}, []),
        ({"text": "ㅅㅅ ㅈㅅ"}, ["d1", "d3"]),
        ({"own_category": "commit", "owner_id": "u2"}, ["d1", "d3"]), ({"own_category": "pipeline"}, []),
        ({"min_probability": "1"}, []), ({"min_probability": "0"}, ["d0", "d1", "d2", "d3"]),
    ):  # fmt: skip
        assert [row["deal_id"] for row in await lines_of(filled, "deals", **asked)] == found, asked
    [first, *_] = suggested = await lines_of(filled, "suggestions")
    assert [row["deal_id"] for row in suggested] == ["d0", "d1", "d2", "d3"]
    assert (first["rank"], first["text"], first["reasons"], first["gain"]) == (1, "Call", "early", "10.00")
    reasons = await lines_of(filled, "reasons")
    assert [(row["deal_id"], row["reason_of"], row["text"]) for row in reasons[:2]] == [
        ("d0", "lead_score", "early"), ("d0", "next_actions", "early"),
    ]  # fmt: skip
    [period, *_] = await lines_of(filled, "deal-periods", owner_id="u2")
    assert (period["deal_id"], period["grain"], period["period"], period["probability"]) == (
        "d1", "quarter", "2017-Q4", 0.4,
    )  # fmt: skip
    totals = (await filled.http.get("/v1/forecast", params={"period": "2017-Q4"})).json()
    forecast = [row for row in await lines_of(filled, "forecast") if row["period"] == "2017-Q4"]
    shown = ("node", "booked", "deals", "mean", "p50", "quota", "commit", "best_case", "open_deals")
    assert [[row[name] for name in shown] for row in forecast] == [
        [node[name] for name in shown] for node in totals["nodes"]
    ]
    assert forecast[0]["mean"] is not None
    for row in forecast:
        assert Decimal(row["commit_total"]) == Decimal(row["booked"]) + Decimal(row["commit"])
    assert Decimal(forecast[0]["commit_total"]) > Decimal(0)
    assert [forecast[0]["name"], (await lines_of(filled, "forecast", lang="ko"))[0]["name"]] == ["Company", "전체"]
    await until(lambda: not left_behind(tmp_path))


async def test_formats_agree_and_hold_no_formula(
    filled: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = await lines_of(filled, "deals")
    table = pq.read_table(io.BytesIO(await fetched(filled, "deals", "parquet")))
    amounts = [Decimal(line["amount"]) for line in lines]
    assert table.column("amount").to_pylist() == amounts
    head, *cells = csv.reader(io.StringIO((await fetched(filled, "deals", "csv", lang="ko")).decode("utf-8-sig")))
    assert (head[:4], head[-4:]) == (["딜 ID", "딜", "고객사", "담당자"], ["'=field", "due", "hot", "size"])
    assert [line[1] for line in cells] == ["'=1+1", "삼성 증설"] * 2
    book = openpyxl.load_workbook(io.BytesIO(await fetched(filled, "deals", "xlsx")))
    sheet: Any = book.active
    first, *rest = sheet.iter_rows()
    at = [cell.value for cell in first].index("Amount")
    assert [Decimal(repr(row[at].value)) for row in rest] == amounts
    assert [(row[1].value, row[1].data_type) for row in rest[:2]] == [("=1+1", "s"), ("삼성 증설", "s")]
    assert "Expected 2017-Q4" in [cell.value for cell in first]

    await wrong_requests_are_told(filled)
    await the_command_writes_a_file_once(filled, tmp_path)
    await what_may_not_be_seen_does_not_exist(filled, monkeypatch)


async def what_may_not_be_seen_does_not_exist(filled: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "principal_of", lambda _: BEN)
    for table in ("deals", "deal-periods", "reasons", "suggestions"):
        assert {row["owner"] for row in await lines_of(filled, table)} == {"Ben"}, table
    assert {row["node"] for row in await lines_of(filled, "forecast")} == {"owner:u2"}
    assert await lines_of(filled, "deals", owner_id="u1") == []


async def wrong_requests_are_told(filled: RunningGateway) -> None:
    for path, status, field in (
        ("secrets", 404, "table"), ("deals?format=pdf", 400, "format"), ("deals?colour=red", 400, "colour"),
        ("deals?outcome=maybe", 400, "outcome"), ("deals?lang=fr", 400, "lang"), ("deals?subtree=2", 400, "subtree"),
    ):  # fmt: skip
        answer = await filled.http.get(f"/v1/exports/{path}")
        assert (answer.status_code, answer.json()["field"]) == (status, field), path
        assert answer.json()["mend"]


async def the_command_writes_a_file_once(filled: RunningGateway, tmp_path: Path) -> None:
    target = tmp_path / "제안.xlsx"
    command = ["export", "--table", "suggestions", "--to", str(target), "--lang", "ko"]
    command += ["--url", str(filled.http.base_url)]
    done = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert done.exit_code == 0, done.output
    sheet: Any = openpyxl.load_workbook(target).active
    assert (sheet.title, sheet["A1"].value, sheet.max_row) == ("제안", "딜 ID", 5)
    again = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert "there already" in str(again.exception)
    unknown = [*command[:1], "--table", "x", "--to", str(tmp_path / "x.csv"), *command[-2:]]
    refused = await asyncio.to_thread(CliRunner().invoke, app, unknown)
    assert "no such table" in str(refused.exception)
    assert left_behind(tmp_path, "x*") == []
