"""Resident numbers are refused in cells and masked in notes; nothing repeats them; erased people stay out."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path

import pytest

from cli.import_weekly_report import weekly_lines
from kit.errors import InvalidInput
from learning.records import Contact
from services.gateway.domain import LOCAL
from services.gateway.imports.importer import Importer
from services.gateway.imports.mapping import read
from services.gateway.imports.messages import told, translate
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.sinks import StoreSink
from services.gateway.imports.weekly.doubts import write_doubts
from services.gateway.imports.weekly.files import day_in
from services.gateway.imports.weekly.importer import Options, WeeklyImporter
from services.gateway.imports.weekly.told import report_json
from services.gateway.imports.weekly.uploads import Uploads
from services.gateway.jobs import Job, Jobs
from services.gateway.privacy.files import UPLOADS_LAST, clear_uploads
from services.gateway.privacy.resident_numbers import MASK, MASK_IN_PATHS
from services.gateway.store import Store, open_store
from tests.unit.imports import weekly_runs
from tests.unit.imports.import_runs import run

NUMBER = "850302-1123451"  # its check digit is right
ODD = "850302-1123450"  # its is not
MAPPING = """
[mapping]
name = "t"
currency = "USD"
[files.contacts]
entity = "contacts"
path = "contacts.csv"
[files.contacts.columns]
id = "id"
name = "name"
phone = "phone"
[files.deals]
entity = "deals"
path = "deals.csv"
[files.deals.columns]
id = "id"
created_time = "created"
[files.calls]
entity = "activities"
path = "calls.csv"
[files.calls.columns]
activity_id = "id"
id = "deal"
type = { constant = "note" }
time = "at"
text = "said"
"""


async def test_cells_are_refused_by_name_and_notes_masked(tmp_path: Path) -> None:
    files = {
        "contacts.csv": f"id,name,phone\nc1,Kim,010-1234-5678\nc2,Lee,{NUMBER}\nc3,Park {NUMBER},\n",
        "deals.csv": f"id,created,주민등록번호,주문번호\nd1,2017-01-01,,231105-3123459\nd2,2017-01-01,{ODD},\n",
        "calls.csv": f"id,deal,at,said\na1,d1,2017-01-02,주민번호 {ODD} 확인\n",
    }
    sink, report = await run(tmp_path, MAPPING, files)
    assert [one.id for one in sink.saved["contacts"]] == ["c1"]
    assert set(sink.deals) == {"d1"}
    assert sink.deals["d1"].activities[0].text == f"주민번호 {MASK} 확인"
    fields = [(one.file, one.line, error.field, error.value) for one in report.rejects for error in one.errors]
    assert fields == [
        ("contacts.csv", 3, "phone", ""), ("contacts.csv", 4, "name", ""), ("deals.csv", 3, "주민등록번호", ""),
    ]  # fmt: skip
    assert "주민등록번호" in told(report.rejects[0].errors[0], "ko").message
    written = "".join(file.read_text("utf-8") for file in report.rejects_files.values())
    assert (NUMBER in written, ODD in written, written.count(MASK)) == (False, False, 3)


async def test_weekly_rows_with_a_number_are_refused(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'store.db'}")
    header = [*weekly_runs.HEADER, "비고", "식별번호"]
    rows = [["A사", "펌프", "김대리", "제안", 5, "2026-12-01", f"주민 {NUMBER}", ""],
            ["B사", "밸브", "김대리", "제안", 5, "2026-12-01", "", NUMBER]]  # fmt: skip
    path = await asyncio.to_thread(weekly_runs.write, tmp_path / "영업현황_20261116.xlsx", *rows, header=header)
    report = await weekly_runs.run(store, tmp_path, path)
    assert [(one.line, one.errors[0].field) for one in report.report.rejects] == [(3, "식별번호")]
    kept = str(await weekly_runs.everything(store))
    assert (NUMBER in kept, f"주민 {MASK}" in kept, "밸브" in kept) == (False, True, False)
    await store.close()


async def test_cells_shown_of_a_column_are_masked(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'store.db'}")
    header = [*weekly_runs.HEADER, "비고", "주민등록번호"]
    note = "계약자 주민번호 850101-1234567 확인 요망"
    path = tmp_path / "영업현황_20261116.xlsx"
    await asyncio.to_thread(weekly_runs.write, path, [*weekly_runs.row("펌프"), note, "8501011234567"], header=header)
    found = await weekly_runs.run(store, tmp_path, path)
    report = json.dumps(report_json(found, "ko"), ensure_ascii=False)
    lines = "\n".join(weekly_lines(found, "ko", tmp_path / "doubts.csv", dry_run=True))
    for text in (report, lines):
        assert ("850101" in text, f"계약자 주민번호 {MASK} 확인 요망" in text) == (False, True)
    await store.close()


def test_dropped_files_are_gone_after_a_day(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, tmp_path)
    upload = uploads.begin("kim", "KRW")
    uploads.add(upload, "w_20261116.csv", b"x")
    dropped = upload.files.stat().st_mtime
    assert (clear_uploads(tmp_path, dropped + UPLOADS_LAST - 60), upload.files.exists()) == (0, True)
    assert (clear_uploads(tmp_path, dropped + UPLOADS_LAST + 60), upload.folder.exists()) == (1, False)


async def test_a_number_in_the_name_of_a_file_is_masked_wherever_it_is_told(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'store.db'}")
    name = f"영업현황_{NUMBER.replace('-', '_')}_"
    rows = [weekly_runs.row("펌프"), weekly_runs.row("밸브", amount="많음"), weekly_runs.row("펌프", amount=7)]
    for day in ("20261109", "20261116"):
        await asyncio.to_thread(weekly_runs.write, tmp_path / "week" / f"{name}{day}.xlsx", *rows)
    sink, rejects = StoreSink(store, record=True), RejectsWriter(tmp_path / "rejects")
    found = await WeeklyImporter(sink, rejects, Options()).run(tmp_path / "week")
    doubts = tmp_path / "doubts.csv"
    write_doubts(doubts, found.doubts, "ko")
    report = json.dumps(report_json(found, "ko"), ensure_ascii=False)
    lines = "\n".join(weekly_lines(found, "ko", doubts, dry_run=False))
    kept = str(await weekly_runs.everything(store)) + str([job.to_json() for job in await _jobs(store)])
    for text in (report, lines, doubts.read_text("utf-8-sig"), kept):
        assert NUMBER[-7:] not in text
        assert NUMBER[:6] not in text
    assert f"영업현황_{MASK}_20261116.xlsx" in report
    assert sorted(one.name for one in rejects.paths.values()) == [
        f"rejects-영업현황_{MASK_IN_PATHS}_{day}.xlsx.csv" for day in ("20261109", "20261116")
    ]
    with pytest.raises(InvalidInput) as caught:
        await WeeklyImporter(sink, rejects, Options()).run(_empty(tmp_path / f"{NUMBER}.xlsx"))
    assert caught.value.value == f"{MASK}.xlsx"
    await store.close()


def _empty(path: Path) -> Path:
    path.touch()
    return path


async def _jobs(store: Store) -> list[Job]:
    jobs = Jobs(store, "import")
    await jobs.load()
    return jobs.all()


async def test_two_dropped_files_that_differ_by_the_number_alone_are_both_kept(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, tmp_path)
    upload = uploads.begin("kim", "KRW")
    for number in (NUMBER, "900814-2345674"):
        uploads.add(upload, f"주민번호 {number} 2026.11.16.XLSX", b"x")
    kept = sorted(one.name for one in upload.files.iterdir())
    assert kept == [f"주민번호 {MASK_IN_PATHS} 2026.11.16 (2).XLSX", f"주민번호 {MASK_IN_PATHS} 2026.11.16.XLSX"]
    assert [day_in(name) for name in kept] == [date(2026, 11, 16)] * 2


@pytest.mark.parametrize(
    ("name", "place", "number"), [("w_20261116.xlsx", "C열", NUMBER), ("w_20261116.csv", "3열", ODD)]
)
async def test_a_heading_with_a_number_is_refused_by_its_place(
    tmp_path: Path, name: str, place: str, number: str
) -> None:
    header = [*weekly_runs.HEADER[:2], f"홍길동 {number}", *weekly_runs.HEADER[3:]]
    path = tmp_path / name
    if name.endswith("xlsx"):
        await asyncio.to_thread(weekly_runs.write, path, weekly_runs.row("펌프"), header=header)
    else:
        path.write_text(",".join(header) + "\n한빛,펌프,김,제안,5,2026-12-01\n", "utf-8")
    store = await open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with pytest.raises(InvalidInput) as caught:
        await weekly_runs.run(store, tmp_path, path)
    translate(caught.value, "ko")
    sheet = " / Sheet" if name.endswith("xlsx") else ""
    expected = f"{name}{sheet} 1행 {place}의 제목에 주민등록번호 또는 외국인등록번호가 들어 있습니다"
    assert (caught.value.message, caught.value.value) == (expected, f"홍길동 {MASK}")
    assert await store.get_setting("weekly_files") is None
    await store.close()


async def test_next_mondays_file_does_not_bring_an_erased_person_back(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'store.db'}")
    files = {"contacts.csv": "id,name,phone\nc1,Kim Min-seo,010-1234-5678\n", "deals.csv": "id,created\n",
             "calls.csv": "id,deal,at,said\n"}  # fmt: skip
    for name, text in files.items():
        await asyncio.to_thread((tmp_path / name).write_text, text)
    await store.save_contacts(LOCAL, [Contact("c1", "Kim Min-seo", phone="010-1234-5678")])
    person = await store.person(LOCAL, "contact", "c1")
    await store.suppress(LOCAL, person, "e1")
    await store.erase_rows(LOCAL, person)
    importer = Importer(read(MAPPING, "m.toml"), StoreSink(store), RejectsWriter(tmp_path / "rejects"))
    report = await importer.run(tmp_path)
    assert report.counts["contacts"]["rejected"] == 1
    [error] = report.rejects[0].errors
    assert "erased" in error.message
    assert "삭제" in told(error, "ko").message
    assert await store.list_contacts(LOCAL, "", "", 10) == []
    await store.close()


async def test_a_weekly_row_says_why_its_contact_is_refused(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'store.db'}")
    header = [*weekly_runs.HEADER, "고객담당자"]
    paths = [tmp_path / f"w_202611{day}.xlsx" for day in ("09", "16")]
    for path in paths:
        await asyncio.to_thread(weekly_runs.write, path, [*weekly_runs.row("펌프"), "홍길동"], header=header)
    await weekly_runs.run(store, tmp_path, paths[0])
    [contact] = await store.list_contacts(LOCAL, "", "", 10)
    person = await store.person(LOCAL, "contact", contact.id)
    await store.suppress(LOCAL, person, "e1")
    await store.erase_rows(LOCAL, person)
    found = await weekly_runs.run(store, tmp_path, paths[1])
    assert found.report.counts["contacts"]["rejected"] == 1
    [(file, line, note)] = found.notes
    assert (file, line, note.field) == ("w_20261116.xlsx", 2, "고객담당자")
    for text in (str(report_json(found, "ko")["notes"]), "\n".join(weekly_lines(found, "ko", paths[0], dry_run=False))):
        assert ("요청에 따라 삭제된 사람" in text, "홍길동" in text) == (True, False)
    await store.close()
