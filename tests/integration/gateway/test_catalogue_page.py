"""The catalogue of actions as a page: edited field by field or whole, checked before it is saved, taken back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.clock import WallClock
from kit.nats_server import NatsServer
from kit.server import GrpcServer
from services.next_best_action import catalogue
from services.next_best_action.grpc_api import SERVICE_NAME, NextBestActionApi
from services.next_best_action.service import NextBestAction
from tests.integration.gateway.conftest import RunningGateway
from tests.unit.next_best_action.nba_builders import Prior

OWN = """# what we do
[channels.call]
per_7_days = 3
consent = true
[[actions]]
name = "call"
en = "Call"
ko = "전화하기"
cost = 8 # of an hour
channels = ["call"]
eligibility = "kind == 'LEAD'"
[[actions]]
name = "wait"
en = "Wait <b>"
ko = "기다리기"
"""


@pytest.fixture
async def running(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway beside a service that checks catalogues, with one of its own."""
    service = NextBestAction(catalogue.parse(OWN), Prior(), WallClock())
    server = GrpcServer("127.0.0.1:0", NextBestActionApi(service).add_to, [SERVICE_NAME])
    await server.start()
    (tmp_path / "next_best_action.json").write_text(json.dumps({"grpc": server.address}))
    gateway = await RunningGateway(nats_server.url, tmp_path / "data", run_dir=tmp_path).start()
    yield gateway
    await gateway.stop()
    await server.stop(0)


async def page(running: RunningGateway, lang: str = "en") -> str:
    answer = await running.http.get(f"/catalogue?lang={lang}")
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


async def text(running: RunningGateway) -> str:
    return str((await running.http.get("/v1/actions/catalogue")).json()["text"])


async def post(running: RunningGateway, to: str, lang: str = "en", **form: Any) -> str:
    """The page that answers; empty where the form was taken."""
    answer = await running.http.post(f"/catalogue/{to}?lang={lang}", data={"act": "save", **form})
    assert answer.status_code in (200, 303), answer.text[:800]
    return "" if answer.status_code == 303 else answer.text


CALL = {"action": "call", "en": "Call", "ko": "전화하기", "cost": "8", "channels": "call",
        "eligibility": "kind == 'LEAD'"}  # fmt: skip


async def test_every_action_stands_there_with_its_words_limits_and_conditions(running: RunningGateway) -> None:
    shown = await page(running)
    for part in ("Call", "전화하기", "at most 3 in 7 days, only with consent", "kind == &#39;LEAD&#39;", "$8",
                 "Wait &lt;b&gt;", "Nobody has edited it yet"):  # fmt: skip
        assert part in shown, part
    korean = await page(running, "ko")
    assert korean.index("전화하기") < korean.index("Call")
    assert "동의한 사람만" in korean


async def test_a_field_is_edited_and_the_rest_of_the_text_stays(running: RunningGateway) -> None:
    checked = await post(running, "action", **{**CALL, "cost": "9.5", "act": "check"})
    assert "Checked: 2 actions" in checked
    assert 'value="9.5"' in checked
    assert await text(running) == OWN, "a check changes nothing"
    assert "Nothing was changed." in await post(running, "action", **CALL)
    assert not await post(running, "action", **{**CALL, "cost": "9.5"}, generation="0", note="dearer")
    assert await text(running) == OWN.replace("cost = 8 ", "cost = 9.5 ")
    shown = await page(running)
    assert "dearer" in shown
    assert "Undo: back to version 0" in shown
    [entry] = (await running.http.get("/v1/actions/catalogue")).json()["editions"]
    assert (entry["note"], entry["who"]) == ("dearer", "local")


async def test_what_is_wrong_stands_beside_the_field_and_the_old_one_stays(running: RunningGateway) -> None:
    wrong = await post(running, "action", **{**CALL, "eligibility": "kind == 1", "minutes": "x"})
    assert wrong.count('aria-invalid="true"') == 1, "what is no number is told before the rest is checked"
    wrong = await post(running, "action", **{**CALL, "eligibility": "stufe == 1"})
    assert 'aria-describedby="call-eligibility-wrong"' in wrong
    assert "Line 11: The expression does not compile" in wrong
    assert "Use one of the variables" in wrong
    assert ">stufe == 1</textarea>" in wrong, "what was typed stays"
    korean = await post(running, "action", "ko", **{**CALL, "cost": "-1"})
    assert "0에서 1e+09 사이가 아닙니다. 그 범위 안의 값을 쓰세요" in korean
    whole = await post(running, "text", text=OWN + 'colour = "red"\n')
    assert "Line 16" in whole
    assert "<code>colour = &#34;red&#34;</code>" in whole
    assert "Unknown key" in whole
    assert "TOML 형식이 아닙니다" in await post(running, "text", "ko", text="a = \n")
    assert await text(running) == OWN


async def test_off_and_on_and_back(running: RunningGateway) -> None:
    assert not await post(running, "switch", action="call", generation="0")
    assert "off = true" in await text(running)
    assert "Switch on" in await page(running)
    stale = await running.http.post("/catalogue/switch?lang=ko", data={"action": "wait", "generation": "0"})
    assert stale.status_code == 409
    assert "그사이 다른 사람이 카탈로그를 바꿨습니다" in stale.text
    assert not await post(running, "switch", action="call", generation="1")
    assert await text(running) == OWN
    assert not await post(running, "back", edition="1", generation="2")
    assert "off = true" in await text(running)
    assert "Undo: back to version 2" in await page(running), "the newest that says something else"
    assert not await post(running, "back", edition="0", generation="3")
    assert await text(running) == OWN
    for act, form in (("switch", {"action": "none"}), ("back", {"edition": "77"})):
        assert (await running.http.post(f"/catalogue/{act}", data=form)).status_code == 404
