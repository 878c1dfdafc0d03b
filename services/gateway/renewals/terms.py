"""What a deal says of its contract: custom fields with names of their own.

A won deal with an end, or a length, is a contract. The fields come in like any other: by REST, by a mapping, in a file.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from learning.records import Deal, FieldDefinition, FieldType, Outcome

START, END, MONTHS, CANCELLED = "contract_start", "contract_end", "contract_months", "contract_cancelled"
RENEWS, RENEWS_END = "renews", "renews_end"  # of a deal that renews: whose contract, and its end
WHY = "renewal_ended"  # why a renewal that was opened by itself was taken back or given up
DEFINITIONS = tuple([FieldDefinition("deal", name, kind) for name, kind in (
    (START, FieldType.DATE), (END, FieldType.DATE), (MONTHS, FieldType.NUMBER), (CANCELLED, FieldType.DATE),
    (RENEWS, FieldType.TEXT), (RENEWS_END, FieldType.DATE), (WHY, FieldType.TEXT),
)])  # fmt: skip
MOST_MONTHS = 1_200


@dataclass(frozen=True, slots=True)
class Contract:
    """From `start` up to and with `end`; `cancelled` is the day its end was made sure, if it was."""

    start: date | None
    end: date
    months: int | None = None
    cancelled: date | None = None


def contract_of(deal: Deal) -> Contract | None:
    """The contract of a won deal: its end as given, else so many months from its start, else from its closing."""
    if deal.outcome is not Outcome.WON or deal.deleted:
        return None
    start, end = day_in(deal, START), day_in(deal, END)
    given = deal.fields.get(MONTHS)
    number = given if isinstance(given, int | float) and not isinstance(given, bool) else 0
    months = int(number) if 1 <= number <= MOST_MONTHS else None
    begun = start or deal.closed_date
    if end is None and months is not None and begun is not None:
        end = _later(begun, months) - timedelta(days=1)
    return Contract(start, end, months, day_in(deal, CANCELLED)) if end is not None else None


def renewed_id(deal: Deal) -> str:
    """The id of the deal whose contract this one renews; empty where it names none."""
    given = deal.fields.get(RENEWS)
    return given if isinstance(given, str) else ""


def day_in(deal: Deal, name: str) -> date | None:
    """The day in a custom field; None where there is none."""
    given = deal.fields.get(name)
    return given if isinstance(given, date) else None


def _later(day: date, months: int) -> date:
    """The same day of a later month, or its last."""
    index = day.year * 12 + day.month - 1 + months
    year, month = min(index // 12, date.max.year), index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
