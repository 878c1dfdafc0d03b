"""Training as a job: real services' training, real MLflow, real object store."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.models import ModelShelf, unpack
from kit.nats_server import NatsServer
from services.gateway.jobs import Jobs
from services.gateway.registry import numbers
from services.gateway.store import Store, open_store
from services.gateway.training_job import last_line, progress_lines
from tests.integration.gateway.conftest import RunningGateway, until

SERVICES = ("lead_scoring", "forecast", "next_best_action")
DEALS = 60


def rows() -> list[dict[str, Any]]:
    """Closed deals over a year, won more often in the east, and some open ones."""
    chance = random.Random(7)
    made: list[dict[str, Any]] = []
    for n in range(DEALS):
        east, month = n % 2 == 0, 1 + n % 8
        outcome = "WON" if chance.random() < (0.8 if east else 0.3) else "LOST"
        row = {
            "id": f"d{n}", "stage": "Engaging", "owner_id": "u1", "created_time": f"2017-0{month}-05T00:00:00Z",
            "amount": {"currency": "USD", "value": f"{100 + n}"},
            "fields": {"side": "east" if east else "west", "number": f"CRM-{n}"},
        }  # fmt: skip
        if n % 6:
            row |= {"outcome": outcome, "closed_date": f"2017-0{month + 1}-{10 + n % 15}"}
        made.append(row)
    return made


async def last_job(gateway: RunningGateway, *states: str) -> dict[str, Any] | None:
    jobs = (await gateway.http.get("/v1/training-jobs")).json()["jobs"]
    return jobs[0] if jobs and jobs[0]["state"] in states else None


async def with_deals(nats_server: NatsServer, tmp_path: Path) -> RunningGateway:
    """A running gateway on a pinned day, with deals to learn from."""
    gateway = await RunningGateway(nats_server.url, tmp_path / "data").start()
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    await gateway.lines("/v1/users:batch", [{"id": "u1", "name": "Kim"}])
    await gateway.lines("/v1/deals:batch", rows())
    return gateway


@pytest.mark.timeout(600)
async def test_models_train_by_themselves_and_outlive_the_broker(
    nats: NATS, nats_server: NatsServer, tmp_path: Path
) -> None:
    gateway = await RunningGateway(nats_server.url, tmp_path / "data", auto_train=True, quiet_seconds=0.5).start()
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    await gateway.http.put("/v1/workspace", json={"training_columns": {"drop": ["fields.side", "nowhere"]}})
    opened = (await gateway.http.post("/v1/imports", json={"source": "test"})).json()
    await gateway.lines("/v1/users:batch", [{"id": "u1", "name": "Kim"}])
    results = await gateway.lines("/v1/deals:batch", rows())
    assert {line["status"] for line in results} == {"created"}, results
    assert (await gateway.http.get("/v1/training-jobs")).json()["jobs"] == [], "an import under way is waited for"
    await gateway.http.post(f"/v1/imports/{opened['id']}:finish", json={"counts": {"deals": {"created": DEALS}}})
    job = await until(lambda: last_job(gateway, "SUCCEEDED", "FAILED"), 240, pause=0.5)
    assert job["state"] == "SUCCEEDED", job
    assert job["reason"] == "automatic"
    shelf = ModelShelf(nats)
    for service in SERVICES:
        about = (await gateway.http.get(f"/v1/models/{service}")).json()
        assert about["serving"]["version"] == about["versions"][0]["version"] == "1"
        assert about["versions"][0]["evaluation"]
        pointer = await shelf.pointer(service)
        assert pointer is not None
        assert (pointer.version, pointer.generation) == ("1", 1)
        if service == "lead_scoring":
            evaluation = about["versions"][0]["evaluation"]
            found = {"kept": [], "left_out": ["fields.side"], "unknown": ["nowhere"]}
            assert evaluation["overrules"] == found, "decisions hold in automatic training"
            assert "fields.side" not in evaluation["columns"]
            assert "fields.number" in [one["column"] for one in evaluation["dropped"]]
        (tmp_path / service).mkdir()
        unpack(await shelf.get(pointer.digest), tmp_path / service)
    js = nats.jetstream()
    await js.delete_object_store("artifacts")
    await until(lambda: shelved(shelf, about["serving"]["digest"]), 120)
    await cancelling(gateway)
    await alone_as_together(gateway)
    await interrupted(gateway)
    await columns_are_remembered(gateway)
    await gateway.stop()


async def trained(gateway: RunningGateway, *services: str) -> dict[str, Any]:
    """A training of these services, to its end."""
    started = await gateway.http.post("/v1/training-jobs", json={"services": services})
    assert started.status_code == 202, started.text
    return dict(await until(lambda: last_job(gateway, "SUCCEEDED", "FAILED"), 240, pause=0.5))


async def interrupted(gateway: RunningGateway) -> None:
    """A training that the gateway's end interrupted begins again, once, as it was asked for."""
    before_it = (await gateway.http.get("/v1/training-jobs")).json()["jobs"]
    asked = {"services": ["lead_scoring"], "seed": 5, "keep": ["fields.number"], "drop": ["stage"]}
    first = (await gateway.http.post("/v1/training-jobs", json=asked)).json()["id"]
    await until(lambda: at_work(gateway, first))
    await gateway.stop()
    await gateway.start()
    again, before, *others = (await gateway.http.get("/v1/training-jobs")).json()["jobs"]
    assert [job["id"] for job in others] == [job["id"] for job in before_it]
    assert before["id"] == first
    assert (before["state"], before["detail"]["services"]["lead_scoring"]["state"]) == ("FAILED", "FAILED")
    assert again["id"] in before["error"]
    assert (again["state"], again["reason"], again["detail"]["seed"]) == ("RUNNING", "requested", 5)
    job = await until(lambda: last_job(gateway, "SUCCEEDED", "FAILED"), 240, pause=0.5)
    assert (job["id"], job["state"]) == (again["id"], "SUCCEEDED"), job
    await gateway.stop()
    await gateway.start()
    jobs = (await gateway.http.get("/v1/training-jobs")).json()["jobs"]
    assert [job["id"] for job in jobs[:2]] == [again["id"], first]
    assert len(jobs) == len(before_it) + 2


async def columns_are_remembered(gateway: RunningGateway) -> None:
    """What a training was told to keep and to leave out was added to what was decided before it."""
    newest = (await gateway.http.get("/v1/models/lead_scoring")).json()["versions"][0]
    seen = newest["evaluation"]
    assert "fields.number" not in [one["column"] for one in seen["dropped"]]
    assert [one["column"] for one in seen["overrules"]["kept"]] == ["fields.number"]
    assert seen["overrules"]["left_out"] == ["fields.side", "stage"], "an earlier decision is not forgotten"
    assert "fields.number" in seen["columns"]
    workspace = (await gateway.http.get("/v1/workspace")).json()
    assert workspace["training_columns"] == {"keep": ["fields.number"], "drop": ["fields.side", "nowhere", "stage"]}
    workspace = (await gateway.http.put("/v1/workspace", json={"training_columns": {"drop": ["stage"]}})).json()
    assert workspace["training_columns"] == {"keep": [], "drop": ["stage"]}, "a setting takes the place of the earlier"


async def digests(gateway: RunningGateway) -> dict[str, list[str]]:
    """Of every version of every service, newest first."""
    about = {service: (await gateway.http.get(f"/v1/models/{service}")).json() for service in SERVICES}
    return {service: [version["digest"] for version in each["versions"]] for service, each in about.items()}


async def test_what_learns_from_lead_scores_is_not_trained_without_any(
    nats: NATS, nats_server: NatsServer, tmp_path: Path
) -> None:
    gateway = await with_deals(nats_server, tmp_path)
    job = await trained(gateway, "forecast", "next_best_action")
    assert job["state"] == "FAILED"
    for service in ("forecast", "next_best_action"):
        assert f"{service} learns from lead scores, and there are none yet" in job["error"]
    assert "Train lead_scoring" in job["error"]
    assert await digests(gateway) == {service: [] for service in SERVICES}
    await gateway.stop()


async def alone_as_together(gateway: RunningGateway) -> None:
    """What learns from lead scores is trained alone on those of the version that serves: the same comes out."""
    together = await digests(gateway)
    job = await trained(gateway, "forecast", "next_best_action")
    assert job["state"] == "SUCCEEDED", job
    for service, (alone, *before) in (await digests(gateway)).items():
        assert [alone, *before] == together[service] * (1 if service == "lead_scoring" else 2)


async def shelved(shelf: ModelShelf, digest: str) -> bool:
    try:
        return await shelf.has(digest)
    except Exception:
        return False


async def cancelling(gateway: RunningGateway) -> None:
    """A second job waits while one runs, once; a cancelled one leaves no process. The page shows it at work."""
    started = await gateway.http.post("/v1/training-jobs", json={"services": ["lead_scoring"], "seed": 3})
    assert started.status_code == 202
    waiting = await gateway.http.post("/v1/training-jobs")
    assert (waiting.status_code, waiting.json()["state"]) == (202, "QUEUED"), waiting.text
    assert (await gateway.http.post("/v1/training-jobs")).status_code == 409, "the same training waits already"
    gone = await gateway.http.post(f"/v1/training-jobs/{waiting.json()['id']}:cancel")
    assert gone.json()["state"] == "CANCELLED"
    job = started.json()["id"]
    await until(lambda: at_work(gateway, job))
    assert "<progress" in (await gateway.http.get("/models?lang=en&part=jobs")).text
    assert (await gateway.http.post("/models/cancel", data={"job": job})).status_code == 303
    assert (await gateway.http.get(f"/v1/training-jobs/{job}")).json()["state"] == "CANCELLED"
    assert (await gateway.http.post(f"/v1/training-jobs/{job}:cancel")).status_code == 409
    about = (await gateway.http.get("/v1/models/lead_scoring")).json()
    assert about["serving"]["generation"] == 1


async def at_work(gateway: RunningGateway, job: str) -> bool:
    return bool((await gateway.http.get(f"/v1/training-jobs/{job}")).json()["stage"].startswith("lead_scoring"))


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[Store]:
    """Where jobs are kept."""
    store = await open_store(f"sqlite:///{tmp_path / 'jobs.db'}")
    yield store
    await store.close()


async def test_a_job_that_the_gateway_left_unfinished_has_failed(settings: Store) -> None:
    jobs = Jobs(settings, "training")
    first = await jobs.start("requested")
    await jobs.finish(first, "SUCCEEDED")
    second = await jobs.start("requested")
    assert jobs.running is second
    again = Jobs(settings, "training")
    await again.load()
    assert [one.id for one in again.interrupted] == [second.id]
    assert [(job.state, bool(job.error)) for job in again.all()] == [("FAILED", True), ("SUCCEEDED", False)]
    assert again.running is None
    third = Jobs(settings, "training")
    await third.load()
    assert not third.interrupted, "what has failed is not begun again at every start"


async def test_with_a_job_end_its_parts(settings: Store) -> None:
    jobs = Jobs(settings, "training")
    parts = {"lead_scoring": {"state": "SUCCEEDED"}, "forecast": {"state": "RUNNING"}, "other": {"state": "QUEUED"}}
    job = await jobs.start("requested", services=parts)
    await jobs.finish(job, "FAILED", "it ended early")
    assert [part["state"] for part in job.detail["services"].values()] == ["SUCCEEDED", "FAILED", "FAILED"]


def test_what_a_training_prints_is_read_with_care(tmp_path: Path) -> None:
    lines = [b"hello\n", b'{"stage": "fit", "progress": 0.5, "x": 1}\n', b"[1]\n", b"\xff\n"]
    assert list(progress_lines(lines)) == [{"stage": "fit", "progress": 0.5}]
    said = tmp_path / "stderr"
    said.write_text("Traceback (most recent call last):\n  File x\nValueError: no outcomes\n\n")
    assert last_line(said) == "ValueError: no outcomes"
    assert numbers({"auc": 0.7, "ok": True, "by": {"a b": 1}, "nan": float("nan")}) == {"auc": 0.7, "by.a_b": 1.0}
