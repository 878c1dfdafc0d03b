"""Values as people write them, and a default that is marked where it stands for a prediction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.gateway.domain import InsightKind
from services.gateway.web.timeline import value_text
from services.gateway.web.words import Words
from tests.e2e.web.site import fill, insights, serving


def test_a_business_number_has_its_hyphens() -> None:
    words = Words("ko")
    assert value_text("account.사업자등록번호", "1248100998", {}, words) == "124-81-00998"
    assert value_text("account.사업자등록번호", "1248100999", {}, words) == "1248100999", "no such number"
    assert value_text("account.계좌", "1248100998", {}, words) == "1248100998"


@pytest.mark.asyncio
async def test_the_list_marks_a_default(tmp_path: Path) -> None:
    async with serving(tmp_path) as (gateway, address), httpx.AsyncClient(base_url=address, timeout=30) as client:
        await fill(gateway)
        assert "기본값</span>" not in (await client.get("/deals?lang=ko")).text
        [score] = [one for one in insights("D-3", probability=0.34) if one.kind is InsightKind.LEAD_SCORE]
        await gateway.store.apply_insights([replace(score, body={**score.body, "prior": True})])
        listed = (await client.get("/deals?lang=ko&q=Northwind")).text
        assert "기본값</span>" in listed
        assert "회사 평균</span>" not in listed
        told = {**score.body, "prior": False, "nothing_predicts": True}
        await gateway.store.apply_insights([replace(score, key=replace(score.key, model_generation=9), body=told)])
        assert "회사 평균</span>" in (await client.get("/deals?lang=ko&q=Northwind")).text
