"""Two branches brought in one after the other, with a training between: what serves is to know both."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.nats_server import NatsServer
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.test_promotion_by_rule import trained

TODAY = date(2017, 8, 31)


def branch(name: str, count: int, owner: str, seed: int) -> list[dict[str, Any]]:
    """Deals of half a year; what is known of them tells nothing."""
    chance, made = random.Random(seed), list[dict[str, Any]]()
    for n in range(count):
        created = date(2017, 1, 1) + timedelta(days=200 * n // count)
        closed = created + timedelta(days=10 + chance.randrange(60))
        row = {
            "id": f"{name}{n}", "stage": "Engaging", "owner_id": owner, "created_time": f"{created}T00:00:00Z",
            "amount": {"currency": "USD", "value": str(100 + chance.randrange(900))}, "close_date": "2017-10-30",
        }  # fmt: skip
        if closed <= TODAY:
            row |= {"outcome": "WON" if chance.random() < 0.5 else "LOST", "closed_date": closed.isoformat()}
        made.append(row)
    return made


@pytest.mark.timeout(300)
async def test_a_model_of_one_branch_gives_way_to_one_of_both(
    nats: NATS, nats_server: NatsServer, tmp_path: Path
) -> None:
    gateway = await RunningGateway(nats_server.url, tmp_path / "data", grace_seconds=300.0, training_niceness=1).start()
    await gateway.lines("/v1/users:batch", [{"id": "u1", "name": "Kim"}, {"id": "u2", "name": "Park"}])
    await gateway.http.put("/v1/workspace/clock", json={"today": TODAY.isoformat()})
    await gateway.lines("/v1/deals:batch", branch("seoul", 60, "u1", 1))
    assert (await trained(gateway))["state"] == "SUCCEEDED"

    await gateway.lines("/v1/deals:batch", branch("busan", 42, "u2", 2))
    page = (await gateway.http.get("/models?lang=en")).text
    assert "39 of the 97 ended deals have come in or ended: it did not learn from those." in page
    assert (await trained(gateway))["state"] == "SUCCEEDED"
    about = (await gateway.http.get("/v1/models/lead_scoring")).json()
    newest = about["versions"][0]
    assert newest["evaluation"]["champion"]["knew"] == {"learned": 58, "outcomes": 97, "owners": {"u2": 39}}
    assert newest["evaluation"]["champion"]["seen"] < 0.8
    assert (newest["decision"]["code"], about["serving"]["version"]) == ("knew_little", "2")
    await gateway.stop()
