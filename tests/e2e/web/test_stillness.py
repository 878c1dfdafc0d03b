"""Pages stay where they are while they load."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.e2e.web.actions import Site, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

MOST = 0.02  # of the share of the window that moves × how far, summed; 0.1 counts as good
SETTLES = 1_500  # ms: what is read after the page is there
SHIFTS = """() => new Promise((resolve) => {
    const seen = [];
    const watching = new PerformanceObserver((list) => seen.push(...list.getEntries()));
    watching.observe({ type: "layout-shift", buffered: true });
    const told = ({ node, previousRect, currentRect }) => [node?.id || node?.nodeName, previousRect.y, currentRect.y];
    setTimeout(() => resolve(seen.map((one) => [one.value, one.sources.map(told)])), 50);
})"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/deals", "/forecast", "/day?owner=u1", "/deals/D-1"])
async def test_nothing_jumps_while_a_page_loads(site: Site, browser: Browser, path: str, width: int) -> None:
    context = await browser.new_context(viewport=ViewportSize(width=width, height=800), locale="ko")
    page, _ = await open_page(context, site[1] + path)
    await page.wait_for_timeout(SETTLES)
    shifts = await page.evaluate(SHIFTS)
    assert sum(value for value, _ in shifts) < MOST, shifts
    await context.close()
