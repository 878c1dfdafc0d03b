"""An erasure to its end where others bear the name, and where models hold the person: what is in doubt is decided, a
version that serves is replaced first, and then nothing holds them any more."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.privacy import app
from kit.messages import Outgoing
from kit.messaging import Publisher
from kit.models import digest
from kit.nats_server import NatsServer
from services.gateway.domain import LOCAL
from services.gateway.jobs import wall_time
from services.gateway.privacy.person import ERASED
from services.gateway.registry import Registry
from services.gateway.training_run import RegistryPlace
from tests.integration.gateway.conftest import RunningGateway, until

HONG = {"id": "contact-hong-77", "name": "홍길동", "email": "hong.gildong@acme.example"}
OTHER = {"id": "contact-other-1", "name": "홍 길동", "email": "other@bolt.example"}
NOTE = "홍길동 부장, hong.gildong@acme.example"
SCORING = "/v1/models/lead_scoring"


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway with a broker of its own, all in one data folder."""
    server = await asyncio.to_thread(NatsServer(tmp_path / "data" / "nats").start)
    running = await RunningGateway(server.url, tmp_path / "data").start()
    yield running
    if running.built is not None:
        await running.stop()
    await asyncio.to_thread(server.stop)


def packed(text: str) -> bytes:
    """An artifact with a word among its levels."""
    target, data = io.BytesIO(), f'{{"levels": ["{text}"]}}'.encode()
    with tarfile.open(fileobj=target, mode="w:") as tar:
        entry = tarfile.TarInfo("columns.json")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    return target.getvalue()


async def registered(own: RunningGateway, text: str) -> str:
    """A version of lead scoring, registered and serving as after a training."""
    assert own.built is not None
    place, data = RegistryPlace.of(own.settings), packed(text)
    registry = Registry(place.uri, place.artifacts)
    version = await asyncio.to_thread(registry.register, "lead_scoring", data, digest(data), {"auc": 0.7}, {"seed": 0})
    row = {"version": version, "digest": digest(data), "created_time": wall_time(), "evaluation": {"auc": 0.7}}
    await own.built.models.add("lead_scoring", row | {"size": len(data), "parameters": {}})
    await own.built.models.promote("lead_scoring", version, "a test", data)
    return version


async def planted(own: RunningGateway) -> None:
    """Two of one name, notes that name one of them, and one about each; an answer that names one."""
    for one in (HONG, OTHER):
        assert (await own.http.put(f"/v1/contacts/{one['id']}", json=one)).status_code == 201
    notes = [
        {"id": f"a{number}", "type": "note", "direction": "internal", "time": "2017-09-01T00:00:00Z", "text": text,
         "contact_id": contact}
        for number, (text, contact) in enumerate((
            (NOTE, ""), ("홍길동 과장은 다른 분", ""), ("본인 통화", HONG["id"]),
            ("홍길동 과장 통화", OTHER["id"]),
        ))
    ]  # fmt: skip
    roles = [{"contact_id": HONG["id"]}, {"contact_id": OTHER["id"]}]
    assert (await own.http.put("/v1/deals/d1", json={"contacts": roles, "activities": notes})).status_code == 201
    assert own.nc is not None
    await Publisher(own.nc).publish([Outgoing("FEEDBACK.actions.d1", f"reason: {HONG['name']}".encode())])


async def erasure_in(own: RunningGateway, erasure: str, *states: str) -> dict[str, Any] | None:
    told: dict[str, Any] = (await own.http.get(f"/v1/privacy/erasures/{erasure}")).json()
    return told if told["state"] in states else None


async def said(own: RunningGateway, *words: str, code: int = 0) -> str:
    done = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--url", str(own.http.base_url)])
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.timeout(400)
async def test_an_erasure_ends_whole(own: RunningGateway) -> None:
    await planted(own)
    old, serving = await registered(own, f"old {HONG['email']}"), await registered(own, HONG["email"])
    begun = (await own.http.post("/v1/privacy/people:erase", json={"id": HONG["id"]})).json()["id"]
    waiting = await until(lambda: erasure_in(own, begun, "WAITING", "LEFT", "DONE"), 150, pause=0.2)
    assert waiting["state"] == "WAITING"
    assert {one["version"]: one["state"] for one in waiting["models"]} == {old: "REMOVED", serving: "SERVING"}
    assert (await own.http.get(SCORING)).json()["serving"]["version"] == serving, "it serves until another does"
    [job] = (await own.http.get("/v1/training-jobs")).json()["jobs"]
    assert (job["reason"], list(job["detail"]["services"])) == (
        "automatic: what serves holds a person who was erased", ["lead_scoring"]
    )  # fmt: skip
    back = await own.http.post(f"{SCORING}:rollback", json={"version": old, "reason": "it was better"})
    assert (back.status_code, "held a person who was erased" in back.json()["detail"]) == (409, True)

    kept = await registered(own, HONG["name"])  # which others bear
    left = await until(lambda: erasure_in(own, begun, "LEFT", "DONE"), 150, pause=0.2)
    assert (left["state"], left["left"]) == ("LEFT", [])
    states = {one["version"]: one["state"] for one in left["models"]}
    assert states == {old: "REMOVED", serving: "REMOVED", kept: "KEPT"}
    await registered(own, "nobody")
    assert HONG["name"] not in str(left), "of the person it tells nothing"
    doubts = {one["ref"].rpartition("/")[2]: one for one in left["doubts"]}
    assert doubts.keys() >= {f"contact:{OTHER['id']}", "a0", "a1", "1"}
    assert not doubts.keys() & {"a2", "a3"}, "what is somebody's by id is not in doubt"
    shown = await said(own, "doubts", begun)
    assert "홍길동 과장은 다른 분" in shown
    answer = doubts["1"]["ref"]
    assert answer.startswith("nats:FEEDBACK/")
    done = await said(own, "settle", begun, "--theirs", doubts["a0"]["ref"], "--theirs", answer, "--others", "rest")
    assert "DONE" in done
    notes = {one["id"]: one.get("text") for one in (await own.http.get("/v1/deals/d1/activities")).json()["activities"]}
    assert notes == {
        "a0": f"{ERASED} 부장, {ERASED}", "a1": "홍길동 과장은 다른 분", "a2": ERASED, "a3": "홍길동 과장 통화"
    }  # fmt: skip
    sent = {"id": "a0", "type": "note", "direction": "internal", "time": "2017-09-01T00:00:00Z", "text": NOTE}
    await own.http.put("/v1/deals/d1", json={"activities": [sent]})
    after = (await own.http.get("/v1/deals/d1/activities")).json()["activities"]
    assert {one["id"]: one.get("text") for one in after} == notes, "the same text comes in as it was settled"
    ended = await erasure_in(own, begun, "DONE")
    assert ended is not None
    assert (ended["doubts"], ended["left"], ended["theirs"]) == ([], [], 2)
    again = await own.http.post(f"/v1/privacy/erasures/{begun}:settle", json={"others": ["rest"]})
    assert again.status_code == 409
    await own.stop()
    raw = await asyncio.to_thread(_raw, own.settings.data_dir)
    assert [mark for mark in (HONG["id"], HONG["email"]) if mark.encode() in raw] == []
    assert OTHER["email"].encode() in raw


def _raw(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


@pytest.mark.timeout(120)
async def test_another_record_of_the_same_person_goes_along(own: RunningGateway) -> None:
    """Decided beforehand that the twin is theirs, nothing is in doubt, and the name is gone everywhere."""
    await planted(own)
    told = await said(own, "where", HONG["id"])
    assert f"contact:{OTHER['id']}" in told
    assert "bears the same name" in told
    wrong = await own.http.post("/v1/privacy/people:erase", json={"id": HONG["id"], "theirs": ["contact:nobody"]})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "theirs")
    twin = f"contact:{OTHER['id']}"
    assert "DONE" in await said(own, "erase", HONG["id"], "--yes", "--theirs", twin)
    assert (await own.http.get("/v1/contacts")).json()["contacts"] == []
    assert (await own.http.post("/v1/privacy/people:where", json={"id": OTHER["id"]})).status_code == 404
    await own.stop()
    raw = await asyncio.to_thread(_raw, own.settings.data_dir)
    marks = (HONG["id"], HONG["email"], HONG["name"], OTHER["id"], OTHER["email"], OTHER["name"])
    assert [mark for mark in marks if mark.encode() in raw] == []


@pytest.mark.timeout(120)
async def test_of_two_whose_ids_hold_the_name_both_are_erased_one_after_the_other(own: RunningGateway) -> None:
    """Whether what names the other was decided in the first erasure, or waits to be."""
    ids = [f"{account} {HONG['name']}" for account in ("한빛상사", "누리병원", "대한물산")]
    for number, identity in enumerate(ids):
        body = {"name": HONG["name"], "email": f"hong{number}@acme.example"}
        assert (await own.http.put(f"/v1/contacts/{identity}", json=body)).status_code == 201
    note = {"id": "a1", "type": "note", "direction": "internal", "time": "2017-09-01T00:00:00Z", "text": "홍길동 통화"}
    await own.http.put("/v1/deals/d1", json={"contacts": [{"contact_id": one} for one in ids], "activities": [note]})
    left = await said(own, "erase", ids[0], "--yes", code=1)
    assert f"contacts:{ids[0]}" not in left
    begun = left.split()[1]
    assert "DONE" in await said(own, "settle", begun, "--others", "rest")
    assert "LEFT" in await said(own, "erase", ids[1], "--yes", code=1)
    assert own.built is not None
    store = own.gateway.store
    kept = {one.state: one for one in await store.erasures(LOCAL)}
    assert HONG["name"] not in str([kept["DONE"].theirs, kept["DONE"].others])
    assert kept["DONE"].others, "that something was decided is kept"
    assert "DONE" in await said(own, "erase", ids[2], "--yes")
    assert [(one.state, one.person, one.doubts) for one in await store.erasures(LOCAL)] == [("DONE", None, [])] * 3
    await own.stop()
    raw = await asyncio.to_thread(_raw, own.settings.data_dir)
    assert HONG["name"].encode() not in raw


async def test_an_export_is_written_where_it_can_be(own: RunningGateway, tmp_path: Path) -> None:
    from kit.errors import InvalidInput

    await planted(own)
    for target, words in (("x.pdf", "such files are not written"), ("none/x.json", "there is no such folder")):
        asked = ["export", HONG["id"], "--out", str(tmp_path / target), "--url", str(own.http.base_url)]
        done = await asyncio.to_thread(CliRunner().invoke, app, asked)
        assert isinstance(done.exception, InvalidInput)
        assert words in str(done.exception)
        assert not (tmp_path / target).exists()
    assert "rows in" in await said(own, "export", HONG["id"], "--out", str(tmp_path / "x.XLSX"))
    assert (tmp_path / "x.XLSX").read_bytes()[:2] == b"PK"
