"""Asks on pages as answers: where they stand, where a form leads back to, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
import pytest_asyncio

from learning.records import Node, Outcome
from services.gateway.asks.records import AskQuery
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.service import Gateway
from services.gateway.web.asks_page import due_day
from services.gateway.web.asks_views import askable
from tests.e2e.web.site import fill, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
TEXT = "최종 서명자 이름 확인"  # which the site is filled with
GIVEN = {"deal_id": "D-3", "text": "Call <b>them</b>", "due": "2026-11-25", "assignee": "m1"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    async with serving(tmp_path_factory.mktemp("asks")) as (gateway, address):
        await fill(gateway)
        async with httpx.AsyncClient(base_url=address, timeout=30, verify=False) as client:
            yield gateway, client


Site = tuple[Gateway, httpx.AsyncClient]


async def test_an_ask_stands_where_it_is_looked_for_and_nowhere_else(site: Site) -> None:
    for path in ("/forecast", "/forecast?node=owner:u1", "/day?owner=u1", "/deals/D-1"):
        assert TEXT in (await site[1].get(path)).text, path
    for path in ("/forecast?node=owner:u2", "/day?owner=u2", "/deals/D-3"):
        assert TEXT not in (await site[1].get(path)).text, path


async def test_a_form_leads_back_and_the_ask_can_be_taken_back(site: Site) -> None:
    gateway, client = site
    answer = await client.post("/asks?lang=en", data={**GIVEN, "back": "/forecast?node=manager:m1&ask=D-3&call=x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/forecast?node=manager%3Am1&call=x#asks")
    [made] = await gateway.store.list_asks(LOCAL, AskQuery(deal_id="D-3"), "", 9)
    assert (made.whose, made.ask.due.isoformat(), made.ask.author) == ("m1", "2026-11-25", "local")
    assert "Call &lt;b&gt;them&lt;/b&gt;" in (await client.get("/deals/D-3")).text
    form = {"ask": str(made.ask.id), "back": "/deals/D-3"}
    assert (await client.post("/asks/settle", data=form)).headers["location"] == f"/deals/D-3?did={made.ask.id}#asks"
    assert not await gateway.store.list_asks(LOCAL, AskQuery(deal_id="D-3", open=True), "", 9)
    for path in ("/deals/D-3", "/day?owner=u1", "/forecast"):
        page = (await client.get(path, params={"did": str(made.ask.id), "owner": "u1", "lang": "en"})).text
        assert "Marked as done: Call &lt;b&gt;them&lt;/b&gt;" in page, path
        assert "Marked as done" not in (await client.get(path, params={"did": "999"})).text
    await client.post("/asks/settle", data={**form, "undo": "1"})
    assert await gateway.store.list_asks(LOCAL, AskQuery(deal_id="D-3", open=True), "", 9) == [made]


async def test_a_long_ask_is_cut_until_it_is_opened(site: Site) -> None:
    gateway, client = site
    await client.post("/asks", data={**GIVEN, "text": "견적 조건 확인 " * 40, "deal_id": "D-1", "assignee": ""})
    found = await gateway.store.list_asks(LOCAL, AskQuery(deal_id="D-1", open=True), "", 9)
    [long] = [one.ask for one in found if len(one.ask.text) > 140]
    page = (await client.get("/day?owner=u1")).text
    assert page.count('<details id="ask-') == page.count(f'<details id="ask-{long.id}"><summary>') == 1
    await client.post("/asks/settle", data={"ask": str(long.id), "back": "/day"})


@pytest.mark.parametrize("back", ["//evil.example/forecast", "https://evil.example", "/forecast\\evil", "/models", ""])
async def test_a_form_leads_to_no_other_place(site: Site, back: str) -> None:
    [made, *_] = await site[0].store.list_asks(LOCAL, AskQuery(deal_id="D-1"), "", 9)
    for undo in ("", "1"):
        answer = await site[1].post("/asks/settle", data={"ask": str(made.ask.id), "back": back, "undo": undo})
        assert answer.headers["location"].startswith("/forecast"), answer.headers
        assert "evil" not in answer.headers["location"]


@pytest.mark.parametrize(
    ("path", "change", "status", "said"),
    [
        ("/asks", {"text": " "}, 400, "요청 내용을 쓰세요"), ("/asks", {"text": "x" * 501}, 400, "요청 내용을 쓰세요"),
        ("/asks", {"due": "soon"}, 400, "기한"), ("/asks", {"due": "2026-11-19"}, 400, "기한"),
        ("/asks", {"deal_id": "none"}, 404, ""), ("/asks", {"assignee": "u1"}, 400, "요청받는 사람"),
        ("/asks/settle", {"ask": "²"}, 400, "요청 ID가 아닙니다"), ("/asks/settle", {"ask": "999"}, 404, ""),
    ],
)  # fmt: skip
async def test_what_is_no_ask_is_refused(
    site: Site, path: str, change: dict[str, str], status: int, said: str
) -> None:  # fmt: skip
    answer = await site[1].post(f"{path}?lang=ko", data=GIVEN | change)
    assert answer.status_code == status
    assert said in answer.text


async def test_who_can_be_asked_beside_the_owner() -> None:
    tree = [
        Node("company", "company", ""), Node("region:R", "region", "R", "company"),
        Node("manager:m2", "manager", "M2", "region:R"), Node("manager:m1", "manager", "M1", "manager:m2"),
        Node("owner:u1", "owner", "U1", "manager:m1"),
    ]  # fmt: skip
    assert askable("u1", tree, ["u9", "m2", "u1"]) == ["m1", "m2", "u9"]
    assert askable("gone", tree, ["u9"]) == ["u9"]


@pytest.mark.parametrize(
    ("today", "due"), [(date(2026, 11, 19), date(2026, 11, 26)), (date(2026, 11, 21), date(2026, 11, 30))]
)
async def test_an_ask_is_due_on_a_working_day(site: Site, today: date, due: date) -> None:
    """By the calendar of the deal's suggestions, or Monday to Friday where there are none."""
    for deal_id in ("D-1", "D-3"):
        assert due_day(await site[0].store.get_record(LOCAL, deal_id), today) == due


async def test_on_a_deal_that_was_lost_an_ask_is_offered_to_be_closed(site: Site) -> None:
    gateway, client = site
    before = (await client.get("/deals/D-1?lang=ko")).text
    assert ("실주한 딜" in before, "요청 닫기" in before) == (False, False)
    day = gateway.workspace.business_day
    await gateway.apply_deals(LOCAL, [DealWrite("D-1", outcome=Outcome.LOST, closed_date=day)])
    for path in ("/deals/D-1?lang=ko", "/forecast?lang=ko"):
        page = (await client.get(path)).text
        assert ("실주한 딜" in page, "요청 닫기" in page) == (True, True), path
    await gateway.apply_deals(LOCAL, [DealWrite("D-1", outcome=Outcome.OPEN)])
