"""Korean workbooks dropped on a page of a running gateway: looked at, answered, imported and undone."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814
from playwright.async_api import async_playwright, expect

from kit.nats_server import NatsServer
from kit.testing import chromium
from services.gateway.domain import LOCAL
from services.gateway.imports.weekly.__main__ import run
from services.gateway.imports.weekly.uploads import IMPORTING, TRYING, Upload
from services.gateway.store.interface import Query
from services.gateway.web.import_views import upload_view
from services.gateway.web.job_views import undone_told
from services.gateway.web.words import Words
from tests.integration.gateway.conftest import RunningGateway, until
from tests.unit.imports.weekly_runs import row, write


def weeks(folder: Path) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Two files a week apart: one deal's amount has another unit, one has another owner, one comes in."""
    folder.mkdir()
    first = write(
        folder / "영업현황_2024-11-11.xlsx",
        row("설비 교체", account="한빛정밀"),
        row("예약 시스템", account="누리병원"),
    )
    second = write(
        folder / "영업현황_2024-11-18.xlsx",
        row("설비 교체", account="한빛정밀", amount=100_000),
        row("예약 시스템", "이서연", account="누리병원"),
        row("포장 라인", account="다온식품"),
    )
    return [("files", (one.name, one.read_bytes(), "application/octet-stream")) for one in (first, second)]


async def dropped(gateway: RunningGateway, files: list[tuple[str, tuple[str, bytes, str]]]) -> str:
    answer = await gateway.http.post("/import?lang=ko", files=files, data={"currency": "KRW"})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def settled(gateway: RunningGateway, address: str) -> str:
    """The page, once nothing is read any more."""

    async def idle() -> str | None:
        text = (await gateway.http.get(address)).text
        return None if "<progress" in text else text

    return str(await until(idle, 120, pause=0.2))


async def deals(gateway: RunningGateway) -> list[dict[str, Any]]:
    return list((await gateway.http.get("/v1/deals")).json()["deals"])


async def test_files_are_looked_at_imported_and_taken_back(gateway: RunningGateway, tmp_path: Path) -> None:
    address = await dropped(gateway, weeks(tmp_path / "weeks"))
    page = html.unescape(await settled(gateway, address))
    for text in ("영업현황_2024-11-18.xlsx: 2024. 11. 18., 3행", "처음 보는 열입니다", "누리병원", "생성 3",
                 "담당자가 바뀐 딜 1건:</p>", "<li>누리병원 / 예약 시스템: 김민수 → 이서연</li>"):  # fmt: skip
        assert text in page, text
    assert '<br><span class="small">단위: 백만원</span>' in page, "beside the amount's column"
    chosen = re.findall(r'<select name="column:([^"]+)".*?<option value="([^"]+)" selected>', page, re.DOTALL)
    assert ("고객사", "account") in chosen
    assert not await deals(gateway)  # nothing was written
    assert (await gateway.http.post(address, data={"act": "import"})).status_code == 303
    page = html.unescape(await settled(gateway, address))
    assert "아무것도 저장하지 않았습니다" in page
    assert "생성 3" in page, "the counts of the look before"
    # an amount is a thousand times as large
    assert "주로 '금액(백만원)' 열 때문이며, 딜 1건의 중앙값이 100,000,000 KRW에서 100,000,000,000 KRW" in page
    assert not await deals(gateway)
    unit = "unit:영업현황_2024-11-18.xlsx"
    assert f'<select name="{unit}">' in page
    assert (await gateway.http.post(address, data={"act": "try", unit: "천원"})).status_code == 303
    mended = html.unescape(await settled(gateway, address))
    assert "읽은 단위: 천원" in mended
    assert '<option value="천원" selected>' in mended
    chosen_here = {**{f"column:{name}": target for name, target in chosen}, "column:예정일": "field", "act": "try"}
    await gateway.http.post(address, data=chosen_here)
    mended = html.unescape(await settled(gateway, address))
    assert (mended.count("여기에서 고른 대로"), mended.count("지난번대로")) == (1, 0)
    assert "마감 예정일로 읽는 열이 없어" in mended
    await gateway.http.post(address, data={"act": "try", "column:예정일": "close_date"})
    assert "마감 예정일로 읽는 열이 없어" not in html.unescape(await settled(gateway, address))
    await gateway.http.post(address, data={"act": "try", unit: ""})
    await settled(gateway, address)
    assert (await gateway.http.post(address, data={"act": "import", "confirm": "yes"})).status_code == 303
    done = await settled(gateway, address)
    assert "가져왔습니다" in done, re.findall(r'role="alert">([^<]+)', done)
    assert sorted(one["name"] for one in await deals(gateway)) == ["설비 교체", "예약 시스템", "포장 라인"]
    assert list((gateway.settings.data_dir / "tmp" / "uploads").iterdir()) == [], "what was imported is not kept"
    again = await gateway.http.post(address, data={"act": "import"})
    assert again.status_code == 409
    undo = address.replace("?", "/undo?")
    question = html.unescape((await gateway.http.post(undo)).text)
    assert "이 가져오기로 생긴 기록은 없어지고" in question
    for asked in re.findall(r'(?:hx-get|href)="(/import[^"]*)"', question):
        assert (await gateway.http.get(asked)).status_code == 200, asked
    assert "part=day" in "".join(re.findall(r'hx-get="(/import/[^"]*)"', question))
    assert len(await deals(gateway)) == 3, "asked about first"
    [user] = [one for one in (await gateway.http.get("/v1/users")).json()["users"] if one["name"] == "김민수"]
    await gateway.http.put(f"/v1/users/{user['id']}", json={"name": "김민수", "title": "상무"})
    told = html.unescape((await gateway.http.post(undo, data={"confirm": "yes"})).text)
    assert "그 뒤에 바뀐 담당자: 1건. 예: 김민수" in told
    assert "그래도 되돌리기" in told
    assert len(await deals(gateway)) == 3
    [job] = (await gateway.http.get("/v1/imports")).json()["imports"]
    elsewhere = html.unescape((await gateway.http.post("/models/undo?lang=ko", data={"job": job["id"]})).text)
    assert "바뀐 기록은 가져오기 전으로 돌아갑니다" in elsewhere
    there = {"job": job["id"], "confirm": "yes"}
    assert "그래도 되돌리기" in (await gateway.http.post("/models/undo?lang=ko", data=there)).text
    assert (await gateway.http.post(undo, data={"confirm": "yes", "discard": "yes"})).status_code == 303
    assert not await deals(gateway)
    told = html.unescape((await gateway.http.get(address)).text)
    assert re.search(r"에 이 가져오기를 되돌렸습니다\. 기록은", told)
    assert "가져왔습니다" not in told
    assert undo not in html.unescape(told), "once is enough"
    assert "되돌림" in (await gateway.http.get("/import?lang=ko")).text
    undone = (await gateway.http.get("/v1/imports")).json()["imports"][0]["detail"] | {"undone_by": "m1"}
    assert "m1, who did it" in undone_told(undone, lambda who: f"{who}, who did it", Words("en"))


async def test_alike_questions_are_answered_at_once(gateway: RunningGateway, tmp_path: Path) -> None:
    """Of sixty deals that left the file fifty are listed; an answer for all counts for the others too."""
    rows = [
        row(f"딜 {number:03d} {chr(0xAC00 + 37 * number)}", account="한빛정밀", amount=number + 1)
        for number in range(200)
    ]
    folder = tmp_path / "weeks"
    folder.mkdir()
    both = write(folder / "영업현황_2024-11-11.xlsx", *rows), write(folder / "영업현황_2024-11-18.xlsx", *rows[60:])
    files = [("files", (one.name, one.read_bytes(), "application/octet-stream")) for one in both]
    address = await dropped(gateway, files)
    page = html.unescape(await settled(gateway, address))
    assert "질문 60개" in page
    assert re.search(r"딜 000 \S+ / 김민수 / ₩1,000,000 \(2024\. 11\. 11\.에 진행 중\)", page), "as elsewhere"
    assert "KRW (" not in page
    assert "어떻게 되었나요? 이런 질문 60개 모두" in page
    one = re.findall(r'name="answer:([^"]+)"', page)[0]
    kept = await gateway.http.post(address, data={f"answer:{one}": "lost", "act": "keep"})
    assert kept.status_code == 204
    again = (await gateway.http.get(address)).text
    assert re.search(rf'name="answer:{one}">.*?<option value="lost" selected>', again), "what was chosen is kept"
    await gateway.http.post(address, data={f"answer:{one}": "", "act": "keep"})
    assert '<option value="lost" selected>' not in (await gateway.http.get(address)).text
    await gateway.http.post(address, data={"all:gone": "lost", f"answer:{one}": "open", "act": "try"})
    page = html.unescape(await settled(gateway, address))
    assert "지금까지 답한 질문: 60개" in page
    assert "이런 질문" not in page
    await gateway.http.post(address, data={"act": "forget"})
    assert "질문 60개" in html.unescape(await settled(gateway, address))
    await gateway.http.post(address, data={"all:gone": "lost", f"answer:{one}": "open", "act": "try"})
    await settled(gateway, address)
    await gateway.http.post(address, data={"act": "import", "confirm": "yes"})
    assert "가져왔습니다" in await settled(gateway, address)
    lost = await gateway.gateway.store.list_records(LOCAL, Query(outcome="LOST"), "", 100)
    assert len(lost.records) == 59


async def test_what_a_person_says_of_a_column_holds(gateway: RunningGateway, tmp_path: Path) -> None:
    address = await dropped(gateway, weeks(tmp_path / "weeks"))
    await settled(gateway, address)
    await gateway.http.post(address, data={"column:고객사": "ignore", "act": "try"})
    page = await settled(gateway, address)
    assert re.search(r'name="column:고객사".*?<option value="ignore" selected>', page, re.DOTALL)
    refused = await gateway.http.post(address, data={"column:고객사": "weather", "act": "try"})
    assert refused.status_code == 400
    both = {"column:고객사": "account", "column:예정일": "stage", "column:단계": "stage"}
    for act in ("try", "import"):
        await gateway.http.post(address, data=both | {"act": act})
        page = html.unescape(await settled(gateway, address))
        assert "'단계' 열과 '예정일' 열의 뜻이 모두 단계(으)로" in page
        assert 'value="try"' in page
        assert 'value="import"' not in page, "not until it is settled"
    assert not await deals(gateway)
    there = f"/v1/uploads/{address.split('/')[2].split('?')[0]}"
    assert (await gateway.http.post(f"{there}:import", json={})).status_code == 202
    await settled(gateway, address)
    assert "are both taken for the stage" in (await gateway.http.get(there)).json()["error"]["message"]
    await gateway.http.post(address, data={"column:예정일": "close_date", "act": "try"})
    assert 'value="import"' in await settled(gateway, address)


@pytest.mark.parametrize(
    ("name", "data", "status"), [("notes.pdf", b"%PDF", 400), ("../../x.exe", b"MZ", 400), ("", b"", 400)]
)
async def test_other_files_are_refused(gateway: RunningGateway, name: str, data: bytes, status: int) -> None:
    answer = await gateway.http.post("/import", files=[("files", (name, data, "application/octet-stream"))])
    assert answer.status_code == status
    told = await gateway.http.post("/import?lang=ko", files=[("files", (name, data, "application/octet-stream"))])
    assert re.search("[가-힣]", re.findall(r"<p[^>]*>([^<]+)", told.text)[0])


async def test_a_workbook_that_is_none_is_said_on_the_page(gateway: RunningGateway) -> None:
    for name, data, said in (
        (
            "영업현황_2024-11-18.xlsx",
            b"\x89PNG",
            "통합 문서가 아니라 그림 파일입니다: 그림이 아니라 원래 통합 문서를 고르세요",
        ),
        ("영업현황_2024-11-18.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "예전 형식"),
    ):
        address = await dropped(gateway, [("files", (name, data, "application/zip"))])
        page = await settled(gateway, address)
        assert said in re.findall(r'role="alert">([^<]+)', page)[0]


async def test_a_column_that_is_missed_can_be_named_on_the_page(gateway: RunningGateway, tmp_path: Path) -> None:
    rows = [["한빛", "설비", "김민수", "제안", "약 3억?"], ["누리", "예약", "김민수", "협상", "2억"]]
    path = write(tmp_path / "영업현황_2024-11-18.xlsx", *rows, header=["고객사", "딜명", "담당자", "진도", "금액"])
    address = await dropped(gateway, [("files", (path.name, path.read_bytes(), "application/zip"))])
    page = await settled(gateway, address)
    assert "아래에서 어느 열인지 고르고 다시 살펴보세요" in page
    assert 'name="column:진도"' in page
    await gateway.http.post(address, data={"column:진도": "stage", "act": "try"})
    page = await settled(gateway, address)
    assert "생성 1" in page
    assert "영업현황_2024-11-18.xlsx: 시트" in page  # what was read of it
    assert "320,000,000, 3.2억, 320백만원처럼" in page
    assert "decimal" not in page


async def test_files_reach_a_gateway_with_sign_in_on_an_address_that_it_does_not_answer_for(
    nats: NATS, nats_server: NatsServer, tmp_path: Path
) -> None:
    """As in a container, where the address is the network's."""
    data = tmp_path / "data"
    gateway = await RunningGateway(nats_server.url, data, sign_in="accounts", http_address="127.0.0.2:0").start()
    assert (await gateway.http.get("/v1/deals")).status_code == 421
    weeks(tmp_path / "weeks")
    request = {
        "files": str(tmp_path / "weeks"), "url": str(gateway.http.base_url), "data_dir": str(data), "language": "en",
        "report": str(tmp_path / "report.json"), "dry_run": False, "columns": {}, "answers": {}, "currency": "KRW",
        "confirm": True,
    }  # fmt: skip
    report = await run(request)
    assert report["error"] is None
    page = await gateway.gateway.store.list_records(LOCAL, Query(), "", 10)
    assert len(page.records) == 3
    await gateway.stop()


async def test_a_page_that_hears_nothing_more_says_so(gateway: RunningGateway, tmp_path: Path) -> None:
    found = chromium()
    if found is None:
        pytest.skip("no Chromium")
    address = await dropped(gateway, weeks(tmp_path / "weeks"))
    async with async_playwright() as engine:
        browser = await engine.chromium.launch(executable_path=str(found), args=["--no-sandbox", "--headless"])
        page = await browser.new_page(base_url=str(gateway.http.base_url))
        await page.goto(address)
        await page.context.set_offline(True)
        await expect(page.get_by_role("alert")).to_contain_text("파일 다시 놓기", timeout=20_000)
        await browser.close()
    await settled(gateway, address)


async def test_a_sheet_of_quotas_is_named_with_where_it_goes(gateway: RunningGateway, tmp_path: Path) -> None:
    header = ["담당자", "상위자", "4분기 목표"]
    path = write(tmp_path / "영업_4분기.xlsx", ["이서연", "김민수", 600], ["박지훈", "김민수", 500], header=header)
    address = await dropped(gateway, [("files", (path.name, path.read_bytes(), "application/zip"))])
    page = html.unescape(await settled(gateway, address))
    assert "영업_4분기.xlsx 파일은 딜이 아니라 영업 목표로 보입니다" in page
    assert '<a href="/quotas?lang=ko">목표</a>' in page
    path = write(tmp_path / "영업현황.xlsx", row("펌프"))
    address = await dropped(gateway, [("files", (path.name, path.read_bytes(), "application/zip"))])
    assert "영업현황.xlsx 파일의 기준일을 알 수 없습니다" in html.unescape(await settled(gateway, address))


def test_a_try_does_not_say_that_it_saves(tmp_path: Path) -> None:
    words = Words("ko")
    upload = Upload("u", tmp_path, "local", 0.0, state=TRYING, done=("Writing deals", 5, 5))
    assert "아직 저장하지 않습니다" in upload_view(upload, words).doing
    upload.state = IMPORTING
    assert upload_view(upload, words).doing == "딜을 저장하는 중 …"


async def test_no_day_is_told_in_one_way_of_writing_it(gateway: RunningGateway, tmp_path: Path) -> None:
    path = write(tmp_path / "영업현황_2024-11-18.xlsx", [*row("펌프")[:-1], "24.13.40"], row("밸브"))
    address = await dropped(gateway, [("files", (path.name, path.read_bytes(), "application/zip"))])
    page = html.unescape(await settled(gateway, address))
    assert "24.13.40: 날짜가 아닙니다. 2026-11-21이나 26.11.21처럼 날짜를 쓰세요" in page
