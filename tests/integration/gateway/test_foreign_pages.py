"""A running gateway keeps other web pages from writing."""

from __future__ import annotations

from services.gateway.rest.schemas import Problem
from tests.integration.gateway.conftest import RunningGateway


async def test_another_page_changes_nothing(gateway: RunningGateway) -> None:
    body = b'{"stage": "A"}'
    for headers, status in (
        ({"origin": "https://evil.example", "content-type": "text/plain"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"host": "evil.example"}, 421),
    ):
        refused = await gateway.http.put("/v1/deals/d1", content=body, headers=headers)
        assert refused.status_code == status
        assert Problem.model_validate(refused.json()).status == status
    assert (await gateway.http.get("/deals", headers={"host": "evil.example"})).status_code == 421
    assert (await gateway.http.get("/v1/deals/d1")).status_code == 404
    own = {"origin": str(gateway.http.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    assert (await gateway.http.put("/v1/deals/d1", content=body, headers=own)).status_code == 201
