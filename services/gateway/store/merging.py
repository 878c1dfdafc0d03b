"""Merging two records into one: every change that follows is one like any other, kept so that it can be undone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from kit.errors import InvalidInput, NotFound
from learning.records import Account, Activity, Consent, Contact, ContactRole, Deal
from services.gateway.domain import DealWrite, Principal, WriteStatus
from services.gateway.privacy.person import CONTACT
from services.gateway.store import tables as t
from services.gateway.store.checks import Checker
from services.gateway.store.codec import to_us
from services.gateway.store.rows import (
    account_from,
    account_row,
    activity_from,
    contact_from,
    contact_row,
    deal_from,
    product_line_from,
)
from services.gateway.store.tables_asks import asks
from services.gateway.store.tables_privacy import restrictions
from services.gateway.store.touching import Touch
from services.gateway.store.undo import ImportUndo
from services.gateway.store.writes import DealWrites

A = t.activities.c


class Merging(DealWrites, ImportUndo):
    """What a merge changes. Each runs in the caller's transaction."""

    def _merge(
        self, connection: Connection, principal: Principal, of: str, kept: str, other: str, trace: str
    ) -> None:  # fmt: skip
        """Merge the other record into the kept one. Raises NotFound."""
        parts = {"accounts": self._merge_accounts, "contacts": self._merge_contacts, "deals": self._merge_deals}
        if of not in parts:
            mend = "Use " + ", ".join(parts)
            raise InvalidInput("records of this kind are not merged", field="of", value=of, mend=mend)
        if kept == other:
            raise InvalidInput("a record is not merged with itself", field="other", value=other, mend="Name two")
        parts[of](connection, principal, kept, other, trace)

    def _merge_accounts(
        self, connection: Connection, principal: Principal, kept: str, other: str, trace: str
    ) -> None:  # fmt: skip
        stays, goes = (account_from(row) for row in self._two(connection, t.accounts, kept, other))
        on_it = select(t.deals.c.id).where(t.deals.c.account_id == other, t.deals.c.deleted.is_(False))
        deals = connection.execute(on_it.order_by(t.deals.c.id)).scalars()
        self._written(connection, principal, [DealWrite(one, account_id=kept) for one in deals], trace)
        there = connection.execute(select(t.contacts).where(t.contacts.c.account_id == other)).all()
        self._save_contacts(connection, [replace(contact_from(row), account_id=kept) for row in there], trace)
        fuller = replace(stays, fields={**goes.fields, **stays.fields})
        accounts = [fuller, replace(goes, deleted=True)]
        self._save(connection, t.accounts, accounts, [Checker(), Checker()], account_row)
        self._note_fields(connection, accounts)
        self._raise_revisions(connection, self._live_of_accounts, [kept], trace)

    def _note_fields(self, connection: Connection, accounts: Sequence[Account]) -> None:
        now = self._contexts.read(connection).now()
        keep = partial(self._keep, connection, "accounts")
        self._account_history.note(connection, accounts, to_us(now), to_us(datetime.now(UTC)), keep)

    def _merge_contacts(
        self, connection: Connection, principal: Principal, kept: str, other: str, trace: str
    ) -> None:  # fmt: skip
        stays, goes = (contact_from(row) for row in self._two(connection, t.contacts, kept, other))
        done: dict[str, list[Activity]] = defaultdict(list)
        columns = (A.deal_id, A.time, A.id, A.type, A.direction, A.contact_id, A.owner_id, A.text)
        for row in connection.execute(select(*columns).where(A.contact_id == other)).all():
            done[row.deal_id].append(replace(activity_from(row), contact_id=kept))
        on = t.deal_contacts.c
        listed = select(on.deal_id).where(on.contact_id == other)
        _restricted_too(connection, kept, other)
        roles: dict[str, list[ContactRole]] = defaultdict(list)
        found = select(on.deal_id, on.contact_id, on.role).where(on.deal_id.in_(listed))
        for each in connection.execute(found.order_by(on.deal_id, on.position)).all():
            roles[each.deal_id].append(ContactRole(kept if each.contact_id == other else each.contact_id, each.role))
        writes = [_of_person(one, roles.get(one), done.get(one, ())) for one in sorted({*done, *roles})]
        self._written(connection, principal, writes, trace)
        self._save_contacts(connection, [_fuller_contact(stays, goes), replace(goes, deleted=True)], trace)

    def _save_contacts(self, connection: Connection, contacts: Sequence[Contact], trace: str) -> None:
        self._save(connection, t.contacts, contacts, [Checker() for _ in contacts], contact_row)
        self._raise_revisions(connection, self._live_of_contacts, [one.id for one in contacts], trace)

    def _merge_deals(
        self, connection: Connection, principal: Principal, kept: str, other: str, trace: str
    ) -> None:  # fmt: skip
        self._two(connection, t.deals, kept, other)
        stays, goes = self._deal(connection, kept), self._deal(connection, other)
        self._keep(connection, "deals", [kept, other])
        moved = connection.execute(update(t.activities).where(A.deal_id == other).values(deal_id=kept)).rowcount
        connection.execute(update(asks).where(asks.c.deal_id == other).values(deal_id=kept))
        for deal, count in ((kept, t.deals.c.activity_count + moved), (other, 0)):
            connection.execute(update(t.deals).where(t.deals.c.id == deal).values(activity_count=count))
        writes = [_fuller_deal(stays, goes), DealWrite(other, deleted=True)]
        results = self._written(connection, principal, writes, trace)
        if results[0].status is WriteStatus.UNCHANGED and moved:
            self._bump.run(connection, [{"deal": kept, "now": to_us(datetime.now(UTC))}])
            live = stays.outcome.value == "OPEN"
            self._announce(connection, [Touch(kept, stays.revision + 1, live, live)], trace, "merge")

    def _deal(self, connection: Connection, deal_id: str) -> Deal:
        row = connection.execute(select(t.deals).where(t.deals.c.id == deal_id)).one()
        products, contacts = t.deal_products, t.deal_contacts
        lines = connection.execute(select(products).where(products.c.deal_id == deal_id).order_by(products.c.position))
        roles = connection.execute(select(contacts).where(contacts.c.deal_id == deal_id).order_by(contacts.c.position))
        return deal_from(
            row, tuple(map(product_line_from, lines)), tuple(ContactRole(one.contact_id, one.role) for one in roles)
        )

    def _two(self, connection: Connection, table: Table, kept: str, other: str) -> tuple[Any, Any]:
        """The rows of both. Raises NotFound where one is not there, or deleted."""
        rows = {row.id: row for row in connection.execute(select(table).where(table.c.id.in_([kept, other]))).all()}
        for one in (kept, other):
            if one not in rows or rows[one].deleted:
                mend = "List the duplicates again"
                raise NotFound(f"there is no such record among the {table.name}", field="id", value=one, mend=mend)
        return rows[kept], rows[other]

    def _written(
        self, connection: Connection, principal: Principal, writes: Sequence[DealWrite], trace: str
    ) -> list[Any]:  # fmt: skip
        """The results of deal writes, none of which may be refused."""
        results = self._apply_all(connection, principal, writes, trace, "merge")
        for one in results:
            if one.status is WriteStatus.REJECTED:
                error = one.errors[0]
                message = f"deal {one.id} cannot be changed: {error.message}"
                raise InvalidInput(message, field=error.field, value=error.value, mend=error.mend)
        return results


def _restricted_too(connection: Connection, kept: str, other: str) -> None:
    """Whoever asked not to be processed is not, under the other id either; an undo leaves that in place."""
    r = restrictions.c
    query = select(restrictions).where(r.kind == CONTACT, r.person.in_([kept, other]))
    found = {row.person: row for row in connection.execute(query).all()}
    if other in found and kept not in found:
        connection.execute(insert(restrictions).values({**found[other]._mapping, "person": kept}))


def _of_person(deal: str, roles: Sequence[ContactRole] | None, done: Sequence[Activity]) -> DealWrite:
    write = DealWrite(deal, activities=tuple(done))
    return write if roles is None else replace(write, contacts=_once(roles))


def _once(roles: Iterable[ContactRole]) -> tuple[ContactRole, ...]:
    """Everybody once, with the first role that is named."""
    found: dict[str, ContactRole] = {}
    for one in roles:
        if one.contact_id not in found or not found[one.contact_id].role:
            found[one.contact_id] = one
    return tuple(found.values())


def _fuller_contact(stays: Contact, goes: Contact) -> Contact:
    """The contact with what it lacked. Of a channel, a refusal of either counts."""
    consents: dict[str, Consent] = {}
    for one in (*stays.consents, *goes.consents):
        held = consents.get(one.channel)
        if held is None or (held.granted and not one.granted):
            consents[one.channel] = one
    return replace(
        stays, account_id=stays.account_id or goes.account_id, title=stays.title or goes.title,
        email=stays.email or goes.email, phone=stays.phone or goes.phone, consents=tuple(consents.values()),
    )  # fmt: skip


def _fuller_deal(stays: Deal, goes: Deal) -> DealWrite:
    """What the kept deal takes over: everything that it lacks."""
    lacking: dict[str, Any] = {
        name: getattr(goes, name)
        for name in ("name", "owner_id", "account_id", "amount", "close_date", "category", "products")
        if not getattr(stays, name) and getattr(goes, name)
    }
    contacts = _once((*stays.contacts, *goes.contacts))
    if contacts != stays.contacts:
        lacking["contacts"] = contacts
    fields = {name: value for name, value in goes.fields.items() if name not in stays.fields}
    return DealWrite(stays.id, fields=fields, **lacking)
