"""The forecast call as answers: submitting, holding, taking back, and what is refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from kit.money import Money
from learning.records import Credit
from services.gateway import disagreements
from services.gateway.calls import CallKind
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.service import Gateway
from tests.e2e.web.site import TODAY, deal, fill, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    async with serving(tmp_path_factory.mktemp("call")) as (gateway, address):
        await fill(gateway)
        async with httpx.AsyncClient(base_url=address, timeout=30, verify=False) as client:
            yield gateway, client


Site = tuple[Gateway, httpx.AsyncClient]


async def test_the_number_stands_in_a_managers_words(site: Site) -> None:
    page = (await site[1].get("/forecast?lang=en")).text
    assert "8 times in 10 between ₩460M and ₩940M" in page
    assert "17% to make ₩900M" in page  # with nine of ten below ₩940M
    korean = (await site[1].get("/forecast?lang=ko")).text
    assert "10번 중 8번은 ₩4.6억 ~ ₩9.4억" in korean


@pytest.mark.parametrize(
    ("written", "minor"), [("520,000,000", 520_000_000), ("3.2억", 320_000_000), ("700m", 700_000_000)]
)
async def test_what_is_submitted_stands_until_it_is_taken_back(site: Site, written: str, minor: int) -> None:
    gateway, client = site
    form = {"amount": written, "currency": "KRW", "note": "two are signed"}
    answer = await client.post("/forecast/submit?lang=en&period=2026-Q4&node=manager:m1", data=form)
    assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (303, "/forecast")
    [call] = await gateway.store.standing_calls(LOCAL, "2026-Q4")
    assert (call.kind, call.node, call.amount) == (CallKind.SUBMISSION, "manager:m1", Money("KRW", minor))
    page = (await client.get(answer.headers["location"])).text
    assert "two are signed" in page
    assert (await client.post("/forecast/submit?node=manager:m1", data={"undo": str(call.id)})).status_code == 303
    assert not await gateway.store.standing_calls(LOCAL, "2026-Q4")


@pytest.mark.parametrize(
    ("kind", "form", "said"),
    [
        ("submit", {"amount": "many", "currency": "KRW"}, "This is no amount"),
        ("submit", {"amount": "", "currency": "KRW"}, "This is no amount"),
        ("submit", {"amount": "-5", "currency": "KRW"}, "not negative"),
        ("adjust", {"amount": "5", "currency": "XXQ"}, "This is no amount"),
        ("submit", {"undo": "x"}, "no id"),
    ],
)
async def test_what_cannot_be_said_is_refused_in_words(site: Site, kind: str, form: dict[str, str], said: str) -> None:
    answer = await site[1].post(f"/forecast/{kind}?lang=en", data=form)
    assert answer.status_code == 400
    assert said in answer.text
    assert not await site[0].store.standing_calls(LOCAL, "2026-Q4")


async def test_a_call_holds_its_numbers_while_deals_change(site: Site) -> None:
    gateway, client = site
    before = await client.post("/forecast/hold?lang=en")
    held = before.headers["location"]
    assert "call=" in held
    shown = (await client.get(held)).text
    await gateway.apply_deals(LOCAL, [deal("NEW-1", "A large new deal", "u1", 70_000_000)])
    again = (await client.get(held)).text
    assert steps(again) == steps(shown)
    assert "numbers as of" in again
    begun = await client.post("/forecast/hold?lang=en")
    now = (await client.get(begun.headers["location"])).text
    assert steps(now) != steps(shown)


def steps(page: str) -> list[str]:
    table = page[page.index('class="bridge"') :]
    return re.findall(r'class="number">([^<]+)', table[: table.index("</table>")])


async def test_a_call_that_is_over_says_so(site: Site) -> None:
    answer = await site[1].get("/forecast?lang=en&call=gone")
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/forecast?node=owner:nobody", "/forecast?period=2099-Q1", "/forecast?since=soon"])
async def test_what_is_not_there_is_a_page_too(site: Site, path: str) -> None:
    answer = await site[1].get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_form_from_another_page_sized_like_a_file_is_refused(site: Site) -> None:
    answer = await site[1].post("/forecast/submit", content=b"note=" + b"x" * 100_000)
    assert answer.status_code == 413


async def test_a_change_of_an_adjusted_number_is_the_adjustment(site: Site) -> None:
    form = {"amount": "-25m", "currency": "KRW"}
    assert (await site[1].post("/forecast/adjust", data=form)).status_code == 303
    page = (await site[1].get("/forecast?lang=en")).text
    assert "−₩25M beside AI" in page
    [call] = await site[0].store.standing_calls(LOCAL, "2026-Q4")
    await site[1].post("/forecast/adjust", data={"undo": str(call.id)})


async def test_the_parts_stand_in_the_order_of_a_call(site: Site) -> None:
    page = (await site[1].get("/forecast?lang=en")).text
    order = ["number-title", "bridge-title", "tree-title", "doubts-title", "gap-title", "asks-title", "past-title",
             "say-title"]  # fmt: skip
    places = [page.index(f'id="{one}"') for one in order]
    assert places == sorted(places)


async def test_what_is_refused_is_said_in_korean_too(site: Site) -> None:
    page = (await site[1].get("/forecast?lang=ko&node=owner:nobody")).text
    assert "이 기간에 그런 조직이 없습니다" in page
    assert "no such node" not in page


async def test_addresses_lead_to_periods_and_keep_only_what_the_page_knows(site: Site) -> None:
    page = (await site[1].get("/forecast?lang=en&utm_source=mail")).text
    found = re.findall(r'href="(/forecast[^"]*)"', page)
    assert not [one for one in found if "utm_source" in one and "lang=ko" not in one]  # the same page in Korean
    for period in ("2026-Q2", "2026-11", "2026-H2", "FY2026", "2027-Q3"):
        assert [one for one in found if f"period={period}" in one], period


async def test_a_day_to_come_is_refused_with_the_last_that_can_be_named(site: Site) -> None:
    gateway, client = site
    today = gateway.workspace.business_day
    answer = await client.get(f"/forecast?lang=ko&since={today + timedelta(days=1)}")
    assert (answer.status_code, "아직 오지 않은 날짜" in answer.text) == (400, True)
    assert f'max="{today}"' in (await client.get("/forecast?lang=ko&part=moves")).text


async def test_walking_rep_by_rep_shows_what_each_of_them_is_doubted_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large the deals of others are; within a call as they were when the rep was looked at first."""
    gateway, client = site
    monkeypatch.setattr(disagreements, "LOOKED_AT", 2)
    shared = DealWrite("D-1", credits=(Credit("u1", 5_000), Credit("u2", 5_000)))
    held = (await client.post("/forecast/hold?lang=en&period=2026-Q4")).headers["location"]
    for page in ("/forecast?lang=en&period=2026-Q4", held):
        shown = (await client.get(f"{page}&node=owner:u2&part=moves")).text
        assert 'id="doubt-a/b' in shown, page
        assert 'id="doubt-a/b' not in (await client.get(f"{page}&part=moves")).text, page
    await gateway.apply_deals(LOCAL, [shared])
    try:
        now = (await client.get("/forecast?lang=en&period=2026-Q4&node=owner:u2&part=moves&since=2026-11-01")).text
        assert ('id="doubt-D-1"' in now, 'id="doubt-a/b' in now) == (True, False), "the largest, and a credit counts"
        again = (await client.get(f"{held}&node=owner:u2&part=moves")).text
        assert ('id="doubt-D-1"' in again, 'id="doubt-a/b' in again) == (False, True)
    finally:
        await gateway.apply_deals(LOCAL, [DealWrite("D-1", credits=())])


async def test_what_changed_is_told_since_the_last_call_or_submission(site: Site) -> None:
    gateway, client = site
    moves, form = "/forecast?lang=en&part=moves&node=", {"amount": "520m", "currency": "KRW"}

    async def title(node: str) -> str:
        found = re.search(r'id="bridge-title">([^<]+)', (await client.get(moves + node)).text)
        return found[1] if found else ""

    held = (await client.post("/forecast/hold?lang=en&node=manager:m1")).headers["location"]
    assert "your last call" not in await title("manager:m1"), "it is under way"
    left = await client.post(held.replace("/forecast?", "/forecast/leave?"))
    assert (left.status_code, "call=" in left.headers["location"]) == (303, False)
    await gateway.workspace.pin(TODAY + timedelta(days=1))
    created = datetime(2026, 11, 21, 9, tzinfo=UTC)
    new = replace(deal("NEW-2", "A deal after the call", "u1", 31_000_000), created_time=created)
    await gateway.apply_deals(LOCAL, [new])
    page = (await client.get(moves + "manager:m1")).text
    assert ("since your last call (" in page, "A deal after the call" in page, "Deal 7" in page) == (True, True, False)
    assert "since your last call (" in await title("owner:u1"), "who was seen in it"
    await client.post("/forecast/submit?lang=en&period=2026-Q4&node=manager:m1", data=form)
    assert "since the last submission (" in await title("manager:m1")
    [call] = await gateway.store.standing_calls(LOCAL, "2026-Q4")
    await client.post("/forecast/submit?node=manager:m1", data={"undo": str(call.id)})
    assert "since your last call (" in await title("manager:m1")
    await gateway.workspace.pin(TODAY)


async def test_what_changed_on_the_day_of_a_submission_is_told_also_in_the_call(site: Site) -> None:
    gateway, client = site
    moves, name = "/forecast?lang=en&period=2026-Q4&node=owner:u1&part=moves", "A deal of the same day"
    created = datetime(2026, 11, 1, 9, tzinfo=UTC)
    await gateway.apply_deals(LOCAL, [replace(deal("DAY-1", name, "u1", 31_000_000), created_time=created)])
    form = {"amount": "520m", "currency": "KRW"}
    await client.post("/forecast/submit?lang=en&period=2026-Q4&node=owner:u1", data=form)
    still = (await client.get(moves)).text
    assert "since the last submission (" in still
    assert "Nothing moved" in still
    held = (await client.post("/forecast/hold?lang=en&period=2026-Q4&node=owner:u1")).headers["location"]
    dearer = DealWrite("DAY-1", amount=Money("KRW", 91_000_000), effective_time=created + timedelta(days=2))
    await gateway.apply_deals(LOCAL, [dearer])
    again = (await client.post("/forecast/hold?lang=en&period=2026-Q4&node=owner:u1")).headers["location"]
    now, within = [(await client.get(f"{one}&part=moves")).text for one in (again, held)]
    assert ("+₩60M" in now, "+₩60M" in within, "Nothing moved" in within) == (True, False, True)
    begun = (await client.get(f"{held}&part=moves&since=start")).text
    assert ("Nothing moved" in begun, name in begun, "₩91M" in begun) == (False, True, False)
    assert "since=start" in within, "offered within the call"
    await client.post(held.replace("/forecast?", "/forecast/leave?"))
    after = (await client.get(moves)).text
    assert ("since your last call (" in after, "+₩60M" in after) == (True, True)
    [call] = await gateway.store.standing_calls(LOCAL, "2026-Q4")
    await client.post("/forecast/submit?node=owner:u1", data={"undo": str(call.id)})
