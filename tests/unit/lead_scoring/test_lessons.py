"""What rows teach: columns that repeat with the calendar only once they have come round."""

from __future__ import annotations

import numpy as np
import pytest

from learning.columns import Table
from learning.guard_histories import Verdict
from services.lead_scoring.dataset import CYCLES, Dataset


def data(cycles: dict[str, int]) -> Dataset:
    """A row a day for a year."""
    days = np.arange(1, 366)
    columns = {"day_in_quarter": (days % 91).astype(np.float64), "amount": days.astype(np.float64)}
    return Dataset(
        Table(365, dict(columns)), tuple(map(str, days)), days - 1, days, days + 1, np.zeros(365), np.ones(365),
        Verdict(), cycles=cycles,
    )  # fmt: skip


@pytest.mark.parametrize(("days", "there"), [(60, False), (184, False), (185, True), (365, True)])
def test_the_day_of_the_quarter_teaches_once_two_quarters_have_been_seen(days: int, there: bool) -> None:
    table = data(dict(CYCLES)).lesson(np.arange(days))
    assert ("day_in_quarter" in table.columns) is there
    assert "amount" in table.columns
    assert table.rows == days


def test_a_file_s_own_column_of_that_name_is_any_column() -> None:
    assert "day_in_quarter" in data({}).lesson(np.arange(10)).columns
