"""How people's own numbers came out is for them and those above them; what AI said stays, for who sees the node."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kit.money import Money
from learning.fiscal import FiscalPeriod
from learning.records import Outcome
from services.gateway.access.members import Member, Role
from services.gateway.calls import Call, CallKind
from services.gateway.domain import LOCAL, DealWrite, Scope
from services.gateway.forecast_days import accuracy, moved
from services.gateway.own_record import own_record
from services.gateway.store.interface import ForecastDay
from tests.integration.access.conftest import Company

pytestmark = pytest.mark.asyncio(loop_scope="module")
NODES = ("owner:ann", "owner:ben", "owner:cat", "manager:east", "manager:west", "manager:boss", "company")
PEOPLES = ("adjusted", "submitted", "commit")
SAID = {"booked": 0, "mean": 100_000, "p10": 50_000, "p50": 90_000, "p90": 150_000, "adjusted": 110_000,
        "submitted": 66_600, "submitted_below": 77_700, "commit": 44_400, "quota": 1}  # fmt: skip
# Who asks, as which user, and of which nodes all of the record is shown to them; of the others AI's part.
ASKING: list[tuple[Role, str, set[str]]] = [
    (Role.REP, "ann", {"owner:ann"}),
    (Role.MANAGER, "east", {"owner:ann", "owner:ben", "manager:east"}),
    (Role.MANAGER, "boss", set(NODES) - {"company"}),
    (Role.VIEWER, "", set()),
    (Role.REVOPS, "", set()),
    (Role.SERVICE, "", set()),
    (Role.ADMIN, "", set()),
    (Role.REVOPS, "east", {"owner:ann", "owner:ben", "manager:east"}),  # whatever else one sees
    (Role.ADMIN, "boss", set(NODES)),  # nobody is above
]  # fmt: skip


async def past(company: Company) -> FiscalPeriod:
    """The quarter before this one, with something won by all, and what was said of it."""
    gateway = company.running.gateway
    current = gateway.workspace.calendar.current(gateway.workspace.business_day)
    period = gateway.workspace.calendar.of(current.grain, current.start - timedelta(days=1))
    won = period.start + timedelta(days=30)
    begun = datetime(won.year, won.month, won.day, tzinfo=UTC) - timedelta(days=60)
    writes = [
        DealWrite(f"won-{owner}", owner_id=owner, amount=Money("USD", 100_000), stage="A", outcome=Outcome.WON,
                  closed_date=won, created_time=begun)
        for owner in ("ann", "ben", "cat")
    ]  # fmt: skip
    results = await gateway.apply_deals(LOCAL, writes)
    assert not [one.errors for one in results if one.errors]
    days = [period.start - timedelta(days=1), period.start + timedelta(days=40)]
    await gateway.store.save_forecast_days(
        [ForecastDay(str(period), "USD", node, day, SAID) for node in NODES for day in days]
    )
    for node in NODES:
        call = Call(CallKind.SUBMISSION, node, str(period), Money("USD", 66_600), "hopeful", "ann", begun, {})
        await gateway.store.add_call(LOCAL, call)
    return period


async def test_whose_record_is_shown_follows_the_reporting_line(company: Company) -> None:
    gateway = company.running.gateway
    for role, user, all_of in ASKING:
        member = Member("m", "m", "", role, user)
        record = await own_record(gateway.store, gateway.workspace, member.principal)
        found = {node: record.shown(node) for node in NODES}
        assert {node for node in NODES if found[node] == set(PEOPLES)} == all_of, (role, user)
        together = {"company"} - all_of if member.principal.scope is Scope.ALL else set()
        partly = {node for node in NODES if found[node] and node not in all_of}
        assert partly == together, (role, user)


async def test_each_sees_their_own_and_that_of_people_below(company: Company) -> None:
    period = await past(company)
    for role, user, node, own in (
        (Role.REP, "ann", "owner:ann", True), (Role.MANAGER, "east", "owner:ben", True),
        (Role.VIEWER, "", "owner:ann", False), (Role.REVOPS, "", "company", False),
        (Role.ADMIN, "boss", "company", True), (Role.MANAGER, "east", "owner:cat", None),
    ):  # fmt: skip
        token, whom = await company.token(role, user_id=user), (role, user, node)
        await company.member(role, user)
        async with company.client(token) as client:
            found = await asked(client, "accuracy", node=node)
            if own is None:  # foreign
                assert not found.get("periods"), whom
                continue
            [row] = found["periods"]
            assert row["sources"]["mean"]["error"] is not None, whom
            assert row["range_held"] is not None, whom
            together = {"commit"} if node == "company" else set()
            shown = {name for name in PEOPLES if row["sources"][name] is not None}
            assert shown == (set(PEOPLES) if own else together), whom
            days = await asked(client, "days", period=str(period), node=node)
            assert {one["mean"] for one in days["days"]} == {"1000.00"}, whom
            told = {name for name in (*PEOPLES, "submitted_below") if days["days"][0][name] is not None}
            assert told == ({*PEOPLES, "submitted_below"} if own else together), whom
            totals = await asked(client, "", period=str(period), node=node)
            assert (totals["nodes"][0]["submitted"] is not None) == own, whom
            assert [bool(one["people_withheld"]) for one in (found, days, totals)] == [not own] * 3, whom


async def test_no_tree_tells_what_the_reporting_line_withholds(company: Company) -> None:
    period = await past(company)
    tree = {"name": "kinds", "levels": ["pipeline"]}
    made = await company.running.http.put("/v1/forecast/trees", json={"trees": [tree]})
    assert made.status_code == 200, made.text
    for role, user, own in ((Role.VIEWER, "", False), (Role.REVOPS, "", False), (Role.ADMIN, "boss", True)):
        token = await company.token(role, user_id=user)
        await company.member(role, user)
        async with company.client(token) as client:
            found = await asked(client, "", period=str(period), tree="kinds")
            [whole] = [row for row in found["nodes"] if row["node"] == "company"]
            assert (whole["submitted"] is not None) == own == (found["people_withheld"] is None), role


async def asked(client: Any, path: str, **params: str) -> Any:
    answer = await client.get(f"/v1/forecast/{path}".rstrip("/"), params=params)
    assert answer.status_code in (200, 403, 404), answer.text
    return answer.json() if answer.status_code == 200 else {}


async def test_what_runs_is_everybodys_who_sees_it(company: Company) -> None:
    """On the forecast call numbers stand side by side; nothing has come of them yet."""
    gateway = company.running.gateway
    current = str(gateway.workspace.calendar.current(gateway.workspace.business_day))
    now = gateway.workspace.now()
    call = Call(CallKind.SUBMISSION, "owner:ann", current, Money("USD", 66_600), "", "ann", now, {})
    await gateway.store.add_call(LOCAL, call)
    async with company.client(await company.token(Role.VIEWER)) as client:
        found = await asked(client, "", period=current, node="owner:ann")
        assert (found["nodes"][0]["submitted"], found["people_withheld"]) == ("666.00", None)


async def test_pages_and_files_say_why(company: Company) -> None:
    period = await past(company)
    for role, user, node, own in (
        (Role.REVOPS, "", "owner:ann", False), (Role.VIEWER, "", "company", False),
        (Role.REP, "ann", "owner:ann", True),
        (Role.MANAGER, "east", "manager:east", True), (Role.ADMIN, "boss", "company", True),
    ):  # fmt: skip
        token = await company.token(role, user_id=user)
        await company.member(role, user)
        async with company.client(token) as client:
            whom = (role, user, node)
            paths = ["/history"] + ["/forecast"] * (node != "company")  # of which nothing is to forecast yet
            pages = {path: (await client.get(path, params={"node": node, "lang": "en"})).text for path in paths}
            for page in pages.values():
                assert ("shown only to them and to those above them" in page) != own, whom
                assert str(period) in page, whom  # what AI said of it, and what came
            assert ('<th scope="col">Submitted</th>' in pages["/history"].split("table-title")[-1]) == own, whom
            assert ("Commit is the sum of everybody" in pages["/history"]) == (node == "company" and not own), whom
            over = (await client.get("/forecast", params={"node": node, "period": str(period), "lang": "en"})).text
            assert ("hopeful" in over, "$666" in over) == (own, own), whom
            korean = (await client.get("/history", params={"node": node, "lang": "ko"})).text
            assert ("상위 관리자에게만" in korean) != own, whom
            for path in (f"/history.xlsx?node={node}", f"/forecast.xlsx?node={node}&period={period}"):
                book = zipfile.ZipFile(io.BytesIO((await client.get(path)).content))
                sheet = "".join(book.read(name).decode() for name in book.namelist() if "sheet" in name)
                assert ("<v>666" in sheet) == own, (whom, path)


async def test_who_said_nothing_is_told_so_where_others_numbers_are_withheld(company: Company) -> None:
    gateway, earlier = company.running.gateway, (await past(company)).next(-1)
    begun = datetime(earlier.start.year, earlier.start.month, earlier.start.day, tzinfo=UTC)
    call = Call(CallKind.SUBMISSION, "owner:ann", str(earlier), Money("USD", 66_600), "", "ann", begun, {})
    await gateway.store.add_call(LOCAL, call)
    await company.member(Role.ADMIN, "cat")
    async with company.client(await company.token(Role.ADMIN, user_id="cat")) as client:
        for node, own in (("owner:cat", True), ("owner:ann", False)):
            asked_for = {"node": node, "period": str(earlier), "lang": "en"}
            sides = (
                (await client.get("/forecast", params=asked_for)).text.split('class="sides"')[1].split("</section>")[0]
            )
            assert ("shown only to them and to those above them" in sides) != own, node


async def test_what_people_committed_in_backtests_is_theirs_too(company: Company) -> None:
    assert company.running.built is not None
    rows = [["2026-06-30", "2026-09-30", node, 1.0, 44.0] for node in NODES]
    path = {"columns": ["as_of", "end", "node", "actual", "commit"], "rows": rows}
    version = {"version": "9", "digest": "d", "evaluation": {"backtest": {"quarters": ["2026-Q3"], "path": path}}}
    await company.running.models.add("forecast", version)
    for role, user, wanted in ((Role.REVOPS, "", {"company"}), (Role.ADMIN, "boss", set(NODES))):
        token = await company.token(role, user_id=user)
        await company.member(role, user)
        async with company.client(token) as client:
            one = (await client.get("/v1/models/forecast")).json()
            [other] = [each for each in (await client.get("/v1/models")).json()["models"] if each == one]
            told = other["versions"][0]["evaluation"]["backtest"]["path"]["rows"]
            assert {row[2] for row in told if row[4] is not None} == wanted, role
            assert {row[3] for row in told} == {1.0}
    assert company.running.models.about("forecast")["versions"][0] == version, "what is kept stays whole"


async def test_the_person_at_this_machine_sees_all(company: Company) -> None:
    gateway, period = company.running.gateway, await past(company)
    found = await accuracy(gateway, LOCAL, "owner:ann", "USD", 8)
    assert found["people_withheld"] is None
    assert found["periods"][0]["sources"]["submitted"]["bias"] is not None
    days = await moved(gateway, LOCAL, period, "owner:ann", "USD")
    assert (days["people_withheld"], days["days"][0]["submitted"]) == (None, "666.00")
    assert date.fromisoformat(days["days"][0]["day"]) < period.end
