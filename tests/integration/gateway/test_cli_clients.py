"""Commands that ask a running gateway."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from typer.testing import CliRunner, Result

from cli.__main__ import app
from kit.errors import DealcastError
from learning.history import read_history
from services.gateway.workspace import SERVICES
from tests.integration.gateway.conftest import RunningGateway


async def dealcast(gateway: RunningGateway, *arguments: str) -> Result:
    asked: Sequence[str] = [*arguments, "--url", str(gateway.http.base_url)]
    return await asyncio.to_thread(CliRunner().invoke, app, asked)


async def test_models_are_listed_and_an_unknown_version_is_told(gateway: RunningGateway) -> None:
    done = await dealcast(gateway, "models", "list")
    assert done.exit_code == 0, done.output
    assert "lead_scoring: serving prior (generation 0)" in done.output
    done = await dealcast(gateway, "models", "list", "--lang", "ko")
    assert "lead_scoring: prior 제공 중(0세대)" in done.output
    done = await dealcast(gateway, "models", "promote", "lead_scoring", "nope", "--reason", "better")
    assert "no such version" in str(done.exception)
    assert "dealcast models list" in str(done.exception)


async def test_rules_are_changed_with_a_reason_that_the_audit_log_keeps(gateway: RunningGateway) -> None:
    done = await dealcast(gateway, "models", "rules")
    assert "confidence 0.95" in done.output
    assert "new_outcomes 200" in done.output
    changed = await dealcast(
        gateway, "models", "rules", "--confidence", "0.975", "--new-outcomes", "0", "--no-drift", "--reason", "by hand"
    )
    assert "confidence 0.975" in changed.output
    assert "new_outcomes None, max_age_days 90, drift False" in changed.output
    log = await dealcast(gateway, "models", "audit", "forecast")
    assert "RULES_CHANGED  by local\n    by hand\n" in log.output
    refused = await dealcast(gateway, "models", "rules", "--confidence", "0.5")
    assert "promotion.confidence" in str(refused.exception)
    assert (await dealcast(gateway, "models", "jobs")).output == ""
    missing = await dealcast(gateway, "models", "jobs", "--cancel", "nope")
    assert "no such training" in str(missing.exception)


async def test_dead_letters_are_listed_and_a_missing_one_is_told(gateway: RunningGateway) -> None:
    done = await dealcast(gateway, "dead-letters", "list")
    assert done.output == "no dead letters\n"
    for verb in ("replay", "drop"):
        done = await dealcast(gateway, "dead-letters", verb, "7")
        assert done.exit_code == 1
        assert "dealcast dead-letters list" in str(done.exception)


async def test_an_export_is_a_history_folder(gateway: RunningGateway, tmp_path: Path) -> None:
    put = await gateway.http.put("/v1/deals/a", json={"name": "A"})
    assert put.status_code == 201
    target = tmp_path / "history"
    done = await dealcast(gateway, "export", str(target))
    assert done.exit_code == 0, done.output
    assert [each.deal.id for each in read_history(target).deals()] == ["a"]
    done = await dealcast(gateway, "export", str(target))
    assert "not empty" in str(done.exception)


async def test_without_a_name_all_models_are_trained(gateway: RunningGateway) -> None:
    for language, state in (("en", "queued|running"), ("ko", "대기|진행 중")):
        done = await dealcast(gateway, "train", "--no-wait", "--lang", language)
        assert done.exit_code == 0, (done.output, done.exception)
        (job, *_) = (await gateway.http.get("/v1/training-jobs")).json()["jobs"]
        assert re.search(rf"{job['id']}: ({state})", done.output), done.output
        assert sorted(job["detail"]["services"]) == sorted(SERVICES)
        await dealcast(gateway, "models", "jobs", "--cancel", job["id"])


async def test_training_of_what_does_not_exist_is_told(gateway: RunningGateway) -> None:
    done = await dealcast(gateway, "train", "nonsense")
    assert done.exit_code == 1
    assert isinstance(done.exception, DealcastError)
    assert done.exception.mend


async def test_an_overruled_column_is_given_back_to_the_leak_guard(gateway: RunningGateway) -> None:
    set_ = {"training_columns": {"keep": ["fields.a", "fields.b"], "drop": ["account_id"]}}
    assert (await gateway.http.put("/v1/workspace", json=set_)).status_code == 200
    done = await dealcast(gateway, "train", "nonsense", "--release", "fields.x")
    assert "fields.a" in getattr(done.exception, "mend", "")
    await dealcast(gateway, "train", "nonsense", "--release", "fields.a", "--release", "account_id")  # trains nothing
    left = (await gateway.http.get("/v1/workspace")).json()["training_columns"]
    assert left == {"keep": ["fields.b"], "drop": []}
