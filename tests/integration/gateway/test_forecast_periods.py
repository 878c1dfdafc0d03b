"""GET /v1/forecast for months, quarters, halves and years, with the fiscal year beginning in any month."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from learning.fiscal import FiscalPeriod
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.past_booked import booked_in
from services.gateway.store.interface import StoredRollup
from tests.integration.gateway.conftest import RunningGateway

OPEN = ("deals", "mean", "p50", "quota_probability", "gap", "adjusted")


def usd(value: str) -> dict[str, str]:
    return {"currency": "USD", "value": value}


SPANS = {  # what else the totals of a quarter tell: of months, and of longer spans that end with it
    "2017-Q4": [("2017-11-01", "2017-11-30", 40)],
    "2018-Q1": [("2017-10-01", "2018-03-31", 300)],
    "2018-Q2": [("2018-01-01", "2018-06-30", 600)],
}


def sums(cents: int, scenarios: int) -> dict[str, Any]:
    return {
        "deals_sum": scenarios * cents, "not_yet_created_sum": 0, "correction_sum": 0, "quantiles": [0, 2 * cents],
        "open_deals": 3,
    }  # fmt: skip


def rollup(node: str, period: str, cents: int, scenarios: int) -> StoredRollup:
    spans = [{"start_date": a, "end_date": b} | sums(each, scenarios) for a, b, each in SPANS.get(period, ())]
    body = sums(cents, scenarios) | {
        "scenarios": scenarios, "spans": spans, "as_of": "2017-10-05T12:00:00Z", "business_day": "2017-10-05",
        "model_version": "7", "model_generation": 0,
    }  # fmt: skip
    return StoredRollup(node, period, "USD", body)


async def filled(gateway: RunningGateway) -> None:
    """Booked in August and October, open in the last quarter of 2017 and the first of 2018."""
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-05"})
    await gateway.lines("/v1/users:batch", [{"id": "ann"}])
    won = {"owner_id": "ann", "outcome": "WON", "created_time": "2017-01-01T00:00:00Z"}
    results = await gateway.lines("/v1/deals:batch", [
        won | {"id": "w1", "amount": usd("30"), "closed_date": "2017-08-15"},
        won | {"id": "w2", "amount": usd("4"), "closed_date": "2017-10-02"},
        {"id": "o1", "owner_id": "ann", "amount": usd("7"), "close_date": "2017-11-15"},
        {"id": "o2", "owner_id": "ann", "amount": usd("9"), "close_date": "2018-02-15"},
    ])  # fmt: skip
    assert {line["status"] for line in results} == {"created"}
    for period, cents, scenarios in (("2017-Q4", 100, 10), ("2018-Q1", 200, 4), ("2018-Q2", 400, 10)):
        for node in ("company", "owner:ann"):
            await gateway.gateway.store.save_rollups([rollup(node, period, cents, scenarios)])


async def total(gateway: RunningGateway, period: str) -> dict[str, Any]:
    answer = await gateway.http.get("/v1/forecast", params={"period": period})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    row: dict[str, Any] = found["nodes"][0]
    assert row["node"] == "company"
    for name in ("deals", "mean"):  # as many decimals as the scenarios ask for
        row[name] = row[name] and f"{Decimal(row[name]):.2f}"
    return found | row


async def test_any_period_of_a_calendar_year(gateway: RunningGateway) -> None:
    await filled(gateway)
    quarter = await total(gateway, "")
    assert (quarter["period"], quarter["start_date"], quarter["end_date"]) == ("2017-Q4", "2017-10-01", "2017-12-31")
    assert [quarter[name] for name in ("booked", "mean", "p50", "open_pipeline")] == ["4.00", "5.00", "5.00", "7.00"]
    for period, booked, mean, pipeline in (
        ("2017-H2", "34.00", "35.00", "7.00"),
        ("FY2017", "34.00", "35.00", "7.00"),
    ):
        told = await total(gateway, period)
        assert [told[name] for name in ("booked", "mean", "open_pipeline", "p50")] == [booked, mean, pipeline, "35.00"]
    half = await total(gateway, "2018-H1")
    assert [half[name] for name in ("booked", "deals", "mean")] == ["0.00", "6.00", "6.00"]
    assert (half["p10"], half["p50"], half["p90"], half["open_deals"], half["stale"]) == (
        "1.20", "6.00", "10.80", 3, False,
    )  # fmt: skip
    month = await total(gateway, "2017-11")
    assert [month[name] for name in ("booked", "open_pipeline", "mean", "p90")] == ["0.00", "7.00", "0.40", "0.72"]
    untold = await total(gateway, "2017-12")
    assert [untold[name] for name in OPEN] == [None] * len(OPEN)
    past = await total(gateway, "2017-08")
    assert (past["booked"], past["mean"]) == ("30.00", "30.00")
    assert [(await total(gateway, "FY2018"))[name] for name in ("mean", "open_pipeline")] == [None, "9.00"]
    beyond = await gateway.http.get("/v1/forecast", params={"period": "FY2019"})
    assert (beyond.status_code, beyond.json()["field"]) == (400, "period")


async def test_quotas_of_longer_periods_add_up(gateway: RunningGateway) -> None:
    await filled(gateway)
    for period, value in (("2017-07", "1"), ("2017-08", "2"), ("2017-Q4", "10"), ("2017-11", "99")):
        quota = {"owner_id": "ann", "period": period, "amount": usd(value)}
        assert (await gateway.http.put("/v1/quotas", json=quota)).status_code == 201
    told = {period: (await total(gateway, period))["quota"] for period in ("2017-Q3", "2017-Q4", "2017-H2", "FY2017")}
    assert told == {"2017-Q3": "3.00", "2017-Q4": "10.00", "2017-H2": "13.00", "FY2017": "13.00"}
    month = {"node": "company", "period": "2017-12", "amount": usd("3")}
    assert (await gateway.http.put("/v1/quotas", json=month)).status_code == 201
    quarter = await total(gateway, "2017-Q4")
    assert [quarter[name] for name in ("quota", "quota_set", "quota_below")] == ["10.00", "3.00", "10.00"]
    assert quarter["quota_of"] == {"owners": 1, "of": 1, "months": 3, "of_months": 3}
    assert [(await total(gateway, period))["quota"] for period in ("2017-12", "FY2017")] == ["3.00", "13.00"]
    wrong = await gateway.http.put("/v1/quotas", json={"owner_id": "ann", "period": "2017-13", "amount": usd("1")})
    assert wrong.json()["field"] == "period"


async def test_a_fiscal_year_from_april(gateway: RunningGateway) -> None:
    await filled(gateway)
    changed = await gateway.http.put("/v1/workspace", json={"fiscal_year": {"start_month": 4}})
    assert changed.json()["fiscal_year"] == {"start_month": 4, "named_by": "end"}
    quarter = await total(gateway, "")
    assert (quarter["period"], quarter["start_date"], quarter["mean"]) == ("2018-Q3", "2017-10-01", "5.00")
    half = await total(gateway, "2018-H2")
    assert (half["start_date"], half["end_date"], half["mean"], half["p10"]) == (
        "2017-10-01", "2018-03-31", "7.00", "4.60",
    )  # fmt: skip
    assert [(await total(gateway, "FY2018"))[name] for name in ("booked", "open_pipeline")] == ["34.00", "16.00"]
    made = await gateway.http.post("/v1/forecast/submissions", json={"amount": usd("6"), "node": "owner:ann"})
    assert made.json()["period"] == "2018-Q3"
    assert (await total(gateway, "2018-Q3"))["submitted_below"] == "6.00"
    told = (await gateway.http.get("/v1/forecast/changes", params={"period": "FY2018"})).json()
    assert (told["from"], told["nodes"][0]["end"]["booked"]) == ("2017-03-31T23:59:59Z", "34.00")
    uneven_year = {"start_month": 2, "named_by": "start"}
    await _refused_while_something_is_said(gateway, uneven_year)
    await gateway.http.put("/v1/workspace", json={"fiscal_year": uneven_year | {"confirm": True}})
    uneven = await total(gateway, "")
    assert (uneven["period"], uneven["start_date"], uneven["booked"], uneven["mean"]) == (
        "2017-Q3", "2017-08-01", "34.00", None,
    )  # fmt: skip
    assert gateway.gateway.workspace.fiscal_editions == 1
    dates = {"start_date": "2017-08-01", "end_date": "2017-10-31", "model_generation": 1}
    for node in ("company", "owner:ann"):
        moved = rollup(node, "2017-08/2017-10", 500, 10)
        await gateway.gateway.store.save_rollups([StoredRollup(node, moved.period, "USD", {**moved.body, **dates})])
    told = await total(gateway, "2017-Q3")
    assert [told[name] for name in ("mean", "p50", "stale")] == ["39.00", "39.00", False]
    await gateway.gateway.workspace.load()
    assert gateway.gateway.workspace.fiscal_year == {"start_month": 2, "named_by": "start"}
    wrong: Any
    for wrong in ({"start_month": 13}, {"start_month": True}, {"named_by": "x"}, [], {"x": 1}):
        refused = await gateway.http.put("/v1/workspace", json={"fiscal_year": wrong})
        assert (refused.status_code, refused.json()["field"]) == (400, "fiscal_year")


async def _refused_while_something_is_said(gateway: RunningGateway, year: dict[str, Any]) -> None:
    """A fiscal year under which a submission and a quota would be of other days is refused, saying which."""
    quota = {"node": "company", "period": "FY2018", "amount": usd("9")}
    assert (await gateway.http.put("/v1/quotas", json=quota)).status_code == 201
    monthly = {"node": "company", "period": "2017-11", "amount": usd("9")}
    assert (await gateway.http.put("/v1/quotas", json=monthly)).status_code == 201
    refused = await gateway.http.put("/v1/workspace", json={"fiscal_year": year})
    told = refused.json()
    assert (refused.status_code, told["field"]) == (409, "fiscal_year")
    assert "1 quotas and 1 submissions and adjustments" in told["detail"]
    assert "2018-Q3 (1): now 2017-10-01 to 2017-12-31, then 2018-08-01 to 2018-10-31" in told["detail"]
    assert "FY2018 (1): now 2017-04-01 to 2018-03-31, then 2018-02-01 to 2019-01-31" in told["detail"]
    assert gateway.gateway.workspace.fiscal_year == {"start_month": 4, "named_by": "end"}, "nothing is changed"
    same = {"fiscal_year": {"start_month": 4, "named_by": "end"}}
    assert (await gateway.http.put("/v1/workspace", json=same)).status_code == 200, "nothing moves"
    odd = await gateway.http.put("/v1/workspace", json={"fiscal_year": year | {"confirm": "yes"}})
    assert odd.json()["field"] == "fiscal_year.confirm"
    for period in ("FY2018", "2017-11"):
        await gateway.http.delete("/v1/quotas", params={"node": "company", "period": period})


async def test_what_was_booked_is_what_totals_tell(gateway: RunningGateway) -> None:
    await filled(gateway)
    await gateway.lines("/v1/users:batch", [
        {"id": "mia"}, {"id": "ben", "lines": [{"manager_id": "mia"}]},
        {"id": "ann", "lines": [{"manager_id": "", "valid_to": "2017-10-01"},
                                {"manager_id": "mia", "valid_from": "2017-10-01"}]},
    ])  # fmt: skip
    won = {"outcome": "WON", "created_time": "2017-01-01T00:00:00Z", "closed_date": "2017-09-30"}
    await gateway.lines("/v1/deals:batch", [
        won | {"id": "w3", "owner_id": "ben", "amount": usd("50")}, won | {"id": "w4", "amount": usd("3")}
    ])  # fmt: skip
    main, calendar = gateway.gateway, gateway.gateway.workspace.calendar
    periods = [calendar.parse(text) for text in ("2017-Q1", "2017-Q3", "2017-09")]
    for who in (LOCAL, Principal("mia", Scope.SUBTREE, "mia"), Principal("ben", Scope.OWN, "ben")):
        told: dict[tuple[str, FiscalPeriod], Decimal] = {}
        for period in periods:
            rows = (await main.forecast(who, str(period), "", "USD"))["nodes"]
            told |= {(row["node"], period): Decimal(row["booked"]) for row in rows if row["booked"] is not None}
        nodes = ("company", "manager:mia", "owner:ann", "owner:ben", "owner:", "owner:gone")
        booked = {node: await booked_in(main, who, periods, node, "USD") for node in nodes}
        cents = {(node, period): each for node, of in booked.items() for period, each in of.items()}
        assert cents == {key: int(each.scaleb(2)) for key, each in told.items()}
        assert told
