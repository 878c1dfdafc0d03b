"""A Korean company that comes with its Monday files: what is truly in them, and people who know nothing of Dealcast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from playwright.async_api import Browser, Page, expect

from tests.unit.imports.weekly_company import FIRST, HEADINGS, OWNERS, Company, State

PASSWORD = "correct horse battery staple"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Mondays(Company):
    """Every fourth Monday of most of a year, long enough for quarters to be over. Two people win more than the others;
    few rows of deals that ended are as bad as elsewhere."""

    headings = HEADINGS | {"mail": ("이메일", "메일")}
    weeks, apart, clients, ends = 12, 4, 40, 0.3

    def _promise(self, start: int) -> date:
        return FIRST + timedelta(weeks=self.apart * start, days=self.rng.randint(30, 160))

    def _end(self, owner: int) -> str:
        return "WON" if self.rng.random() < (0.8 if owner < 2 else 0.5) else "LOST"

    def _flawed_end(self, deal: int, week: int, outcome: str) -> None:
        if deal % 25 == 0:
            super()._flawed_end(deal, week, outcome)

    def _cells(self, deal: int, state: State, week: int, unit: str) -> dict[str, Any]:
        return super()._cells(deal, state, week, unit) | {"mail": f"buyer{deal}@client{state.account}.co.kr"}

    def heading(self, key: str) -> str:
        """What a column is called in the last file."""
        names = self.headings[key]
        return names[(self.weeks - 1) // 3 % len(names)]

    def owner_of(self, state: State) -> str:
        """The name of who owns the deal."""
        return OWNERS[state.owner][0]

    def plain(self) -> dict[tuple[str, str], State]:
        """Deals that the last file shows and whose rows nothing is wrong with, by name and account."""
        truth, last = self.truth, self.weeks - 1
        odd = {deal for deal, _ in truth.unreadable | truth.blank} | set(truth.renamed) | set(truth.vanished)
        return {(one.name, self.accounts[one.account]): one
                for (deal, week), one in truth.states.items() if week == last and deal not in odd}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who will sign in."""

    name: str
    mail: str
    role: str  # as the page calls it


REVOPS = Person("한도윤", "doyun@hanbit.co.kr", "관리자")  # and the first to come in
MANAGER = Person("박서연", "seoyeon@hanbit.co.kr", "영업 관리자")
REP = Person(OWNERS[0][0], "minsu@hanbit.co.kr", "영업 담당자")

BOSS = f"{MANAGER.name} 상무"
TEAM = "\n".join((
    "이름\t상사\t지역\t이메일", f"{BOSS}\t\t수도권\t{MANAGER.mail}",
    *(f"{name} {title}\t{BOSS}\t\t{REP.mail if name == REP.name else ''}" for name, title in OWNERS),
))  # fmt: skip
QUOTAS = "\n".join((
    "담당자\t목표(백만원)",
    *(f"{name} {title}\t{millions:,}"
      for (name, title), millions in zip(OWNERS, (1500, 1200, 900, 1000, 800), strict=True)),
    "나모름\t500",
))  # fmt: skip


async def come_in(browser: Browser, link: str, person: Person, size: Mapping[str, int]) -> Page:
    """The person's own browser, by the one-time link; the first of all says who they are."""
    context = await browser.new_context(viewport=dict(size), locale="ko", has_touch=size is PHONE)  # type: ignore[arg-type]
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(120_000)  # a starved browser draws nothing for long
    page = await context.new_page()
    await page.goto(link)
    if person is REVOPS:
        await page.get_by_label("이메일").fill(person.mail)
        await page.get_by_label("이름").fill(person.name)
    await page.get_by_label("새 비밀번호").fill(PASSWORD)
    await page.get_by_role("button", name="비밀번호 저장").click()
    await expect(page.get_by_role("navigation", name="페이지")).to_be_visible()  # each role lands elsewhere
    return page


async def let_in(page: Page, person: Person) -> str:
    """Somebody is let in: the link to send to them."""
    await page.get_by_role("link", name="사용자", exact=True).click()
    await page.get_by_text("사용자 추가").first.click()
    await page.get_by_label("이메일", exact=True).fill(person.mail)
    await page.get_by_label("이름", exact=True).first.fill(person.name)
    await page.get_by_label("역할").first.select_option(person.role)
    await page.get_by_role("button", name="사용자 추가").click()
    return await page.get_by_label("하루 안에 한 번만").input_value()


def sheet(path: Path) -> list[dict[str, Any]]:
    """The rows of a workbook by their headings."""
    [found] = load_workbook(path).worksheets
    headings, *rows = found.iter_rows(values_only=True)
    return [dict(zip(map(str, headings), row, strict=True)) for row in rows]
