"""What is set for the company travels with its history: the fiscal year, and whose public holidays are kept."""

from __future__ import annotations

from pathlib import Path

from learning.fiscal import FiscalCalendar
from learning.history import read_history
from services.gateway.domain import LOCAL
from services.gateway.history_export import export_history
from services.gateway.history_load import load_history
from services.gateway.workspace import Workspace
from tests.integration.gateway.conftest import RunningGateway


async def test_settings_move_with_the_history(gateway: RunningGateway, tmp_path: Path) -> None:
    given = {"fiscal_year": {"start_month": 2, "named_by": "start"}, "holiday_country": "kr"}
    told = (await gateway.http.put("/v1/workspace", json=given)).json()
    assert (told["fiscal_year"], told["holiday_country"]) == (given["fiscal_year"], "KR")
    store, workspace = gateway.gateway.store, gateway.gateway.workspace
    await export_history(store, workspace, LOCAL, tmp_path / "history")
    manifest = read_history(tmp_path / "history").manifest
    assert (manifest.calendar, manifest.holiday_country) == (FiscalCalendar(2, named_by_end=False), "KR")
    again = Workspace(store)
    await again.load()
    assert (again.holiday_country, again.fiscal_editions) == ("KR", 1)
    await gateway.http.put("/v1/workspace", json={"fiscal_year": {}, "holiday_country": ""})
    assert workspace.calendar == FiscalCalendar()
    await load_history(gateway.gateway, LOCAL, tmp_path / "history", lambda *_: None)
    assert (workspace.calendar.start_month, workspace.holiday_country, workspace.fiscal_editions) == (2, "KR", 3)


async def test_a_country_is_one_whose_holidays_are_known(gateway: RunningGateway) -> None:
    for wrong in ("XX", "Korea", 5, None):
        refused = await gateway.http.put("/v1/workspace", json={"holiday_country": wrong})
        assert (refused.status_code, refused.json()["field"]) == (400, "holiday_country"), wrong
        assert gateway.gateway.workspace.holiday_country == ""
