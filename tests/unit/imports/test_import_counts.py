"""Counts of an import add up: every row read is a record, a further row of one, passed over or refused."""

from __future__ import annotations

from pathlib import Path

from cli.import_report import report_lines
from kit.money import Money
from services.gateway.domain import FieldError
from services.gateway.imports.importer import Report
from services.gateway.imports.mapping import read
from services.gateway.imports.store_errors import in_columns
from services.gateway.imports.tables import open_table
from tests.unit.imports.import_runs import DEALS, HEADER, PEOPLE, Memory, run

QUOTAS = """
[files.quotas]
entity = "quotas"
path = "quotas.csv"
[files.quotas.columns]
id = "who"
period = "quarter"
amount = "amount"
"""
LOG = """
[files.log]
entity = "events"
path = "log.csv"
[files.log.columns]
id = "case"
time = "at"
[[files.log.rules]]
when = { at = "*" }
stage = "Seen"
"""
FILES = {
    "deals.csv": "\n".join(
        [
            HEADER,
            "a,u,Open,2017-01-01,,5",
            "b,u,Open,2017-01-01,,5",
            "a,u,Open,2017-01-01,,6",
            "c,u,Open,someday,,5",
            "m,u,Open,2017-01-01,,5",
        ]
    ),
    "people.csv": "who,boss,region\nann,cid,East\nann,cid,East\nbob,cid,East\nann,cid,West\n",
    "quotas.csv": "who,quarter,amount\nann,2017-Q1,5\nann,2017-Q2,5\nann,2017-Q1,7\nbob,soon,1\n",
    "log.csv": "case,at\na,2017-01-02\nonly,2017-01-03\n",
}


def adds_up(report: Report, entity: str) -> bool:
    counts = report.counts[entity]
    fates = ("created", "changed", "unchanged", "checked", "merged", "passed", "rejected")
    return counts["read"] + counts.get("derived", 0) == sum(counts.get(fate, 0) for fate in fates)


async def test_every_row_is_counted_once(tmp_path: Path) -> None:
    _, report = await run(tmp_path, DEALS + PEOPLE + QUOTAS + LOG, FILES, Memory(refuse=["m"]))
    deals, users, quotas = (report.counts[entity] for entity in ("deals", "users", "quotas"))
    assert (deals["read"], deals["created"], deals["merged"], deals["derived"], deals["rejected"]) == (5, 3, 1, 1, 2)
    assert (users["read"], users["created"], users["merged"]) == (8, 3, 5)
    assert (quotas["read"], quotas["created"], quotas["merged"], quotas["rejected"]) == (4, 2, 1, 1)
    assert all(adds_up(report, entity) for entity in ("deals", "users", "quotas"))
    told = "\n".join(report_lines(report, "m", "en", dry_run=False))
    assert "users: 8 read, 3 created, 0 changed, 0 unchanged, 0 rejected, 5 further rows on the same ones" in told
    assert "2 rejected, 1 further rows on the same ones, 1 of them known from other rows alone" in told
    assert "추가 행 5" in "\n".join(report_lines(report, "m", "ko", dry_run=False))


async def test_amounts_that_were_rounded_are_told(tmp_path: Path) -> None:
    rows = [HEADER, "a,u,Open,2017-01-01,,5.005", "b,u,Open,2017-01-01,,5.50", "c,u,Open,2017-01-01,,7.129"]
    sink, report = await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)})
    assert [sink.deals[name].amount for name in "abc"] == [Money("USD", 500), Money("USD", 550), Money("USD", 713)]
    told = "\n".join(report_lines(report, "m", "en", dry_run=False))
    assert "deals.csv: 2 amounts had more decimals than their currency and were rounded (5.005 to 5.00 USD)" in told
    assert "금액 2건을 반올림했습니다(예: 5.005 → 5.00 USD)" in "\n".join(
        report_lines(report, "m", "ko", dry_run=False)
    )


def test_a_reference_that_is_missing_names_the_file_to_mend(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text(HEADER + "\n", encoding="utf-8")
    error = FieldError("owner_id", "zoe", "there is no such user", "Save the user first, or leave it out")
    for mapping, mend in (
        (DEALS + PEOPLE, "add a row for it to people.csv, or correct this one"),
        (DEALS, "correct it, or let the mapping read a file of users"),
    ):
        rules = read(mapping, "m.toml")
        table = open_table(rules, rules.files[0], tmp_path / "deals.csv")
        assert in_columns(error, table.cells) == FieldError("owner", "zoe", error.message, mend)
        table.table.close()


async def test_days_that_cannot_have_been_are_told_as_the_file_writes_them(tmp_path: Path) -> None:
    korean = DEALS.replace('path = "deals.csv"', 'path = "deals.csv"\ndates = "%Y년 %m월 %d일"')
    rows = [
        HEADER,
        "a,u,Open,2017년 01월 01일,,5",
        "b,u,Open,2190년 01월 01일,,5",
        "c,u,Won,2017년 01월 05일,2017년 01월 02일,5",
    ]
    for as_of, message in (
        ('as_of = "last"', "it lies in the future"),
        ("", "it lies in the future"),
        ("as_of = 2017-12-31", "it lies after 2017-12-31, the day that the mapping says these files are of"),
    ):
        _, report = await run(tmp_path, korean.replace('as_of = "last"', as_of), {"deals.csv": "\n".join(rows)})
        [late], [early] = (each.errors for each in report.rejects)
        assert (late.field, late.value, late.message) == ("created", "2190년 01월 01일", message)
        assert (early.field, early.value) == ("closed", "2017년 01월 02일")
