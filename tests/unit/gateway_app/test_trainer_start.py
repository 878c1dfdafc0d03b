"""One training at a time, however many ask at once; the others wait."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kit.errors import Conflict, Unavailable
from learning.overrules import Overrules
from services.gateway.jobs import Job, Jobs
from services.gateway.model_rules import ModelRules
from services.gateway.model_versions import ModelVersions
from services.gateway.retraining import Closed
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from services.gateway.store.interface import Store
from services.gateway.training import MOST_QUEUED, Trainer
from services.gateway.workspace import Serving, Workspace


class Documents:
    """Settings in memory that let others run first, and are away while `down`."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.down = False

    async def get_setting(self, key: str) -> Any:
        return self.kept.get(key)

    async def put_setting(self, key: str, value: Any) -> None:
        await asyncio.sleep(0)
        if self.down:
            raise Unavailable("not now")
        self.kept[key] = value

    async def conversions(self, _: Any) -> int:
        return 0

    async def counts(self, _: Any) -> Mapping[str, int]:
        await asyncio.sleep(0)
        return {"won": 3, "lost": 4}

    async def closed_scores(self, *_: Any) -> list[Closed]:
        return []


class IdleTrainer(Trainer):
    """Starts no process."""

    async def _run(self, job: Job) -> None:
        await asyncio.sleep(0)


def trainer(documents: Documents, folder: Path) -> Trainer:
    workspace = Workspace(cast("Store", documents))
    gateway = Gateway(cast("Store", documents), workspace)
    versions = cast("ModelVersions", SimpleNamespace())
    rules = ModelRules(cast("Store", documents))
    return IdleTrainer(gateway, versions, Jobs(documents, "training"), GatewaySettings(data_dir=folder), rules)


async def test_of_starts_at_once_one_begins_and_the_others_wait_in_their_order(tmp_path: Path) -> None:
    documents = Documents()
    made = trainer(documents, tmp_path)
    wishes = [Overrules.of((f"fields.c{n}",), ()) for n in range(3)]
    found = await asyncio.gather(*(made.start("asked", overrules=wish) for wish in wishes))
    assert [job.state for job in found] == ["RUNNING", "QUEUED", "QUEUED"]
    assert made.jobs.queued == found[1:]
    assert documents.kept["training_columns"]["keep"] == ["fields.c0", "fields.c1", "fields.c2"]
    with pytest.raises(Conflict, match="waits already"):
        await made.start("asked")
    assert (await made.start("asked", seed=1)).state == "QUEUED", "another training"
    assert (await made.start("asked", ["forecast"])).state == "QUEUED"


async def test_there_is_an_end_to_what_may_wait(tmp_path: Path) -> None:
    made = trainer(Documents(), tmp_path)
    for seed in range(MOST_QUEUED + 1):
        await made.start("asked", seed=seed)
    with pytest.raises(Conflict, match=f"{MOST_QUEUED} trainings wait"):
        await made.start("asked", seed=99)


async def test_what_waits_survives_a_restart_and_what_was_at_work_has_failed(tmp_path: Path) -> None:
    documents = Documents()
    made = trainer(documents, tmp_path)
    first, second, third = [await made.start("asked", seed=seed) for seed in range(3)]
    await made.cancel(second.id)
    jobs = Jobs(documents, "training")
    await jobs.load()
    assert [(job.id, job.state) for job in jobs.all()] == [
        (third.id, "QUEUED"), (second.id, "CANCELLED"), (first.id, "FAILED"),
    ]  # fmt: skip
    assert ([one.id for one in jobs.interrupted], jobs.queued[0].id) == ([first.id], third.id)
    assert "stopped" in jobs.get(first.id).error


async def test_a_start_that_could_not_be_stored_holds_up_no_other(tmp_path: Path) -> None:
    documents = Documents()
    made = trainer(documents, tmp_path)
    documents.down = True
    with pytest.raises(Unavailable):
        await made.start("asked")
    documents.down = False
    assert (await made.start("asked")).state == "RUNNING"


async def test_it_trains_anew_once_when_the_day_changes_and_it_is_time(tmp_path: Path) -> None:
    documents = Documents()
    made = trainer(documents, tmp_path)
    workspace = made._gateway.workspace
    row = {"version": "1", "trained": {"outcomes": 5, "business_day": "2017-06-30", "job": "j"}}
    made._versions = cast("ModelVersions", SimpleNamespace(champion=lambda _: row, about=lambda _: {"versions": [row]}))
    made.import_finished()
    await made.rules.load()
    await workspace.pin(date(2017, 9, 27))
    await made._train_anew()
    assert made.jobs.all() == [], "nothing serves"
    workspace.serving["lead_scoring"] = Serving("1", 1, "d")
    await made._train_anew()
    assert made.jobs.all() == [], "89 days"
    await made._train_anew()
    await workspace.pin(date(2017, 9, 28))
    await made._train_anew()
    (job,) = made.jobs.all()
    assert (job.state, "90 days old" in job.reason, job.detail["outcomes"]) == ("RUNNING", True, 7)
    await made.jobs.finish(job, "FAILED", "for the test")
    await made._train_anew()
    assert len(made.jobs.all()) == 1, "once a day"
    for moved, count in ((("amount",), 2), (("amount",), 2), ((), 3)):
        made.watched(moved)
        await made._train_anew()
        assert len(made.jobs.all()) == count, "other inputs moved: it is looked at again"
        await made.jobs.finish(made.jobs.all()[0], "FAILED", "for the test")


def test_a_job_says_about_how_long_it_still_takes() -> None:
    job = Job("j", "training")
    assert job.seconds_left is None
    job.begin()
    assert job.to_json()["seconds_left"] is None, "nothing tells yet"
    job.progress = 0.25
    job.started_time = (datetime.now(UTC) - timedelta(seconds=60)).isoformat()
    assert job.seconds_left is not None
    assert 179 <= job.seconds_left <= 185
    for done in (0.9, 1.0):
        job.progress = done
        assert job.seconds_left is None, "what comes last takes as long as it takes"
    job.state = "SUCCEEDED"
    assert job.seconds_left is None
