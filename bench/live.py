"""How soon a change by REST shows on pages that are open in a browser: a deal's record, a list, a forecast."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping

from playwright.async_api import Browser, Page, async_playwright

from bench.report import Figure
from kit.browser import chromium
from tests.e2e.system.harness import System

CHANGES = 15
REST = 3.0  # seconds between changes: totals settle meanwhile
MOST_MS = 1_000.0
FLAGS = ("--no-sandbox", "--headless", "--disable-gpu")
# Each page's part that tells of the deal, or of the totals that count it.
PARTS = {"deal": "#record .figures", "list": "#list tbody tr", "rollup": ".number-card .big strong"}
HOW = (
    "`PUT /v1/deals/{id}` with another amount while a record, a list that holds the deal and the forecast of the "
    "company are open in Chromium: from sending until the page shows another text there. The slowest of "
    f"{CHANGES} changes, one at a time."
)


def figures(system: System) -> list[Figure]:
    """On a running system; none where there is no Chromium."""
    found = chromium()
    if found is None:
        print("no Chromium: live pages are not measured", flush=True)
        return []
    return asyncio.run(_measured(system, str(found)))


async def _measured(system: System, path: str) -> list[Figure]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            return await _changes(system, browser)
        finally:
            await browser.close()


async def _changes(system: System, browser: Browser) -> list[Figure]:
    deal = next(one for one in system.all_deals("&outcome=OPEN&sort=-expected_amount"))
    pages = {
        "deal": await _opened(browser, f"{system.url}/deals/{deal['id']}?lang=en"),
        "list": await _opened(browser, f"{system.url}/deals?q={deal['id']}&lang=en"),
        "rollup": await _opened(browser, f"{system.url}/forecast?lang=en"),
    }
    taken: dict[str, list[float]] = {name: [] for name in pages}
    for step in range(CHANGES):
        await asyncio.sleep(REST)
        amount = deal["amount"] | {"value": str(int(float(deal["amount"]["value"]) * (1.5 + 0.25 * (step % 4))))}
        for name, milliseconds in (await _one(system, pages, deal["id"], amount)).items():
            taken[name].append(milliseconds)
    return [_figure(name, times) for name, times in taken.items()]


async def _opened(browser: Browser, address: str) -> Page:
    page = await (await browser.new_context(viewport={"width": 1280, "height": 900})).new_page()
    await page.goto(address)
    await page.wait_for_selector("#connection.live", state="attached")
    return page


async def _one(
    system: System, pages: Mapping[str, Page], deal_id: str, amount: Mapping[str, str]
) -> dict[str, float]:  # fmt: skip
    """A change, and when each page showed it, in milliseconds since sending."""
    before = {name: await page.inner_text(PARTS[name]) for name, page in pages.items()}
    began = time.perf_counter()
    sent = asyncio.create_task(
        asyncio.to_thread(system.http.put, f"/v1/deals/{deal_id}", json={"amount": dict(amount)})
    )

    async def shown(name: str, page: Page) -> tuple[str, float]:
        script = "([part, text]) => (document.querySelector(part)?.innerText ?? text).trim() !== text.trim()"
        await page.wait_for_function(script, arg=[PARTS[name], before[name]], polling=10, timeout=20_000)
        return name, 1_000 * (time.perf_counter() - began)

    found = dict(await asyncio.gather(*(shown(name, page) for name, page in pages.items())))
    (await sent).raise_for_status()
    return found


def _figure(name: str, times: list[float]) -> Figure:
    print(name, f"p50 {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms", flush=True)
    return Figure(
        f"change until an open page shows it, {name}, slowest of {len(times)}", max(times), "ms", 0,
        f"≤ {MOST_MS:,.0f} ms", max(times) <= MOST_MS,
    )  # fmt: skip
