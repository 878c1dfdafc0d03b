"""Three lights, alerts once each, and a challenger that scores along: a real model, NATS, store and HTTP."""

from __future__ import annotations

import asyncio
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814
from typer.testing import CliRunner

from cli.__main__ import app
from dealcast.events.v1 import events_pb2
from kit.models import digest, pack
from kit.nats_server import NatsServer
from learning.history import read_history
from services.gateway.domain import LOCAL, Insight, InsightKey, InsightKind
from services.gateway.history_export import exported
from services.lead_scoring.dataset import build_dataset
from services.lead_scoring.inputs import keep
from services.lead_scoring.model import constant_model
from services.lead_scoring.training import train
from tests.integration.gateway.conftest import RunningGateway, until

TRAINED, LATER = date(2017, 6, 30), date(2017, 8, 15)
CLOSED, OPEN = 110, 120


def row(number: int, chance: random.Random, born: date) -> dict[str, Any]:
    east = chance.random() < 0.5
    return {
        "id": f"d{number}", "stage": "Engaging", "owner_id": "u1", "created_time": f"{born}T00:00:00Z",
        "amount": {"currency": "USD", "value": f"{chance.lognormvariate(6, 1):.2f}"},
        "fields": {"side": "east" if east else "west"},
    }  # fmt: skip


def ended(one: dict[str, Any], chance: random.Random, day: date) -> dict[str, Any]:
    won = chance.random() < (0.9 if one["fields"]["side"] == "east" else 0.1)
    return one | {"outcome": "WON" if won else "LOST", "closed_date": day.isoformat()}


def company() -> list[dict[str, Any]]:
    """Deals that closed over the half year before, and open ones; the side tells most of the outcome."""
    chance, made = random.Random(3), []
    for number in range(CLOSED):
        born = TRAINED - timedelta(days=40 + number)
        made.append(ended(row(number, chance, born), chance, born + timedelta(days=20 + number % 15)))
    return [*made, *(row(CLOSED + n, chance, TRAINED - timedelta(days=1 + n % 30)) for n in range(OPEN))]


async def written(gateway: RunningGateway, rows: list[dict[str, Any]], today: date) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": today.isoformat()})
    results = await gateway.lines("/v1/deals:batch", rows)
    assert {line["status"] for line in results} <= {"created", "changed"}, results


async def registered(gateway: RunningGateway, version: str, folder: Path) -> bytes:
    packed = pack(folder)
    about = {
        "version": version, "digest": digest(packed), "size": len(packed), "created_time": "", "parameters": {},
        "evaluation": {},
    }  # fmt: skip
    await gateway.models.add("lead_scoring", about)
    await gateway.models._shelf.put(packed)
    return packed


async def looked_by_itself(gateway: RunningGateway) -> dict[str, Any]:
    """As the business day is another; not again while it stays."""
    assert gateway.built is not None
    monitor = gateway.built.monitor
    monitor.by_itself = True
    found = await until(lambda: of_day(gateway, LATER))
    assert not await monitor._due()
    return dict(found)


async def of_day(gateway: RunningGateway, day: date) -> dict[str, Any] | None:
    found: dict[str, Any] = (await gateway.http.get("/v1/monitoring?lang=ko")).json()
    return found if found["business_day"] == day.isoformat() else None


async def alerts(gateway: RunningGateway, query: str = "") -> list[dict[str, Any]]:
    return list((await gateway.http.get(f"/v1/alerts{query}")).json()["alerts"])


async def said(gateway: RunningGateway, rows: list[dict[str, Any]], day: date) -> None:
    """What the lead scoring service would have said while they were open."""
    moment = gateway.gateway.workspace.now().replace(year=day.year, month=day.month, day=day.day)
    insights = []
    for one in rows:
        body = {"probability": 0.85 if one["fields"]["side"] == "east" else 0.15}
        insights.append(
            Insight(one["id"], InsightKind.LEAD_SCORE, InsightKey(1, 1, day.isoformat(), "x"), "1", moment, body, body)
        )
    await gateway.gateway.store.apply_insights(insights)


def learn(history: Path, target: Path) -> None:
    """A training without the card and the comparisons that it takes its time for."""
    folder = read_history(history)
    model = train(build_dataset(folder.deals(), TRAINED), 0, lambda *_: None).model
    model.save(target)
    keep(folder.deals(), TRAINED, model.columns, target)


@pytest.fixture
async def watched(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> RunningGateway:
    """A company whose version 1 was trained on its records and serves; version 2 says one rate of all."""
    gateway = await RunningGateway(nats_server.url, tmp_path / "data", grace_seconds=300.0).start()
    await gateway.lines("/v1/users:batch", [{"id": "u1", "name": "Kim"}])
    await written(gateway, company(), TRAINED)
    store, workspace = gateway.gateway.store, gateway.gateway.workspace
    async with exported(store, workspace, LOCAL, tmp_path) as history:
        await asyncio.to_thread(learn, history, tmp_path / "one")
    packed = await registered(gateway, "1", tmp_path / "one")
    constant_model("base_rate", [0.0]).save(tmp_path / "two")
    await registered(gateway, "2", tmp_path / "two")
    await gateway.models.promote("lead_scoring", "1", "first", packed)
    return gateway


@pytest.mark.timeout(300)
async def test_lights_alerts_and_a_challenger_that_scores_along(watched: RunningGateway, nats: NATS) -> None:
    gateway, rows = watched, company()
    await said(gateway, rows[CLOSED:], TRAINED)
    path = "/v1/models/lead_scoring"
    assert (await gateway.http.post(f"{path}:shadow", json={"version": "1", "reason": "?"})).status_code == 409
    started = await dealcast(gateway, "shadow", "2", "--reason", "is a rate as good?")
    assert started == "  version 2 scores along since 2017-06-30: 0 of its deals have closed, too few to tell\n"
    before = await until(lambda: _scored_along(gateway))
    assert [(one["name"], one["level"]) for one in before["lights"]] == [
        ("score", "grey"), ("forecast", "grey"), ("actions", "grey"),
    ]  # fmt: skip
    assert "0 deals that version 1 scored have closed" in before["lights"][0]["text"]
    assert not any(one["moved"] for one in before["score"]["inputs"]["columns"]), "it is the day of the training"
    assert await alerts(gateway) == []
    chance = random.Random(9)
    closed = [ended(one, chance, LATER - timedelta(days=n % 20)) for n, one in enumerate(rows[CLOSED : CLOSED + 70])]
    await written(gateway, closed, LATER)
    await written(gateway, in_cents(), LATER)
    found = await looked_by_itself(gateway)
    of_outcomes(found)
    await drifted(gateway, nats, found)
    ended_it = await gateway.http.post(f"{path}:unshadow", json={"version": "2", "reason": "it is not"})
    assert ended_it.json()["shadow"] == []
    last = (await gateway.http.get("/v1/model-audit?limit=1")).json()["entries"][0]
    assert (last["act"], last["figures"]["records"]) == ("SHADOW_ENDED", 70)
    await gateway.stop()


async def _scored_along(gateway: RunningGateway) -> dict[str, Any] | None:
    """The look that the challenger's start asked for."""
    found: dict[str, Any] = (await gateway.http.get("/v1/monitoring")).json()
    return found if found["shadow"] and found["shadow"][0]["found"] else None


def in_cents() -> list[dict[str, Any]]:
    """What a feed sends that begins to say cents for dollars."""
    chance = random.Random(11)
    fresh = [row(500 + n, chance, LATER - timedelta(days=n % 30)) for n in range(150)]
    for one in fresh:
        one["amount"]["value"] = f"{float(one['amount']['value']) * 100:.2f}"
    return fresh


def of_outcomes(found: dict[str, Any]) -> None:
    """What was said, beside what came."""
    serving = found["score"]["outcomes"]["serving"]
    assert (serving["version"], serving["records"], serving["few"]) == ("1", 70, False)
    assert serving["auc"]["low90"] > 0.6
    assert abs(serving["said"] - serving["rate"]) < 0.15
    months = {one["month"]: one for one in found["score"]["outcomes"]["months"]}
    assert {name: one["records"] for name, one in months.items()} == {"2017-08": 55, "2017-07": 15}
    assert (months["2017-07"]["few"], months["2017-08"]["few"]) == (True, False)
    shadow = found["shadow"][0]["found"]
    assert (shadow["records"], shadow["few"]) == (70, False), "both on the same rows"
    assert shadow["difference"]["log_loss"]["low90"] > 0, "a rate is worse than the truth"


async def drifted(gateway: RunningGateway, nats: NATS, found: dict[str, Any]) -> None:
    """A drifted input raises one alert, which names the column."""
    assert found["lights"][0]["level"] == "amber"
    assert "(amount)" in found["lights"][0]["text"]
    of_amount = [one for one in await alerts(gateway, "?state=OPEN") if one["subject"] == "column:lead_scoring:amount"]
    assert len(of_amount) == 1
    told = await dealcast(gateway, "acknowledge", of_amount[0]["id"], "--note", "the feed is mended")
    assert "ACKNOWLEDGED  by local  column:lead_scoring:amount" in told
    assert told in await dealcast(gateway, "alerts")
    assert "CLOSED" in await dealcast(gateway, "close", of_amount[0]["id"])
    assert told.splitlines()[1] not in await dealcast(gateway, "alerts")
    assert told.splitlines()[1] in await dealcast(gateway, "alerts", "--all")
    shown = await dealcast(gateway)
    assert "AMBER  Score: " in shown
    assert "amount: " in shown
    assert "closed in 2017-07: 15 deals" in shown
    assert "score amber" in await dealcast(gateway, "days")
    for path in ("999:close", "x:close", "1:open"):
        assert (await gateway.http.post(f"/v1/alerts/{path}", json={})).status_code == 404

    subject = f"ALERTS.amber.{of_amount[0]['id']}"
    message = await until(lambda: last_of(nats, subject, events_pb2.ALERT_STATE_CLOSED))
    assert "amount" in message.text_en
    assert "amount" in message.text_ko
    assert (message.code, message.who) == ("column_moved", "local")
    assert (await gateway.http.get("/v1/monitoring/days")).json()["days"][0]["lights"][0]["level"] == "amber"


async def test_a_look_after_the_clock_was_set_back_is_the_one_that_is_shown(
    nats: NATS, nats_server: NatsServer, tmp_path: Path
) -> None:
    gateway = await RunningGateway(nats_server.url, tmp_path / "data", grace_seconds=300.0).start()
    assert gateway.built is not None
    for day in (LATER, TRAINED):
        await gateway.http.put("/v1/workspace/clock", json={"today": day.isoformat()})
        if day == LATER:
            gateway.built.monitor.by_itself = True
            assert not await gateway.built.monitor._due(), "no record has come in: the first import may set the clock"
            gateway.built.monitor.by_itself = False
        assert f"as of {day}" in await dealcast(gateway, "look")
        assert f"as of {day}" in await dealcast(gateway)
    assert [line.split()[0] for line in (await dealcast(gateway, "days")).splitlines()] == [str(TRAINED), str(LATER)]
    await gateway.stop()


async def test_an_import_that_is_undone_is_looked_at_anew(gateway: RunningGateway) -> None:
    """What its rows had ended is counted no more: a day and newest import that stay the same do not hide that."""
    assert gateway.built is not None
    monitor = gateway.built.monitor
    job = (await gateway.http.post("/v1/imports", json={"source": "test"})).json()["id"]
    await gateway.lines(f"/v1/users:batch?import={job}", [{"id": "u1", "name": "Kim"}])
    await gateway.http.post(f"/v1/imports/{job}:finish", json={})
    await monitor.look()
    assert monitor._looked == await monitor._occasion()
    assert (await gateway.http.post(f"/v1/imports/{job}:undo", json={"discard": True})).status_code == 200
    assert monitor._looked != await monitor._occasion()


async def dealcast(gateway: RunningGateway, *arguments: str) -> str:
    """What `dealcast monitor` says."""
    asked = ["monitor", *arguments, "--url", str(gateway.http.base_url)]
    done = await asyncio.to_thread(CliRunner().invoke, app, asked)
    assert done.exit_code == 0, done.output
    return done.output


async def last_of(nats: NATS, subject: str, state: int) -> events_pb2.Alert | None:
    message = await nats.jetstream().get_last_msg("ALERTS", subject)
    found = events_pb2.Alert.FromString(message.data or b"")
    return found if found.state == state else None
