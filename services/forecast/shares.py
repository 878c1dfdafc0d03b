"""What one deal adds to each month and quarter."""

from __future__ import annotations

from datetime import date

from services.forecast.domain import Floats, PeriodShare, period_masses
from services.forecast.draws import Draw
from services.forecast.grid import Grid
from services.forecast.spans import Span

MONTHS = 3  # told of a deal: this one and the next two

Shares = tuple[PeriodShare, ...]


def shares_of(grid: Grid, start: date, mass: list[float], draw: Draw, probability: float) -> tuple[Shares, Shares]:
    """The periods from that of `start` on, and the months. mass: P(closes in each part | won).

    Probabilities and sums of a period's months add up to the period's.
    """
    wholes, parts = grid.wholes(start), grid.parts(start)
    chances, totals = dict.fromkeys(wholes, 0.0), dict.fromkeys(wholes, 0)
    rows: list[PeriodShare] = []
    for part, share, total in zip(parts, mass, draw.totals(), strict=True):
        whole = grid.whole(part)
        chances[whole] += share
        totals[whole] += total
        rows.append(_row(part, share, total, probability))
    periods = tuple([_row(whole, chances[whole], totals[whole], probability) for whole in wholes])
    months = [] if parts == wholes else [row for row in rows if row.period.end >= start]
    return periods, tuple(months[:MONTHS])


def _row(span: Span, share: float, total: int, probability: float) -> PeriodShare:
    return PeriodShare(span, min(probability * share, probability), total)


def masses_of(grid: Grid, start: date, weights: Floats) -> Floats:
    """P(closes in each part | won), shape (deals, parts)."""
    return period_masses(weights, start, grid.parts(start))
