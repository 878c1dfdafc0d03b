"""Resident numbers are refused in cells and masked in notes; nothing repeats them; erased people stay out."""

from __future__ import annotations

import asyncio
from pathlib import Path

from learning.records import Contact
from services.gateway.domain import LOCAL
from services.gateway.imports.importer import Importer
from services.gateway.imports.mapping import read
from services.gateway.imports.messages import told
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.sinks import StoreSink
from services.gateway.privacy.resident_numbers import MASK
from services.gateway.store import open_store
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
