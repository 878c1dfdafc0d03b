"""What luck makes of a forecast's error, on a quarter whose law is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import pi, sqrt

import numpy as np
import pytest

from accuracy.forecast_luck import drawn, told
from learning.periods import period_of
from learning.records import Node, Outcome
from services.forecast.dataset import Case, Company
from services.forecast.evaluation import NodeForecast

COMPANY = Node("company", "company", "Company")
PATHS = {
    owner: (COMPANY, Node(f"owner:{owner}", "owner", owner, COMPANY.id)) for owner in ("anna", "ben", "carla", "dan")
}
DAYS = (date(2017, 6, 30), date(2017, 8, 14))
WON = 400  # deals, of 10 each, evenly over the quarter and its owners


def company() -> Company:
    """The same few owners win as much every day."""
    owners = sorted(PATHS)
    cases = [
        Case(str(number), date(2017, 1, 1), Outcome.WON, date.fromordinal(date(2017, 7, 1).toordinal() + number % 92),
             10.0, "USD", owners[number % len(owners)], {}, ())
        for number in range(WON)
    ]  # fmt: skip
    return Company(date(2017, 12, 31), "USD", cases, PATHS)


def told_of(share: float) -> list[NodeForecast]:
    """Forecasts that expect a share of what came, as of two days."""
    rows = []
    for day in DAYS:
        for path in PATHS.values():
            won = [case for case in company().cases if case.owner_id == path[-1].name]
            before = sum(case.booked or 0.0 for case in won if case.closed and case.closed <= day)
            left = 10.0 * len(won) - before
            row = NodeForecast(
                day, period_of(date(2017, 7, 1)), path[-1], before, np.full(4, before + share * left), None
            )
            rows.append(row)
    return rows


def test_an_oracle_misses_by_luck_alone() -> None:
    """Of Poisson counts with mean m the mean absolute deviation is about √(2 m / π)."""
    found = drawn(company(), told_of(1.0)[: len(PATHS)])
    each = WON / len(PATHS)
    assert found.oracle.mean() == pytest.approx(sqrt(2 / (pi * each)), rel=0.1)
    assert found.pace.mean() == pytest.approx(sqrt(2) * found.oracle.mean(), rel=0.1)


def test_a_forecast_of_what_came_is_an_oracle_and_one_that_is_off_is_not() -> None:
    right, off = drawn(company(), told_of(1.0)), drawn(company(), told_of(1.5))
    assert right.measured == pytest.approx(0.0, abs=1e-9)
    assert right.ours == pytest.approx(right.oracle)
    assert off.measured == pytest.approx(0.5 * (1 + 184 / WON) / 2, rel=0.05)
    assert (off.ours > off.oracle).mean() > 0.99


def test_the_table_tells_each_level_that_has_an_aim() -> None:
    rows = told_of(1.0)
    above = [replace(row, node=COMPANY) for row in rows[:: len(PATHS)]]
    lines = told(company(), [*rows, *above], {"owner": 1.0}).splitlines()
    assert lines[-1].startswith("| owner | 1.000 | 0.000 |")
    assert lines[-1].endswith("| 0% |")
    assert not any(line.startswith("| company") for line in lines)
