"""axe-core finds nothing serious on the pages, in either theme."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest
from playwright.async_api import Browser

from services.gateway.store.interface import ForecastDay
from services.gateway.web.build import AXE
from tests.e2e.web.actions import Site, open_page, scrolls_sideways
from tests.e2e.web.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SAID = {"p10": 100_000_000, "p50": 200_000_000, "p90": 300_000_000, "submitted": 150_000_000}
PATHS = (
    "/deals?q=D-", "/deals/D-1", "/deals/D-1/brief", "/forecast?ask=D-1", "/day?owner=u1", "/history", "/report",
    "/forecast/parts", "/quotas", "/reporting", "/deals/none",
)  # fmt: skip
SERIOUS = ("serious", "critical")
FINDINGS = """async () => (await axe.run(document)).violations.map((found) => [
    found.impact, found.id, found.help, found.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)),
])"""


@pytest.mark.parametrize(("theme", "language", "width"), [("light", "en", 1280), ("dark", "ko", 390)])
async def test_axe_finds_nothing_serious(
    site: Site, browser: Browser, theme: Literal["light", "dark"], language: str, width: int
) -> None:
    days = [ForecastDay("2026-Q4", "KRW", "company", date(2026, 11, day), SAID) for day in (18, 19)]
    days.append(ForecastDay("2026-Q3", "KRW", "company", date(2026, 6, 30), SAID))
    await site[0].store.save_forecast_days(days)
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, locale=language, color_scheme=theme, reduced_motion="reduce"
    )
    for path in PATHS:
        page, _ = await open_page(context, site[1] + path)
        assert (await picture(page)).stat().st_size
        assert not await scrolls_sideways(page), path
        await page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        await page.evaluate(AXE.read_text(encoding="utf-8"))
        findings = await page.evaluate(FINDINGS)
        assert not [found for found in findings if found[0] in SERIOUS], path
        await page.close()  # a browser keeps six connections to a host, and each page holds one
    await context.close()
