"""The deal list in a real browser: the chart of the quarters, orders, and deals that are new."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, expect

from services.gateway.domain import LOCAL
from services.gateway.service import Gateway
from tests.e2e.web.actions import Site, open_page
from tests.e2e.web.site import deal, insights, owned, rollup

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

COLORS = """() => {
    const canvas = document.querySelector("#outlook canvas");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const counts = {};
    for (let at = 0; at < pixels.length; at += 4) {
        if (pixels[at + 3] < 255) continue;
        const color = [pixels[at], pixels[at + 1], pixels[at + 2]].join(" ");
        counts[color] = (counts[color] ?? 0) + 1;
    }
    return counts;
}"""


async def drawn(page: Page) -> dict[str, int]:
    """How many pixels of each color the chart shows, once it has come to rest."""
    await expect(page.locator("#outlook canvas")).to_be_visible()
    before, now = None, await page.evaluate(COLORS)
    while now != before or not now:
        await page.wait_for_timeout(100)
        before, now = now, await page.evaluate(COLORS)
    return dict(now)


async def test_the_quarters_are_drawn_and_stand_in_a_table(site: Site, desk: BrowserContext) -> None:
    page, complaints = await open_page(desk, f"{site[1]}/deals?q=D-1")
    colors = await drawn(page)
    assert colors["127 163 238"] > 4 * 1000  # the ranges of four quarters
    assert {"180 83 9", "27 34 48"} <= set(colors)  # quota, middle
    await page.get_by_text("Numbers as a table").click()
    rows = page.locator("#outlook-table tbody tr")
    await expect(rows).to_have_count(4)
    for text in ("2026-Q4", "₩720M", "₩460M to ₩940M", "₩900M"):
        await expect(rows.first).to_contain_text(text)
    await expect(rows.last).to_contain_text("₩620M")
    assert not complaints


async def test_the_chart_follows_the_theme_and_the_window(site: Site, desk: BrowserContext) -> None:
    page, complaints = await open_page(desk, f"{site[1]}/deals?q=D-1")
    await drawn(page)
    await page.emulate_media(color_scheme="dark")
    assert (await drawn(page))["60 94 168"] > 4 * 1000
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.wait_for_function("document.querySelector('#outlook canvas').clientWidth < 390")
    assert (await drawn(page))["60 94 168"] > 4 * 300
    assert not await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not complaints


async def test_new_totals_show_without_a_reload(site: Site, desk: BrowserContext) -> None:
    gateway, address = site
    page, complaints = await open_page(desk, f"{address}/deals")
    await expect(page.locator("#connection")).to_have_text("Live")
    before = await drawn(page)
    await page.get_by_text("Numbers as a table").click()
    await gateway.store.save_rollups([more := rollup(300_000_000), owned(more, "u1")])
    gateway.news.wake()
    await expect(page.locator("#totals .figures")).to_contain_text("₩1.02B")
    await expect(page.locator("#outlook-table tbody tr").first).to_contain_text("₩1.02B")  # the table stays open
    assert await drawn(page) != before
    assert not complaints


async def test_a_new_deal_appears_without_a_reload(site: Site, desk: BrowserContext) -> None:
    gateway, address = site
    page, _ = await open_page(desk, f"{address}/deals?q=Brand+new")
    await expect(page.locator("#list")).to_contain_text("No deal matches")
    await expect(page.locator("#connection")).to_have_text("Live")
    await gateway.apply_deals(LOCAL, [deal("N-1", "Brand new", "u1", 5_000_000)])
    await expect(page.locator("tbody tr[data-deal]")).to_have_count(1)
    await gateway.store.apply_insights(insights("N-1"))
    gateway.news.wake()
    await expect(page.locator("#list")).to_contain_text("62%")


async def test_column_headers_order_the_list(site: Site, desk: BrowserContext) -> None:
    page, _ = await open_page(desk, f"{site[1]}/deals?stage=Proposal&outcome=ALL")
    header = page.get_by_role("columnheader", name="Amount")
    await expect(header).to_have_attribute("aria-sort", "descending")  # by the expected amount
    await page.get_by_role("link", name="Amount", exact=True).click()
    await expect(header).to_have_attribute("aria-sort", "descending")
    await expect(page.locator("tbody tr[data-deal]").first).to_have_attribute("data-deal", "D-1")
    await page.get_by_role("link", name="Amount").click()
    await expect(header).to_have_attribute("aria-sort", "ascending")
    await expect(page.locator("tbody tr[data-deal]").first).not_to_have_attribute("data-deal", "D-1")
    await expect(page.locator("select[name=stage]")).to_have_value("Proposal")
    await expect(page.get_by_role("columnheader", name="Close date")).to_have_attribute("aria-sort", "none")


async def test_without_scripts_the_table_stands_for_the_chart(site: tuple[Gateway, str], still: BrowserContext) -> None:
    page, _ = await open_page(still, f"{site[1]}/deals")
    await expect(page.locator("#outlook")).to_be_hidden()
    await page.get_by_text("Numbers as a table").click()
    await expect(page.locator("#outlook-table tbody tr").first).to_contain_text("₩900M")
