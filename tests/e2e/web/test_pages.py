"""The pages in a real browser."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from services.gateway.domain import LOCAL
from tests.e2e.web.actions import Site, open_page, scrolls_sideways
from tests.e2e.web.site import HOSTILE, deal, insights

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def put(address: str, deal_id: str, content: dict[str, object]) -> None:
    """A change by REST."""
    async with httpx.AsyncClient() as client:
        response = await client.put(f"{address}/v1/deals/{quote(deal_id, safe='')}", json=content)
        response.raise_for_status()


async def test_the_list_shows_merged_records(site: Site, desk: BrowserContext) -> None:
    page, complaints = await open_page(desk, f"{site[1]}/deals?q=D-1")
    row = page.locator('tr[data-deal="D-1"]')
    for text in ("한빛정밀", "Proposal", "김민준", "₩52,000,000", "62%", "41%", "Send a quote", "₩21.3M expected"):
        await expect(row).to_contain_text(text)
    totals = page.locator("#totals")
    for text in ("2026-Q4", "Booked", "₩460M – ₩940M", "₩720M", "Quota", "₩900M", "model f3"):
        await expect(totals).to_contain_text(text)
    assert not complaints


async def test_the_record_shows_all_parts_as_of_when_and_by_which_model(site: Site, desk: BrowserContext) -> None:
    page, complaints = await open_page(desk, f"{site[1]}/deals/D-1")
    for part, texts in {
        "#score": ("62%", "55% to 69%", "In Proposal", "Came through an advertisement", "120 of 340", "model m7"),
        "#forecast": (
            "Dec 22, 2026",
            "Dec 1, 2026 to Mar 30, 2027",
            "₩48M",
            "2026-Q4",
            "41%",
            "Best case",
            "20%",
        ),
        "#actions": ("Send a quote", "₩2.1M", "+4.0 points", "2026-11-20 10:00 UTC"),
        "#timeline": ("Created", "Proposal"),
        "#record": ("What notes say", "Competitor", "They look at Borea too."),
    }.items():
        for text in texts:
            await expect(page.locator(part)).to_contain_text(text)
    widths = await page.locator(".reasons rect.for, .reasons rect.against").evaluate_all(
        "bars => bars.map(bar => [bar.className.baseVal, Number(bar.getAttribute('width'))])"
    )
    assert widths[0] == ["for", 100]
    assert widths[1][0] == "against"
    assert 0 < widths[1][1] < 100
    assert not complaints


async def test_missing_and_stale_parts_are_said(site: Site, desk: BrowserContext) -> None:
    gateway, address = site
    page, _ = await open_page(desk, f"{address}/deals/D-3")
    for part in ("#score", "#forecast", "#actions"):
        await expect(page.locator(part)).to_contain_text("Not there yet")
    await gateway.store.apply_insights(insights("E-000"))
    await put(address, "E-000", {"amount": {"currency": "KRW", "value": "77"}})
    await page.goto(f"{address}/deals/E-000")
    for part in ("#score", "#forecast", "#actions"):
        await expect(page.locator(part)).to_contain_text("Out of date")


async def test_a_change_by_rest_shows_without_a_reload(site: Site, desk: BrowserContext) -> None:
    gateway, address = site
    await gateway.store.apply_insights(insights("E-001"))
    record, complaints = await open_page(desk, f"{address}/deals/E-001")
    listed, _ = await open_page(desk, f"{address}/deals?q=E-001")
    for page in (record, listed):
        await expect(page.locator("#connection")).to_have_text("Live")
        await page.evaluate("window.stayed = true")
    await put(address, "E-001", {"amount": {"currency": "KRW", "value": "123456"}, "stage": "Negotiation"})
    for page in (record, listed):
        await expect(page.locator("main")).to_contain_text("₩123,456")
        await expect(page.locator("main")).to_contain_text("Negotiation")
    await gateway.store.apply_insights(insights("E-001", revision=2, probability=0.34))
    gateway.news.wake()
    for page in (record, listed):
        await expect(page.locator("main")).to_contain_text("34%")
        assert await page.evaluate("window.stayed")
    await expect(record.locator("#score")).not_to_contain_text("Out of date")
    assert not complaints


SHOW_OR_HIDE = """(state) => {
    Object.defineProperty(document, "hidden", { get: () => state === "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_a_page_that_nobody_looks_at_leaves_the_stream_and_catches_up(site: Site, desk: BrowserContext) -> None:
    _, address = site
    pages = []
    for _ in range(8):  # more than a browser keeps connections to a host
        page, _ = await open_page(desk, f"{address}/deals?q=Deal+7")
        await expect(page.locator("#connection")).to_have_text("Live")
        await page.evaluate(SHOW_OR_HIDE, "hidden")
        pages.append(page)
    await put(address, "E-007", {"stage": "Closing 7"})
    row = pages[0].locator('tr[data-deal="E-007"]')
    await expect(row).to_contain_text("Proposal")
    await pages[0].evaluate(SHOW_OR_HIDE, "visible")
    await expect(row).to_contain_text("Closing 7")


async def test_a_live_update_keeps_the_keyboard_focus(site: Site, desk: BrowserContext) -> None:
    _, address = site
    page, _ = await open_page(desk, f"{address}/deals?q=E-002")
    await expect(page.locator("#connection")).to_have_text("Live")
    link = page.locator('tr[data-deal="E-002"] a')
    await link.focus()
    await put(address, "E-002", {"amount": {"currency": "KRW", "value": "654321"}})
    await expect(page.locator("#list")).to_contain_text("₩654,321")
    await expect(link).to_be_focused()


async def test_hostile_texts_are_inert(site: Site, desk: BrowserContext) -> None:
    _, address = site
    for path in (
        "/deals?q=a%2Fb",
        f"/deals/{quote('a/b <i>&', safe='')}",
        f"/deals?q={quote(HOSTILE)}&owner={quote(HOSTILE)}",
    ):
        page, complaints = await open_page(desk, address + path)
        assert "owned" not in await page.title() or "<script>" in await page.title()
        assert await page.locator("main script, main img, main b, main i:not(.key)").count() == 0
        assert not complaints, path
    page, _ = await open_page(desk, f"{address}/deals/{quote('a/b <i>&', safe='')}")
    await expect(page.locator("h1")).to_have_text(HOSTILE)
    await expect(page.locator("main")).to_contain_text("재고 <b>관리</b>")


async def test_nothing_inline_may_run(site: Site, desk: BrowserContext) -> None:
    page, complaints = await open_page(desk, f"{site[1]}/deals")
    await page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
    }""")
    assert not await page.evaluate("window.ran === true")
    assert any("Content Security Policy" in complaint for complaint in complaints)


@pytest.mark.parametrize("path", ["/deals", "/deals/D-1", "/deals/a%2Fb%20%3Ci%3E%26", "/deals/none"])
async def test_a_phone_shows_korean_without_scrolling_sideways(site: Site, phone: BrowserContext, path: str) -> None:
    page, _ = await open_page(phone, site[1] + path)
    assert await page.get_attribute("html", "lang") == "ko"
    assert not await scrolls_sideways(page)
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 27)"


async def test_korean_words_numbers_and_days(site: Site, phone: BrowserContext) -> None:
    page, _ = await open_page(phone, f"{site[1]}/deals/D-1")
    for text in ("수주 확률", "제안 단계에 있음", "2026. 12. 22.", "견적서 보내기", "340건 중 120건 수주"):
        await expect(page.locator("main")).to_contain_text(text)
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#score")).to_contain_text("Win chance")
    await page.get_by_role("link", name="Deals").first.click()
    await expect(page.locator("h1")).to_have_text("Deals")


async def test_pages_and_filters_by_keyboard_alone(site: Site, desk: BrowserContext) -> None:
    gateway, address = site
    await gateway.apply_deals(LOCAL, [deal("Z-1", "Needle in the haystack", "u1", 5)])
    page, _ = await open_page(desk, f"{address}/deals?sort=name")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    first = await page.locator("#list tbody tr").first.get_attribute("data-deal")
    await page.get_by_role("link", name="Next page").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="First page")).to_be_visible()
    assert await page.locator("#list tbody tr").first.get_attribute("data-deal") != first
    await page.get_by_label("Search").focus()
    await page.keyboard.type("needle")
    await expect(page.locator("#list tbody tr")).to_have_count(1)  # as one types
    await page.keyboard.press("Enter")  # for an address of its own
    await page.wait_for_url("**q=needle*")
    await expect(page.locator("#list tbody tr")).to_have_count(1)
    await expect(page.locator("#list tbody")).to_contain_text("Needle in the haystack")


async def test_filters_narrow_the_list(site: Site, desk: BrowserContext) -> None:
    page, _ = await open_page(desk, f"{site[1]}/deals?min=0.6&outcome=OPEN&stage=Proposal&owner=team%3Am1")
    shown = await page.locator("#list tbody tr").evaluate_all("rows => rows.map(row => row.dataset.deal)")
    assert "D-1" in shown
    assert "D-3" not in shown
    await expect(page.locator("#totals .quarter h2")).to_contain_text("박서연")


@pytest.mark.parametrize(
    ("path", "pasted"), [("/quotas", "u1\t2027-Q1\t900,000,000\n???\t-5"), ("/reporting", "u1, m1\n???, m1")]
)
async def test_back_after_saving_what_was_pasted_leads_to_the_page_before(
    site: Site, desk: BrowserContext, path: str, pasted: str
) -> None:
    page, complaints = await open_page(desk, f"{site[1]}/deals?lang=en")
    await page.goto(f"{site[1]}{path}?lang=en")
    await page.locator("#pasted").fill(pasted)
    await page.get_by_role("button", name="Look at it").click()
    await expect(page.get_by_role("region", name="What was read")).to_be_focused()
    await page.get_by_role("button", name="Save these 1").click()
    await expect(page.locator(".done")).to_be_focused()
    await expect(page.locator(".done")).to_contain_text("Not understood: 1")
    await expect(page.locator("#pasted")).to_have_value(pasted.partition("\n")[2])
    await page.go_back()
    await expect(page.locator("#list")).to_be_visible()
    assert not complaints
