"""What each role is told by the event stream: of its own deals all, of foreign ones nothing, of the company little."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.gateway.access.members import Role
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.rest.events import TOLD_TO_ALL
from tests.integration.access.conftest import DEALS, Company
from tests.integration.access.test_seeing import scored

pytestmark = pytest.mark.asyncio(loop_scope="module")
SEEN = {Role.REP: {"of-ann"}, Role.MANAGER: {"of-ann", "of-ben"}, Role.VIEWER: {*DEALS.values()}}
OF_A_DEAL = {"deal", "lead_score", "forecast", "next_actions", "ask", "feedback"}
SECRET = "for those who look after it"
OF_NONE: list[tuple[str, dict[str, Any]]] = [
    ("alert", {"subject": SECRET}), ("policy", {"ground": SECRET}), ("health", {"state": SECRET}),
    ("import", {"import": SECRET, "counts": {"created": 3}}), ("catalogue", {"generation": 2, "note": SECRET}),
    ("model", {"service": "forecast", "reason": SECRET}), ("rollup", {"period": "2026-Q4", "of": "quotas"}),
]  # fmt: skip


async def happens(company: Company) -> None:
    """Everything that there are events of, to every deal and to none."""
    await scored(company)
    http = company.running.http
    for deal in DEALS.values():
        call = {
            "id": f"a-{deal}",
            "deal_id": deal,
            "type": "call",
            "direction": "outbound",
            "time": "2024-11-20T10:00:00Z",
        }
        ask = {"deal_id": deal, "text": f"Name who signs {deal}", "due": "2190-01-01"}
        answer = {"deal_id": deal, "verb": "done", "action": "call", "channel": "call"}
        for path, body in (("activities", call), ("asks", ask), ("actions/feedback", answer)):
            assert (await http.post(f"/v1/{path}", json=body)).status_code < 300
        assert (await http.put(f"/v1/deals/{deal}/team", json={"users": []})).status_code == 200
    for kind, data in OF_NONE:
        await company.running.gateway.store.add_event(kind, "", data)
    company.running.gateway.news.wake()


async def heard(client: httpx.AsyncClient, last: int) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Events from the oldest kept up to one: kind and data."""
    async with asyncio.timeout(20), client.stream("GET", "/v1/events?last_event_id=0") as answer:
        identity, kind = 0, ""
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                identity = int(value)
            kind = value if name == "event" else kind
            if name == "data":
                yield kind, json.loads(value)
                if identity >= last:
                    return


@pytest.mark.parametrize("role", SEEN)
async def test_events_tell_of_no_foreign_deal_and_of_the_company_what_pages_need(company: Company, role: Role) -> None:
    await happens(company)
    await company.running.gateway.apply_deals(LOCAL, [DealWrite("of-ann", stage=f"S-{role}")])
    last = await company.running.gateway.store.last_event_id()
    async with company.client(await company.token(role)) as client:
        told = [one async for one in heard(client, last)]
    assert {data["deal_id"] for _, data in told} == SEEN[role] | {""}
    for deal in SEEN[role]:
        assert {kind for kind, data in told if data["deal_id"] == deal} >= OF_A_DEAL
    of_none = [(kind, data) for kind, data in told if not data["deal_id"]]
    every = {kind for kind, _ in OF_NONE}
    assert {kind for kind, _ in of_none} == (every if role is Role.VIEWER else every & {*TOLD_TO_ALL})
    assert (SECRET in str(of_none)) == (role is Role.VIEWER)
    assert ("created" in str(of_none)) == (role is Role.VIEWER)
    assert any(data.get("service") == "forecast" for kind, data in of_none if kind == "model")


async def test_a_rep_to_whom_nothing_was_told_hears_what_comes_after_it(company: Company) -> None:
    """Also where more happened to others than is looked at in one go."""
    gateway, marker = company.running.gateway, "S-after"
    before = await gateway.store.last_event_id()
    for _ in range(510):
        await gateway.store.add_event("alert", "", {"subject": SECRET})
    await gateway.apply_deals(LOCAL, [DealWrite("of-cat", stage=marker), DealWrite("of-ann", stage=marker)])
    async with (
        asyncio.timeout(10),  # less than a heartbeat
        company.client(await company.token(Role.REP)) as client,
        client.stream("GET", f"/v1/events?last_event_id={before}") as answer,
    ):
        async for line in answer.aiter_lines():
            assert "alert" not in line
            assert "of-cat" not in line
            if "of-ann" in line:
                return
    raise AssertionError("the stream ended")
