"""The page of data and models over a running gateway: read, and acted on by its forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from kit.messaging import Outgoing, Publisher
from services.gateway.domain import LOCAL
from tests.integration.gateway.conftest import RunningGateway, until

VERSION: dict[str, Any] = {
    "version": "1", "digest": "0" * 64, "size": 10, "created_time": "2026-11-21T21:30:21.947Z", "parameters": {},
    "evaluation": {
        "outcomes": 2053, "baseline": {"name": "base rate", "log_loss": 0.6935, "auc": None},
        "test": {"log_loss": {"value": 0.6271, "low90": 0.6141, "high90": 0.6375}, "auc": {"value": 0.70}},
        "card": {"calibration": [{"mean": 0.4, "rate": 0.5, "rate_low": 0.4, "rate_high": 0.6, "records": 90}]},
    },
    "decision": {"promote": False, "code": "worse", "text": "It is worse than what serves.",
                 "figures": {"difference": {"log_loss": {"value": 0.021}, "ece": {"value": -0.003}}}},
}  # fmt: skip


async def page(gateway: RunningGateway, lang: str = "en") -> str:
    answer = await gateway.http.get(f"/models?lang={lang}")
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


async def post(gateway: RunningGateway, act: str, **form: str) -> int:
    return (await gateway.http.post(f"/models/{act}", data=form)).status_code


async def test_versions_stand_with_their_figures_and_what_the_rule_says(gateway: RunningGateway) -> None:
    assert "Nothing was trained yet" in await page(gateway)
    assert "아직 학습하지 않았습니다" in await page(gateway, "ko")
    await gateway.models.add("lead_scoring", VERSION)
    shown = await page(gateway)
    for text in ("Version 1", "0.627", "0.614 to 0.637", "base rate 0.694", "waits", "It is worse than what serves."):
        assert text in shown, text
    assert '<circle cx="40.0" cy="50.0"' in shown
    assert await post(gateway, "promote", service="lead_scoring", version="1") == 400  # without a reason
    korean = await page(gateway, "ko")
    assert "쓰던 모델보다 나쁩니다 · 쓰던 모델 대비 로그 손실 +0.021, 보정 오차 -0.003" in korean
    assert "평균 성공률 0.694" in korean
    assert "base rate" not in korean
    assert "It is worse" not in korean
    forecast = {"opportunities": 500, "open": 120}
    await gateway.models.add("forecast", VERSION | {"evaluation": forecast, "removed": {"time": "2026-11-22"}})
    shown = await page(gateway)
    assert "Learned from 380 closed deals" in shown
    assert "Removed: it held a person who was erased" in shown


async def test_open_pages_are_told_of_a_trainings_end(gateway: RunningGateway) -> None:
    """Also of one that brings nothing that serves: its versions are on the page without a reload."""
    await gateway.http.post("/v1/training-jobs", json={"services": ["forecast"]})  # there are no scores to learn from

    async def told() -> list[str]:
        events = await gateway.gateway.store.events_after(LOCAL, 0, 100)
        return [one.data["state"] for one in events if one.kind == "model" and "training" in one.data]

    assert await until(lambda: _two(told), 60) == ["RUNNING", "FAILED"]


async def _two(told: Callable[[], Awaitable[list[str]]]) -> list[str] | None:
    found = await told()
    return found if len(found) > 1 else None


async def test_what_cannot_be_done_is_said_on_a_page(gateway: RunningGateway) -> None:
    for act, form, status in (
        ("promote", {"service": "lead_scoring", "version": "9", "reason": "try"}, 404),
        ("promote", {"service": "weather", "version": "1", "reason": "try"}, 404),
        ("rollback", {"service": "lead_scoring", "reason": "try"}, 409),
        ("cancel", {"job": "none"}, 404),
        ("replay", {"letter": "x"}, 400),
        ("undo", {"job": "none"}, 404),
    ):
        assert await post(gateway, act, **form) == status, (act, form)


async def test_a_letter_is_dropped(gateway: RunningGateway) -> None:
    assert gateway.nc is not None
    [refused] = await Publisher(gateway.nc).publish([Outgoing("INSIGHTS.lead_score.x", b"\xff\xff nonsense")])
    assert refused is None
    found = await until(lambda: letters(gateway))
    assert "INSIGHTS.lead_score.x" in await page(gateway)
    assert await post(gateway, "drop", letter=str(found[0]["seq"])) == 303
    assert not await letters(gateway)


async def letters(gateway: RunningGateway) -> list[dict[str, Any]]:
    return list(orjson.loads((await gateway.http.get("/v1/dead-letters")).content)["dead_letters"])
