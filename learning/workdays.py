"""Working days: Monday to Friday, less a country's public holidays, lunar ones among them (the `holidays` package)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kit.errors import InvalidInput

WEEKDAYS = 5  # of a week without a holiday


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """Of a country by its ISO 3166 code; none for "". Raises InvalidInput for a country whose days are not known."""
    if not country:
        return frozenset()
    from holidays import country_holidays

    try:
        return frozenset(country_holidays(country, years=year))
    except NotImplementedError as error:
        raise InvalidInput(
            "The public holidays of this country are not known.", field="holiday_country", value=country,
            mend="Name an ISO 3166 code such as KR or US, or none.",
        ) from error  # fmt: skip


def is_working_day(day: date, country: str = "") -> bool:
    """Whether it is a weekday and no public holiday."""
    return day.weekday() < WEEKDAYS and day not in public_holidays(country, day.year)


@lru_cache(maxsize=8192)
def weekly_working_days(day: date, weeks: int, country: str = "") -> NDArray[np.int64]:
    """How many working days each of the weeks after a day has, the first from the next day on. Not to be written to."""
    days = [day + timedelta(days=1 + later) for later in range(7 * weeks)]
    working = np.array([is_working_day(each, country) for each in days], dtype=np.int64)
    counts: NDArray[np.int64] = working.reshape(weeks, 7).sum(axis=1)
    return counts
