"""A client that goes on sending beyond the last line allowed still reads its answer."""

from __future__ import annotations

import pytest

from services.gateway.rest import ndjson
from tests.integration.gateway.conftest import RunningGateway


async def test_more_lines_than_allowed_are_one_error(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINES", 3)
    lines = await gateway.lines("/v1/deals:batch", [{"id": f"d{n}", "name": "x" * 500} for n in range(20_000)])
    assert [line["status"] for line in lines] == ["created"] * 3 + ["rejected"]
    assert "more than 3 lines" in lines[3]["errors"][0]["message"]
    assert (await gateway.http.get("/v1/workspace")).json()["counts"]["deals"] == 3
