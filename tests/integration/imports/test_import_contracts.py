"""Contracts come in by a mapping, with whatever their columns are called, and open their renewals."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from services.gateway.domain import LOCAL
from services.gateway.imports.mapping import load
from services.gateway.imports.messages import said
from services.gateway.renewals.planning import plan, renewal_id
from services.gateway.store import open_store
from tests.integration.imports.importing import run_import

MAPPING = """
[mapping]
name = "contracts"
currency = "EUR"
as_of = "2026-10-05"

[files.deals]
entity = "deals"
path = "deals.csv"

[files.deals.columns]
id = "Nr"
outcome = { column = "Status", values = { "gewonnen" = "WON", "offen" = "OPEN" } }
created_time = "Angelegt"
closed_date = { column = "Abschluss", when = "won" }

[files.deals.fields]
contract_end = { column = "Vertragsende", type = "date" }
contract_months = { column = "Laufzeit", type = "number" }
"""
CSV = """Nr,Status,Angelegt,Abschluss,Vertragsende,Laufzeit
1,gewonnen,2025-11-01,2025-12-15,2026-12-31,
2,gewonnen,2025-11-01,2025-12-15,,12
3,gewonnen,2025-11-01,2025-12-15,,
4,offen,2026-09-01,,2026-12-31,
"""


BAD = """Nr,Status,Angelegt,Abschluss,Vertragsende,Laufzeit,contract_start
5,gewonnen,2025-11-01,2025-12-15,2025-12-31,,2026-01-01
6,gewonnen,2025-11-01,2025-12-15,1900-01-01,,
7,gewonnen,2025-11-01,2025-12-15,9999-12-31,,
8,gewonnen,2025-11-01,2025-12-15,2190-12-31,,
9,gewonnen,2025-11-01,2025-12-15,,0,
"""


async def test_contracts_that_cannot_be_are_refused(tmp_path: Path) -> None:
    (tmp_path / "contracts.toml").write_text(MAPPING, "utf-8")
    (tmp_path / "deals.csv").write_text(BAD, "utf-8")
    report = await run_import(load(str(tmp_path / "contracts.toml")), tmp_path, tmp_path / "data")
    told = [(one.errors[0].field, one.errors[0].value, said(one.errors[0].message, "ko")) for one in report.rejects]
    assert told == [
        ("Vertragsende", "2025-12-31", "계약 종료일이 시작일(2026-01-01)보다 빠릅니다"),
        ("Vertragsende", "1900-01-01", "1900년은 계약 날짜로는 너무 이릅니다"),
        ("Vertragsende", "9999-12-31", "연도 9999은(는) 1900~2199 범위를 벗어납니다"),
        ("Vertragsende", "2190-12-31", "2190년은 계약 날짜로는 너무 늦습니다"),
        ("Laufzeit", "0.0", "계약 기간은 1~1200개월입니다"),
    ]


async def test_contracts_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "contracts.toml").write_text(MAPPING, "utf-8")
    (tmp_path / "deals.csv").write_text(CSV, "utf-8")
    report = await run_import(load(str(tmp_path / "contracts.toml")), tmp_path, tmp_path / "data")
    assert report.total("rejected") == 0
    store = await open_store(f"sqlite:///{tmp_path / 'data' / 'gateway.db'}")
    try:
        deals = await store.contract_deals(LOCAL)
    finally:
        await store.close()
    ends = {"1": date(2026, 12, 31), "2": date(2026, 12, 14)}
    assert {write.id for write in plan(deals, date(2026, 10, 5))} == {renewal_id(*one) for one in ends.items()}
