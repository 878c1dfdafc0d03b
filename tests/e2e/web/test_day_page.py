"""A rep's day on a phone."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, unquote

import orjson
import pytest
from playwright.async_api import Browser, BrowserContext, expect

from learning.answers import Verb
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.web.report_mail import dropped_first, mail_address
from services.gateway.web.words import Words
from tests.e2e.web.actions import Site, hear, heard, open_page, scrolls_sideways
from tests.e2e.web.site import answers, insights
from tests.unit.web.test_day_page import long_report

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_a_rep_acts_with_one_tap_and_takes_it_back(site: Site, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 800}, locale="ko", has_touch=True)
    await context.clock.install()
    page, complaints = await open_page(context, f"{site[1]}/day?owner=u1")
    await hear(page)
    card = page.locator('.action-card[data-deal="D-1"]')
    for text in ("견적서 보내기", "한수진 구매팀장님", "09:00–09:20", "21일 동안 연락 기록이 없습니다"):
        await expect(card).to_contain_text(text)
    assert (await card.get_by_role("link", name="메일 쓰기").get_attribute("href") or "").startswith(
        "mailto:sujin.han@"
    )
    await card.get_by_text("초안").tap()
    await expect(card.locator("textarea")).to_have_value(
        "한수진 구매팀장님, 한빛정밀 Insight Pro 설비 모니터링 견적서를 보내 드립니다. 김민준 드림"
    )
    assert not await scrolls_sideways(page)
    await card.get_by_role("button", name="이미 연락함").tap()
    await expect(page.locator(".answered")).to_contain_text("연락한 것으로 기록했습니다.")
    [made] = await answers(site[0])
    assert (made.verb, made.suggestion_id, made.channel) == (Verb.DONE, "s1", "mail")
    changes = await page.evaluate("window.heard.deal")
    for more, account in enumerate(("A", "B"), 1):  # whatever changes, it stays until the rep goes on
        await site[0].apply_deals(LOCAL, [DealWrite("D-1", fields={"Account": account})])
        await heard(page, "deal", changes + more)
        await expect(page.locator(".answered")).to_be_visible()
        await expect(page.locator('.action-card[data-deal="D-1"]:visible')).to_have_count(0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    await page.get_by_role("button", name="되돌리기").tap()
    await expect(page.locator('.action-card[data-deal="D-1"]')).to_be_visible()
    assert asked == ["POST"]  # in its place at once: no list was asked for
    await expect(page.locator(".answered")).to_have_count(0)
    assert not await answers(site[0])
    await page.reload()
    await expect(page.locator('.action-card[data-deal="D-1"]')).to_be_visible()
    await expect(page.locator("#leads-title + ul")).to_contain_text("18일째 대기")
    assert not complaints
    await context.close()


async def test_a_double_tap_answers_once(site: Site, phone: BrowserContext) -> None:
    page, complaints = await open_page(phone, f"{site[1]}/day?owner=u1&lang=ko")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if request.method == "POST" else None)
    for name in ("하겠습니다", "이미 연락함"):
        asked.clear()
        card = page.locator('.action-card[data-deal="D-1"]')
        await card.get_by_role("button", name=name).dblclick()
        await expect(page.locator(".answered")).to_have_count(1)
        back = page.get_by_role("button", name="되돌리기")
        size = await back.bounding_box()
        assert size
        assert size["width"] > size["height"], "its word stands on one line"
        await back.dblclick()
        await expect(page.locator(".answered")).to_have_count(0)
        await expect(card).to_be_visible()
        assert asked == ["POST", "POST"]
        assert not await answers(site[0])
    assert not complaints


async def test_what_the_rep_wrote_goes_out_and_a_refusal_stands_on_the_card(site: Site, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 800}, locale="ko", has_touch=True)
    page, _ = await open_page(context, f"{site[1]}/day?owner=u1")
    await page.evaluate(
        "addEventListener('click', (event) => event.target.closest('[data-mail]') && event.preventDefault())"
    )
    card = page.locator('.action-card[data-deal="D-1"]')
    await card.get_by_text("초안").tap()
    await card.locator("textarea").fill("오후에 뵙겠습니다")
    mail = card.get_by_role("link", name="메일 쓰기")
    await mail.tap()
    assert unquote(await mail.get_attribute("href") or "").endswith(
        "?subject=한빛정밀 Insight Pro 설비 모니터링 관련하여 연락드립니다&body=오후에 뵙겠습니다"
    )
    await card.get_by_text("나중에").tap()
    await card.locator("select[name=until] option").first.evaluate("option => { option.value = 'soon'; }")
    await card.get_by_role("button", name="미루기").tap()
    await expect(card.get_by_role("alert")).to_be_visible()
    assert not await answers(site[0])
    await context.close()


@pytest.mark.parametrize("way", ["복사", "공유", "메일 쓰기"])
async def test_who_took_a_message_along_is_asked_whether_they_were_in_touch(
    site: Site, phone: BrowserContext, way: str
) -> None:
    await phone.grant_permissions(["clipboard-read", "clipboard-write"])
    await phone.add_init_script("Object.defineProperty(navigator, 'share', { value: async () => {} })")
    page, complaints = await open_page(phone, f"{site[1]}/day?owner=u1&lang=ko")
    await page.evaluate(
        "addEventListener('click', (event) => event.target.closest('[data-mail]') && event.preventDefault())"
    )
    card = page.locator('.action-card[data-deal="D-1"]')
    await card.get_by_text("초안").click()
    await expect(card.locator(".reached")).to_be_empty()
    before = await card.bounding_box()
    await card.get_by_role("link" if way == "메일 쓰기" else "button", name=way).click()
    await expect(card.locator(".reached")).to_have_text("연락했나요?")
    assert await card.bounding_box() == before, "nothing moves"
    assert not await scrolls_sideways(page)
    assert not complaints


@pytest.mark.parametrize("width", [390, 1280])
async def test_an_amount_is_never_broken_between_lines(site: Site, browser: Browser, width: int) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 800}, locale="ko")
    page, _ = await open_page(context, f"{site[1]}/day?owner=u1")
    lines = "number => { const all = document.createRange(); all.selectNodeContents(number);"
    lines += " return new Set([...all.getClientRects()].map(one => one.top)).size; }"
    for amount in ("₩2.16억", "₩216M", "₩12,345,678,901"):
        number = page.locator(".big strong").first
        await number.evaluate("(number, amount) => { number.textContent = amount; }", amount)
        assert await number.evaluate(lines) == 1, amount
    assert not await scrolls_sideways(page)
    await context.close()


async def test_a_report_too_long_for_a_mail_is_cut_by_section_and_says_so(site: Site, phone: BrowserContext) -> None:
    page, complaints = await open_page(phone, f"{site[1]}/report")
    await expect(page.locator("[data-long]")).to_be_hidden()
    words = Words("ko")
    text = long_report(words)
    await page.locator("textarea").fill(text)
    await expect(page.locator("[data-long]")).to_contain_text("엑셀 파일을 첨부하세요")
    link = page.locator("a[data-mail]")
    await link.evaluate("(link) => link.addEventListener('click', (event) => event.preventDefault())")
    await link.click()
    found = parse_qs((await link.get_attribute("href") or "").partition("?")[2])["body"]
    same = parse_qs(mail_address("", text, dropped_first(words), words("report.mail_short")).partition("?")[2])["body"]
    assert found == same
    await page.locator("textarea").fill("금액 −\u2060₩2억")
    copied = """(box) => { box.focus(); box.select();
        const event = new ClipboardEvent("copy", {clipboardData: new DataTransfer(), bubbles: true, cancelable: true});
        box.dispatchEvent(event); return event.clipboardData.getData("text/plain"); }"""
    assert await page.locator("textarea").evaluate(copied) == "금액 −₩2억", (
        "what keeps a sign beside its amount stays here"
    )
    assert not complaints


async def test_an_open_menu_stays_while_other_suggestions_come(site: Site, phone: BrowserContext) -> None:
    gateway, address = site
    await phone.clock.install()
    page, complaints = await open_page(phone, f"{address}/day?owner=u1&lang=ko")
    await hear(page)
    card = page.locator('.action-card[data-deal="D-1"]')
    await card.get_by_text("나중에").click()
    menu = card.get_by_role("button", name="미루기")
    await expect(page.locator("#connection")).to_have_text("실시간")
    [written] = await gateway.apply_deals(LOCAL, [DealWrite("D-1", fields={"Account": "C"})])
    for one in insights("D-1", revision=written.revision):
        told = orjson.loads(orjson.dumps(one.body).replace(b'"s1"', b'"s9"'))
        await gateway.store.apply_insights([replace(one, body=told)])
    gateway.news.wake()
    await heard(page, "next_actions", 1)
    await expect(menu).to_be_visible()
    assert await card.locator("input[name=suggestion_id]").first.input_value() == "s1"
    await card.get_by_text("나중에").click()
    await expect(card.locator("input[name=suggestion_id]").first).to_have_value("s9")
    assert not complaints
