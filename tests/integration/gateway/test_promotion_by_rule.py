"""A spoiled challenger waits, a killed training leaves what serves, people decide: real trainings, all on record."""

from __future__ import annotations

import os
import random
import signal
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.nats_server import NatsServer
from tests.integration.gateway.conftest import RunningGateway, until

CHAMPION, CHALLENGER = date(2017, 6, 30), date(2017, 8, 31)
DEALS = 205


def rows(today: date, spoiled: float = 0.0) -> list[dict[str, Any]]:
    """Deals as known on a day; the side tells most of the outcome. Spoiled: this share of the outcomes that the
    champion knew turned round."""
    chance, spoiling = random.Random(5), random.Random(6)
    made: list[dict[str, Any]] = []
    for n in range(DEALS):
        created = date(2017, 2, 1) + timedelta(days=n)
        closed, east = created + timedelta(days=10 + chance.randrange(20)), chance.random() < 0.5
        won = chance.random() < (0.9 if east else 0.1)
        if closed <= CHAMPION and spoiling.random() < spoiled:
            won = not won
        row = {
            "id": f"d{n}", "stage": "Engaging", "owner_id": "u1", "created_time": f"{created}T00:00:00Z",
            "amount": {"currency": "USD", "value": "100"}, "fields": {"side": "east" if east else "west"},
        }  # fmt: skip
        if closed <= today:
            row |= {"outcome": "WON" if won else "LOST", "closed_date": closed.isoformat()}
        if created <= today:
            made.append(row)
    return made


async def job_ended(gateway: RunningGateway, job: str) -> dict[str, Any] | None:
    found: dict[str, Any] = (await gateway.http.get(f"/v1/training-jobs/{job}")).json()
    return None if found["state"] in ("RUNNING", "QUEUED") else found


async def started(gateway: RunningGateway) -> str:
    answer = await gateway.http.post("/v1/training-jobs", json={"services": ["lead_scoring"]})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def trained(gateway: RunningGateway) -> dict[str, Any]:
    job = await started(gateway)
    return dict(await until(lambda: job_ended(gateway, job), 240, pause=0.5))


async def at_work(gateway: RunningGateway, job: str) -> int:
    """The group of the training's processes, once it trains."""
    stage = (await gateway.http.get(f"/v1/training-jobs/{job}")).json()["stage"]
    assert gateway.built is not None
    run = gateway.built.trainer._run_now
    return run._process.pid if stage.startswith("lead_scoring") and run and run._process else 0


async def written(gateway: RunningGateway, today: date, spoiled: float = 0.0) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": today.isoformat()})
    results = await gateway.lines("/v1/deals:batch", rows(today, spoiled))
    assert {line["status"] for line in results} <= {"created", "changed", "unchanged"}, results


@pytest.mark.timeout(300)
async def test_what_is_worse_or_killed_leaves_what_serves(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> None:
    gateway = await RunningGateway(nats_server.url, tmp_path / "data", grace_seconds=300.0, training_niceness=1).start()
    await gateway.lines("/v1/users:batch", [{"id": "u1", "name": "Kim"}])
    await written(gateway, CHAMPION)
    first = await trained(gateway)
    assert first["state"] == "SUCCEEDED", first
    champion = (await gateway.http.get("/v1/models/lead_scoring")).json()
    assert (champion["serving"]["version"], champion["serving"]["generation"]) == ("1", 1)
    assert champion["versions"][0]["decision"]["code"] == "first"

    await written(gateway, CHALLENGER, spoiled=0.5)
    doomed = await started(gateway)
    group = await until(lambda: at_work(gateway, doomed))
    assert os.getpriority(os.PRIO_PGRP, group) - os.getpriority(os.PRIO_PROCESS, 0) == 1, "it steps back as set"
    os.killpg(group, signal.SIGKILL)
    dead = await until(lambda: job_ended(gateway, doomed))
    assert (dead["state"], "killed (SIGKILL)" in dead["error"]) == ("FAILED", True), dead
    assert (await gateway.http.get("/v1/models/lead_scoring")).json()["serving"] == champion["serving"]

    second = await trained(gateway)
    assert second["state"] == "SUCCEEDED", "a killed training is in no other's way"
    assert second["detail"]["services"]["lead_scoring"]["promoted"] is False
    about = (await gateway.http.get("/v1/models/lead_scoring")).json()
    assert about["serving"] == champion["serving"], "what learned from spoiled outcomes waits"
    challenger = about["versions"][0]
    assert challenger["decision"]["code"] == "worse", challenger["decision"]
    found = challenger["evaluation"]["champion"]
    assert (found["version"], found["basis"], found["seen"]) == ("1", "unseen", 0.0)
    assert found["closed"][0] > CHAMPION.isoformat()
    await decided_by_people(gateway)
    await gateway.stop()


async def decided_by_people(gateway: RunningGateway) -> None:
    """A person promotes with a reason only, and rolls back at once; the log tells of all."""
    path = "/v1/models/lead_scoring"
    assert (await gateway.http.post(f"{path}:promote", json={"version": "2"})).status_code == 400
    said = {"version": "2", "reason": "the spoiled rows were right after all"}
    assert (await gateway.http.post(f"{path}:promote", json=said)).json()["serving"]["version"] == "2"
    again = await gateway.http.post(f"{path}:promote", json=said)
    assert (again.status_code, "serves already" in again.json()["detail"]) == (409, True)
    assert (await gateway.http.get(path)).json()["serving"]["generation"] == 2, "nothing is scored anew"
    back = await gateway.http.post(f"{path}:rollback", json={"version": "1", "reason": "they were not"})
    assert (back.json()["serving"]["version"], back.json()["serving"]["generation"]) == ("1", 3)
    assert (await gateway.http.post(f"{path}:rollback", json={"version": "1", "reason": "?"})).status_code == 409
    assert (await gateway.http.post(f"{path}:rollback", json={"reason": "pressed twice"})).status_code == 409
    for said in ({"version": "2"}, {"version": "2", "reason": " "}):
        assert (await gateway.http.post(f"{path}:rollback", json=said)).status_code == 400
    huge = {"version": "2", "reason": "x" * 100_000}
    for route in (f"{path}:promote", f"{path}:rollback"):
        assert (await gateway.http.post(route, json=huge)).status_code == 413
    assert (await gateway.http.post(f"{path}:rollback", json={"version": "9", "reason": "?"})).status_code == 404
    rules = await gateway.http.put("/v1/model-rules", json={"retraining": {"new_outcomes": None}, "reason": "by hand"})
    assert rules.json()["retraining"] == {
        "new_outcomes": None, "max_age_days": 90, "drift": True, "input_drift": True, "schedule": None,
    }  # fmt: skip
    page = (await gateway.http.get("/v1/model-audit?limit=2&service=lead_scoring")).json()
    rest = (await gateway.http.get(f"/v1/model-audit?cursor={page['next_cursor']}")).json()
    log = [
        (entry["act"], entry["who"], entry["version"], entry["before"]) for entry in page["entries"] + rest["entries"]
    ]
    assert log == [
        ("RULES_CHANGED", "local", "", ""), ("ROLLED_BACK", "local", "1", "2"), ("PROMOTED", "local", "2", "1"),
        ("REFUSED", "rule", "2", "1"), ("PROMOTED", "rule", "1", "prior"),
    ]  # fmt: skip
    refused = rest["entries"][1]
    assert refused["figures"]["difference"]["log_loss"]["low90"] > 0
    assert (page["entries"][1]["reason"], rest["next_cursor"]) == ("they were not", "")
