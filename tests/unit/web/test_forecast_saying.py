"""What a manager says on the forecast call, on the page of their own team: what stands, whose it is, what is asked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from kit.money import Money
from services.gateway import forecast_calls
from services.gateway.access.members import Role
from services.gateway.asks.desk import settle
from services.gateway.asks.records import AskQuery
from services.gateway.calls import CallKind, said_of
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.forecast_calls import Said
from services.gateway.service import Gateway
from tests.e2e.web.site import fill_people, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

MINE = {"node": "manager:m1", "period": "2026-Q4", "lang": "en"}
Site = tuple[Gateway, httpx.AsyncClient]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The sample company's manager, signed in."""
    async with serving(tmp_path_factory.mktemp("saying"), sign_in="off") as (gateway, address):
        await fill_people(gateway)
        headers = {"Accept": "text/html", "Accept-Language": "en", "Origin": address}
        async with httpx.AsyncClient(base_url=address, timeout=30, headers=headers) as client:
            for role in (Role.REVOPS, Role.MANAGER):
                await client.post("/sign-in/persona", data={"role": role.value})
            yield gateway, client


async def say(client: httpx.AsyncClient, amount: str, kind: str = "submit", **more: str) -> httpx.Response:
    return await client.post(f"/forecast/{kind}", params=MINE, data={"amount": amount, "currency": "KRW", **more})


async def test_a_manager_s_own_page_tells_what_changed_since_their_own_submission(site: Site) -> None:
    assert (await say(site[1], "7억")).status_code == 303
    titles = []
    for node in ({}, {"node": "manager:m1"}):
        page = (await site[1].get("/forecast", params={"lang": "en", "part": "moves", **node})).text
        titles += re.findall(r"What changed since ([^<]+)<", page)
    assert titles == ["the last submission (Nov 20, 2026)"] * 2


async def test_who_said_it_is_called_by_name(site: Site) -> None:
    assert (await say(site[1], "7억", note="Two big ones")).status_code == 303
    page = (await site[1].get("/forecast?lang=en")).text
    assert "persona-manager" not in page
    assert re.search(r"박서연, [^<]*2026: Two big ones", page)


async def test_who_settled_an_ask_is_called_by_name(site: Site) -> None:
    """Also who is no user of the CRM."""
    [asked] = await site[0].store.list_asks(LOCAL, AskQuery(deal_id="D-1"), "", 5)
    for who, name in ((LOCAL, "the person at this machine"), (Principal("persona-revops", Scope.ALL), "RevOps")):
        await settle(site[0], who, asked.ask.id, done=True)
        assert f"done Nov 20, 2026 {name}" in (await site[1].get("/deals/D-1?lang=en")).text
        await settle(site[0], who, asked.ask.id, done=False)


async def test_submissions_below_are_held_against_what_is_expected_of_who_submitted(site: Site) -> None:
    """The company's number is not what one of its people answers for."""
    period = site[0].workspace.calendar.parse("2026-Q4")
    [mine] = (await site[0].forecast(LOCAL, str(period), "owner:u1"))["nodes"]
    amount = Money("KRW", int(Decimal(mine["mean"])) - 50_000_000)
    await forecast_calls.say(site[0], LOCAL, CallKind.SUBMISSION, Said(amount, "", "owner:u1", period))
    page = (await site[1].get("/forecast?lang=en")).text
    assert "submitted by 1 below, for 1 of 2 owners" in page
    assert "−₩50M beside AI" in page


async def test_without_categories_nobody_is_said_to_have_committed(site: Site) -> None:
    page = (await site[1].get("/forecast?lang=en&part=moves")).text
    assert "Due in the period, but doubtful" in page
    assert "committed" not in page.lower().replace("category commit", "")


@pytest.mark.parametrize(("amount", "kind"), [("스무 억", "submit"), ("abc", "adjust"), ("-5", "submit")])
async def test_what_was_typed_stays_with_what_is_wrong_beside_it(site: Site, amount: str, kind: str) -> None:
    refused = await say(site[1], amount, kind, note="signed & sealed")
    assert refused.status_code == 400
    [form] = [one for one in forms(refused.text) if 'role="alert"' in one]
    assert f"/forecast/{kind}?" in form
    assert f'value="{amount}"' in form
    assert 'value="signed &amp; sealed"' in form
    assert "Write it as" in form or "Submit 0 or more" in form
    assert "/forecast/submit?" not in "".join(re.findall(r'(?:href|hx-get)="([^"]+)"', refused.text)), (
        "no page is there"
    )


@pytest.mark.parametrize(("amount", "kind"), [("1,000,000,000,000", "submit"), ("1억", "submit"), ("30억", "adjust")])
async def test_a_number_far_from_the_range_is_confirmed_first(site: Site, amount: str, kind: str) -> None:
    gateway, client = site
    before = await standing(gateway)
    asked = await say(client, amount, kind, note="a big one")
    assert asked.status_code == 400
    assert await standing(gateway) == before
    [form] = [one for one in forms(asked.text) if 'role="alert"' in one]
    assert "far from the likely range, ₩460M to ₩940M" in form
    assert "Save all the same" in form
    other = await say(client, "2조", kind, sure=amount)
    assert other.status_code == 400, "what is confirmed is the amount that was asked about"
    assert (await say(client, amount, kind, note="a big one", sure=amount)).status_code == 303
    assert await standing(gateway) == before + 1


async def test_a_number_near_the_range_is_taken_at_once(site: Site) -> None:
    for amount in ("2억", "27억"):
        assert (await say(site[1], amount)).status_code == 303


def forms(page: str) -> list[str]:
    return re.findall(r'<form class="sayform".*?</form>', page, re.DOTALL)


async def standing(gateway: Gateway) -> int:
    """How many were said, of both kinds."""
    return sum([len(await gateway.store.list_calls(LOCAL, kind, "", "", 2**62, 100)) for kind in CallKind])


async def test_where_nothing_is_to_be_forecast_pages_say_what_to_do(tmp_path: Path) -> None:
    """No axis, and no amounts of a currency that nobody chose."""
    async with serving(tmp_path) as (_, address), httpx.AsyncClient(base_url=address, timeout=30) as client:
        for path in ("/forecast", "/deals?part=totals"):
            page = (await client.get(path, headers={"Accept-Language": "ko"})).text
            assert "아직 예측할 딜이 없습니다" in page
            assert "data-outlook" not in page
            assert not re.search(r"[₩$]0", page)
            assert "회의 시작" not in page


async def test_what_is_said_within_a_call_shows_beside_the_numbers_it_holds(site: Site) -> None:
    gateway, client = site
    began = (await client.post("/forecast/hold", params=MINE)).headers["location"]
    call = httpx.URL(began).params["call"]
    await forecast_calls.say(gateway, LOCAL, CallKind.SUBMISSION, Said(Money("KRW", 111_000_000), "", "owner:u2"))
    for kind, amount, told in (("submit", "8.3억", "₩830M"), ("adjust", "-2천만", "−₩20M beside AI")):
        answer = await client.post(
            f"/forecast/{kind}", params=MINE | {"call": call}, data={"amount": amount, "currency": "KRW"}
        )
        assert (answer.status_code, httpx.URL(answer.headers["location"]).params.get("call")) == (303, call)
        page = (await client.get(answer.headers["location"])).text
        assert ("Call mode" in page, told in page, "₩111M" in page) == (True, True, False), "others' words wait"
    found, calls = await gateway.forecast(LOCAL, "2026-Q4"), await gateway.store.standing_calls(LOCAL, "2026-Q4")
    assert said_of(found["nodes"], calls, "KRW") == found["nodes"], "within a call it adds up as it does without"
    of_now, held = await rows(client), await rows(client, call=call)
    assert held["submit"] == of_now["submit"] != ""
    taken = await client.post("/forecast/submit", params=MINE | {"call": call}, data={"undo": held["submit"]})
    page = (await client.get(taken.headers["location"])).text
    assert ("Call mode" in page, "₩830M" in page) == (True, False)
    over = await client.post(
        "/forecast/submit", params=MINE | {"call": "gone"}, data={"amount": "7억", "currency": "KRW"}
    )
    assert "call" not in httpx.URL(over.headers["location"]).params, "it is said, and the page of now tells it"


async def rows(client: httpx.AsyncClient, **more: str) -> dict[str, str]:
    """The ids of what stands, by what the form that takes it back is for."""
    page = (await client.get("/forecast", params=MINE | more)).text
    found = re.findall(r'action="/forecast/(submit|adjust)[^"]*"><input type="hidden" name="undo" value="(\d+)"', page)
    return {"submit": "", "adjust": "", **dict(found)}
