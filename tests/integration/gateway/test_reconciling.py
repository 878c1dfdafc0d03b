"""Whatever is lost comes back: messages, streams, days, promotions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nats.aio.client import Client as NATS  # noqa: N814

from kit.messaging import connect, ensure_streams
from kit.models import ModelShelf, Pointer
from kit.nats_server import NatsServer
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player

ROWS = [{"id": f"d{n}", "stage": "Engaging"} for n in range(30)]
KINDS = ("lead_score", "forecast", "next_actions")


async def stale(gateway: RunningGateway) -> list[str]:
    """Deals that lack a current insight."""
    deals: list[dict[str, Any]] = (await gateway.http.get("/v1/deals?limit=500")).json()["deals"]
    assert len(deals) == len(ROWS)
    return [deal["id"] for deal in deals if not all(deal[kind] and not deal[kind]["stale"] for kind in KINDS)]


async def all_current(gateway: RunningGateway) -> bool:
    return not await stale(gateway)


async def test_a_lost_message_is_sent_again(gateway: RunningGateway, nats: NATS) -> None:
    async with Player(nats) as player:
        player.muted.add("d7")
        await gateway.lines("/v1/deals:batch", ROWS)
        await until(lambda: only_stale(gateway, ["d7"]))
        sent = len(player.seen)
        player.muted.clear()
        await until(lambda: all_current(gateway))
    again = player.seen[sent:]
    assert "d7" in {event.deal.id for event in again}
    ids = [headers["Nats-Msg-Id"] for event, headers in zip(player.seen, player.headers, strict=True)]
    assert len(ids) == len(set(ids)), "a repetition has an id of its own, or the broker would swallow it"


async def only_stale(gateway: RunningGateway, expected: list[str]) -> bool:
    return await stale(gateway) == expected


async def test_an_unanswered_deal_is_sent_ever_more_rarely(gateway: RunningGateway, nats: NATS) -> None:
    async with Player(nats) as player:
        player.muted = {row["id"] for row in ROWS}
        await gateway.lines("/v1/deals:batch", ROWS)
        await until(lambda: len(player.seen) >= 3 * len(ROWS))
        player.muted.clear()
        await until(lambda: all_current(gateway))
    sent = [headers["Nats-Msg-Id"] for headers in player.headers]
    assert len(sent) <= 8 * len(ROWS)


async def test_a_new_day_rescores_open_deals(gateway: RunningGateway, nats: NATS) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-29"})
    async with Player(nats) as player:
        await gateway.lines("/v1/deals:batch", [*ROWS[:-1], {**ROWS[-1], "outcome": "WON"}])
        await until(lambda: all_current(gateway))
        sent = len(player.seen)
        moved = await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
        assert moved.json()["clock"]["business_day"] == "2017-09-30"
        await until(lambda: all_current(gateway))
    again = player.seen[sent:]
    assert {event.deal.id for event in again} == {row["id"] for row in ROWS[:-1]}, "closed deals keep their insights"
    assert {event.business_day for event in again} == {"2017-09-30"}
    assert {event.cause for event in again} == {2}


async def test_a_promotion_rescores_open_deals(gateway: RunningGateway, nats: NATS) -> None:
    async with Player(nats) as player:
        await gateway.lines("/v1/deals:batch", ROWS)
        await until(lambda: all_current(gateway))
        shelf = ModelShelf(nats)
        digest = await shelf.put(b"artifact")
        store = gateway.gateway.store
        version = {"version": "1", "digest": digest, "created_time": "", "evaluation": {}, "parameters": {}}
        for service in ("lead_scoring", "forecast", "next_best_action"):
            await gateway.models.add(service, version)
        player.generation = 1
        for service in ("lead_scoring", "forecast", "next_best_action"):
            done = await gateway.http.post(
                f"/v1/models/{service}:promote", json={"version": "1", "reason": "it is good"}
            )
            assert done.status_code == 200, done.text
            assert await shelf.pointer(service) == Pointer("1", 1, digest)
        assert len(await stale(gateway)) == len(ROWS)
        await until(lambda: all_current(gateway))
    assert await store.get_setting("pointers") is not None
    assert len(player.seen) >= 2 * len(ROWS)
    nothing = await gateway.http.post("/v1/models/forecast:rollback", json={"reason": "why not"})
    assert nothing.status_code == 409


async def test_a_wiped_broker_gets_everything_again(tmp_path: Path) -> None:
    with NatsServer() as server:
        client = await connect(server.url, "test")
        await ensure_streams(client)
        gateway = await RunningGateway(server.url, tmp_path / "data").start()
        async with Player(client):
            await gateway.lines("/v1/deals:batch", ROWS)
            await until(lambda: all_current(gateway))
        shelf = ModelShelf(client)
        digest = await shelf.put(b"artifact")
        version = {"version": "1", "digest": digest, "created_time": "", "evaluation": {}, "parameters": {}}
        await gateway.models.add("forecast", version)
        await gateway.models.promote("forecast", "1", "test")
        for name in ("DEALS", "INSIGHTS", "KV_models"):
            await client.jetstream().delete_stream(name)
        async with Player(client, generation=1) as player:
            await ensure_streams(client)
            await until(lambda: {event.deal.id for event in player.seen} == {row["id"] for row in ROWS})
            await until(lambda: all_current(gateway))
        await until(lambda: pointed(shelf, digest))
        await client.close()
        await gateway.stop()


async def pointed(shelf: ModelShelf, digest: str) -> bool:
    return await shelf.pointer("forecast") == Pointer("1", 1, digest)


async def test_the_outbox_outlives_the_gateway_and_the_broker(tmp_path: Path) -> None:
    with NatsServer() as server:
        gateway = await RunningGateway(server.url, tmp_path / "data").start()
        server.kill()
        results = await gateway.lines("/v1/deals:batch", ROWS)
        assert {line["status"] for line in results} == {"created"}
        server.restart()
        client = await connect(server.url, "test")
        await ensure_streams(client)
        async with Player(client):
            await until(lambda: all_current(gateway))
        await client.close()
        await gateway.stop()
