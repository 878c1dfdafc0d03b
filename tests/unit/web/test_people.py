"""People with title and team, wherever pages name one of the own company."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
import pytest_asyncio

from learning.records import ReportingLine, User
from services.gateway.domain import LOCAL
from services.gateway.service import Gateway
from services.gateway.web.member_names import Person, person, placed_people
from services.gateway.web.words import Words
from tests.e2e.web.site import fill_people, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
DAY = date(2026, 11, 20)
USERS = [User("m", "이서연", title="차장"), User("u", "정다은", title="사원"), User("x", "Grace Tan")]
Site = tuple[Gateway, httpx.AsyncClient]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with serving(tmp_path_factory.mktemp("people")) as (gateway, address):
        await fill_people(gateway)
        users = [User("u1", "김민준", title="과장"), User("m1", "박서연", title="부장")]
        await gateway.store.save_users(LOCAL, users, [])
        async with httpx.AsyncClient(base_url=address, timeout=30, verify=False) as client:
            yield gateway, client


async def test_a_team_is_whose_one_is_in_else_the_region() -> None:
    lines = [
        ReportingLine("m", "", "수도권"), ReportingLine("u", "x", "", date(2020, 1, 1)),
        ReportingLine("u", "m", "영남", date(2026, 1, 1)), ReportingLine("gone", "m"),
    ]  # fmt: skip
    found = placed_people(USERS, lines, DAY, Words("ko"))
    assert {one: str(who) for one, who in found.items()} == {
        "m": "이서연 차장 · 수도권", "u": "정다은 사원 · 이서연 팀", "x": "Grace Tan",
    }  # fmt: skip
    assert placed_people(USERS, lines, date(2025, 1, 1), Words("en"))["u"] == Person(
        "정다은", "사원", "Team of Grace Tan"
    )
    assert str(person(found, "stranger", "Known Name", Words("en"))) == "Known Name"
    assert str(person(found, "", "", Words("en"))) == "nobody"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/deals?q=D-1", 'title="김민준 과장 · 박서연 팀">김민준<span class="muted small">박서연 팀</span>'),
        ("/deals/D-1", "<dd>김민준 과장 · 박서연 팀</dd>"), ("/deals/D-1/brief", "<dd>김민준 과장 · 박서연 팀</dd>"),
        ("/deals/D-1?ask=1", '<option value="m1">박서연 부장 · 수도권</option>'),
        ("/deals/D-1", '<span class="small muted told">김민준 과장 · 박서연 팀 · '),
        ("/forecast?node=owner:u1", '<span class="small muted told">과장 · 박서연 팀</span>'),
        ("/forecast?node=manager:m1", '<th scope="row" title="김민준 과장 · 박서연 팀">'),
        ("/forecast?node=manager:m1", '<span class="small muted told">김민준 과장 · 박서연 팀 · '),
        ("/forecast?node=manager:m1&part=moves&since=2026-08-01", "<td>김민준 과장 · 박서연 팀</td>"),
        ("/forecast?node=manager:m1&part=moves", ">김민준 과장 · 박서연 팀 · Proposal"),
        ("/forecast/parts?node=manager:m1&part=deals", ">김민준 과장 · 박서연 팀 · "),
        ("/day?owner=u1", '<span class="muted">김민준 과장 · 박서연 팀</span>'),
        ("/report?node=owner:u1", '<span class="muted">과장 · 박서연 팀</span>'),
        ("/report?node=owner:u1", "주간 영업보고 · 김민준 과장 · 박서연 팀 · "),
    ],
)  # fmt: skip
async def test_people_are_named_with_title_and_team(site: Site, path: str, said: str) -> None:
    page = (await site[1].get(f"{path}&lang=ko" if "?" in path else f"{path}?lang=ko")).text
    assert said in page
