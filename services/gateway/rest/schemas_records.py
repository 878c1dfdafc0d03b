"""What the lists of records look like, for /openapi.json."""

from __future__ import annotations

from typing import Any, Literal

from services.gateway.rest.schemas import Money, Shape


class Change(Shape):
    """A change of one field: true in the business from effective_time, known here since recorded_time."""

    field: str
    value: Any
    effective_time: str
    recorded_time: str
    revision: int


class ChangePage(Shape):
    """A page of a deal's history; no cursor on the last."""

    changes: list[Change]
    next_cursor: str


class PastScore(Shape):
    """A lead score that the deal had: base_log_odds + contributions (by column; "" for the rest) are its log-odds."""

    as_of: str
    business_day: str
    deal_revision: int
    model_version: str
    model_generation: int
    probability: float
    low: float
    high: float
    base_log_odds: float
    contributions: dict[str, float]
    prior: bool
    nothing_predicts: bool
    horizon_days: int | None


class ScorePage(Shape):
    """The lead scores a deal had, newest first."""

    scores: list[PastScore]


class Activity(Shape):
    """What happened on a deal; empty members are left out."""

    id: str
    type: str
    direction: str | None = None
    time: str
    contact_id: str | None = None
    owner_id: str | None = None
    text: str | None = None


class ActivityPage(Shape):
    """A page of a deal's activities, newest first."""

    activities: list[Activity]
    next_cursor: str


class ReportingLine(Shape):
    """Whom a user reports to, from a day on until the next line."""

    manager_id: str
    region: str
    valid_from: str


class User(Shape):
    """A user with the reporting lines."""

    id: str
    name: str
    email: str
    title: str
    active: bool
    lines: list[ReportingLine]


class Users(Shape):
    """All users."""

    users: list[User]


class Account(Shape):
    """A company that buys."""

    id: str
    name: str
    fields: dict[str, Any]
    deleted: bool


class AccountPage(Shape):
    """A page of accounts by id."""

    accounts: list[Account]
    next_cursor: str


class Consent(Shape):
    """Whether a contact may be reached on a channel."""

    channel: str
    granted: bool
    source: str
    day: str | None


class Contact(Shape):
    """A person at an account; restricted: kept, without any scoring of or suggestion about them."""

    id: str
    name: str
    account_id: str
    title: str
    email: str
    phone: str
    consents: list[Consent]
    deleted: bool
    restricted: bool = False


class ContactPage(Shape):
    """A page of contacts by id."""

    contacts: list[Contact]
    next_cursor: str


class Product(Shape):
    """What is sold."""

    id: str
    name: str
    series: str
    price: Money | None


class Products(Shape):
    """All products."""

    products: list[Product]


class Quota(Shape):
    """What an owner, or a node above, is to win in a quarter: owner_id or node is there; type where not of amounts."""

    owner_id: str | None = None
    node: str | None = None
    period: str
    amount: Money
    type: str | None = None


class Quotas(Shape):
    """Quotas."""

    quotas: list[Quota]


class FieldDefinition(Shape):
    """A custom field."""

    entity: Literal["deal", "account"]
    name: str
    type: str


class FieldDefinitions(Shape):
    """All custom fields."""

    fields: list[FieldDefinition]
