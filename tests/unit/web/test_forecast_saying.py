"""What a manager says on the forecast call, on the page of their own team: what stands, whose it is, what is asked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.gateway.access.members import Role
from services.gateway.service import Gateway
from services.gateway.store.interface import StoredRollup
from tests.e2e.web.site import fill, rollup, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

MINE = {"node": "manager:m1", "period": "2026-Q4", "lang": "en"}
Site = tuple[Gateway, httpx.AsyncClient]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The sample company's manager, signed in."""
    async with serving(tmp_path_factory.mktemp("saying"), sign_in="off") as (gateway, address):
        await gateway.workspace.keep_apart(sample=True)
        await fill(gateway)
        for node in ("manager:m1", "owner:u1", "owner:u2"):
            body = rollup().body | {"level": node.partition(":")[0], "parent": "company"}
            await gateway.store.save_rollups([StoredRollup(node, "2026-Q4", "KRW", body)])
        headers = {"Accept": "text/html", "Accept-Language": "en", "Origin": address}
        async with httpx.AsyncClient(base_url=address, timeout=30, headers=headers) as client:
            await client.post("/sign-in/persona", data={"role": Role.MANAGER.value})
            yield gateway, client


async def say(client: httpx.AsyncClient, amount: str, kind: str = "submit", **more: str) -> httpx.Response:
    return await client.post(f"/forecast/{kind}", params=MINE, data={"amount": amount, "currency": "KRW", **more})


async def test_a_manager_s_own_page_tells_what_changed_since_their_own_submission(site: Site) -> None:
    assert (await say(site[1], "7억")).status_code == 303
    titles = []
    for node in ({}, {"node": "manager:m1"}):
        page = (await site[1].get("/forecast", params={"lang": "en", "part": "moves", **node})).text
        titles += re.findall(r"What changed since ([^<]+)<", page)
    assert titles == ["Nov 20, 2026"] * 2


async def test_who_said_it_is_called_by_name(site: Site) -> None:
    assert (await say(site[1], "7억", note="Two big ones")).status_code == 303
    page = (await site[1].get("/forecast?lang=en")).text
    assert "persona-manager" not in page
    assert re.search(r"박서연, [^<]*2026: Two big ones", page)
