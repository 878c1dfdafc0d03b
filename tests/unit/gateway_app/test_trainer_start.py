"""One training at a time, however many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kit.errors import Conflict, Unavailable
from learning.overrules import Overrules
from services.gateway.jobs import Job, Jobs
from services.gateway.model_versions import ModelVersions
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from services.gateway.store.interface import Store
from services.gateway.training import Trainer
from services.gateway.workspace import Workspace


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

    async def counts(self, _: Any) -> Mapping[str, int]:
        await asyncio.sleep(0)
        return {"won": 3, "lost": 4}


class IdleTrainer(Trainer):
    """Starts no process."""

    async def _run(self, job: Job, services: Any, seed: int) -> None:
        await asyncio.sleep(0)


def trainer(documents: Documents, folder: Path) -> Trainer:
    workspace = Workspace(cast("Store", documents))
    gateway = Gateway(cast("Store", documents), workspace)
    versions = cast("ModelVersions", SimpleNamespace())
    return IdleTrainer(gateway, versions, Jobs(documents, "training"), GatewaySettings(data_dir=folder))


async def test_of_two_starts_at_once_one_wins_and_its_overrules_alone_are_kept(tmp_path: Path) -> None:
    documents = Documents()
    made = trainer(documents, tmp_path)
    wishes = [Overrules.of((f"fields.c{n}",), ()) for n in range(3)]
    found = await asyncio.gather(*(made.start("asked", overrules=wish) for wish in wishes), return_exceptions=True)
    assert [type(each) for each in found] == [Job, Conflict, Conflict]
    assert len(made.jobs.all()) == 1
    assert documents.kept["training_columns"]["keep"] == ["fields.c0"]


async def test_a_start_that_could_not_be_stored_holds_up_no_other(tmp_path: Path) -> None:
    documents = Documents()
    made = trainer(documents, tmp_path)
    documents.down = True
    with pytest.raises(Unavailable):
        await made.start("asked")
    documents.down = False
    assert (await made.start("asked")).state == "RUNNING"
