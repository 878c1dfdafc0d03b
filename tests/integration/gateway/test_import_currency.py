"""Which currency the amounts of dropped files are in: Korean units mean won, and what says otherwise is asked about."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from services.gateway.imports.units import won_in
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.test_import_page import deals, settled
from tests.unit.imports.weekly_runs import HEADER, row, write

BARE = [*HEADER[:4], "금액", HEADER[5]]


def form(path: Path) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("files", (path.name, path.read_bytes(), "application/zip"))]


async def dropped(gateway: RunningGateway, path: Path, language: str = "en", **said: str) -> str:
    answer = await gateway.http.post(f"/import?lang={language}", files=form(path), data=said)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def told(page: str) -> str:
    """The currency beside the column of amounts."""
    [found] = re.findall(r'<input name="currency" value="([A-Z]*)"', page)
    return str(found)


@pytest.mark.parametrize(
    ("heading", "unit", "cells", "says"),
    [("예상금액(만원)", "만원", ["880"], "예상금액(만원)"), ("금액", "백만원", ["880"], "백만원"),
     ("금액", "", ["880", "1.2억"], "1.2억"), ("금액", "", ["₩880"], "₩880"), ("금액(원)", "", ["880"], "금액(원)"),
     ("Amount (k)", "k", ["880", "$5k"], ""),
     ("Amount", "", ["880"], "")],
)  # fmt: skip
def test_what_says_won(heading: str, unit: str, cells: list[str], says: str) -> None:
    assert won_in(heading, unit, cells) == says


async def test_the_first_files_say_their_currency(gateway: RunningGateway, tmp_path: Path) -> None:
    assert told((await gateway.http.get("/import?lang=ko")).text) == "KRW"
    first = (await gateway.http.get("/import?lang=en")).text
    assert told(first) == ""
    assert "Left empty, it is as the files say" in first
    bare = write(tmp_path / "영업현황_2024-11-11.xlsx", row("펌프", amount=5000), header=BARE)
    assert told(await settled(gateway, await dropped(gateway, bare, currency=""))) == "USD", "nothing says another"
    cells = write(tmp_path / "영업현황_2024-11-12.xlsx", row("펌프", amount="1.2억"), header=BARE)
    assert told(await settled(gateway, await dropped(gateway, cells, currency=""))) == "KRW"
    address = await dropped(gateway, write(tmp_path / "영업현황_2024-11-18.xlsx", row("펌프")), currency="")
    assert told(page := await settled(gateway, address)) == "KRW"
    assert 'name="foreign"' not in page
    await gateway.http.post(address, data={"act": "import", "currency": "KRW"})
    assert "Imported" in await settled(gateway, address)
    assert [one["amount"] for one in await deals(gateway)] == [{"currency": "KRW", "value": "100000000"}]
    assert gateway.gateway.workspace.currency == "KRW"
    assert "Left empty" not in (await gateway.http.get("/import?lang=en")).text


async def test_korean_units_in_another_currency_are_asked_about(gateway: RunningGateway, tmp_path: Path) -> None:
    path = write(tmp_path / "영업현황_2024-11-18.xlsx", row("펌프"))
    address = await dropped(gateway, path, "ko", currency="USD")
    page = html.unescape(await settled(gateway, address))
    assert told(page) == "USD"
    question = "금액이 한국식 단위(금액(백만원))인데 통화는 USD입니다"
    assert question in page
    await gateway.http.post(address, data={"act": "import", "currency": "USD"})
    page = html.unescape(await settled(gateway, address))
    assert "금액의 단위와 통화가 맞지 않습니다" in page
    assert question in page
    assert not await deals(gateway), "never silently taken"
    await gateway.http.post(address, data={"act": "keep", "currency": "KRW"})  # changed without choosing files again
    await gateway.http.post(address, data={"act": "try", "currency": "KRW"})
    page = html.unescape(await settled(gateway, address))
    assert (told(page), question in page) == ("KRW", False)
    asked = {"act": "import", "currency": "won", "column:예정일": "field", "foreign": "yes"}
    assert (await gateway.http.post(address, data=asked)).status_code == 303
    page = html.unescape(await settled(gateway, address))
    assert not await deals(gateway)
    assert "‘won’은(는) 통화 코드가 아닙니다" in page
    assert re.search(r'name="currency" value="won"[^>]*aria-invalid="true"', page)
    assert re.search(r'name="column:예정일".*?<option value="field" selected>', page, re.DOTALL), "chosen all the same"
    assert 'value="import"' not in page
    await gateway.http.post(address, data={"act": "import", "currency": "USD", "foreign": "yes"})
    assert "가져왔습니다" in await settled(gateway, address)
    assert [one["amount"]["currency"] for one in await deals(gateway)] == ["USD"]


async def test_programs_are_asked_too(gateway: RunningGateway, tmp_path: Path) -> None:
    path = write(tmp_path / "영업현황_2024-11-18.xlsx", row("펌프"))
    files = form(path)

    async def done(sent: Any) -> dict[str, Any]:
        await settled(gateway, f"/import/{sent['id']}")
        return dict((await gateway.http.get(f"/v1/uploads/{sent['id']}")).json())

    report = (await done((await gateway.http.post("/v1/uploads", files=files)).json()))["report"]
    assert (report["currency"], report["won"]) == ("KRW", "")
    sent = (await gateway.http.post("/v1/uploads", files=files, data={"currency": "EUR"})).json()
    report = (await done(sent))["report"]
    assert (report["currency"], report["won"]) == ("EUR", "금액(백만원)")
    there = f"/v1/uploads/{sent['id']}:import"
    await gateway.http.post(there, json={})
    refused = await done(sent)
    assert refused["state"] == "FAILED"
    assert "the currency is EUR" in refused["error"]["message"]
    assert (await gateway.http.post(there, json={"currency": 5})).status_code == 400
    await gateway.http.post(there, json={"currency": "KRW"})
    assert (await done(sent))["state"] == "IMPORTED"


async def test_a_wrong_currency_keeps_the_files_that_were_dropped(gateway: RunningGateway, tmp_path: Path) -> None:
    path = write(tmp_path / "영업현황_2024-11-18.xlsx", row("펌프"))
    address = await dropped(gateway, path, "ko", currency="WON")
    page = html.unescape(await settled(gateway, address))
    assert "‘WON’은(는) 통화 코드가 아닙니다" in page
    assert "금액을 KRW로 읽습니다" in page
    assert re.search(r'name="currency" value="WON".*?<span class="wrong">통화 코드가 아닙니다</span>', page)
    assert 'value="import"' not in page
    await gateway.http.post(address, data={"act": "try", "currency": "KRW"})
    page = html.unescape(await settled(gateway, address))
    assert (told(page), "통화 코드가" in page, 'value="import"' in page) == ("KRW", False, True)
    programs = await gateway.http.post("/v1/uploads", files=form(path), data={"currency": "WON"})
    assert programs.status_code == 400
