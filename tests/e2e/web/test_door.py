"""Signing in and out in a browser, and the page about users: from the first administrator's link on."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect
from playwright.async_api import Error as PlaywrightError

from services.gateway.access.desk import BY_LOGIN, AccessDesk, digest, folded
from services.gateway.access.members import Act, Member, Role
from services.gateway.access.opening import LINK_FILE
from services.gateway.domain import LOCAL
from services.gateway.service import Gateway
from services.gateway.web.build import AXE
from tests.e2e.web.actions import open_page, scrolls_sideways
from tests.e2e.web.pictures import picture
from tests.e2e.web.site import fill, serving
from tests.e2e.web.test_accessibility import FINDINGS, SERIOUS
from tests.integration.access.company import provider, settings

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
GOOD, ADMIN, REP = "correct horse battery staple", "boss@example.com", "minjun@example.com"
PEOPLE = {
    "minjun": {"sub": "1", "email": REP, "email_verified": True, "name": "김민준"},
    "stranger": {"sub": "2", "email": "stranger@example.com", "email_verified": True},
}
PATHS = ("/sign-in?out=1", "/sign-in/oidc/callback?state=none", "/account", "/audit", "/users")
Door = tuple[Gateway, str, Path]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """The sample company behind a door, with the company's provider beside it."""
    folder = tmp_path_factory.mktemp("door")
    with provider(PEOPLE) as issuer:
        async with serving(folder, sign_in="accounts", **settings(issuer)) as (gateway, address):
            await gateway.workspace.keep_apart(sample=True)
            await fill(gateway)
            yield gateway, address, folder


async def typed(page: Page, **fields: str) -> None:
    """Fill in the form and send it."""
    for label, text in fields.items():
        await page.get_by_label(label.replace("_", " "), exact=True).first.fill(text)


async def admin(door: Door, context: BrowserContext) -> Page:
    """An administrator's page, however the tests before went."""
    gateway, address, _ = door
    desk = AccessDesk(gateway.store, gateway.news)
    member = await gateway.store.member_by_login(ADMIN)
    if member is None:
        member = Member("boss", ADMIN, "Boss", Role.ADMIN, password=await desk.hasher.hashed(GOOD))
        await gateway.store.save_member(member)
    page, _ = await open_page(context, f"{address}/sign-in?next=/users")
    await typed(page, Mail_address=ADMIN, Password=GOOD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="Users", exact=True)).to_be_visible()
    return page


async def test_from_the_first_link_to_a_rep_who_is_let_in_and_out(
    door: Door, desk: BrowserContext, browser: Browser
) -> None:
    gateway, address, folder = door
    page, complaints = await open_page(desk, (folder / LINK_FILE).read_text().strip())
    await typed(page, Mail_address=ADMIN, Name="Boss", New_password=GOOD)
    await page.get_by_role("button", name="Set password").click()
    await expect(page).to_have_url(f"{address}/deals")
    await page.get_by_role("link", name="Users", exact=True).click()
    await page.get_by_text("Let somebody in").first.click()
    await typed(page, Mail_address=REP, Name="김민준", Stands_for_in_the_CRM="u1")
    await page.get_by_role("button", name="Let somebody in").click()
    link = await page.get_by_label(re.compile("^Works once")).input_value()
    theirs = await browser.new_context(locale="ko", viewport={"width": 390, "height": 800})
    rep, _ = await open_page(theirs, link)
    await typed(rep, 새_비밀번호=GOOD)
    await rep.get_by_role("button", name="비밀번호 저장").click()
    await expect(rep).to_have_url(f"{address}/day")
    await rep.goto(f"{address}/deals")
    await expect(rep.get_by_role("link", name="한빛정밀")).to_be_visible()
    await expect(rep.get_by_role("link", name="Deal 59")).to_have_count(0)
    await expect(rep.get_by_role("link", name="사용자", exact=True)).to_have_count(0)
    member = page.locator("details.member", has_text=REP)
    await page.goto(f"{address}/users?q=minjun")
    await member.locator("summary").press("Enter")
    await expect(member).to_contain_text("Tokens: 0 · signed-in browsers: 1")
    await member.get_by_role("button", name="Switch off").click()
    await expect(page.locator(".told")).to_contain_text("Switched off")
    with contextlib.suppress(PlaywrightError):  # the page loads anew by itself, maybe at this moment
        await rep.reload()
    await expect(rep).to_have_url(re.compile("/sign-in"))
    await page.locator("details.member", has_text=ADMIN).locator("summary").press("Enter")
    await page.locator("details.member", has_text=ADMIN).get_by_role("button", name="Switch off").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nobody would be left")
    acts = {one.act for one in await gateway.store.list_access_events()}
    assert {Act.MEMBER_ADDED, Act.LINK_MADE, Act.PASSWORD_SET, Act.SIGNED_IN, Act.MEMBER_CHANGED} <= acts
    assert [one for one in complaints if "409" not in one] == []
    await theirs.close()


async def test_a_wrong_password_is_told_and_too_many_wait(door: Door, desk: BrowserContext) -> None:
    gateway, address, _ = door
    page, _ = await open_page(desk, f"{address}/sign-in")
    for message in ("is wrong", "Too many attempts. Try again in"):
        await typed(page, Mail_address="nobody@example.com", Password="not the password")
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text(message)
        key = {f"login:{digest(folded('nobody@example.com'))[:32]}": BY_LOGIN}
        while not await gateway.store.attempt(key, AccessDesk(gateway.store, gateway.news).now()):
            pass


async def test_one_click_is_somebody_of_the_sample_and_another_leaves(door: Door, still: BrowserContext) -> None:
    page, _ = await open_page(still, f"{door[1]}/sign-in")
    await page.get_by_role("button", name=re.compile("^Manager")).click()
    await expect(page).to_have_url(f"{door[1]}/forecast")
    await page.goto(f"{door[1]}/deals")
    await expect(page.get_by_role("link", name="Deal 59")).to_be_visible()
    await page.get_by_role("link", name=re.compile("Manager")).click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.goto(f"{door[1]}/deals")
    await expect(page).to_have_url(re.compile(r"/sign-in\?next="))


async def test_the_company_account_comes_in_by_its_button(door: Door, desk: BrowserContext) -> None:
    gateway, address, _ = door
    if await gateway.store.member_by_login(REP) is None:
        await gateway.store.save_member(Member("rep", REP, "김민준", Role.REP, "u1"))
    member = await gateway.store.member_by_login(REP)
    assert member is not None
    await gateway.store.save_member(Member(member.id, REP, "김민준", Role.REP, "u1", member.password))
    page, complaints = await open_page(desk, f"{address}/deals/D-1")
    await page.get_by_role("link", name="Sign in with Hanbit").click()
    await page.get_by_role("button", name="stranger").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nobody is known here by stranger@example.com")
    await page.goto(f"{address}/deals/D-1")
    await page.get_by_role("link", name="Sign in with Hanbit").click()
    await page.get_by_role("button", name="minjun").click()
    await expect(page).to_have_url(f"{address}/deals/D-1")
    await page.goto(f"{address}/account")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.get_by_role("link", name="Sign out there, too").click()
    await expect(page).to_have_title("Signed out at the provider")
    assert [one for one in complaints if "403" not in one] == []


async def test_users_fit_a_phone_and_every_reader(door: Door, desk: BrowserContext, phone: BrowserContext) -> None:
    page = await admin(door, desk)
    await door[0].store.set_deal_team(LOCAL, "D-1", ["u2"])
    small = await phone.new_page()
    await phone.add_cookies(await desk.cookies())  # type: ignore[arg-type]  # what one answers the other takes
    link = await AccessDesk(door[0].store, door[0].news).make_link("boss", "boss")
    paths = (f"/sign-in/link/{link}", "/sign-in/link/over", *PATHS)
    for each, path in [(one, path) for path in paths for one in (page, small)]:
        await each.goto(f"{door[1]}{path}")
        assert link in path or (await picture(each)).stat().st_size  # a secret would name another file each time
        await each.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        assert not await scrolls_sideways(each)
        await each.evaluate(AXE.read_text(encoding="utf-8"))
        assert not [found for found in await each.evaluate(FINDINGS) if found[0] in SERIOUS]
    await expect(small.get_by_role("heading", name="딜 팀")).to_be_visible()
    await page.get_by_label("Id of the deal").fill("D-1")
    await page.get_by_label("User", exact=True).fill("nobody")
    await page.get_by_role("button", name="Add to the team").click()
    await expect(page.get_by_role("alert")).to_contain_text("“nobody”")
    await page.get_by_label("Id of the deal").fill("D-1")
    await page.get_by_label("User", exact=True).fill("m1")
    await page.get_by_role("button", name="Add to the team").press("Enter")
    await page.get_by_role("button", name=re.compile("^Take Grace Tan out")).click()
    assert await door[0].store.deal_team(LOCAL, "D-1") == ["m1"]


async def test_a_token_is_made_used_and_ended_on_the_page_about_oneself(door: Door, desk: BrowserContext) -> None:
    page = await admin(door, desk)
    await page.goto(f"{door[1]}/account")
    await page.get_by_label("What it is for").fill("Monday report")
    await page.get_by_label("Read what you see").uncheck()
    await page.get_by_role("button", name="Make a token").click()
    await expect(page.get_by_role("alert")).to_contain_text("Choose what the token may")
    await page.get_by_label("What it is for").fill("Monday report")
    await page.get_by_role("button", name="Make a token").click()
    secret = await page.get_by_label(re.compile("shown this once")).input_value()
    assert not await scrolls_sideways(page)
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    assert not [found for found in await page.evaluate(FINDINGS) if found[0] in SERIOUS]
    async with httpx.AsyncClient(
        base_url=door[1], headers={"Authorization": f"Bearer {secret}"}, verify=False
    ) as client:
        assert (await client.get("/v1/deals/D-1")).status_code == 200
        assert (await client.put("/v1/deals/D-1", json={"stage": "Won"})).status_code == 403, "it only reads"
        await page.goto(f"{door[1]}/account")
        listed = page.locator("li.session", has_text="Monday report")
        await expect(listed).to_contain_text("reads · until")
        assert secret not in await page.content()
        await listed.get_by_role("button").click()
        await expect(page.get_by_role("status")).to_contain_text("counts no longer")
        await expect(listed).to_have_count(0)
        assert (await client.get("/v1/deals/D-1")).status_code == 401
