"""The page of data and models over a running gateway: read, and acted on by its forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from nats.js.errors import NotFoundError

from kit.messaging import Outgoing, Publisher
from kit.models import ModelShelf
from services.gateway.domain import LOCAL
from tests.integration.gateway.conftest import RunningGateway, until
from tests.live_events import events_after

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
    beside = "with the base rate alone 0.694"
    for text in ("Version 1", "0.627", "0.614 to 0.637", beside, "waits", "It is worse than what serves."):
        assert text in shown, text
    assert '<circle cx="40.0" cy="50.0"' in shown
    assert await post(gateway, "promote", service="lead_scoring", version="1") == 400  # without a reason
    korean = await page(gateway, "ko")
    assert "쓰던 모델보다 나쁩니다 · 쓰던 모델 대비 로그 손실 +0.021, 보정 오차 -0.003" in korean
    assert "평균 성공률만 쓰면 0.694" in korean
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
        events = await events_after(gateway.gateway.store, LOCAL, 0, 100)
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


async def test_a_version_is_let_serve_and_taken_back_and_the_page_says_so(gateway: RunningGateway) -> None:
    assert gateway.nc is not None
    shelf = ModelShelf(gateway.nc)
    for name in ("1", "2"):
        digest = await shelf.put(name.encode())
        await gateway.models.add("lead_scoring", VERSION | {"version": name, "digest": digest})
    of = {"service": "lead_scoring", "reason": "tried on last week"}
    shown = await done(gateway, "promote", **of, version="1")
    assert "Lead scoring: version 1 serves now. Open deals" in shown
    shown = await done(gateway, "promote", **of, version="2")
    assert "Lead scoring: version 2 serves now, in place of version 1." in shown
    assert "tried on last week" in shown  # in the audit log
    assert 'href="/models/compare/lead_scoring?lang=en"' in shown
    shown = await done(gateway, "rollback", **of)
    assert "Lead scoring: version 1 serves now, in place of version 2." in shown
    assert [act for act, _ in await gateway.done()] == ["MODEL_PROMOTED", "MODEL_PROMOTED", "MODEL_ROLLED_BACK"]
    there = await shelf.pointer("lead_scoring")
    assert there is not None
    assert (there.version, there.generation) == ("1", 3)
    assert "serves now" not in await page(gateway), "it is said to who did it"
    old = await gateway.http.get("/models?lang=en&did=lead_scoring.2")
    assert "in place of" not in old.text, "what holds no longer is not said"


async def test_two_versions_stand_side_by_side_and_either_serves_from_there(gateway: RunningGateway) -> None:
    assert gateway.nc is not None
    assert "There is no version yet" in (await gateway.http.get("/models/compare/forecast?lang=en")).text
    for name in ("1", "2"):
        digest = await ModelShelf(gateway.nc).put(name.encode())
        await gateway.models.add("lead_scoring", VERSION | {"version": name, "digest": digest})
    await gateway.models.promote("lead_scoring", "1", "nothing served before")
    shown = await gateway.http.get("/models/compare/lead_scoring?lang=ko")
    assert (shown.status_code, "style=" in shown.text, "<script>" in shown.text) == (200, False, False)
    for text in ("같은 기록으로 비교한 적이 없습니다", "예측 40%, 실제 50%", "버전 2 사용"):
        assert text in shown.text, text
    form = {"service": "lead_scoring", "version": "2", "back": "compare", "a": "1", "b": "2"}
    assert await post(gateway, "promote", **form) == 400  # without a reason
    said = await done(gateway, "promote", **form, reason="it knows more")
    assert "version 2 serves now, in place of version 1" in said
    assert "Back to version 1" in said
    said = await done(gateway, "rollback", **form | {"version": "1"}, reason="reps complain")
    assert "version 1 serves now, in place of version 2" in said
    assert "Versions side by side" in said
    for address, status in (("lead_scoring?a=9", 404), ("weather", 404), ("lead_scoring?a=2&b=1&part=versions", 200)):
        assert (await gateway.http.get(f"/models/compare/{address}")).status_code == status, address


async def done(gateway: RunningGateway, act: str, **form: str) -> str:
    """The page that a form leads to."""
    answer = await gateway.http.post(f"/models/{act}?lang=en", data=form, follow_redirects=True)
    assert (answer.status_code, [one.status_code for one in answer.history]) == (200, [303]), answer.text[:500]
    return answer.text


async def test_a_letter_is_dropped(gateway: RunningGateway) -> None:
    assert gateway.nc is not None
    [refused] = await Publisher(gateway.nc).publish([Outgoing("INSIGHTS.lead_score.x", b"\xff\xff nonsense")])
    assert refused is None
    found = await until(lambda: letters(gateway))
    shown = await page(gateway, "ko")
    for text in ("수주 확률 → 기록 저장", "읽을 수 없는 메시지입니다.", "INSIGHTS.lead_score.x, gateway-insights에서"):
        assert text in shown, text
    assert 'href="/deals/x' not in shown  # there is no such deal
    assert "The message was dropped." in await done(gateway, "drop", letter=str(found[0]["seq"]))
    assert await gateway.done() == [("LETTER_DROPPED", str(found[0]["seq"]))]
    assert not await letters(gateway)


async def test_a_letter_is_sent_again_as_its_deal_is_now(gateway: RunningGateway) -> None:
    assert gateway.nc is not None
    await gateway.http.put("/v1/deals/x", json={"name": "한빛 증설", "stage": "Offer"})
    first = await until(lambda: published(gateway))
    await Publisher(gateway.nc).publish([Outgoing("INSIGHTS.lead_score.x", b"\xff\xff nonsense")])
    found = await until(lambda: letters(gateway))
    shown = await page(gateway)
    assert 'A score, for: the records</strong> · <a href="/deals/x?lang=en">한빛 증설</a>' in shown
    assert "It cannot be read: it is damaged" in shown
    assert "The message was sent again." in await done(gateway, "replay", letter=str(found[0]["seq"]))
    assert (await gateway.done())[-1] == ("LETTER_REPLAYED", str(found[0]["seq"]))
    assert await until(lambda: published(gateway, first)) > first
    assert not await letters(gateway)


async def published(gateway: RunningGateway, after: int = 0) -> int:
    """The number of the message on which the deal went out last; 0 where that was before."""
    assert gateway.nc is not None
    try:
        found = (await gateway.nc.jetstream().get_last_msg("DEALS", "DEALS.changed.x")).seq or 0
    except NotFoundError:
        return 0
    return found if found > after else 0


async def letters(gateway: RunningGateway) -> list[dict[str, Any]]:
    return list(orjson.loads((await gateway.http.get("/v1/dead-letters")).content)["dead_letters"])
