"""What one row says of a deal: of the deal itself, its past, events, activities, contacts or products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from learning.placements import exact_share
from learning.records import Activity, ContactRole, Credit, FieldType, ProductLine, Value
from services.gateway.domain import FieldError, PastChange
from services.gateway.imports.cells import PRICE, CellReader, Values
from services.gateway.imports.events import ActivityIds, Event, RuleMatcher
from services.gateway.imports.schema import PAST_TARGETS, TARGETS
from services.gateway.imports.staging import Part
from services.gateway.imports.tables import OpenTable
from services.gateway.past_days import FUTURE

_WHOLE = [(target, kind) for target, kind in TARGETS["deals"].items() if target not in ("id", "outcome")]


@dataclass(slots=True)
class Draft:
    """What the rows said so far."""

    id: str
    members: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Value | None] = field(default_factory=dict)
    amounts: list[tuple[tuple[str, ...], Any]] | None = None
    history: list[PastChange] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    products: list[tuple[datetime | None, ProductLine]] | None = None  # with the time they have been there since
    contacts: list[tuple[datetime | None, ContactRole]] | None = None
    credits: list[tuple[datetime | None, Credit]] | None = None
    events: list[tuple[OpenTable, Event]] = field(default_factory=list)
    activity_ids: ActivityIds = field(init=False)

    def __post_init__(self) -> None:
        self.activity_ids = ActivityIds(self.id)


@dataclass(frozen=True, slots=True)
class Latest:
    """The last moment that can have been; `given` where the mapping says so, else it is the future that is refused."""

    moment: datetime
    given: bool = False


class DealRows:
    """Takes rows into drafts; nothing in them can have been after `latest`."""

    def __init__(self, tables: Sequence[OpenTable], latest: Latest) -> None:
        self._tables, self._latest = tables, latest
        self._matchers = {
            i: RuleMatcher(each.spec, each.table.columns) for i, each in enumerate(tables) if each.spec.rules
        }
        self._take = {
            "deals": self._deal,
            "history": self._history,
            "events": self._event,
            "activities": self._activity,
            "deal_contacts": self._contact,
            "deal_products": self._product,
            "deal_credits": self._credit,
        }
        deals = [each for each in tables if each.spec.entity == "deals"]
        self._types = {name: kind for each in deals for name, kind in each.types.items()}

    def take(self, draft: Draft, part: Part) -> list[FieldError]:
        """Take one row; what is wrong with it."""
        table, errors = self._tables[part.table], list[FieldError]()
        self._take[table.spec.entity](draft, table, part, errors)
        return errors

    def _deal(self, draft: Draft, table: OpenTable, part: Part, errors: list[FieldError]) -> None:
        cells = table.cells
        outcome = cells.read([("outcome", "outcome")], part.cells)
        word = outcome.of.get("outcome") or "OPEN"
        values = cells.read(_WHOLE, part.cells, word.lower())
        errors += outcome.errors + values.errors
        self._check_past(values, cells, part, errors)
        for name, source in table.custom.items():
            value = cells.custom(source, table.types[name], part.cells, errors)
            if value is not None or name not in draft.fields:
                draft.fields[name] = value
        for rule in table.spec.history:
            at = cells.value("time", rule.at, part.cells, errors)
            value = cells.value(TARGETS["deals"][rule.field], rule.value, part.cells, errors)
            if at is not None and value is not None:
                amount = cells.money(value, values.of.get("currency")) if rule.field == "amount" else value
                draft.history.append(PastChange(rule.field, amount, at))
        for target, value in (outcome.of | values.of).items():
            if value is not None or target not in draft.members:
                draft.members[target] = value
        if values.amounts:
            currency = values.of.get("currency")
            draft.amounts = [(when, self._money(cells, v, currency)) for when, v in values.amounts]

    @staticmethod
    def _money(cells: CellReader, value: Any, currency: str | None) -> Any:
        return value if value is None or value is PRICE else cells.money(value, currency)

    def _history(self, draft: Draft, table: OpenTable, part: Part, errors: list[FieldError]) -> None:
        cells = table.cells
        values = cells.read([(t, k) for t, k in TARGETS["history"].items() if t != "id"], part.cells)
        errors += values.errors
        self._check_past(values, cells, part, errors)
        moment = self._needed("time", values, cells, errors)
        found = {
            t: v for t, v in values.of.items() if t not in ("time", "field", "value", "currency") and v is not None
        }
        for _, value in values.amounts[:1]:
            if value is not None:
                found["amount"] = cells.money(value, values.of.get("currency"))
        if name := values.of.get("field"):
            kind = TARGETS["deals"].get(name) or self._custom_kind(name)
            source = cells.spec.columns["value"][0]
            value = cells.value(kind, source, part.cells, errors)
            if name == "amount" and value is not None:
                value = cells.money(value, values.of.get("currency"))
            found[name if name in TARGETS["deals"] else f"fields.{name}"] = value
        if not errors:
            draft.history += [PastChange(target, value, moment) for target, value in found.items()]

    def _custom_kind(self, name: str) -> str:
        kinds = {FieldType.NUMBER: "number", FieldType.DATE: "day", FieldType.YES_NO: "yes_no"}
        return kinds.get(self._types.get(name, FieldType.TEXT), "long")

    def _event(self, draft: Draft, table: OpenTable, part: Part, errors: list[FieldError]) -> None:
        cells = table.cells
        values = cells.read([("time", "time")], part.cells)
        errors += values.errors
        self._check_past(values, cells, part, errors)
        moment = self._needed("time", values, cells, errors)
        rule = self._matchers[part.table].match(part.cells)
        if rule is None and table.spec.unmatched == "reject":
            columns = ", ".join(sorted({column for each in table.spec.rules for column in each.when}))
            errors.append(FieldError(columns, "", "no rule of the mapping matches the event", "add a rule for it"))
        if not errors:
            owner = table.spec.owner
            person = part.cells[cells.columns.index(owner.column)].strip() if owner else ""
            draft.events.append((table, Event(moment, rule, person, table.spec.name)))

    def _activity(self, draft: Draft, table: OpenTable, part: Part, errors: list[FieldError]) -> None:
        cells = table.cells
        values = cells.read([(t, k) for t, k in TARGETS["activities"].items() if t != "id"], part.cells)
        errors += values.errors
        self._check_past(values, cells, part, errors)
        moment, kind = self._needed("time", values, cells, errors), self._needed("type", values, cells, errors)
        if errors:
            return
        found = {name: values.of.get(name) or "" for name in ("contact_id", "owner_id", "text")}
        identity = values.of.get("activity_id")
        if not identity:
            identity = draft.activity_ids.next(table.spec.name, moment, kind, found["contact_id"])
        direction = values.of.get("direction") or "internal"
        draft.activities.append(Activity(identity, draft.id, kind, direction, moment, **found))

    def _contact(self, draft: Draft, table: OpenTable, part: Part, errors: list[FieldError]) -> None:
        values = table.cells.read([(t, k) for t, k in TARGETS["deal_contacts"].items() if t != "id"], part.cells)
        errors += values.errors
        self._check_past(values, table.cells, part, errors)
        contact = self._needed("contact_id", values, table.cells, errors)
        if not errors:
            role = ContactRole(contact, values.of.get("role") or "")
            draft.contacts = [*(draft.contacts or []), (values.of.get("time"), role)]

    def _product(self, draft: Draft, table: OpenTable, part: Part, errors: list[FieldError]) -> None:
        cells = table.cells
        values = cells.read([(t, k) for t, k in TARGETS["deal_products"].items() if t != "id"], part.cells)
        errors += values.errors
        self._check_past(values, cells, part, errors)
        price = values.of.get("price")
        product, quantity = self._needed("product_id", values, cells, errors), values.of.get("quantity")
        if quantity is not None and quantity < 0:
            mend = "write zero or more"
            errors.append(FieldError(cells.column_of("quantity"), str(quantity), "the quantity is negative", mend))
        if not errors:
            money = None if price is None else cells.money(price, values.of.get("currency"))
            line = ProductLine(product, 1.0 if quantity is None else quantity, money)
            draft.products = [*(draft.products or []), (values.of.get("time"), line)]

    def _credit(self, draft: Draft, table: OpenTable, part: Part, errors: list[FieldError]) -> None:
        cells = table.cells
        values = cells.read([(t, k) for t, k in TARGETS["deal_credits"].items() if t != "id"], part.cells)
        errors += values.errors
        self._check_past(values, cells, part, errors)
        owner, percent = self._needed("owner_id", values, cells, errors), self._needed("percent", values, cells, errors)
        share = None if errors else exact_share(percent)
        if not errors and share is None:
            mend = "write at most 100 with at most two decimals"
            errors.append(FieldError(cells.column_of("percent"), str(percent), "this is no share", mend))
        if share is not None:
            draft.credits = [*(draft.credits or []), (values.of.get("time"), Credit(owner, share))]

    def _needed(self, target: str, values: Values, cells: CellReader, errors: list[FieldError]) -> Any:
        value = values.of.get(target)
        if value is None and not errors:
            errors.append(FieldError(cells.column_of(target), "", f"the {target} is missing", "fill it in"))
        return value

    def _check_past(self, values: Values, cells: CellReader, part: Part, errors: list[FieldError]) -> None:
        for target in PAST_TARGETS:
            value = values.of.get(target)
            if value is None:
                continue
            last = self._latest.moment
            if value <= (last if isinstance(value, datetime) else last.date()):
                continue
            message, mend = FUTURE
            if self._latest.given:
                message = f"it lies after {last.date()}, the day that the mapping says these files are of"
                mend = "correct the date, or as_of in the mapping"
            written = cells.as_written(target, part.cells)
            errors.append(FieldError(cells.column_of(target), written, message, mend))
