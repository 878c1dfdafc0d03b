"""What /v1/figures and /v1/renewals answer, for /openapi.json."""

from __future__ import annotations

from services.gateway.rest.schemas import Money, Shape


class FiguresPeriod(Shape):
    """A period with its first and last day."""

    period: str
    start_date: str
    end_date: str


class FigureRow(Shape):
    """One number: a share from 0 to 1, days, an amount as decimal text in major units, or a count."""

    period: str
    start_date: str
    end_date: str
    group: str
    name: str
    level: str
    parent: str
    figure: str
    figure_text: str
    pipeline: str
    part: str
    part_text: str
    unit: str
    currency: str
    value: float | str | None
    low: float | str | None
    high: float | str | None
    count: int
    counts: dict[str, int]
    note: str
    note_text: str


class Figures(Shape):
    """Sales figures of periods and groups, a row a number."""

    business_day: str
    by: str
    currency: str
    figures: list[str]
    periods: list[FiguresPeriod]
    rows: list[FigureRow]


class EndingContract(Shape):
    """A contract, and how it stands with its renewal: ahead, due, open, renewed, lost, cancelled, deleted or over."""

    deal_id: str
    name: str
    account_id: str
    owner_id: str
    amount: Money | None
    contract_end: str
    days_left: int
    standing: str
    renewal_id: str | None


class Renewals(Shape):
    """Contracts by end; `days` before it their renewals open, null for never."""

    days: int | None
    contracts: list[EndingContract]


class RenewalSettings(Shape):
    """How many days before a contract's end its renewal opens."""

    days: int | None
