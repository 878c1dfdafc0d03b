"""A folder in the history format, read into deal histories.

`SCHEMAS`, `encode_value` and `decode_value` come from learning.history_schema, rows from learning.history_rows, the
writer from learning.history_writer.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kit.errors import InvalidInput, NotFound
from kit.money import Money
from learning.answers import Verb
from learning.decisions import Decided, Said, decided
from learning.exchange import DatedRate, Rates
from learning.history_schema import (
    SCHEMAS,
    decode_fields,
    decode_value,
    encode_fields,
    encode_value,
    with_later_columns,
)
from learning.history_writer import HistoryWriter, Manifest
from learning.records import (
    Account,
    Activity,
    Change,
    Consent,
    Contact,
    ContactRole,
    Credit,
    Deal,
    DealHistory,
    DealKind,
    FieldDefinition,
    FieldType,
    Motion,
    Outcome,
    Product,
    ProductLine,
    Quota,
    ReportingLine,
    User,
)
from learning.tree import owner_paths, unplaced

__all__ = [
    "SCHEMAS", "HistoryFolder", "HistoryWriter", "Manifest", "decode_fields", "decode_value", "encode_fields",
    "encode_value", "read_history",
]  # fmt: skip

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def read_history(folder: Path) -> HistoryFolder:
    """Open a folder in the history format; NotFound or InvalidInput where it is none."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise NotFound("No history lies here.", field="history", value=str(folder), mend="Name an exported folder.")
    return HistoryFolder(folder, Manifest.from_json(manifest.read_text(encoding="utf-8")))


TOLD_EVERY = 100  # deals


class HistoryFolder:
    """A folder in the history format. Small tables are lists, read once when asked for; `deals` gives the histories."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    def columns(self, table: str) -> dict[str, list[Any]]:
        """A table as Python lists by column: times as aware datetimes, days as dates, the rest as it is."""
        path = self.folder / f"{table}.parquet"
        try:
            data = with_later_columns(table, pq.read_table(path)).select(SCHEMAS[table].names).cast(SCHEMAS[table])
        except FileNotFoundError:
            raise NotFound("A file is missing.", field="history", value=path.name, mend="Export it again.") from None
        except (pa.ArrowException, KeyError, ValueError) as error:
            raise InvalidInput(
                f"{path.name} is not readable: {str(error)[:200]}", field=path.name, mend="See docs/history-format.md."
            ) from None
        return {name: _to_list(data.column(name)) for name in data.column_names}

    def _rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        return zip(*self.columns(table).values(), strict=True)

    @cached_property
    def users(self) -> list[User]:
        return [User(i, n or i, e or "", t or "", a is not False) for i, n, e, t, a in self._rows("users")]

    @cached_property
    def lines(self) -> list[ReportingLine]:
        return [
            ReportingLine(user, manager or "", region or "", start or date(1900, 1, 1))
            for user, manager, region, start in self._rows("reporting_lines")
        ]

    @cached_property
    def accounts(self) -> list[Account]:
        changes = self._account_changes()
        return [
            Account(i, n or i, decode_fields(f), bool(d), tuple(changes.get(i, ())))
            for i, n, f, d in self._rows("accounts")
        ]

    def _account_changes(self) -> dict[str, list[Change]]:
        found: dict[str, list[Change]] = defaultdict(list)
        if not (self.folder / "account_changes.parquet").exists():  # an export from before accounts had a history
            return found
        for account_id, name, value, effective, recorded in self._rows("account_changes"):
            found[account_id].append(Change(name, decode_value(value), effective, recorded or effective))
        for rows in found.values():
            rows.sort(key=attrgetter("effective_time"))
        return found

    @cached_property
    def contacts(self) -> list[Contact]:
        return [
            Contact(i, n or i, a or "", t or "", e or "", p or "", _consents(c), bool(d))
            for i, n, a, t, e, p, c, d in self._rows("contacts")
        ]

    @cached_property
    def products(self) -> list[Product]:
        return [Product(i, n or i, s or "", _money(c, p)) for i, n, s, p, c in self._rows("products")]

    @cached_property
    def quotas(self) -> list[Quota]:
        rows = ((owner, period, _money(c, amount)) for owner, period, amount, c in self._rows("quotas"))
        return [Quota(owner, period, money) for owner, period, money in rows if money is not None]

    @cached_property
    def rates(self) -> Rates:
        """Exchange rates to the company's currency, of each day the newest entry; none where none were kept."""
        if not (self.folder / "exchange_rates.parquet").exists():
            return Rates()
        rows = self._rows("exchange_rates")
        newest = {(code, day): rate for base, code, day, rate, *_ in rows if base == self.manifest.currency}
        try:
            found = [DatedRate(code, day, Decimal(rate)) for (code, day), rate in newest.items() if rate]
        except InvalidOperation:
            mend = "Export the history again."
            raise InvalidInput("A rate is no number.", field="exchange_rates.parquet", mend=mend) from None
        return Rates.of(self.manifest.currency, found)

    def decisions(self) -> list[Decided]:
        """What was shown first, by chance, oldest first; none in an export from before it was kept."""
        if not (self.folder / "decisions.parquet").exists():
            return []
        rows = (decided(*row) for row in self._rows("decisions"))
        return sorted(rows, key=lambda one: (one.day, one.deal_id))

    def feedback(self) -> list[Said]:
        """The answers to suggestions that stand as of the manifest, oldest first."""
        if not (self.folder / "feedback.parquet").exists():
            return []
        rows = (
            Said(deal, action, Verb(verb), time, suggestion or "", reason or "")
            for _, deal, action, verb, time, suggestion, reason, _, _, _, undone, _, _ in self._rows("feedback")
            if not undone and verb != Verb.UNDO and time <= self.manifest.as_of
        )
        return sorted(rows, key=lambda one: (one.time, one.deal_id))

    @cached_property
    def field_definitions(self) -> list[FieldDefinition]:
        return [FieldDefinition(e, n, FieldType(t)) for e, n, t in self._rows("field_definitions")]

    def deals(self, tell: Callable[[float], None] = lambda _: None) -> Iterator[DealHistory]:
        """Every deal with all that is known around it, in file order. Contact counters are left empty, the owner
        path stands as on the manifest's business day. `tell` hears now and then which share of the deals is taken."""
        changes = self._changes()
        activities = self._activities()
        products: dict[str, list[ProductLine]] = defaultdict(list)
        for deal_id, product_id, quantity, price, currency in self._rows("deal_products"):
            line = ProductLine(product_id, 1.0 if quantity is None else quantity, _money(currency, price))
            products[deal_id].append(line)
        roles: dict[str, list[ContactRole]] = defaultdict(list)
        for deal_id, contact_id, role in self._rows("deal_contacts"):
            roles[deal_id].append(ContactRole(contact_id, role or ""))
        shared = self._credits()
        accounts = {account.id: account for account in self.accounts}
        contacts = {contact.id: contact for contact in self.contacts}
        paths = owner_paths(self.users, self.lines, self.manifest.business_day)
        rows = list(self._rows("deals"))
        for number, row in enumerate(rows):
            if number % TOLD_EVERY == 0:
                tell(number / len(rows))
            deal = _deal(row, tuple(products.get(row[0], ())), tuple(roles.get(row[0], ())), shared.get(row[0], ()))
            log, past = activities.get(deal.id, ()), tuple(changes.get(deal.id, ()))
            yield DealHistory(
                deal, past, tuple(log), accounts.get(deal.account_id),
                paths.get(deal.owner_id) or unplaced(deal.owner_id),
                tuple((contacts[r.contact_id], r.role) for r in deal.contacts if r.contact_id in contacts),
                activity_count=len(log),
                former_accounts=tuple(accounts[one] for one in former_accounts(deal, past) if one in accounts),
            )  # fmt: skip

    def _credits(self) -> dict[str, tuple[Credit, ...]]:
        """By deal; a folder may be older than credits are."""
        if not (self.folder / "deal_credits.parquet").exists():
            return {}
        found: dict[str, tuple[Credit, ...]] = {}
        for deal_id, owner_id, percent in self._rows("deal_credits"):
            found[deal_id] = (*found.get(deal_id, ()), Credit(owner_id, round(100 * percent)))
        return found

    def _changes(self) -> dict[str, list[Change]]:
        found: dict[str, list[Change]] = defaultdict(list)
        for deal_id, name, value, effective, recorded, revision in self._rows("changes"):
            found[deal_id].append(Change(name, decode_value(value), effective, recorded or effective, revision or 0))
        for rows in found.values():
            rows.sort(key=attrgetter("effective_time"))
        return found

    def _activities(self) -> dict[str, list[Activity]]:
        found: dict[str, list[Activity]] = defaultdict(list)
        for i, deal_id, kind, direction, time, contact, owner, text in self._rows("activities"):
            found[deal_id].append(
                Activity(i, deal_id, kind, direction or "", time, contact or "", owner or "", text or "")
            )
        for rows in found.values():
            rows.sort(key=attrgetter("time"))
        return found


def former_accounts(deal: Deal, changes: Iterable[Change]) -> list[str]:
    """Ids of the accounts that the deal had before the one it has now, in the order it had them."""
    ids = dict.fromkeys(str(one.value) for one in changes if one.field == "account_id" and one.value)
    return [one for one in ids if one != deal.account_id]


def _to_list(column: pa.ChunkedArray) -> list[Any]:
    """pyarrow makes aware datetimes slowly; counting microseconds from the epoch is several times faster."""
    if not pa.types.is_timestamp(column.type):
        values: list[Any] = column.to_pylist()
        return values
    micros: Iterable[int | None] = column.cast(pa.int64()).to_pylist()
    return [None if m is None else _EPOCH + m * _MICROSECOND for m in micros]


@lru_cache(maxsize=65536)
def _money(currency: str | None, value: str | None) -> Money | None:
    if not currency or value is None:
        return None
    try:
        return Money.parse(currency, value)
    except ValueError as error:
        raise InvalidInput(f"{error}.", field="amount", value=value[:40], mend="Export the history again.") from None


def _consents(text: str | None) -> tuple[Consent, ...]:
    return tuple(
        Consent(one["channel"], bool(one["granted"]), one.get("source") or "",
                date.fromisoformat(one["day"]) if one.get("day") else None)
        for one in json.loads(text or "[]")
    )  # fmt: skip


def _deal(
    row: tuple[Any, ...], products: tuple[ProductLine, ...], contacts: tuple[ContactRole, ...],
    credits_: tuple[Credit, ...],
) -> Deal:  # fmt: skip
    (i, revision, kind, motion, pipeline, stage, outcome, name, owner, account, amount, currency, created, close,
     closed, category, fields, deleted, before) = row  # fmt: skip
    return Deal(
        i, revision or 0, DealKind(kind or "OPPORTUNITY"), Motion(motion or "NEW"), pipeline or "default", stage or "",
        Outcome(outcome or "OPEN"), name or "", owner or "", account or "", _money(currency, amount), created, close,
        closed, category or "", decode_fields(fields), products, contacts, bool(deleted), credits_, bool(before),
    )  # fmt: skip
