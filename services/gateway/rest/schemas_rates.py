"""What the answers on exchange rates, and on files of them or of quotas, look like, for /openapi.json."""

from __future__ import annotations

from services.gateway.rest.schemas import FieldError, Shape


class RefusedRow(Shape):
    """A line of a file that was not taken."""

    line: int
    errors: list[FieldError]


class RowImport(Shape):
    """What an import of quotas or exchange rates did; `errors` tells of the first 100 rows refused."""

    created: int
    changed: int
    unchanged: int
    rejected: int
    errors: list[RefusedRow]


class HoldingRate(Shape):
    """From `date` on one of the currency is `rate` of the company's."""

    currency: str
    date: str
    rate: str


class HoldingRates(Shape):
    """The rates to the company's currency that hold on a day."""

    currency: str
    day: str
    rates: list[HoldingRate]


class RateEntry(Shape):
    """A rate as it was set; null where it was taken away."""

    currency: str
    date: str
    rate: str | None
    author: str
    time: str


class RateEntries(Shape):
    """A currency's rates to the company's, by day."""

    currency: str
    rates: list[RateEntry]
