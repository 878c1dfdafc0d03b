"""Quotas pasted from sheets, as people keep them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest
import pytest_asyncio

from kit.errors import InvalidInput
from kit.money import Money
from learning.fiscal import FiscalCalendar
from learning.records import Node, User
from services.gateway.domain import LOCAL
from services.gateway.rest.forecast_people import said_of
from services.gateway.rest.problems import Refused
from services.gateway.service import Gateway
from services.gateway.web.forecast_forms import amount_of
from services.gateway.web.pasted_quotas import MOST_LINES, Pasted, PastedRow, read_pasted
from services.gateway.web.quota_places import Places
from services.gateway.web.words import Words
from tests.e2e.web.site import fill, serving

TREE = [
    Node("company", "company", "한빛"), Node("region:Seoul", "region", "Seoul", "company"),
    Node("manager:m1", "manager", "박서준", "region:Seoul"), Node("owner:m1", "owner", "박서준", "manager:m1"),
    Node("owner:u1", "owner", "김민수", "manager:m1"), Node("owner:u2", "owner", "Ann Lee", "manager:m1"),
    Node("manager:m2", "manager", "Bo Choi", "region:Seoul"),
    Node("owner:u3", "owner", "이영희", "manager:m1"), Node("owner:u4", "owner", "이영희", "manager:m1"),
]  # fmt: skip
USERS = [
    User("m1", "박서준", "seo@example.com", "팀장"), User("u1", "김민수", "kim@example.com", "부장"),
    User("u2", "Ann Lee", "ann@example.com", "Rep"), User("u3", "이영희", "lee3@example.com", ""),
    User("u4", "이영희", "lee4@example.com", ""), User("m2", "Bo Choi", "bo@example.com", "Manager"),
]  # fmt: skip
CALENDAR = FiscalCalendar()
EN = Words("en")


def read(text: str, calendar: FiscalCalendar = CALENDAR, period: str = "2026-Q4") -> list[PastedRow]:
    return pasted(text, calendar, period).rows


def pasted(text: str, calendar: FiscalCalendar = CALENDAR, period: str = "2026-Q4") -> Pasted:
    return read_pasted(text, Places.of(TREE, USERS), calendar, calendar.parse(period), "KRW")


def told(rows: list[PastedRow]) -> list[tuple[str, str, int | str]]:
    return [(row.node or row.said, row.period, row.amount.minor if row.amount else row.wrong) for row in rows]


@pytest.mark.parametrize(
    ("line", "node", "won"),
    [
        ("김민수\t320000000", "owner:u1", 320_000_000), ("김민수 부장\t3.2억", "owner:u1", 320_000_000),
        ("ann lee\t₩1,200만", "owner:u2", 12_000_000), ("kim@example.com, 5,000,000", "owner:u1", 5_000_000),
        ("Ann Lee: 40,000.00", "owner:u2", 40_000), ("박서준 팀\t9억", "manager:m1", 900_000_000),
        ("박서준\t1억", "owner:m1", 100_000_000), ("Seoul\t12억", "region:Seoul", 1_200_000_000),
        ("전체\t20억", "company", 2_000_000_000), ("manager:m1\t7억", "manager:m1", 700_000_000),
        ("Bo Choi\t6억", "manager:m2", 600_000_000), ("Bo Choi's team\t6억", "manager:m2", 600_000_000),
        ("3\t영업1팀\t김민수\t5억", "owner:u1", 500_000_000), ("lee4@example.com\t1억", "owner:u4", 100_000_000),
    ],
)  # fmt: skip
def test_a_name_beside_an_amount(line: str, node: str, won: int) -> None:
    assert told(read(line)) == [(node, "2026-Q4", won)]


@pytest.mark.parametrize(
    ("said", "node"),
    [("김 민수", "owner:u1"), ("김민수부장님", "owner:u1"), ("김 민수 부장", "owner:u1"),
     ("박 서준 팀장 팀", "manager:m1"), ("Seoul 지역", "region:Seoul"), ("seoul region", "region:Seoul")],
)  # fmt: skip
def test_people_and_regions_are_known_however_they_are_written(said: str, node: str) -> None:
    assert told(read(f"{said}\t1억")) == [(node, "2026-Q4", 100_000_000)]


def test_a_region_below_another_is_told_from_a_name_that_nobody_bears() -> None:
    places = Places.of(TREE, USERS, ["Seoul", "부산"])
    rows = read_pasted("부산\t1억\n부산 지역\t1억\n대구\t1억", places, CALENDAR, CALENDAR.parse("2026-Q4"), "KRW").rows
    assert [row.wrong for row in rows] == ["covered", "covered", "unknown"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("12.5", "decimals"),
        ("3.2", "decimals"),
        ("12,34", "no_amount"),
        ("1,2345", "no_amount"),
        ("3.2억", ""),
        ("99999999999999999999", "too_large"),
        ("9999조", "too_large"),
    ],
)
def test_no_amount_is_rounded_or_read_past_broken_grouping(text: str, wrong: str) -> None:
    [row] = read(f"김민수\t{text}")
    assert (row.wrong, row.amount is None) == (wrong, bool(wrong))
    assert not wrong or EN.name("quotas", wrong), "the page says why"
    if not wrong:
        assert amount_of(text, "KRW", EN) == row.amount
        return
    with pytest.raises(InvalidInput, match={"decimals": "decimals", "too_large": "too large"}.get(wrong, "no amount")):
        amount_of(text, "KRW", EN)
    raw = {"amount": {"currency": "KRW", "value": text}}
    with pytest.raises(Refused):
        said_of(raw, CALENDAR, signed=True)


@pytest.mark.parametrize("text", ["1e9", "1E+09", "2.5e3", "1e30"])
def test_no_exponent_is_taken_for_an_amount(text: str) -> None:
    assert [row.wrong for row in read(f"(단위: 백만원)\n김민수\t{text}")] == ["no_amount"]
    with pytest.raises(InvalidInput, match="no amount"):
        amount_of(text, "KRW", EN)


def test_what_a_currency_has_decimals_for_is_taken() -> None:
    assert amount_of("-1,234.50", "USD", EN) == Money("USD", -123_450)
    with pytest.raises(InvalidInput, match="2 decimals") as refused:
        amount_of("1,234.505", "USD", EN)
    assert refused.value.mend == "Round it, such as to 1234.50"
    with pytest.raises(InvalidInput) as refused:
        amount_of("3.2", "KRW", EN)
    assert "3.2억" in refused.value.mend
    body = {"amount": {"currency": "KRW", "value": "1000000.5"}}
    with pytest.raises(Refused) as problem:
        said_of(body, CALENDAR, signed=False)
    assert "more decimals than KRW" in problem.value.errors[0].message
    assert said_of({"amount": {"currency": "KRW", "value": "1000000.0"}}, CALENDAR, signed=False).amount.minor == 10**6


def test_headings_tell_periods_and_units() -> None:
    rows = read("담당자\t4분기 (백만원)\t2027-Q1 (백만원)\n김민수\t320\t310.5\nAnn Lee\t\t100\n합계\t320\t410.5\n\n")
    assert told(rows) == [
        ("owner:u1", "2026-Q4", 320_000_000), ("owner:u1", "2027-Q1", 310_500_000), ("owner:u2", "2027-Q1", 100_000_000)
    ]  # fmt: skip
    assert told(read("이름\t목표(천원)\n김민수\t1,500")) == [("owner:u1", "2026-Q4", 1_500_000)]


@pytest.mark.parametrize(
    "above",
    [
        "(단위: 백만원)", "단위: 백만원\n이름\t목표", "2026년 4분기 목표\t\t(단위: 백만원)\n\n담당자\t4분기 목표",
        "2026년 4분기 목표 (단위: 백만원)", "2026년 4분기 목표 (단위: 백만원)\n담당자\t목표",
        "이름\t목표\t(단위:백만원)", "영업팀 목표(백만원)\n이름\t목표", "백만원", "단위 백만원",
        "목표 (단위: 천원)\n담당자\t4분기(백만원)",
    ],
)  # fmt: skip
def test_a_unit_counts_wherever_it_stands(above: str) -> None:
    found = pasted(f"{above}\n김민수\t600\nAnn Lee\t5억\n합계\t1,100")
    assert told(found.rows) == [("owner:u1", "2026-Q4", 600_000_000), ("owner:u2", "2026-Q4", 500_000_000)]
    assert [row.unit for row in found.rows] == ["백만원", ""]
    assert [(total.amount.minor, total.agrees) for total in found.totals] == [(1_100_000_000, True)]


def test_a_title_tells_the_period_and_a_total_that_differs_is_told() -> None:
    found = pasted("2027년 1분기 목표\n담당자\t상위자\t목표\n김민수\t박서준\t3억\n총계\t\t4억\n(단위: 백만원)")
    assert told(found.rows) == [("owner:u1", "2027-Q1", 300_000_000)]
    [total] = found.totals
    assert (total.said, total.amount.minor, total.added.minor, total.agrees) == ("총계", 4 * 10**8, 3 * 10**8, False)


def test_months_and_quarters_are_of_the_fiscal_year_of_the_page() -> None:
    april = FiscalCalendar(4)
    rows = read("이름\t10월\t3월\tQ1\n김민수\t1억\t2억\t3억", april, str(april.parse("2027-Q3")))
    assert [row.period for row in rows] == ["2026-10", "2027-03", "2027-Q1"]
    assert [row.period for row in read("x\t2027년 1월\t2026.12\t2027년 2분기\n김민수\t1억\t2억\t3억")] == [
        "2027-01", "2026-12", "2027-Q2"
    ]  # fmt: skip


def test_what_is_not_understood_is_told_and_sets_nothing() -> None:
    rows = read("홍길동\t1억\n이영희\t1억\n김민수\t많이\nAnn Lee\t-5\n박서준\t1억\n박서준 팀장\t2억")
    assert [row.wrong for row in rows] == ["unknown", "many", "no_amount", "no_amount", "twice", "twice"]
    assert not any(row.quota for row in rows)
    with pytest.raises(InvalidInput):
        read("a\t1\n" * (MOST_LINES + 1))


@pytest.mark.parametrize("amount", ["-500,000,000", "(5억)", "백만", "백만원", "많이", "1~2억", "2026-Q4"])
@pytest.mark.parametrize("above", ["", "이름\t목표\n", "이름\t2026-Q4\n", "(단위: 백만원)\n"])
def test_a_bad_amount_is_refused_in_the_first_line_as_in_any(amount: str, above: str) -> None:
    lines = [f"김민수\t{amount}", "Ann Lee\t7억"]
    for text in (lines, lines[::-1], lines[:1]):
        rows = {row.node or row.said: row.wrong for row in read(above + "\n".join(text))}
        assert rows == ({"김민수": "no_amount", "owner:u2": ""} if len(text) > 1 else {"김민수": "no_amount"})


def test_every_line_is_told_of() -> None:
    found = pasted("영업팀\t2026-Q4\n영업1팀\n홍길동 백만\n김민수\t5억\n합계\t-3\n백만원\nAnn Lee\t")
    assert (found.headings, [row.node for row in found.rows]) == (["영업팀 2026-Q4"], ["owner:u1"])
    assert found.passed == ["영업1팀", "홍길동 백만", "합계 -3", "백만원", "Ann Lee"]
    assert [row.wrong for row in read("홍길동\t백만\n김민수\t5억")] == ["unknown", ""]
    assert told(read("김민수\t2027-Q1\t5억")) == [("owner:u1", "2027-Q1", 500_000_000)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    async with serving(tmp_path_factory.mktemp("quotas")) as (gateway, address):
        await fill(gateway)
        async with httpx.AsyncClient(base_url=address, timeout=30, verify=False) as client:
            yield gateway, client


@pytest.mark.asyncio(loop_scope="module")
async def test_looked_at_then_saved_and_the_rest_stays(site: tuple[Gateway, httpx.AsyncClient]) -> None:
    gateway, client = site
    user = next(one for one in await gateway.store.list_users(LOCAL) if one.id == "u1")
    form = {"pasted": f"이름\t2027-Q2 (억원)\n{user.name}\t3.5\n<b>nobody</b>\t2", "currency": "KRW"}
    looked = (await client.post("/quotas?lang=ko", data=form | {"act": "look"})).text
    assert "1건 저장" in looked
    assert "제목으로 읽은 줄: 이름 2027-Q2 (억원)" in looked
    assert "&lt;b&gt;nobody" in looked
    assert not await gateway.store.list_quotas(LOCAL, "2027-Q2")
    saved = (await client.post("/quotas?lang=ko", data=form | {"act": "save"})).text
    [quota] = await gateway.store.list_quotas(LOCAL, "2027-Q2")
    assert (quota.owner_id, quota.amount) == ("u1", Money.parse("KRW", Decimal("3.5e8")))
    assert "1건을 설정" in saved
    assert user.name + "\t3.5" not in saved, "only what was not understood stays"
    assert "2027-Q2 (억원)\n&lt;b&gt;nobody" in saved
    shown = (await client.get("/quotas?period=2027-Q2&lang=ko")).text
    assert "350,000,000" in shown
    await client.post("/quotas", data={"pasted": f"{user.name}\t35", "currency": "EUR", "act": "save"})
    elsewhere = (await client.get("/quotas?lang=en")).text
    assert "A quota is set in EUR, in which there is no business here" in elsewhere
    refused = await client.post("/quotas", data=form | {"currency": "XXQ"})
    assert refused.status_code == 400


@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_tells_the_unit_and_asks_before_quotas_far_too_small(
    site: tuple[Gateway, httpx.AsyncClient],
) -> None:
    gateway, client = site
    name = next(one.name for one in await gateway.store.list_users(LOCAL) if one.id == "u2")
    form = {"pasted": f"2026년 4분기 목표\n{name}\t6\n합계\t7", "currency": "KRW", "act": "save"}
    asked = (await client.post("/quotas?lang=ko", data=form)).text
    assert "단위가 적혀 있지 않아" in asked
    assert "나머지 행의 합은 ₩6이므로" in asked
    assert 'name="confirm"' in asked
    assert not [one for one in await gateway.store.list_quotas(LOCAL, "2026-Q4") if one.owner_id == "u2"]
    await client.post("/quotas?lang=ko", data=form | {"confirm": "yes"})
    [quota] = [one for one in await gateway.store.list_quotas(LOCAL, "2026-Q4") if one.owner_id == "u2"]
    assert quota.amount.minor == 6
    form["pasted"] = form["pasted"].replace("목표", "목표 (단위: 백만원)").replace("7", "6")
    saved = (await client.post("/quotas?lang=ko", data=form)).text
    assert "읽은 단위: 백만원 (6 → ₩6,000,000)" in saved
    assert "나머지 행의 합과 일치합니다" in saved
    assert "1건을 설정" in saved
