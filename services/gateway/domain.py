"""Rules of the gateway: who sees what, what a write asks for, and which insight wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from kit.errors import Conflict
from kit.money import Money
from learning.insight_keys import InsightKey
from learning.records import (
    Account,
    Activity,
    ChangeValue,
    Contact,
    ContactRole,
    Credit,
    DealHistory,
    DealKind,
    Motion,
    Outcome,
    ProductLine,
    Value,
)
from services.gateway.amount_types import AMOUNT
from services.gateway.privacy.resident_numbers import unrepeated


class ChangedSince(Conflict):
    """What is to be undone was changed since; `discard` gives these changes up too."""


class Scope(StrEnum):
    """How much of the company's records a principal sees."""

    OWN = "own"
    SUBTREE = "subtree"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. With OWN or SUBTREE, user_id is the owner or the head of the subtree."""

    id: str
    scope: Scope
    user_id: str = ""


LOCAL = Principal("local", Scope.ALL)  # the embedded default: the person at this machine

UNSET: Any = object()  # in a DealWrite: leave this field as it is (None empties it)


@dataclass(frozen=True, slots=True)
class PastChange:
    """A change that a CRM export knows of, with the time it was true from."""

    field: str
    value: ChangeValue | None
    effective_time: datetime


@dataclass(frozen=True, slots=True)
class DealWrite:
    """One deal to create or change, with what belongs to it; applied as a whole: one revision, one event.

    Members left UNSET stay as they are. `fields` is merged by name (None empties a field). `history` rows and
    `activities` already known (same field, time and value, same id) change nothing; another value at the same time
    corrects the earlier. `products`, `contacts` and `credits` replace; without a time they count from now, also on a
    new deal, unless `history` says since when; of them the first list known of a time stays. `closed_date` None leaves
    a closed deal's day as it is.
    """

    id: str
    kind: DealKind = UNSET
    motion: Motion = UNSET
    pipeline: str = UNSET
    stage: str = UNSET
    outcome: Outcome = UNSET
    name: str = UNSET
    owner_id: str = UNSET
    account_id: str = UNSET
    amount: Money | None = UNSET
    created_time: datetime = UNSET
    close_date: date | None = UNSET
    closed_date: date | None = UNSET
    category: str = UNSET
    fields: Mapping[str, Value | None] = field(default_factory=dict)
    products: tuple[ProductLine, ...] = UNSET
    contacts: tuple[ContactRole, ...] = UNSET
    credits: tuple[Credit, ...] = UNSET
    deleted: bool = UNSET
    history: tuple[PastChange, ...] = ()
    activities: tuple[Activity, ...] = ()
    effective_time: datetime | None = None  # of the members set here; None means now on the business clock
    expected_revision: int | None = None  # If-Match


class WriteStatus(StrEnum):
    """What a write did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why a write was refused, and how to mend it."""

    field: str
    value: str
    message: str
    mend: str

    def __post_init__(self) -> None:
        """Whatever was refused, and for whatever reason: no resident registration number is repeated."""
        for name in ("value", "message", "mend", "field"):
            object.__setattr__(self, name, unrepeated(getattr(self, name), self.field))


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The fate of one write."""

    id: str
    status: WriteStatus
    revision: int = 0
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeQuota:
    """What a node above the owners is to win: company, region:… or manager:…, whatever its owners' quotas add up to.

    Of another forecast type than amounts also what an owner is to win: of owner:….
    """

    node: str
    period: str
    amount: Money
    type: str = AMOUNT


class InsightKind(StrEnum):
    """The three answers."""

    LEAD_SCORE = "lead_score"
    FORECAST = "forecast"
    NEXT_ACTIONS = "next_actions"


@dataclass(frozen=True, slots=True)
class Insight:
    """One service's answer on one deal. `body` is the JSON the record shows, without `stale` and without what the
    gateway computes (grade, trend); `sort` holds the numbers lists filter and sort by."""

    deal_id: str
    kind: InsightKind
    key: InsightKey
    model_version: str
    as_of: datetime
    body: Mapping[str, Any]
    sort: Mapping[str, float | str | None] = field(default_factory=dict)


def newer(new: Insight, old: Insight | None) -> bool:
    """Whether `new` replaces `old`: it must be strictly higher, so a repetition changes nothing."""
    return old is None or new.key.flat > old.key.flat


@dataclass(frozen=True, slots=True)
class Record:
    """A deal with the insights it has, as stored."""

    history: DealHistory
    owner_name: str
    insights: Mapping[InsightKind, Insight]
    credit_names: Mapping[str, str] = field(default_factory=dict)  # of those who share the credit


__all__ = ["Account", "Contact", "DealWrite", "Insight", "InsightKey", "Principal", "Record"]
