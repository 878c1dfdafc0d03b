"""The records of a company's CRM, as everything outside the store sees them.

Times are timezone-aware UTC; days are plain dates on the company's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from kit.money import Money

# The value of a field; None means empty. Choice and text are both str: FieldType tells them apart.

Value = str | float | bool | date | Money


class FieldType(StrEnum):
    """The five types of custom fields."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"
    CHOICE = "choice"


class DealKind(StrEnum):
    """A lead becomes an opportunity when it converts."""

    LEAD = "LEAD"
    OPPORTUNITY = "OPPORTUNITY"


class Motion(StrEnum):
    """New business, or more of an old customer's."""

    NEW = "NEW"
    RENEWAL = "RENEWAL"
    EXPANSION = "EXPANSION"


class Outcome(StrEnum):
    """How a deal ended, if it did."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


# Deal fields whose changes are kept in the history, beside `fields.<custom name>`. LISTS change as wholes.
LISTS = ("products", "contacts", "credits")
TRACKED_FIELDS = (
    "kind", "motion", "pipeline", "stage", "outcome", "name", "owner_id", "account_id", "amount",
    "close_date", "closed_date", "category", "deleted", *LISTS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A custom field of deals or accounts."""

    entity: str  # deal or account
    name: str
    type: FieldType


@dataclass(frozen=True, slots=True)
class ProductLine:
    """A product on a deal."""

    product_id: str
    quantity: float = 1.0
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class ContactRole:
    """A contact on a deal with a buying role: decides, champions, uses, purchases or blocks."""

    contact_id: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """An owner's share of the credit for a deal, in ten-thousandths; those of one deal add up to 10,000."""

    owner_id: str
    share: int


Entry = ProductLine | ContactRole | Credit
ChangeValue = Value | tuple[ProductLine, ...] | tuple[ContactRole, ...] | tuple[Credit, ...]


@dataclass(slots=True, unsafe_hash=True)  # not frozen: made by the hundred thousand, which frozen makes 3 times dearer
class Change:
    """One change of one field of a deal or an account. `fields.<name>` names a custom field; of LISTS the value is
    the whole list from then on."""

    field: str
    value: ChangeValue | None
    effective_time: datetime
    recorded_time: datetime
    revision: int = 0


@dataclass(slots=True, unsafe_hash=True)  # not frozen: made by the hundred thousand, which frozen makes 3 times dearer
class Activity:
    """Something done with a deal: see ACTIVITY_TYPES; direction inbound, outbound or internal."""

    id: str
    deal_id: str
    type: str
    direction: str
    time: datetime
    contact_id: str = ""
    owner_id: str = ""
    text: str = ""


ACTIVITY_TYPES = (
    "call", "mail", "meeting", "visit", "chat", "text", "web_visit", "download", "mail_opened",
    "service_case", "note", "task",
)  # fmt: skip
DIRECTIONS = ("inbound", "outbound", "internal")
BUYING_ROLES = ("decides", "champions", "uses", "purchases", "blocks")
CHANNELS = ("call", "mail", "chat", "text", "visit")
CATEGORIES = ("commit", "best_case", "pipeline", "omitted")


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as it stands."""

    id: str
    revision: int = 0
    kind: DealKind = DealKind.OPPORTUNITY
    motion: Motion = Motion.NEW
    pipeline: str = "default"
    stage: str = ""
    outcome: Outcome = Outcome.OPEN
    name: str = ""
    owner_id: str = ""
    account_id: str = ""
    amount: Money | None = None
    created_time: datetime | None = None
    close_date: date | None = None  # promised
    closed_date: date | None = None  # won or lost on
    category: str = ""  # the rep's own forecast category
    fields: Mapping[str, Value] = field(default_factory=dict)
    products: tuple[ProductLine, ...] = ()
    contacts: tuple[ContactRole, ...] = ()
    deleted: bool = False
    credits: tuple[Credit, ...] = ()  # none: the owner's alone
    created_before: bool = False  # it began before it was first seen; created_time is when it was seen


@dataclass(frozen=True, slots=True)
class User:
    """Someone who owns deals or leads those who do."""

    id: str
    name: str
    email: str = ""
    title: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class ReportingLine:
    """Whom a user reports to and in which region, from a day on until the next line of the user."""

    user_id: str
    manager_id: str = ""  # empty: reports to the company itself
    region: str = ""
    valid_from: date = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Account:
    """A customer. `changes` are those of its fields, oldest effective time first; a field without any has always
    been as it is."""

    id: str
    name: str
    fields: Mapping[str, Value] = field(default_factory=dict)
    deleted: bool = False
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether a person may be contacted on a channel, where that is known from and since when."""

    channel: str
    granted: bool
    source: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at an account."""

    id: str
    name: str
    account_id: str = ""
    title: str = ""
    email: str = ""
    phone: str = ""
    consents: tuple[Consent, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold."""

    id: str
    name: str
    series: str = ""
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """What an owner is to win in a period such as 2017-Q4."""

    owner_id: str
    period: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the reporting tree. level: company, region, manager or owner."""

    id: str
    level: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a deal, or a part of it, stands in a tree; shares of one tree, in ten-thousandths, add up to 10,000.

    The path of the tree `reporting` begins with the company, that of any other below it.
    """

    tree: str
    path: tuple[Node, ...]
    share: int


@dataclass(frozen=True, slots=True)
class ContactCounter:
    """Recent contacts on a channel, for contact limits."""

    channel: str
    outbound_7_days: int = 0
    outbound_30_days: int = 0
    unanswered_in_a_row: int = 0
    last_outbound_time: datetime | None = None
    last_inbound_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class DealHistory:
    """A deal with all that is known around it: what snapshots are taken from, in training and in serving."""

    deal: Deal
    changes: tuple[Change, ...] = ()  # oldest effective time first
    activities: tuple[Activity, ...] = ()  # oldest first
    account: Account | None = None
    owner_path: tuple[Node, ...] = ()  # company … owner
    contacts: tuple[tuple[Contact, str], ...] = ()  # with the buying role
    counters: tuple[ContactCounter, ...] = ()
    activity_count: int = 0  # also those not carried
    truncated: bool = False
    product_names: Mapping[str, str] = field(default_factory=dict)  # of the products on the deal
    former_accounts: tuple[Account, ...] = ()  # that the deal had before the one it has now
    placements: tuple[Placement, ...] = ()  # beside the owner's path, or (of the reporting line) in its place
