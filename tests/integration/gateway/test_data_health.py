"""Data health over REST: a look after an import, the verdict, mends and lists, and what is decided on duplicates."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.nats_server import NatsServer
from services.gateway.domain import Principal, Scope
from services.gateway.rest import health
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.test_cli_clients import dealcast

DEALS: list[dict[str, Any]] = [
    {"id": "d1", "name": "Pump line", "owner_id": "ann", "account_id": "a1", "created_time": "2017-09-01T00:00:00Z",
     "amount": {"currency": "USD", "value": "500"}, "close_date": "2017-10-20", "fields": {"Lead source": "Web"}},
    {"id": "d2", "name": "Pump line (2)", "owner_id": "ben", "account_id": "a2", "created_time": "2017-09-04T00:00:00Z",
     "amount": {"currency": "USD", "value": "500"}, "close_date": "2017-10-20", "fields": {"Lead source": "Fair"}},
    {"id": "d3", "name": "asdf", "owner_id": "ann", "account_id": "a1", "created_time": "2017-09-04T00:00:00Z"},
    {"id": "d4", "name": "Boiler", "owner_id": "zoe", "account_id": "a1", "created_time": "2017-09-04T00:00:00Z",
     "close_date": "2017-09-10"},
]  # fmt: skip


async def looked(gateway: RunningGateway) -> dict[str, Any]:
    """The summary, once no look is under way."""

    async def ended() -> Any:
        told = (await gateway.http.get("/v1/health")).json()
        return told["health"] if told["health"] and not told["running"] else None

    found: dict[str, Any] = await until(ended, pause=0.1)
    return found


@pytest.fixture
async def gateway(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway that looks at the data soon."""
    running = await RunningGateway(nats_server.url, tmp_path / "data", health_quiet_seconds=0.2).start()
    yield running
    await running.stop()


async def test_what_is_wrong_is_found_and_mended(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    http = gateway.http
    assert (await http.get("/v1/health")).json() == {"health": None, "running": None}
    opened = (await http.post("/v1/imports", json={"source": "crm.csv", "as_of": "2017-09-30"})).json()
    people: list[dict[str, Any]] = [{"id": "ann"}, {"id": "ben"}, {"id": "zoe", "active": False}]
    await gateway.lines("/v1/users:batch", people)
    await gateway.lines("/v1/accounts:batch", [{"id": "a1", "name": "㈜한빛정밀"}, {"id": "a2", "name": "한빛 정밀"}])
    await gateway.lines("/v1/deals:batch", DEALS)
    await http.post(f"/v1/imports/{opened['id']}:finish", json={})
    found = await looked(gateway)
    counts = {one["finding"]: one["count"] for one in found["findings"] if one["count"]}
    assert counts == {
        "duplicate_accounts": 1, "duplicate_deals": 1, "junk_deals": 1, "past_close_date": 1, "missing_close_date": 1,
        "missing_amount": 2, "owner_left": 1,
    }  # fmt: skip
    assert found["verdict"]["text"].startswith("It is too early for models: only 0 deals have closed, and 40")
    korean = (await http.get("/v1/health?lang=ko")).json()["health"]
    assert korean["verdict"]["text"].startswith("아직 모델을 쓰기 이릅니다")
    assert len(korean["mends"]) == 5
    assert all(one["count"] and one["text"] for one in korean["mends"])
    first, *others = found["mends"]
    assert first["finding"] == "missing_amount", "what the verdict names comes first"
    assert [one["effect"] for one in others] == sorted((one["effect"] for one in others), reverse=True)
    page = (await http.get("/v1/health/missing_amount?limit=1")).json()
    rest = (await http.get(f"/v1/health/missing_amount?cursor={page['next_cursor']}&limit=1")).json()
    assert {page["records"][0]["id"], rest["records"][0]["id"]} == {"d3", "d4"}
    assert rest["next_cursor"] == ""
    shown = await dealcast(gateway, "health", "show")
    assert "It is too early for models" in shown.output
    assert "Duplicate deals  (duplicate_deals)" in shown.output
    listed = await dealcast(gateway, "health", "list", "duplicate_deals", "--lang", "ko")
    assert listed.output == "d2  Pump line (2)  = d1 Pump line  0.95  30일 안에 같은 고객사·이름·금액  ben\n"
    await _decide(gateway)
    monkeypatch.setattr(health, "principal_of", lambda _: Principal("ann", Scope.OWN, "ann"))
    assert [(await http.get(f"/v1/{path}")).status_code for path in ("health", "duplicates", "health-jobs")] == [
        403
    ] * 3


async def _decide(gateway: RunningGateway) -> None:
    http = gateway.http
    [pair] = (await http.get("/v1/duplicates?of=deals")).json()["records"]
    assert (pair["id"], pair["other"], pair["source"], pair["text"]) == (
        "d2", "d1", "Fair", "the same account, name and amount within 30 days",
    )  # fmt: skip
    shown = (await http.get("/models?lang=ko")).text
    assert '<a href="/models/mend/duplicate_deals?lang=ko">두 번 입력된 딜 1건을 병합하세요</a>' in shown
    assert "이전 주간 파일을 가져오세요" in shown
    listed = (await http.get("/models/mend/duplicate_deals?lang=ko")).text
    assert '<a href="/deals/d2">Pump line (2)</a>' in listed
    assert "30일 안에 같은 고객사·이름·금액" in listed
    assert re.search(r"d2 · [^·<]+ · [^·<]+ · 마감 예정일 [^·<]+ · [^<]+</span>", listed), "what tells deals apart"
    owners = (await http.get("/models/mend/owner_left?lang=ko")).text
    assert '<a href="/deals/d4">Boiler</a>' in owners
    assert 'type="checkbox"' not in owners
    assert (await http.post("/models/mend/owner_left", data={"pair": "d4/d1"})).status_code == 400
    assert (await http.post("/models/mend/duplicate_deals", data={"act": "merge"})).status_code == 400
    assert "2017. 9. 10." in (await http.get("/models/mend/past_close_date?lang=ko")).text, "the day that has passed"
    assert (await http.get("/models/mend/owner_left.xlsx")).content[:2] == b"PK"
    assert (await http.get("/models/mend/nonsense")).status_code == 404
    [accounts] = (await http.get("/v1/duplicates?of=accounts&lang=ko")).json()["records"]
    assert accounts["text"] == "표기만 다른 같은 이름"
    merging = {"of": "accounts", "keep": accounts["other"], "other": accounts["id"]}
    merged = (await http.post("/v1/duplicates:merge", json=merging)).json()
    assert (merged["act"], merged["who"]) == ("merge", "local")
    assert {(await http.get(f"/v1/deals/{one}")).json()["account_id"] for one in ("d1", "d2")} == {accounts["other"]}
    ignoring = {"of": "deals", "first": "d1", "second": "d2"}
    assert (
        "not the same deals: d1, d2  by local"
        in (await dealcast(gateway, "health", "ignore", *ignoring.values())).output
    )
    assert (await http.post("/v1/duplicates:ignore", json=ignoring)).status_code == 409
    assert (await http.get("/v1/duplicates?of=deals")).json()["records"] == []
    before = await looked(gateway)
    assert (await dealcast(gateway, "health", "show", "--look")).exit_code == 0
    found = await looked(gateway)
    assert found["job"] != before["job"]
    assert {one["count"] for one in found["findings"] if one["finding"].startswith("duplicate_")} == {0}
    assert "되돌림" in (await dealcast(gateway, "health", "undo", str(merged["id"]), "--lang", "ko")).output
    korean = [await dealcast(gateway, *words, "--lang", "ko") for words in (
        ("health", "show"), ("health", "decisions"), ("imports", "list"),
    )]  # fmt: skip
    english = re.compile(r"\b(?:deals|accounts|contacts|merged|ignore|by|into|undone|created|changed)\b")
    assert [english.findall(one.output) for one in korean] == [[], [], []]
    assert (await http.get("/v1/deals/d2")).json()["account_id"] == "a2"
    listed = (await http.get("/v1/duplicate-decisions?limit=1")).json()
    assert (listed["decisions"][0]["act"], listed["next_cursor"]) == ("ignore", str(listed["decisions"][0]["id"]))


async def test_a_look_can_be_cancelled_and_asked_for_wrongly(gateway: RunningGateway) -> None:
    http = gateway.http
    await gateway.lines("/v1/accounts:batch", [{"id": f"a{n}", "name": f"Company {n} of many"} for n in range(3_000)])
    job = (await http.post("/v1/health:look")).json()
    assert (await http.post("/v1/health:look")).status_code == 409
    await http.post(f"/v1/health-jobs/{job['id']}:cancel")

    async def ended() -> Any:
        told = (await http.get(f"/v1/health-jobs/{job['id']}")).json()
        return told if told["state"] != "RUNNING" else None

    assert (await until(ended, pause=0.05))["state"] == "CANCELLED"
    assert (await http.get("/v1/health")).json()["health"] is None
    assert (await http.post(f"/v1/health-jobs/{job['id']}:cancel")).status_code == 409
    wrong = [
        http.get("/v1/health/nothing"), http.get("/v1/duplicates?of=users"), http.get("/v1/duplicates?cursor=x"),
        http.post("/v1/duplicates:merge", json={"of": "deals", "keep": "", "other": "d1"}),
        http.post("/v1/duplicate-decisions/1:undo", json={"discard": "yes"}),
        http.post("/v1/duplicate-decisions/1:undo", json={}),
    ]  # fmt: skip
    assert [(await one).status_code for one in wrong] == [404, 400, 400, 400, 400, 404]


async def test_what_stands_twice_is_merged_or_told_apart_on_a_page(gateway: RunningGateway) -> None:
    http = gateway.http
    twice = [{"id": "a/1", "name": "㈜한빛정밀"}, {"id": "a2", "name": "한빛 정밀"}, {"id": "a3", "name": "누리병원"},
             {"id": "a4", "name": "(주)누리병원"}]  # fmt: skip
    await gateway.lines("/v1/accounts:batch", twice)
    await http.post("/v1/health:look")
    await looked(gateway)
    address = "/models/mend/duplicate_accounts?lang=ko"
    for words in ("표기만 다른 같은 이름", "a/1 · 딜 0건", "a2 · 딜 0건"):
        assert words in (await http.get(address)).text
    pairs = re.findall(r'name="pair" value="([^"]+)"', (await http.get(address)).text)
    assert len(pairs) == 2
    hanbit = next(pair for pair in pairs if "a2" in pair.split("/"))
    [nuri] = {*pairs} - {hanbit}
    merged = await http.post(address, data={"pair": hanbit, "act": "merge"})
    assert merged.status_code == 303
    after = (await http.get(merged.headers["location"])).text
    assert "1건을 처리했습니다" in after
    assert after.index('name="decision"') < after.index('name="pair"'), "its undo stands above all"
    assert (await http.post(address, data={"pair": nuri, "act": "ignore"})).status_code == 303
    accounts = (await http.get("/v1/accounts")).json()["accounts"]
    gone = [one["id"] for one in accounts if one.get("deleted")]
    assert len(gone) == 1
    assert gone[0] in ("a/1", "a2")
    assert "더 고칠 것이 없습니다" in (await http.get(address)).text
    decided = (await http.get(address)).text
    merge, ignored = re.findall(r'name="decision" value="(\d+)"', decided)[::-1]
    assert "이 컴퓨터의 사용자" in decided
    assert "㈜한빛정밀" in decided, "what was merged away is told by its name"
    await gateway.lines("/v1/accounts:batch", [{"id": next(one for one in ("a/1", "a2") if one not in gone),
                                               "name": "한빛정밀 주식회사"}])  # fmt: skip
    back = "/models/mend/duplicate_accounts/undo?lang=ko"
    asked = (await http.post(back, data={"decision": merge})).text
    assert "그 뒤에 바뀐 고객사: 1건" in asked
    assert 'name="discard" value="yes"' in asked
    assert "were changed" not in asked
    assert (await http.post(back, data={"decision": merge, "discard": "yes"})).status_code == 303
    taken = await http.post(back, data={"decision": ignored})
    assert taken.status_code == 303
    assert "되돌렸습니다" in (await http.get(taken.headers["location"])).text
    assert not [one for one in (await http.get("/v1/accounts")).json()["accounts"] if one.get("deleted")]
    undone = (await http.get(address)).text
    assert len(re.findall(r'name="pair"', undone)) == 2, "they are to be decided on anew"
    assert 'name="decision"' not in undone
    assert undone.count("이 컴퓨터의 사용자 되돌림") == 2
    again = await http.post(back, data={"decision": merge}, headers={"Accept": "text/html"})
    assert (again.status_code, "이미 되돌" in again.text) == (409, True)
    assert [(await http.post(back, data=one)).status_code for one in ({}, {"decision": "x"})] == [400, 400]
    assert (await http.post("/models/mend/owner_left/undo", data={"decision": merge})).status_code == 400


async def test_two_of_the_very_same_name_say_so_and_what_differs(gateway: RunningGateway) -> None:
    fields = [{"name": "도시", "type": "text", "entity": "account"}]
    await gateway.http.put("/v1/fields", json={"fields": fields})
    twice = [{"id": f"a{n}", "name": "누리병원", "fields": {"도시": city}} for n, city in enumerate(("서울", "부산"))]
    await gateway.lines("/v1/accounts:batch", twice)
    await gateway.http.post("/v1/health:look")
    await looked(gateway)
    page = (await gateway.http.get("/models/mend/duplicate_accounts?lang=ko")).text
    assert '<td class="reason">같은 이름</td>' in page
    for mark in ("a0 · 딜 0건 · 도시 서울", "a1 · 딜 0건 · 도시 부산"):
        assert mark in page
