"""What a deal says of its contract: custom fields with names of their own.

A won deal with an end, or a length, is a contract. The fields come in like any other: by REST, by a mapping, in a file.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from learning.records import Deal, FieldDefinition, FieldType, Outcome

START, END, MONTHS, CANCELLED = "contract_start", "contract_end", "contract_months", "contract_cancelled"
RENEWS, RENEWS_END = "renews", "renews_end"  # of a deal that renews: whose contract, and its end
WHY = "renewal_ended"  # why a renewal that was opened by itself was taken back or given up
DEFINITIONS = tuple([FieldDefinition("deal", name, kind) for name, kind in (
    (START, FieldType.DATE), (END, FieldType.DATE), (MONTHS, FieldType.NUMBER), (CANCELLED, FieldType.DATE),
    (RENEWS, FieldType.TEXT), (RENEWS_END, FieldType.DATE), (WHY, FieldType.TEXT),
)])  # fmt: skip
MOST_MONTHS = 1_200
EARLIEST_YEAR = 1950
CORRECT_TERM = "correct it, or leave it empty where nothing is agreed"


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


def impossible_term(fields: Mapping[str, Any], begun: date | None) -> tuple[str, str]:
    """The field of a contract that cannot be, and why in English; ("", "") where all can. `begun` is the day the deal
    was won, where its contract does not say when it starts."""
    days = {name: fields[name] for name in (START, END, CANCELLED) if isinstance(fields.get(name), date)}
    start, end = days.get(START), days.get(END)
    for name, day in days.items():
        if day.year < EARLIEST_YEAR:
            return name, f"the year {day.year} is too early for a contract"
        if day.year > (start or begun or day).year + MOST_MONTHS // 12:
            return name, f"the year {day.year} is too late for a contract"
    if start and end and end < start:
        return END, f"the contract ends before it begins ({start})"
    if start and CANCELLED in days and days[CANCELLED] < start:
        return CANCELLED, f"the contract is cancelled before it begins ({start})"
    months = fields.get(MONTHS)
    if isinstance(months, int | float) and not isinstance(months, bool) and not 1 <= months <= MOST_MONTHS:
        return MONTHS, f"a contract runs for 1 to {MOST_MONTHS} months"
    return "", ""


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
