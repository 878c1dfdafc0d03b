"""Submissions, adjustments, the record of days and accuracy over REST."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.domain import Principal, Scope
from services.gateway.forecast_days import Diary
from services.gateway.rest import forecast_people
from services.gateway.store.interface import StoredRollup
from tests.integration.gateway.conftest import RunningGateway

USERS: list[dict[str, Any]] = [
    {"id": "boss"}, {"id": "ann", "lines": [{"manager_id": "boss"}]}, {"id": "ben", "lines": [{"manager_id": "boss"}]},
]  # fmt: skip
SAID = ("mean", "adjustment", "adjustments_below", "adjusted", "submitted", "submitted_below")


def usd(value: str) -> dict[str, str]:
    return {"currency": "USD", "value": value}


def rollup(node: str, cents: int, day: str) -> StoredRollup:
    body = {
        "scenarios": 100, "deals_sum": 100 * cents, "not_yet_created_sum": 0, "correction_sum": 0,
        "quantiles": [0, 2 * cents], "open_deals": 1, "as_of": f"{day}T12:00:00Z", "business_day": day,
        "model_version": "7", "model_generation": 0,
    }  # fmt: skip
    return StoredRollup(node, "2017-Q4", "USD", body)


async def post(gateway: RunningGateway, what: str, **body: Any) -> Any:
    return await gateway.http.post(f"/v1/forecast/{what}", json=body)


async def shown(gateway: RunningGateway, node: str) -> list[Any]:
    answer = await gateway.http.get("/v1/forecast", params={"period": "2017-Q4", "node": node})
    [row] = answer.json()["nodes"]
    return [row[name] for name in SAID]


async def asked(gateway: RunningGateway, path: str, **params: Any) -> Any:
    answer = await gateway.http.get(f"/v1/forecast/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def team(gateway: RunningGateway) -> RunningGateway:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-05"})
    await gateway.lines("/v1/users:batch", USERS)
    for node in ("company", "manager:boss", "owner:ann"):
        await gateway.gateway.store.save_rollups([rollup(node, 10_000, "2017-10-05")])
    return gateway


async def test_numbers_of_people_stand_beside_the_forecast(team: RunningGateway) -> None:
    made = await post(team, "submissions", node="owner:ann", amount=usd("90"), note="sure of it")
    assert made.status_code == 201, made.text
    call = made.json()
    assert (call["period"], call["author"], call["context"]["mean"], call["note"]) == (
        "2017-Q4", "local", "100.00", "sure of it",
    )  # fmt: skip
    await post(team, "adjustments", node="owner:ann", amount=usd("-20.50"))
    await post(team, "adjustments", node="manager:boss", amount=usd("5"))
    await post(team, "submissions", node="owner:ben", amount=usd("7"))
    assert await shown(team, "owner:ann") == ["100.00", "-20.50", "0.00", "79.50", "90.00", None]
    assert await shown(team, "manager:boss") == ["100.00", "5.00", "-20.50", "84.50", None, "97.00"]
    assert await shown(team, "company") == ["100.00", None, "-15.50", "84.50", None, "97.00"]
    later = (await post(team, "submissions", node="owner:ann", amount=usd("95"))).json()
    assert (await shown(team, "owner:ann"))[4] == "95.00"
    undone = await team.http.post(f"/v1/forecast/submissions/{later['id']}:undo")
    assert (undone.status_code, undone.json()["undone_by"]) == (200, "local")
    assert (await team.http.post(f"/v1/forecast/submissions/{later['id']}:undo")).status_code == 409
    assert (await shown(team, "owner:ann"))[4] == "90.00"
    history = await asked(team, "submissions", node="owner:ann")
    assert [(one["amount"]["value"], bool(one["undone_time"])) for one in history["calls"]] == [
        ("95.00", True), ("90.00", False),
    ]  # fmt: skip
    first = await asked(team, "submissions", limit=2)
    second = await asked(team, "submissions", limit=2, cursor=first["next_cursor"])
    assert [one["node"] for one in (*first["calls"], *second["calls"])] == ["owner:ann", "owner:ben", "owner:ann"]


async def test_changes_since_the_last_submission(team: RunningGateway) -> None:
    nothing = await team.http.get("/v1/forecast/changes", params={"from": "submission"})
    assert (nothing.status_code, nothing.json()["field"]) == (404, "from")
    deal = {"id": "d1", "owner_id": "ann", "amount": usd("10"), "close_date": "2017-11-01"}
    await team.lines("/v1/deals:batch", [deal | {"created_time": "2017-10-01T00:00:00Z"}])
    await post(team, "submissions", node="company", amount=usd("10"))
    await team.http.put("/v1/workspace/clock", json={"today": "2017-10-07"})
    await team.lines("/v1/deals:batch", [{"id": "d1", "amount": usd("14")}])
    told = (await asked(team, "changes", **{"from": "submission"}))["nodes"][0]
    assert (told["start"]["open"], told["parts"]["up"]["open"], told["end"]["open"]) == ("10.00", "4.00", "14.00")


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({}, 400, "amount"), ({"amount": usd("-1")}, 400, "amount"), ({"amount": {"value": "1"}}, 400, "amount"),
    ({"amount": usd("1"), "period": "2017-Q3"}, 400, "period"), ({"amount": usd("1"), "x": 1}, 400, "x"),
    ({"amount": usd("1"), "period": "2030-Q1"}, 400, "period"), ({"amount": usd("1"), "note": 3}, 400, "note"),
    ({"amount": {"currency": "EUR", "value": "1"}, "node": "manager:boss"}, 400, "amount.currency"),
    ({"amount": usd("1"), "node": "owner:zoe"}, 404, "node"), ({"amount": usd("1")}, 403, "node"),
]  # fmt: skip


async def test_what_cannot_be_submitted(team: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast_people, "principal_of", lambda _: Principal("boss", Scope.SUBTREE, "boss"))
    for body, status, field in WRONG:
        answer = await post(team, "submissions", **body)
        assert (answer.status_code, answer.json()["field"]) == (status, field), body
    assert (await asked(team, "submissions"))["calls"] == []
    far = (await post(team, "submissions", amount=usd("1"), period="2030-Q1")).json()
    assert far["mend"] == "Name 2017-Q4 or a later one up to 2018-Q3"
    absent = await team.http.get("/v1/forecast/accuracy", params={"node": "NOPE"})
    assert (absent.status_code, absent.json()["field"]) == (404, "node")
    twice = await team.http.get("/v1/forecast/submissions?node=company&node=owner:ann")
    assert (twice.status_code, twice.json()["field"]) == (400, "node")


async def test_the_number_is_written_down_every_day_and_judged(team: RunningGateway) -> None:
    diary, store = Diary(team.gateway), team.gateway.store
    await post(team, "submissions", node="company", amount=usd("80"))
    assert await diary.write() >= 3
    assert await diary.write() == 0, "nothing has changed"
    await team.http.put("/v1/workspace/clock", json={"today": "2017-11-20"})
    await store.save_rollups([rollup(node, 5_000, "2017-11-20") for node in ("company", "manager:boss", "owner:ann")])
    won = {"id": "w", "owner_id": "ann", "amount": usd("100"), "outcome": "WON", "closed_date": "2017-11-10"}
    await team.lines("/v1/deals:batch", [won | {"created_time": "2017-10-01T00:00:00Z"}])
    await diary.write()
    days = (await asked(team, "days", period="2017-Q4"))["days"]
    assert [(day["day"], day["booked"], day["mean"], day["submitted"]) for day in days] == [
        ("2017-10-05", "0.00", "100.00", "80.00"), ("2017-11-20", "100.00", "150.00", "80.00"),
    ]  # fmt: skip
    await team.http.put("/v1/workspace/clock", json={"today": "2018-01-05"})
    found = await asked(team, "accuracy")
    [period] = found["periods"]
    assert (period["period"], period["booked"], period["days"], period["range_held"]) == ("2017-Q4", "100.00", 2, 0.5)
    assert period["sources"]["mean"] == {"days": 2, "error": 0.25, "bias": 0.25, "said": [None, "100.00", "150.00"]}
    assert period["sources"]["submitted"]["error"] == pytest.approx(0.2)
    assert (await asked(team, "accuracy", node="owner:ben"))["periods"] == []
