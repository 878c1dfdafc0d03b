"""What people of each role see where they ask for nothing in particular, and a page for what is not theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from learning.records import ReportingLine, User
from services.gateway.access.members import Role
from services.gateway.domain import LOCAL, Principal, Scope
from tests.e2e.web.site import fill_people, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def people(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[Role, httpx.AsyncClient]]:
    """A manager, a rep and RevOps of the sample company, each signed in with a Korean browser."""
    async with serving(tmp_path_factory.mktemp("own"), sign_in="off") as (gateway, address):
        await fill_people(gateway)
        headers = {"Accept": "text/html", "Accept-Language": "ko", "Origin": address}
        clients = {
            role: httpx.AsyncClient(base_url=address, timeout=30, headers=headers)
            for role in (Role.MANAGER, Role.REP, Role.REVOPS)
        }
        for role, client in clients.items():
            await client.post("/sign-in/persona", data={"role": role.value})
        yield clients
        for client in clients.values():
            await client.aclose()


@pytest.mark.parametrize(("role", "start"), [(Role.REP, "/day"), (Role.MANAGER, "/forecast"), (Role.REVOPS, "/deals")])
async def test_signing_in_leads_to_what_the_role_works_on(
    people: dict[Role, httpx.AsyncClient], role: Role, start: str
) -> None:
    came = await people[role].post("/sign-in/persona?lang=ko", data={"role": role.value})
    assert came.headers["location"] == "/"
    assert (await people[role].get("/?lang=ko")).headers["location"] == f"{start}?lang=ko"


@pytest.mark.parametrize(("role", "name"), [(Role.REP, "김민준"), (Role.MANAGER, "박서연"), (Role.REVOPS, "전체")])
async def test_the_weekly_report_is_one_s_own(people: dict[Role, httpx.AsyncClient], role: Role, name: str) -> None:
    report = await people[role].get("/report")
    assert report.status_code == 200
    assert f"주간 영업보고 · {name}" in report.text


@pytest.mark.parametrize(("role", "name"), [(Role.REP, "김민준"), (Role.MANAGER, "박서연"), (Role.REVOPS, "")])
async def test_the_list_s_totals_are_one_s_own(people: dict[Role, httpx.AsyncClient], role: Role, name: str) -> None:
    totals = (await people[role].get("/deals?part=totals")).text
    assert "아직 예측이 없습니다" not in totals
    assert f'<span class="muted">{name}</span></h2>' in totals or not name
    assert "₩4.6억" in totals  # the range is told


async def test_a_rep_sees_no_strip_of_a_team_of_others(people: dict[Role, httpx.AsyncClient]) -> None:
    assert "예측" not in (await people[Role.REP].get("/deals?part=totals&owner=team:m1")).text
    assert "예측" not in (await people[Role.REP].get("/deals?part=totals&owner=u2")).text


async def test_who_heads_teams_of_two_regions_is_told_that_no_total_is_of_both(tmp_path: Path) -> None:
    async with serving(tmp_path, sign_in="off") as (gateway, address):
        await fill_people(gateway)
        headers = {"Accept": "text/html", "Accept-Language": "ko", "Origin": address}
        async with httpx.AsyncClient(base_url=address, timeout=30, headers=headers) as client:
            await client.post("/sign-in/persona", data={"role": "manager"})  # m1
            people = [User("m2", "윤미라"), User("m3", "오정석 팀장")]
            lines = [ReportingLine("m1", ""), ReportingLine("m2", "m1", "수도권"), ReportingLine("m3", "m1", "영남"),
                     ReportingLine("u1", "m2"), ReportingLine("u2", "m3")]  # fmt: skip
            await gateway.store.save_users(LOCAL, people, lines)
            for path in ("/forecast", "/deals", "/deals?part=totals", "/report", "/forecast?node=manager:m3"):
                page = (await client.get(path)).text
                assert "조직의 2곳에 나뉘어 있어" in page, path
            assert "내 숫자: 오정석 팀" in page
            assert 'href="/forecast?node=manager%3Am2">윤미라 팀</a>' in page
            assert "나뉘어" not in (await client.get("/forecast?node=owner:u1")).text
            assert "나뉘어" not in (await client.get("/deals?owner=team:m3")).text
            await gateway.store.save_users(LOCAL, [], [ReportingLine("m1", "", "본사")])
            whole = (await client.get("/forecast")).text
            assert ("나뉘어" in whole, "내 숫자: 박서연 팀" in whole) == (False, True)
            head = Principal("x", Scope.SUBTREE, "m1")
            assert await gateway.own_node(head) == "manager:m1"
            deals = {one["node"]: one["open_pipeline"] for one in (await gateway.forecast(head, ""))["nodes"]}
            teams = [Decimal(deals[f"manager:{one}"]) for one in ("m2", "m3")]
            assert (Decimal(deals["manager:m1"]), min(teams) > 0) == (sum(teams), True)


@pytest.mark.parametrize("path", ["/users", "/quotas", "/reporting"])
async def test_a_page_of_another_role_is_refused_as_a_page(people: dict[Role, httpx.AsyncClient], path: str) -> None:
    refused = await people[Role.REP].get(path)
    assert (refused.status_code, refused.headers["content-type"].partition(";")[0]) == (403, "text/html")
    assert "역할만 쓸 수 있습니다" in refused.text
    assert "<code>영업 담당자</code>" in refused.text
    assert "관리자, 영업 운영 (RevOps)" in refused.text
    assert "this is for" not in refused.text
