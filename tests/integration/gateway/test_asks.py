"""Asks on deals over REST."""

from __future__ import annotations

from typing import Any

from tests.integration.gateway.conftest import RunningGateway

USERS: list[dict[str, Any]] = [{"id": "boss"}, {"id": "ann", "lines": [{"manager_id": "boss"}]}, {"id": "ben"}]
TEXT = "Get the signer's name"


async def test_an_ask_from_left_to_done_and_back(gateway: RunningGateway) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-05"})
    await gateway.lines("/v1/users:batch", USERS)
    await gateway.http.put("/v1/deals/d1", json={"name": "Pumps", "owner_id": "ann", "kind": "OPPORTUNITY"})
    asked = {"deal_id": "d1", "text": f" {TEXT} ", "due": "2017-10-12"}
    made = await gateway.http.post("/v1/asks", json=asked, headers={"Idempotency-Key": "k"})
    assert made.status_code == 201, made.text
    assert (await gateway.http.post("/v1/asks", json=asked, headers={"Idempotency-Key": "k"})).json() == made.json()
    shown = made.json()
    assert shown == {
        "id": shown["id"], "deal": {"id": "d1", "name": "Pumps", "owner_id": "ann"}, "text": TEXT,
        "assignee_id": "ann", "due": "2017-10-12", "author": "local", "time": "2017-10-05T23:59:59Z",
        "done_time": None, "done_by": "",
    }  # fmt: skip
    boss = (await gateway.http.post("/v1/asks", json={**asked, "assignee_id": "boss", "due": "2017-10-06"})).json()
    page = (await gateway.http.get("/v1/asks", params={"limit": 1})).json()
    assert page["asks"] == [boss]
    rest = await gateway.http.get("/v1/asks", params={"limit": 1, "cursor": page["next_cursor"]})
    assert rest.json()["asks"] == [shown]
    done = await gateway.http.post(f"/v1/asks/{shown['id']}:done")
    assert (done.status_code, done.json()["done_by"]) == (200, "local")
    assert (await gateway.http.post(f"/v1/asks/{shown['id']}:done")).status_code == 409
    still = await gateway.http.get("/v1/asks", params={"open": "true", "assignee_id": "ann"})
    assert still.json()["asks"] == []
    assert (await gateway.http.post(f"/v1/asks/{shown['id']}:undo")).json() == shown


async def test_what_is_no_ask_is_refused_with_all_that_is_wrong(gateway: RunningGateway) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-05"})
    await gateway.lines("/v1/users:batch", USERS)
    await gateway.http.put("/v1/deals/d1", json={"name": "Pumps", "owner_id": "ann", "kind": "OPPORTUNITY"})

    async def refused(**body: Any) -> set[str]:
        answer = await gateway.http.post("/v1/asks", json=body)
        assert answer.status_code in (400, 404, 422), answer.text
        problem = answer.json()
        return {one["field"] for one in problem.get("errors", ())} or {problem["field"]}

    assert await refused() == {"deal_id", "text", "due"}
    assert await refused(deal_id="d1", text="x" * 501, due="soon") == {"text", "due"}
    assert await refused(deal_id="d1", text=" ", due="2017-10-04", who="me") == {"text", "who"}
    assert await refused(deal_id="d1", text="x", due="2017-10-04") == {"due"}
    assert await refused(deal_id="d1", text="x", due="2017-10-05", assignee_id="ben") == {"assignee_id"}
    assert await refused(deal_id="d2", text="x", due="2017-10-05")
    for path, status in (("/v1/asks/x:done", 400), ("/v1/asks/9:done", 404)):
        assert (await gateway.http.post(path)).status_code == status
    assert (await gateway.http.get("/v1/asks", params={"open": "maybe"})).status_code == 400
