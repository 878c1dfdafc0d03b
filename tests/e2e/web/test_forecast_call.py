"""The forecast call in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from kit.money import Money
from learning.records import Quota
from services.gateway.calls import CallKind
from services.gateway.domain import LOCAL
from services.gateway.forecast_calls import Said, say
from services.gateway.quota_rows import save_quotas
from tests.e2e.web.actions import Site, open_page, scrolls_sideways
from tests.e2e.web.site import deal

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_a_call_from_the_number_to_a_submission(site: Site, desk: BrowserContext) -> None:
    page, complaints = await open_page(desk, f"{site[1]}/forecast")
    await expect(page.locator(".number-card")).to_contain_text("8 times in 10 between")
    await expect(page.locator("#bridge")).to_contain_text("Then")  # read after the page is there
    await expect(page.locator("#doubts")).to_contain_text("한빛정밀")
    await page.keyboard.press("j")
    await expect(page.locator(".crumbs")).to_contain_text("수도권")
    await page.keyboard.press("k")
    await expect(page.locator(".crumbs")).to_have_text("Everybody")
    form = page.locator(".sayform").first
    await form.get_by_label("Amount").fill("8.2억")
    await form.get_by_label("Note").fill("Three signatures due")
    await form.get_by_role("button", name="Save").click()
    await expect(page.locator(".sides")).to_contain_text("₩820M")
    await expect(page.locator(".sides")).to_contain_text("Three signatures due")
    assert not complaints


async def test_in_call_mode_changes_wait_for_a_click(site: Site, desk: BrowserContext) -> None:
    page, complaints = await open_page(desk, f"{site[1]}/forecast")
    await page.get_by_role("button", name="Start the call").click()
    await expect(page.locator(".heldbar")).to_contain_text("numbers as of")
    await expect(page.locator("#connection")).to_have_text("Live")
    before = await page.locator("#bridge .bridge").inner_text()
    await site[0].apply_deals(LOCAL, [deal("LATE-1", "Came in mid-sentence", "u1", 90_000_000)])
    apply = page.locator("#apply")
    await expect(apply).to_have_text("1 changed since: apply")
    assert await page.locator("#bridge .bridge").inner_text() == before
    await apply.click()
    await expect(page.locator("#bridge .bridge")).not_to_have_text(before)
    assert not complaints


async def test_in_call_mode_all_that_moves_numbers_is_counted_but_what_is_said_there(
    site: Site, desk: BrowserContext
) -> None:
    gateway = site[0]
    page, complaints = await open_page(desk, f"{site[1]}/forecast?lang=en")
    await page.get_by_role("button", name="Start the call").click()
    apply, current = page.locator("#apply"), gateway.workspace.calendar.parse("2026-Q4")
    await say(gateway, LOCAL, CallKind.SUBMISSION, Said(Money("KRW", 310_000_000), "", "manager:m1", current))
    await expect(apply).to_have_text("1 changed since: apply")
    ours = [Quota("u2", "2026-Q4", Money("KRW", 100_000_000))]
    await save_quotas(gateway.workspace, gateway.store, LOCAL, ours)
    await gateway.store.add_event("model", "", {"service": "forecast", "version": "8"})
    await gateway.store.add_event("model", "", {"training": "t-1", "state": "running"})
    gateway.news.wake()
    await expect(apply).to_have_text("3 changed since: apply")
    await page.locator(".sayform").first.get_by_label("Amount").fill("8.1억")
    await page.locator(".sayform").first.get_by_role("button", name="Save").click()
    await expect(page.locator(".sides")).to_contain_text("₩810M")
    await expect(apply).to_have_text("3 changed since: apply")
    await expect(page.locator("#tree")).not_to_contain_text("₩310M")
    await apply.click()
    await expect(page.locator("#tree")).to_contain_text("₩310M")
    await expect(apply).to_be_hidden()
    assert not complaints


async def test_an_ask_from_the_call_to_the_reps_phone(site: Site, desk: BrowserContext, phone: BrowserContext) -> None:
    mine, _ = await open_page(phone, f"{site[1]}/day?owner=u2")
    await expect(mine.locator("#connection")).to_have_text("실시간")
    call, complaints = await open_page(desk, f"{site[1]}/forecast")
    await call.locator("#doubts li", has_text="owned").get_by_role("link", name="Leave an ask").click()
    await call.get_by_label("What is to be done").fill("Get the signer's name")
    await call.get_by_role("button", name="Leave an ask").click()
    await expect(call.locator("#asks")).to_contain_text("Get the signer's name")
    await expect(call.locator("#doubts .asked", has_text="Get the signer's name")).to_have_count(1)
    asked = mine.locator("#asks li", has_text="Get the signer's name")  # which came by itself
    await asked.get_by_role("button", name="완료").click()
    await expect(mine.get_by_role("status").filter(has_text="완료로 표시했습니다")).to_be_visible()
    await expect(call.locator("#asks")).not_to_contain_text("Get the signer's name")
    await mine.get_by_role("button", name="되돌리기").click()
    await expect(asked).to_be_visible()
    assert not complaints


async def test_on_a_phone_nothing_is_cut_off(site: Site, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 800}, locale="ko", color_scheme="dark")
    page, complaints = await open_page(context, f"{site[1]}/forecast?since=2026-08-01")
    await expect(page.locator("#bridge")).to_contain_text("당시")
    assert not await scrolls_sideways(page)
    await page.locator("#moved-deals summary").click()
    moved = page.locator("#moved-deals .wide").first
    assert await moved.evaluate("one => one.scrollWidth <= one.clientWidth"), "what moved is read without scrolling"
    assert not complaints
    await context.close()
