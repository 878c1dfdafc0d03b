"""The records of a history folder as data health looks at them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kit.clock import utc_day
from kit.money import Money
from learning.history import Manifest, read_history
from learning.history_schema import decode_fields, decode_value
from learning.records import Account, Contact, DealKind, Outcome, User, Value
from services.gateway.health.names import vocabulary

_MARKS = re.compile(r"[\W_]+")
BY_ITSELF = ("kind", "motion", "pipeline", "outcome", "closed_date", "deleted")  # a deal has these without being told
ENDED = ('"WON"', '"LOST"')  # as the history writes outcomes


@dataclass(slots=True)
class DealRow:
    """A deal as it stands, and what its history says: amounts it ever had, and when something last happened."""

    id: str
    kind: str
    stage: str
    outcome: str
    name: str
    owner: str
    account: str
    amount: Money | None
    created: datetime | None
    close: date | None
    closed: date | None
    fields: Mapping[str, Value]
    amounts: set[Money] = field(default_factory=set)
    last: date | None = None
    stages: int = 0  # it was known in before it ended
    late: bool = False  # it had ended before anything else of it was known
    activities: int = 0
    contacts: tuple[str, ...] = ()
    source: str = ""

    @property
    def open(self) -> bool:
        """Whether it is neither won nor lost."""
        return self.outcome == Outcome.OPEN.value

    @property
    def opportunity(self) -> bool:
        """Whether it is more than a lead."""
        return self.kind == DealKind.OPPORTUNITY.value


@dataclass(slots=True)
class Records:
    """Everything there is, without what is deleted."""

    manifest: Manifest
    deals: list[DealRow]
    accounts: list[Account]
    contacts: list[Contact]
    gone_contacts: set[str]
    users: dict[str, User]
    defined: tuple[str, ...] = ()  # custom fields of deals

    @property
    def day(self) -> date:
        """The business day they stand on."""
        return self.manifest.business_day

    def worth(self, deal: DealRow) -> int:
        """Its amount in the company's currency, in minor units, while it is open; 0 without one."""
        counts = deal.open and deal.amount is not None and deal.amount.currency == self.manifest.currency
        return deal.amount.minor if counts and deal.amount is not None else 0

    def deals_of(self, key: str) -> dict[str, list[DealRow]]:
        """Deals by account or owner."""
        found: dict[str, list[DealRow]] = defaultdict(list)
        for deal in self.deals:
            found[getattr(deal, key)].append(deal)
        return found


def load(folder: Path) -> Records:
    """Read a history folder. Raises NotFound or InvalidInput where it is none."""
    history = read_history(folder)
    columns = history.columns("deals")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    deals = {row["id"]: _deal(row) for row in rows if not row["deleted"]}
    _note_changes(folder, deals)
    _note_activities(folder, deals)
    _note_contacts(folder, deals)
    _note_sources(list(deals.values()))
    contacts = history.contacts
    return Records(
        history.manifest, list(deals.values()), [one for one in history.accounts if not one.deleted],
        [one for one in contacts if not one.deleted],
        {one.id for one in contacts if one.deleted}, {user.id: user for user in history.users},
        tuple(one.name for one in history.field_definitions if one.entity == "deal"),
    )  # fmt: skip


def _deal(row: Mapping[str, Any]) -> DealRow:
    amount = Money.parse(row["currency"], row["amount"]) if row["amount"] is not None and row["currency"] else None
    return DealRow(
        row["id"], row["kind"] or DealKind.OPPORTUNITY.value, row["stage"] or "", row["outcome"] or Outcome.OPEN.value,
        row["name"] or "", row["owner_id"] or "", row["account_id"] or "", amount, row["created_time"],
        row["close_date"], row["closed_date"], decode_fields(row["fields"]), {amount} if amount else set(),
    )  # fmt: skip


def _note_changes(folder: Path, deals: Mapping[str, DealRow]) -> None:
    table = pq.read_table(folder / "changes.parquet", columns=["deal_id", "field", "value", "effective_time"])
    _note_last(table, "effective_time", deals)
    ends = _ends(table)
    _note_stages(table, ends, deals)
    _note_late(table, ends, deals)
    amounts = table.filter(pc.equal(table["field"], "amount"))
    for deal_id, text in zip(amounts["deal_id"].to_pylist(), amounts["value"].to_pylist(), strict=True):
        value = decode_value(text) if deal_id in deals else None
        if isinstance(value, Money):
            deals[deal_id].amounts.add(value)


def _ends(table: Any) -> dict[str, Any]:
    """When each deal that ended did so, the last time."""
    ends = table.filter(pc.and_(pc.equal(table["field"], "outcome"), pc.is_in(table["value"], pa.array(ENDED))))
    return _each(ends.group_by("deal_id").aggregate([("effective_time", "max")]), "effective_time_max")


def _note_stages(table: Any, ends: Mapping[str, Any], deals: Mapping[str, DealRow]) -> None:
    """In how many stages a deal was before it ended: some records write the end as a stage too, others, such as weekly
    files, leave the stage as it was."""
    stages = table.filter(pc.equal(table["field"], "stage"))
    for deal_id, time in zip(stages["deal_id"].to_pylist(), stages["effective_time"].to_pylist(), strict=True):
        if deal_id in deals and (deals[deal_id].open or deal_id not in ends or time < ends[deal_id]):
            deals[deal_id].stages += 1


def _note_late(table: Any, ends: Mapping[str, Any], deals: Mapping[str, DealRow]) -> None:
    """Whose end is the first that is known of them, as of deals that came in when they had ended already."""
    told = table.filter(pc.invert(pc.is_in(table["field"], pa.array(BY_ITSELF))))
    first = _each(told.group_by("deal_id").aggregate([("effective_time", "min")]), "effective_time_min")
    for deal_id, end in ends.items():
        if deal_id in deals and deal_id in first:
            deals[deal_id].late = not deals[deal_id].open and first[deal_id] >= end


def _each(table: Any, column: str) -> dict[str, Any]:
    return dict(zip(table["deal_id"].to_pylist(), table[column].to_pylist(), strict=True))


def _note_activities(folder: Path, deals: Mapping[str, DealRow]) -> None:
    table = pq.read_table(folder / "activities.parquet", columns=["deal_id", "time"])
    _note_last(table, "time", deals)
    counts = table.group_by("deal_id").aggregate([("time", "count")])
    for deal_id, count in zip(counts["deal_id"].to_pylist(), counts["time_count"].to_pylist(), strict=True):
        if deal_id in deals:
            deals[deal_id].activities = count


def _note_last(table: Any, column: str, deals: Mapping[str, DealRow]) -> None:
    last = table.group_by("deal_id").aggregate([(column, "max")])
    for deal_id, time in zip(last["deal_id"].to_pylist(), last[f"{column}_max"].to_pylist(), strict=True):
        deal = deals.get(deal_id)
        if deal is not None and time is not None:
            day = utc_day(time)
            deal.last = day if deal.last is None else max(deal.last, day)


def _note_contacts(folder: Path, deals: Mapping[str, DealRow]) -> None:
    table = pq.read_table(folder / "deal_contacts.parquet", columns=["deal_id", "contact_id"])
    for deal_id, contact in zip(table["deal_id"].to_pylist(), table["contact_id"].to_pylist(), strict=True):
        if deal_id in deals:
            deals[deal_id].contacts += (contact,)


def _note_sources(deals: list[DealRow]) -> None:
    """Where deals came from, by the field that says so and is filled most."""
    named = vocabulary()["fields"]["source"]
    filled = Counter(name for deal in deals for name in deal.fields if _MARKS.sub("", name).casefold() in named)
    if not filled:
        return
    column = filled.most_common(1)[0][0]
    for deal in deals:
        deal.source = str(deal.fields.get(column, ""))[:200]
