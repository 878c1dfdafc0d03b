"""Printed pages: dark on white whatever theme is chosen, and whole."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.async_api import Browser, ViewportSize

from learning.records import Activity, Contact, ContactRole
from services.gateway.asks.desk import leave
from services.gateway.asks.records import Ask
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.store.interface import ForecastDay
from tests.e2e.web.actions import Site, open_page, settled
from tests.e2e.web.site import AS_OF

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAPER = ViewportSize(width=718, height=1000)  # A4 between its margins
SAID = {"p10": 100_000_000, "p50": 200_000_000, "p90": 300_000_000, "submitted": 150_000_000}
LIGHTNESS = """(name) => getComputedStyle(document.body).getPropertyValue(name).match(/\\d+/g).slice(0, 3)
    .reduce((a, b) => a + +b, 0) / 765"""
CUT = """() => [...document.querySelectorAll(".wide, #list, .printed")].filter((part) => part.offsetParent)
    .filter((part) => getComputedStyle(part).overflowX !== "visible" || part.scrollWidth > part.clientWidth + 1)
    .map((part) => part.outerHTML.slice(0, 120))"""
FOLDED = """() => [...document.querySelectorAll("details:not([open])")].filter((part) => part.checkVisibility())
    .filter((part) => ![...part.children].slice(1).some((child) => child.checkVisibility()))
    .map((part) => part.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("chosen", [True, False])
async def test_paper_is_white_in_every_theme(site: Site, browser: Browser, chosen: bool) -> None:
    context = await browser.new_context(viewport=PAPER, locale="en", color_scheme="light" if chosen else "dark")
    if chosen:
        await context.add_cookies([{"name": "dealcast_theme", "value": "dark", "url": site[1]}])
    page, _ = await open_page(context, f"{site[1]}/deals")
    assert await page.evaluate(LIGHTNESS, "color") > 0.8
    await page.emulate_media(media="print")
    assert await page.evaluate(LIGHTNESS, "color") < 0.25
    assert await page.evaluate(LIGHTNESS, "background-color") == 1
    link = await page.eval_on_selector(".name a", "(a) => getComputedStyle(a).color")
    assert sum(map(int, link.removeprefix("rgb(").removesuffix(")").split(","))) < 765 / 2
    await context.close()


async def test_nothing_is_folded_or_cut_on_paper(site: Site, browser: Browser) -> None:
    days = [ForecastDay("2026-Q4", "KRW", "company", date(2026, 11, day), SAID) for day in (18, 19)]
    await site[0].store.save_forecast_days(days)
    context = await browser.new_context(viewport=PAPER, locale="en")
    for path in ("/forecast", "/deals", "/deals/D-1", "/history", "/forecast/parts", "/report"):
        page, _ = await open_page(context, site[1] + path)
        await settled(page)
        await page.emulate_media(media="print")
        assert not await page.evaluate(FOLDED), path
        assert not await page.evaluate(CUT), path
        await page.close()
    await context.close()


async def test_the_whole_report_is_printed_as_it_was_changed(site: Site, browser: Browser) -> None:
    context = await browser.new_context(viewport=PAPER, locale="ko")
    page, _ = await open_page(context, f"{site[1]}/report")
    lines = [f"{number}번째 줄입니다" for number in range(80)]
    await page.locator("textarea").fill("\n".join(lines))
    await page.emulate_media(media="print")
    printed = page.locator(".printed")
    assert (await printed.inner_text()).split("\n") == lines
    height = await printed.evaluate("(part) => [part.offsetHeight, part.scrollHeight]")
    assert height[0] >= height[1] > 80 * 15
    assert not await page.locator("textarea").is_visible()
    await context.close()


async def test_a_brief_is_one_page_however_much_there_is_to_say(site: Site, browser: Browser) -> None:
    gateway, address = site
    long = (
        "다음 주 이사회에서 예산과 일정을 함께 정하기로 했고 그 전에 보안 심사 결과와 유지보수 조건을 문서로 요청함. "
        * 5
    )
    people = [Contact(f"p{n}", f"담당 {n}", title="정보시스템운영본부 수석부장") for n in range(20)]
    await gateway.store.save_contacts(LOCAL, people)
    roles = tuple(ContactRole(one.id, "uses") for one in people)
    await gateway.apply_deals(LOCAL, [DealWrite("D-1", contacts=roles, fields={f"항목 {n}": long for n in range(6)})])
    notes = [Activity(f"n{n}", "D-1", "note", "internal", AS_OF + timedelta(minutes=n), text=long) for n in range(12)]
    await gateway.store.save_activities(LOCAL, notes)
    for number in range(6):
        await leave(gateway, LOCAL, Ask("D-1", f"{number} {long}"[:200], date(2026, 11, 24)))
    context = await browser.new_context(viewport=PAPER, locale="ko")
    page, _ = await open_page(context, f"{address}/deals/D-1/brief?lang=ko")
    printed = await page.pdf(format="A4", print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    await context.close()
