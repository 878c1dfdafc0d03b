"""Contracts come in by a mapping, with whatever their columns are called, and open their renewals."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from services.gateway.domain import LOCAL
from services.gateway.imports.mapping import load
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
