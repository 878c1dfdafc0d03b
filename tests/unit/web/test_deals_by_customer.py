"""Deals of many customers are called the same: wherever they are listed the customer stands beside."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio

from learning.records import Account, Outcome
from services.gateway.asks.desk import leave
from services.gateway.asks.records import Ask
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.service import Gateway
from services.gateway.web.words import JOINER, Words
from tests.e2e.web.site import TODAY, deal, fill, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAME, LATELY = "CCTV 통합", datetime(2026, 11, 18, tzinfo=UTC)
Site = tuple[Gateway, httpx.AsyncClient]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with serving(tmp_path_factory.mktemp("titled")) as (gateway, address):
        await fill(gateway)
        await gateway.store.save_accounts(LOCAL, [Account(one, name) for one, name in (("a1", "다온"), ("a2", "누리"))])
        made = [
            replace(deal(deal_id, NAME, "u1", 50_000_000), account_id=account, close_date=TODAY + timedelta(days=4))
            for deal_id, account in (("C-1", "a1"), ("C-2", "a2"))
        ]
        await gateway.apply_deals(LOCAL, made)
        await gateway.apply_deals(
            LOCAL,
            [
                DealWrite("C-1", owner_id="u2", effective_time=LATELY),
                DealWrite("C-2", outcome=Outcome.LOST, closed_date=LATELY.date(), effective_time=LATELY),
            ],
        )
        await leave(gateway, LOCAL, Ask("C-1", "견적 확인", date(2026, 11, 24)))
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            yield gateway, client


async def test_the_weekly_report_names_customers_and_a_hand_over_once(site: Site) -> None:
    text = (await site[1].get("/report?lang=ko")).text
    assert f"- 누리 · {NAME} (김민준): 실주 −{JOINER}₩5,000만" in text, "no line ends behind a sign"
    [mail] = re.findall(r'href="(mailto:[^"]+)"', text)
    assert "실주 −₩5,000만" in unquote(mail), "where it is of no use"
    assert f": 다온 · {NAME} (Grace Tan), ₩" in text  # due in the next week
    handed = f"- 다온 · {NAME}: {Words('ko')('bridge.moved_owner')} 김민준 → Grace Tan, ₩5,000만"
    [draft] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", text, re.DOTALL)
    assert draft.count(handed) == 1
    assert "담당 변경 −" not in text
    left = (await site[1].get("/report?lang=ko&node=owner:u1")).text
    assert f"- 다온 · {NAME}: 담당 변경 −{JOINER}₩5,000만" in left  # who got it is none of this report's


async def test_the_bridge_and_asks_name_customers(site: Site) -> None:
    moves = (await site[1].get("/forecast?lang=ko&part=moves")).text
    assert f"누리 · {NAME}</a>" in moves
    assert f"다온 · {NAME}</a>" in (await site[1].get("/forecast?lang=ko")).text
