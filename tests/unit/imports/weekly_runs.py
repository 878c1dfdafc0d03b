"""Whole imports of weekly files into a store of their own, and what they leave there."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from learning.history_schema import SCHEMAS
from services.gateway.domain import LOCAL
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.sinks import StoreSink
from services.gateway.imports.undoing import undo
from services.gateway.imports.weekly.doubts import Doubt, read_answers, write_doubts
from services.gateway.imports.weekly.importer import Options, WeeklyImporter, WeeklyReport
from services.gateway.imports.weekly.meanings import company, plain_letters
from services.gateway.jobs import Jobs
from services.gateway.store import Store, open_store
from services.gateway.store.interface import Query

HEADER = ["고객사", "딜명", "담당자", "단계", "금액(백만원)", "예정일"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    await opened.close()


async def run(store: Store, folder: Path, *paths: Path, **options: Any) -> WeeklyReport:
    sink = StoreSink(store, record=True)
    return await WeeklyImporter(sink, RejectsWriter(folder / "rejects"), Options(**options)).run(*paths)


async def everything(store: Store) -> dict[str, Any]:
    """All that is stored, without the revisions of deals."""
    found: dict[str, Any] = {
        "memory": await store.get_setting("weekly_files"),
        "clock": await store.get_setting("clock"),
    }
    async for table, rows in store.export_tables(LOCAL, list(SCHEMAS), None):
        bare = [{name: row[name] for name in row if table != "deals" or name != "revision"} for row in rows]
        found.setdefault(table, []).extend(bare)
    return {table: rows for table, rows in found.items() if rows}


async def undo_last(store: Store) -> None:
    jobs = Jobs(store, "import")
    await jobs.load()
    await undo(store, jobs, next(job.id for job in jobs.all() if "undone" not in job.detail), LOCAL)


def write(path: Path, *rows: list[Any], header: list[str] = HEADER) -> Path:
    book = Workbook()
    for row in (header, *rows):
        book.active.append(row)
    path.parent.mkdir(exist_ok=True)
    book.save(path)
    return path


Answer = str | Callable[[Doubt], str]


def answered(found: WeeklyReport, folder: Path, *, language: str = "en", **given: Answer) -> dict[str, str]:
    """Answers given in the file of doubts, by kind, as a person would."""
    path = folder / "doubts.csv"
    path.unlink(missing_ok=True)  # answers that stand there would be kept
    write_doubts(path, found.doubts, language)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    for row, doubt in zip(rows, found.doubts, strict=True):
        answer = given.get(doubt.kind, "")
        row[-1] = answer if isinstance(answer, str) else answer(doubt)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return read_answers(path)


async def history(store: Store) -> dict[tuple[str, str], Any]:
    """Changes by account and deal."""
    page = await store.list_records(LOCAL, Query(), "", 500)
    found = {}
    for record in page.records:
        deal, account = record.history.deal, record.history.account
        key = company(account.name if account else ""), plain_letters(deal.name)
        found[key] = await store.get_changes(LOCAL, deal.id, 0, 1_000)
    return found


def row(
    name: str, owner: str = "김민수 부장", amount: Any = 100, *, account: str = "㈜한빛", stage: str = "제안"
) -> list[Any]:
    return [account, name, owner, stage, amount, "24.03.01"]
