"""GET /v1/figures and `dealcast figures`: what the figures say, of whom, to whom, as JSON, table and file."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from services.gateway.domain import Principal, Scope
from services.gateway.rest import figures as routes
from tests.integration.gateway.conftest import RunningGateway, until

USERS: list[dict[str, Any]] = [
    {"id": "mia", "name": "Mia", "lines": [{"region": "East"}]},
    {"id": "ann", "name": "Ann", "lines": [{"manager_id": "mia"}]},
    {"id": "ben", "name": "Ben", "lines": [{"manager_id": "mia"}]},
]


def deal(name: str, owner: str, value: str, closed: str = "", outcome: str = "WON", **more: Any) -> dict[str, Any]:
    history = [{"field": "stage", "value": "New", "effective_time": "2017-07-03T09:00:00Z"}]
    ended = {"outcome": outcome, "closed_date": closed} if closed else {}
    amount = {"currency": "USD", "value": value}
    return {
        "id": name, "owner_id": owner, "created_time": "2017-07-03T09:00:00Z", "history": history, "amount": amount,
        **ended, **more,
    }  # fmt: skip


DEALS = [
    deal("a1", "ann", "100.00", "2017-07-13", fields={"size": "large"}),
    deal("a2", "ann", "50.00", "2017-08-02", "LOST", fields={"size": "small"}),
    deal("b1", "ben", "1000.00", "2017-09-01", fields={"size": "large"}),
    deal("b2", "ben", "7.00", fields={"size": "small"}),
]


@pytest.fixture
async def filled(gateway: RunningGateway) -> RunningGateway:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    await gateway.http.put("/v1/workspace", json={"currency": "USD"})
    definitions = [{"entity": "deal", "name": "size", "type": "choice"}]
    answer = await gateway.http.put("/v1/fields", json={"fields": definitions})
    assert answer.status_code < 300, answer.text
    await gateway.lines("/v1/users:batch", USERS)
    results = await gateway.lines("/v1/deals:batch", DEALS)
    assert {one["status"] for one in results} == {"created"}, results
    return gateway


async def rows(gateway: RunningGateway, **asked: str) -> list[dict[str, Any]]:
    answer = await gateway.http.get("/v1/figures", params={"period": "2017-Q3", **asked})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


async def test_figures_of_everybody_and_by_group(filled: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {(one["figure"], one["part"]): one for one in await rows(filled)}
    assert whole["win_rate", ""]["value"] == round(2 / 3, 4)
    assert whole["average_deal", ""]["value"] == "550.00"
    assert whole["pipeline_created", ""]["value"] == "1157.00"
    assert whole["cycle_length", "decided"]["value"] == 30
    assert whole["time_in_stage", "New"]["count"] == 4
    assert whole["net_new_revenue", "total"]["value"] == "1100.00"
    assert whole["retention", "net"]["note_text"].startswith("cannot be told")
    by_owner = {one["name"]: one for one in await rows(filled, by="owner", figure="win_rate", lang="ko")}
    assert {name: one["value"] for name, one in by_owner.items()} == {"Ann": 0.5, "Ben": 1.0}
    assert by_owner["Ann"]["figure_text"] == "종결 딜 수주율"
    team = {one["group"]: one["count"] for one in await rows(filled, by="team", figure="win_rate")}
    assert team["company"] == team["region:East"] == team["manager:mia"] == 3
    sizes = {one["name"]: one["value"] for one in await rows(filled, by="segment:size", figure="win_rate")}
    assert sizes == {"large": 1.0, "small": 0.0}
    months = [
        (one["period"], one["count"]) for one in await rows(filled, period="2017-09", last="3", figure="win_rate")
    ]
    assert months == [("2017-07", 1), ("2017-08", 1), ("2017-09", 1)]
    monkeypatch.setattr(routes, "principal_of", lambda _: Principal("ben", Scope.OWN, "ben"))
    assert [one["value"] for one in await rows(filled, figure="win_rate")] == [1.0]
    assert [one["group"] for one in await rows(filled, figure="win_rate", by="team")] == ["owner:ben"]


async def test_a_change_is_in_the_next_answer(filled: RunningGateway) -> None:
    assert [one["count"] for one in await rows(filled, figure="win_rate")] == [3]
    answer = await filled.http.put("/v1/deals/b2", json={"outcome": "LOST", "closed_date": "2017-09-20"})
    assert answer.status_code == 200, answer.text
    assert [one["counts"] for one in await rows(filled, figure="win_rate")] == [{"won": 2, "lost": 2}]
    await filled.http.put("/v1/deals/b2", json={"deleted": True})
    assert [one["counts"] for one in await rows(filled, figure="win_rate")] == [{"won": 2, "lost": 1}]


WRONG = (
    {"figure": "luck"}, {"by": "weather"}, {"by": "segment:none"}, {"period": "soon"}, {"last": "0"}, {"last": "61"},
    {"last": "x"}, {"format": "pdf"}, {"colour": "red"}, {"by": "owner\x00"},
)  # fmt: skip


async def test_what_cannot_be_asked_is_told(gateway: RunningGateway) -> None:
    for asked in WRONG:
        answer = await gateway.http.get("/v1/figures", params=asked)
        assert answer.status_code == 400, (asked, answer.text)
        assert {"detail", "field", "mend"} <= answer.json().keys()


async def test_files_and_the_command(filled: RunningGateway, tmp_path: Path) -> None:
    answer = await filled.http.get("/v1/figures", params={"period": "2017-Q3", "format": "csv", "figure": "win_rate"})
    [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["Figure"], row["Value"], row["Cases"], row["Made of"]) == (
        "Win rate of closed deals", "0.6667", "3", "won 2, lost 1",
    )  # fmt: skip
    url = str(filled.http.base_url)
    common = ["figures", "--url", url, "--period", "2017-Q3"]
    shown = await asyncio.to_thread(CliRunner().invoke, app, [*common, "--by", "owner", "--figure", "win_rate"])
    assert shown.exit_code == 0, shown.output
    assert "Ann" in shown.output
    assert "50.0 %" in shown.output
    target = tmp_path / "figures.xlsx"
    done = await asyncio.to_thread(CliRunner().invoke, app, [*common, "--out", str(target), "--lang", "ko"])
    assert done.exit_code == 0, done.output
    sheet = openpyxl.load_workbook(target).active
    assert sheet is not None
    headings = [cell.value for cell in sheet[1]]
    assert headings[:3] == ["기간", "시작일", "종료일"]
    amounts = {
        row[headings.index("지표")].value: row[headings.index("금액")].value for row in sheet.iter_rows(min_row=2)
    }
    assert float(str(amounts["파이프라인 생성"])) == 1157
    await until(lambda: not list(filled.settings.data_dir.rglob("export-*")))
