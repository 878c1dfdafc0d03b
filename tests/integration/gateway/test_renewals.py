"""From a contract to the suggested talk: the gateway and the three services over real NATS, on a pinned clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.errors import Unavailable
from kit.nats_server import NatsServer
from services.gateway.renewals import keeper
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.real_services import all_services

END = "2017-12-29"  # 90 days after the last of September
OWN = f"renewal-c1-{END}"
PEOPLE = [{"id": "p1", "name": "Kim", "account_id": "a1",
           "consents": [{"channel": channel, "granted": True} for channel in ("call", "mail", "visit")]}]  # fmt: skip
CONTRACT: dict[str, Any] = {
    "id": "c1", "name": "Licence", "owner_id": "u1", "account_id": "a1", "outcome": "WON", "stage": "Won",
    "created_time": "2016-11-01T09:00:00Z", "closed_date": "2016-12-20",
    "amount": {"currency": "USD", "value": "900.00"}, "contacts": [{"contact_id": "p1", "role": "decides"}],
    "fields": {"contract_end": {"date": END}},
}  # fmt: skip


@pytest.fixture
async def services(nats_server: NatsServer, nats: NATS) -> AsyncIterator[None]:
    async with all_services(nats_server.url):
        yield


async def record(gateway: RunningGateway, deal_id: str) -> dict[str, Any]:
    answer = await gateway.http.get(f"/v1/deals/{deal_id}")
    found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
    return {} if found.get("deleted") else found


async def on(gateway: RunningGateway, day: str) -> None:
    assert (await gateway.http.put("/v1/workspace/clock", json={"today": day})).status_code == 200


async def fill(gateway: RunningGateway) -> None:
    await gateway.lines("/v1/users:batch", [{"id": "u1", "name": "Ann"}])
    await gateway.lines("/v1/accounts:batch", [{"id": "a1", "name": "Samsung"}])
    await gateway.lines("/v1/contacts:batch", PEOPLE)
    [result] = await gateway.lines("/v1/deals:batch", [CONTRACT])
    assert result["status"] == "created", result


async def talks(gateway: RunningGateway, day: str) -> list[dict[str, Any]]:
    """The renewal talks suggested, once the deal's three insights are of that day."""
    found = await until(lambda: _current(gateway, day))
    return [one for one in found["next_actions"]["actions"] if one["action"] == "renewal_talk"]


async def _current(gateway: RunningGateway, day: str) -> dict[str, Any]:
    found = await record(gateway, OWN)
    parts = [found.get(kind) for kind in ("lead_score", "forecast", "next_actions")]
    return found if all(part and part["as_of"][:10] == day and not part["stale"] for part in parts) else {}


@pytest.mark.usefixtures("services")
async def test_from_a_contract_to_the_suggested_talk(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "EVERY_SECONDS", 0.05)
    await on(gateway, "2017-09-29")
    await fill(gateway)
    standing = (await gateway.http.get("/v1/renewals")).json()
    assert standing["days"] == 90
    assert [(one["deal_id"], one["standing"], one["days_left"]) for one in standing["contracts"]] == [
        ("c1", "ahead", 91)
    ]
    await on(gateway, "2017-09-30")
    await until(lambda: record(gateway, OWN))
    [talk] = await talks(gateway, "2017-09-30")
    assert talk["contact"]["id"] == "p1"
    opened = await record(gateway, OWN)
    assert (opened["motion"], opened["outcome"], opened["close_date"]) == ("RENEWAL", "OPEN", END)
    assert opened["fields"]["renews"] == "c1"
    assert 0 < opened["lead_score"]["probability"] < 1
    assert opened["forecast"]["periods"]
    called = {"id": "call-1", "deal_id": OWN, "type": "call", "direction": "outbound", "time": "2017-10-02T09:00:00Z"}
    await on(gateway, "2017-10-10")
    await gateway.lines("/v1/activities:batch", [called])
    assert await talks(gateway, "2017-10-10") == [], "somebody got in touch since 90 days before the end"
    await on(gateway, "2017-10-30")
    assert len(await talks(gateway, "2017-10-30")) == 1, "60 days before the end it is due again"
    [standing] = (await gateway.http.get("/v1/renewals")).json()["contracts"]
    assert (standing["standing"], standing["renewal_id"], standing["days_left"]) == ("open", OWN, 60)


async def test_once_over_restarts_and_imports_that_are_undone(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "EVERY_SECONDS", 0.05)
    await on(gateway, "2017-10-30")
    for kind, rows in (("users", [{"id": "u1", "name": "Ann"}]), ("accounts", [{"id": "a1", "name": "Samsung"}]),
                       ("contacts", PEOPLE)):  # fmt: skip
        await gateway.lines(f"/v1/{kind}:batch", rows)
    job = (await gateway.http.post("/v1/imports", json={"source": "test"})).json()["id"]
    await gateway.lines(f"/v1/deals:batch?import={job}", [CONTRACT])
    await gateway.http.post(f"/v1/imports/{job}:finish", json={})
    await until(lambda: record(gateway, OWN))
    await gateway.stop()
    await gateway.start()
    await gateway.lines("/v1/deals:batch", [CONTRACT])
    assert await keeper.RenewalKeeper(gateway.gateway).look() == 0
    deals = (await gateway.http.get("/v1/deals")).json()["deals"]
    assert sorted(one["id"] for one in deals) == ["c1", OWN]
    assert (await record(gateway, OWN))["revision"] == 1
    undone = await gateway.http.post(f"/v1/imports/{job}:undo", json={"discard": True})
    assert undone.status_code == 200, undone.text
    await until(lambda: _gone(gateway))
    await gateway.lines("/v1/deals:batch", [CONTRACT])
    back = await until(lambda: record(gateway, OWN))
    assert (back["outcome"], back["fields"].get("renewal_ended")) == ("OPEN", None)
    answer = await gateway.http.put("/v1/deals/c1", json={"fields": {"contract_cancelled": {"date": "2017-10-29"}}})
    assert answer.status_code == 200, answer.text
    await until(lambda: _lost(gateway))


async def _gone(gateway: RunningGateway) -> bool:
    return not (await gateway.http.get("/v1/deals")).json()["deals"]


async def _lost(gateway: RunningGateway) -> bool:
    return bool((await record(gateway, OWN)).get("outcome") == "LOST")


async def test_a_contract_of_a_single_row_is_renewed_where_open_deals_begin(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "EVERY_SECONDS", 0.05)
    await on(gateway, "2017-09-29")
    talks = [{"id": f"d{at}", "stage": "Talks"} for at in range(3)]
    await gateway.lines("/v1/deals:batch", [{"id": "d9", "stage": "Lead"}, *talks])
    await gateway.lines("/v1/deals:batch", [{"id": "d9", "stage": "Talks"}])
    await fill(gateway)
    await on(gateway, "2017-09-30")
    assert (await until(lambda: record(gateway, OWN)))["stage"] == "Lead"


async def test_how_early_is_a_setting(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "EVERY_SECONDS", 3_600.0)
    await on(gateway, "2017-08-30")
    await fill(gateway)
    for wrong in (0, 731, True, "90", 1.5):
        answer = await gateway.http.put("/v1/renewals/settings", json={"days": wrong})
        assert answer.status_code == 400, wrong
    for days, written in ((None, 0), (120, 0), (121, 1)):
        answer = await gateway.http.put("/v1/renewals/settings", json={"days": days})
        assert answer.json() == {"days": days}
        assert await keeper.RenewalKeeper(gateway.gateway).look() == written
    assert await keeper.RenewalKeeper(gateway.gateway).look() == 0
    assert (await gateway.http.get("/v1/renewals?within=x")).status_code == 400
    monkeypatch.setattr(keeper, "PAUSES", 0)
    one = keeper.RenewalKeeper(gateway.gateway)
    assert await one.look() == 0
    await gateway.lines("/v1/deals:batch", [CONTRACT | {"id": "c2"}])
    with monkeypatch.context() as away:
        away.setattr(gateway.gateway.store, "contract_deals", _away)
        with pytest.raises(Unavailable):
            await one.look()
    assert await one.look() == 1, "what was missed is made up for"


async def _away(_: Any) -> None:
    raise Unavailable("the store is away", field="store", mend="")
