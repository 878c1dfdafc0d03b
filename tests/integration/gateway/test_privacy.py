"""A person planted in every store of a running system is found there, and after an erasure nowhere, store by store."""

from __future__ import annotations

import asyncio
import contextlib
import io
import tarfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from cli.privacy import app
from dealcast.events.v1 import events_pb2
from kit.messages import Outgoing
from kit.messaging import Publisher
from kit.nats_server import NatsServer
from kit.subjects import DEAD, subject
from learning.history import read_history
from services.gateway.domain import LOCAL
from services.gateway.jobs import Job
from services.gateway.privacy.files import find_in_files
from services.gateway.privacy.person import ERASED, Person
from services.gateway.privacy.records import Erasure
from services.gateway.privacy.retention import Retention
from services.gateway.training_run import TrainingRun
from tests.integration.gateway.conftest import RunningGateway, until

HONG = {
    "id": "contact-hong-77", "name": "홍길동", "account_id": "acme", "title": "구매팀장",
    "email": "hong.gildong@acme.example", "phone": "010-1234-5678",
}  # fmt: skip
MARKS = (HONG["id"], "hong.gildong", "길동", "010-1234-5678", "01012345678")


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway with a broker of its own, all in one data folder. The store's suite erases from PostgreSQL too."""
    server = await asyncio.to_thread(NatsServer(tmp_path / "data" / "nats").start)
    running = await RunningGateway(server.url, tmp_path / "data").start()
    yield running
    if running.built is not None:
        with contextlib.suppress(TimeoutError):
            await running.stop()
    await asyncio.to_thread(server.stop)


async def planted(own: RunningGateway) -> None:
    """Records with the person, several revisions of them in the streams, letters, and files of each kind."""
    await own.http.put("/v1/users/ann", json={"name": "Ann"})
    await own.http.put("/v1/accounts/acme", json={"name": "Acme"})
    assert (await own.http.put(f"/v1/contacts/{HONG['id']}", json=HONG)).status_code == 201
    note = {"id": "a1", "type": "note", "direction": "internal", "time": "2017-09-01T00:00:00Z",
            "text": "홍길동 부장, 010 1234 5678"}  # fmt: skip
    for stage in ("New", "Offer", "Contract"):  # each replaces the message before
        deal = {"owner_id": "ann", "stage": stage, "contacts": [{"contact_id": HONG["id"], "role": "decides"}]}
        answer = await own.http.put("/v1/deals/d1", json=deal | {"activities": [note]})
        assert answer.status_code in (200, 201), answer.text
        await until(lambda: _drained(own))
    nc = own.nc
    assert nc is not None
    letter, other = (
        events_pb2.DeadLetter(stream="DEALS", subject="DEALS.changed.d1", data=text.encode()).SerializeToString()
        for text in (HONG["email"], "nothing of anybody")
    )
    answers = await Publisher(nc).publish([
        Outgoing(subject(DEAD, "lead_scoring", "d1"), letter),
        Outgoing(subject(DEAD, "lead_scoring", "d2"), other),
        Outgoing("FEEDBACK.actions.d1", f"reason: {HONG['name']}".encode()),
        Outgoing("INSIGHTS.lead_score.d1", f"an event with {HONG['name']}".encode()),
    ])  # fmt: skip
    assert answers == [None] * 4
    scratch = own.settings.data_dir / "tmp"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:") as tar:
        entry = tarfile.TarInfo("columns.json")
        text = b'{"levels": ["\\ud64d\\uae38\\ub3d9"]}'
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    await asyncio.to_thread(scratch.mkdir, exist_ok=True)
    await asyncio.to_thread((scratch / "model.tar").write_bytes, packed.getvalue())
    # What a model keeps of past deals: vectors, in which there are no words, and the deals' ids.
    ids = np.array(["d1", f"{HONG['name']} 설비"])
    await asyncio.to_thread(np.savez_compressed, scratch / "similar.npz", ids=ids, text=np.zeros((2, 8), np.int8))


async def _holds(read: Any, *wanted: tuple[str, str]) -> bool:
    found: set[tuple[str, str]] = await read()
    return set(wanted) <= found


async def _drained(own: RunningGateway) -> bool:
    return not await own.gateway.store.take_outbox(1)


async def asked(own: RunningGateway, act: str, **more: Any) -> httpx.Response:
    return await own.http.post(f"/v1/privacy/people:{act}", json={"id": HONG["id"]} | more)


async def test_a_person_in_every_store_is_found_and_after_an_erasure_nowhere(own: RunningGateway) -> None:
    await planted(own)
    [found] = (await own.http.post("/v1/privacy/people:find", json={"text": "1234-5678"})).json()["people"]
    assert found["id"] == HONG["id"]
    before = (await asked(own, "where")).json()
    places = {(one["store"], one["place"]) for one in before["found"]}
    assert places >= {
        ("database", "contacts"), ("database", "changes.value"), ("database", "activities.text"), ("nats", "DEALS"),
        ("nats", "INSIGHTS"), ("nats", "DEAD"), ("nats", "FEEDBACK"), ("files", "tmp/model.tar"),
        ("files", "tmp/similar.npz"),
    }  # fmt: skip
    assert any(place.endswith(".blk") for store, place in places if store == "nats")
    export = (await asked(own, "export")).json()
    assert export["tables"]["contacts"][0]["email"] == HONG["email"]
    sheet = (await asked(own, "export", format="xlsx")).content
    assert sheet[:2] == b"PK"

    assert (await own.http.get("/v1/deals/d1")).status_code == 200
    assert (await own.http.get("/v1/health/junk_contacts")).status_code == 200

    async def read() -> set[tuple[str, str]]:
        return {(one["kind"], one["record"]) for one in (await own.http.get("/v1/privacy/access")).json()["access"]}

    await until(lambda: _holds(read, ("deal", "d1"), ("contact", HONG["id"]), ("finding", "junk_contacts")), pause=0.2)

    begun = await asked(own, "erase")
    assert begun.status_code == 202
    address = f"/v1/privacy/erasures/{begun.json()['id']}"
    assert (await own.done())[-1] == ("PERSON_ERASED", begun.json()["id"])

    async def ended() -> Any:
        told = (await own.http.get(address)).json()
        return told if told["state"] != "RUNNING" else None

    told = await until(ended, pause=0.2)
    assert (told["state"], told["left"]) == ("DONE", [])
    assert {one["store"] for one in told["found"]} >= {"database", "nats", "files"}
    assert not any(mark in str(told) for mark in MARKS)
    assert (await asked(own, "where")).status_code == 404
    record = (await own.http.get("/v1/deals/d1")).json()
    assert record["stage"] == "Contract"
    letters = (await own.http.get("/v1/dead-letters")).json()["dead_letters"]
    assert len(letters) == 1
    again = await own.http.put(f"/v1/contacts/{HONG['id']}", json=HONG)
    assert (again.status_code, "erased" in again.text) == (400, True)
    activities = (await own.http.get("/v1/deals/d1/activities")).json()["activities"]
    assert activities[0]["text"] == f"{ERASED} 부장, {ERASED}"
    await own.stop()
    person = Person(HONG["id"], "contact", HONG["name"], HONG["email"], HONG["phone"])
    assert await asyncio.to_thread(find_in_files, own.settings.data_dir, person) == []
    raw = await asyncio.to_thread(_raw, own.settings.data_dir)
    assert [mark for mark in MARKS if mark.encode() in raw] == []
    assert b"nothing of anybody" in raw


def _raw(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


async def test_restricted_people_and_personal_fields_reach_no_service(gateway: RunningGateway) -> None:
    """Their deal goes out without them; the record keeps both; lifted, all of it goes out again."""
    await gateway.http.put("/v1/contacts/kim-07", json={"id": "kim-07", "name": "Kim Min-seo"})
    deal = {"fields": {"birthday": "1970", "size": "L"}, "contacts": [{"contact_id": "kim-07", "role": "decides"}]}
    note = {"id": "a1", "type": "call", "direction": "inbound", "time": "2017-09-01T00:00:00Z", "contact_id": "kim-07",
            "text": "she asks for a discount"}  # fmt: skip
    assert (await gateway.http.put("/v1/deals/d1", json=deal | {"activities": [note]})).status_code == 201
    assert b"kim-07" in await _last(gateway)
    marked = {"fields": [{"entity": "deal", "name": "birthday"}]}
    assert (await gateway.http.put("/v1/privacy/fields", json=marked)).status_code == 200
    restricted = await gateway.http.post("/v1/privacy/people:restrict", json={"id": "kim-07", "reason": "asked"})
    assert restricted.json()["reason"] == "asked"
    event = events_pb2.DealEvent.FromString(await until(lambda: _last(gateway, without=b"kim-07")))
    assert [one.text for one in event.activities] == [""]
    assert (len(event.deal.contacts), list(event.deal.fields)) == (0, ["size"])
    contacts = (await gateway.http.get("/v1/contacts")).json()["contacts"]
    assert [one["restricted"] for one in contacts] == [True]
    assert (await gateway.http.get("/v1/deals/d1")).json()["fields"] == {"birthday": "1970", "size": "L"}
    assert (await gateway.http.post("/v1/privacy/people:lift", json={"id": "kim-07"})).status_code == 204
    await until(lambda: _last(gateway, holding=b"discount"))


async def _last(own: RunningGateway, without: bytes = b"", holding: bytes = b"") -> bytes:
    """The deal's last message; nothing while it is not as wanted."""
    assert own.nc is not None
    await until(lambda: _drained(own))
    data = (await own.nc.jetstream().get_last_msg("DEALS", "DEALS.changed.d1")).data or b""
    return b"" if (without and without in data) or holding not in data else data


async def test_periods_are_applied_once_a_business_day(gateway: RunningGateway) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    note = {"id": "a1", "type": "note", "direction": "internal", "time": "2017-09-01T00:00:00Z", "text": "long ago"}
    await gateway.http.put("/v1/deals/d1", json={"activities": [note]})
    assert (await gateway.http.put("/v1/privacy/retention", json={"notes": 0})).status_code == 400
    set_ = (await gateway.http.put("/v1/privacy/retention", json={"notes": 30})).json()
    assert (set_["periods"]["notes"], set_["periods"]["activities"], set_["applied"]) == (30, None, None)
    assert gateway.built is not None
    keeper = next(one for one in gateway.parts.runners if one.name == "retention")
    assert isinstance(keeper, Retention)
    assert await keeper.apply() == {"notes": 0}  # 29 days old
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-02"})
    assert await keeper.apply() == {"notes": 1}
    told = (await gateway.http.get("/v1/privacy/retention")).json()["applied"]
    assert (told["day"], told["dropped"]) == ("2017-10-02", {"notes": 1})
    activities = (await gateway.http.get("/v1/deals/d1/activities")).json()["activities"]
    assert [one.get("text", "") for one in activities] == [""]
    assert gateway.nc is not None
    await Publisher(gateway.nc).publish([Outgoing(subject(DEAD, "x", "d1"), b"a letter")])
    moment = datetime.now(UTC)
    assert await keeper.streams.drop_letters(moment - timedelta(days=1)) == 0
    assert await keeper.streams.drop_letters(moment + timedelta(days=1)) == 1


async def test_the_command_does_what_the_routes_do(gateway: RunningGateway) -> None:
    await gateway.http.put(f"/v1/contacts/{HONG['id']}", json=HONG | {"account_id": ""})
    await gateway.http.put("/v1/deals/d1", json={"contacts": [{"contact_id": HONG["id"]}]})

    async def said(*words: str) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--url", str(gateway.http.base_url)])
        assert done.exit_code == 0, done.output
        return done.output

    assert HONG["id"] in await said("find", "길동")
    assert "deal_contacts" in await said("where", HONG["id"])
    await said("restrict", HONG["id"], "--reason", "asked")
    await gateway.http.put("/v1/workspace", json={"time_zone": "Asia/Seoul"})
    told = await said("restrictions")
    assert ("asked" in told, " KST  " in told) == (True, True)
    assert "RESTRICTED" in await said("find", HONG["email"])
    await said("lift", HONG["id"])
    assert "DONE" in await said("erase", HONG["id"], "--yes")
    assert "nobody" in await said("find", "길동")
    erasure = (await said("erasures")).split()[0]
    await said("readmit", erasure)
    assert (await gateway.http.put(f"/v1/contacts/{HONG['id']}", json=HONG | {"account_id": ""})).status_code == 201
    assert "730 days" in await said("retention", "--set", "notes=730")


async def test_what_was_begun_is_ended_and_the_next_training_says_so(gateway: RunningGateway, tmp_path: Path) -> None:
    """Erasures that the store holds as under way, as after the gateway's end, at either side of the last step; the
    records of the next training are without those who are erased or restricted, and count them."""
    store = gateway.gateway.store
    for one in (HONG, {"id": "kim-07", "name": "Kim Min-seo"}):
        await gateway.http.put(f"/v1/contacts/{one['id']}", json=one | {"account_id": ""})
    roles = [{"contact_id": HONG["id"]}, {"contact_id": "kim-07"}]
    await gateway.http.put("/v1/deals/d1", json={"contacts": roles, "fields": {"birthday": "1970", "size": 1}})
    await gateway.http.put("/v1/privacy/fields", json={"fields": [{"entity": "deal", "name": "birthday"}]})
    await gateway.http.post("/v1/privacy/people:restrict", json={"id": "kim-07"})
    person = await store.person(LOCAL, "contact", HONG["id"])
    await store.save_erasure(Erasure("before", "local", "contact", person=person))
    await store.save_erasure(Erasure("after", "local", "contact"))

    async def ended() -> bool:
        return {one.state for one in await store.erasures(LOCAL)} == {"DONE"}

    await until(ended, pause=0.2)
    assert await store.find_person(LOCAL, person) == []
    assert [one.person for one in await store.erasures(LOCAL)] == [None, None]
    assert gateway.built is not None
    job = Job("j", "training", detail={"services": {"lead_scoring": {}}})
    run = TrainingRun(gateway.built.trainer._parts, job)
    async with await run._history(tmp_path / "scratch") as folder:
        history = read_history(folder)
        [known] = history.deals()
    assert history.manifest.privacy == {"erased": 2, "restricted": 1, "personal_fields": 1}
    assert job.detail["privacy"] == history.manifest.privacy
    assert (known.deal.contacts, list(known.deal.fields)) == ((), ["size"])
    told = str(known.changes)
    assert (HONG["id"] in told, "kim-07" in told, "birthday" in told, ERASED in told) == (False, False, False, True)
