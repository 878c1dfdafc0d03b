"""Foreign deals do not exist, and what somebody may see changes at once: in answers, pages and open event streams."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dealcast.gateway.v1 import gateway_pb2
from kit.money import Money
from services.gateway.access.members import Role
from services.gateway.access.rights import right_of, rights
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.exports.tables import TABLES
from tests.e2e.web.site import insights
from tests.integration.access.conftest import DEALS, Company, calling

pytestmark = pytest.mark.asyncio(loop_scope="module")
BODIES: dict[str, Any] = {
    "PUT /v1/deals/{deal_id}": {"stage": "B"},
    "POST /v1/deals/{deal_id}/what-if": {"stage": "B"},
    "PUT /v1/deals/{deal_id}/team": {"users": []},
}
OF_A_DEAL = sorted(route for route in rights() if "{deal_id}" in route)
FOREIGN = {Role.REP: ("of-ben", "of-cat"), Role.MANAGER: ("of-cat",)}


async def test_foreign_deals_do_not_exist_on_any_route(company: Company) -> None:
    assert len(OF_A_DEAL) >= 10
    for role, deals in FOREIGN.items():
        async with company.client(await company.token(role)) as client:
            for route in OF_A_DEAL:
                if role not in right_of(route).roles:
                    continue
                method, path = route.split(" ")
                for deal in deals:
                    answer = await client.request(method, path.replace("{deal_id}", deal), json=BODIES.get(route))
                    assert answer.status_code == 404, (role, route, deal, answer.text)
                if method == "GET":
                    none = await client.get(path.replace("{deal_id}", "none"))
                    assert none.text.replace("none", deals[-1]) == answer.text, route
            listed = (await client.get("/v1/deals")).json()["deals"]
            assert {one["id"] for one in listed} == {"of-ann", "of-ben", "of-cat"} - set(deals)
            page = (await client.get("/deals")).text
            assert not any(f'data-deal="{deal}"' in page for deal in deals)
    assert (await company.running.http.get("/v1/deals/of-cat")).json()["stage"] == "A"


async def scored(company: Company) -> None:
    """Every deal has all that services say of one, is due this quarter, and was talked about."""
    gateway = company.running.gateway
    due = gateway.workspace.business_day + timedelta(days=1)
    for deal in DEALS.values():
        [result] = await gateway.apply_deals(LOCAL, [DealWrite(deal, close_date=due, category="commit")])
        await gateway.store.apply_insights(insights(deal, result.revision))


def written(answer: httpx.Response) -> str:
    """What an answer says, a workbook's sheets among it."""
    if not answer.content.startswith(b"PK"):
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())


def addresses(role: Role, owner: str) -> list[str]:
    """Everything of one address that the role may read: as such, searched, asked about the owner, and as a file."""
    paths = [route.removeprefix("GET ") for route in rights() if route.startswith("GET ") and "{" not in route]
    found = [path for path in paths if path != "/v1/events" and role in right_of(f"GET {path}").roles]
    asked = [f"{path}?q=of-&node=owner:{owner}&owner={owner}" for path in found if not path.startswith("/v1/")]
    asked += [f"{path}?node=owner:{owner}" for path in found if path.startswith("/v1/forecast")]
    files = [f"/v1/exports/{table}" for table in TABLES] + ["/v1/exports/deals?format=xlsx"]
    return [
        *found,
        *asked,
        *files,
        "/v1/deals?text=of-",
        f"/v1/deals?owner_id={owner}",
        f"/v1/exports/deals?owner_id={owner}",
    ]


async def said(client: httpx.AsyncClient, role: Role, owner: str) -> dict[str, str]:
    """What all of it says."""
    return {path: written(await client.get(path)) for path in addresses(role, owner)}


async def test_no_page_list_search_file_or_call_tells_of_foreign_deals(company: Company) -> None:
    """A rep of the other team's; and a manager of a rep who reports to another manager since a moment ago."""
    await scored(company)
    async with company.client(await company.token(Role.REVOPS)) as client:
        whole = await said(client, Role.REP, "ann")
    telling = {path for path, text in whole.items() if "of-ann" in text}
    assert {
        "/day", "/deals", "/report", "/report.xlsx", "/v1/actions", "/v1/deals", "/v1/deals?owner_id=ann",
        "/v1/deals?text=of-", "/v1/forecast/changes", "/v1/exports/deals?format=xlsx", "/v1/exports/reasons",
        "/deals?q=of-&node=owner:ann&owner=ann",
    } <= telling  # fmt: skip
    async with company.client(await company.token(Role.REP)) as client:
        for path, text in (await said(client, Role.REP, "cat")).items():
            assert not {"of-ben", "of-cat"} & {deal for deal in DEALS.values() if deal in text}, path
    async with company.client(await company.token(Role.MANAGER)) as client, calling(company) as stub:
        asked = gateway_pb2.BatchGetDealsRequest(deal_ids=list(DEALS.values()))
        sent = list((await company.token(Role.MANAGER)).items())
        before = await stub.BatchGetDeals(asked, metadata=sent, timeout=20)
        assert {one.deal.id for one in before.deals} == {"of-ann", "of-ben"}
        assert "of-ann" in (await client.get("/forecast?part=moves")).text
        held = (await client.post("/forecast/hold")).headers["location"]
        assert "of-ann" in (await client.get(f"{held}&part=moves")).text
        await moved(company, "ann", "west")
        try:
            after = await stub.BatchGetDeals(asked, metadata=sent, timeout=20)
            assert [one.deal.id for one in after.deals] == ["of-ben"]
            assert "of-ann" not in (await client.get("/forecast?part=moves")).text
            assert (await client.get(f"{held}&part=moves")).status_code == 404
            for path, text in (await said(client, Role.MANAGER, "ann")).items():
                assert not {"of-ann", "of-cat"} & {deal for deal in DEALS.values() if deal in text}, path
        finally:
            await moved(company, "ann", "east")


async def test_a_deal_that_goes_to_another_team_leaves_the_forecast_call_at_once(company: Company) -> None:
    gateway = company.running.gateway
    await scored(company)
    async with company.client(await company.token(Role.MANAGER)) as client:
        held = (await client.post("/forecast/hold")).headers["location"]
        for page in ("/forecast?", f"{held}&"):
            assert "of-ann" in (await client.get(f"{page}part=moves")).text
        await gateway.apply_deals(LOCAL, [DealWrite("of-ann", owner_id="cat")])
        try:
            assert "of-ann" not in (await client.get("/forecast?part=moves")).text
            assert (await client.get(f"{held}&part=moves")).status_code == 404
        finally:
            await gateway.apply_deals(LOCAL, [DealWrite("of-ann", owner_id="ann")])


async def test_the_team_of_a_deal_sees_it_and_leaves_it_as_it_is(company: Company) -> None:
    async with company.client(await company.token(Role.REP)) as rep:
        assert (await rep.put("/v1/deals/of-ann/team", json={"users": ["none"]})).status_code == 400
        set_by_all = await company.running.http.put("/v1/deals/of-cat/team", json={"users": ["ann", "ann"]})
        assert set_by_all.json() == {"users": ["ann"]}
        assert (await rep.get("/v1/deals/of-cat")).status_code == 200
        for change in (
            rep.put("/v1/deals/of-cat", json={"stage": "B"}), rep.put("/v1/deals/of-cat/team", json={"users": []})
        ):  # fmt: skip
            assert (await change).status_code == 403
        await company.running.http.put("/v1/deals/of-cat/team", json={"users": []})
        assert (await rep.get("/v1/deals/of-cat")).status_code == 404


async def told(stream: AsyncIterator[str], wanted: str) -> list[str]:
    """Lines up to one that says what is wanted."""
    lines: list[str] = []
    async with asyncio.timeout(20):
        async for line in stream:
            lines.append(line)
            if wanted in line:
                return lines
    raise AssertionError(f"the stream ended before {wanted}: {lines}")


async def change(company: Company, deal: str, amount: int) -> None:
    results = await company.running.gateway.apply_deals(LOCAL, [DealWrite(deal, amount=Money("USD", amount))])
    assert not results[0].errors


async def moved(company: Company, user: str, manager: str) -> None:
    """The user reports to another manager."""
    answer = await company.running.lines(
        "/v1/users:batch", [{"id": user, "name": user, "lines": [{"manager_id": manager}]}]
    )
    assert answer[0]["status"] == "changed"


async def test_a_manager_who_loses_a_rep_loses_the_deals_at_once(company: Company) -> None:
    async with await company.browser(Role.MANAGER) as client:
        before = await client.get("/v1/deals/of-ann")
        assert (await client.get("/deals/of-ann")).headers["cache-control"] == "no-store"
        async with client.stream("GET", "/v1/events") as answer:
            stream = answer.aiter_lines()
            await told(stream, "retry")
            await change(company, "of-ann", 100)
            await told(stream, "of-ann")
            await moved(company, "ann", "west")
            await told(stream, "event: reset")
            await change(company, "of-ann", 200)
            await change(company, "of-ben", 200)
            assert not any("of-ann" in line for line in await told(stream, "of-ben"))
            for path in ("/v1/deals/of-ann", "/deals/of-ann", "/deals/of-ann?part=record"):
                again = await client.get(path, headers={"if-none-match": before.headers["etag"]})
                assert again.status_code == 404, path
            assert "of-ann" not in (await client.get("/deals?part=rows")).text
            await moved(company, "ann", "east")
            await told(stream, "event: reset")
            assert (await client.get("/v1/deals/of-ann")).status_code == 200


async def test_who_is_signed_out_or_gets_another_role_is_told_nothing_more(company: Company) -> None:
    async with await company.browser(Role.MANAGER) as client:
        async with client.stream("GET", "/v1/events") as answer:
            stream = answer.aiter_lines()
            await told(stream, "retry")
            await company.desk.store.save_member(await company.member(Role.MANAGER, "west"))
            company.running.gateway.news.wake()
            await told(stream, "event: reset")
            await change(company, "of-ben", 300)
            await change(company, "of-cat", 300)
            assert not any("of-ben" in line for line in await told(stream, "of-cat"))
            await company.desk.store.end_sessions("m-manager")
            company.running.gateway.news.wake()
            await told(stream, "event: reset")
            assert [line async for line in stream if line.startswith("event")] == []
        assert (await client.get("/v1/deals")).status_code == 401
