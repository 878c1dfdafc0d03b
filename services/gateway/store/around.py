"""Saving what stands around deals: users, reporting lines, accounts, contacts, products, quotas, fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select

from kit.errors import Forbidden, InvalidInput
from learning.records import (
    Account,
    Contact,
    FieldDefinition,
    FieldType,
    Product,
    Quota,
    ReportingLine,
    User,
)
from services.gateway.domain import Principal, Scope, WriteResult, WriteStatus
from services.gateway.store import tables as t
from services.gateway.store.account_history import AccountHistory
from services.gateway.store.checks import Checker
from services.gateway.store.checks_around import (
    check_account,
    check_contact,
    check_line,
    check_product,
    check_quota,
    check_user,
)
from services.gateway.store.codec import decode_value, storable, to_us
from services.gateway.store.context import FIELDS_VERSION, PEOPLE_VERSION, Fields
from services.gateway.store.database import Database
from services.gateway.store.field_types import MOST_FIELDS, PREFIX, check_types
from services.gateway.store.people import LineBook
from services.gateway.store.rows import account_row, contact_row, product_row, quota_row, user_row
from services.gateway.store.touching import Touching

R = TypeVar("R")
Key = tuple[Any, ...]
_TEXTS = (FieldType.TEXT, FieldType.CHOICE)


class Around(Touching):
    """The savers of everything but deals and activities."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        tables = (t.users, t.reporting_lines, t.accounts, t.contacts, t.products, t.quotas, t.field_definitions)
        self._savers = {table.name: database.upsert(table) for table in tables}
        self._account_history = AccountHistory(database)

    async def save_users(
        self, principal: Principal, users: Sequence[User], lines: Sequence[ReportingLine] = (), *, trace: str = ""
    ) -> list[WriteResult]:
        """Create or change users, then their lines: one result a user, then one a line (with the user's id)."""
        company_wide(principal, "users")

        def work(connection: Connection) -> list[WriteResult]:
            context = self._contexts.read(connection)
            checks = [check_user(user) for user in users]
            results = self._save(connection, t.users, users, checks, user_row)
            known = set(context.people.users) | {user.id for user in users}
            known -= {r.id for r in results if r.status is WriteStatus.REJECTED and r.id not in context.people.users}
            line_results = self._save_lines(connection, lines, known, context.people.lines)
            statuses = {result.status for result in (*results, *line_results)}
            if statuses & {WriteStatus.CREATED, WriteStatus.CHANGED}:
                self._contexts.touch(connection, PEOPLE_VERSION)
                self._republish_moved(connection, context.people.paths(context.day), context.day, trace)
            return results + line_results

        return await self._database.write(work)

    def _save_lines(
        self, connection: Connection, lines: Sequence[ReportingLine], known: set[str], old: Iterable[ReportingLine]
    ) -> list[WriteResult]:
        book, results, rows = LineBook(old), [], []
        for line in lines:
            check = check_line(line)
            if not check.errors:
                _check_line_fits(check, line, book, known)
            before = None if check.errors else book.get(line.user_id, line.valid_from)
            if check.errors or before == line:
                results.append(_result(line.user_id, WriteStatus.UNCHANGED, check))
                continue
            book.add(line)
            rows.append({
                "user_id": line.user_id, "valid_from": line.valid_from.isoformat(), "manager_id": line.manager_id,
                "region": line.region,
            })  # fmt: skip
            results.append(WriteResult(line.user_id, WriteStatus.CHANGED if before else WriteStatus.CREATED))
        if rows:
            self._keep(connection, "users", [row["user_id"] for row in rows])
            self._savers["reporting_lines"].run(connection, rows)
        return results

    def _republish_moved(self, connection: Connection, before: Mapping[str, Any], day: Any, trace: str) -> None:
        """Open deals whose place in the tree is another now: records and totals must learn of it."""
        people = (self._contexts.read(connection)).people
        moved = [user for user, path in people.paths(day).items() if user in before and before[user] != path]
        self._raise_revisions(connection, self._live_of_owners, moved, trace)

    async def save_accounts(
        self, principal: Principal, accounts: Sequence[Account], *, trace: str = ""
    ) -> list[WriteResult]:
        """Create or change accounts with the history of their fields; the revision of a changed one's open deals
        grows."""
        company_wide(principal, "accounts")

        def work(connection: Connection) -> list[WriteResult]:
            context = self._contexts.read(connection)
            fields, made = dict(context.fields), Fields()
            checks = [check_account(account) for account in accounts]
            for account, check in zip(accounts, checks, strict=True):
                if not check.errors:
                    past = ((one.field.removeprefix(PREFIX), one.value) for one in account.changes)
                    new = check_types(check, "account", (*past, *account.fields.items()), fields)
                    if not check.errors:
                        fields.update(new)
                        made.update(new)
            results = self._save(connection, t.accounts, accounts, checks, account_row)
            sound = [account for account, check in zip(accounts, checks, strict=True) if not check.errors]
            keep = partial(self._keep, connection, "accounts")
            moments = to_us(context.now()), to_us(datetime.now(UTC))
            grown = self._account_history.note(connection, sound, *moments, keep)
            results = [
                replace(one, status=WriteStatus.CHANGED)
                if one.status is WriteStatus.UNCHANGED and one.id in grown else one
                for one in results
            ]  # fmt: skip
            self._define(connection, made)
            self._raise_revisions(connection, self._live_of_accounts, _changed(results), trace)
            return results

        return await self._database.write(work)

    async def save_contacts(
        self, principal: Principal, contacts: Sequence[Contact], *, trace: str = ""
    ) -> list[WriteResult]:
        """Create or change contacts; the revision of open deals they are on grows."""
        company_wide(principal, "contacts")

        def work(connection: Connection) -> list[WriteResult]:
            wanted = storable(one.account_id for one in contacts if isinstance(one.account_id, str))
            statement = select(t.accounts.c.id).where(self._database.among(t.accounts.c.id))
            known = {row.id for row in self._database.fetch(connection, statement, wanted)}
            checks = [check_contact(contact) for contact in contacts]
            for contact, check in zip(contacts, checks, strict=True):
                if not check.errors and contact.account_id and contact.account_id not in known:
                    check.refuse("account_id", contact.account_id, "there is no such account", "Save the account first")
            results = self._save(connection, t.contacts, contacts, checks, contact_row)
            self._raise_revisions(connection, self._live_of_contacts, _changed(results), trace)
            return results

        return await self._database.write(work)

    async def save_products(self, principal: Principal, products: Sequence[Product]) -> list[WriteResult]:
        """Create or change products."""
        company_wide(principal, "products")

        def work(connection: Connection) -> list[WriteResult]:
            checks = [check_product(product) for product in products]
            return self._save(connection, t.products, products, checks, product_row)

        return await self._database.write(work)

    async def save_quotas(self, principal: Principal, quotas: Sequence[Quota]) -> list[WriteResult]:
        """Create or change quotas, one per owner, period and currency."""
        company_wide(principal, "quotas")

        def work(connection: Connection) -> list[WriteResult]:
            users = (self._contexts.read(connection)).people.users
            checks = [check_quota(quota) for quota in quotas]
            for quota, check in zip(quotas, checks, strict=True):
                if not check.errors and quota.owner_id not in users:
                    check.refuse("owner_id", quota.owner_id, "there is no such user", "Save the user first")
            return self._save(connection, t.quotas, quotas, checks, quota_row, match="owner_id")

        return await self._database.write(work)

    def _save(
        self, connection: Connection, table: Table, records: Sequence[R], checks: Sequence[Checker],
        to_row: Callable[[R], dict[str, Any]], match: str = "id",
    ) -> list[WriteResult]:  # fmt: skip
        """Upsert the sound records that differ from what is stored."""
        keys = [column.name for column in table.primary_key]
        rows = [None if check.errors else to_row(one) for one, check in zip(records, checks, strict=True)]
        wanted = storable(row[match] for row in rows if row)
        found = select(table).where(self._database.among(table.c[match]))
        stored: dict[Key, dict[str, Any]] = {}
        for held in self._database.fetch(connection, found, wanted):
            stored[tuple(getattr(held, key) for key in keys)] = held._asdict()
        new: dict[Key, dict[str, Any]] = {}
        results = []
        for record, row, check in zip(records, rows, checks, strict=True):
            if row is None:
                results.append(_result(getattr(record, match), WriteStatus.REJECTED, check))
                continue
            key = tuple(row[name] for name in keys)
            before = stored.get(key)
            status = WriteStatus.CREATED if before is None else WriteStatus.CHANGED
            if before == row:
                status = WriteStatus.UNCHANGED
            else:
                stored[key] = new[key] = row
            results.append(WriteResult(row[match], status))
        if new:
            self._keep(connection, table.name, [row[match] for row in new.values()])
            self._savers[table.name].run(connection, list(new.values()))
        return results

    async def define_fields(self, principal: Principal, definitions: Sequence[FieldDefinition]) -> None:
        """Declare custom fields; a type that contradicts stored values raises InvalidInput."""
        company_wide(principal, "fields")
        check = Checker()
        for definition in definitions:
            check.one_of("entity", definition.entity, ("deal", "account"))
            check.id("name", definition.name)
        if check.errors:
            first = check.errors[0]
            raise InvalidInput(first.message, field=first.field, value=first.value, mend=first.mend)

        def work(connection: Connection) -> None:
            fields = dict((self._contexts.read(connection)).fields)
            made: Fields = {}
            for one in definitions:
                key, before = (one.entity, one.name), fields.get((one.entity, one.name))
                if before is one.type:
                    continue
                both_text = before in _TEXTS and one.type in _TEXTS
                if before is not None and not both_text and self._holds_values(connection, one):
                    raise InvalidInput(
                        f"the field holds {before.value} values", field=one.name, value=one.type.value,
                        mend=f"Keep it {before.value}, or use another name",
                    )  # fmt: skip
                fields[key] = made[key] = one.type
            for entity in ("deal", "account"):
                if sum(key[0] == entity for key in fields) > MOST_FIELDS:
                    raise InvalidInput(f"more than {MOST_FIELDS} custom fields", field="fields", mend="Drop some")
            self._define(connection, made)

        await self._database.write(work)

    def _define(self, connection: Connection, made: Fields) -> None:
        if made:
            self._keep(connection, "field_definitions", [name for _, name in made])
            rows = [{"entity": entity, "name": name, "type": kind.value} for (entity, name), kind in made.items()]
            self._savers["field_definitions"].run(connection, rows)
            self._contexts.touch(connection, FIELDS_VERSION)

    def _holds_values(self, connection: Connection, definition: FieldDefinition) -> bool:
        past = t.changes.c if definition.entity == "deal" else t.account_changes.c
        values = select(past.value).where(past.field == PREFIX + definition.name).distinct().limit(2)
        return any(decode_value(row[0]) is not None for row in connection.execute(values).all())


def _check_line_fits(check: Checker, line: ReportingLine, book: LineBook, known: set[str]) -> None:
    if line.user_id not in known:
        check.refuse("user_id", line.user_id, "there is no such user", "Save the user first")
    if line.manager_id and line.manager_id not in known:
        check.refuse("manager_id", line.manager_id, "there is no such user", "Save the manager as a user first")
    if not check.errors and line.manager_id and book.closes_a_circle(line):
        mend = "Name a manager who does not report to this user"
        check.refuse("manager_id", line.manager_id, "the reporting line would close a circle", mend)


def _result(record_id: str, status: WriteStatus, check: Checker) -> WriteResult:
    if check.errors:
        return WriteResult(record_id, WriteStatus.REJECTED, 0, tuple(check.errors))
    return WriteResult(record_id, status)


def _changed(results: Iterable[WriteResult]) -> list[str]:
    return list(dict.fromkeys(one.id for one in results if one.status is WriteStatus.CHANGED))


def company_wide(principal: Principal, what: str) -> None:
    """What the whole company shares is changed by those who see all of it."""
    if principal.scope is not Scope.ALL:
        raise Forbidden(f"you may not change {what}", field=what, mend="Ask somebody who sees all records")
