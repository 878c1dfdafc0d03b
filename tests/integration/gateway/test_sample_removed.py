"""The sample company taken out whole: records, models, messages and totals; what people made stays, own data comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.messaging import read_streams
from kit.models import ModelShelf, Pointer
from kit.nats_server import NatsServer
from services.gateway.access.members import Member, Role
from services.gateway.domain import LOCAL
from services.gateway.rest.schemas_operations import Sample
from services.gateway.store import open_store
from services.gateway.workspace import SAMPLE_REMOVED, SERVICES
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.real_services import all_services
from tests.live_events import events_after

ADDRESS = "/v1/workspace/sample"
CREATED = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
async def services(nats_server: NatsServer, nats: NATS) -> AsyncIterator[None]:
    async with all_services(nats_server.url):
        yield


async def fill(gateway: RunningGateway, owner: str, *deals: str) -> None:
    await gateway.lines("/v1/users:batch", [{"id": owner, "name": owner}])
    await gateway.lines("/v1/accounts:batch", [{"id": "a1", "name": "Acme"}])
    rows = [
        {"id": one, "name": one, "owner_id": owner, "account_id": "a1", "stage": "Offer", "close_date": "2026-12-20",
         "created_time": "2026-11-01T09:00:00Z", "amount": {"currency": "KRW", "value": "1000000"}}
        for one in deals
    ]  # fmt: skip
    results = await gateway.lines("/v1/deals:batch", rows)
    assert [one["status"] for one in results] == ["created"] * len(deals), results


async def load_sample(gateway: RunningGateway) -> None:
    """As its history does: made-up records on a pinned day, then models."""
    workspace = gateway.gateway.workspace
    await workspace.keep_apart(sample=True)
    await workspace.move_forward("2026-11-20")
    await workspace.set_currency("KRW")
    await fill(gateway, "rep", "s1", "s2", "s3")
    await until(lambda: open_deals(gateway, 3))


async def open_deals(gateway: RunningGateway, wanted: int) -> bool:
    """Whether the company's total is of so many deals, each with its suggestions."""
    found = await gateway.http.get("/v1/forecast", params={"period": "2026-Q4"})
    whole = next(iter(found.json().get("nodes", ())), {"open_deals": 0})
    counts = (await gateway.http.get("/v1/workspace")).json()["counts"]
    return bool(whole["open_deals"] == wanted and counts["insights"] == 3 * wanted)


async def messages(nats: NATS) -> dict[str, int]:
    """What the streams hold."""
    js = nats.jetstream()
    names = [entry["name"] for entry in read_streams()["streams"]]
    return {name: count for name in names if (count := (await js.stream_info(name)).state.messages)}


async def cleared(gateway: RunningGateway) -> dict[str, Any]:
    """Once everything is."""
    return await until(lambda: _cleared(gateway))  # type: ignore[no-any-return]


async def _cleared(gateway: RunningGateway) -> dict[str, Any]:
    found: dict[str, Any] = (await gateway.http.get(ADDRESS)).json()
    Sample.model_validate(found)
    return {} if found["clearing"] else found


@pytest.mark.usefixtures("services")
async def test_the_sample_goes_whole_and_own_records_come(gateway: RunningGateway, nats: NATS) -> None:
    await load_sample(gateway)
    store, folder, shelf = gateway.gateway.store, gateway.settings.data_dir, ModelShelf(nats)
    for path in (folder / "sample" / "truth", folder / "models" / "artifacts"):
        path.mkdir(parents=True)
        (path / "file").write_text("made up")
    await store.save_member(Member("m1", "ann@example.com", "Ann", Role.REP, "rep", created=CREATED))
    await store.save_member(Member("persona-rep", "persona-rep", "rep", Role.REP, "rep", created=CREATED))
    await gateway.gateway.workspace.set_grade_bounds({"A": 0.8, "B": 0.5, "C": 0.2})
    digest = await shelf.put(b"learned from what is made up")
    await gateway.models.add("lead_scoring", {"version": "1", "digest": digest, "evaluation": {}})
    await gateway.models.promote("lead_scoring", "1", "first")
    refused = await gateway.http.post("/v1/imports", json={"source": "own"})
    assert (refused.status_code, "settings page" in refused.json()["mend"]) == (409, True)
    goes = (await gateway.http.get(ADDRESS)).json()["goes"]
    assert (goes["deals"], goes["accounts"], goes["users"]) == (3, 1, 1)
    before = await store.last_event_id()

    removed = (await gateway.http.delete(ADDRESS)).json()
    assert (removed["sample"], removed["goes"], removed["removed"]["counts"]) == (False, {}, goes)
    assert (await gateway.http.get("/v1/deals")).json()["deals"] == []
    assert (await gateway.done())[-1] == ("SAMPLE_REMOVED", "")
    told = [one.kind for one in await events_after(store, LOCAL, before, 100)]
    assert told[0] == "workspace", "open pages read all of it again"
    await cleared(gateway)
    assert await messages(nats) == {}
    assert not await shelf.has(digest)
    assert [await shelf.pointer(one) for one in SERVICES] == [Pointer("prior", each, "") for each in (2, 1, 1)]
    assert not (folder / "sample").exists()
    assert not (folder / "models").exists()
    await _what_people_made_stays(gateway)
    await _own_records_come(gateway)


async def _what_people_made_stays(gateway: RunningGateway) -> None:
    about = (await gateway.http.get("/v1/workspace")).json()
    assert (about["sample"], about["clock"]["pinned"], about["currency"]) == (False, False, "USD")
    assert about["grade_bounds"]["A"] == 0.8
    assert all(one["generation"] == 0 for one in about["models"].values())
    assert [(one.id, one.user_id) for one in await gateway.gateway.store.list_members()] == [("m1", "")]
    entry = (await gateway.http.get("/v1/model-audit")).json()["entries"][0]
    assert (entry["act"], entry["who"], entry["figures"]["counts"]["deals"]) == ("SAMPLE_REMOVED", "local", 3)
    assert (await gateway.http.delete(ADDRESS)).status_code == 409


async def _own_records_come(gateway: RunningGateway) -> None:
    """Totals are of them alone: nothing that the sample left in the services comes back."""
    opened = await gateway.http.post("/v1/imports", json={"source": "own", "as_of": "2026-11-21", "currency": "KRW"})
    assert opened.status_code == 201, opened.text
    await fill(gateway, "me", "s1")
    await until(lambda: open_deals(gateway, 1))
    nodes = (await gateway.http.get("/v1/forecast", params={"period": "2026-Q4"})).json()["nodes"]
    assert [one["node"] for one in nodes if one["level"] == "owner"] == ["owner:me"]


async def test_own_records_are_never_taken_for_the_sample(gateway: RunningGateway) -> None:
    await gateway.gateway.workspace.keep_apart(sample=False)
    await fill(gateway, "me", "d1", "d2")
    refused = await gateway.http.delete(ADDRESS)
    assert (refused.status_code, refused.json()["field"]) == (409, "sample")
    assert (await gateway.http.get(ADDRESS)).json()["goes"] == {}
    assert len((await gateway.http.get("/v1/deals")).json()["deals"]) == 2


async def test_what_was_left_is_cleared_after_a_restart(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    store = await open_store(f"sqlite:///{tmp_path / 'data' / 'gateway.db'}")
    removed = {"time": "2026-11-22T10:00:00.000Z", "who": "local", "counts": {"deals": 1}}
    await store.put_setting(SAMPLE_REMOVED, {**removed, "clearing": True})
    await store.close()
    await nats.jetstream().publish("DEALS.changed.s1", b"on its way when the gateway ended")
    gateway = await RunningGateway(nats_server.url, tmp_path / "data").start()
    early = await gateway.http.post("/v1/imports", json={"source": "own"})
    assert (early.status_code, early.json()["field"]) == (409, "sample")
    assert (await cleared(gateway))["removed"] == removed
    assert await messages(nats) == {}
    assert (await gateway.http.post("/v1/imports", json={"source": "own"})).status_code == 201
    await gateway.stop()
