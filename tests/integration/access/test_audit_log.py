"""Each kind of change leaves an entry of who did what, on what, and how it stood before: by program and by page."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from learning.records import User
from services.gateway.access.members import Act, EventQuery, Role
from services.gateway.domain import LOCAL
from services.gateway.health.deciding import keep_apart, take_back
from services.gateway.imports import undoing
from services.gateway.imports.weekly.uploads import Uploads
from services.gateway.rest.uploads import delete_files
from services.gateway.store.interface import StoredRollup
from tests.integration.access.conftest import Company

pytestmark = pytest.mark.asyncio(loop_scope="module")
USD = {"currency": "USD", "value": "100.00"}


async def newest(company: Company) -> int:
    found = await company.desk.store.list_access_events(limit=1)
    return found[0].id if found else 0


async def since(company: Company, last: int, by: str = "m-revops") -> list[tuple[str, str, str, dict[str, Any]]]:
    """What was kept after an entry, oldest first, all by the same."""
    found = [one for one in await company.desk.store.list_access_events(EventQuery()) if one.id > last]
    assert {one.by for one in found} <= {by}, found
    return [(one.act.value, one.kind, one.record, dict(one.detail)) for one in reversed(found)]


def money(value: str) -> dict[str, str]:
    return {"currency": "USD", "value": value}


async def ok(answer: httpx.Response, *statuses: int) -> Any:
    assert answer.status_code in (statuses or (200, 201, 202, 204, 303)), answer.text[-1500:]
    return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None


async def test_settings_say_how_they_stood(company: Company) -> None:
    last = await newest(company)
    async with company.client(await company.token(Role.REVOPS)) as rest, await company.browser(Role.REVOPS) as page:
        last = await newest(company)
        await ok(await rest.put("/v1/workspace", json={"time_zone": "Asia/Seoul", "holiday_country": "KR"}))
        await ok(await rest.put("/v1/workspace", json={"time_zone": "Asia/Seoul"}))  # stands already
        await ok(await rest.put("/v1/workspace", json={"holiday_country": "", "currency": "won"}), 400, 422)
        await ok(await page.post("/settings/grades", data={"A": "80", "B": "50", "C": "25"}))
        await ok(await page.post("/settings/grades", data={"A": "1", "B": "2", "C": "3"}), 200)  # refused on the page
        await ok(await rest.put("/v1/renewals/settings", json={"days": 60}))
        await ok(await page.post("/settings/retention", data={"audit_log": "3650"}))
        await ok(await rest.put("/v1/forecast/trees", json={"trees": [{"name": "stages", "levels": ["stage"]}]}))
        names = [f"fields.{number:02}" for number in range(30)]
        await ok(await rest.put("/v1/workspace", json={"training_columns": {"keep": names, "drop": []}}))
        await ok(await rest.put("/v1/model-rules", json={"retraining": {"new_outcomes": 77}}))
        await ok(await rest.put("/v1/model-rules", json={"retraining": {"new_outcomes": 77}}))
        day = company.running.gateway.workspace.business_day
        await ok(await page.post("/settings/clock", data={"today": day.isoformat()}))
        await ok(await rest.put("/v1/workspace/clock", json={"today": None}))
        both: tuple[dict[str, str], ...] = ({"time_zone": "Asia/Tokyo"}, {"holiday_country": "JP"})
        for done in await asyncio.gather(*[rest.put("/v1/workspace", json=one) for one in both]):
            await ok(done)
    *found, first, second = await since(company, last)
    assert {first[2], second[2]} == {"time_zone", "holidays"}, "each is told once, though they were taken together"
    assert found == [
        ("SETTING_CHANGED", "setting", "holidays", {"after": "KR"}),
        ("SETTING_CHANGED", "setting", "time_zone", {"after": "Asia/Seoul"}),
        ("SETTING_CHANGED", "setting", "holidays", {"before": "KR"}),  # taken, though what came after it was refused
        ("SETTING_CHANGED", "setting", "grades", {"before": [0.75, 0.5, 0.25], "after": [0.8, 0.5, 0.25]}),
        ("SETTING_CHANGED", "setting", "renewals", {"after": {"days": 60}}),
        ("SETTING_CHANGED", "setting", "retention", {"after": {"audit_log": 3650}}),
        ("SETTING_CHANGED", "setting", "trees", {"before": [], "after": ["stages"]}),
        ("SETTING_CHANGED", "setting", "training_columns", {
            "before": {"keep": [], "drop": [], "counts": {"keep": 0, "drop": 0}},
            "after": {"keep": [*names[:20], "…"], "drop": [], "counts": {"keep": 30, "drop": 0}}}),
        ("MODEL_RULES_CHANGED", "model", "", {"before": {"retraining.new_outcomes": 200},
                                              "after": {"retraining.new_outcomes": 77}}),
        ("SETTING_CHANGED", "setting", "clock", {"after": day.isoformat()}),
        ("SETTING_CHANGED", "setting", "clock", {"before": day.isoformat()}),
    ]  # fmt: skip


async def test_quotas_rates_and_users_say_how_they_stood(company: Company) -> None:
    period = str(company.running.gateway.workspace.calendar.current(company.running.gateway.workspace.business_day))
    async with company.client(await company.token(Role.REVOPS)) as rest, await company.browser(Role.REVOPS) as page:
        last = await newest(company)
        quota = {"owner_id": "ann", "period": period, "amount": USD}
        await ok(await rest.put("/v1/quotas", json=quota))
        await ok(await rest.put("/v1/quotas", json=quota))  # stands already
        await ok(await rest.put("/v1/quotas", json=quota | {"owner_id": "nobody"}), 400, 422)
        pasted = {"pasted": "Ann\t250", "currency": "USD"}
        await ok(await page.post(f"/quotas?period={period}", data=pasted))  # looked at
        await ok(await page.post(f"/quotas?period={period}", data=pasted | {"act": "save", "confirm": "yes"}))
        await ok(await rest.delete("/v1/quotas", params={"node": "owner:ann", "period": period}))
        await ok(await rest.delete("/v1/quotas", params={"node": "owner:ann", "period": period}), 404)
        about = ("node", "owner:ann")
        assert await since(company, last) == [
            ("QUOTA_SET", *about, {"period": period, "after": money("100.00")}),
            ("QUOTA_SET", *about, {"period": period, "before": money("100.00"), "after": money("250.00")}),
            ("QUOTA_DROPPED", *about, {"period": period, "before": money("250.00")}),
        ]
        last = await newest(company)
        await ok(await rest.put("/v1/exchange-rates", json={"currency": "EUR", "date": "2026-01-01", "rate": "1.1"}))
        await ok(await page.post("/settings/rates", data={"pasted": "EUR,2026-01-01,1.2\nXYZQ,2026-01-01,2"}))
        await ok(await page.post("/settings/rate_drop", data={"currency": "EUR", "date": "2026-01-01"}))
        assert await since(company, last) == [
            ("RATE_SET", "currency", "EUR", {"day": "2026-01-01", "after": "1.1"}),
            ("RATE_SET", "currency", "EUR", {"day": "2026-01-01", "before": "1.1", "after": "1.2"}),
            ("RATE_DROPPED", "currency", "EUR", {"day": "2026-01-01", "before": "1.2"}),
        ]
        last, dan = await newest(company), {"name": "Dan", "lines": [{"manager_id": "east"}]}
        await ok(await rest.put("/v1/users/dan", json=dan))
        await ok(await rest.put("/v1/users/dan", json=dan))
        await ok(await rest.put("/v1/users/dan", json=dan | {"name": "Dan Lee", "title": "Lead"}))
        lines = "Name\tMail\tManager\nDan Lee\tdan@example.com\tWest"
        await ok(await page.post("/reporting", data={"pasted": lines}))
        await ok(await page.post("/reporting", data={"pasted": lines, "act": "save"}))
        assert await since(company, last) == [
            ("USER_ADDED", "user", "dan", {"after": "east"}),
            ("USER_CHANGED", "user", "dan", {"changed": "name, title"}),
            ("USER_CHANGED", "user", "dan", {"changed": "email", "before": "east", "after": "west"}),
        ]


async def said_of_ann(company: Company) -> None:
    """A total of hers, so that numbers may be said beside it."""
    day = company.running.gateway.workspace.business_day
    period = str(company.running.gateway.workspace.calendar.current(day))
    body = {
        "scenarios": 100, "deals_sum": 1_000_000, "not_yet_created_sum": 0, "correction_sum": 0, "quantiles": [0, 1],
        "open_deals": 1, "as_of": f"{day}T12:00:00Z", "business_day": day.isoformat(), "model_version": "7",
        "model_generation": 0,
    }  # fmt: skip
    nodes = ("company", "manager:boss", "manager:east", "owner:ann")
    await company.desk.store.save_rollups([StoredRollup(node, period, "USD", body) for node in nodes])


async def test_numbers_and_asks_say_of_whom_never_what_was_written(company: Company) -> None:
    await said_of_ann(company)
    day = company.running.gateway.workspace.business_day
    period = str(company.running.gateway.workspace.calendar.current(day))
    async with company.client(await company.token(Role.MANAGER)) as rest, await company.browser(Role.MANAGER) as page:
        last = await newest(company)
        body = {"node": "owner:ann", "amount": USD, "note": "a secret of hers"}
        first = await ok(await rest.post("/v1/forecast/submissions", json=body))
        form = {"amount": "250", "currency": "USD", "note": "also secret"}
        await ok(await page.post("/forecast/submit?node=owner:ann", data=form | {"sure": form["amount"]}))
        form = {"amount": "-20", "currency": "USD", "note": "because"}
        await ok(await page.post("/forecast/adjust?node=owner:ann", data=form | {"sure": form["amount"]}))
        await ok(await rest.post("/v1/forecast/submissions", json=body | {"node": "owner:cat"}), 403, 404)
        await ok(await rest.post(f"/v1/forecast/submissions/{int(first['id']) + 1}:undo"))
        about = ("node", "owner:ann")
        assert await since(company, last, "m-manager") == [
            ("SUBMITTED", *about, {"period": period, "after": money("100.00")}),
            ("SUBMITTED", *about, {"period": period, "before": money("100.00"), "after": money("250.00")}),
            ("ADJUSTED", *about, {"period": period, "after": money("-20.00")}),
            ("SUBMISSION_UNDONE", *about, {"period": period, "before": money("250.00"), "after": money("100.00")}),
        ]
        last, due = await newest(company), (day + timedelta(days=3)).isoformat()
        ask = await ok(await rest.post("/v1/asks", json={"deal_id": "of-ann", "text": "secret", "due": due}))
        form = {"deal_id": "of-ann", "text": "also secret", "due": due, "assignee": "east", "back": "/forecast"}
        await ok(await page.post("/asks", data=form))
        await ok(await page.post("/asks/settle", data={"ask": ask["id"], "back": "/day"}))
        await ok(await rest.post(f"/v1/asks/{ask['id']}:done"), 409)
        await ok(await rest.post(f"/v1/asks/{ask['id']}:undo"))
        told = {"deal": "of-ann", "user": "ann", "day": due}
        first, second, *rest_of_them = await since(company, last, "m-manager")
        assert first == ("ASK_MADE", "ask", str(ask["id"]), told)
        assert (second[0], second[3]["user"]) == ("ASK_MADE", "east")
        assert [one[0] for one in rest_of_them] == ["ASK_CLOSED", "ASK_REOPENED"]
        kept = await company.desk.store.list_access_events(limit=500)
        assert not any("secret" in str(dict(one.detail)) for one in kept)


async def test_imports_and_what_becomes_of_them(company: Company, tmp_path: Path) -> None:
    async with company.client(await company.token(Role.REVOPS)) as rest, await company.browser(Role.REVOPS) as page:
        last = await newest(company)
        nothing = await ok(await rest.post("/v1/imports", json={"source": "files"}))
        await ok(await rest.post(f"/v1/imports/{nothing['id']}:finish", json={}))  # changed nothing
        assert await since(company, last) == []
        ids = []
        for name in ("Eve", "Eva"):
            job = await ok(await rest.post("/v1/imports", json={"source": "files"}))
            ids.append(job["id"])
            line = f'{{"id": "eve", "name": "{name}"}}\n'
            await ok(await rest.post(f"/v1/users:batch?import={job['id']}", content=line))
            counts = {"users": {"created": 1, "unchanged": 3}}
            await ok(await rest.post(f"/v1/imports/{job['id']}:finish", json={"counts": counts}))
        await ok(await page.post("/models/undo", data={"job": ids[1]}))  # asked about first
        await ok(await page.post("/models/undo", data={"job": ids[1], "confirm": "yes"}))
        await ok(await rest.post(f"/v1/imports/{ids[0]}:undo"))
        assert await since(company, last) == [
            ("IMPORTED", "import", ids[0], {"count": 1}),
            ("IMPORTED", "import", ids[1], {"count": 1}),
            ("IMPORT_UNDONE", "import", ids[1], {}),
            ("IMPORT_UNDONE", "import", ids[0], {}),
        ]
    last, store = await newest(company), company.desk.store
    (_, job), recording = await undoing.begin(store, "files")  # of a gateway that ended before it did
    await recording.save_users(LOCAL, [User("eve", "Evelyn")], [])
    for _ in range(2):  # once, however often a gateway starts
        assert (await undoing.known(store)).get(job.id).detail["undoable"]
    assert await since(company, last, "machine") == [("IMPORTED", "import", job.id, {"state": "FAILED"})]
    last, uploads = await newest(company), Uploads(tmp_path, tmp_path)
    for count in (2, 0):  # of what could not be read nothing is kept
        upload = uploads.begin("m-revops", "USD")
        for name in ("a.csv", "b.csv")[:count]:
            (upload.files / name).write_text("a")
        await delete_files(company.running.gateway, uploads, upload)
    [(*about, told)] = await since(company, last)
    assert (about[:2], told) == (["FILES_DELETED", "files"], {"count": 2})


async def test_duplicates_letters_and_people(company: Company) -> None:
    gateway, store = company.running.gateway, company.desk.store
    async with company.client(await company.token(Role.REVOPS)) as rest:
        accounts = [{"id": one, "name": one} for one in ("a1", "a2", "a3")]
        for one in accounts:
            await ok(await rest.put(f"/v1/accounts/{one['id']}", json=one))
        await ok(await rest.put("/v1/contacts/c1", json={"name": "Hong Gildong"}))
        last = await newest(company)
        await ok(await rest.post("/v1/duplicates:merge", json={"of": "accounts", "keep": "a1", "other": "a2"}))
        await ok(await rest.post("/v1/duplicates:merge", json={"of": "accounts", "keep": "a1", "other": "a9"}), 404)
        await ok(await rest.post("/v1/dead-letters/7:replay"), 404)
        for _ in range(2):  # the second time they are already
            await ok(await rest.post("/v1/privacy/people:restrict", json={"id": "c1", "reason": "Hong asked"}))
        await ok(await rest.post("/v1/privacy/people:lift", json={"id": "c1"}))
        found = await since(company, last)
        assert [one[:2] for one in found] == [
            ("DUPLICATES_MERGED", "duplicates"), ("PERSON_RESTRICTED", "person"), ("RESTRICTION_LIFTED", "person")
        ]  # fmt: skip
        assert "c1" not in str(found), "who it is stands where it can be erased"
        assert "Hong" not in str(found)
        decision = await keep_apart(gateway, LOCAL, "accounts", "a1", "a3")
        await take_back(gateway, LOCAL, decision.id, discard=False)
        newer = await store.list_access_events(limit=2, asked=EventQuery(kind="duplicates"))
        assert [one.act for one in newer] == [Act.DUPLICATES_UNDONE, Act.DUPLICATES_KEPT_APART]


async def test_who_reads_it(company: Company) -> None:
    """RevOps all changes, administrators also who signed in; nobody else anything."""
    for role in (Role.REP, Role.MANAGER, Role.VIEWER, Role.SERVICE):
        async with company.client(await company.token(role)) as client:
            for path in ("/v1/access-events", "/audit", "/audit.xlsx"):
                assert (await client.get(path)).status_code == 403, (role, path)
    async with company.client(await company.token(Role.REVOPS)) as client:
        await ok(await client.put("/v1/workspace", json={"crm_link": "https://crm.example.com/o/{id}?token=s3cret"}))
        acts = [one["act"] for one in (await client.get("/v1/access-events?limit=500")).json()["events"]]
        assert "SETTING_CHANGED" in acts
        every = (await client.get("/v1/access-events?limit=500")).json()["events"]
        assert {one["address"] for one in every} == {""}
        assert not set(acts) & {"SIGNED_IN", "TOKEN_MADE", "REFUSED"}
        page = (await client.get("/audit?lang=en")).text
        for part in (
            "setting changed",
            "Asia/Seoul",
            "A from 80 %",
            "30 kept, 0 left out (fields.00",
            "$250",
            "Ann</a>",
            "only administrators see",
        ):
            assert part in page, part
        assert "s3cret" not in page
        assert "<td>signed in" not in page
        assert not set(Act) & set(page.replace(">", " ").replace("<", " ").split()), "a code, not a word"
        korean = (await client.get("/audit?lang=ko&kind=setting&member_id=m-revops")).text
        assert "설정 변경" in korean
        assert "목표 설정</td>" not in korean
        first = (await client.get("/v1/access-events?kind=setting&limit=1")).json()
        second = (await client.get(f"/v1/access-events?kind=setting&limit=1&cursor={first['next_cursor']}")).json()
        assert int(second["events"][0]["id"]) < int(first["events"][0]["id"])
        only = (await client.get("/v1/access-events?act=QUOTA_SET&record=owner:ann")).json()["events"]
        assert {one["act"] for one in only} == {"QUOTA_SET"}
        for wrong in ("act=NONE", "kind=none", "cursor=x"):
            assert (await client.get(f"/v1/access-events?{wrong}")).status_code == 400, wrong
        sheet = await client.get("/audit.xlsx?lang=ko&act=QUOTA_SET")
        book = zipfile.ZipFile(io.BytesIO(sheet.content))
        text = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
        assert "목표 설정" in text
        assert "owner:ann" in text
    async with company.client(await company.token(Role.ADMIN)) as client:
        every = (await client.get("/v1/access-events?limit=500")).json()["events"]
        assert {"TOKEN_MADE", "SETTING_CHANGED", "REFUSED"} <= {one["act"] for one in every}
        page = (await client.get("/audit?lang=en&act=MEMBER_ADDED")).text
        assert "a program of this machine" in page
        assert ">machine<" not in page
