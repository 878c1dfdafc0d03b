"""What a number is made of: the parts make it, and the deals of a part make the part."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio

from learning.records import Credit, Outcome, ReportingLine, User
from services.gateway.domain import LOCAL, DealWrite, Principal, Scope
from services.gateway.forecast_parts import Node, deals_of
from services.gateway.quarter_totals import View
from services.gateway.service import Gateway
from services.gateway.store.interface import Query
from tests.e2e.web.site import deal, fill_people, insights, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
Site = tuple[Gateway, httpx.AsyncClient]
SHARED = (Credit("u1", 2_500), Credit("u2", 7_500))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with serving(tmp_path_factory.mktemp("parts")) as (gateway, address):
        await fill_people(gateway)
        ended: dict[str, Any] = {"outcome": Outcome.WON, "closed_date": date(2026, 11, 2)}
        results = await gateway.apply_deals(LOCAL, [
            deal("W-1", "Won alone", "u1", 30_000_000), DealWrite("W-1", **ended),
            deal("W-2", "Won together", "u2", 10_000_001), DealWrite("W-2", credits=SHARED, **ended),
            deal("W-3", "Won before", "u1", 77), DealWrite("W-3", outcome=Outcome.WON, closed_date=date(2026, 9, 30)),
        ])  # fmt: skip
        assert not [one.errors for one in results if one.errors]
        await gateway.store.apply_insights(list(insights("D-3")))
        async with httpx.AsyncClient(base_url=address, timeout=30, verify=False) as client:
            yield gateway, client


def amounts(text: str) -> list[int]:
    return [int(found.replace("−", "-").replace("₩", "").replace(",", "")) for found in re.findall(r"−?₩[\d,]+", text)]


@pytest.mark.parametrize("node", ["company", "manager:m1", "owner:u1", "owner:u2", "region:수도권"])
async def test_the_parts_make_the_number_and_the_deals_make_the_parts(site: Site, node: str) -> None:
    gateway, client = site
    [row] = (await gateway.forecast(LOCAL, "2026-Q4", node))["nodes"]
    page = (await client.get("/forecast/parts", params={"node": node, "lang": "en"})).text
    steps = amounts(re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)[0])
    assert sum(steps[:-1]) == steps[-1] == round(Decimal(row["mean"]))
    deals = (await client.get("/forecast/parts", params={"node": node, "lang": "en", "part": "deals"})).text
    parts = re.findall(r"<h2[^>]*>(.*?)</h2>.*?<tbody>(.*?)</tbody>", deals, re.DOTALL)
    for (title, table), name in zip(parts, ("booked", "deals"), strict=True):
        brings = [amount for cell in re.findall(r"<strong>(.*?)</strong>", table) for amount in amounts(cell)]
        assert [sum(brings)] == amounts(title) == [round(Decimal(row[name]))], name


async def test_a_deal_brings_a_node_its_share(site: Site) -> None:
    gateway, _ = site
    view = View.of(gateway.workspace.calendar.parse("2026-Q4"), gateway.workspace)

    async def brought(node: str, *owners: str) -> dict[str, Any]:
        [row] = (await gateway.forecast(LOCAL, "2026-Q4", node))["nodes"]
        won, still = await deals_of(gateway, LOCAL, view, Node(row, "KRW", frozenset(owners)))
        found = {one.record.history.deal.id: one.brings for part in (won, still) for one in part.deals}
        return found | {"rest": won.rest}

    assert await brought("owner:u1", "u1") == {"W-1": 30_000_000, "D-1": 21_320_000, "rest": 2_500_000}
    theirs = await brought("owner:u2", "u2")
    assert (theirs["W-2"], theirs["D-3"], theirs["a/b <i>&"]) == (7_500_001, 21_320_000, 21_320_000)
    whole = await brought("company", "u1", "u2")
    assert (whole["W-1"], whole["W-2"], whole["rest"]) == (30_000_000, 10_000_001, 0)


async def test_months_are_of_their_own_days_and_what_is_over_is_won_alone(site: Site) -> None:
    gateway, client = site
    page = (await client.get("/forecast/parts?period=2026-Q3&lang=en&part=deals")).text
    assert ("Won before" in page, "Open deals" in page, "Won alone" in page) == (True, False, False)
    view = View.of(gateway.workspace.calendar.parse("2027-Q1"), gateway.workspace)
    [row] = (await gateway.forecast(LOCAL, "2027-Q1", "company"))["nodes"]
    _, still = await deals_of(gateway, LOCAL, view, Node(row, "KRW", frozenset({"u1", "u2"})))
    assert {one.brings for one in still.deals} == {Decimal(7_800_000)}


async def test_who_does_not_see_a_node_whole_is_told_no_deal_of_it(site: Site) -> None:
    gateway, client = site
    rep = Principal("u1", Scope.OWN, "u1")
    [row] = (await gateway.forecast(rep, "2026-Q4", "owner:u1"))["nodes"]
    view = View.of(gateway.workspace.calendar.parse("2026-Q4"), gateway.workspace)
    parts = await deals_of(gateway, rep, view, Node(row, "KRW", frozenset({"u1"})))
    assert {one.record.history.deal.id for part in parts for one in part.deals} == {"W-1", "D-1"}
    assert (await client.get("/forecast/parts?node=owner:nobody")).status_code == 404
    assert (await client.get("/forecast/parts?period=2031-Q4")).status_code == 400


async def test_the_forecast_and_a_day_lead_to_what_their_number_is_made_of(site: Site) -> None:
    _, client = site
    assert 'href="/forecast/parts?node=owner%3Au1' in (await client.get("/day?owner=u1")).text
    call = (await client.get("/forecast?node=manager:m1&period=2026-Q4")).text
    assert 'href="/forecast/parts?node=manager%3Am1&amp;period=2026-Q4"' in call
    assert 'href="/forecast/parts?node=owner%3Au2&amp;period=2026-Q4"' in call


async def test_within_a_call_its_numbers_are_told(site: Site) -> None:
    gateway, client = site
    began = await client.post("/forecast/hold?lang=en&node=owner:u1")
    call = httpx.URL(began.headers["location"]).params["call"]
    await gateway.apply_deals(LOCAL, [
        deal("W-4", "Won meanwhile", "u1", 500), DealWrite("W-4", outcome=Outcome.WON, closed_date=date(2026, 11, 3)),
    ])  # fmt: skip
    address = {"node": "owner:u1", "lang": "en"}
    now = (await client.get("/forecast/parts", params=address)).text
    held = (await client.get("/forecast/parts", params={**address, "call": call})).text
    assert ("32,500,500" in now, "32,500,500" in held, "32,500,000" in held) == (True, False, True)
    assert "The numbers are those that the call holds" in held
    assert (await client.get("/forecast/parts", params={**address, "call": "other"})).status_code == 404


async def test_a_region_leads_to_the_deals_of_its_own_people(site: Site) -> None:
    gateway, client = site
    await gateway.store.save_users(LOCAL, [User("u9", "Remote")], [ReportingLine("u9", "", "부산")])
    await gateway.apply_deals(LOCAL, [deal("R-1", "Remote deal", "u9", 900_000_000)])
    await gateway.apply_deals(LOCAL, [DealWrite("R-1", category="commit"), DealWrite("D-1", category="commit")])
    region, of_period = "owner=region%3A%EC%88%98%EB%8F%84%EA%B6%8C", "period=2026-Q4"
    call = (await client.get("/forecast?node=region:수도권&period=2026-Q4&lang=en")).text
    commit = f"/deals?{region}&amp;{of_period}&amp;category=commit&amp;lang=en"
    side, row = 'title="Open deals promised in 2026-Q4 in category commit">', f'data-label="Commit"><a href="{commit}"'
    assert (f'<a href="{commit}" {side}' in call, row in call) == (True, True)
    assert f'"/deals?{region}&amp;lang=en&amp;{of_period}&amp;outcome=WON"' in call.replace("&amp;amp;", "&amp;")
    listed = (await client.get(commit.replace("&amp;", "&"))).text
    assert ("/deals/D-1" in listed, "/deals/R-1" in listed) == (True, False)
    assert '<option value="region:수도권" selected>Region 수도권</option>' in listed
    parts = (await client.get("/forecast/parts?node=region:수도권&lang=en&part=deals")).text
    assert f'href="/deals?{region}&amp;lang=en"' in parts
    asked = Query.of_node("region:부산", kind="OPPORTUNITY")
    page = await gateway.store.list_records(LOCAL, asked, "", 9)
    assert [one.history.deal.id for one in page.records] == ["R-1"]
