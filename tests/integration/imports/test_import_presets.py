"""Both presets on the real data, through the store."""

from __future__ import annotations

import csv
import gzip
import shutil
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kit.money import Money
from learning.records import Outcome
from learning.snapshots import row_at
from services.gateway.domain import LOCAL
from services.gateway.figures.desk import FiguresDesk
from services.gateway.imports.importer import Report
from services.gateway.imports.mapping import load
from services.gateway.service import Gateway
from services.gateway.store import Store, open_store
from services.gateway.workspace import Workspace
from tests.integration.imports import crm_figures
from tests.integration.imports.importing import run_import

CRM = "crm_sales_opportunities"
pytestmark = pytest.mark.datasets


async def run(preset: str, path: Path, data_dir: Path, *, dry_run: bool = False) -> Report:
    return await run_import(load(preset), path, data_dir, dry_run=dry_run)


def totals(report: Report) -> tuple[int, int, int]:
    return report.total("created"), report.total("changed"), report.total("rejected")


@pytest.fixture(scope="module")
def crm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crm")


@pytest.fixture
async def crm(crm_folder: Path, datasets: Path, tmp_path: Path) -> Path:
    """A data folder with the CRM imported, of one's own."""
    if not (crm_folder / "gateway.db").exists():
        started = time.process_time()
        report = await run(CRM, datasets / CRM, crm_folder)
        assert report.counts["deals"] == {"read": 7135, "created": 7135, "changed": 0, "unchanged": 0, "rejected": 0}
        assert report.total("rejected") == 0
        assert report.as_of == date(2017, 9, 30)
        assert time.process_time() - started < 10
    shutil.copytree(crm_folder, tmp_path / "data")
    return tmp_path / "data"


async def opened(data_dir: Path) -> Store:
    return await open_store(f"sqlite:///{data_dir / 'gateway.db'}")


@pytest.fixture
async def store(crm: Path) -> AsyncIterator[Store]:
    store = await opened(crm)
    yield store
    await store.close()


async def test_records_of_the_crm(store: Store) -> None:
    counts = await store.counts(LOCAL)
    assert {k: counts[k] for k in ("deals", "open", "won", "lost", "accounts", "users")} == {
        "deals": 7135, "open": 2409, "won": 3042, "lost": 1684, "accounts": 85, "users": 41,
    }  # fmt: skip
    assert await store.get_setting("clock") == {"pinned": "2017-09-30"}
    nodes = await store.tree(LOCAL, date(2017, 9, 30))
    levels = [node.level for node in nodes]
    assert {level: levels.count(level) for level in ("company", "region", "manager")} == {
        "company": 1, "region": 3, "manager": 6,
    }  # fmt: skip
    assert "Summer Sewald" in {node.name for node in nodes if node.parent == "region:West"}
    won = await store.won(LOCAL, date(2017, 7, 1), date(2017, 9, 30))
    assert {each.currency for each in won} == {"USD"}


async def test_a_closed_deal_was_worth_its_list_price_until_it_closed(store: Store) -> None:
    record = (await store.get_record(LOCAL, "Z063OYW0")).history
    assert record.deal.outcome is Outcome.WON
    assert record.deal.amount == Money("USD", 451_400)
    assert record.deal.products[0].product_id == "gtx-pro"
    assert record.deal.closed_date == date(2017, 3, 11)
    closing = datetime(2017, 3, 11, 23, 59, 59, tzinfo=UTC)
    found = [(c.field, c.value, c.effective_time) for c in record.changes if c.field in ("amount", "stage", "outcome")]
    created = datetime(2016, 10, 25, tzinfo=UTC)
    assert sorted(found, key=str) == sorted(
        [
            ("amount", Money("USD", 482_100), created),
            ("stage", "Engaging", created),
            ("outcome", "OPEN", created),
            ("amount", Money("USD", 451_400), closing),
            ("stage", "Won", closing),
            ("outcome", "WON", closing),
        ],
        key=str,
    )


async def test_product_and_account_are_known_from_the_deals_start(store: Store) -> None:
    history = (await store.get_record(LOCAL, "Z063OYW0")).history
    assert history.account is not None
    first = row_at(history, date(2016, 10, 25))
    assert (first["product"], first["products"]) == ("gtx-pro", 1.0)
    assert first == first | {f"account.{name}": value for name, value in history.account.fields.items()}
    assert len([name for name in first if name.startswith("account.")]) >= 4


async def test_the_same_files_again_change_nothing(crm: Path, datasets: Path) -> None:
    report = await run(CRM, datasets / CRM, crm)
    assert totals(report) == (0, 0, 0)
    store = await opened(crm)
    assert (await store.counts(LOCAL))["outbox"] == 7135
    await store.close()


async def test_a_changed_row_is_one_revision(crm: Path, datasets: Path, tmp_path: Path) -> None:
    with (datasets / CRM / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    row = next(each for each in rows if each[header.index("deal_stage")] == "Engaging")
    changed = [*row[:3], "Cancity", "Won", row[5], "2017-10-05", "900"]
    stranger = ["NEW1", "Nobody Known", *row[2:]]
    path = tmp_path / "sales_pipeline.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, changed, rows[0], stranger])
    tried = await run(CRM, path, crm, dry_run=True)
    for report in (tried, await run(CRM, path, crm)):
        assert report.counts["deals"] == {"read": 3, "created": 0, "changed": 1, "unchanged": 1, "rejected": 1}
        (refused,) = report.rejects
        assert (refused.line, refused.errors[0].field) == (4, "sales_agent")
    store = await opened(crm)
    deal = (await store.get_record(LOCAL, row[0])).history.deal
    assert (deal.revision, deal.outcome, deal.closed_date) == (2, Outcome.WON, date(2017, 10, 5))
    assert deal.amount == Money("USD", 90_000)
    assert (await store.get_record(LOCAL, rows[0][0])).history.deal.revision == 1
    assert await store.get_setting("clock") == {"pinned": "2017-10-05"}
    await store.close()
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows[:200]])
    await run(CRM, path, crm)  # an older export does not turn the clock back
    store = await opened(crm)
    assert await store.get_setting("clock") == {"pinned": "2017-10-05"}
    await store.close()


async def test_a_dry_run_into_nothing_leaves_nothing(datasets: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(datasets / CRM, source)
    lines = (source / "sales_pipeline.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (source / "sales_pipeline.csv").write_text("".join(lines[:501]), encoding="utf-8")
    report = await run(CRM, source, tmp_path / "none", dry_run=True)
    assert report.counts["deals"]["created"] == 500
    assert not (tmp_path / "none").exists()


async def test_loans_with_their_event_log(datasets: Path, tmp_path: Path) -> None:
    source = datasets / "loan_offers"
    started = time.process_time()
    report = await run("loan_offers", source, tmp_path / "data")
    assert time.process_time() - started < 60
    assert report.counts["deals"] == {"read": 8766, "created": 8766, "changed": 0, "unchanged": 0, "rejected": 0}
    assert report.counts["events"]["read"] == 161_584
    assert report.total("rejected") == 0
    store = await opened(tmp_path / "data")
    counts = await store.counts(LOCAL)
    assert (counts["won"], counts["lost"], counts["open"], counts["outbox"]) == (1277, 6649, 840, 8766)
    assert await store.get_setting("clock") == {"pinned": "2012-01-14"}
    history = (await store.get_record(LOCAL, "173688")).history
    stages = [c.value for c in history.changes if c.field == "stage"]
    assert stages == [
        "Submitted", "Partly submitted", "Pre-accepted", "Accepted", "Offer selected", "Finalized", "Offer created",
        "Offer sent", "Offer returned", "Approved",
    ]  # fmt: skip
    assert [c.value for c in history.changes if c.field == "owner_id"] == ["112", "10862"]
    assert [a.direction for a in history.activities if a.type == "mail"] == ["outbound", "inbound"]
    assert history.deal.closed_date == date(2011, 10, 13)
    await store.close()
    again = await run("loan_offers", _some(source, tmp_path / "some"), tmp_path / "data")
    assert totals(again) == (0, 0, 0)
    assert again.counts["deals"]["unchanged"] == 500


def _some(source: Path, folder: Path) -> Path:
    """The first 500 cases, the cases in another order."""
    folder.mkdir()
    lines = (source / "cases.csv").read_text(encoding="utf-8").splitlines()[:501]
    cases = {line.split(",")[0] for line in lines[1:]}
    (folder / "cases.csv").write_text("\n".join(lines), encoding="utf-8")
    with gzip.open(source / "events.csv.gz", "rt", encoding="utf-8") as file:
        header, *events = file.read().splitlines()
    kept = [event for event in events if event.split(",")[0] in cases]
    kept.sort(key=lambda event: event.split(",")[0], reverse=True)  # cases in another order; events of one as they were
    (folder / "events.csv").write_text("\n".join([header, *kept]), encoding="utf-8")
    return folder


async def test_sales_figures_are_those_of_the_csv(store: Store, datasets: Path) -> None:
    """What the figures say of the third quarter of 2017 is what the files say, added up by other means."""
    told, csv_rows = await figures_of(store, "2017-Q3"), crm_figures.read(datasets / CRM)
    by_owner = {row["name"]: row for row in await figures_of(store, "2017-Q3", "owner", "win_rate")}
    rates = {name: (row["counts"]["won"], row["count"]) for name, row in by_owner.items() if row["count"]}
    assert rates == crm_figures.win_rates(csv_rows)
    one = {(row["figure"], row["part"]): row for row in told}
    won, closed = (sum(each) for each in zip(*rates.values(), strict=True))
    assert (one["win_rate", ""]["value"], one["win_rate", ""]["count"]) == (round(won / closed, 4), closed)
    assert abs(float(one["average_deal", ""]["value"]) - crm_figures.average_deal(csv_rows)) <= 0.005
    created = one["pipeline_created", ""]
    assert (created["count"], float(created["value"])) == crm_figures.created(csv_rows)
    won_deals = await store.won(LOCAL, date(2017, 7, 1), date(2017, 9, 30))
    assert float(one["net_new_revenue", "total"]["value"]) == sum(each.minor for each in won_deals) / 100
    assert one["slip_rate", ""]["note"] == "none_promised"
    assert one["retention", "net"]["note"] == "history_too_short"
    [early] = [row for row in await figures_of(store, "2017-Q1", "all", "cycle_length") if row["part"] == "decided"]
    assert early["value"] == crm_figures.median_days(csv_rows, date(2017, 1, 1), date(2017, 3, 31))


async def figures_of(store: Store, period: str, by: str = "all", *names: str) -> list[dict[str, Any]]:
    workspace = Workspace(store)
    await workspace.load()
    found = await FiguresDesk(Gateway(store, workspace)).figures(LOCAL, names, by, period, 1)
    rows: list[dict[str, Any]] = found["rows"]
    return rows
