"""The pages as answers: headers, languages, errors, escaping, and without the web files."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from kit.money import Money
from learning.records import Outcome, Quota
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.service import Gateway
from services.gateway.web import pages, rendering
from services.gateway.web.words import Words
from tests.e2e.web.site import TODAY, fill, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway_and_client(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    async with serving(tmp_path_factory.mktemp("pages")) as (gateway, address):
        await fill(gateway)
        async with httpx.AsyncClient(base_url=address, timeout=30, verify=False) as client:
            yield gateway, client


Site = tuple[Gateway, httpx.AsyncClient]


async def test_every_page_forbids_inline_code_and_being_framed(gateway_and_client: Site) -> None:
    for path in ("/deals", "/deals/D-1", "/deals/none", "/deals?min=9"):
        response = await gateway_and_client[1].get(path)
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert " style=" not in response.text
        assert " onclick" not in response.text


@pytest.mark.parametrize(
    ("path", "accept", "language"),
    [
        ("/deals", "ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("/deals", "en-US,en;q=0.9", "en"), ("/deals", "fr", "en"),
        ("/deals?lang=ko", "en", "ko"), ("/deals?lang=en", "ko", "en"),
    ],
)  # fmt: skip
async def test_the_language(gateway_and_client: Site, path: str, accept: str, language: str) -> None:
    response = await gateway_and_client[1].get(path, headers={"Accept-Language": accept})
    assert f'<html lang="{language}">' in response.text
    assert response.headers["content-language"] == language


async def test_an_unknown_language_falls_back_and_says_so(gateway_and_client: Site) -> None:
    for accept, language in (("ko", "ko"), ("fr", "en")):
        response = await gateway_and_client[1].get("/deals?lang=%3Cb%3E", headers={"Accept-Language": accept})
        assert response.status_code == 200
        assert f'<html lang="{language}">' in response.text
        assert Words(language)("app.no_language", language="&lt;b&gt;") in response.text
    assert "There are no texts" not in (await gateway_and_client[1].get("/deals?lang=en")).text


async def test_every_page_shows_the_business_day_and_can_fetch_it_alone(gateway_and_client: Site) -> None:
    gateway, client = gateway_and_client
    for path in ("/deals", "/deals/D-1", "/deals/none"):
        assert ">Business day Nov 20, 2026</span>" in (await client.get(path)).text
    await gateway.workspace.move_forward("2026-11-21")
    assert (await client.get("/deals?lang=ko&part=day")).text == "기준일 2026. 11. 21."
    await gateway.workspace.pin(TODAY)


async def test_what_cannot_be_shown_says_why(gateway_and_client: Site) -> None:
    client = gateway_and_client[1]
    missing = await client.get("/deals/none")
    assert missing.status_code == 404
    assert "no such deal" in missing.text
    for path in ("/deals?min=9", "/deals?sort=x", "/deals?outcome=x", "/deals?cursor=zzz", "/deals?q=" + "x" * 600):
        response = await client.get(path)
        assert response.status_code == 400, path
        assert "Back to the deals" in response.text


async def test_parts_come_alone(gateway_and_client: Site) -> None:
    client = gateway_and_client[1]
    for path, root in (
        ("/deals?part=rows", '<section id="list"'), ("/deals?part=totals", '<section id="totals"'),
        ("/deals/D-1?part=record", '<article id="record"'),
    ):  # fmt: skip
        text = (await client.get(path)).text.strip()
        assert text.startswith(root)
        assert "<html" not in text


async def test_parts_keep_what_the_page_was_asked_for(gateway_and_client: Site) -> None:
    text = (await gateway_and_client[1].get("/deals?q=D-1&sort=name&lang=ko")).text
    assert 'hx-get="/deals?q=D-1&amp;sort=name&amp;lang=ko&amp;part=rows"' in text


async def test_texts_are_escaped_in_texts_and_attributes(gateway_and_client: Site) -> None:
    client = gateway_and_client[1]
    hostile = '"><script>alert(1)</script>'
    for path in ("/deals", "/deals/a%2Fb%20%3Ci%3E%26"):
        text = (await client.get(path, params={"q": hostile, "stage": hostile, "owner": hostile, "lang": hostile})).text
        assert "<script>" not in text
        assert "<img" not in text


async def test_a_deal_is_handed_over_on_one_page(gateway_and_client: Site) -> None:
    page = (await gateway_and_client[1].get("/deals/D-1/brief?lang=ko")).text
    for text in (
        "인수인계 요약",
        "한빛정밀 Insight Pro",
        "김민준 · 박서연 팀",
        "한수진",
        "구매팀장",
        "의사결정",
        "최종 서명자 이름 확인",
    ):
        assert text in page, text
    assert (await gateway_and_client[1].get("/deals/none/brief")).status_code == 404


async def test_a_deal_leads_back_to_the_crm(gateway_and_client: Site) -> None:
    gateway, client = gateway_and_client
    assert "Open in the CRM" not in (await client.get("/deals/D-1?lang=en")).text
    await gateway.workspace.set_crm_link("https://crm.example.com/o/{id}/view")
    try:
        page = (await client.get("/deals/a%2Fb%20%3Ci%3E%26?lang=en")).text
        assert 'href="https://crm.example.com/o/a%2Fb%20%3Ci%3E%26/view" rel="noreferrer"' in page
    finally:
        await gateway.workspace.set_crm_link("")


@pytest.mark.parametrize("path", ["/nothing-here", "/static/none.css"])
async def test_a_browser_that_is_lost_gets_a_page(gateway_and_client: Site, path: str) -> None:
    lost = await gateway_and_client[1].get(path, headers={"Accept": "text/html", "Accept-Language": "ko"})
    assert (lost.status_code, lost.headers["content-type"].partition(";")[0]) == (404, "text/html")
    assert "이 주소에는 아무것도 없습니다" in lost.text
    program = await gateway_and_client[1].get(path)
    assert program.headers["content-type"] == "application/problem+json"


async def test_whatever_goes_wrong_is_a_page_for_a_browser(
    gateway_and_client: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = gateway_and_client[1]
    browser = {"Accept": "text/html", "Accept-Language": "ko"}
    again = await client.get("/display", headers=browser)  # a form's address, loaded anew
    assert (again.status_code, "이 주소는 바로 열 수 없습니다" in again.text) == (405, True)
    wrong = await client.get("/deals?min=9", headers=browser)
    assert (wrong.status_code, "<code>최소 수주 확률</code> <code>9</code>" in wrong.text) == (400, True)
    monkeypatch.setattr(pages, "deal_view", None)
    broken = await client.get("/deals", headers=browser)
    assert (broken.status_code, "예상하지 못한 오류가 발생했습니다" in broken.text) == (500, True)
    assert (await client.get("/deals")).headers["content-type"] == "application/problem+json"


async def test_the_first_page_is_light_without_its_chart(gateway_and_client: Site) -> None:
    client = gateway_and_client[1]
    page = await client.get("/deals?lang=ko")
    found = [one for one in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text) if "echarts" not in one]
    parts = [page, *[await client.get(one) for one in found]]
    assert len(found) >= 3
    for part in parts:
        assert part.headers["content-encoding"] == "gzip", part.url
        assert "accept-encoding" in part.headers["vary"].lower(), part.url
    assert sum(part.num_bytes_downloaded for part in parts) < 150_000


async def test_who_takes_no_compression_gets_the_same(gateway_and_client: Site) -> None:
    client, plain = gateway_and_client[1], {"Accept-Encoding": "identity"}
    for path in ("/static/app.css", "/static/live.js"):
        sent = await client.get(path, headers=plain)
        assert "content-encoding" not in sent.headers
        assert sent.content == (await client.get(path)).content == (rendering.STATIC / Path(path).name).read_bytes()
        again = await client.get(path, headers={"If-None-Match": sent.headers["etag"]})
        assert again.status_code == 304
    assert "content-encoding" not in (await client.get("/deals", headers=plain)).headers
    assert "content-encoding" not in (await client.get("/v1/deals/D-1")).headers  # programs on the same network


async def test_live_events_are_not_held_back_to_be_compressed(gateway_and_client: Site) -> None:
    async with gateway_and_client[1].stream("GET", "/v1/events?last_event_id=0") as events:
        assert "content-encoding" not in events.headers
        async for line in events.aiter_lines():
            assert line
            break


async def test_numbers_of_the_call_lead_to_their_deals(gateway_and_client: Site) -> None:
    gateway, client = gateway_and_client
    call = (await client.get("/forecast?lang=en&node=owner:u1")).text
    for address, named in (
        ("/deals?owner=u1&amp;lang=en&amp;period=2026-Q4", True),
        ("/deals?owner=u1&amp;lang=en&amp;period=2026-Q4&amp;outcome=WON", False),
        ("/deals?owner=u1&amp;lang=en&amp;period=2026-Q4&amp;category=commit", False),
    ):
        assert f'href="{address}"' in call, address
        page = (await client.get(html.unescape(address))).text
        assert ('data-deal="D-1"' in page, "Close in 2026-Q4" in page) == (named, True), address
    assert (await client.get("/deals?period=soon")).status_code == 400
    await gateway.workspace.set_fiscal_year({"start_month": 4, "named_by": "end"})
    try:
        assert "Won in 2027-Q3" in (await client.get("/deals?lang=en")).text
    finally:
        await gateway.workspace.set_fiscal_year({"start_month": 1, "named_by": "end"})


async def test_home_leads_to_the_list(gateway_and_client: Site) -> None:
    response = await gateway_and_client[1].get("/?lang=ko")
    assert (response.status_code, response.headers["location"]) == (303, "/deals?lang=ko")


async def test_without_the_web_files_pages_work_and_say_that_they_stand_still(
    gateway_and_client: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "HTMX", Path("/nowhere/htmx.min.js"))
    monkeypatch.setattr(rendering, "ECHARTS", Path("/nowhere/echarts.js"))
    response = await gateway_and_client[1].get("/deals?lang=en")
    assert response.status_code == 200
    assert "<script" not in response.text
    assert "No live updates here" in response.text
    assert '<details id="outlook-table" open>' in response.text


async def test_a_second_currency_is_seen_and_switched_to(gateway_and_client: Site) -> None:
    gateway, client = gateway_and_client
    assert 'class="currencies' not in (await client.get("/deals")).text
    await gateway.store.save_quotas(LOCAL, [Quota("u2", "2026-Q4", Money("EUR", 5_000_00))])
    won = DealWrite(
        "euro", outcome=Outcome.WON, created_time=datetime(2026, 11, 1, tzinfo=UTC), closed_date=date(2026, 11, 2),
        owner_id="u2", amount=Money("EUR", 900_00),
    )  # fmt: skip
    [result] = await gateway.apply_deals(LOCAL, [won])
    assert not result.errors
    first = (await client.get("/deals?lang=en&q=deal")).text
    assert '<strong aria-current="true">KRW</strong>' in first
    assert 'href="/deals?q=deal&amp;currency=EUR&amp;lang=en"' in first
    second = (await client.get("/deals?lang=en&q=deal&currency=eur")).text
    assert '<strong aria-current="true">EUR</strong>' in second
    assert "€900" in second
    assert '<input type="hidden" name="currency" value="EUR">' in second
    for wrong in ("JPY", "money"):
        refused = await client.get(f"/deals?currency={wrong}")
        assert (refused.status_code, wrong.upper() in refused.text) == (400, True)
    await gateway.apply_deals(LOCAL, [DealWrite("euro", deleted=True)])


async def test_the_list_and_the_call_tell_one_number(gateway_and_client: Site) -> None:
    """What is expected stands in both, with the same word and the same mark."""
    bars = []
    for path in ("/deals", "/forecast"):
        page = (await gateway_and_client[1].get(f"{path}?lang=ko")).text
        bars.append(re.findall(r'<rect class="mid" x="([\d.]+)" y="1"', page))
        assert "AI 기대값" in page
        assert "중앙값" not in page
    assert bars[0] == bars[1] != []
    expected = (await gateway_and_client[1].get("/v1/forecast?node=company")).json()["nodes"][0]
    assert expected["mean"] != expected["p50"]
