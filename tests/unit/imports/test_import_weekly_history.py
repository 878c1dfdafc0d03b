"""Twelve weeks of messy files: the history rebuilt from them, and undone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from kit.clock import last_second
from kit.errors import Conflict
from kit.money import Money
from services.gateway.imports.weekly.files import read_files
from services.gateway.imports.weekly.meanings import plain_letters
from services.gateway.store import Store
from tests.unit.imports.weekly_company import OWNERS, Company
from tests.unit.imports.weekly_runs import answered, everything, history, run, store, undo_last

__all__ = ["store"]


async def right(store: Store, made: Company) -> tuple[int, int, list[Any]]:
    """Of all that files could tell: how much of it stands in the history, and what does not."""
    truth, found = made.truth, await history(store)
    last = {deal: state for (deal, _), state in truth.states.items()}
    good, wrong = 0, []
    for (deal, week), state in truth.states.items():
        if (deal, week) in truth.unreadable:
            continue
        key = made.accounts[state.account], plain_letters(last[deal].name)
        standing = {
            each.field: each.value
            for each in found.get(key, ())
            if each.effective_time <= last_second(truth.days[week])
        }
        wanted = {
            "stage": state.stage, "outcome": state.outcome, "amount": Money("KRW", state.amount),
            "close_date": state.close_date, "owner_id": OWNERS[state.owner][0],
        }  # fmt: skip
        for name, value in wanted.items():
            good += standing.get(name) == value
            if standing.get(name) != value:
                wrong.append((deal, week, name, value, standing.get(name)))
    return good, good + len(wrong), wrong


async def test_twelve_messy_weeks_are_rebuilt(store: Store, tmp_path: Path) -> None:
    made = Company(1, 40)
    (tmp_path / "weeks").mkdir()
    made.write(tmp_path / "weeks")
    truth = made.truth
    first = await run(store, tmp_path, tmp_path / "weeks", confirm=True)
    counts = first.report.counts["deals"]
    kept = counts["created"] + counts["changed"] + counts["unchanged"]
    assert counts["read"] == kept + counts["repeated"] + counts["rejected"] + counts.get("held", 0)
    assert counts["read"] == len(truth.shown) + truth.repeated
    assert counts["created"] == len({deal for deal, week in truth.states if (deal, week) not in truth.unreadable})
    left_out = list(first.report.left_out.values())
    lines = [line for o in left_out for line in (*o.hidden_rows, *o.totals, *o.headings, *o.remarks)]
    assert len(lines) == truth.left_out
    assert {doubt.kind for doubt in first.doubts} == {"renamed", "blank", "gone"}
    given = answered(first, tmp_path, language="ko", renamed="같음", blank=made.blank_answer, gone="")
    found = await run(store, tmp_path, tmp_path / "weeks", confirm=True, answers=given)
    assert {doubt.kind for doubt in found.doubts} == {"gone"}
    assert len(found.gone) == len(truth.vanished)
    given = answered(found, tmp_path, gone="lost")
    found = await run(store, tmp_path, tmp_path / "weeks", confirm=True, answers=given)
    assert found.doubts == []
    assert found.report.counts["deals"]["rejected"] == len(truth.unreadable)
    good, told, wrong = await right(store, made)
    assert good >= 0.99 * told, wrong[:10]
    done = await everything(store)
    again = await run(store, tmp_path, tmp_path / "weeks")
    assert (again.report.counts["deals"]["created"], again.report.counts["deals"]["changed"]) == (0, 0)
    assert await everything(store) == done
    assert again.report.import_id == ""
    with pytest.raises(Conflict, match="this import changed nothing"):
        await undo_last(store)


async def test_undone_weeks_leave_everything_as_it_was(store: Store, tmp_path: Path) -> None:
    made, weeks = Company(2, 15), tmp_path / "weeks"
    weeks.mkdir()
    made.write(weeks)
    files = sorted(read_files([weeks], {}, {}), key=lambda one: one.day)
    (tmp_path / "early").mkdir()
    for file in files[:6]:
        shutil.copy(file.path, tmp_path / "early")
    empty = await everything(store)
    await run(store, tmp_path, tmp_path / "early", confirm=True)
    early = await everything(store)
    await run(store, tmp_path, weeks, confirm=True)
    late = await everything(store)
    assert len(late["changes"]) > len(early["changes"]) > 60
    await undo_last(store)
    assert await everything(store) == early
    await undo_last(store)
    assert await everything(store) == empty
    await run(store, tmp_path, weeks, confirm=True)
    again = await everything(store)
    assert [bare(row) for row in again["changes"]] == [bare(row) for row in late["changes"]]


def bare(row: dict[str, Any]) -> dict[str, Any]:
    """A change without when it was recorded."""
    return {name: value for name, value in row.items() if name not in ("recorded_time", "revision")}
