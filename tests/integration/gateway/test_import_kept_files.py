"""What stays of dropped files: listed by name, to be deleted; nothing of those that cannot be read."""

from __future__ import annotations

import html
import re
from pathlib import Path

from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.test_import_page import dropped, settled
from tests.unit.imports.weekly_runs import row, write

KIND = "application/octet-stream"


async def listed(gateway: RunningGateway) -> list[str]:
    page = html.unescape((await gateway.http.get("/import?lang=ko")).text)
    return re.findall(r'<li class="buttons"><a href="[^"]*">([^<]*)</a>', page)


def kept(gateway: RunningGateway, address: str) -> bool:
    """Whether anything of an upload is on the disk."""
    identity = address.partition("?")[0].rpartition("/")[2]
    return any(gateway.settings.data_dir.rglob(identity))


async def test_kept_files_have_names_and_can_be_deleted(gateway: RunningGateway, tmp_path: Path) -> None:
    path = write(tmp_path / "영업현황_2024-11-18.xlsx", row("펌프"))
    address = await dropped(gateway, [("files", (path.name, path.read_bytes(), KIND))])
    await settled(gateway, address)
    assert await listed(gateway) == ["영업현황_2024-11-18.xlsx · 확인함, 아직 저장하지 않음"]
    assert kept(gateway, address)
    gone = await gateway.http.post(address, data={"act": "delete"})
    assert (gone.status_code, gone.headers["location"]) == (303, "/import?lang=ko")
    assert await listed(gateway) == []
    assert not kept(gateway, address)
    page = (await gateway.http.get(address)).text
    assert (await gateway.http.get(address)).status_code == 404
    assert '<a href="/import?lang=ko">파일 놓는 곳으로</a>' in page


async def test_nothing_is_kept_of_files_that_cannot_be_read(gateway: RunningGateway, tmp_path: Path) -> None:
    undated = write(tmp_path / "영업현황최종.xlsx", row("펌프")).read_bytes()
    for name, data in (
        ("빈 파일_20241118.csv", b""),
        ("영업현황최종.xlsx", undated),
        ("사진_20241118.xlsx", b"\x89PNG"),
    ):
        address = await dropped(gateway, [("files", (name, data, KIND))])
        page = await settled(gateway, address)
        assert 'role="alert"' in page, "why is told"
        assert await listed(gateway) == [], name
        assert not kept(gateway, address)
        again = await gateway.http.post(address, data={"act": "try"})
        assert again.status_code == 404
        assert "더 이상 보관" in again.text


async def test_a_file_of_another_kind_leads_back_to_where_files_are_dropped(gateway: RunningGateway) -> None:
    for language, field in (("ko", "파일"), ("en", "File")):
        files = [("files", ("notes.txt", b"x", "text/plain"))]
        answer = await gateway.http.post(f"/import?lang={language}", files=files)
        assert answer.status_code == 400
        assert f"<code>{field}</code> <code>notes.txt</code>" in answer.text
        assert f'<a href="/import?lang={language}">' in answer.text
        assert "/deals" not in re.sub(r'<header class="bar">.*?</header>', "", answer.text, flags=re.DOTALL)


async def test_of_many_refused_rows_the_page_says_how_many_it_shows(gateway: RunningGateway, tmp_path: Path) -> None:
    files = []
    for name in ("241118 주간보고.xlsx", "영업현황_20241111.xlsx"):  # by name the later one comes first
        rows = (row(f"{name} {number}", amount="3~5억") for number in range(28))
        files.append(("files", (name, write(tmp_path / name, *rows, row("펌프")).read_bytes(), KIND)))
    address = await dropped(gateway, files)
    page = html.unescape(await settled(gateway, address))
    assert "56행 중 50행을 표시합니다." in page
    assert '<a href="#all-rows">전체 행을 파일로 받기</a>' in page
    shown = re.findall(r"<li>(241118 주간보고|영업현황_20241111)\.xlsx \d+행: ", page)
    assert shown == ["영업현황_20241111"] * 28 + ["241118 주간보고"] * 22
    links = re.findall(r'download="([^"]+)"', page)
    assert links == ["rejects-영업현황_20241111.xlsx.csv", "rejects-241118 주간보고.xlsx.csv"]
