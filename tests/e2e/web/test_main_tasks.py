"""Each person's main tasks from sign-in to done: on a desktop, on a phone, and in Korean."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from kit.nats_server import NatsServer
from learning.answers import Verb
from services.gateway.domain import LOCAL
from services.gateway.store.interface import Query
from services.gateway.web.words import Words
from tests.e2e.web.actions import scrolls_sideways
from tests.e2e.web.people import PASSWORD, REPS, SIZES, arrive, working
from tests.e2e.web.site import answers
from tests.integration.access.conftest import Company

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
PHONE = 390
WEEK = """Account,Deal name,Owner,Stage,Amount,Expected close,Wave
Northwind,Line 7,Joe Park,Brought,120000000,2026-12-18,A
Contoso,Cold store,Ann Lee,Brought,80000000,2027-01-15,B
Fabrikam,Scanner,Ann Lee,Brought,a lot,2026-12-30,B
"""
WEEKS_DEALS = Query(stage="Brought")
DROP = """(box, [name, text]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([atob(text)], name, { type: "text/csv" }));
    for (const kind of ["dragover", "drop"])
        box.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def company(
    browser: Browser, nats_server: NatsServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Company]:
    """One for all; without a browser none."""
    assert browser.is_connected()
    async with working(nats_server.url, tmp_path_factory.mktemp("tasks")) as found:
        yield found


async def press(page: Page, what: Locator) -> None:
    """With a finger on a phone, else with the mouse."""
    await (what.tap() if page.viewport_size == SIZES[PHONE] else what.click())


async def say(page: Page, what: str, amount: str, note: str) -> None:
    """Submit or adjust with a note, and see both stand."""
    w = Words(await page.locator("html").get_attribute("lang") or "")
    said = page.locator(".say").filter(has=page.get_by_role("heading", name=w(what), exact=True))
    await said.get_by_label(w("call.amount")).fill(amount)
    await said.get_by_label(w("call.note")).fill(note)
    await press(page, said.get_by_role("button", name=w("call.send"), exact=True))
    await expect(said.get_by_text(note)).to_be_visible()


@pytest.mark.parametrize(("language", "width", "rep"), [("en", 1280, "u1"), ("en", 390, "u2"), ("ko", 390, "u3")])
async def test_a_manager_calls_the_quarter(
    company: Company, browser: Browser, language: str, width: int, rep: str
) -> None:
    page, w = await arrive(browser, company, "manager", language, width), Words(language)
    await press(page, page.get_by_role("link", name=w("app.forecast"), exact=True))
    here = page.locator(".crumbs [aria-current]")
    await expect(here).to_have_text("박서연")
    await press(page, page.get_by_role("button", name=w("call.begin")))
    await expect(page.locator(".heldbar")).to_be_visible()
    for _ in REPS:
        before = await here.inner_text()
        if before == REPS[rep]:
            break
        await (press(page, page.locator("#walk-after")) if width == PHONE else page.keyboard.press("j"))
        await expect(here).not_to_have_text(before)
    await expect(here).to_have_text(REPS[rep])
    doubtful = page.locator("#doubts li", has_text=f"Line {rep}-0")
    await expect(doubtful).to_contain_text("%")
    await press(page, doubtful.get_by_role("link", name=f"Line {rep}-0"))
    await expect(page.locator("#record h1")).to_have_text(f"Line {rep}-0")
    await page.go_back()
    await press(page, doubtful.get_by_role("link", name=w("asks.leave")))
    await page.get_by_label(w("asks.text")).fill(f"Name the signer, {rep}")
    await press(page, page.get_by_role("button", name=w("asks.leave")))
    await expect(page.locator("#asks")).to_contain_text(f"Name the signer, {rep}")
    await say(page, "call.adjustment", "-20,000,000", f"Two may slip, {rep}")
    await say(page, "call.submission", "410,000,000", f"Signed by Friday, {rep}")
    await expect(page.locator(".heldbar")).to_be_visible()
    assert not await scrolls_sideways(page)
    await press(page, page.get_by_role("button", name=w("call.leave"), exact=True))
    await expect(page.locator(".heldbar")).to_have_count(0)
    await expect(page.locator(".sides")).to_contain_text(f"Signed by Friday, {rep}")
    await page.context.close()


@pytest.mark.parametrize(("language", "width", "rep"), [("en", 390, "u1"), ("en", 1280, "u2"), ("ko", 1280, "u3")])
async def test_a_rep_works_through_the_day(
    company: Company, browser: Browser, language: str, width: int, rep: str
) -> None:
    page, w = await arrive(browser, company, rep, language, width), Words(language)
    await press(page, page.get_by_role("link", name=w("app.day"), exact=True))
    first, second, third = (page.locator(f'.action-card[data-deal="{rep}-{place}"]') for place in range(3))
    await writes(page, first, w)
    gateway, told = company.running.gateway, page.locator(".answered")
    await press(page, first.get_by_role("button", name=w("day.done")))
    await expect(told).to_contain_text(w("day.did_done"))
    assert [one.verb for one in await answers(gateway, f"{rep}-0")] == [Verb.DONE]
    await press(page, told.get_by_role("button", name=w("call.take_back")))
    await expect(first).to_be_visible()
    assert not await answers(gateway, f"{rep}-0")
    await press(page, second.get_by_text(w("day.later")))
    await second.get_by_label(w("day.why_not")).select_option("bad_timing")
    await press(page, second.get_by_role("button", name=w("day.dismiss"), exact=True))
    await expect(told).to_contain_text(w("day.did_dismiss"))
    await press(page, third.get_by_text(w("day.later")))
    await press(page, third.get_by_role("button", name=w("day.snooze"), exact=True))
    await expect(told.filter(has_text=f"{rep}-2")).to_be_visible()
    kept = [
        (one.verb, one.reason, one.until is None)
        for place in (1, 2)
        for one in await answers(gateway, f"{rep}-{place}")
    ]
    assert kept == [(Verb.DISMISS, "bad_timing", True), (Verb.SNOOZE, "", False)]
    assert not await scrolls_sideways(page)
    await press(page, first.get_by_role("link", name=f"Line {rep}-0"))
    await expect(page.locator("#record h1")).to_have_text(f"Line {rep}-0")
    await expect(page.locator("#forecast")).to_contain_text("2026")
    assert not await scrolls_sideways(page)
    await page.go_back()
    await press(page, page.get_by_role("link", name=w("call.title"), exact=True))
    await say(page, "call.submission", "400,000,000", f"Mine, {rep}")
    await page.context.close()


async def writes(page: Page, card: Locator, w: Words) -> None:
    """The draft, changed, goes out by each way: copied, shared and in the mail program."""
    await press(page, card.get_by_text(w("day.draft")))
    box, text = card.locator("textarea"), "See you on Tuesday; 화요일에 뵙겠습니다"
    assert "Kim" in await box.input_value()
    await box.fill(text)
    await press(page, card.get_by_role("button", name=w("day.copy"), exact=True))
    await expect(card.get_by_role("button", name=w("day.copied"))).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == text
    await press(page, card.get_by_role("button", name=w("day.share"), exact=True))
    assert await page.evaluate("window.shared") == [{"text": text}]
    await page.evaluate(
        "addEventListener('click', (event) => event.target.closest('[data-mail]') && event.preventDefault())"
    )
    mail = card.get_by_role("link", name=w("day.mail"))
    await press(page, mail)
    sent = urlsplit(await mail.get_attribute("href") or "")
    assert (sent.scheme, parse_qs(sent.query)["body"]) == ("mailto", [text])


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ko", 390)])
async def test_revops_brings_in_a_week_and_lets_somebody_in(
    company: Company, browser: Browser, tmp_path: Path, language: str, width: int
) -> None:
    page, w = await arrive(browser, company, "revops", language, width), Words(language)
    await press(page, page.get_by_role("link", name=w("app.import"), exact=True))
    await page.wait_for_url("**/import")  # with its scripts: nobody drops before they see the page
    file = tmp_path / "pipeline_2026-11-16.csv"
    file.write_text(WEEK, encoding="utf-8")
    if width == PHONE:
        await page.get_by_label(w("import.drop")).set_input_files(file)
    else:
        encoded = base64.b64encode(file.read_bytes()).decode()
        await page.locator("[data-drop]").evaluate(DROP, [file.name, encoded])
    await expect(page.locator("[data-names]")).to_have_text(file.name)
    await press(page, page.get_by_role("button", name=w("import.try")))
    await expect(page.get_by_role("heading", name=w("import.would"))).to_be_visible(timeout=60_000)
    for heading, target in (("Account", "account"), ("Amount", "amount"), ("Expected close", "close_date")):
        await expect(page.get_by_label(heading, exact=True)).to_have_value(target)
    await page.get_by_label("Wave", exact=True).select_option(label=w("target.field"))
    await expect(page.locator("#upload")).to_contain_text("a lot")  # which nobody can read
    await press(page, page.get_by_role("button", name=w("import.import"), exact=True))
    done = page.get_by_role("heading", name=w("import.done"))
    await expect(done).to_be_visible(timeout=60_000)
    assert not await scrolls_sideways(page)
    brought = company.running.gateway.store.list_records
    assert {one.history.deal.fields["Wave"] for one in (await brought(LOCAL, WEEKS_DEALS, "", 10)).records} == {
        "A",
        "B",
    }
    upload = page.url
    await press(page, page.get_by_role("link", name=w("import.see_training")))
    await expect(page.locator("#trust .verdict")).to_be_visible()
    await page.goto(upload)
    await press(page, page.get_by_role("button", name=w("import.undo")))
    await press(page, page.get_by_role("button", name=w("undo.yes")))
    await expect(page.get_by_role("heading", name=w("import.title"))).to_be_visible()
    assert not (await brought(LOCAL, WEEKS_DEALS, "", 10)).records
    await lets_in(page, browser, f"{language}{width}@example.com", w)
    await page.context.close()


async def lets_in(page: Page, browser: Browser, mail: str, w: Words) -> None:
    """An account for somebody, who comes in by its link and sees what is theirs."""
    await press(page, page.get_by_role("link", name=w("app.users"), exact=True))
    await press(page, page.get_by_text(w("users.add")).first)
    await page.get_by_label(w("sign_in.login"), exact=True).fill(mail)
    await page.get_by_label(w("sign_in.role")).first.select_option("rep")
    await page.get_by_label(w("users.crm")).first.fill("u3")
    await press(page, page.get_by_role("button", name=w("users.add")))
    link = await page.get_by_label(w("users.link_how")).input_value()
    theirs = await browser.new_context(locale=w.language)
    new = await theirs.new_page()
    await new.goto(link)
    await new.get_by_label(w("sign_in.new_password")).fill(PASSWORD)
    await new.get_by_role("button", name=w("sign_in.set")).click()
    await expect(new).to_have_url(re.compile("/day"))
    await expect(new.locator("h1")).to_contain_text(w("day.title"))
    await theirs.close()
