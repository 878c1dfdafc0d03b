"""Weekly files of a company that has sold for years: what the first of them shows is not what came up in a day."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp
from pathlib import Path

import pytest

from kit.clock import FixedClock
from learning.history import read_history
from learning.periods import period_of
from services.forecast.dataset import Scores
from services.forecast.fitting import fit
from services.forecast.model import ForecastModel, extras_of
from services.forecast.training import read_company
from services.gateway.domain import LOCAL
from services.gateway.history_export import export_history
from services.gateway.store import Store
from services.gateway.workspace import Workspace
from tests.unit.imports.weekly_runs import HEADER, row, run, store, write

__all__ = ["store"]

FIRST = date(2024, 1, 8)
STANDING, NEW, AMOUNT = 80, 4, 100  # deals in the first file, in each after it; millions


def weekly_files(folder: Path, weeks: int) -> None:
    """Each week four deals come up and four of the others are over, of which two are won."""
    deals: list[str] = [f"기존 {number}" for number in range(STANDING)]
    ended: list[str] = []
    for week in range(weeks):
        if week:
            ended, deals = deals[:NEW], [*deals[NEW:], *(f"신규 {week}-{number}" for number in range(NEW))]
        rows = [[*row(name, amount=AMOUNT), name] for name in deals]
        rows += [[*row(name, amount=AMOUNT, stage="수주" if at % 2 else "실주"), name] for at, name in enumerate(ended)]
        write(folder / f"a_{FIRST + timedelta(weeks=week):%y%m%d}.xlsx", *rows, header=[*HEADER, "딜 ID"])


async def trained(store: Store, tmp_path: Path, day: date) -> ForecastModel:
    workspace = Workspace(store, FixedClock(day))
    await workspace.load()
    await export_history(store, workspace, LOCAL, tmp_path / "history")
    return fit(read_company(read_history(tmp_path / "history")), Scores(), "quarter", 4, seed=1)


async def there_before(store: Store, folder: Path) -> set[str]:
    """Deals of which the history says that they began before they were first seen."""
    await export_history(store, Workspace(store, FixedClock(FIRST)), LOCAL, folder)
    return {one.deal.name for one in read_history(folder).deals() if one.deal.created_before}


def brought(model: ForecastModel, day: date) -> list[float]:
    """What new business is expected to bring in each quarter, in millions."""
    new, _ = extras_of(model, day)
    first = period_of(day)
    quarters = [first.next(later) for later in range(4)]
    return [sum(float(wins[each].mean()) for _, wins in new.values() if each in wins) / 1e6 for each in quarters]


async def test_a_standing_pipeline_is_not_learned_as_created_in_a_day(store: Store, tmp_path: Path) -> None:
    weekly_files(tmp_path / "weeks", 4)
    await run(store, tmp_path, tmp_path / "weeks", confirm=True)
    day = FIRST + timedelta(weeks=3, days=6)
    model = await trained(store, tmp_path, day)
    created = sum(owner.rate for owner in model.new_business.owners)
    assert created == pytest.approx(NEW / 7, rel=0.3)
    assert "12 deals created in 27 days beside 80 there before" in model.new_business.note
    for mean, sd in [(one.log_amount_mean, one.log_amount_sd) for one in model.new_business.owners]:
        assert 0.5 < exp(mean + sd * sd / 2) / (AMOUNT * 1e6) < 2, "a won is no dollar"
    mean, sd = model.amounts.missing["KRW"]
    assert 0.5 < exp(mean + sd * sd / 2) / (AMOUNT * 1e6) < 2
    this, *later = brought(model, day)
    half = NEW * 13 * AMOUNT / 2  # of all that comes up in a quarter, half is won in the end
    assert 0 < this < half / 2, "there are nine weeks left, and deals take their time"
    assert all(half / 5 < each < 1.5 * half for each in later)


async def test_what_the_earliest_file_shows_was_there_before(store: Store, tmp_path: Path) -> None:
    """Whichever file comes first: an older one tells of deals when they came up, and hides that of its own."""
    weekly_files(tmp_path / "weeks", 3)
    older, first, later = sorted((tmp_path / "weeks").iterdir())
    await run(store, tmp_path, first, confirm=True)
    assert len(await there_before(store, tmp_path / "one")) == STANDING + NEW, "ended ones are there too"
    await run(store, tmp_path, older, later, confirm=True)
    assert await there_before(store, tmp_path / "other") == {f"기존 {number}" for number in range(STANDING)}


async def test_a_column_that_tells_since_when_is_believed(store: Store, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a_240108.xlsx", [*row("서버"), "2023-11-06"], [*row("백업"), ""],
        header=[*HEADER, "등록일"],
    )  # fmt: skip
    await run(store, tmp_path, path)
    assert await there_before(store, tmp_path / "history") == {"백업"}
