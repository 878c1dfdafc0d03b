"""Reporting lines over REST: a line that cannot stand is told with field and mend, in batches and alone."""

from __future__ import annotations

from datetime import date

from learning.records import ReportingLine
from services.gateway.domain import WriteStatus
from services.gateway.imports.http_sink import HttpSink
from tests.integration.gateway.conftest import RunningGateway

BOSS = {"id": "boss", "name": "Boss", "lines": [{"region": "East"}]}
REP = {"id": "rep", "name": "Rep", "lines": [{"manager_id": "boss"}]}


async def test_a_batch_tells_refused_lines_at_their_own_row(gateway: RunningGateway) -> None:
    rows = [
        BOSS,
        REP,
        {"id": "boss", "name": "Boss", "lines": [{"manager_id": "rep", "valid_from": "2017-01-01"}]},
        {
            "id": "new",
            "name": "New",
            "lines": [{"manager_id": "boss"}, {"manager_id": "no", "valid_from": "2017-01-01"}],
        },
        {"id": "rep", "name": "Rep", "lines": [{"manager_id": "rep", "valid_from": "2017-01-01"}]},
    ]
    results = await gateway.lines("/v1/users:batch", rows)
    assert [line["status"] for line in results] == ["created", "created", "rejected", "rejected", "rejected"]
    told = [[error["field"] for error in line.get("errors", ())] for line in results]
    assert told == [[], [], ["lines[0].manager_id"], ["lines[1].manager_id"], ["lines[0].manager_id"]]
    assert "circle" in results[2]["errors"][0]["message"]
    assert all(error["mend"] for line in results for error in line.get("errors", ()))
    found = {user["id"]: user["lines"] for user in (await gateway.http.get("/v1/users")).json()["users"]}
    assert [[line["manager_id"] for line in found[name]] for name in ("boss", "rep", "new")] == [
        [""],
        ["boss"],
        ["boss"],
    ]


async def test_a_single_put_tells_a_refused_line(gateway: RunningGateway) -> None:
    await gateway.lines("/v1/users:batch", [BOSS, REP])
    for user, manager in (("boss", "rep"), ("rep", "nobody")):
        lines = [{"manager_id": manager, "valid_from": "2017-01-01"}]
        refused = await gateway.http.put(f"/v1/users/{user}", json={"name": user, "lines": lines})
        assert refused.status_code == 400, refused.text
        problem = refused.json()
        assert (problem["field"], problem["value"]) == ("lines[0].manager_id", manager)
        assert problem["mend"]
    moved = await gateway.http.put("/v1/users/rep", json=REP)
    assert moved.json()["status"] in {"changed", "unchanged"}


async def test_an_import_over_http_refuses_just_the_line(gateway: RunningGateway) -> None:
    await gateway.lines("/v1/users:batch", [BOSS, REP])
    sink = HttpSink(str(gateway.http.base_url))
    lines = [ReportingLine("rep", "nobody", "", date(2017, 1, 1)), ReportingLine("rep", "boss", "West")]
    try:
        results = await sink.save("lines", lines)
    finally:
        await sink.close()
    assert [result.status for result in results] == [WriteStatus.REJECTED, WriteStatus.CHANGED]
    assert [[error.field for error in result.errors] for result in results] == [["manager_id"], []]
    [_, rep] = (await gateway.http.get("/v1/users")).json()["users"]
    assert [line["region"] for line in rep["lines"]] == ["West"]
