"""Days that have been: nothing is created or closed in the future, and no deal is closed before it was created."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from kit.clock import utc_day
from services.gateway.domain import FieldError

FUTURE = ("it lies in the future", "correct the date")  # what is wrong, and how to mend it


def last_day(business_day: date | None = None) -> date:
    """The last day that can have been: tomorrow, for zones ahead of UTC, or the business day where that is later."""
    tomorrow = datetime.now(UTC).date() + timedelta(1)
    return max(tomorrow, business_day) if business_day else tomorrow


def out_of_order(created: datetime | None, closed: date | None) -> FieldError | None:
    """What is wrong with a deal closed before the day it was created on; None where nothing is."""
    if created is None or closed is None or closed >= utc_day(created):
        return None
    message = f"the deal was closed before it was created ({utc_day(created)})"
    return FieldError("closed_date", closed.isoformat(), message, "correct one of the days")
