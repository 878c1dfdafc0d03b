"""What is refused, where it is told, and that it can be corrected."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kit.money import Money
from services.gateway.imports.importer import Importer
from services.gateway.imports.mapping import read
from services.gateway.imports.rejects import RejectsWriter
from tests.unit.imports.import_runs import DEALS, HEADER, Memory, run


async def test_bad_rows_are_told_and_can_be_corrected(tmp_path: Path) -> None:
    rows = [
        HEADER,
        "a,u,Open,2017-01-01,,5",
        ",u,Open,2017-01-01,,5",
        "c,u,Opne,2017-01-01,,5",
        "d,u,Open,9999-01-01,,5",
        "e,u,Open,2017-01-01,,-5",
        "f,u,Open,2017-01-01,,abc",
        "g,u,Won,2017-01-05,,5",
        "h,u,Won,2017-01-05,2017-01-04,5",
        "i,u,Open,2017-01-05,2017-01-06,5",
        "j,u,Open,2017-01-05",
        'k,"u,Open,2017-01-05,,5',
        "l," + "u" * 300 + ",Open,2017-01-01,,5",
        "m,=SUM(A1),Open,2017-01-01,,5",
        "n,u,Open,2150-01-01,,5",
        "😀,u,Open,2017-01-01,,5",
    ]
    sink, report = await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)}, Memory(refuse=["m"]))
    assert set(sink.deals) == {"a", "m", "😀"}
    assert {each.line: each.errors[0].field for each in report.rejects} == {
        3: "id", 4: "stage", 5: "created", 6: "amount", 7: "amount", 8: "closed", 9: "closed", 10: "closed",
        11: "row", 12: "row", 13: "owner", 14: "owner", 15: "created",
    }  # fmt: skip
    assert all(error.mend and error.message for each in report.rejects for error in each.errors)
    assert "Open, Won, Lost" in next(each for each in report.rejects if each.line == 4).errors[0].mend
    assert report.counts["deals"] == {"read": 15, "created": 2, "changed": 0, "unchanged": 0, "rejected": 13}
    path = tmp_path / "rejects" / "rejects-deals.csv"
    assert list(report.rejects_files.values()) == [path]
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    refused = next(row for row in found if row["id"] == "m")
    assert refused["owner"] == "=SUM(A1)"
    assert refused["dealcast_line"] == "14"
    text = path.read_text(encoding="utf-8-sig").replace("Opne", "Open").replace("9999-01-01", "2017-01-01")
    path.write_text(text, encoding="utf-8")
    again = Memory()
    second = await Importer(read(DEALS, "m.toml"), again, RejectsWriter(tmp_path / "more")).run(path)
    assert {"c", "d", "m"} == set(again.deals)
    assert second.total("rejected") == 10  # what was not corrected, torn rows among it


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def save(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


async def test_refused_rows_stand_in_the_order_of_their_lines(tmp_path: Path) -> None:
    ids = [*(f"z{n}" for n in range(5)), *(f"a{n}" for n in range(5)), ""]
    rows = [HEADER, *(f"{name},u,Open,{'x' if n % 2 else '2017-01-01'},,5" for n, name in enumerate(ids))]
    _, report = await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)}, Memory(refuse=["z0", "a1"]))
    assert [each.line for each in report.rejects] == [2, 3, 5, 7, 8, 9, 11, 12]
    written = rows_of(tmp_path / "rejects" / "rejects-deals.csv")
    assert [row["dealcast_line"] for row in written] == [str(each.line) for each in report.rejects]


async def test_short_rows_are_padded_and_taken_once_they_are_filled_in(tmp_path: Path) -> None:
    rows = [HEADER, "j,u,Open,2017-01-05", "k,u", 'l,"u,Open,2017-01-05,,5', "m,u,Open"]
    await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)})
    path = tmp_path / "rejects" / "rejects-deals.csv"
    found = rows_of(path)
    assert [(row["id"], row["amount"], row["dealcast_line"], row["dealcast_field"]) for row in found] == [
        ("j", "", "2", "row"),
        ("k", "", "3", "row"),
        ('l,"u,Open,2017-01-05,,5', "", "4", "row"),
        ("m", "", "5", "row"),
    ]
    assert all(None not in row for row in found)  # nothing stands beyond the header
    found[0]["amount"] = "7"
    found[2] |= dict(zip(HEADER.split(","), ["l", "u", "Open", "2017-01-05", "", "5"], strict=True))
    found[3]["dealcast_field"] = ""
    save(path, found)
    again = Memory()
    report = await Importer(read(DEALS, "m.toml"), again, RejectsWriter(tmp_path / "more")).run(path)
    assert {name: deal.amount for name, deal in again.deals.items()} == {
        "j": Money("USD", 700), "l": Money("USD", 500), "m": None,
    }  # fmt: skip
    (refused,) = report.rejects
    assert "nothing was filled in" in refused.errors[0].message
    assert "empty dealcast_field" in refused.errors[0].mend
    (row,) = rows_of(tmp_path / "more" / "rejects-deals.csv")
    assert (row["id"], row["owner"], row["stage"], row["dealcast_value"]) == ("k", "u", "", "2")


async def test_a_line_that_two_parts_of_the_mapping_refuse_stands_once(tmp_path: Path) -> None:
    mapping = DEALS + '[files.bosses]\nentity = "users"\npath = "deals.csv"\n[files.bosses.columns]\nid = "owner"\n'
    long = "u" * 300
    await run(tmp_path, mapping, {"deals.csv": f"{HEADER}\na,{long},Opne,2017-01-01,,5\nb,u,Open\n"})
    found = rows_of(tmp_path / "rejects" / "rejects-deals.csv")
    assert [row["dealcast_line"] for row in found] == ["2", "3"]
    assert set(found[0]["dealcast_field"].split(" | ")) == {"owner", "stage"}


async def test_a_bad_day_is_told_as_the_mapping_writes_days(tmp_path: Path) -> None:
    mapping = DEALS.replace('created_time = "created"', 'created_time = { column = "created", dates = "%d.%m.%Y" }')
    rows = [HEADER, "a,u,Open,2017-01-05,,5", "b,u,Won,05.01.2017,05.02.2017,5", "c,u,Open,05.01.9999,,5"]
    _, report = await run(tmp_path, mapping, {"deals.csv": "\n".join(rows)})
    told = {each.line: each.errors[0].mend for each in report.rejects}
    written = "write it like 30.09.2017, or change dates in the mapping"
    assert told == {2: written, 3: "write 2017-09-30, or set dates in the mapping", 4: written}


async def test_currencies_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    mapping = DEALS + 'currency = "money"\n'
    rows = [HEADER + ",money", "a,u,Open,2017-01-05,,5,KRW", "b,u,Open,2017-01-05,,5,ZZZ"]
    sink, report = await run(tmp_path, mapping, {"deals.csv": "\n".join(rows)})
    assert sink.deals["a"].amount == Money("KRW", 5)
    ((error,),) = [each.errors for each in report.rejects]
    assert (error.field, error.value) == ("money", "ZZZ")
    assert "ISO 4217" in error.message + error.mend


async def test_what_a_row_had_beyond_the_header_waits_to_be_put_right(tmp_path: Path) -> None:
    rows = [HEADER, "n,u,Open,2017-01-05,,1,200,000", "o,u,Open,2017-01-05,,5,more"]
    await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)})
    path = tmp_path / "rejects" / "rejects-deals.csv"
    found = rows_of(path)
    assert [(row["amount"], row["dealcast_field"], row["dealcast_surplus"]) for row in found] == [
        ("1", "row", "200 | 000"), ("5", "row", "more"),
    ]  # fmt: skip
    found[0] |= {"amount": "1200000", "dealcast_field": "", "dealcast_surplus": ""}
    save(path, found)
    again = Memory()
    report = await Importer(read(DEALS, "m.toml"), again, RejectsWriter(tmp_path / "more")).run(path)
    assert {name: deal.amount for name, deal in again.deals.items()} == {"n": Money("USD", 120_000_000)}
    (refused,) = report.rejects
    assert "dealcast_surplus" in refused.errors[0].mend
    (row,) = rows_of(tmp_path / "more" / "rejects-deals.csv")
    assert (row["id"], row["amount"], row["dealcast_surplus"]) == ("o", "5", "more")


async def test_lines_that_reports_end_with_are_no_deals(tmp_path: Path) -> None:
    rows = [
        HEADER,
        "a,u,Open,2017-01-01,,5",
        "Total,u,Open,2017-01-01,,5",
        "Total,,,,,5",
        "합계 (2건),,,,,5",
        "Grand Totals (2 records),,,,,",
        "Confidential Information - Do Not Distribute,,,,,",
        "Copyright © 2026 salesforce.com. All rights reserved.",
        '"Generated By: Anna, 2026-11-22"',
        ",,,,,5",
    ]
    sink, report = await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)})
    assert set(sink.deals) == {"a", "Total"}, "a row that says more than a total is one"
    assert [each.line for each in report.rejects] == list(range(4, 11))
    assert {each.line: each.errors[0].message for each in report.rejects if each.line in (4, 5, 6, 7)} == {
        4: "the row is a total of others",
        5: "the row is a total of others",
        6: "the row is a total of others",
        7: "the row is a remark: only its id is filled, with a sentence",
    }
    again, report = await run(
        tmp_path / "rejects", DEALS, {"deals.csv": next(iter(report.rejects_files.values())).read_text()}
    )
    assert (again.deals, report.total("rejected")) == ({}, 7)


@pytest.mark.parametrize(
    ("language", "field", "line"), [("ko", "Dealcast 열", "Dealcast 행"), ("en", "Dealcast column", "Dealcast line")]
)
async def test_for_who_has_a_page_the_added_columns_are_words_and_read_again(
    tmp_path: Path, language: str, field: str, line: str
) -> None:
    (tmp_path / "deals.csv").write_text(f"{HEADER}\nj,u,Open,2017-01-05\nk,u\nm,u,Open", encoding="utf-8")
    rejects = RejectsWriter(tmp_path / "rejects", language=language, page=True)
    await Importer(read(DEALS, "m.toml"), Memory(), rejects).run(tmp_path / "deals.csv")
    path = tmp_path / "rejects" / "rejects-deals.csv"
    found = rows_of(path)
    assert not [name for name in found[0] if name.startswith("dealcast_")]
    assert [row[line] for row in found] == ["2", "3", "4"]
    found[0]["amount"], found[2][field] = "7", ""
    save(path, found)
    again, more = Memory(), RejectsWriter(tmp_path / "more", language=language, page=True)
    report = await Importer(read(DEALS, "m.toml"), again, more).run(path)
    assert set(again.deals) == {"j", "m"}
    (refused,) = report.rejects
    assert field in refused.errors[0].mend
