"""From a write to the merged record and back out: REST, outbox, messages, insights, live events."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.events.v1 import events_pb2
from services.gateway.rest.schemas import Deal, DealPage
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player, answer, publish_answer

DEAL = {"name": "삼성 증설", "stage": "Engaging", "owner_id": "u1", "amount": {"currency": "USD", "value": "1054.00"}}


async def with_owner(gateway: RunningGateway) -> None:
    [line] = await gateway.lines("/v1/users:batch", [{"id": "u1", "name": "Kim"}])
    assert line["status"] == "created"


async def record(gateway: RunningGateway, deal_id: str) -> dict[str, Any]:
    response = await gateway.http.get(f"/v1/deals/{deal_id}")
    assert response.status_code == 200, response.text
    return dict(response.json())


async def complete(gateway: RunningGateway, deal_id: str) -> dict[str, Any] | None:
    found = await record(gateway, deal_id)
    parts = [found[kind] for kind in ("lead_score", "forecast", "next_actions")]
    return found if all(part and not part["stale"] for part in parts) else None


async def test_a_written_deal_gets_its_three_insights(gateway: RunningGateway, nats: NATS) -> None:
    await with_owner(gateway)
    async with Player(nats) as player:
        written = await gateway.http.put(
            "/v1/deals/d%2F1", json=DEAL, headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        )
        assert written.status_code == 201, written.text
        assert written.json()["lead_score"] is None
        found = await until(lambda: complete(gateway, "d%2F1"))
    Deal.model_validate(found)
    assert found["id"] == "d/1"
    assert found["owner"] == {"id": "u1", "name": "Kim"}
    assert found["lead_score"]["grade"] == "B"
    assert found["lead_score"]["reasons"][0]["text"] == "early"
    assert found["forecast"]["category"] == "BEST_CASE"
    assert found["next_actions"]["actions"][0]["gain"] == {"currency": "USD", "value": "10.00"}
    [event] = player.seen
    assert event.deal.name == DEAL["name"]
    assert event.deal.owner.name == "Kim"
    assert player.headers[0]["traceparent"].split("-")[1] == "a" * 32
    assert player.headers[0]["Nats-Msg-Id"].startswith("outbox-")
    korean = (await gateway.http.get("/v1/deals/d%2F1", headers={"accept-language": "ko-KR,en;q=0.5"})).json()
    assert korean["lead_score"]["reasons"][0]["text"] == "초기"


async def test_etags_tell_changes_apart(gateway: RunningGateway) -> None:
    await with_owner(gateway)
    first = await gateway.http.put("/v1/deals/d1", json=DEAL)
    tag = first.headers["etag"]
    assert (await gateway.http.get("/v1/deals/d1", headers={"if-none-match": tag})).status_code == 304
    changed = await gateway.http.put("/v1/deals/d1", json={"stage": "Won?"}, headers={"if-match": tag})
    assert changed.status_code == 200, changed.text
    assert changed.json()["revision"] == 2
    late = await gateway.http.put("/v1/deals/d1", json={"stage": "Lost?"}, headers={"if-match": tag})
    assert late.status_code == 412, late.text
    assert late.json()["field"] == "If-Match"
    assert late.json()["mend"]
    assert (await record(gateway, "d1"))["stage"] == "Won?"
    assert (await gateway.http.delete("/v1/deals/d1")).status_code == 204
    listed = (await gateway.http.get("/v1/deals")).json()
    assert listed == {"deals": [], "next_cursor": ""}


async def test_a_batch_answers_line_by_line(gateway: RunningGateway, nats: NATS) -> None:
    await with_owner(gateway)
    rows = [{"id": f"d{n}", **DEAL} for n in range(600)]
    body = b"\n".join(orjson.dumps(row) for row in rows) + b'\nnot json\n\xff\n{"id": "x", "stage": 5}\n{"id": "d1"}'
    async with Player(nats) as player:
        response = await gateway.http.post("/v1/deals:batch", content=body)
        results = [orjson.loads(line) for line in response.content.splitlines()]
        assert [line["status"] for line in results] == ["created"] * 600 + ["rejected"] * 3 + ["unchanged"]
        assert all(error["mend"] for line in results[600:603] for error in line["errors"])
        await until(lambda: len({event.deal.id for event in player.seen}) == 600)
    again = await gateway.lines("/v1/deals:batch", rows[:50])
    assert {line["status"] for line in again} == {"unchanged"}
    page = (await gateway.http.get("/v1/deals?limit=500&sort=-id")).json()
    DealPage.model_validate(page)
    assert page["deals"][0]["id"] == "d99"
    await until(lambda: counted(gateway, "insights", 1_800))


async def counted(gateway: RunningGateway, name: str, expected: int) -> bool:
    return bool((await gateway.http.get("/v1/workspace")).json()["counts"][name] == expected)


async def test_an_older_insight_changes_nothing(gateway: RunningGateway, nats: NATS) -> None:
    await with_owner(gateway)
    async with Player(nats) as player:
        await gateway.http.put("/v1/deals/d1", json=DEAL)
        await until(lambda: complete(gateway, "d1"))
        await gateway.http.put("/v1/deals/d1", json={"stage": "Closing"})
        new = await until(lambda: complete(gateway, "d1"))
    old = events_pb2.DealEvent()
    old.CopyFrom(player.seen[0])
    await publish_answer(nats, answer(old, probability=0.01))
    await gateway.http.put("/v1/deals/d2", json=DEAL)
    async with Player(nats):
        await until(lambda: complete(gateway, "d2"))
    assert (await record(gateway, "d1"))["lead_score"] == new["lead_score"]


async def test_live_events_resume(gateway: RunningGateway, nats: NATS) -> None:
    await with_owner(gateway)
    seen: list[tuple[int, str]] = []

    async def listen(after: str, wanted: int) -> None:
        headers = {"last-event-id": after} if after else {}
        number = 0
        async with gateway.http.stream("GET", "/v1/events", headers=headers) as stream:
            assert stream.headers["content-type"] == "text/event-stream"
            async for line in stream.aiter_lines():
                if line.startswith("id: "):
                    number = int(line[4:])
                elif line.startswith("event: "):
                    seen.append((number, line[7:]))
                    if len(seen) >= wanted:
                        return

    listening = asyncio.create_task(listen("0", 1))
    await gateway.http.put("/v1/deals/d1", json=DEAL)
    await asyncio.wait_for(listening, 10)
    assert seen[-1][1] == "deal"
    async with Player(nats):
        await gateway.http.put("/v1/deals/d1", json={"stage": "Closing"})
        await until(lambda: complete(gateway, "d1"))
    await asyncio.wait_for(listen(str(seen[-1][0]), 5), 10)
    assert {kind for _, kind in seen} == {"deal", "lead_score", "forecast", "next_actions"}
    assert [number for number, _ in seen] == sorted({number for number, _ in seen})


async def test_open_streams_do_not_hold_up_the_end(gateway: RunningGateway) -> None:
    async with gateway.http.stream("GET", "/v1/events") as stream:
        parts = stream.aiter_raw()
        assert b"retry" in await asyncio.wait_for(anext(parts), 5)
        gateway.stop_event.set()
        async with asyncio.timeout(5):
            assert [part async for part in parts] == []
    await asyncio.wait_for(gateway.stop(), 10)


async def test_withdrawn_consent_hides_the_suggestion(gateway: RunningGateway, nats: NATS) -> None:
    await with_owner(gateway)
    contact = {"id": "c1", "name": "Lee", "consents": [{"channel": "call", "granted": True}]}
    await gateway.lines("/v1/contacts:batch", [contact])
    async with Player(nats, contact="c1"):
        await gateway.http.put("/v1/deals/d1", json={**DEAL, "contacts": [{"contact_id": "c1", "role": "decides"}]})
        await until(lambda: complete(gateway, "d1"))
        inbox = (await gateway.http.get("/v1/actions?owner=u1")).json()
        assert [each["deal"]["id"] for each in inbox["actions"]] == ["d1"]
        assert inbox["actions"][0]["contact_id"] == "c1"
        contact["consents"] = [{"channel": "call", "granted": False}]
        assert (await gateway.http.put("/v1/contacts/c1", json=contact)).status_code == 200
        assert (await gateway.http.get("/v1/actions?owner=u1")).json()["actions"] == []
        assert (await record(gateway, "d1"))["next_actions"]["actions"] == []
