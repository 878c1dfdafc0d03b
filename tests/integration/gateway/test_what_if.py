"""What-if over REST, answered by the lead scoring service itself."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.clock import WallClock
from kit.models import Pointer
from kit.nats_server import NatsServer
from kit.server import GrpcServer
from learning.testing import company, last_day
from services.gateway.domain import Principal, Scope
from services.gateway.rest.schemas_views import WhatIf
from services.lead_scoring.dataset import build_dataset
from services.lead_scoring.grpc_api import SERVICE_NAME, LeadScoringApi
from services.lead_scoring.model import ScoreModel
from services.lead_scoring.service import LeadScoring
from services.lead_scoring.training import train
from tests.integration.gateway.conftest import RunningGateway

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
ADDRESS = "/v1/deals/d%2F1/what-if"


class Models:
    """The trained model, as version v1."""

    def __init__(self, model: ScoreModel) -> None:
        self.current = (model, Pointer("v1", 1, "x"))


@pytest.fixture
async def lead_scoring() -> AsyncIterator[GrpcServer]:
    model = train(build_dataset(company(200, signal=2.0), last_day()), 0, lambda *_: None).model
    api = LeadScoringApi(LeadScoring(Models(model), WallClock()))
    server = GrpcServer("127.0.0.1:0", api.add_to, [SERVICE_NAME])
    await server.start()
    yield server
    await server.stop(0)


@pytest.fixture
async def running(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    gateway = RunningGateway(nats_server.url, tmp_path / "data", run_dir=tmp_path)
    await gateway.start()
    for user in ("u1", "u2"):
        await gateway.http.put(f"/v1/users/{user}", json={"name": f"Kim {user}"})
    deal = {"stage": "S0", "owner_id": "u1", "fields": {"source": "web", "seats": 5}}
    assert (await gateway.http.put("/v1/deals/d%2F1", json=deal)).status_code == 201
    yield gateway
    await gateway.stop()


async def test_what_if_is_answered_added_up_and_written_nowhere(
    running: RunningGateway, lead_scoring: GrpcServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = await running.http.post(ADDRESS, json={"stage": "S1"})
    assert away.status_code == 503, away.text
    assert away.json()["field"] == "lead_scoring"
    (tmp_path / "lead_scoring.json").write_text(json.dumps({"grpc": lead_scoring.address}))
    asked = {"fields": {"source": "partner"}, "owner_id": "u2", "amount": {"currency": "USD", "value": "9.00"}}
    answer = await running.http.post(f"{ADDRESS}?lang=ko", json=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    WhatIf.model_validate(found)
    assert found["model_version"] == "v1"
    before, after = found["before"]["probability"], found["after"]["probability"]
    assert after > before
    moved = math.log(after / (1 - after)) - math.log(before / (1 - before))
    assert math.fsum(one["effect"] for one in found["differences"]) == pytest.approx(moved, abs=1e-4)
    source = next(one for one in found["differences"] if one["field"] == "fields.source")
    assert (source["value_before"], source["value_after"]) == ("web", "partner")
    assert source["text"] == "source: web → partner — 가능성이 높아집니다"
    record = (await running.http.get("/v1/deals/d%2F1")).json()
    assert (record["revision"], record["fields"], record["owner_id"]) == (1, {"source": "web", "seats": 5}, "u1")

    for body, field in (({}, "body"), ({"outcome": "WON"}, "outcome"), ({"amount": 5}, "amount"),
                        ({"owner_id": "nobody"}, "owner_id"), ({"fields": {str(n): n for n in range(60)}}, "body"),
                        ({"close_date": "soon"}, "close_date"), ({"stage": "nonsense"}, "stage"),
                        ({"fields": {"seats": "abc"}}, "fields.seats"),
                        ({"fields": {"sauce": "x"}}, "fields.sauce")):  # fmt: skip
        refused = await running.http.post(ADDRESS, json=body)
        assert (refused.status_code, refused.json()["field"]) == (400, field), refused.text
    assert refused.json()["mend"] == "Use one of seats, source"
    assert (await running.http.post("/v1/deals/none/what-if", json={"stage": "S1"})).status_code == 404
    big = await running.http.post(ADDRESS, content=b'{"stage": "' + b"x" * 300_000 + b'"}')
    assert big.status_code == 413
    await running.http.put("/v1/deals/d%2F1", json={"outcome": "WON"})
    assert (await running.http.post(ADDRESS, json={"stage": "S1"})).status_code == 409

    monkeypatch.setattr("services.gateway.rest.what_if.principal_of", lambda _: Principal("p", Scope.OWN, "u2"))
    assert (await running.http.post(ADDRESS, json={"stage": "S1"})).status_code == 404, "a foreign deal does not exist"


async def test_the_examples_of_the_grpc_page_run(
    running: RunningGateway, lead_scoring: GrpcServer, tmp_path: Path
) -> None:
    assert running.parts.grpc is not None
    gateway = GrpcServer("127.0.0.1:0", running.parts.grpc, running.parts.grpc_services)
    await gateway.start()
    for part, server in (("gateway", gateway), ("lead_scoring", lead_scoring)):
        (tmp_path / f"{part}.json").write_text(json.dumps({"grpc": server.address}))
    program = "\n".join(EXAMPLE.findall((ROOT / "docs" / "grpc.md").read_text("utf-8")))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, "d/1", cwd=ROOT, env={**os.environ, "DEALCAST_RUN_DIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await process.communicate()
    await gateway.stop(0)
    assert process.returncode == 0, errors.decode()
    lines = out.decode().splitlines()
    assert lines[0].startswith("model v1")
    assert [line.split()[0] for line in lines if not line.startswith(("reason", "difference"))] == [
        "model", "score", "what", "row", "row", "row", "refused",
    ]  # fmt: skip
    assert any(line.startswith("difference") and "source: web → partner would raise" in line for line in lines)
    assert any(line.startswith("reason") for line in lines)
    assert lines[-1].startswith("refused INVALID_ARGUMENT")


async def test_the_deals_page_asks_it_too(running: RunningGateway, lead_scoring: GrpcServer, tmp_path: Path) -> None:
    ended = {"stage": "Closed Lost", "outcome": "LOST", "created_time": "2017-01-02T00:00:00Z"}
    assert (await running.http.put("/v1/deals/d2", json=ended | {"closed_date": "2017-02-01"})).status_code == 201
    page = (await running.http.get("/deals/d%2F1?lang=en")).text
    assert re.findall(r"<option[^>]*>([^<]+)</option>", page[page.index("suppose-deal") :])[0] == "S0"
    assert "Closed Lost</option>" not in page
    assert 'action="/deals/d%2F1/what-if?lang=en"' in page
    address, asked = "/deals/d%2F1/what-if?lang=ko", {"stage": "Qualify", "amount": "", "close": ""}
    away = await running.http.post(address, data=asked)
    assert "서비스가 응답하지 않습니다" in away.text
    (tmp_path / "lead_scoring.json").write_text(json.dumps({"grpc": lead_scoring.address}))
    answer = await running.http.post(address, data=asked, headers={"HX-Request": "true"})
    assert re.search(r"\d+% → \d+%", answer.text), answer.text
    assert "<html" not in answer.text
    whole = await running.http.post(address, data=asked)
    assert "<html" in whole.text
    unknown = await running.http.post(address, data=asked | {"stage": "Elsewhere"})
    assert "모델이 모르는 값입니다. 다음 중 하나를 고르세요" in unknown.text
    none = await running.http.post(address, data={"stage": "S0", "amount": "", "close": ""})
    assert "먼저 바꾸세요" in none.text
    wrong = await running.http.post(address, data={"stage": "S0", "amount": "many", "close": ""})
    assert "금액으로 읽을 수 없습니다" in wrong.text
    assert (await running.http.get("/v1/deals/d%2F1")).json()["stage"] == "S0"
    assert (await running.http.post("/deals/none/what-if", data=asked)).status_code == 404
