"""How the records that are scored were spread when a model was trained, kept beside it: what later ones are held to.

Looked at are records that are open, as they stand, and those that closed lately, as they stood on their last open day:
one row each. The same is done at training and later, so that the two differ by what has changed alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from learning.columns import Table
from learning.records import DealHistory
from learning.shift import Reference
from learning.snapshots import Row, end_of, phases
from learning.timeline import Timeline
from services.lead_scoring.dataset import CYCLES
from services.lead_scoring.features import rows_table

FILE = "inputs.json"
RECENT = timedelta(days=90)
# The calendar moves by itself, and accounts come and go with their deals.
PASSING = frozenset({*CYCLES, "account_id"})


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Records by id with their columns; `open` are the first so many."""

    deal_ids: tuple[str, ...]
    table: Table
    open: int


def looked_at(histories: Iterable[DealHistory], day: date, names: Sequence[str]) -> LookedAt:
    """Of a day, the named columns: open records first."""
    still: list[tuple[str, Row, date]] = []
    ended: list[tuple[str, Row, date]] = []
    for history in histories:
        found = phases(history, day)
        last = found[-1] if found else None
        if last is None or last.end < last.start or last.end + RECENT < day:
            continue
        timeline = Timeline(history)
        if timeline.is_open(end_of(last.end)):
            one = (history.deal.id, timeline.row(last.end, end_of(last.end)), last.end)
            (still if last.label is None else ended).append(one)
    rows = [*still, *ended]
    table = rows_table([row for _, row, _ in rows], [seen for _, _, seen in rows], names)
    return LookedAt(tuple(deal_id for deal_id, _, _ in rows), table, len(still))


def keep(histories: Iterable[DealHistory], day: date, names: Sequence[str], folder: Path) -> None:
    """Write how they are spread on a day."""
    watched = [name for name in names if name not in PASSING]
    told = {"day": day.isoformat(), **Reference.of(looked_at(histories, day, watched).table, watched).to_json()}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    (folder / FILE).write_text(text, encoding="utf-8")


def kept(folder: Path) -> tuple[date, Reference] | None:
    """What `keep` wrote; None where it is not there, or none of ours."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return date.fromisoformat(told["day"]), Reference.from_json(told)
    except (OSError, ValueError, LookupError, TypeError):
        return None
