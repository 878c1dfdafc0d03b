"""What a mapping file says, as checked dataclasses; docs/mapping-file.md describes each key."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from datetime import date

from learning.records import ACTIVITY_TYPES, BUYING_ROLES, CATEGORIES, CHANNELS, DIRECTIONS, DealKind, FieldType, Motion

# What each entity can be given, and how its cells are read. `id:<entity>` is a reference to that entity.
TARGETS: MappingType[str, MappingType[str, str]] = {
    "users": {
        "id": "id:users", "name": "text", "email": "text", "title": "text", "active": "yes_no",
        "manager_id": "id:users", "region": "text", "valid_from": "day",
    },
    "reporting_lines": {"id": "id:users", "manager_id": "id:users", "region": "text", "valid_from": "day"},
    "accounts": {"id": "id:accounts", "name": "text", "deleted": "yes_no", "valid_from": "day"},
    "products": {"id": "id:products", "name": "text", "series": "text", "price": "amount", "currency": "currency"},
    "contacts": {
        "id": "id:contacts", "name": "text", "account_id": "id:accounts", "title": "text", "email": "text",
        "phone": "text", "deleted": "yes_no",
    },
    "quotas": {"id": "id:users", "period": "period", "amount": "amount", "currency": "currency"},
    "deals": {
        "id": "id:deals", "kind": "kind", "motion": "motion", "pipeline": "text", "stage": "text", "outcome": "outcome",
        "name": "text", "owner_id": "id:users", "account_id": "id:accounts", "amount": "amount", "currency": "currency",
        "created_time": "time", "close_date": "day", "closed_date": "day", "category": "category",
        "product_id": "id:products", "deleted": "yes_no",
    },
    "deal_contacts": {"id": "id:deals", "contact_id": "id:contacts", "role": "role", "time": "time"},
    "deal_products": {
        "id": "id:deals", "product_id": "id:products", "quantity": "number", "price": "amount", "currency": "currency",
        "time": "time",
    },
    "deal_credits": {"id": "id:deals", "owner_id": "id:users", "percent": "number", "time": "time"},
    "activities": {
        "id": "id:deals", "activity_id": "id:activities", "type": "type", "direction": "direction", "time": "time",
        "contact_id": "id:contacts", "owner_id": "id:users", "text": "note",
    },
    "history": {
        "id": "id:deals", "time": "time", "field": "text", "value": "text", "stage": "text", "outcome": "outcome",
        "owner_id": "id:users", "account_id": "id:accounts", "amount": "amount", "currency": "currency",
        "close_date": "day", "closed_date": "day", "category": "category", "pipeline": "text", "name": "text",
        "kind": "kind",
    },
    "events": {"id": "id:deals", "time": "time"},
}  # fmt: skip
OF_DEALS = ("deals", "history", "events", "activities", "deal_contacts", "deal_products", "deal_credits")
WITH_FIELDS = ("deals", "accounts")
NEEDED: MappingType[str, tuple[str, ...]] = {
    "history": ("time",),
    "events": ("time",),
    "activities": ("type", "time"),
    "deal_contacts": ("contact_id",),
    "deal_products": ("product_id",),
    "deal_credits": ("owner_id", "percent"),
    "quotas": ("period", "amount"),
}
WORDS: MappingType[str, tuple[str, ...]] = {
    "kind": tuple(str(kind) for kind in DealKind),
    "motion": tuple(str(motion) for motion in Motion),
    "outcome": ("OPEN", "WON", "LOST"),
    "category": CATEGORIES,
    "role": BUYING_ROLES,
    "type": ACTIVITY_TYPES,
    "direction": DIRECTIONS,
}
PAST_TARGETS = ("created_time", "closed_date", "time")  # days that have been: the last of them dates the files
OUTCOMES = ("open", "won", "lost")


@dataclass(frozen=True, slots=True)
class Format:
    """How cells are written."""

    missing: frozenset[str] = frozenset({""})
    dates: tuple[str, ...] = ()  # strptime; none: ISO 8601
    decimal: str = "."
    thousands: str = ""
    units: MappingType[str, float] = field(default_factory=dict)  # of a column of numbers, as it was found to have them


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a column, a constant, or the product's list price."""

    column: str = ""
    constant: str = ""
    product_price: bool = False
    values: MappingType[str, str] = field(default_factory=dict)
    others: str | None = None  # what a value not among `values` becomes; None: itself
    default: str = ""  # where the cell is missing
    template: str = ""  # such as "Staff {}"
    when: tuple[str, ...] = OUTCOMES  # taken only for deals of these outcomes
    format: Format = Format()
    type: FieldType | None = None  # of a custom field; None: found out


@dataclass(frozen=True, slots=True)
class PastRule:
    """A column that says since when a field has had a value."""

    field: str
    at: Source
    value: Source


@dataclass(frozen=True, slots=True)
class EventRule:
    """What an event of a log means: all patterns of `when` (column → glob patterns) must match."""

    when: MappingType[str, tuple[str, ...]]
    stage: str = ""
    outcome: str = ""
    activity_type: str = ""
    direction: str = "internal"
    text: str = ""


@dataclass(frozen=True, slots=True)
class OwnerRule:
    """Who of those in an event log owns the deal: the first or last one not among `but`, else the `otherwise` one."""

    column: str
    take: str = "first"
    but: tuple[str, ...] = ()
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """A column that says whether a contact may be contacted on a channel."""

    channel: str
    value: Source
    source: str = ""
    day: Source | None = None


@dataclass(frozen=True, slots=True)
class FileSpec:
    """One kind of rows in the files that match the patterns."""

    name: str
    entity: str
    patterns: tuple[str, ...]
    columns: MappingType[str, tuple[Source, ...]]
    fields: MappingType[str, Source] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    other_columns: str = "fields"  # or ignore
    optional: bool = False
    without_id: str = "reject"  # or pass: rows without an id are passed over
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""  # of a workbook; none: the one that fits best
    hidden_rows: str = "skip"  # or read
    format: Format = Format()
    history: tuple[PastRule, ...] = ()
    rules: tuple[EventRule, ...] = ()
    unmatched: str = "pass"  # or reject: events that no rule matches
    owner: OwnerRule | None = None
    consents: tuple[ConsentRule, ...] = ()

    def sources(self) -> list[Source]:
        """Every source, in no order."""
        found = [source for each in self.columns.values() for source in each]
        found += [*self.fields.values()]
        found += [source for rule in self.history for source in (rule.at, rule.value)]
        found += [source for rule in self.consents for source in (rule.value, rule.day) if source]
        return found

    def amount_columns(self) -> set[str]:
        """The columns that hold amounts."""
        targets = TARGETS[self.entity]
        sources = [one for name, each in self.columns.items() if targets[name] == "amount" for one in each]
        sources += [rule.value for rule in self.history if rule.field == "amount"]
        return {source.column for source in sources if source.column}

    def used_columns(self) -> set[str]:
        """The columns of the file that the mapping names."""
        names = {source.column for source in self.sources() if source.column}
        names |= {column for rule in self.rules for column in rule.when}
        return names | ({self.owner.column} if self.owner else set())


@dataclass(frozen=True, slots=True)
class Mapping:
    """A whole mapping."""

    name: str
    currency: str
    timezone: str
    as_of: date | str  # a day, "last" (day in the data), or "": the clock is left alone
    ids: MappingType[str, str]  # entity → as_is or slug
    files: tuple[FileSpec, ...]


__all__ = ["CHANNELS", "TARGETS", "Mapping"]
