"""Stages stand in lists in the order in which deals go through them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from learning.records import Change, Deal, DealHistory, DealKind
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.stage_order import StageOrder, in_order
from services.gateway.store import open_store

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def path(*stages: str) -> DealHistory:
    changes = tuple(Change("stage", stage, NOW, NOW, place) for place, stage in enumerate(stages, 1))
    return DealHistory(Deal("d"), changes)


def test_a_stage_stands_before_those_that_more_deals_entered_later() -> None:
    seen = [
        path("발굴", "제안", "협상"),
        path("발굴", "협상", "제안", "협상"),
        path("제안", "협상", "계약"),
        path("가망"),
    ]
    assert in_order(seen, {}) == ["발굴", "제안", "가망", "협상", "계약"]
    assert in_order(seen, {"기본": ["제안", "발굴"]})[:3] == ["제안", "발굴", "가망"]
    assert in_order([], {}) == []


@pytest.mark.asyncio
async def test_a_list_of_stages_is_put_in_that_order(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'stages.db'}")
    try:
        for stage in ("하", "나", "가"):
            await store.apply_deals(LOCAL, [DealWrite("d", stage=stage, kind=DealKind.OPPORTUNITY, name="d")])
        assert await StageOrder(store).of(["가", "나", "수주", "하", "마"]) == ["하", "나", "가", "마", "수주"]
    finally:
        await store.close()
