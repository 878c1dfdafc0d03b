"""What was worked out on the forecast call stays while the page is shown anew: on a forecast service of its own."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import BrowserContext, Route, expect

from kit.money import Money
from learning.records import Quota
from services.gateway.calls import CallKind
from services.gateway.domain import LOCAL
from services.gateway.forecast_calls import Said, say
from tests.e2e.web.actions import Site, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def late(route: Route) -> None:
    """What the page reads by itself may be asked for before the last of its scripts is there."""
    await asyncio.sleep(0.5)
    await route.continue_()


async def test_a_gap_list_and_a_what_if_outlive_what_others_change(called: Site, desk: BrowserContext) -> None:
    gateway, address = called
    await desk.route("**/static/forecast.js*", late)
    page, complaints = await open_page(desk, f"{address}/forecast?lang=en")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "part=gap" in one.url else None)
    first = page.locator("#gap li").first
    await expect(first).to_be_visible()
    listed = await page.locator("#gap").inner_text()
    await first.locator("input[type=checkbox]").check()
    await page.get_by_role("button", name="What if the ticked deals").click()
    supposed = page.locator("#what-if table")
    await expect(supposed).to_be_visible()
    told = await supposed.inner_text()
    await expect(page.locator("#connection")).to_have_text("Live")
    asked.clear()
    current = gateway.workspace.calendar.parse("2026-Q4")
    await say(gateway, LOCAL, CallKind.SUBMISSION, Said(Money("KRW", 610_000_000), "", "owner:u1", current))
    await expect(page.locator("#tree")).to_contain_text("₩610M")
    assert (await page.locator("#gap").inner_text(), await supposed.inner_text()) == (listed, told)
    assert await first.locator("input[type=checkbox]").is_checked()
    again = page.locator('[data-moved="gap"]')
    assert (asked, await again.is_visible()) == ([], False), "a submission moves no number"
    await gateway.store.save_quotas(LOCAL, [Quota("m1", "2026-Q4", Money("KRW", 300_000_000))])
    await say(gateway, LOCAL, CallKind.SUBMISSION, Said(Money("KRW", 620_000_000), "", "owner:u1", current))
    await expect(again).to_be_visible()
    await expect(page.locator('[data-moved="what-if"]')).to_be_visible()
    assert not asked
    await again.get_by_role("button").click()
    await expect(page.locator("#gap")).not_to_have_text(listed)
    await expect(again).to_be_hidden()
    assert (len(asked), complaints) == (1, [])
