"""The inbox goes on to its end, whatever may be shown of a page."""

from __future__ import annotations

from functools import partial
from typing import Any

from nats.aio.client import Client as NATS  # noqa: N814

from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player


async def test_a_page_of_hidden_suggestions_does_not_end_the_inbox(gateway: RunningGateway, nats: NATS) -> None:
    refused = [{"channel": "call", "granted": False}]
    contacts: list[dict[str, Any]] = [{"id": "no", "name": "No", "consents": refused}, {"id": "yes", "name": "Yes"}]
    assert {line["status"] for line in await gateway.lines("/v1/contacts:batch", contacts)} == {"created"}

    async def answered(deal_id: str) -> bool:
        return bool((await gateway.http.get(f"/v1/deals/{deal_id}")).json()["next_actions"])

    for deal_id, contact in (("d3", "no"), ("d2", "no"), ("d1", "yes")):  # equal gains: ids descend
        async with Player(nats, contact=contact):
            deal = {"owner_id": "", "stage": "A", "contacts": [{"contact_id": contact}]}
            assert (await gateway.http.put(f"/v1/deals/{deal_id}", json=deal)).status_code == 201
            await until(partial(answered, deal_id))
    seen: list[list[str]] = []
    cursor = ""
    while not seen or cursor:
        page = (await gateway.http.get("/v1/actions", params={"limit": "1", "cursor": cursor})).json()
        seen.append([action["deal"]["id"] for action in page["actions"]])
        cursor = page["next_cursor"]
    assert seen == [[], [], ["d1"]]
