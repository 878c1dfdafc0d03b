"""The first hour: from messy Korean workbooks to a rep's message, by what stands on the pages alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from services.gateway.access.opening import LINK_FILE
from tests.e2e.system.harness import System
from tests.e2e.web.actions import scrolls_sideways
from tests.e2e.web.first_hour import (
    DESKTOP,
    MANAGER,
    PHONE,
    QUOTAS,
    REP,
    REVOPS,
    TEAM,
    Mondays,
    come_in,
    let_in,
    sheet,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]
DEALS = 190
LONG = 300_000  # milliseconds, for what takes a core
WATCH = """() => {
    window.shares = [];
    const look = () => document.querySelectorAll("#jobs progress").forEach((bar) => window.shares.push(bar.value));
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
    look();
}"""
Begun = tuple[System, Mondays, list[Path]]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def begun(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Begun]:
    """A system as anybody starts it, on the day of the last file; and the files. Without a browser none."""
    folder = tmp_path_factory.mktemp("first-hour")
    company, files = Mondays(7, DEALS), folder / "files"
    files.mkdir()
    company.write(files)
    assert browser.is_connected()
    system = System(folder / "data", "--today", company.truth.days[-1].isoformat(), "--sign-in", "accounts")
    try:
        await asyncio.to_thread(system.start)
        yield system, company, sorted(files.iterdir())
    finally:
        await asyncio.to_thread(system.stop)
        system.http.close()


async def test_the_first_hour(begun: Begun, browser: Browser, tmp_path: Path) -> None:
    system, company, files = begun
    revops = await come_in(browser, (system.folder / LINK_FILE).read_text().strip(), REVOPS, DESKTOP)
    await expect(revops.locator("#list")).to_contain_text("진행 중인 딜이 없습니다")
    await expect(revops.get_by_text("샘플 회사")).to_have_count(0)
    await drops(revops, company, files)
    await watches_the_training(revops)
    await looks_back(revops)
    await sets_up_the_team(revops)
    await stands_by_the_number(await come_in(browser, await let_in(revops, MANAGER), MANAGER, DESKTOP))
    await writes_to_a_customer(await come_in(browser, await let_in(revops, REP), REP, PHONE))
    await takes_the_scores(revops, company, tmp_path / "scores.xlsx")


async def drops(page: Page, company: Mondays, files: list[Path]) -> None:
    """The files are looked at, a column is put right, questions are answered; nothing is written before the end."""
    await page.get_by_role("link", name="파일 가져오기").first.click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_label("이번 주 파일을 여기에 놓거나 선택하세요").click()
    await (await chooser.value).set_files(files)
    await expect(page.get_by_label("금액 통화")).to_have_value("KRW")
    await page.get_by_role("button", name="살펴보기").click()
    would = page.get_by_role("heading", name="가져오면 생기는 변화")
    await expect(would).to_be_visible(timeout=LONG)
    await expect(page.locator("#files summary")).to_contain_text(f"파일 {len(files)}개")
    columns = page.get_by_role("row").filter(has=page.locator("select"))
    held = {str(await one.locator("th").inner_text()): await one.locator("select").input_value()
            for one in await columns.all()}  # fmt: skip
    assert {"account", "business_number", "name", "owner", "stage", "outcome", "amount", "close_date", "contact",
            "contact_email"} <= set(held.values())  # fmt: skip
    samples = (
        await columns.filter(has=page.get_by_label(company.heading("contact"), exact=True))
        .locator("td")
        .first.inner_text()
    )
    assert len(samples.split(" · ")) == 3, samples
    number = page.get_by_label(company.heading("number"), exact=True)
    await number.select_option("추가 항목")  # somebody wants to keep it
    for question in await page.locator(".doubtlist select").all():
        await question.select_option(index=1)
    await expect(page.locator("#upload")).to_contain_text("= 약 3억?")  # which nobody can read
    if await (right := page.get_by_label("맞습니다. 그대로 가져옵니다")).count():
        await right.check()
    await page.get_by_role("button", name="가져오기", exact=True).click()
    await expect(page.get_by_role("heading", name="가져왔습니다")).to_be_visible(timeout=LONG)
    told = await page.locator("#upload dl").inner_text()
    assert (created := re.search(r"생성 (\d+)", told)), told
    assert DEALS * 0.95 <= int(created[1]) <= DEALS * 1.05, told


async def watches_the_training(page: Page) -> None:
    """It begins by itself and moves while one looks on; then the versions and the verdict on the records are there."""
    await page.get_by_role("link", name="학습 보기").click()
    await page.evaluate(WATCH)
    job = page.locator("#jobs .job").first
    await expect(job.locator("strong").first).to_have_text("완료", timeout=LONG)
    shares = await page.evaluate("window.shares")  # which a reload would have taken away
    assert len(set(shares)) > 1, shares
    assert shares == sorted(shares)
    for name in ("수주 확률 모델", "예측 모델", "다음 행동 모델"):
        await expect(page.get_by_role("region", name=name)).to_contain_text("사용 중인 버전", timeout=LONG)
    await expect(page.locator("#trust .verdict")).to_contain_text("모델을", timeout=LONG)
    await expect(page.locator("#trust .mends li").first).to_be_visible()


async def looks_back(page: Page) -> None:
    """Had they used it: a quarter of their own as it would have been forecast, and as it came."""
    await page.get_by_role("link", name="사용했다면").click()
    await expect(page.locator(".verdict")).to_contain_text("분기 중")
    rows = page.locator("tbody tr").filter(has_text="백테스트")
    await expect(rows).not_to_have_count(0)
    await expect(rows.first).to_contain_text("억")
    await expect(page.locator(".quarter-chart svg").first).to_be_visible()
    await page.go_back()


async def sets_up_the_team(page: Page) -> None:
    """Who reports to whom, and quotas, both pasted; what cannot be read stays."""
    await page.get_by_role("link", name="조직 구성").click()
    await page.get_by_label("한 줄에 한 사람씩").fill(TEAM)
    await page.get_by_role("button", name="확인하기").click()
    await expect(page.get_by_role("row", name="박서연 상무").first).to_contain_text("새 사람")
    await page.get_by_role("button", name="6명 저장").click()
    await expect(page.locator(".done")).to_contain_text("6명을 설정하거나 변경했습니다.")
    await page.get_by_role("link", name="목표", exact=True).click()
    await page.get_by_label("Excel에서 셀을 복사해").fill(QUOTAS)
    await page.get_by_role("button", name="확인하기").click()
    await expect(page.get_by_role("row", name="나모름")).to_contain_text("이 이름의 사람이나 팀이 없습니다")
    await page.get_by_role("button", name="5건 저장").click()
    await expect(page.get_by_role("row", name="박서연 팀")).to_contain_text("₩5,400,000,000")


async def stands_by_the_number(page: Page) -> None:
    """This quarter's chance, the commits that are doubtful, and the manager's own number."""
    await page.get_by_role("link", name="예측", exact=True).click()
    await expect(page.locator(".crumbs [aria-current]")).to_have_text("박서연")
    await expect(page.locator(".quota-line")).to_contain_text(re.compile(r"₩54억 달성 확률 [<>]?\d+%"))
    await expect(page.locator(".big")).to_contain_text("10번 중 8번은")
    doubtful = page.locator("#doubts section").first.locator("li")
    await expect(doubtful.first).to_contain_text("2024-Q4 수주 확률")
    chances = [int(re.findall(r"(\d+)%", await one.inner_text())[-1]) for one in await doubtful.all()]
    assert chances
    assert max(chances) <= 50
    await doubtful.first.get_by_label("지연된다면").check()
    await page.get_by_role("button", name="선택한 딜을 가정해 보기").click()
    await expect(page.locator("#what-if")).to_contain_text("가정 결과")
    form = page.locator(".sayform").first
    await form.get_by_label("금액").fill("45억")
    await form.get_by_label("메모").fill("의심 딜 제외")
    await form.get_by_role("button", name="저장").click()
    await expect(page.locator(".sides")).to_contain_text("의심 딜 제외")
    await page.context.close()


async def writes_to_a_customer(page: Page) -> None:
    """On a phone: the first card's message, copied and in the mail program, and answered by a tap."""
    await page.get_by_role("link", name="오늘", exact=True).tap()
    card = page.locator(".action-card").first
    await expect(card).to_contain_text("팀장님")
    who, account = re.findall(r"(\w+ 팀장님) · (\S+)", await card.locator(".who-line").inner_text())[0]
    await card.get_by_text("초안").tap()
    draft = await card.locator("textarea").input_value()
    assert who in draft
    assert account in draft
    mail = urlsplit(await card.get_by_role("link", name="메일 쓰기").get_attribute("href") or "")
    assert mail.scheme == "mailto"
    assert parse_qs(mail.query)["body"] == [draft]
    await card.get_by_role("button", name="복사").tap()
    await expect(card.get_by_role("button", name="복사됨")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == draft
    assert not await scrolls_sideways(page)
    await card.get_by_role("button", name="이미 연락함").tap()
    await expect(page.locator(".answered")).to_contain_text("연락한 것으로 기록했습니다.")
    await page.context.close()


async def takes_the_scores(page: Page, company: Mondays, path: Path) -> None:
    """The workbook holds what the files say, and a trained model's score of every open deal."""
    await page.get_by_role("link", name="딜", exact=True).click()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="엑셀로 내려받기").click()
    await (await download.value).save_as(path)
    rows = {(row["딜"], row["고객사"]): row for row in sheet(path)}
    truth = {key: one for key, one in company.plain().items() if one.outcome == "OPEN"}
    assert len(truth) >= 10
    for (name, account), state in truth.items():
        [row] = [row for (deal, of), row in rows.items() if deal == name and account in of]
        assert (row["단계"], row["결과"], row["통화"]) == (state.stage, "진행 중", "KRW")
        assert Decimal(str(row["금액"])) == state.amount
        assert day_of(row["마감 예정일"]) == state.close_date
        assert row["담당자"] == company.owner_of(state)
    assert all(0 < row["수주 확률"] < 1 and row["점수 갱신 필요"] is False for row in rows.values())
    assert any(row[company.heading("number")] for row in rows.values())
    assert {row["결과"] for row in rows.values()} == {"진행 중"}


def day_of(cell: object) -> date:
    """A cell's day."""
    return date.fromisoformat(str(cell)[:10])
