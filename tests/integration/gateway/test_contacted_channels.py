"""Contacts just made count against the limits before the service has judged them."""

from __future__ import annotations

from nats.aio.client import Client as NATS  # noqa: N814

from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player


async def test_a_full_limit_hides_its_channel_until_judged_anew(gateway: RunningGateway, nats: NATS) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})

    async def shown() -> list[str]:
        part = (await gateway.http.get("/v1/deals/d1")).json()["next_actions"]
        return [action["channel"] for action in part["actions"]] if part else []

    async with Player(nats) as player:
        await gateway.http.put("/v1/deals/d1", json={"stage": "A"})
        await until(shown)
        player.muted.add("d1")
        mail = {"deal_id": "d1", "type": "mail", "direction": "outbound", "time": "2017-09-29T10:00:00Z", "text": "x"}
        assert (await gateway.http.post("/v1/activities", json=mail)).status_code == 201
        assert await shown() == ["call"]
        call = {**mail, "type": "call"}
        assert (await gateway.http.post("/v1/activities", json=call)).status_code == 201
        assert await shown() == ["call"]  # one of two
        for old in ("2017-09-01T10:00:00Z", "2017-09-30T11:00:00Z"):
            assert (await gateway.http.post("/v1/activities", json={**call, "time": old})).status_code == 201
        assert await shown() == []
        assert (await gateway.http.get("/v1/actions")).json()["actions"] == []
        player.muted.clear()
        await gateway.http.put("/v1/deals/d1", json={"stage": "B"})
        await until(shown)  # the service knows of both contacts now
