"""How much of a quarter's WAPE is the luck of its own deals: won deals drawn anew, beside a forecast that knows all.

Each won deal comes Poisson(1) times, on its day and with its amount, so that a quarter of the same law is had, whose
days hang together as they do in truth (a Poisson bootstrap with deals as blocks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from services.forecast.dataset import Case, Company
from services.forecast.domain import Floats
from services.forecast.evaluation import NodeForecast, nowhere

DRAWS = 4_000
SEED = 20_171
MIDDLE = 0.5
_HEAD = (
    "| level | aim | Dealcast | in 80 % of draws | above the aim | an oracle, in 80 % of draws | above the aim | "
    "pace, were the last quarter alike | above the aim |\n" + "|---" * 9 + "|"
)
_WORDS = """How much of this is luck: the quarter's won deals drawn anew, {draws} times, each Poisson(1) times.
An oracle knows the expected total of every node and day, and misses by the deals' luck alone; pace looks back on a
quarter of the same law, drawn apart. Dealcast's numbers stay as they were: what it is measured against has luck of its
own already, and is given more here, so its draws are mostly above what was measured.
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """WAPE averaged over the days: as measured, and one entry a draw."""

    measured: float
    ours: Floats
    oracle: Floats
    pace: Floats


def told(company: Company, rows: Sequence[NodeForecast], aims: Mapping[str, float]) -> str:
    """What luck makes of each level's WAPE. company: that knows what came; rows: of one period; aims: WAPE by level."""
    lines = [_WORDS.format(draws=f"{DRAWS:,}"), _HEAD]
    for level, aim in aims.items():
        found = drawn(company, [row for row in rows if row.node.level == level])
        cells = [level, f"{aim:.3f}", f"{found.measured:.3f}"]
        cells += [_told(wapes, aim) for wapes in (found.ours, found.oracle, found.pace)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _told(wapes: Floats, aim: float) -> str:
    low, high = np.quantile(wapes, [0.1, 0.9])
    return f"{low:.3f}–{high:.3f} | {(wapes > aim).mean():.0%}"


def drawn(company: Company, rows: Sequence[NodeForecast], draws: int = DRAWS) -> Drawn:
    """Of one level's nodes of one period, as of one or several days."""
    days, nodes = sorted({row.as_of for row in rows}), sorted({row.node.id for row in rows})
    guesses = np.zeros((len(days), len(nodes)))
    for row in rows:
        guesses[days.index(row.as_of), nodes.index(row.node.id)] = row.quantile(MIDDLE) - row.booked
    period = rows[0].period
    won = [case for case in company.cases if case.won_within(period.start, period.end)]
    amounts, whole = _to_come(company, won, days, nodes), _to_come(company, won, [date.min], nodes)[0].sum(axis=1)
    generator = np.random.default_rng(SEED)
    times, before = (generator.poisson(1.0, (draws, len(won))).astype(np.float64) for _ in range(2))
    total, measured = np.maximum(times @ whole, 1e-9), 0.0
    ours, oracle, pace = np.zeros(draws), np.zeros(draws), np.zeros(draws)
    for guess, each in zip(guesses, amounts, strict=True):
        came = times @ each
        measured += float(np.abs(guess - each.sum(axis=0)).sum() / whole.sum()) / len(days)
        for found, told_before in ((ours, guess), (oracle, each.sum(axis=0)), (pace, before @ each)):
            found += np.abs(told_before - came).sum(axis=1) / total / len(days)
    return Drawn(measured, ours, oracle, pace)


def _to_come(company: Company, won: Sequence[Case], days: Sequence[date], nodes: Sequence[str]) -> list[Floats]:
    """By day what each won deal brought to each node after it; shapes (deals, nodes), major units."""
    place = {node: column for column, node in enumerate(nodes)}
    table = np.zeros((len(won), len(nodes)))
    for index, case in enumerate(won):
        for node in company.paths.get(case.owner_id) or nowhere(case.owner_id):
            if node.id in place:
                table[index, place[node.id]] = case.booked or 0.0
    closed = np.array([(case.closed or date.max).toordinal() for case in won])
    return [np.where((closed > day.toordinal())[:, None], table, 0.0) for day in days]
