"""Rows that an import did not take: told on its page, loaded as a file, mended or answered, and dropped again."""

from __future__ import annotations

import html
import re
from pathlib import Path

from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.test_import_page import deals, dropped, settled
from tests.unit.imports.weekly_runs import row, write


async def test_refused_rows_are_loaded_as_a_file_and_dropped_again(gateway: RunningGateway, tmp_path: Path) -> None:
    path = write(tmp_path / "영업현황_2024-11-18.xlsx", row("펌프"), row("밸브", amount="3~5억"))
    address = await dropped(gateway, [("files", (path.name, path.read_bytes(), "application/zip"))])
    await settled(gateway, address)
    await gateway.http.post(address, data={"act": "import"})
    page = await settled(gateway, address)
    there = address.partition("?")[0]
    listed = html.unescape((await gateway.http.get("/import?lang=ko")).text)
    assert "영업현황_2024-11-18.xlsx · 가져옴 · 거부되거나 확인 대기 중인 행 1건" in listed
    for back in (listed, (await gateway.http.get("/models?lang=ko")).text):
        assert f'href="{there}?lang=ko"' in back, "the reasons are found again"
    [(link, name)] = re.findall(r'<a href="([^"]+/rejects/0[^"]*)" download="([^"]+)"', page)
    assert name == "rejects-영업현황_2024-11-18.xlsx.csv"
    loaded = await gateway.http.get(html.unescape(link))
    text = loaded.content.decode("utf-8-sig")
    assert ("밸브" in text, "펌프" in text) == (True, False)
    assert (await gateway.http.get(html.unescape(link).replace("/rejects/0", "/rejects/7"))).status_code == 404
    mended = text.replace("3~5억", "4억", 1).encode()
    for again in ("생성 1", "바뀐 것이 없어 되돌릴 것도 없습니다"):
        address = await dropped(gateway, [("files", (name, mended, "text/csv"))])
        await settled(gateway, address)
        await gateway.http.post(address, data={"act": "import", "confirm": "yes"})
        page = html.unescape(await settled(gateway, address))
        assert again in page, page
    assert "이 가져오기 전체 되돌리기" not in page
    assert sorted(one["name"] for one in await deals(gateway)) == ["밸브", "펌프"]


async def test_rows_held_with_a_question_say_where_it_is_answered(gateway: RunningGateway, tmp_path: Path) -> None:
    path = write(tmp_path / "영업현황_2024-11-18.xlsx", row("펌프", account="누리병원"), row("관제"),
                 row("관제", amount=70))  # fmt: skip
    address = await dropped(gateway, [("files", (path.name, path.read_bytes(), "application/zip"))])
    tried = html.unescape(await settled(gateway, address))
    assert tried.count("위의 질문에 답하세요") == 2, "where the question stands"
    await gateway.http.post(address, data={"act": "import", "confirm": "yes"})
    page = html.unescape(await settled(gateway, address))
    assert "위의 질문" not in page
    assert page.count("이 행들의 파일을 다시 놓고, 그때 나오는 질문에 답하세요") == 2
    assert "확인 대기 중인 행은 아직 들어오지 않았습니다" in page
    assert '<a href="/import?lang=ko">파일 놓는 곳으로</a>' in page
    [(link, name)] = re.findall(r'<a href="([^"]+/rejects/0[^"]*)" download="([^"]+)"', page)
    loaded = await gateway.http.get(link)
    assert "위의" not in loaded.text
    address = await dropped(gateway, [("files", (name, loaded.content, "text/csv"))])
    [question] = set(re.findall(r'name="answer:([^"]+)"', await settled(gateway, address)))
    await gateway.http.post(address, data={f"answer:{question}": "two", "act": "import", "confirm": "yes"})
    page = html.unescape(await settled(gateway, address))
    assert "생성 2" in page, page
    assert sorted(one["name"] for one in await deals(gateway)) == ["관제", "관제 #2", "펌프"]
