"""Rows on users, accounts, products, contacts and quotas become records; several rows on one are merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from learning.records import Account, Change, Consent, Contact, Product, Quota, ReportingLine, User, Value
from services.gateway.domain import FieldError
from services.gateway.imports.schema import TARGETS
from services.gateway.imports.staging import Part
from services.gateway.imports.tables import OpenTable
from services.gateway.json_checks import shown
from services.gateway.json_people import ALWAYS


@dataclass(slots=True)
class Merged:
    """What the rows on one record said: of several values of a member the last one that is not missing."""

    id: str
    of: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Value] = field(default_factory=dict)
    dated: list[tuple[datetime, str, Value]] = field(default_factory=list)  # fields that hold since a day
    lines: dict[date, tuple[str, str]] = field(default_factory=dict)
    quotas: dict[tuple[str, str], tuple[Quota, list[Part]]] = field(default_factory=dict)  # the last of its rows counts
    consents: dict[str, Consent] = field(default_factory=dict)
    bad: list[tuple[Part, list[FieldError]]] = field(default_factory=list)
    good: list[Part] = field(default_factory=list)
    entities: set[str] = field(default_factory=set)
    spelling: str = ""

    def text(self, name: str) -> str:
        """A text member, "" where missing."""
        return str(self.of.get(name) or "")

    def records(self, family: str) -> list[tuple[str, Any, list[Part]]]:
        """What to save, each with the name of its batch and its rows; lines of users come apart, as they need all
        users."""
        if family == "users":
            return self._people()
        if family == "quotas":
            return [("quotas", quota, rows) for quota, rows in self.quotas.values()]
        make = {"accounts": self._account, "products": self._product, "contacts": self._contact}
        return [(family, make[family](), self.good)]

    def _people(self) -> list[tuple[str, Any, list[Part]]]:
        found: list[tuple[str, Any, list[Part]]] = []
        if "users" in self.entities:
            active = self.of.get("active")
            name, email, title = self.text("name") or self.id, self.text("email"), self.text("title")
            user = User(self.id, name, email, title, True if active is None else active)
            found.append(("users", user, self.good))
        lines = [ReportingLine(self.id, manager, region, day) for day, (manager, region) in sorted(self.lines.items())]
        return found + [("lines", line, self.good) for line in lines]

    def _account(self) -> Account:
        dated = sorted(self.dated, key=lambda one: one[0])
        fields = self.fields | {name: value for _, name, value in dated}
        changes = tuple(Change(f"fields.{name}", value, since, since) for since, name, value in dated)
        return Account(self.id, self.text("name") or self.id, fields, bool(self.of.get("deleted")), changes)

    def _product(self) -> Product:
        return Product(self.id, self.text("name") or self.id, self.text("series"), self.of.get("price"))

    def _contact(self) -> Contact:
        found = {name: self.text(name) for name in ("account_id", "title", "email", "phone")}
        deleted = bool(self.of.get("deleted"))
        return Contact(
            self.id, self.text("name") or self.id, **found, consents=tuple(self.consents.values()), deleted=deleted
        )


def merge(key: str, parts: Sequence[Part], tables: Sequence[OpenTable]) -> Merged:
    """Read the rows on one record; bad rows are listed and left out."""
    merged = Merged(key)
    for part in parts:
        errors = list[FieldError]()
        _check_spelling(merged, tables[part.table], part, errors)
        _take(merged, tables[part.table], part, errors)
        if errors:
            merged.bad.append((part, errors))
        else:
            merged.good.append(part)
    return merged


def _check_spelling(merged: Merged, table: OpenTable, part: Part, errors: list[FieldError]) -> None:
    """Ids made of names must not throw different names together."""
    cells = table.cells
    if cells.mapping.ids.get(table.key_kind[3:]) != "slug":
        return
    text = next(filter(None, (cells.raw(source, part.cells) for source in table.spec.columns["id"])), "")
    folded = text.casefold()
    merged.spelling = merged.spelling or folded
    if folded != merged.spelling:
        message = f"it makes the same id ({merged.id}) as {merged.spelling!r}"
        mend = f'rename one, or set {table.key_kind[3:]} = "as_is" under [ids] in the mapping'
        errors.append(FieldError(cells.column_of("id"), shown(text), message, mend))


def _take(merged: Merged, table: OpenTable, part: Part, errors: list[FieldError]) -> None:
    cells, entity = table.cells, table.spec.entity
    values = cells.read([(t, k) for t, k in TARGETS[entity].items() if t not in ("id", "amount")], part.cells)
    errors += values.errors
    fields = {
        name: cells.custom(source, table.types[name], part.cells, errors) for name, source in table.custom.items()
    }
    consents = _consents(table, part, errors)
    if entity == "quotas":
        _take_quota(merged, table, part, values.of, errors)
    if errors:
        return
    if values.of.get("price") is not None:
        values.of["price"] = cells.money(values.of["price"], values.of.get("currency"))
    merged.entities.add(entity)
    merged.of.update({name: value for name, value in values.of.items() if value is not None})
    merged.fields.update({name: value for name, value in fields.items() if value is not None})
    if entity == "accounts" and (start := values.of.get("valid_from")):
        since = datetime.combine(start, time(), UTC)
        merged.dated += [(since, name, value) for name, value in fields.items() if value is not None]
    merged.consents.update({consent.channel: consent for consent in consents})
    if {"manager_id", "region"} & set(table.spec.columns):
        day = values.of.get("valid_from") or ALWAYS
        manager, region = merged.lines.get(day, ("", ""))
        merged.lines[day] = (values.of.get("manager_id") or manager, values.of.get("region") or region)


def _take_quota(merged: Merged, table: OpenTable, part: Part, of: dict[str, Any], errors: list[FieldError]) -> None:
    cells = table.cells
    amount = cells.value("amount", cells.spec.columns["amount"][0], part.cells, errors)
    for name, value in (("period", of.get("period")), ("amount", amount)):
        if value is None and not errors:
            errors.append(FieldError(cells.column_of(name), "", f"the {name} is missing", "fill it in"))
    if not errors:
        money = cells.money(amount, of.get("currency"))
        _, rows = merged.quotas.get((of["period"], money.currency), (None, []))
        merged.quotas[of["period"], money.currency] = (Quota(merged.id, of["period"], money), [*rows, part])


def _consents(table: OpenTable, part: Part, errors: list[FieldError]) -> list[Consent]:
    found = []
    for rule in table.spec.consents:
        granted = table.cells.value("yes_no", rule.value, part.cells, errors)
        day = table.cells.value("day", rule.day, part.cells, errors) if rule.day else None
        if granted is not None:
            found.append(Consent(rule.channel, granted, rule.source, day))
    return found
