"""A line of a figure as programs and tables read it."""

from __future__ import annotations

from datetime import date
from typing import Any

from kit.money import format_minor
from services.gateway.figures.counting import Group, Line, Unit
from services.gateway.figures.spans import Span

PLACES = {Unit.SHARE: 4, Unit.DAYS: 2}


def row_json(span: Span, group: Group, line: Line) -> dict[str, Any]:
    """Amounts as decimal text in major units, all else as numbers."""
    return {
        "period": span.id,
        "start_date": date.fromordinal(span.start).isoformat(),
        "end_date": date.fromordinal(span.end).isoformat(),
        "group": group.key,
        "name": group.name,
        "level": group.level,
        "parent": group.parent,
        "figure": line.figure,
        "pipeline": line.pipeline,
        "part": line.part,
        "unit": line.unit.value,
        "currency": line.currency,
        **{name: _number(line, given) for name, given in (("value", line.value), ("low", line.low),
                                                          ("high", line.high))},
        "count": line.count,
        "counts": dict(line.counts),
        "note": line.note,
    }  # fmt: skip


def _number(line: Line, given: float | int | None) -> float | int | str | None:
    if given is None:
        return None
    if line.unit is Unit.MONEY:
        return format_minor(line.currency, int(given))
    return round(float(given), PLACES[line.unit]) if line.unit in PLACES else int(given)
